//! Numbers of the packet: `mark`, `length`, `ttl`, `hl`, `dscp`, `tos`.

use super::super::given::{Given, Instance};
use super::super::numerals;
use super::super::options::one;
use super::super::rule::Builder;
use super::{Extension, Reading, both};
use crate::model::Families;
use crate::packet::{Axis, Masks, Ranges};

pub(super) const ALL: &[Extension] = &[
    both("mark", &[one("mark")], |builder, instance| {
        each(builder, instance, |builder, given, text| match numerals::masked(text) {
            Some((value, mask)) => {
                builder.field(Axis::Mark, Masks::new(mask, value), given.negated, given.span);
            }
            None => builder.refuse(given, format!("`{text}` is no mark")),
        });
    }),
    both("length", &[one("length")], |builder, instance| {
        each(builder, instance, |builder, given, text| match numerals::range(text, 0xffff) {
            Some((low, high)) if low <= high => {
                let lengths = Ranges::new(low.into(), high.into());
                builder.field(Axis::Length, lengths, given.negated, given.span);
            }
            Some(_) => builder.refuse(given, format!("the range `{text}` begins behind its end")),
            None => builder.refuse(given, format!("`{text}` is no length, 0 to 65535")),
        });
    }),
    Extension {
        name: "ttl",
        families: Families::V4,
        options: &[one("ttl-eq"), one("ttl-lt"), one("ttl-gt"), one("ttl")],
        needs_option: true,
        is_open: false,
        reading: Reading::Exact(hop_limit),
    },
    Extension {
        name: "hl",
        families: Families::V6,
        options: &[one("hl-eq"), one("hl-lt"), one("hl-gt"), one("hl")],
        needs_option: true,
        is_open: false,
        reading: Reading::Exact(hop_limit),
    },
    both("dscp", &[one("dscp"), one("dscp-class")], |builder, instance| {
        each(builder, instance, |builder, given, text| {
            let by_number = || numerals::number(text, 63).map(u128::from);
            let code = if given.name == "dscp" { by_number() } else { dscp_class(text) };
            match code {
                Some(code) => builder.field(Axis::Dscp, Ranges::single(code), given.negated, given.span),
                None => builder.refuse(given, format!("`{text}` is no code point")),
            }
        });
    }),
    both("tos", &[one("tos")], |builder, instance| {
        each(builder, instance, |builder, given, text| match tos(text) {
            // The upper six bits of the field are the code point.
            Some((value, 0xfc)) if value & 3 == 0 => {
                builder.field(Axis::Dscp, Ranges::single(u128::from(value >> 2)), given.negated, given.span);
            }
            Some(_) => builder.pure(given),
            None => builder.refuse(given, format!("`{text}` is no type of service")),
        });
    }),
];

fn each(
    builder: &mut Builder<'_>,
    instance: &Instance<'_, '_>,
    read: impl Fn(&mut Builder<'_>, &Given<'_, '_>, &str),
) {
    for given in &instance.given {
        read(builder, given, given.value().map_or("", |word| &word.text));
    }
}

fn hop_limit(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    each(builder, instance, |builder, given, text| {
        let Some(limit) = numerals::number(text, 255).map(u128::from) else {
            return builder.refuse(given, format!("`{text}` is no hop limit, 0 to 255"));
        };
        let limits = match given.name {
            "ttl-lt" | "hl-lt" if limit == 0 => Ranges::none(),
            "ttl-lt" | "hl-lt" => Ranges::new(0, limit - 1),
            "ttl-gt" | "hl-gt" => Ranges::new(limit + 1, 255),
            _ => Ranges::single(limit),
        };
        if given.negated && !matches!(given.name, "ttl-eq" | "ttl" | "hl-eq" | "hl") {
            return builder.refuse(given, format!("`--{}` cannot be negated", given.name));
        }
        builder.field(Axis::HopLimit, limits, given.negated, given.span);
    });
}

/// The code point of a class (RFC 2474, 2597, 3246).
fn dscp_class(name: &str) -> Option<u128> {
    let name = name.to_ascii_uppercase();
    let digits: Vec<u128> =
        name[name.len().min(2)..].chars().filter_map(|c| c.to_digit(10)).map(u128::from).collect();
    match (name.get(..2)?, &digits[..], name.len()) {
        ("BE", [], 2) => Some(0),
        ("EF", [], 2) => Some(46),
        ("CS", [class @ 0..=7], 3) => Some(class << 3),
        ("AF", [class @ 1..=4, drop @ 1..=3], 4) => Some(class << 3 | drop << 1),
        _ => None,
    }
}

/// `VALUE[/MASK]`, or a name, which leaves out the ECN bits.
fn tos(text: &str) -> Option<(u8, u8)> {
    const NAMES: [(&str, u8); 5] = [
        ("Minimize-Delay", 0x10),
        ("Maximize-Throughput", 0x08),
        ("Maximize-Reliability", 0x04),
        ("Minimize-Cost", 0x02),
        ("Normal-Service", 0x00),
    ];
    if let Some((_, value)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some((*value, 0x3f));
    }
    let (value, mask) = text.split_once('/').unwrap_or((text, "0xff"));
    Some((numerals::number(value, 255)? as u8, numerals::number(mask, 255)? as u8))
}
