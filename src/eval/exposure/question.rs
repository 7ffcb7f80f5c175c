//! All first packets of new connections, and when they are from everywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::packet::axis::{NO_OWNER, kind, packet_type};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, Values, internet, values};

use super::super::compile::Host;
use super::super::conntrack;
use super::super::flow::{Way, off_bridges};
use super::super::interfaces;
use super::super::routes::Routes;

/// Prefixes.
type Prefixes = &'static [(IpAddr, u8)];

/// Sources from which no packet arrives over the network, and destinations to which none goes: the kernel
/// drops them as martians (`ip_route_input_slow` in net/ipv4/route.c, `ip6_rcv_core` in
/// net/ipv6/ip6_input.c). Groups are no connections.
const MARTIANS_V4: Prefixes =
    &[(v4(0, 0, 0, 0), 8), (v4(127, 0, 0, 0), 8), (v4(224, 0, 0, 0), 4), (v4(255, 255, 255, 255), 32)];
const MARTIANS_V6: Prefixes = &[(v6(0), 127), (v6(0xff00), 8)];

/// How many ports, of 65,536, count as all of them.
const ALMOST_ALL_PORTS: u128 = 65_000;

/// The first packets of new connections in one family: into the host, out of it, or through it, as they are
/// before connection tracking. For TCP the flag SYN is set.
pub fn question(host: &Host, routes: &Routes, way: Way, family: Family) -> Cube {
    let (from, to) = match way {
        Way::Out => (kind::LOCAL, kind::UNICAST),
        Way::Local => (kind::LOCAL, kind::LOCAL),
        Way::In => (kind::UNICAST, kind::LOCAL),
        Way::Forward => (kind::UNICAST, kind::UNICAST),
    };
    let (elsewhere, none) = (interfaces::any_but_lo(), Ranges::single(0));
    let (input, output) = match way {
        Way::Out | Way::Local => (none, elsewhere),
        Way::In => (elsewhere, none),
        Way::Forward => (interfaces::outer(), none),
    };
    let real = all_but(if family == Family::V4 { MARTIANS_V4 } else { MARTIANS_V6 });
    let own = routes.interfaces.iter().flat_map(|each| &each.addresses).map(ipnet::IpNet::addr);
    let own = Ranges::union(own.filter(|own| own.is_ipv4() == (family == Family::V4)).map(values::address));
    // What a cloud does not filter is nothing that its rules let in, though some of them say so. Addresses that are
    // its own everywhere are nobody's of the internet anyway.
    let platform = host.ruleset.platform().filter(|address| way == Way::In && is_public(*address, family));
    let own = own.or(&Ranges::union(platform.map(values::address)));
    let remote = real.minus(&own);
    let (source, destination) = match way {
        Way::In => (remote, real),
        Way::Out => (real, remote),
        Way::Forward => (remote.clone(), remote),
        Way::Local => (real.clone(), real),
    };
    let owner = match way {
        Way::Out | Way::Local => Ranges::new(0, NO_OWNER - 1),
        Way::In | Way::Forward => Ranges::single(NO_OWNER),
    };
    // ICMP is no connection, and nobody listens to that of the other family.
    let icmp = Ranges::union([(1, 1), (58, 58)]);
    let cube = Cube::any()
        .set(Axis::Family, Ranges::single(family.number()))
        .set(Axis::Protocol, icmp.complement(255))
        .set(Axis::InInterface, input)
        .set(Axis::OutInterface, output)
        .set(Axis::Source, source)
        .set(Axis::Destination, destination)
        .set(Axis::SourceKind, Ranges::single(from))
        .set(Axis::DestinationKind, Ranges::single(to))
        .set(Axis::TcpFlags, Ranges::single(0x02))
        .set(Axis::Mark, Masks::new(u32::MAX, 0))
        .set(Axis::Uid, owner.clone())
        .set(Axis::Gid, owner)
        .set(Axis::PacketType, Ranges::single(packet_type::HOST));
    let answer = |cube: Cube, (atom, yes)| cube.set(Axis::Atom(atom), Ranges::single(u128::from(yes)));
    host.atoms.assumed().fold(off_bridges(conntrack::without_entry(cube)), answer)
}

/// Is an address one of the internet, and of this family?
fn is_public(address: IpAddr, family: Family) -> bool {
    address.is_ipv4() == (family == Family::V4) && internet(family).contains(values::address(address).0)
}

/// Is this at least half of the addresses of the internet?
pub fn is_world(family: Family, addresses: Option<&Values>) -> bool {
    let Some(ranges) = addresses.and_then(Values::ranges) else { return true };
    let public = internet(family);
    ranges.and(&public).count() >= public.count() / 2
}

/// Do packets hold all connections of a protocol into the host, but for a few ports or addresses?
pub fn are_all_of(packets: &PacketSet, protocol: u128, family: Family) -> bool {
    let of_it = |cube: &&Cube| cube.get(Axis::Protocol).is_none_or(|it| it.contains(protocol));
    packets.cubes().iter().filter(of_it).any(|cube| is_blanket(cube, family, &|_| false))
}

/// Does a cube leave out an interface by which packets may come in from elsewhere?
pub(super) fn names_interfaces(cube: &Cube) -> bool {
    cube.get(Axis::InInterface).is_some_and(|values| !values.covers(&interfaces::outer().into()))
}

/// Do some cubes hold connections of every kind: over TCP and UDP, to any port, from and to anywhere, over any
/// interface, by anyone? On the way out one of the two is enough: who may send what he likes over it is not restricted.
/// What lets in just one of them is an opening, and must not hide what is let in over the other. `is_rate` tells unknowns
/// that hold now and then.
pub(super) fn is_everything<'c>(
    cubes: impl Iterator<Item = &'c Cube>,
    way: Way,
    family: Family,
    is_rate: &dyn Fn(u32) -> bool,
) -> bool {
    let (mut tcp, mut udp) = (false, false);
    for cube in cubes.filter(|cube| is_blanket(cube, family, is_rate)) {
        let has = |protocol| cube.get(Axis::Protocol).is_none_or(|it| it.contains(protocol));
        tcp |= has(6);
        udp |= has(17);
    }
    if way == Way::Out { tcp || udp } else { tcp && udp }
}

/// Does a cube hold all connections of its protocols?
fn is_blanket(cube: &Cube, family: Family, is_rate: &dyn Fn(u32) -> bool) -> bool {
    let count = |values: &Values| values.ranges().map_or(0, Ranges::count);
    // Most rules name a port, and are done with here.
    if cube.get(Axis::DestinationPort).is_some_and(|ports| count(ports) < ALMOST_ALL_PORTS) {
        return false;
    }
    cube.sides().iter().all(|(axis, values)| match axis {
        Axis::DestinationPort | Axis::SourcePort => count(values) >= ALMOST_ALL_PORTS,
        Axis::Source | Axis::Destination => is_world(family, Some(values)),
        // Packets that no bridge hands over are the ordinary ones.
        Axis::InPort | Axis::OutPort => values.contains(0),
        Axis::InInterface | Axis::OutInterface => {
            *values == Values::single(*axis, 0) || count(values) > u128::MAX / 2
        }
        Axis::Uid | Axis::Gid => values.contains(NO_OWNER) || count(values) > NO_OWNER / 2,
        Axis::Atom(atom) => values.first() == Some(0) || is_rate(*atom),
        Axis::HopLimit | Axis::Length | Axis::Dscp | Axis::Mac => false,
        _ => true,
    })
}

fn all_but(prefixes: Prefixes) -> Ranges {
    let prefixes = prefixes.iter().map(|&(address, length)| values::prefix(address, length));
    Ranges::union(prefixes).complement(u128::MAX)
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0))
}
