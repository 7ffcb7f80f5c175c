//! The answer that a reject makes is itself a packet, and may be dropped.
//!
//! Sources: nf_reject_ipv4.c and nf_reject_ipv6.c, icmp.c and icmpv6 of Linux 6.18; the answer is
//! attached to the conntrack entry of what it answers (nf_ct_attach).

use crate::model::{Hook, Reject};
use crate::packet::axis::{direction, kind, state};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values, values};

use super::compile::Host;
use super::flow::{before_tracking, looped, of_the_kernel, off_bridges, swap, with_interface, without_owner};
use super::nat::{self, Translations};
use super::rewrite;
use super::routes::{Routes, only_destination};
use super::trip::{Flight, Hop, Tracking, Trip};

/// Does the answer to rejected packets reach their sender?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrives {
    /// For all values of the unknowns.
    Surely,
    /// For none.
    Never,
    /// It depends.
    Perhaps,
}

/// Sends the answer to what a hop rejected on its way.
pub fn answer(host: &Host, routes: &Routes, hop: &Hop, reject: Reject) -> Result<Arrives, TooManyPieces> {
    // It goes to whom the packet comes from as it was written.
    if hop.packets.cubes().iter().any(rewrite::is_written) {
        return Ok(Arrives::Perhaps);
    }
    let answers = PacketSet::from_cubes(hop.packets.cubes().iter().filter_map(|cube| make(cube, reject)));
    if answers.is_empty() {
        return Ok(Arrives::Never);
    }
    let mut trip = Trip::new(host, routes);
    let mut arrived = 0;
    let is_complete = answers.cubes().len() == hop.packets.cubes().len();
    for cube in answers.cubes() {
        let has_entry = cube.get(Axis::State).is_some_and(|values| values.first() == Some(state::RELATED));
        let tracking = if has_entry { Tracking::Seen } else { Tracking::Unknown };
        let to_itself = hop.hook == Hook::Output || is_local(&hop.packets);
        let cube = if to_itself { homeward(cube.clone()) } else { outward(cube.clone(), routes, hop.hook) };
        let flights = vec![Flight { packets: cube.into(), nat: Translations::default() }];
        let flights = with_interface(flights, Axis::InInterface, Ranges::single(0));
        let flights = trip.hook(Hook::Output, flights, &tracking)?;
        let flights = trip.hook(Hook::Postrouting, flights, &tracking)?;
        let flights = put_back(flights, &hop.nat);
        let mut flights = trip.hook(Hook::Egress, flights, &tracking)?;
        if to_itself {
            flights = trip.hook(Hook::Ingress, looped(flights), &Tracking::Seen)?;
            flights = trip.hook(Hook::Prerouting, flights, &Tracking::Seen)?;
            flights = trip.hook(Hook::Input, flights, &Tracking::Seen)?;
        }
        arrived += flights.len();
    }
    let is_lost = trip.hops.iter().any(|hop| !matches!(hop.fate, super::walk::Fate::Accepted));
    Ok(match (arrived > 0, is_lost || !is_complete) {
        (true, false) => Arrives::Surely,
        (false, _) => Arrives::Never,
        (true, true) => Arrives::Perhaps,
    })
}

/// The answer of a translated flow on its way behind POSTROUTING has the source that the client knows: a reset, which sets
/// out from where the packet was turned to, and an ICMP error, wherever it sets out from.
fn put_back(flights: Vec<Flight>, nat: &Translations) -> Vec<Flight> {
    let back = |flight: Flight| {
        if flight.packets.cubes().iter().all(is_error_of_a_flow) {
            let packets = flight.packets.map(|cube| Some(nat::conceal(cube, nat)));
            return Flight { packets, nat: Translations::default() };
        }
        let of_flow = Flight { nat: nat.clone(), ..flight };
        let back = nat::apply(of_flow, Hook::Postrouting, direction::REPLY);
        Flight { nat: Translations::default(), ..back }
    };
    flights.into_iter().map(back).collect()
}

/// Is it an ICMP error that belongs to an entry?
fn is_error_of_a_flow(cube: &Cube) -> bool {
    let first = |axis| cube.get(axis).and_then(Values::first);
    matches!(first(Axis::Protocol), Some(1 | 58)) && first(Axis::State) == Some(state::RELATED)
}

/// Did the packets come in over the loopback interface?
fn is_local(packets: &PacketSet) -> bool {
    let lo = values::name("lo");
    packets.cubes().iter().all(|cube| cube.get(Axis::InInterface).is_some_and(|names| names.first() == lo))
}

/// The answer to a packet; `None` where the kernel stays silent (a reset is never answered by one).
fn make(cube: &Cube, reject: Reject) -> Option<Cube> {
    let has_entry = cube
        .get(Axis::Direction)
        .is_some_and(|values| values.first().is_some_and(|way| way != direction::NONE));
    let family = cube.get(Axis::Family)?.first()?;
    let answer = match reject {
        Reject::TcpReset => {
            let no_reset = Ranges::union((0..256).filter(|flags| flags & 4 == 0).map(|flags| (flags, flags)));
            let cube =
                cube.clone().with(Axis::Protocol, Ranges::single(6))?.with(Axis::TcpFlags, no_reset)?;
            let is_acked = cube.get(Axis::TcpFlags)?.first()? & 16 != 0;
            swap(cube).set(Axis::TcpFlags, Ranges::single(if is_acked { 4 } else { 20 }))
        }
        Reject::Icmp { .. } | Reject::Icmpx { .. } => {
            let is_v4 = family == Family::V4.number();
            let protocol = if is_v4 { 1 } else { 58 };
            let (kind, code) = match reject {
                Reject::Icmp { kind, code } => (kind, code),
                Reject::Icmpx { v4, .. } if is_v4 => (3, v4),
                Reject::Icmpx { v6, .. } => (1, v6),
                Reject::TcpReset => return None,
            };
            let number = u128::from(kind) << 8 | u128::from(code);
            let cube = swap(cube.clone()).without(Axis::SourcePort).without(Axis::TcpFlags);
            cube.set(Axis::Protocol, Ranges::single(protocol))
                .set(Axis::DestinationPort, Ranges::single(number))
        }
    };
    let answer = off_bridges(before_tracking(answer)).set(Axis::Mark, Masks::new(u32::MAX, 0));
    // An ICMP error is sent by a socket of the kernel, a reset by none.
    let answer = match reject {
        Reject::TcpReset => without_owner(answer),
        Reject::Icmp { .. } | Reject::Icmpx { .. } => of_the_kernel(answer),
    };
    if !has_entry {
        return Some(answer);
    }
    // With the entry come its mark, its zones and what NAT has done to it.
    let answer = [Axis::ConnMark, Axis::Zone, Axis::Nat].into_iter().fold(answer, |answer, axis| match cube
        .get(axis)
    {
        Some(values) => answer.set(axis, values.clone()),
        None => answer.without(axis),
    });
    let answer = answer.set(Axis::State, Ranges::single(state::RELATED));
    Some(answer.set(Axis::Direction, Ranges::single(direction::REPLY)))
}

/// An answer to the host itself: over lo. An ICMP error comes from its own address.
fn homeward(cube: Cube) -> Cube {
    let lo = Ranges::single(values::name("lo").unwrap_or(0));
    let is_error = cube.get(Axis::Protocol).is_some_and(|values| matches!(values.first(), Some(1 | 58)));
    let own = cube.get(Axis::Destination).cloned();
    let cube = cube.set(Axis::OutInterface, lo).set(Axis::DestinationKind, Ranges::single(kind::LOCAL));
    match own {
        Some(own) if is_error => {
            cube.set(Axis::Source, own).set(Axis::SourceKind, Ranges::single(kind::LOCAL))
        }
        _ => cube,
    }
}

/// An answer to a remote machine. An ICMP error about a packet that was not for the host comes from the address
/// of the interface by which it leaves.
fn outward(cube: Cube, routes: &Routes, hook: Hook) -> Cube {
    if routes.interfaces.is_empty() {
        return cube;
    }
    let is_error = cube.get(Axis::Protocol).is_some_and(|values| matches!(values.first(), Some(1 | 58)));
    let cube = routes.route(cube);
    let Some(client) = only_destination(&cube).filter(|_| is_error && hook == Hook::Forward) else {
        return cube;
    };
    let family = if client.is_ipv4() { Family::V4 } else { Family::V6 };
    let cube = cube.set(Axis::SourceKind, Ranges::single(kind::LOCAL));
    match routes.address(routes.interface(client), family) {
        Some(own) => {
            let (low, high) = values::address(own);
            cube.set(Axis::Source, Ranges::new(low, high))
        }
        None => cube.without(Axis::Source),
    }
}
