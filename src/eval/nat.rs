//! What address translation does to a flow, packet by packet.
//!
//! The destination changes in PREROUTING and OUTPUT, the source in POSTROUTING and INPUT; for the
//! answers it is undone in the same places (nf_nat_packet in nf_nat_core.c).

mod ports;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::{Hook, Nat, Target};
use crate::packet::axis::{direction, kind};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, values};

use super::routes::Routes;
use super::trip::Flight;

/// The translations of a flow. Most have none, and each decision on a trip notes them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Translations {
    /// What became of the destination.
    pub destination: Option<Box<Mapping>>,
    /// What became of the source.
    pub source: Option<Box<Mapping>>,
    destination_is_settled: bool,
    source_is_settled: bool,
}

/// One end of a flow, before and after. What is `None` may be anything that it was, and stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    before: End,
    after: End,
}

/// An address and a port, each as the values of its axis.
#[derive(Clone, Debug, PartialEq)]
struct End {
    address: Option<Values>,
    port: Option<Values>,
    kind: Option<Values>,
}

/// The axes of one end of a packet.
#[derive(Clone, Copy)]
struct EndAxes {
    address: Axis,
    port: Axis,
    kind: Axis,
}

const SOURCE: EndAxes = EndAxes { address: Axis::Source, port: Axis::SourcePort, kind: Axis::SourceKind };
const DESTINATION: EndAxes =
    EndAxes { address: Axis::Destination, port: Axis::DestinationPort, kind: Axis::DestinationKind };

impl Translations {
    /// Has this hook's end been settled, so that its nat chains are not asked again?
    pub fn is_done(&self, hook: Hook) -> bool {
        if changes_destination(hook) { self.destination_is_settled } else { self.source_is_settled }
    }

    /// The value of [`Axis::Nat`].
    pub fn bits(&self) -> u128 {
        u128::from(self.source.is_some()) | u128::from(self.destination.is_some()) << 1
    }

    /// Is nothing translated?
    pub fn is_none(&self) -> bool {
        self.destination.is_none() && self.source.is_none()
    }

    /// Do two translations lead to the same ends?
    pub fn leads_where(&self, other: &Translations) -> bool {
        let after = |mapping: &Option<Box<Mapping>>| mapping.as_ref().map(|mapping| mapping.after.clone());
        after(&self.destination) == after(&other.destination) && after(&self.source) == after(&other.source)
    }

    /// Is the source's address another than it was?
    pub fn moves_address(&self) -> bool {
        let of = |end: &End| (end.address.clone(), end.kind.clone());
        self.source.as_deref().is_some_and(|mapping| of(&mapping.before) != of(&mapping.after))
    }

    /// Is the source's port another than it was? `None` where that is up to chance.
    pub fn moves_port(&self) -> Option<bool> {
        let Some(Mapping { before, after }) = self.source.as_deref() else { return Some(false) };
        match (&before.port, &after.port) {
            (before, after) if before == after => Some(false),
            (Some(before), Some(after)) if !before.overlaps(after) => Some(true),
            _ => None,
        }
    }

    /// A cube of the flow's original direction as it was before all translation.
    pub fn undo(&self, cube: Cube) -> Cube {
        let undo = |cube, mapping: &Option<Box<Mapping>>, axes| match mapping {
            Some(mapping) => turn(cube, axes, &mapping.after, &mapping.before),
            None => cube,
        };
        undo(undo(cube, &self.destination, DESTINATION), &self.source, SOURCE)
    }

    /// After the first packet has left this hook, its end is settled.
    pub fn settle(mut self, hook: Hook) -> Self {
        if changes_destination(hook) {
            self.destination_is_settled = true;
        } else {
            self.source_is_settled = true;
        }
        self
    }
}

fn changes_destination(hook: Hook) -> bool {
    matches!(hook, Hook::Prerouting | Hook::Output)
}

/// A nat rule takes the first packets of flows: one flight for each cube, as each has its own past.
pub fn begin(
    rule: &Nat,
    hook: Hook,
    packets: &PacketSet,
    nat: &Translations,
    routes: &Routes,
) -> Vec<Flight> {
    let axes = if changes_destination(hook) { DESTINATION } else { SOURCE };
    let flight = |cube: Cube| {
        let before = end(&cube, axes);
        let after = image(rule, hook, &cube, &before, routes);
        let mut nat = nat.clone();
        if after != before {
            let mapping = Some(Box::new(Mapping { before, after: after.clone() }));
            *(if changes_destination(hook) { &mut nat.destination } else { &mut nat.source }) = mapping;
        }
        let cube = put(cube, axes, &after).set(Axis::Nat, Ranges::single(nat.bits()));
        Flight { packets: cube.into(), nat: nat.settle(hook) }
    };
    packets.cubes().iter().flat_map(|cube| ports::apart(rule, cube)).map(flight).collect()
}

/// A later packet of a flow: the same translation, or back.
pub fn apply(flight: Flight, hook: Hook, way: u128) -> Flight {
    let is_reply = way == direction::REPLY;
    // What a hook changes in an answer is what the other kind of hook changed in the question.
    let changes =
        if changes_destination(hook) != is_reply { &flight.nat.destination } else { &flight.nat.source };
    let Some(mapping) = changes.clone() else { return flight };
    let axes = if changes_destination(hook) { DESTINATION } else { SOURCE };
    let (from, to) =
        if is_reply { (&mapping.after, &mapping.before) } else { (&mapping.before, &mapping.after) };
    let packets = flight.packets.map(|cube| {
        let has_entry = cube.get(Axis::Direction).is_some_and(|values| values.first() == Some(way));
        let is_theirs = from
            .address
            .as_ref()
            .is_none_or(|address| cube.get(axes.address).is_none_or(|values| values.overlaps(address)));
        Some(if has_entry && is_theirs { turn(cube, axes, from, to) } else { cube })
    });
    Flight { packets, nat: flight.nat }
}

fn end(cube: &Cube, axes: EndAxes) -> End {
    let get = |axis| cube.get(axis).cloned();
    End { address: get(axes.address), port: get(axes.port), kind: get(axes.kind) }
}

fn put(cube: Cube, axes: EndAxes, end: &End) -> Cube {
    let set = |cube: Cube, axis, values: &Option<Values>| match values {
        Some(values) => cube.set(axis, values.clone()),
        None => cube.without(axis),
    };
    set(set(set(cube, axes.address, &end.address), axes.port, &end.port), axes.kind, &end.kind)
}

/// Turns one end into another. What is the same in both was not translated, and stays as narrow as
/// later rules have made it.
/// An ICMP error about a packet that was translated, behind POSTROUTING: its source is what the client asked for, whoever
/// sends it (`nf_nat_icmp_reply_translation` in net/netfilter/nf_nat_proto.c).
pub fn conceal(cube: Cube, nat: &Translations) -> Cube {
    let Some(mapping) = &nat.destination else { return cube };
    let set = |cube: Cube, axis, values: &Option<Values>| match values {
        Some(values) => cube.set(axis, values.clone()),
        None => cube.without(axis),
    };
    let cube = set(cube, SOURCE.address, &mapping.before.address);
    set(cube, SOURCE.kind, &mapping.before.kind)
}

fn turn(cube: Cube, axes: EndAxes, from: &End, to: &End) -> Cube {
    let set = |cube: Cube, axis, from: &Option<Values>, to: &Option<Values>| match to {
        _ if from == to => cube,
        Some(values) => cube.set(axis, values.clone()),
        None => cube.without(axis),
    };
    let cube = set(cube, axes.address, &from.address, &to.address);
    let cube = set(cube, axes.port, &from.port, &to.port);
    set(cube, axes.kind, &from.kind, &to.kind)
}

/// What a nat rule makes of an end.
fn image(rule: &Nat, hook: Hook, cube: &Cube, before: &End, routes: &Routes) -> End {
    match rule {
        Nat::Destination(target) => aim(target, cube, before),
        Nat::Source(target) => End { port: ports::chosen(target, cube), ..aim(target, cube, before) },
        Nat::Redirect(target) => {
            let own = if hook == Hook::Output { loopback(cube) } else { None };
            let local = Some(Values::single(Axis::DestinationKind, kind::LOCAL));
            let port = target.ports.clone().or_else(|| before.port.clone());
            End { address: own, port, kind: local }
        }
        Nat::Netmap(prefix) => {
            let address = before.address.as_ref().and_then(|values| netmap(values, prefix));
            End { address: address.or_else(|| Some(prefix.clone())), kind: None, ..before.clone() }
        }
        // The outgoing interface's own address: for packets of the host that is what they have.
        Nat::Masquerade(target) => {
            let is_own = before.kind.as_ref().is_some_and(|kinds| kinds.first() == Some(kind::LOCAL));
            let own = Some(Values::single(Axis::SourceKind, kind::LOCAL));
            let address = masquerade(cube, routes);
            let port = ports::chosen(target, cube);
            if is_own { End { port, ..before.clone() } } else { End { address, port, kind: own } }
        }
        Nat::Tproxy => before.clone(),
    }
}

fn aim(target: &Target, cube: &Cube, before: &End) -> End {
    let moved = target.addresses.as_ref().filter(|addresses| Some(*addresses) != before.address.as_ref());
    End {
        address: target.addresses.clone().or_else(|| before.address.clone()),
        port: target.ports.clone().or_else(|| before.port.clone()),
        kind: match moved {
            // Of an address that the file does not tell nobody knows whose it is.
            Some(addresses) if *addresses == Values::all(Axis::Destination) => None,
            Some(addresses) => Some(kind_of(cube, addresses)),
            None => before.kind.clone(),
        },
    }
}

/// The kind of an address that a rule names: loopback is the host's; what else is, only the
/// routing table knows.
fn kind_of(cube: &Cube, addresses: &Values) -> Values {
    let is_v4 = cube.get(Axis::Family).and_then(Values::first) == Some(Family::V4.number());
    let (low, high) = if is_v4 {
        values::prefix(Ipv4Addr::LOCALHOST.into(), 8)
    } else {
        values::address(Ipv6Addr::LOCALHOST.into())
    };
    let is_loopback = Values::from(Ranges::new(low, high)).covers(addresses);
    Values::single(Axis::DestinationKind, if is_loopback { kind::LOCAL } else { kind::UNICAST })
}

/// The addresses of the interface by which packets leave, as far as they are known.
fn masquerade(cube: &Cube, routes: &Routes) -> Option<Values> {
    let name = cube.get(Axis::OutInterface)?.ranges()?.only().map(values::to_name)?;
    let is_v4 = cube.get(Axis::Family)?.first()? == Family::V4.number();
    let interface = routes.interfaces.iter().find(|each| each.name == name)?;
    let own = interface.addresses.iter().map(ipnet::IpNet::addr).filter(|own| own.is_ipv4() == is_v4);
    let own = Ranges::union(own.map(values::address));
    (!own.is_empty()).then(|| own.into())
}

/// The loopback address of a packet's family.
fn loopback(cube: &Cube) -> Option<Values> {
    let family = cube.get(Axis::Family)?.first()?;
    let address: IpAddr =
        if family == Family::V4.number() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let (low, high) = values::address(address);
    Some(Ranges::new(low, high).into())
}

/// Addresses with their prefix exchanged; `None` when they span more than one block.
fn netmap(addresses: &Values, prefix: &Values) -> Option<Values> {
    let (low, high) = prefix.ranges()?.as_one()?;
    let free = low ^ high;
    let moved: Option<Vec<_>> = addresses
        .ranges()?
        .iter()
        .map(|(from, to)| (from & !free == to & !free).then_some((low | from & free, low | to & free)))
        .collect();
    Some(Ranges::union(moved?).into())
}
