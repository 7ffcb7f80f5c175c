//! What the kernel's connection tracking makes of a packet.
//!
//! Sources: `tcp_valid_flags` and `tcp_conntracks` in nf_conntrack_proto_tcp.c, `valid_new` in
//! nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c (Linux 6.18).

use std::sync::LazyLock;

use crate::packet::axis::{direction, state};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, Values};

/// The first packet of a flow, as conntrack leaves it: each cube split by the state that it gets.
/// Packets that were taken out of tracking keep UNTRACKED.
pub fn first(packets: &PacketSet) -> PacketSet {
    let mut all = PacketSet::none();
    for cube in packets.cubes() {
        let (untracked, seen) = split(cube.clone(), Axis::State, Ranges::single(state::UNTRACKED));
        all.add(PacketSet::from(untracked));
        if let Some(seen) = seen {
            all.add(classify(seen));
        }
    }
    all
}

/// A later packet of a flow that has an entry, unless it was taken out of tracking. Without a known
/// mark of the flow the packets may have any.
pub fn with_entry(
    packets: &PacketSet,
    seen: u128,
    way: u128,
    nat: u128,
    connmark: Option<&Values>,
    zone: &Values,
) -> PacketSet {
    assign(packets, |cube| {
        let cube = cube.set(Axis::State, Ranges::single(seen));
        let cube = cube.set(Axis::Direction, Ranges::single(way)).set(Axis::Nat, Ranges::single(nat));
        let cube = cube.set(Axis::Zone, zone.clone());
        match connmark {
            Some(values) => cube.set(Axis::ConnMark, values.clone()),
            None => cube.without(Axis::ConnMark),
        }
    })
}

/// Packets that look for an entry where it is, and those that do not find it there: an entry is in one zone for
/// each direction (`nf_ct_zone_equal` in nf_conntrack_core.c). Where a zone is not known, packets are both.
pub fn by_zone(packets: &PacketSet, entry: &Values, way: u128) -> (PacketSet, PacketSet) {
    let (mut found, mut lost) = (PacketSet::none(), PacketSet::none());
    for cube in packets.cubes() {
        let (here, there) = (cube.get(Axis::Zone).and_then(|zones| zone(zones, way)), zone(entry, way));
        let is_sure = here.is_some() && there.is_some();
        if !is_sure || here == there {
            found.add(cube.clone().into());
        }
        if !is_sure || here != there {
            lost.add(cube.clone().into());
        }
    }
    (found, lost)
}

/// A packet of a flow of which only the state and the direction are known, unless it was taken out of tracking.
pub fn with_some_entry(packets: &PacketSet, seen: u128, ways: &Ranges) -> PacketSet {
    assign(packets, |cube| {
        let cube = cube.set(Axis::State, Ranges::single(seen)).set(Axis::Direction, ways.clone());
        cube.without(Axis::Nat).without(Axis::ConnMark)
    })
}

/// Do the entries of a flow and of an answer that did not find it stand in each other's way, so that the answer may
/// be dropped where its entry would be made (`__nf_conntrack_confirm`)?
pub fn clash(entry: &Values, answer: &Values) -> bool {
    let meets = |one: Option<u128>, other: Option<u128>| one.is_some() && one == other;
    let (there, back) = (direction::ORIGINAL, direction::REPLY);
    meets(zone(entry, there), zone(answer, back)) || meets(zone(entry, back), zone(answer, there))
}

/// The one zone of a direction.
fn zone(zones: &Values, way: u128) -> Option<u128> {
    let number = zones.ranges()?.only()?;
    Some(if way == direction::ORIGINAL { number >> 16 & 0xffff } else { number & 0xffff })
}

/// A packet that does not fit its flow, or belongs to none and begins none.
pub fn invalid(packets: &PacketSet) -> PacketSet {
    assign(packets, without_entry)
}

fn assign(packets: &PacketSet, change: impl Fn(Cube) -> Cube) -> PacketSet {
    let mut all = PacketSet::none();
    for cube in packets.cubes() {
        let (untracked, seen) = split(cube.clone(), Axis::State, Ranges::single(state::UNTRACKED));
        all.add(PacketSet::from(untracked));
        all.add(PacketSet::from(seen.map(&change)));
    }
    all
}

/// As a packet is before connection tracking has seen it, and when it has no entry.
pub fn without_entry(cube: Cube) -> Cube {
    let cube = cube.set(Axis::State, Ranges::single(state::INVALID));
    let cube = cube.set(Axis::Direction, Ranges::single(direction::NONE));
    let cube = cube.set(Axis::Nat, Ranges::single(0)).set(Axis::ConnMark, Masks::new(u32::MAX, 0));
    cube.set(Axis::Zone, Ranges::single(0))
}

fn with_new_entry(cube: Cube) -> Cube {
    let cube = cube.set(Axis::State, Ranges::single(state::NEW));
    let cube = cube.set(Axis::Direction, Ranges::single(direction::ORIGINAL));
    cube.set(Axis::Nat, Ranges::single(0)).set(Axis::ConnMark, Masks::new(u32::MAX, 0))
}

/// The state of a packet that no entry knows.
fn classify(cube: Cube) -> PacketSet {
    let mut all = PacketSet::none();
    let (tcp, rest) = split(cube, Axis::Protocol, Ranges::single(6));
    if let Some(tcp) = tcp {
        all.add(by_values(tcp, Axis::TcpFlags, tcp_flags_that_begin(), None));
    }
    let mut take =
        |cube: Option<Cube>, protocol: u128, family: Family, begins: Ranges, aside: Option<Ranges>| {
            let (mine, others) = split(cube?, Axis::Protocol, Ranges::single(protocol));
            // The other family's use of the number is tracked like any unknown protocol.
            let (own, foreign) = match mine {
                Some(mine) => split(mine, Axis::Family, Ranges::single(family.number())),
                None => (None, None),
            };
            if let Some(own) = own {
                all.add(by_values(own, Axis::DestinationPort, begins, aside));
            }
            all.add(PacketSet::from(foreign.map(with_new_entry)));
            others
        };
    let rest = take(rest, 1, Family::V4, icmp_types([8, 13, 15, 17]), None);
    let untracked = icmp_types([130, 131, 132, 133, 134, 135, 136, 143]);
    let rest = take(rest, 58, Family::V6, icmp_types([128, 139]), Some(untracked));
    all.add(PacketSet::from(rest.map(with_new_entry)));
    all
}

/// Splits by the values that begin a flow, those that are never tracked, and the invalid rest.
fn by_values(cube: Cube, axis: Axis, begins: Ranges, untracked: Option<Ranges>) -> PacketSet {
    let (new, rest) = split(cube, axis, begins);
    let mut all = PacketSet::from(new.map(with_new_entry));
    let Some(rest) = rest else { return all };
    let (aside, rest) = match untracked {
        Some(values) => split(rest, axis, values),
        None => (None, Some(rest)),
    };
    let aside = aside.map(without_entry).map(|cube| cube.set(Axis::State, Ranges::single(state::UNTRACKED)));
    all.add(PacketSet::from(aside));
    all.add(PacketSet::from(rest.map(without_entry)));
    all
}

/// TCP flags with which conntrack begins a flow: SYN, or a bare ACK (it picks up connections),
/// with or without URG; PSH, ECE and CWR do not count.
pub fn tcp_flags_that_begin() -> Ranges {
    const IGNORED: u128 = 0x08 | 0x40 | 0x80;
    const BEGINS: [u128; 4] = [0x02, 0x22, 0x10, 0x30];
    static FLAGS: LazyLock<Ranges> = LazyLock::new(|| {
        let flags = (0..=0xff).filter(|flags| BEGINS.contains(&(flags & !IGNORED)));
        Ranges::union(flags.map(|flags| (flags, flags)))
    });
    FLAGS.clone()
}

/// All codes of these ICMP types.
fn icmp_types<const N: usize>(types: [u128; N]) -> Ranges {
    Ranges::union(types.map(|kind| (kind << 8, kind << 8 | 0xff)))
}

/// A cube cut in two: inside and outside of the values of an axis.
pub fn split(cube: Cube, axis: Axis, values: Ranges) -> (Option<Cube>, Option<Cube>) {
    let values = Values::from(values);
    match cube.get(axis) {
        Some(named) if values.covers(named) => (Some(cube), None),
        Some(named) if !values.overlaps(named) => (None, Some(cube)),
        _ => {
            let outside = Values::all(axis).minus(&values);
            (cube.clone().with(axis, values), cube.with(axis, outside))
        }
    }
}
