//! What rules write into packets (nft(8), PAYLOAD STATEMENT): one value into an address or a port is followed, all else that
//! other rules compare is unknown behind it.

use super::actions;
use super::rules::Builder;
use super::subject::Subject;
use super::values::Numbers;
use crate::dialects::nft::ast::{Expression, ExpressionKind, Group, Selector, Statement};
use crate::model::{Action, Match, Rewrite};
use crate::packet::{Axis, Ranges, Values};
use crate::source::Spanned;

/// Is it a field of the packet that the engine looks at, or without which a packet is none that others take?
pub(super) fn is_compared(selector: &Selector) -> bool {
    let is_field = match selector.group {
        Group::Ip | Group::Ip6 => {
            !matches!(selector.name, "dscp" | "ecn" | "id" | "ttl" | "hoplimit" | "flowlabel" | "checksum")
        }
        Group::Tcp => matches!(selector.name, "sport" | "dport" | "flags" | "doff"),
        Group::Udp | Group::Udplite | Group::Sctp | Group::Dccp | Group::Th => {
            matches!(selector.name, "sport" | "dport" | "length")
        }
        Group::Icmp | Group::Icmpv6 => matches!(selector.name, "type" | "code"),
        _ => false,
    };
    is_field || selector.group == Group::Meta && selector.name == "pkttype"
}

/// `ip saddr set 10.9.9.9` and the like. What it needs of a packet (`tcp dport` is there in TCP alone) is asked before.
pub(super) fn set<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
    what: &'s Expression<'t>,
    to: &'s Expression<'t>,
) {
    let field = field(what);
    let subject = Subject::of(what, &builder.known, &mut builder.remarks);
    let needs = || subject.iter().flat_map(|subject| &subject.needs);
    let is_known = |axis: Axis, values: &Values| {
        let both = builder.known.ranges(axis).zip(values.ranges());
        both.is_some_and(|(known, values)| values.covers(known))
    };
    if !builder.actions.is_empty() && !needs().all(|(axis, values)| is_known(*axis, values)) {
        builder.split();
    }
    for (axis, values) in needs() {
        builder.field(*axis, values.clone(), statement.span);
    }
    actions::looked_up(builder, statement, to);
    let to = match field {
        Some((axis, selector)) => constant(axis, selector, to),
        None => None,
    };
    for axis in changed(field.map(|field| field.0)) {
        builder.known.forget(*axis);
    }
    let rewrite = Rewrite { axis: field.map(|field| field.0), to, text: statement.to_string().into() };
    builder.actions.push(Spanned::new(Action::Rewrite(Box::new(rewrite)), statement.span));
}

/// The axis of an address or port; `None` for anything else, and for bytes that are named by their place: whether the checksums
/// hold then, the file does not tell.
fn field(what: &Expression<'_>) -> Option<(Axis, &'static Selector)> {
    let ExpressionKind::Selector(selector) = what.resolved() else { return None };
    let axis = match (selector.group, selector.name) {
        (Group::Ip | Group::Ip6, "saddr") => Axis::Source,
        (Group::Ip | Group::Ip6, "daddr") => Axis::Destination,
        (Group::Tcp | Group::Udp | Group::Th, "sport") => Axis::SourcePort,
        (Group::Tcp | Group::Udp | Group::Th, "dport") => Axis::DestinationPort,
        _ => return None,
    };
    Some((axis, selector))
}

/// The one value that is written.
fn constant(axis: Axis, selector: &Selector, to: &Expression<'_>) -> Option<Values> {
    let numbers = Numbers { datatype: selector.datatype, bits: selector.bits };
    let number = numbers.number(to, &mut Vec::new()).ok()?;
    Some(match selector.group {
        Group::Ip => Values::from(Ranges::new(number << 96, number << 96 | u128::MAX >> 32)),
        _ => Values::single(axis, number),
    })
}

/// What is not known any more of a packet behind it.
fn changed(axis: Option<Axis>) -> &'static [Axis] {
    match axis {
        Some(Axis::Source) => &[Axis::Source, Axis::SourceKind],
        Some(Axis::Destination) => &[Axis::Destination, Axis::DestinationKind],
        Some(Axis::SourcePort) => &[Axis::SourcePort],
        Some(Axis::DestinationPort) => &[Axis::DestinationPort],
        _ => &[
            Axis::Protocol,
            Axis::Source,
            Axis::Destination,
            Axis::SourcePort,
            Axis::DestinationPort,
            Axis::SourceKind,
            Axis::DestinationKind,
            Axis::TcpFlags,
            Axis::PacketType,
            Axis::Length,
        ],
    }
}

/// Does a condition look at what a statement of its rule may have written?
pub(super) fn looks_at_written(condition: &Match, rewrite: &Rewrite) -> bool {
    let is_changed = |axis: Axis| changed(rewrite.axis).contains(&axis);
    match condition {
        Match::Field(axis, _) => is_changed(*axis),
        Match::Packets(set) => {
            set.cubes().iter().flat_map(|cube| cube.sides()).any(|side| is_changed(side.0))
        }
        Match::Lookup(_) | Match::Member(_) => true,
        _ => false,
    }
}
