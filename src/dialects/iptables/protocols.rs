//! Protocols by name.

use crate::packet::Family;

/// The number of a protocol's name; 0 for `all`.
pub fn number(name: &str) -> Option<u8> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    Some(match &*name.to_ascii_lowercase() {
        "all" => 0,
        "icmp" => 1,
        "tcp" => 6,
        "udp" => 17,
        "icmpv6" | "ipv6-icmp" => 58,
        _ => return None,
    })
}

/// The match that goes with a protocol.
pub fn extension(number: u8, family: Family) -> Option<&'static str> {
    Some(match (number, family) {
        (1, Family::V4) => "icmp",
        (58, Family::V6) => "icmp6",
        (6, _) => "tcp",
        (17, _) => "udp",
        _ => return None,
    })
}
