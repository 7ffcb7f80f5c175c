//! What rules set: marks, which other rules may look at, and much that no rule sees.

use super::rules::Builder;
use super::subject::Subject;
use super::{bits, maps, misprints, written};
use crate::dialects::nft::ast::{
    Datatype, Direction, Expression, ExpressionKind, Group, PayloadBase, Statement,
};
use crate::model::{Action, Match};
use crate::packet::Axis;
use crate::source::Spanned;

/// `meta mark set …` and the like.
pub(super) fn set<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
    what: &'s Expression<'t>,
    to: &'s Expression<'t>,
) {
    let (selector, direction) = match what.resolved() {
        ExpressionKind::Selector(selector) => (selector, None),
        ExpressionKind::Directed(selector, direction) => (selector, Some(*direction)),
        ExpressionKind::Payload { base: PayloadBase::Network | PayloadBase::Transport, .. } => {
            return written::set(builder, statement, what, to);
        }
        ExpressionKind::Payload { base: PayloadBase::Link, .. } => {
            return written::mangle(builder, statement, what, to, &[Axis::Mac]);
        }
        ExpressionKind::Payload { .. } | ExpressionKind::Option(_) => {
            return written::mangle(builder, statement, what, to, &[]);
        }
        _ => return,
    };
    let action = match (selector.group, selector.name) {
        (Group::Ct, "zone") => zone(to, direction),
        (Group::Meta, "mark") => mark(builder, to, true),
        (Group::Ct, "mark") => mark(builder, to, false),
        _ if written::is_compared(selector) => return written::set(builder, statement, what, to),
        _ if written::is_content(selector) => {
            return written::mangle(builder, statement, what, to, written::axes(selector));
        }
        _ => {
            builder.found_in(to, statement);
            return builder.noted(statement);
        }
    };
    looked_up(builder, statement, to);
    builder.known.forget(Axis::Mark);
    builder.known.forget(Axis::ConnMark);
    builder.actions.push(Spanned::new(action, statement.span));
}

/// A value that is looked up is there only for packets that the map knows.
pub(super) fn looked_up<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
    to: &'s Expression<'t>,
) {
    if let ExpressionKind::Map(sides) = to.resolved() {
        // It is asked of the packet as it has been written.
        if builder.actions.iter().any(|action| matches!(action.value, Action::Rewrite(_) | Action::Mangle(_)))
        {
            builder.split();
        }
        match maps::entries(builder, &sides.0, &sides.1, statement.span).ok().and_then(|it| maps::any_of(&it))
        {
            Some(found) => builder.push(found, statement.span),
            None => builder.atom_of(statement),
        }
    }
}

/// What becomes of the packet's mark, or of that of its flow.
fn mark(builder: &mut Builder<'_, '_>, to: &Expression<'_>, of_packet: bool) -> Action {
    let own = if of_packet { (Group::Meta, "mark") } else { (Group::Ct, "mark") };
    let other = if of_packet { (Group::Ct, "mark") } else { (Group::Meta, "mark") };
    let change = |and, xor| match of_packet {
        true => Action::Mark { and, xor },
        false => Action::ConnMark { and, xor },
    };
    if !misprints::is_true_mark(to, of_packet) {
        builder.is_doubted = true;
        if builder.sets.is_doubtful {
            return forget(of_packet);
        }
    }
    let numbers = super::values::Numbers::of(Datatype::Mark);
    if let Ok(value) = numbers.number(to, &mut Vec::new()) {
        return change(0, value as u32);
    }
    let Some((base, and, xor)) = arithmetic(builder, to) else { return forget(of_packet) };
    match (base, xor) {
        (base, _) if base == own => change(and, xor),
        (base, 0) if base == other && of_packet => {
            Action::RestoreMark { mark_mask: u32::MAX, connmark_mask: and }
        }
        (base, 0) if base == other => Action::SaveMark { mark_mask: and, connmark_mask: u32::MAX },
        _ => forget(of_packet),
    }
}

/// In which zone the packet is tracked; without a direction, in this one for both.
fn zone(to: &Expression<'_>, direction: Option<Direction>) -> Action {
    let numbers = super::values::Numbers { datatype: Datatype::Integer, bits: 16 };
    let zone = numbers.number(to, &mut Vec::new()).ok().and_then(|zone| u16::try_from(zone).ok());
    match direction {
        None => Action::Track { original: zone, reply: zone },
        Some(Direction::Original) => Action::Track { original: zone, reply: Some(0) },
        Some(Direction::Reply) => Action::Track { original: Some(0), reply: zone },
    }
}

fn forget(of_packet: bool) -> Action {
    if of_packet { Action::ForgetMark } else { Action::ForgetConnMark }
}

/// `(mark & and) ^ xor`, and of what.
fn arithmetic(
    builder: &mut Builder<'_, '_>,
    to: &Expression<'_>,
) -> Option<((Group, &'static str), u32, u32)> {
    let subject = Subject::of(to, &builder.known, &mut builder.remarks)?;
    let base = match subject.axis {
        Axis::Mark => (Group::Meta, "mark"),
        Axis::ConnMark => (Group::Ct, "mark"),
        _ => return None,
    };
    let (and, xor) = bits::as_and_xor(&subject.steps)?;
    Some((base, and, xor))
}

/// Does a condition look at marks?
pub(super) fn looks_at_marks(condition: &Match) -> bool {
    match condition {
        Match::Field(axis, _) => matches!(axis, Axis::Mark | Axis::ConnMark),
        Match::Packets(set) => {
            let sides = set.cubes().iter().flat_map(|cube| cube.sides());
            sides.into_iter().any(|side| matches!(side.0, Axis::Mark | Axis::ConnMark))
        }
        _ => false,
    }
}
