//! Protocols by name.

use super::numerals;
use crate::packet::Family;

/// The number of TCP.
pub(super) const TCP: u8 = 6;
/// The number of UDP.
pub(super) const UDP: u8 = 17;
/// The number of DCCP.
pub(super) const DCCP: u8 = 33;
/// The number of ICMP.
pub(super) const ICMP: u8 = 1;
/// The number of ICMPv6.
pub(super) const ICMPV6: u8 = 58;
/// The number of SCTP.
pub(super) const SCTP: u8 = 132;
/// The number of UDP-Lite.
pub(super) const UDPLITE: u8 = 136;

/// The protocol of a name or number; 0 stands for all. iptables looks names up in its own list and
/// in `/etc/protocols`, in lower case; the numbers are the IANA's.
pub(in crate::dialects) fn number(name: &str) -> Option<u8> {
    match name {
        "tcp" => return Some(TCP),
        "udp" => return Some(UDP),
        _ => {}
    }
    if let Some(number) = numerals::number(name, 255) {
        return Some(number as u8);
    }
    let name = name.to_ascii_lowercase();
    NAMES.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

/// The match that goes with a protocol.
pub(super) fn extension(number: u8, family: Family) -> Option<&'static str> {
    Some(match (number, family) {
        (TCP, _) => "tcp",
        (UDP, _) => "udp",
        (ICMP, Family::V4) => "icmp",
        (ICMPV6, Family::V6) => "icmp6",
        (SCTP, _) => "sctp",
        (DCCP, _) => "dccp",
        (50, _) => "esp",
        (51, _) => "ah",
        (108, _) => "ipcomp",
        (135, Family::V6) => "mh",
        _ => return None,
    })
}

const NAMES: &[(&str, u8)] = &[
    ("all", 0),
    ("ip", 0),
    ("hopopt", 0),
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("igmp", 2),
    ("ggp", 3),
    ("ipencap", 4),
    ("ip-encap", 4),
    ("st", 5),
    ("egp", 8),
    ("igp", 9),
    ("pup", 12),
    ("hmp", 20),
    ("xns-idp", 22),
    ("rdp", 27),
    ("iso-tp4", 29),
    ("dccp", 33),
    ("xtp", 36),
    ("ddp", 37),
    ("idpr-cmtp", 38),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("idrp", 45),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ipsec-esp", 50),
    ("ipv6-crypt", 50),
    ("ah", 51),
    ("ipsec-ah", 51),
    ("ipv6-auth", 51),
    ("skip", 57),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("rspf", 73),
    ("cphb", 73),
    ("vmtp", 81),
    ("eigrp", 88),
    ("ospf", 89),
    ("ospfigp", 89),
    ("ax.25", 93),
    ("ipip", 94),
    ("etherip", 97),
    ("encap", 98),
    ("pim", 103),
    ("ipcomp", 108),
    ("vrrp", 112),
    ("carp", 112),
    ("l2tp", 115),
    ("isis", 124),
    ("sctp", 132),
    ("fc", 133),
    ("mobility-header", 135),
    ("ipv6-mh", 135),
    ("mh", 135),
    ("udplite", 136),
    ("mpls-in-ip", 137),
    ("manet", 138),
    ("hip", 139),
    ("shim6", 140),
    ("wesp", 141),
    ("rohc", 142),
    ("ethernet", 143),
];
