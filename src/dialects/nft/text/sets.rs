//! Declarations of sets and maps.

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{Datatype, KeyType, Name, Set, SetFlags, StatefulKind, ValueType};
use crate::source::{Span, Spanned};

impl<'t> Reader<'t> {
    /// A set or map, its name taken; what is in its braces, if there are any.
    pub fn set_block(&mut self, name: Name<'t>, header: Span) -> Result<Set<'t>> {
        let mut set = Set {
            name,
            handle: None,
            key: None,
            value: None,
            flags: SetFlags::default(),
            elements: Vec::new(),
            comment: None,
            span: header,
        };
        if self.cursor.peek() == Some(b'{') {
            self.inner(|reader| reader.block(header, |reader, word| reader.set_item(&mut set, word)))?;
        }
        Ok(set)
    }

    /// One line of a set, its first word taken.
    fn set_item(&mut self, set: &mut Set<'t>, word: Spanned<&'t str>) -> Result<()> {
        match word.value {
            "type" => {
                set.key = Some(KeyType::Types(self.types()?));
                if self.cursor.eat(":") {
                    set.value = Some(self.value_type(|reader| Ok(ValueType::Types(reader.types()?)))?);
                }
            }
            "typeof" => {
                set.key = Some(KeyType::Of(self.concat(Self::selector_or_function)?));
                if self.cursor.eat(":") {
                    let values =
                        |reader: &mut Self| Ok(ValueType::Of(reader.concat(Self::selector_or_function)?));
                    set.value = Some(self.value_type(values)?);
                }
            }
            "flags" => loop {
                let here = self.cursor.here();
                match self.cursor.word().map(|word| word.value) {
                    Some("constant") => set.flags.constant = true,
                    Some("interval") => set.flags.interval = true,
                    Some("timeout") => set.flags.timeout = true,
                    Some("dynamic") => set.flags.dynamic = true,
                    _ => {
                        let message = "a set has flags constant, interval, timeout, dynamic";
                        return Err(Mistake::new(here, message));
                    }
                }
                if !self.cursor.eat(",") {
                    break;
                }
            },
            "timeout" => {
                set.flags.timeout = true;
                self.constant()?;
            }
            "gc-interval" | "size" => drop(self.constant()?),
            "policy" => drop(self.cursor.word()),
            "auto-merge" => {}
            "comment" => set.comment = Some(self.comment()?),
            "elements" => {
                self.need("=")?;
                match self.cursor.peek() {
                    Some(b'$') => {
                        let value = self.variable()?;
                        set.elements.push(crate::dialects::nft::ast::Element {
                            span: value.span,
                            key: value,
                            value: None,
                            timeout: false,
                        });
                    }
                    _ => set.elements.extend(self.elements()?),
                }
            }
            "counter" | "quota" | "limit" | "last" | "ct" => {
                drop(self.set_statement(word.value)?);
            }
            _ => {
                return Err(Mistake::not_among(word.span, "part of a set", word.value, ITEMS.into_iter()));
            }
        }
        Ok(())
    }

    /// What is counted for each member.
    fn set_statement(&mut self, word: &str) -> Result<crate::dialects::nft::ast::StatementKind<'t>> {
        match word {
            "counter" => self.counter(),
            "quota" => self.quota(),
            "limit" => self.limit(),
            "ct" => self.ct_count(),
            _ => Ok(crate::dialects::nft::ast::StatementKind::Passive("last")),
        }
    }

    /// `ipv4_addr . inet_service`.
    fn types(&mut self) -> Result<Vec<Datatype>> {
        let mut types = Vec::new();
        loop {
            let here = self.cursor.here();
            let Some(word) = self.cursor.word() else { return Err(self.wanted("a type")) };
            let Some(datatype) = Datatype::from_name(word.value) else {
                let names = Datatype::ALL.iter().map(|datatype| datatype.name());
                return Err(Mistake::not_among(here, "type", word.value, names));
            };
            types.push(datatype);
            if !self.cursor.eat(".") {
                return Ok(types);
            }
        }
    }

    /// What the members of a map lead to: verdicts, objects, or values.
    fn value_type(
        &mut self,
        values: impl FnOnce(&mut Self) -> Result<ValueType<'t>>,
    ) -> Result<ValueType<'t>> {
        self.cursor.eat_word("interval");
        let object = match self.cursor.peek_word() {
            Some("verdict") => {
                self.cursor.word();
                return Ok(ValueType::Verdict);
            }
            Some("counter") => Some(StatefulKind::Counter),
            Some("quota") => Some(StatefulKind::Quota),
            Some("limit") => Some(StatefulKind::Limit),
            Some("secmark") => Some(StatefulKind::Secmark),
            Some("synproxy") => Some(StatefulKind::Synproxy),
            Some("tunnel") => Some(StatefulKind::Tunnel),
            _ => None,
        };
        if let Some(kind) = object {
            self.cursor.word();
            return Ok(ValueType::Objects(kind));
        }
        values(self)
    }

    /// An expression as of which the members are.
    fn selector_or_function(&mut self) -> Result<crate::dialects::nft::ast::Expression<'t>> {
        self.arithmetic(&|reader: &mut Self| match reader.cursor.peek() {
            Some(b'(') => reader.parentheses(Self::selector_or_function),
            Some(b'0'..=b'9') => reader.constant(),
            _ => reader.selector(),
        })
    }
}

const ITEMS: [&str; 14] = [
    "type",
    "typeof",
    "flags",
    "timeout",
    "gc-interval",
    "size",
    "policy",
    "auto-merge",
    "comment",
    "elements",
    "counter",
    "quota",
    "limit",
    "last",
];
