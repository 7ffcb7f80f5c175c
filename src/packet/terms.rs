//! Values of an axis in the field's own terms: prefixes, port numbers, names of protocols.

use super::axis::{KERNEL, NO_OWNER, direction, state};
use super::values::{names_with_prefix, to_address, to_name};
use super::{Axis, Cube, Family, Ranges, Values};

/// Gives a name to a value of an axis, where it knows one.
pub(super) type Name<'a> = &'a dyn Fn(Axis, u128) -> Option<String>;

/// The terms for values of an axis, one for each number, range or pattern. The cube tells what they
/// stand beside: addresses depend on the family, ICMP types on the protocol.
pub(super) fn terms(axis: Axis, values: &Values, cube: &Cube, name: Name) -> Vec<String> {
    let Values::Ranges(ranges) = values else {
        return values.marks().patterns().iter().map(|&pattern| mark(pattern)).collect();
    };
    let numbers = |term: fn(u128) -> String| ranges.iter().map(|range| span(range, term)).collect();
    match axis {
        Axis::Source | Axis::Destination => {
            let family = family(cube).unwrap_or(Family::V6);
            ranges.iter().flat_map(|range| prefixes(family, range)).collect()
        }
        Axis::DestinationPort => match only(cube, Axis::Protocol) {
            Some(1) => ranges.iter().flat_map(|range| icmp(range, &ICMP_TYPES)).collect(),
            Some(58) => ranges.iter().flat_map(|range| icmp(range, &ICMPV6_TYPES)).collect(),
            _ => numbers(|port| port.to_string()),
        },
        Axis::InInterface | Axis::OutInterface | Axis::InPort | Axis::OutPort => {
            ranges.iter().map(names).collect()
        }
        Axis::Family => each(ranges, |family| (if family == 0 { "IPv4" } else { "IPv6" }).into()),
        Axis::Protocol => ranges.iter().map(protocols).collect(),
        Axis::State => each(ranges, |state| {
            let name = match state {
                state::INVALID => "INVALID",
                state::NEW => "NEW",
                state::ESTABLISHED => "ESTABLISHED",
                state::RELATED => "RELATED",
                _ => "UNTRACKED",
            };
            name.into()
        }),
        Axis::Direction => each(ranges, |direction| {
            let name = match direction {
                direction::ORIGINAL => "in the original direction",
                direction::REPLY => "in the reply direction",
                _ => "of no known connection",
            };
            name.into()
        }),
        Axis::Nat => each(ranges, |nat| {
            const NAT: [&str; 4] = [
                "that NAT leaves alone",
                "whose source NAT changes",
                "whose destination NAT changes",
                "whose both ends NAT changes",
            ];
            NAT[nat as usize & 3].into()
        }),
        Axis::SourceKind | Axis::DestinationKind => each(ranges, |kind| {
            KINDS.get(kind as usize).map_or_else(|| format!("type {kind}"), |kind| (*kind).into())
        }),
        Axis::PacketType => each(ranges, |kind| {
            let name = ["unicast", "broadcast", "multicast", "otherhost"].get(kind as usize);
            name.map_or_else(|| format!("type {kind}"), |name| (*name).into())
        }),
        Axis::Dscp => numbers(|dscp| format!("{dscp:#04x}")),
        Axis::Mac => numbers(mac),
        Axis::TcpFlags => flags(ranges),
        Axis::Uid | Axis::Gid => ranges.iter().map(|range| owner(axis, range, name)).collect(),
        _ => numbers(|number| number.to_string()),
    }
}

/// The family of a cube's packets, if it is one.
pub(super) fn family(cube: &Cube) -> Option<Family> {
    let number = only(cube, Axis::Family)?;
    Family::ALL.into_iter().find(|family| family.number() == number)
}

/// Is it an axis of IP addresses?
pub(super) fn is_address(axis: Axis) -> bool {
    matches!(axis, Axis::Source | Axis::Destination)
}

/// The only value of a cube on an axis.
pub(super) fn only(cube: &Cube, axis: Axis) -> Option<u128> {
    cube.get(axis)?.ranges()?.only()
}

/// The smallest prefix, or pattern of names, that holds all of the values, where there is a narrower
/// one than all: "10.0.0.0/8 but 10.1.0.0/16" is shorter than eight prefixes.
pub(super) fn hull(axis: Axis, values: &Values) -> Option<Values> {
    let ranges = values.ranges()?;
    let (low, high) = (ranges.first()?, ranges.iter().next_back()?.1);
    let same = (low ^ high).leading_zeros();
    let bits = match axis {
        Axis::Source | Axis::Destination => same,
        Axis::InInterface | Axis::OutInterface | Axis::InPort | Axis::OutPort => same / 8 * 8,
        _ => return None,
    };
    let free = u128::MAX.checked_shr(bits).unwrap_or(0);
    (bits > 0).then(|| Ranges::new(low & !free, low | free).into())
}

const KINDS: [&str; 9] = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
];

fn each(ranges: &Ranges, term: impl Fn(u128) -> String) -> Vec<String> {
    ranges.iter().flat_map(|(low, high)| low..=high).map(term).collect()
}

fn span((low, high): (u128, u128), term: impl Fn(u128) -> String) -> String {
    if low == high { term(low) } else { format!("{}-{}", term(low), term(high)) }
}

fn mark((mask, value): (u32, u32)) -> String {
    if mask == u32::MAX { format!("{value:#x}") } else { format!("{value:#x}/{mask:#x}") }
}

fn mac(address: u128) -> String {
    let bytes: Vec<String> = address.to_be_bytes()[10..].iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

fn protocols((low, high): (u128, u128)) -> String {
    if low == high { protocol(low) } else { format!("protocols {low}-{high}") }
}

/// The name of a protocol as iptables and nft write it, or its number.
pub(super) fn protocol(number: u128) -> String {
    let name = match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipip",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        41 => "ipv6-in-ip",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "icmpv6",
        89 => "ospf",
        103 => "pim",
        112 => "vrrp",
        115 => "l2tp",
        132 => "sctp",
        136 => "udplite",
        _ => return format!("protocol {number}"),
    };
    name.into()
}

/// An address range as prefixes where one or two do, otherwise from its first to its last address.
fn prefixes(family: Family, (low, high): (u128, u128)) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = low;
    while found.len() < 2 {
        // The largest aligned block that begins here and does not reach beyond the end.
        let free = (0..=128u32)
            .rev()
            .map(|bits| u128::MAX.checked_shr(128 - bits).unwrap_or(0))
            .find(|free| start & free == 0 && high - start >= *free)
            .unwrap_or(0);
        found.push(network(family, start, free.leading_zeros()));
        if high - start == free {
            return found;
        }
        start += free + 1;
    }
    vec![format!("{}-{}", to_address(family, low), to_address(family, high))]
}

fn network(family: Family, start: u128, length: u32) -> String {
    let address = to_address(family, start);
    let whole = if family == Family::V4 { 32 } else { 128 };
    if length == whole { address.to_string() } else { format!("{address}/{length}") }
}

/// Interface names: one, a pattern like `eth*`, or an alphabetical range.
fn names((low, high): (u128, u128)) -> String {
    let first = to_name(low);
    if low == high {
        return if low == 0 { "none".into() } else { first };
    }
    if (low, high) == (1, u128::MAX) {
        return "any interface".into();
    }
    let before = to_name(low.saturating_sub(1));
    match (names_with_prefix(&first), names_with_prefix(&before)) {
        (Some(all), _) if all == (low, high) => format!("{first}*"),
        (_, Some(all)) if all == (low.saturating_sub(1), high) => format!("{before}* but {before}"),
        _ => {
            let shown = 8 * (high.trailing_ones() / 8);
            let last = to_name(high & u128::MAX.checked_shl(shown).unwrap_or(0));
            format!("names from \"{first}\" to \"{last}*\"")
        }
    }
}

const ICMP_TYPES: [(u128, &str); 13] = [
    (0, "echo-reply"),
    (3, "destination-unreachable"),
    (4, "source-quench"),
    (5, "redirect"),
    (8, "echo-request"),
    (9, "router-advertisement"),
    (10, "router-solicitation"),
    (11, "time-exceeded"),
    (12, "parameter-problem"),
    (13, "timestamp-request"),
    (14, "timestamp-reply"),
    (17, "address-mask-request"),
    (18, "address-mask-reply"),
];

const ICMPV6_TYPES: [(u128, &str); 14] = [
    (1, "destination-unreachable"),
    (2, "packet-too-big"),
    (3, "time-exceeded"),
    (4, "parameter-problem"),
    (128, "echo-request"),
    (129, "echo-reply"),
    (130, "mld-listener-query"),
    (131, "mld-listener-report"),
    (132, "mld-listener-done"),
    (133, "router-solicitation"),
    (134, "router-advertisement"),
    (135, "neighbour-solicitation"),
    (136, "neighbour-advertisement"),
    (137, "redirect"),
];

/// Types and codes: the name of each whole type, the number where it has none, the codes where they
/// are not all.
fn icmp((low, high): (u128, u128), names: &[(u128, &str)]) -> Vec<String> {
    let name = |kind: u128| match names.iter().find(|entry| entry.0 == kind) {
        Some((_, name)) => (*name).to_owned(),
        None => format!("type {kind}"),
    };
    let (first, last) = (low >> 8, high >> 8);
    if low & 0xff == 0 && high & 0xff == 0xff {
        return match last - first {
            0..4 => (first..=last).map(name).collect(),
            _ => vec![format!("types {first}-{last}")],
        };
    }
    if first == last {
        return vec![format!(
            "{} code {}",
            name(first),
            span((low & 0xff, high & 0xff), |code| code.to_string())
        )];
    }
    // Cut at the borders of types.
    let border = (first << 8) | 0xff;
    [icmp((low, border), names), icmp((border + 1, high), names)].concat()
}

/// TCP flags as one pattern "these set, those clear" where they are one.
fn flags(ranges: &Ranges) -> Vec<String> {
    const NAMES: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];
    let members = || (0..=255u128).filter(|&flags| ranges.contains(flags));
    let all = members().fold(0xff, |all, flags| all & flags);
    let some = members().fold(0, |some, flags| some | flags);
    let list = |bits: u128| {
        let named = NAMES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
        named.map(|(_, name)| *name).collect::<Vec<_>>().join(",")
    };
    let (set, clear) = (all, !some & 0xff);
    if members().count() != 1 << (8 - (set | clear).count_ones()) {
        // Not one pattern: name each.
        return members().map(|flags| if flags == 0 { "no flags".into() } else { list(flags) }).collect();
    }
    let mut words = Vec::new();
    if set != 0 {
        words.push(format!("{} set", list(set)));
    }
    if clear != 0 {
        words.push(format!("{} clear", list(clear)));
    }
    vec![words.join(", ")]
}

/// A user or group, or several.
fn owner(axis: Axis, (low, high): (u128, u128), name: Name) -> String {
    let word = if axis == Axis::Uid { "user" } else { "group" };
    match (low, high) {
        (NO_OWNER, NO_OWNER | KERNEL) => return format!("no {word}"),
        (KERNEL, _) => return format!("no {word} (sent by the kernel)"),
        _ => {}
    }
    let called = |number: u128| name(axis, number).unwrap_or_else(|| number.to_string());
    match high {
        NO_OWNER | KERNEL => format!("{word}s from {} on or none", called(low)),
        _ if low == high => format!("{word} {}", called(low)),
        _ => format!("{word}s {}", span((low, high), called)),
    }
}
