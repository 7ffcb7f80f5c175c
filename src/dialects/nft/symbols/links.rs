//! Names below IP: what frames carry, kinds of interfaces and packets (`nft describe`, nft 1.0.6).

use super::Symbol;

pub(super) const FAMILIES: &[Symbol] = &[("ipv4", 2), ("ipv6", 10)];

pub(super) const ETHER_TYPES: &[Symbol] = &[
    ("ip", 0x0800),
    ("arp", 0x0806),
    ("ip6", 0x86dd),
    ("vlan", 0x8100),
    ("8021q", 0x8100),
    ("8021ad", 0x88a8),
];

pub(super) const ARP_OPERATIONS: &[Symbol] = &[
    ("request", 1),
    ("reply", 2),
    ("rrequest", 3),
    ("rreply", 4),
    ("inrequest", 8),
    ("inreply", 9),
    ("nak", 10),
];

pub(super) const INTERFACE_TYPES: &[Symbol] = &[
    ("ether", 1),
    ("ppp", 512),
    ("ipip", 768),
    ("ipip6", 769),
    ("loopback", 772),
    ("sit", 776),
    ("ipgre", 778),
];

pub(super) const PACKET_TYPES: &[Symbol] =
    &[("host", 0), ("unicast", 0), ("broadcast", 1), ("multicast", 2), ("other", 3)];
