//! What rules write into packets (nft(8), PAYLOAD STATEMENT): one value into an address or a port is followed, all else that
//! other rules compare is unknown behind it.

use super::actions;
use super::rules::Builder;
use super::subject::Subject;
use super::values::Numbers;
use smallvec::{SmallVec, smallvec};

use crate::dialects::nft::ast::{Expression, ExpressionKind, Group, PayloadBase, Selector, Statement};
use crate::model::{Action, AtomKind, Mangle, Match, Rewrite};
use crate::packet::{Axis, Family, Ranges, Values};
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

/// Does it stand in the packet itself?
pub(super) fn is_content(selector: &Selector) -> bool {
    !matches!(selector.group, Group::Meta | Group::Ct | Group::Route | Group::Socket | Group::Fib)
}

/// What of a packet rules look at in a field by which it is neither routed nor tracked.
pub(super) fn axes(selector: &Selector) -> &'static [Axis] {
    match (selector.group, selector.name) {
        (Group::Ip | Group::Ip6, "dscp") => &[Axis::Dscp],
        (Group::Ip | Group::Ip6, "ttl" | "hoplimit") => &[Axis::HopLimit],
        (Group::Ether, _) => &[Axis::Mac],
        _ => &[],
    }
}

/// `ip dscp set ef` and the like, by which packets are neither routed nor tracked.
pub(super) fn mangle<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
    what: &'s Expression<'t>,
    to: &'s Expression<'t>,
    axes: &'static [Axis],
) {
    needs(builder, statement, what);
    actions::looked_up(builder, statement, to);
    for axis in axes {
        builder.known.forget(*axis);
    }
    push(builder, statement, axes);
}

/// `reset tcp option timestamp`.
pub(super) fn reset_option(builder: &mut Builder<'_, '_>, statement: &Statement<'_>) {
    let tcp = Values::from(Ranges::single(6));
    if !builder.actions.is_empty() {
        builder.split();
    }
    builder.field(Axis::Protocol, tcp, statement.span);
    push(builder, statement, &[]);
}

fn push(builder: &mut Builder<'_, '_>, statement: &Statement<'_>, axes: &'static [Axis]) {
    let mangle = Mangle { axes, text: statement.to_string().into() };
    builder.actions.push(Spanned::new(Action::Mangle(Box::new(mangle)), statement.span));
}

/// Asks before for what a field needs of a packet to be there at all.
fn needs<'s, 't>(builder: &mut Builder<'s, 't>, statement: &'s Statement<'t>, what: &'s Expression<'t>) {
    let (needs, is_told) = match Subject::of(what, &builder.known, &mut builder.remarks) {
        Some(subject) => (subject.needs, true),
        None => holder(what),
    };
    let is_known = |axis: Axis, values: &Values| {
        let both = builder.known.ranges(axis).zip(values.ranges());
        both.is_some_and(|(known, values)| values.covers(known))
    };
    let is_free = is_told && needs.iter().all(|(axis, values)| is_known(*axis, values));
    if !(builder.actions.is_empty() || is_free) {
        builder.split();
    }
    for (axis, values) in needs {
        builder.field(axis, values, statement.span);
    }
    if !is_told {
        builder.atom(format!("{what} is there"), AtomKind::Pure, statement.span);
    }
}

/// What a packet must be to have a field that rules look at in no other way; `false` if that is not all.
fn holder(what: &Expression<'_>) -> (SmallVec<[(Axis, Values); 2]>, bool) {
    let of = |axis, number| (smallvec![(axis, Ranges::single(number).into())], true);
    match what.resolved() {
        ExpressionKind::Option(option) if option.0 == "tcp option" => of(Axis::Protocol, 6),
        ExpressionKind::Selector(selector) => match selector.group {
            Group::Ip => of(Axis::Family, Family::V4.number()),
            Group::Ip6 => of(Axis::Family, Family::V6.number()),
            Group::Tcp => of(Axis::Protocol, 6),
            Group::Udp => of(Axis::Protocol, 17),
            Group::Th => (SmallVec::new(), true),
            _ => (SmallVec::new(), false),
        },
        // Bytes of a header that every packet has are there.
        ExpressionKind::Payload { base: PayloadBase::Network | PayloadBase::Transport, .. } => {
            (SmallVec::new(), true)
        }
        _ => (SmallVec::new(), false),
    }
}

/// `ip saddr set 10.9.9.9` and the like. What it needs of a packet (`tcp dport` is there in TCP alone) is asked before.
pub(super) fn set<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
    what: &'s Expression<'t>,
    to: &'s Expression<'t>,
) {
    let field = field(what);
    needs(builder, statement, what);
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
