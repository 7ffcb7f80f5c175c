//! The legs of a way: out of the host, into it, through it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::Hook;
use crate::packet::axis::{direction, kind};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, Values, values};

use super::super::trip::{Flight, Tracking, Trip, is_from_loopback};
use super::shape::{Sense, elsewhere, flows, looped, with_interface};
use super::talk::Talk;
use super::{Course, Way};

impl<'m> Talk<'_, 'm> {
    /// A later packet on its whole trip.
    pub(super) fn travel(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
        sense: Sense,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        match (self.question.way, sense) {
            (Way::Out, Sense::There) | (Way::In, Sense::Back) => self.leave(trip, flights, tracking),
            (Way::In, Sense::There) | (Way::Out, Sense::Back) => self.enter(trip, flights, tracking),
            (Way::Forward, _) => self.cross(trip, flights, tracking),
            (Way::Local, _) => {
                let left = self.leave(trip, flights, tracking)?;
                self.enter(trip, homeward(left), &Tracking::Seen)
            }
        }
    }

    /// Out of the host: OUTPUT, then POSTROUTING.
    pub(super) fn leave(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let flights = with_interface(flights, Axis::InInterface, Ranges::single(0));
        let passed = trip.hook(Hook::Output, flights, tracking)?;
        let mut onward = Vec::new();
        for flight in passed {
            if flight.nat.destination.is_none() {
                onward.push(flight);
                continue;
            }
            // A new destination is a new route; to the host itself it never gets out.
            let packets = flight.packets.map(|cube| Some(self.routes.route(cube)));
            let (own, remote): (Vec<_>, Vec<_>) = packets.into_cubes().into_iter().partition(is_for_the_host);
            let nat = flight.nat.clone();
            if self.question.way == Way::Local {
                let packets = PacketSet::from_cubes(own.into_iter().chain(remote));
                onward.push(Flight { packets, nat });
                continue;
            }
            self.diverted.add(flows(
                self.question.way,
                &[Flight { packets: PacketSet::from_cubes(own), nat }],
                Sense::There,
            ));
            if !remote.is_empty() {
                onward.push(Flight { packets: PacketSet::from_cubes(remote), nat: flight.nat });
            }
        }
        let left = trip.hook(Hook::Postrouting, onward, tracking)?;
        // Nor does IPv6 let anything out from the loopback address, at the very end (`ip6_finish_output2`).
        let is_stopped = |flight: &Flight| {
            let mut cubes = flight.packets.cubes().iter();
            self.question.way == Way::Local && cubes.all(|it| is_from_loopback(it) && !is_for_the_host(it))
        };
        let (stopped, left): (Vec<_>, Vec<_>) = left.into_iter().partition(is_stopped);
        stopped.into_iter().for_each(|flight| trip.vanish(flight));
        trip.hook(Hook::Egress, left, tracking)
    }

    /// Into the host: PREROUTING, then INPUT. What is not for the host goes on to FORWARD.
    pub(super) fn enter(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let flights = with_interface(flights, Axis::OutInterface, Ranges::single(0));
        let flights = trip.hook(Hook::Ingress, flights, tracking)?;
        let arrived = trip.hook(Hook::Prerouting, flights, tracking)?;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for flight in arrived {
            let is_moved = flight.nat.destination.is_some()
                && matches!(
                    tracking,
                    Tracking::Unknown | Tracking::Established { way: direction::ORIGINAL, .. }
                );
            match flight {
                flight if self.question.way == Way::In && is_martian(&flight) => trip.vanish(flight),
                flight if is_moved && !self.is_own(&flight) => others.push(flight),
                flight => own.push(flight),
            }
        }
        if self.question.way == Way::In && matches!(tracking, Tracking::Unknown) && self.steps.is_empty() {
            self.course = match (own.is_empty(), others.is_empty()) {
                (_, true) => Course::Inside,
                (true, false) => Course::Through,
                (false, false) => Course::Either,
            };
        }
        // Answers, and the ACK that ends a handshake, belong to a socket from here on; new packets never do.
        let mut through = match (self.question.way, tracking) {
            (Way::Out, _) => self.to_the_asker(trip, own, tracking)?,
            (Way::In, Tracking::Established { way: direction::ORIGINAL, .. }) => {
                trip.hook(Hook::Input, self.to_the_service(own), tracking)?
            }
            _ => trip.hook(Hook::Input, own, tracking)?,
        };
        through.extend(self.onward(trip, others, tracking)?);
        Ok(through)
    }

    /// Is a flight, after its destination was translated, for the host itself?
    fn is_own(&self, flight: &Flight) -> bool {
        flight.packets.cubes().iter().all(|cube| {
            let routed = self.routes.route(cube.clone());
            routed.get(Axis::DestinationKind).is_some_and(|kinds| kinds.first() == Some(kind::LOCAL))
        })
    }

    /// Is an answer to a flow whose source was translated and not put back, for another machine, for another port, or for
    /// loopback?
    pub(super) fn is_astray(&self, flight: &Flight) -> bool {
        let is_other = |cube: &Cube| {
            let routed = self.routes.route(cube.clone().without(Axis::DestinationKind));
            routed.get(Axis::DestinationKind).is_some_and(|kinds| kinds.first() != Some(kind::LOCAL))
        };
        // What another machine asked comes to the host, or to whom else it was told as the source.
        if self.question.way == Way::Forward {
            return flight.nat.moves_address();
        }
        let is_translated = self.question.way == Way::Out && flight.nat.source.is_some();
        let misses_port = || flight.nat.moves_port() == Some(true);
        is_translated && (misses_port() || is_martian(flight) || flight.packets.cubes().iter().all(is_other))
    }

    /// Is it up to chance whether an answer, whose port was translated and not put back, comes to its client?
    pub(super) fn may_miss_port(&self, flight: &Flight) -> bool {
        self.question.way == Way::Out && flight.nat.moves_port().is_none()
    }

    /// Through the host: PREROUTING, then FORWARD and POSTROUTING.
    pub(super) fn cross(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let flights = trip.hook(Hook::Ingress, flights, tracking)?;
        let arrived = trip.hook(Hook::Prerouting, flights, tracking)?;
        self.onward(trip, arrived, tracking)
    }

    fn onward(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let routed = |flight: Flight| {
            let packets = flight.packets.map(|cube| {
                let is_unrouted = cube.get(Axis::OutInterface).is_some_and(|names| names.first() == Some(0));
                let is_routed = flight.nat.destination.is_some() || self.question.way == Way::Forward;
                let cube = if is_unrouted { cube.without(Axis::OutInterface) } else { cube };
                let cube = if is_routed { self.routes.route(cube) } else { cube };
                // Somewhere it must go, and not back into the host.
                cube.with(Axis::OutInterface, elsewhere())
            });
            Flight { packets, nat: flight.nat }
        };
        let flights = flights.into_iter().map(routed).collect();
        let through = trip.hook(Hook::Forward, flights, tracking)?;
        let through = trip.hook(Hook::Postrouting, through, tracking)?;
        trip.hook(Hook::Egress, through, tracking)
    }
}

/// What comes back over the loopback interface of what left: what goes to the host itself.
pub(super) fn homeward(left: Vec<Flight>) -> Vec<Flight> {
    let own = |flight: Flight| {
        let packets = flight.packets.map(|cube| is_for_the_host(&cube).then_some(cube));
        (!packets.is_empty()).then_some(Flight { packets, nat: flight.nat })
    };
    looped(left.into_iter().filter_map(own).collect())
}

/// Do packets go to an address of the host?
fn is_for_the_host(cube: &Cube) -> bool {
    cube.get(Axis::DestinationKind).is_some_and(|kinds| kinds.first() == Some(kind::LOCAL))
}

/// Do packets come in by no way but lo that is for loopback addresses alone? The kernel drops what claims to come from
/// such an address, or from a group (`ip_route_input_slow` in net/ipv4/route.c, `ip6_rcv_core` in net/ipv6/ip6_input.c),
/// and what goes to one, unless `route_localnet` is on.
fn is_martian(flight: &Flight) -> bool {
    let lo = values::name("lo").unwrap_or_default();
    let covers = |cube: &Cube, axis, prefixes: &[(IpAddr, u8)]| {
        let prefixes = prefixes.iter().map(|&(address, length)| values::prefix(address, length));
        let martians = Values::from(Ranges::union(prefixes));
        cube.get(axis).is_some_and(|addresses| martians.covers(addresses))
    };
    flight.packets.cubes().iter().all(|cube| {
        let is_v4 = cube.get(Axis::Family).and_then(Values::first) == Some(Family::V4.number());
        let (loopback, groups): ((IpAddr, u8), (IpAddr, u8)) = match is_v4 {
            true => ((Ipv4Addr::LOCALHOST.into(), 8), (Ipv4Addr::new(224, 0, 0, 0).into(), 4)),
            false => {
                ((Ipv6Addr::LOCALHOST.into(), 128), (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0).into(), 8))
            }
        };
        !cube.get(Axis::InInterface).is_some_and(|names| names.contains(lo))
            && (covers(cube, Axis::Destination, &[loopback])
                || covers(cube, Axis::Source, &[loopback, groups]))
    })
}
