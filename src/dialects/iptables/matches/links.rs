//! What the link layer tells: `mac`, `pkttype`, `physdev`.

use super::super::base;
use super::super::given::Instance;
use super::super::options::{flag, one};
use super::super::rule::Builder;
use super::{Extension, both};
use crate::packet::axis::packet_type;
use crate::packet::values::name;
use crate::packet::{Axis, Ranges};

pub(super) const ALL: &[Extension] = &[
    both("mac", &[one("mac-source")], mac),
    both("pkttype", &[one("pkt-type")], packet_types),
    both(
        "physdev",
        &[
            one("physdev-in"),
            one("physdev-out"),
            flag("physdev-is-in"),
            flag("physdev-is-out"),
            flag("physdev-is-bridged"),
        ],
        bridge_ports,
    ),
];

/// A packet that did not come in over Ethernet never matches, negated or not; over `lo` none does.
fn mac(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for given in &instance.given {
        let text = given.value().map_or("", |word| &word.text);
        let Some(address) = mac_address(text) else {
            builder.refuse(given, format!("`{text}` is no MAC address"));
            continue;
        };
        let no_ethernet = name("lo").into_iter().chain([0]).map(|value| (value, value));
        builder.field(Axis::InInterface, Ranges::union(no_ethernet), true, given.span);
        builder.field(Axis::Mac, Ranges::single(address), given.negated, given.span);
    }
}

/// Six bytes in hexadecimal with colons between.
pub(in super::super) fn mac_address(text: &str) -> Option<u128> {
    let mut address = 0;
    let mut count = 0;
    for part in text.split(':') {
        let is_byte = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_byte {
            return None;
        }
        address = address << 8 | u128::from_str_radix(part, 16).ok()?;
        count += 1;
        if count > 6 {
            return None;
        }
    }
    (count == 6).then_some(address)
}

fn packet_types(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for given in &instance.given {
        let text = given.value().map_or("", |word| &word.text);
        let kind = match &*text.to_ascii_lowercase() {
            "unicast" | "host" => packet_type::HOST,
            "broadcast" | "bcast" => packet_type::BROADCAST,
            "multicast" | "mcast" => packet_type::MULTICAST,
            "otherhost" => packet_type::OTHERHOST,
            _ => {
                builder.refuse(given, format!("unknown type of packet `{text}`"));
                continue;
            }
        };
        builder.field(Axis::PacketType, Ranges::single(kind), given.negated, given.span);
    }
}

/// A packet that has nothing to do with a bridge has no ports.
fn bridge_ports(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let any = Ranges::new(1, u128::MAX);
    for given in &instance.given {
        match given.name {
            "physdev-is-in" => builder.field(Axis::InPort, any.clone(), given.negated, given.span),
            // What is bridged is what leaves by a port (`physdev_mt` in xt_physdev.c).
            "physdev-is-out" | "physdev-is-bridged" => {
                builder.field(Axis::OutPort, any.clone(), given.negated, given.span);
            }
            _ => {
                let axis = if given.name == "physdev-in" { Axis::InPort } else { Axis::OutPort };
                match given.value().and_then(|word| base::names(&word.text)) {
                    Some(names) => builder.field(axis, names, given.negated, given.span),
                    None => builder.refuse(given, "this is no interface's name"),
                }
            }
        }
    }
}
