//! What rules write into packets without a translation: `ip daddr set 10.9.9.9`.
//!
//! A packet that was written into is told from then on by what it is, and by what it was ([`Axis::FormerSource`] and its
//! like), since flows are told apart by their first packets as these set out. Where it cannot be followed any
//! further (the file does not tell what was written, the kernel would route it anew or translate it, …) it gets back what
//! it was, and no rule is asked about it any more: whether it gets through is an unknown, at the statement.

use crate::model::Rewrite;
use crate::packet::axis::rewritten::{
    BITS, DESTINATION, DESTINATION_PORT, PROTOCOL, SOURCE, SOURCE_PORT, UNSEEN,
};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, values};

use super::atoms::Atoms;
use super::conntrack::split;

/// Protocols whose header begins with two ports.
const WITH_PORTS: [(u128, u128); 5] = [(6, 6), (17, 17), (33, 33), (132, 132), (136, 136)];

/// What can be written and is followed: its bit, where it stands, and where it stands once it is what was.
const FIELDS: [(u128, Axis, Axis); 5] = [
    (PROTOCOL, Axis::Protocol, Axis::FormerProtocol),
    (DESTINATION, Axis::Destination, Axis::FormerDestination),
    (SOURCE, Axis::Source, Axis::FormerSource),
    (DESTINATION_PORT, Axis::DestinationPort, Axis::FormerDestinationPort),
    (SOURCE_PORT, Axis::SourcePort, Axis::FormerSourcePort),
];

/// What follows from an address.
const KINDS: [(u128, Axis, Axis); 2] = [
    (DESTINATION, Axis::DestinationKind, Axis::FormerDestinationKind),
    (SOURCE, Axis::SourceKind, Axis::FormerSourceKind),
];

/// What stands in a packet besides its family, addresses and ports.
const OTHERS: [Axis; 6] =
    [Axis::TcpFlags, Axis::PacketType, Axis::HopLimit, Axis::Length, Axis::Dscp, Axis::Mac];

/// May rules write what stands on an axis?
pub(super) fn may_write(axis: Axis) -> bool {
    OTHERS.contains(&axis) || FIELDS.iter().chain(&KINDS).any(|field| field.1 == axis)
}

/// A cube after a rule has written into its packets. Those that had the value before are as they were.
pub(super) fn write(cube: &Cube, rewrite: &Rewrite) -> Vec<Cube> {
    let Some(axis) = rewrite.axis else { return vec![forget_all(cube.clone())] };
    let is_port = matches!(axis, Axis::SourcePort | Axis::DestinationPort);
    let (mine, others) = match is_port {
        true => split(cube.clone(), Axis::Protocol, Ranges::union(WITH_PORTS)),
        false => (Some(cube.clone()), None),
    };
    // What has no ports has other things in their place.
    let mut all: Vec<Cube> = others.map(forget_all).into_iter().collect();
    let Some(mine) = mine else { return all };
    let Some(to) = rewrite.to.as_ref().and_then(|to| Some((to, to.ranges()?))) else {
        all.push(mark(put(mine, axis, None), UNSEEN));
        return all;
    };
    let (same, mine) = split(mine, axis, to.1.clone());
    all.extend(same);
    all.extend(mine.map(|cube| {
        let is_odd = !is_port && is_special(&cube, to.0);
        let cube = put(cube, axis, Some(to.0));
        if is_odd { mark(cube, UNSEEN) } else { cube }
    }));
    all
}

/// Has something been written into packets?
pub(super) fn is_written(cube: &Cube) -> bool {
    number(cube) != 0
}

/// Were packets lost sight of?
pub(super) fn is_unseen(cube: &Cube) -> bool {
    number(cube) & UNSEEN != 0
}

/// Has one of the addresses been written?
pub(super) fn has_other_addresses(cube: &Cube) -> bool {
    number(cube) & (SOURCE | DESTINATION) != 0
}

/// Has the source address been written?
pub(super) fn has_other_source(cube: &Cube) -> bool {
    number(cube) & SOURCE != 0
}

/// The destination before another was written, if one was; all where none was named.
pub(super) fn former_destination(cube: &Cube) -> Option<Values> {
    let former = || cube.get(Axis::FormerDestination).cloned();
    (number(cube) & DESTINATION != 0)
        .then(|| former().unwrap_or_else(|| Values::all(Axis::FormerDestination)))
}

/// Is some address or port surely another than it was?
pub(super) fn differs(cube: &Cube) -> bool {
    let is_other = |(bit, axis, former): &(u128, Axis, Axis)| {
        let both = cube.get(*axis).zip(cube.get(*former));
        number(cube) & bit != 0 && both.is_some_and(|(now, before)| !now.overlaps(before))
    };
    FIELDS.iter().any(is_other)
}

/// The unknown that asks what becomes of packets into which something was written.
pub(super) fn unknown(cube: &Cube) -> Option<u32> {
    u32::try_from(number(cube) >> BITS).ok()?.checked_sub(1)
}

/// Packets as a rule leaves them whose unknown is this, if it has written into them. What was asked of them before, and is the
/// same for packets that are the same, may be otherwise now.
pub(super) fn behind(atoms: &Atoms, packets: PacketSet, atom: u32) -> PacketSet {
    let assumed: Vec<u32> = atoms.assumed().map(|assumed| assumed.0).collect();
    let pure: Vec<u32> = atoms.pure().map(|pure| pure.2).filter(|it| !assumed.contains(it)).collect();
    packets.map(|cube| {
        let is_asked_anew = |axis| matches!(axis, Axis::Atom(number) if pure.contains(&number));
        let cube = stamp(cube, atom);
        Some(if is_written(&cube) { cube.forget(is_asked_anew) } else { cube })
    })
}

fn stamp(cube: Cube, atom: u32) -> Cube {
    let bits = number(&cube) & ((1 << BITS) - 1);
    if bits == 0 {
        return cube;
    }
    cube.set(Axis::Rewritten, Ranges::single((u128::from(atom) + 1) << BITS | bits))
}

/// Packets into which nothing was written so far are told from those into which something was.
pub(super) fn begin(packets: PacketSet) -> PacketSet {
    packets.map(|cube| {
        let is_told = cube.get(Axis::Rewritten).is_some();
        Some(if is_told { cube } else { cube.set(Axis::Rewritten, Ranges::single(0)) })
    })
}

/// Packets as they were before anything was written into them.
pub(super) fn restore(cube: Cube) -> Cube {
    let bits = number(&cube);
    let former = |axis| FIELDS.iter().chain(&KINDS).any(|field| field.2 == axis);
    if bits == 0 {
        return cube.without(Axis::Rewritten);
    }
    let written = FIELDS.iter().chain(&KINDS).filter(|field| bits & field.0 != 0);
    let cube = written.fold(cube, |cube, (_, axis, former)| match cube.get(*former).cloned() {
        Some(values) => cube.set(*axis, values),
        None => cube.without(*axis),
    });
    cube.forget(|axis| axis == Axis::Rewritten || former(axis))
}

/// Packets that are lost sight of, as they were.
pub(super) fn lose_sight(cube: Cube) -> Cube {
    let number = number(&cube) >> BITS << BITS | UNSEEN;
    restore(cube).set(Axis::Rewritten, Ranges::single(number))
}

fn number(cube: &Cube) -> u128 {
    cube.get(Axis::Rewritten).and_then(Values::first).unwrap_or(0)
}

fn mark(cube: Cube, bits: u128) -> Cube {
    let number = number(&cube) | bits;
    cube.set(Axis::Rewritten, Ranges::single(number))
}

/// Puts a value in place of another, which is remembered as long as it is the first.
fn put(cube: Cube, axis: Axis, to: Option<&Values>) -> Cube {
    let Some(bit) = FIELDS.iter().find(|field| field.1 == axis).map(|field| field.0) else {
        return mark(cube, UNSEEN).without(axis);
    };
    let is_first = number(&cube) & bit == 0;
    let places = FIELDS.iter().chain(&KINDS).filter(|field| field.0 == bit);
    let cube = places.fold(cube, |cube, (_, axis, former)| {
        let kept = match cube.get(*axis).cloned() {
            Some(values) if is_first => cube.set(*former, values),
            _ => cube,
        };
        kept.without(*axis)
    });
    let cube = match to {
        Some(values) => cube.set(axis, values.clone()),
        None => cube,
    };
    mark(cube, bit)
}

/// Nothing of what stands in the packet is known any more.
fn forget_all(cube: Cube) -> Cube {
    let cube = FIELDS.iter().fold(cube, |cube, field| put(cube, field.1, None));
    mark(cube.forget(|axis| OTHERS.contains(&axis)), UNSEEN)
}

/// Is it an address that the kernel does not treat as that of a machine: of loopback, of a group, none at all?
fn is_special(cube: &Cube, addresses: &Values) -> bool {
    let is_v4 = cube.get(Axis::Family).and_then(Values::first) == Some(Family::V4.number());
    let prefixes: &[(&str, u8)] = match is_v4 {
        true => &[("0.0.0.0", 8), ("127.0.0.0", 8), ("224.0.0.0", 3)],
        false => &[("::", 127), ("ff00::", 8), ("fe80::", 10)],
    };
    let ranges =
        prefixes.iter().filter_map(|(text, length)| Some(values::prefix(text.parse().ok()?, *length)));
    Values::from(Ranges::union(ranges)).overlaps(addresses)
}
