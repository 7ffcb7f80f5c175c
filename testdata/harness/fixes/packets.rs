//! Is a packet that the kernel was asked about among those that a difference names?

use fwlint::eval::Way;
use fwlint::eval::difference::{Change, Kind};
use fwlint::packet::axis::{NO_OWNER, direction, kind};
use fwlint::packet::{Axis, Family, values};
use serde_json::Value;

/// A packet of a flow that the kernel was asked about.
#[derive(Clone, Copy, Debug)]
pub enum Packet {
    /// The first.
    First,
    /// Its answer.
    Answer,
    /// What the client sends after it.
    Followup,
}

impl Packet {
    fn kind(self) -> Kind {
        match self {
            Packet::First => Kind::First,
            Packet::Answer => Kind::Answer,
            Packet::Followup => Kind::Later,
        }
    }

    /// The TCP flags with which it is sent.
    fn flags(self) -> u128 {
        match self {
            Packet::First => 0x02,
            Packet::Answer => 0x12,
            Packet::Followup => 0x10,
        }
    }
}

/// Does a change hold a packet of a probe, as the oracle has filled it in?
pub fn holds(change: &Change, probe: &Value, packet: Packet) -> bool {
    let is_turned = matches!(packet, Packet::Answer);
    let is_out = (probe["direction"] == "out") != is_turned;
    let way = if is_out { Way::Out } else { Way::In };
    if change.is_loopback || change.way != way || !change.kinds.contains(&packet.kind()) {
        return false;
    }
    let text = |key: &str| probe[key].as_str().unwrap_or_default();
    let number = |key: &str| u128::from(probe[key].as_u64().unwrap_or_default());
    let (from, to) = if is_turned { ("dst", "src") } else { ("src", "dst") };
    let (from_port, to_port) = if is_turned { ("dport", "sport") } else { ("sport", "dport") };
    let is_v6 = text(from).contains(':') || text(to).contains(':');
    let protocol = match text("proto") {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        _ => 58,
    };
    let is_icmp = matches!(protocol, 1 | 58);
    // What comes in belongs to a socket if it answers one of the host's own, or ends a handshake with one: that of a service
    // belongs to root.
    let is_known =
        is_turned && matches!(protocol, 6 | 17) || matches!(packet, Packet::Followup) && protocol == 6;
    let has_owner = is_out || is_known;
    let address = |text: &str| text.parse().map_or(0, |address| values::address(address).0);
    let interface = values::name(probe["iface"].as_str().unwrap_or("eth0")).unwrap_or_default();
    let value = |axis: Axis| match axis {
        Axis::Family if is_v6 => Family::V6.number(),
        Axis::Family => Family::V4.number(),
        Axis::Protocol => protocol,
        Axis::Source => address(text(from)),
        Axis::Destination => address(text(to)),
        Axis::SourcePort => number(from_port),
        Axis::DestinationPort if is_icmp => number("type") << 8 | number("code"),
        Axis::DestinationPort => number(to_port),
        Axis::TcpFlags => packet.flags(),
        Axis::InInterface if !is_out => interface,
        Axis::OutInterface if is_out => interface,
        Axis::SourceKind if is_out => kind::LOCAL,
        Axis::DestinationKind if !is_out => kind::LOCAL,
        Axis::SourceKind | Axis::DestinationKind => kind::UNICAST,
        Axis::Uid if has_owner => number("uid"),
        Axis::Gid if has_owner => number("gid"),
        Axis::Uid | Axis::Gid => NO_OWNER,
        Axis::HopLimit => 64,
        Axis::Direction => direction::NONE,
        _ => 0,
    };
    change.packets.cubes().iter().any(|cube| cube.contains(value))
}
