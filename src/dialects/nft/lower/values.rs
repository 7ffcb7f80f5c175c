//! Right-hand sides as sets of numbers.

use crate::dialects::nft::ast::{Binary, Datatype, Element, Expression, ExpressionKind};
use crate::dialects::nft::symbols::{self, NoValue};
use crate::model::{Remark, RemarkKind};
use crate::packet::Ranges;
use crate::source::Span;

use super::bits;

/// The values of an expression are not known; what there is to say about it has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unresolved;

/// A type of numbers, with the bits of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Numbers {
    pub datatype: Datatype,
    pub bits: u32,
}

impl Numbers {
    /// As wide as its type.
    pub fn of(datatype: Datatype) -> Self {
        Numbers { datatype, bits: datatype.bits() }
    }

    /// The numbers that an expression stands for: one, a range, a prefix, or all of a set.
    pub fn values(
        self,
        expression: &Expression<'_>,
        remarks: &mut Vec<Remark>,
    ) -> Result<Ranges, Unresolved> {
        match &expression.kind {
            ExpressionKind::Variable(value) => self.values(value, remarks),
            ExpressionKind::Word(word) => {
                let (low, high) = self.word(word, expression.span, remarks)?;
                Ok(Ranges::new(low, high))
            }
            ExpressionKind::Range(ends) => {
                let low = self.number(&ends.0, remarks)?;
                let high = self.number(&ends.1, remarks)?;
                if low > high {
                    remarks.push(wrong(expression.span, "the end of this range is before its beginning"));
                    return Err(Unresolved);
                }
                Ok(Ranges::new(low, high))
            }
            ExpressionKind::Prefix(base, length) => {
                let base = self.number(base, remarks)?;
                let length = u32::from(*length);
                if length > self.bits {
                    let message = format!("a prefix of this type has {} bits at most", self.bits);
                    remarks.push(wrong(expression.span, message));
                    return Err(Unresolved);
                }
                let free = bits::all_bits(self.bits - length);
                Ok(Ranges::new(base & !free, base | free))
            }
            ExpressionKind::Set(elements) => self.keys(elements, remarks),
            ExpressionKind::Any => Ok(Ranges::new(0, bits::all_bits(self.bits))),
            ExpressionKind::Binary(..) | ExpressionKind::List(_) => {
                self.number(expression, remarks).map(Ranges::single)
            }
            _ => Err(Unresolved),
        }
    }

    /// The keys of the elements of a set.
    pub fn keys(self, elements: &[Element<'_>], remarks: &mut Vec<Remark>) -> Result<Ranges, Unresolved> {
        let mut all = Vec::with_capacity(elements.len());
        let mut is_known = true;
        for element in elements {
            match &element.key.kind {
                // The usual case, without a set for each.
                ExpressionKind::Word(word) => match self.word(word, element.key.span, remarks) {
                    Ok(range) => all.push(range),
                    Err(Unresolved) => is_known = false,
                },
                _ => match self.values(&element.key, remarks) {
                    Ok(values) => all.extend(values.iter()),
                    Err(Unresolved) => is_known = false,
                },
            }
        }
        if is_known { Ok(Ranges::union(all)) } else { Err(Unresolved) }
    }

    /// The one number that an expression stands for; the bits of a list together.
    pub fn number(self, expression: &Expression<'_>, remarks: &mut Vec<Remark>) -> Result<u128, Unresolved> {
        match expression.resolved() {
            ExpressionKind::Word(word) => {
                let (low, high) = self.word(word, expression.span, remarks)?;
                if low == high { Ok(low) } else { Err(Unresolved) }
            }
            ExpressionKind::List(parts) => {
                parts.iter().try_fold(0, |all, part| Ok(all | self.number(part, remarks)?))
            }
            ExpressionKind::Binary(operator, sides) => {
                let left = self.number(&sides.0, remarks)?;
                let right = match operator {
                    Binary::ShiftLeft | Binary::ShiftRight => {
                        Numbers::of(Datatype::Integer).number(&sides.1, remarks)?
                    }
                    _ => self.number(&sides.1, remarks)?,
                };
                Ok(bits::forward(&[(*operator, right)], self.bits.max(1), left))
            }
            _ => Err(Unresolved),
        }
    }

    /// The numbers of a word, of which there are several only for names with a `*`.
    fn word(self, word: &str, span: Span, remarks: &mut Vec<Remark>) -> Result<(u128, u128), Unresolved> {
        let told = match symbols::values(self.datatype, word) {
            Ok((low, high)) if high <= bits::all_bits(self.bits) || self.bits == 0 => return Ok((low, high)),
            Ok(_) => wrong(span, format!("`{word}` is more than the {} bits of this field", self.bits)),
            Err(NoValue::Machine) => return Err(Unresolved),
            Err(NoValue::Wrong(message)) => wrong(span, message),
            Err(NoValue::Unknown(near)) => {
                let kind = if near.is_some() { RemarkKind::Syntax } else { RemarkKind::UnknownMatch };
                let notes = near.map(|near| format!("Perhaps `{near}` is meant.")).into_iter().collect();
                let message = format!("unknown {} `{word}`", called(self.datatype));
                Remark { kind, span, message, notes }
            }
        };
        remarks.push(told);
        Err(Unresolved)
    }
}

/// Something that the loader refuses.
pub(super) fn wrong(span: Span, message: impl Into<String>) -> Remark {
    Remark { kind: RemarkKind::Syntax, span, message: message.into(), notes: Vec::new() }
}

/// What a value of a type is called.
fn called(datatype: Datatype) -> &'static str {
    match datatype {
        Datatype::InetService => "service",
        Datatype::InetProto => "protocol",
        Datatype::CtState => "state",
        Datatype::CtStatus => "status",
        Datatype::CtDir => "direction",
        Datatype::TcpFlag => "flag",
        Datatype::IcmpType | Datatype::Icmpv6Type | Datatype::IgmpType => "type",
        Datatype::IcmpCode | Datatype::Icmpv6Code | Datatype::IcmpxCode => "code",
        Datatype::EtherType => "protocol of frames",
        Datatype::NfProto => "family",
        Datatype::FibAddrtype => "kind of address",
        Datatype::PktType => "kind of packet",
        Datatype::Dscp => "code point",
        _ => "value",
    }
}
