//! Does neighbour discovery work, without which no IPv6 packet arrives?

use std::net::{IpAddr, Ipv6Addr};

use crate::packet::axis::packet_type;
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values, values};

use super::super::compile::Host;
use super::super::flow::{Conversation, Question, Socket, Way, of_the_kernel, without_owner};
use super::super::routes::Routes;
use super::{Certainty, Discovery, Probe, address, both, certainty_of, kinds};

/// Does neighbour discovery work, in the direction of an IPv6 probe?
///
/// Out: the host asks for its gateway's link-layer address, and the advertisement must get in. In:
/// the gateway asks for the host's, and the host's advertisement must get out.
pub(super) fn discovery(
    host: &Host,
    routes: &Routes,
    probe: &Probe,
) -> Result<Option<Discovery>, TooManyPieces> {
    let interface = probe.interface.as_deref();
    let own = if probe.way == Way::Out { Some(probe.source) } else { routes.address(interface, Family::V6) };
    let (Some(IpAddr::V6(own)), Some(IpAddr::V6(gateway))) = (own, routes.gateway(interface, Family::V6))
    else {
        return Ok(None);
    };
    if probe.destination.is_ipv4() {
        return Ok(None);
    }
    let name = interface.or_else(|| routes.interfaces.first().map(|each| each.name.as_str()));
    let Some(name) = name.and_then(values::name) else { return Ok(None) };
    let (asking, asked) = match probe.way {
        Way::Out => ((Way::Out, own, gateway), (Way::In, gateway, own)),
        Way::In => ((Way::In, gateway, own), (Way::Out, own, gateway)),
        Way::Local | Way::Forward => return Ok(None),
    };
    let solicitation = solicited(host, asking.0, asking.1, group_of(asking.2), 135, name);
    let advertisement = solicited(host, asked.0, asked.1, asked.2, 136, name);
    let mut certainty = Certainty::Always;
    for question in [solicitation, advertisement] {
        let talk = Conversation::hold(host, routes, &question)?;
        certainty = talk.steps.first().map_or(certainty, |step| both(certainty, certainty_of(step)));
    }
    Ok(Some(match certainty {
        Certainty::Always => Discovery::Ok,
        Certainty::Never => Discovery::Blocked,
        Certainty::Sometimes => Discovery::Depends,
    }))
}

/// A packet of neighbour discovery.
fn solicited(
    host: &Host,
    way: Way,
    source: Ipv6Addr,
    destination: Ipv6Addr,
    kind: u128,
    interface: u128,
) -> Question {
    let (from, to) = kinds(&Routes::default(), way, destination.into());
    let axis = if way == Way::Out { Axis::OutInterface } else { Axis::InInterface };
    let packet_type =
        if destination.is_multicast() && way == Way::In { packet_type::MULTICAST } else { packet_type::HOST };
    let cube = Cube::any()
        .set(Axis::Family, Values::single(Axis::Family, Family::V6.number()))
        .set(Axis::Protocol, Ranges::single(58))
        .set(Axis::Source, address(source.into()))
        .set(Axis::Destination, address(destination.into()))
        .set(Axis::DestinationPort, Ranges::single(kind << 8))
        .set(Axis::Mark, Masks::new(u32::MAX, 0))
        .set(Axis::SourceKind, Ranges::single(from))
        .set(Axis::DestinationKind, Ranges::single(to))
        .set(Axis::PacketType, Ranges::single(packet_type))
        // Others are not heeded (RFC 4861, section 7.1): nobody has forwarded them.
        .set(Axis::HopLimit, Ranges::single(255))
        .set(axis, Ranges::single(interface));
    let cube = if way == Way::Out { of_the_kernel(cube) } else { without_owner(cube) };
    let packets = PacketSet::from(cube);
    Question {
        way,
        packets,
        mark: Masks::new(u32::MAX, 0).into(),
        known: Vec::new(),
        assumed: host.atoms.assumed().collect(),
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    }
}

/// The solicited-node group of an address (RFC 4291, section 2.7.1).
fn group_of(address: Ipv6Addr) -> Ipv6Addr {
    let group = u128::from_be_bytes([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0]);
    Ipv6Addr::from_bits(group | address.to_bits() & 0xff_ffff)
}
