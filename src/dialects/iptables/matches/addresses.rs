//! Addresses beyond `-s` and `-d`: `iprange`, `addrtype`.

use super::super::address::{self, NoAddress};
use super::super::given::{Given, Instance};
use super::super::options::{flag, one};
use super::super::rule::Builder;
use super::{Extension, both};
use crate::model::AtomKind;
use crate::packet::values::address_range;
use crate::packet::{Axis, Family, Ranges};

pub(super) const ALL: &[Extension] = &[
    both(
        "addrtype",
        &[one("dst-type"), one("src-type"), flag("limit-iface-in"), flag("limit-iface-out")],
        kinds,
    ),
    both("iprange", &[one("src-range"), one("dst-range")], |builder, instance| {
        instance.given.iter().for_each(|given| range(builder, given));
    }),
];

fn range(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let text = given.value().map_or("", |word| &word.text);
    let axis = if given.name == "src-range" { Axis::Source } else { Axis::Destination };
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (address::host(low, builder.family), address::host(high, builder.family));
    match (low, high) {
        (Ok(low), Ok(high)) => {
            // A range that begins behind its end holds nothing: iptables warns, and loads it.
            let (low, high) = address_range(low, high);
            builder.field(axis, Ranges::new(low, high), given.negated, given.span);
        }
        (Err(NoAddress::Wrong(message)), _) | (_, Err(NoAddress::Wrong(message))) => {
            builder.refuse(given, message)
        }
        _ => builder.refuse(given, format!("`{text}` is no range of addresses")),
    }
}

/// The kernel's kinds of addresses, in the order of their `RTN_` numbers.
const KINDS: [&str; 12] = [
    "UNSPEC",
    "UNICAST",
    "LOCAL",
    "BROADCAST",
    "ANYCAST",
    "MULTICAST",
    "BLACKHOLE",
    "UNREACHABLE",
    "PROHIBIT",
    "THROW",
    "NAT",
    "XRESOLVE",
];

fn kinds(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let mut limits = instance.given.iter().filter(|given| given.name.starts_with("limit-iface"));
    if let Some(limit) = limits.next() {
        if limits.any(|other| other.name != limit.name) {
            builder.syntax(instance.span, "`--limit-iface-in` and `--limit-iface-out` exclude each other");
        }
        return builder.atom(instance.text(), AtomKind::Pure, instance.span);
    }
    for given in &instance.given {
        let text = given.value().map_or("", |word| &word.text);
        let source = given.name == "src-type";
        let kinds: Result<Vec<u128>, &str> = text.split(',').map(|name| kind(name).ok_or(name)).collect();
        match (kinds, builder.family) {
            (Err(name), _) => builder.refuse(given, format!("unknown kind of address `{name}`")),
            (Ok(kinds), Family::V4) => {
                let axis = if source { Axis::SourceKind } else { Axis::DestinationKind };
                let kinds = Ranges::union(kinds.into_iter().map(|kind| (kind, kind)));
                builder.field(axis, kinds, given.negated, given.span);
            }
            (Ok(kinds), Family::V6) => kinds_of_ipv6(builder, given, source, &kinds),
        }
    }
}

/// The kind of a name, or of the beginning of a name.
fn kind(name: &str) -> Option<u128> {
    let starts = |full: &str| full.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    KINDS.iter().position(|full| !name.is_empty() && starts(full)).map(|at| at as u128)
}

/// IPv6 is different: UNICAST, MULTICAST and UNSPEC ask for the address alone, all of them must
/// hold, and besides them one of the others, for which the kernel asks its routes
/// (net/netfilter/xt_addrtype.c).
fn kinds_of_ipv6(builder: &mut Builder<'_>, given: &Given<'_, '_>, source: bool, kinds: &[u128]) {
    let (by_address, by_route): (Vec<u128>, Vec<u128>) =
        kinds.iter().partition(|kind| matches!(kind, 0 | 1 | 5));
    if let Some(kind) = by_route.iter().find(|kind| !matches!(kind, 2 | 4 | 7)) {
        let name = KINDS.get(*kind as usize).copied().unwrap_or_default();
        return builder.refuse(given, format!("IPv6 has no addresses of the kind {name}"));
    }
    if given.negated && usize::from(!by_route.is_empty()) + by_address.len() > 1 {
        return builder.pure(given);
    }
    let (axis, kind_axis) = match source {
        true => (Axis::Source, Axis::SourceKind),
        false => (Axis::Destination, Axis::DestinationKind),
    };
    for kind in by_address {
        let multicast = (0xff << 120, u128::MAX);
        let addresses = match kind {
            0 => Ranges::single(0),
            5 => Ranges::new(multicast.0, multicast.1),
            // Neither unspecified, nor IPv4 in IPv6 clothes, nor multicast.
            _ => Ranges::union([(0, 0), (0xffff << 32, (0xffff << 32) | 0xffff_ffff), multicast])
                .complement(u128::MAX),
        };
        builder.field(axis, addresses, given.negated, given.span);
    }
    if !by_route.is_empty() {
        let kinds = Ranges::union(by_route.into_iter().map(|kind| (kind, kind)));
        builder.field(kind_axis, kinds, given.negated, given.span);
    }
}
