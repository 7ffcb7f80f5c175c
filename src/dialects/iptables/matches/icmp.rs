//! ICMP and ICMPv6 types.

use super::super::given::Instance;
use super::super::numerals;
use super::super::options::one;
use super::super::protocols::{ICMP, ICMPV6};
use super::super::rule::Builder;
use super::{Extension, Reading, ports};
use crate::model::Families;
use crate::packet::{Axis, Family, Ranges};

pub(super) const ALL: &[Extension] = &[
    Extension {
        name: "icmp",
        families: Families::V4,
        options: &[one("icmp-type")],
        needs_option: true,
        is_open: false,
        reading: Reading::Exact(|builder, instance| read(builder, instance, ICMP, V4)),
    },
    Extension {
        name: "icmp6",
        families: Families::V6,
        options: &[one("icmpv6-type")],
        needs_option: true,
        is_open: false,
        reading: Reading::Exact(|builder, instance| read(builder, instance, ICMPV6, V6)),
    },
];

/// A name, its type, and its code if it stands for one only.
type Named = (&'static str, u8, Option<u8>);

fn read(builder: &mut Builder<'_>, instance: &Instance<'_, '_>, number: u8, names: &[Named]) {
    if !ports::is_for(builder, instance, number) {
        return;
    }
    for given in &instance.given {
        let text = given.value().map_or("", |word| &word.text);
        match types(text, names) {
            // Type 255 of ICMP stands for all types.
            Ok((255, _)) if number == ICMP => {
                builder.field(Axis::DestinationPort, Ranges::new(0, 0xffff), given.negated, given.span);
            }
            Ok((kind, code)) => {
                let low = u128::from(kind) << 8;
                let values = match code {
                    Some(code) => Ranges::single(low | u128::from(code)),
                    None => Ranges::new(low, low | 0xff),
                };
                builder.field(Axis::DestinationPort, values, given.negated, given.span);
            }
            Err(message) => builder.refuse(given, message),
        }
    }
}

/// The type, and the code if there is one, of `TYPE[/CODE]` or of a name.
pub(in super::super) fn by_family(text: &str, family: Family) -> Result<(u8, Option<u8>), String> {
    types(text, if family == Family::V4 { V4 } else { V6 })
}

/// `TYPE[/CODE]`, a name, or the beginning of just one name.
fn types(text: &str, names: &[Named]) -> Result<(u8, Option<u8>), String> {
    let starts = |name: &str| name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    let mut found = names.iter().filter(|named| !text.is_empty() && starts(named.0));
    if let Some(exact) = names.iter().find(|named| named.0.eq_ignore_ascii_case(text)) {
        return Ok((exact.1, exact.2));
    }
    match (found.next(), found.next()) {
        (Some(named), None) => return Ok((named.1, named.2)),
        (Some(one), Some(other)) => return Err(format!("`{text}` may be `{}` or `{}`", one.0, other.0)),
        _ => {}
    }
    let (kind, code) = text.split_once('/').map_or((text, None), |(kind, code)| (kind, Some(code)));
    let byte = |text: &str| numerals::number(text, 255).map(|number| number as u8);
    let unknown = || format!("unknown ICMP type `{text}`");
    let code = code.map(|code| byte(code).ok_or_else(unknown)).transpose()?;
    Ok((byte(kind).ok_or_else(unknown)?, code))
}

/// The names of iptables; types and codes by RFC 792, 1122, 1256 and 1812.
const V4: &[Named] = &[
    ("any", 255, None),
    ("echo-reply", 0, None),
    ("pong", 0, None),
    ("destination-unreachable", 3, None),
    ("network-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-route-failed", 3, Some(5)),
    ("network-unknown", 3, Some(6)),
    ("host-unknown", 3, Some(7)),
    ("network-prohibited", 3, Some(9)),
    ("host-prohibited", 3, Some(10)),
    ("TOS-network-unreachable", 3, Some(11)),
    ("TOS-host-unreachable", 3, Some(12)),
    ("communication-prohibited", 3, Some(13)),
    ("host-precedence-violation", 3, Some(14)),
    ("precedence-cutoff", 3, Some(15)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("network-redirect", 5, Some(0)),
    ("host-redirect", 5, Some(1)),
    ("TOS-network-redirect", 5, Some(2)),
    ("TOS-host-redirect", 5, Some(3)),
    ("echo-request", 8, None),
    ("ping", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, None),
    ("ttl-zero-during-transit", 11, Some(0)),
    ("ttl-zero-during-reassembly", 11, Some(1)),
    ("parameter-problem", 12, None),
    ("ip-header-bad", 12, Some(0)),
    ("required-option-missing", 12, Some(1)),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
];

/// The names of ip6tables; types and codes by RFC 4443 and 4861.
const V6: &[Named] = &[
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("communication-prohibited", 1, Some(1)),
    ("beyond-scope", 1, Some(2)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("failed-policy", 1, Some(5)),
    ("reject-route", 1, Some(6)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("ttl-exceeded", 3, None),
    ("ttl-zero-during-transit", 3, Some(0)),
    ("ttl-zero-during-reassembly", 3, Some(1)),
    ("parameter-problem", 4, None),
    ("bad-header", 4, Some(0)),
    ("unknown-header-type", 4, Some(1)),
    ("unknown-option", 4, Some(2)),
    ("echo-request", 128, None),
    ("ping", 128, None),
    ("echo-reply", 129, None),
    ("pong", 129, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
];
