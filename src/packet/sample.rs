//! One packet out of many, as ordinary as can be: for examples in messages.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::axis::{NO_OWNER, direction, kind, packet_type, state};
use super::values::{address, name, names_with_prefix, prefix, to_address, to_name};
use super::{Axis, Cube, Family, PacketSet, Ranges, Values};

/// How many cubes are tried for the most ordinary packet.
const TRIED: usize = 64;

/// Protocols with ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
const WITH_PORTS: [u128; 5] = [6, 17, 33, 132, 136];

/// ICMP and ICMPv6, whose types and codes stand on the axis of destination ports.
const ICMP: [u128; 2] = [1, 58];

impl PacketSet {
    /// One packet of the set, if there is any: a cube with one value on each axis that the set names,
    /// and on family, protocol, addresses and ports in any case. Values are as ordinary as the set
    /// allows: new connections by TCP from and to public addresses, well-known ports.
    pub fn sample(&self) -> Option<Cube> {
        let samples = self.cubes().iter().take(TRIED).map(Sample::of);
        let best = samples.reduce(|best, next| if next.ordinary > best.ordinary { next } else { best });
        best.map(|sample| sample.packet)
    }
}

/// A packet in the making.
struct Sample<'a> {
    cube: &'a Cube,
    packet: Cube,
    /// How many of its values are ordinary.
    ordinary: usize,
}

impl<'a> Sample<'a> {
    fn of(cube: &'a Cube) -> Self {
        let mut sample = Sample { cube, packet: Cube::any(), ordinary: 0 };
        let family = match sample.choose(Axis::Family, |values| wish(values, &[(0, 0)])) {
            0 => Family::V4,
            _ => Family::V6,
        };
        let icmp = if family == Family::V4 { 1 } else { 58 };
        let protocol = sample.choose(Axis::Protocol, |values| wish(values, &singles([6, 17, icmp])));
        sample.choose_address(Axis::Source, family, 7);
        sample.choose_address(Axis::Destination, family, 1);
        if WITH_PORTS.contains(&protocol)
            || ICMP.contains(&protocol)
            || cube.get(Axis::DestinationPort).is_some()
        {
            sample.choose(Axis::DestinationPort, |values| wish(values, &destination_ports(protocol)));
        }
        if WITH_PORTS.contains(&protocol) || cube.get(Axis::SourcePort).is_some() {
            let ephemeral = [(40_000, 40_000), (32_768, 60_999), (1024, 65_535)];
            sample.choose(Axis::SourcePort, |values| wish(values, &ephemeral));
        }
        for (axis, _) in cube.sides() {
            if sample.packet.get(*axis).is_none() {
                sample.choose(*axis, |values| ordinary(*axis, values));
            }
        }
        sample
    }

    /// Fixes an axis to what the choice makes of its values; to the smallest if it makes nothing.
    fn choose(&mut self, axis: Axis, choice: impl FnOnce(&Values) -> Option<u128>) -> u128 {
        let values = self.cube.get(axis).cloned().unwrap_or_else(|| Values::all(axis));
        let chosen = choice(&values);
        self.ordinary += usize::from(chosen.is_some());
        let value = chosen.or_else(|| values.first()).unwrap_or_default();
        self.packet = std::mem::take(&mut self.packet).set(axis, Values::single(axis, value));
        value
    }

    fn choose_address(&mut self, axis: Axis, family: Family, host: u8) {
        let value = self.choose(axis, |values| public_address(values.ranges()?, family, host));
        // An IPv4 address is its whole block.
        let (low, high) = match to_address(family, value) {
            IpAddr::V4(v4) => address(IpAddr::V4(v4)),
            IpAddr::V6(_) => (value, value),
        };
        self.packet = std::mem::take(&mut self.packet).set(axis, Ranges::new(low, high));
    }
}

/// The first of these ranges in which the values have something: the smallest of that.
fn wish(values: &Values, wishes: &[(u128, u128)]) -> Option<u128> {
    wishes.iter().find_map(|&(low, high)| match values {
        Values::Ranges(ranges) => ranges.and(&Ranges::new(low, high)).first(),
        marks => u32::try_from(low).ok().filter(|&mark| marks.marks().contains(mark)).map(u128::from),
    })
}

fn singles<const N: usize>(values: [u128; N]) -> [(u128, u128); N] {
    values.map(|value| (value, value))
}

/// Well-known ports of a protocol, then others; for ICMP the echo request.
fn destination_ports(protocol: u128) -> Vec<(u128, u128)> {
    let mut wishes = match protocol {
        1 => singles([8 << 8]).to_vec(),
        58 => singles([128 << 8]).to_vec(),
        17 => singles([53, 443, 123, 500, 51_820]).to_vec(),
        _ => singles([443, 80, 22, 25, 53, 3306, 5432, 8080]).to_vec(),
    };
    if WITH_PORTS.contains(&protocol) {
        wishes.extend([(1024, 65_535), (1, 65_535)]);
    }
    wishes
}

/// An ordinary value of an axis that has no way of its own.
fn ordinary(axis: Axis, values: &Values) -> Option<u128> {
    match axis {
        Axis::InInterface | Axis::OutInterface | Axis::InPort | Axis::OutPort => usual_name(values.ranges()?),
        Axis::State => wish(values, &singles([state::NEW, state::ESTABLISHED, state::RELATED])),
        Axis::TcpFlags => wish(values, &singles([2, 16, 18])),
        Axis::Direction => wish(values, &singles([direction::ORIGINAL, direction::REPLY])),
        Axis::Uid | Axis::Gid => wish(values, &singles([1000, 0, NO_OWNER])),
        Axis::SourceKind | Axis::DestinationKind => wish(values, &singles([kind::UNICAST, kind::LOCAL])),
        Axis::PacketType => wish(values, &singles([packet_type::HOST])),
        Axis::HopLimit => wish(values, &singles([64])),
        Axis::Length => wish(values, &singles([60, 100, 1000])),
        _ => wish(values, &singles([0])),
    }
}

/// An interface name that exists in the wild, or at least one that could.
fn usual_name(names: &Ranges) -> Option<u128> {
    let usual = ["eth0", "ens3", "enp1s0", "wlan0", "wg0", "br0", "docker0", "lo"];
    let letters = (b'a'..=b'z').filter_map(|letter| names_with_prefix(&char::from(letter).to_string()));
    // The first name of a range is often what all its names begin with: `ens*`.
    let numbered = |(low, high)| {
        let first = names.and(&Ranges::new(low, high)).first()?;
        name(&format!("{}0", to_name(first))).filter(|&name| names.contains(name)).or(Some(first))
    };
    let usual = usual.iter().filter_map(|usual| name(usual)).find(|&name| names.contains(name));
    usual.or_else(|| letters.into_iter().find_map(numbered))
}

/// An address that is neither private nor otherwise special, rather one that is kept for examples;
/// failing that, one that is at least unicast.
fn public_address(addresses: &Ranges, family: Family, host: u8) -> Option<u128> {
    let (example, special, one) = match family {
        Family::V4 => (Ipv4Addr::new(203, 0, 113, host).into(), &SPECIAL_V4[..], 1 << 96),
        Family::V6 => {
            (IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, host.into())), &SPECIAL_V6[..], 1)
        }
    };
    let example = address(example).0;
    if addresses.contains(example) {
        return Some(example);
    }
    [Usable::Anywhere, Usable::Locally].into_iter().find_map(|least| {
        let unfit = special.iter().filter(|entry| entry.2 < least);
        let unfit = Ranges::union(unfit.map(|&(start, length, _)| prefix(start, length)));
        let (low, high) = addresses.minus(&unfit).iter().next()?;
        // The first address of a network is not a host's.
        Some(if (high - low) / one >= 3 { low + one } else { low })
    })
}

/// Where an address can be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Usable {
    Never,
    Locally,
    Anywhere,
}

/// Special prefixes, from the IANA IPv4 Special-Purpose Address Registry.
const SPECIAL_V4: [(IpAddr, u8, Usable); 13] = [
    (v4(0, 0, 0, 0), 8, Usable::Never),
    (v4(10, 0, 0, 0), 8, Usable::Locally),
    (v4(100, 64, 0, 0), 10, Usable::Locally),
    (v4(127, 0, 0, 0), 8, Usable::Never),
    (v4(169, 254, 0, 0), 16, Usable::Never),
    (v4(172, 16, 0, 0), 12, Usable::Locally),
    (v4(192, 0, 0, 0), 24, Usable::Never),
    (v4(192, 0, 2, 0), 24, Usable::Locally),
    (v4(192, 168, 0, 0), 16, Usable::Locally),
    (v4(198, 18, 0, 0), 15, Usable::Locally),
    (v4(198, 51, 100, 0), 24, Usable::Locally),
    (v4(203, 0, 113, 0), 24, Usable::Locally),
    (v4(224, 0, 0, 0), 3, Usable::Never),
];

/// What is not global unicast (2000::/3).
const SPECIAL_V6: [(IpAddr, u8, Usable); 9] = [
    (v6(0), 3, Usable::Never),
    (v6(0x4000), 2, Usable::Never),
    (v6(0x8000), 2, Usable::Never),
    (v6(0xc000), 3, Usable::Never),
    (v6(0xe000), 4, Usable::Never),
    (v6(0xf000), 5, Usable::Never),
    (v6(0xf800), 6, Usable::Never),
    (v6(0xfc00), 7, Usable::Locally),
    (v6(0xfe00), 7, Usable::Never),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0))
}
