//! What any host lets through whose policies deny.

use std::net::{IpAddr, Ipv6Addr};

use super::{Planner, service};
use crate::model::{NewRule, Part};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, Ranges, values};

/// The ends of a link's own addresses in IPv6.
const LINK: (IpAddr, u8) = (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10);

/// All servers and relays of DHCPv6 on the link (RFC 8415, section 7.1).
const SERVERS: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2));

impl Planner<'_> {
    /// Loopback, established flows, and for IPv6 the packets without which no other arrives.
    pub(super) fn basics(&self) -> Vec<Part> {
        let lo = Ranges::single(values::name("lo").unwrap_or_default());
        let (from, to) =
            (Cube::any().set(Axis::InInterface, lo.clone()), Cube::any().set(Axis::OutInterface, lo));
        let known = Cube::any().set(Axis::State, Ranges::new(state::ESTABLISHED, state::RELATED));
        let mut chains = vec!["INPUT", "OUTPUT"];
        if self.is_in_container() {
            chains.push("FORWARD");
        }
        let mut parts = vec![
            Part::of_anyone("The host and itself.", vec![self.rule("INPUT", from), self.rule("OUTPUT", to)]),
            Part::of_anyone(
                "Answers, later packets of connections that were let through, and errors about them.",
                chains.into_iter().map(|chain| self.rule(chain, known.clone())).collect(),
            ),
        ];
        if self.family == Family::V6 {
            let discovery = self.messages(&[134, 135, 136], &[133, 135, 136]);
            parts.push(Part::of_anyone("Neighbour and router discovery.", discovery));
            // Connection tracking does not know these either (RFC 4890, section 4.4.1).
            let listeners = self.messages(&[130], &[131, 132, 143]);
            let purpose = "Multicast listeners: a switch may hold neighbour discovery back from who is none.";
            parts.push(Part::of_anyone(purpose, listeners));
        }
        parts
    }

    /// Rules for types of ICMPv6 that are received and sent.
    fn messages(&self, received: &[u128], sent: &[u128]) -> Vec<NewRule> {
        let rule = |chain, kind: u128| {
            let types = Ranges::new(kind << 8, kind << 8 | 0xff);
            let packets = Cube::any().set(Axis::Protocol, Ranges::single(58));
            self.rule(chain, packets.set(Axis::DestinationPort, types))
        };
        let received = received.iter().map(|kind| rule("INPUT", *kind));
        received.chain(sent.iter().map(|kind| rule("OUTPUT", *kind))).collect()
    }

    /// A lease, and its renewal. An answer to what was sent to all servers belongs to no connection.
    pub(super) fn dhcp(&self, has_dhcp: bool) -> Option<Part> {
        let from = |cube: Cube, port: u128| cube.set(Axis::SourcePort, Ranges::single(port));
        let (received, sent) = match self.family {
            Family::V4 => (from(service(17, 68), 67), from(service(17, 67), 68)),
            Family::V6 => {
                let (low, high) = values::prefix(LINK.0, LINK.1);
                let link = Ranges::new(low, high);
                let received = service(17, 546).set(Axis::Source, link.clone()).set(Axis::Destination, link);
                let (low, high) = values::address(SERVERS);
                (received, from(service(17, 547), 546).set(Axis::Destination, Ranges::new(low, high)))
            }
        };
        let rules = vec![self.rule("INPUT", received), self.rule("OUTPUT", sent)];
        has_dhcp.then(|| Part::of_anyone("Addresses by DHCP.", rules))
    }
}
