//! Comparisons as conditions on packets.

use super::bits;
use super::concat;
use super::misprints::{self, Trust};
use super::rules::Builder;
use super::subject::{Form, Subject};
use super::values::{Numbers, Unresolved};
use crate::dialects::nft::ast::{
    Binary, Comparison, Datatype, Expression, ExpressionKind, Family, Group, Statement, StatementKind,
};
use crate::model::{AtomKind, Owner};
use crate::packet::axis::NO_OWNER;
use crate::packet::{Axis, Ranges, Values};

/// What is compared with.
enum Wanted {
    /// Exactly one of these.
    Among(Ranges),
    /// Any of these bits.
    AnyBit(u128),
}

/// Adds a match to a rule: as conditions, or as an atom where the file does not tell.
pub(super) fn add(builder: &mut Builder<'_, '_>, statement: &Statement<'_>) {
    let trust =
        if builder.sets.is_doubtful { misprints::trust(statement, &builder.known) } else { Trust::Whole };
    builder.is_doubted |= trust != Trust::Whole;
    // What is printed alike may be different questions.
    match trust {
        Trust::Whole => {}
        Trust::Part => {
            builder.atom(format!("as iptables-nft has it: {statement}"), AtomKind::Free, statement.span)
        }
        Trust::None => {
            return builder.atom(
                format!("as iptables-nft has it: {statement}"),
                AtomKind::Free,
                statement.span,
            );
        }
    }
    let before = builder.matches.len();
    let is_exact = match &statement.kind {
        // What is in a packet of ARP says nothing of those of IP.
        _ if builder.family == Family::Arp => Err(Unresolved),
        StatementKind::Match { left, comparison, right } => {
            compare(builder, statement, left, *comparison, right)
        }
        StatementKind::Flags(of) => flags(builder, statement, &of.left, of.negated, &of.value, &of.mask),
        _ => Err(Unresolved),
    };
    if is_exact.is_err() {
        builder.matches.truncate(before);
        builder.atom_of(statement);
    }
}

fn compare(
    builder: &mut Builder<'_, '_>,
    statement: &Statement<'_>,
    left: &Expression<'_>,
    comparison: Comparison,
    right: &Expression<'_>,
) -> Result<(), Unresolved> {
    if let ExpressionKind::Concat(parts) = left.resolved() {
        let negated = comparison == Comparison::NotEqual;
        return concat::compare(builder, statement.span, parts, negated, right);
    }
    if owner_by_name(builder, statement, left, comparison, right) {
        return Ok(());
    }
    let subject = Subject::of(left, &builder.known, &mut builder.remarks).ok_or(Unresolved)?;
    let wanted = wanted(builder, &subject, comparison, right)?;
    ask(builder, &subject, comparison, wanted, statement.span)
}

/// Adds what a comparison of a subject asks.
fn ask(
    builder: &mut Builder<'_, '_>,
    subject: &Subject,
    comparison: Comparison,
    wanted: Wanted,
    span: crate::source::Span,
) -> Result<(), Unresolved> {
    let values = holds(subject, comparison, wanted).ok_or(Unresolved)?;
    add_subject(builder, subject, values, span);
    Ok(())
}

/// Adds what a subject needs, and the values that it must have.
pub(super) fn add_subject(
    builder: &mut Builder<'_, '_>,
    subject: &Subject,
    values: Values,
    span: crate::source::Span,
) {
    for (axis, needed) in &subject.needs {
        builder.field(*axis, needed.clone(), span);
    }
    builder.field(subject.axis, values, span);
}

/// `tcp flags syn / syn,ack`.
fn flags(
    builder: &mut Builder<'_, '_>,
    statement: &Statement<'_>,
    left: &Expression<'_>,
    negated: bool,
    value: &Expression<'_>,
    mask: &Expression<'_>,
) -> Result<(), Unresolved> {
    let mut subject = Subject::of(left, &builder.known, &mut builder.remarks).ok_or(Unresolved)?;
    let value = subject.numbers.number(value, &mut builder.remarks)?;
    let mask = subject.numbers.number(mask, &mut builder.remarks)?;
    subject.steps.push((Binary::And, mask));
    let comparison = if negated { Comparison::NotEqual } else { Comparison::Equal };
    ask(builder, &subject, comparison, Wanted::Among(Ranges::single(value)), statement.span)
}

fn wanted(
    builder: &mut Builder<'_, '_>,
    subject: &Subject,
    comparison: Comparison,
    right: &Expression<'_>,
) -> Result<Wanted, Unresolved> {
    let numbers = subject.numbers;
    let has_flags = matches!(
        numbers.datatype,
        Datatype::TcpFlag | Datatype::CtState | Datatype::CtStatus | Datatype::Bitmask
    );
    match right.resolved() {
        ExpressionKind::Named(name) => {
            builder.sets.numbers(name, numbers, &mut builder.remarks).map(Wanted::Among)
        }
        // Without a sign any of the flags is enough; only masked ones must all be as they say.
        ExpressionKind::Word(_) | ExpressionKind::List(_) | ExpressionKind::Binary(..)
            if comparison == Comparison::Implicit && has_flags && subject.steps.is_empty()
                || comparison == Comparison::NoneOf =>
        {
            numbers.number(right, &mut builder.remarks).map(Wanted::AnyBit)
        }
        _ => numbers.values(right, &mut builder.remarks).map(Wanted::Among),
    }
}

/// The values on the axis for which a comparison holds.
fn holds(subject: &Subject, comparison: Comparison, wanted: Wanted) -> Option<Values> {
    let all = bits::all_bits(subject.numbers.bits);
    let ranges = match wanted {
        Wanted::AnyBit(flags) => {
            let mut masked = subject.clone();
            masked.steps.push((Binary::And, flags));
            let numbers = match comparison {
                Comparison::NoneOf => Ranges::single(0),
                _ => Ranges::new(1, all),
            };
            return masked.on_axis(&numbers);
        }
        Wanted::Among(ranges) => ranges,
    };
    let numbers = match comparison {
        Comparison::Implicit | Comparison::Equal => ranges,
        Comparison::NotEqual => ranges.complement(all),
        Comparison::NoneOf => return None,
        Comparison::Less => match ranges.only()? {
            0 => Ranges::none(),
            number => Ranges::new(0, number - 1),
        },
        Comparison::LessOrEqual => Ranges::new(0, ranges.only()?),
        Comparison::Greater => {
            ranges.only()?.checked_add(1).map_or(Ranges::none(), |from| Ranges::new(from, all))
        }
        Comparison::GreaterOrEqual => Ranges::new(ranges.only()?, all),
    };
    subject.on_axis(&numbers)
}

/// `meta skuid "cloudflared"`: which number that is, only the machine knows.
fn owner_by_name(
    builder: &mut Builder<'_, '_>,
    statement: &Statement<'_>,
    left: &Expression<'_>,
    comparison: Comparison,
    right: &Expression<'_>,
) -> bool {
    let (ExpressionKind::Selector(selector), ExpressionKind::Word(word)) =
        (left.resolved(), right.resolved())
    else {
        return false;
    };
    let axis = match (selector.group, selector.name) {
        (Group::Meta, "skuid") => Axis::Uid,
        (Group::Meta, "skgid") => Axis::Gid,
        _ => return false,
    };
    let negated = match comparison {
        Comparison::Implicit | Comparison::Equal => false,
        Comparison::NotEqual => true,
        _ => return false,
    };
    let numbers = Numbers::of(selector.datatype);
    // `root` is 0 everywhere.
    if &**word == "root" {
        let root = Ranges::single(0);
        let owned = Ranges::new(0, NO_OWNER - 1);
        let values = if negated { owned.minus(&root) } else { root };
        builder.field(axis, values.into(), statement.span);
        return true;
    }
    if numbers.number(right, &mut Vec::new()).is_ok() {
        return false;
    }
    // A packet without a socket has no owner, and nft's negation does not hold for it either.
    builder.field(axis, Ranges::new(0, NO_OWNER - 1).into(), statement.span);
    builder.push(Owner { axis, name: word.as_ref().into(), negated }.into(), statement.span);
    true
}

impl Subject {
    /// The values on the axis that equal one of the keys of a set, which are compared as they are.
    pub(super) fn equals(&self, keys: &Ranges) -> Option<Values> {
        match self.form {
            Form::Status => None,
            _ => self.on_axis(keys),
        }
    }
}
