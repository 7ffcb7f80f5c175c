//! Neighbour discovery: without it no IPv6 packet finds its way on the link.

use std::net::Ipv6Addr;

use crate::model::Hook;
use crate::packet::axis::{KERNEL, NO_OWNER, kind, packet_type};
use crate::packet::{Axis, Cube, Family, Ranges, TooManyPieces, values};

use super::super::compile::Host;
use super::super::flow::Way;
use super::super::interfaces;
use super::super::routes::Routes;
use super::{is_declared, lets_anything, question};

/// A message of neighbour discovery (RFC 4861), on its way in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its ICMPv6 type: 133 to 136.
    pub kind: u8,
    /// `In` or `Out`.
    pub way: Way,
}

/// What a host needs to find others and to be found: it asks for the address of a neighbour and gets an
/// answer, a neighbour asks for its own and is answered.
pub const NEIGHBOURS: [Message; 4] = [
    Message { kind: 135, way: Way::Out },
    Message { kind: 136, way: Way::In },
    Message { kind: 135, way: Way::In },
    Message { kind: 136, way: Way::Out },
];

/// What it needs to get its addresses and routes from routers, unless they are set by hand.
pub const ROUTERS: [Message; 2] = [Message { kind: 133, way: Way::Out }, Message { kind: 134, way: Way::In }];

impl Message {
    /// Is it dropped on every interface that may lead out, whoever sends it?
    ///
    /// # Errors
    /// If the chains are too tangled.
    pub fn is_blocked(self, host: &Host, routes: &Routes) -> Result<bool, TooManyPieces> {
        let hook = if self.way == Way::In { Hook::Input } else { Hook::Output };
        if !is_declared(host, hook, Family::V6) {
            return Ok(false);
        }
        Ok(!lets_anything(host, routes, self.way, self.packets(host, routes))?)
    }

    /// All packets that carry it, as they are before connection tracking.
    pub fn packets(self, host: &Host, routes: &Routes) -> Cube {
        let uplink = match &routes.interfaces[..] {
            [] => interfaces::outer(),
            named => {
                Ranges::union(named.iter().filter_map(|each| values::name(&each.name)).map(|it| (it, it)))
            }
        };
        let all_nodes = values::prefix(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0).into(), 16);
        let solicited = values::prefix(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0).into(), 104);
        // The kernel sends them itself, in nobody's name.
        let owner = if self.way == Way::Out { KERNEL } else { NO_OWNER };
        let cube = question(host, routes, self.way, Family::V6)
            .without(Axis::TcpFlags)
            .set(Axis::Protocol, Ranges::single(58))
            .set(Axis::DestinationPort, Ranges::single(u128::from(self.kind) << 8))
            // Others are not heeded (RFC 4861, section 7.1): nobody has forwarded them.
            .set(Axis::HopLimit, Ranges::single(255))
            .set(Axis::Uid, Ranges::single(owner))
            .set(Axis::Gid, Ranges::single(owner));
        let axis = if self.way == Way::In { Axis::InInterface } else { Axis::OutInterface };
        let cube = cube.set(axis, uplink);
        // An advertisement goes to who asked; all else goes to a group.
        let group = match self.kind {
            135 => solicited,
            133 | 134 => all_nodes,
            _ => return cube,
        };
        let cube = cube.set(Axis::Destination, Ranges::new(group.0, group.1));
        let cube = cube.set(Axis::DestinationKind, Ranges::single(kind::MULTICAST));
        match self.way {
            Way::In => cube.set(Axis::PacketType, Ranges::single(packet_type::MULTICAST)),
            _ => cube,
        }
    }
}
