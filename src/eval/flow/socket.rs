//! Whose answers are that come in. Before INPUT the kernel looks for the socket of a packet (early demultiplexing): over TCP it
//! finds the one that asked, and over UDP only if that is connected (`__udp4_lib_demux_lookup` in net/ipv4/udp.c).

use std::sync::Arc;

use crate::model::Hook;
use crate::packet::{Axis, PacketSet, Ranges, TooManyPieces, Values};

use super::super::conntrack::split;
use super::super::trip::{Flight, Tracking, Trip};
use super::Socket;
use super::shape::without_owner;
use super::talk::Talk;

const TCP: u128 = 6;
const UDP: u128 = 17;

/// The user and the group of a socket, as far as they are known.
type Owners = [Option<Values>; 2];

impl<'m> Talk<'_, 'm> {
    /// Answers that come to the host, through INPUT. Where nobody tells whether the kernel finds whose they are, and a rule
    /// asks for that, both are tried.
    pub(super) fn to_the_asker(
        &self,
        trip: &mut Trip<'_, 'm>,
        answers: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let owners = self.askers_owners();
        let (mut flights, mut asked) = (Vec::new(), None);
        for flight in answers {
            // What comes from where the question was turned to looks as if from there until the rules have seen it, and no
            // socket is found for that.
            if flight.nat.destination.is_some() {
                flights.push(flight);
                continue;
            }
            let Flight { packets, nat } = flight;
            let (tcp, others) = apart(packets, TCP);
            let (loose, mut packets) = apart(others, UDP);
            let found = owned(loose.clone(), &owners);
            packets.add(owned(tcp, &owners));
            let unknown = match self.question.socket {
                Socket::Untold => self.host.owner_asked(&[&loose, &found]),
                Socket::Connected | Socket::Unconnected => None,
            };
            match (unknown, self.question.socket) {
                (Some(number), _) => {
                    packets.add(answered(found, number, true));
                    packets.add(answered(loose, number, false));
                    asked = Some(number);
                }
                (None, Socket::Unconnected) => packets.add(loose),
                (None, Socket::Connected | Socket::Untold) => packets.add(found),
            }
            flights.push(Flight { packets, nat });
        }
        let first = trip.hops.len();
        let through = trip.hook(Hook::Input, flights, tracking)?;
        let Some(number) = asked else { return Ok(through) };
        for hop in &mut trip.hops[first..] {
            *hop = Arc::new(hop.of(alike(hop.packets.clone(), number, &owners)?));
        }
        let alike =
            |flight: Flight| Ok(Flight { packets: alike(flight.packets, number, &owners)?, nat: flight.nat });
        through.into_iter().map(alike).collect()
    }

    /// What a client goes on to say to a service of the host.
    pub(super) fn to_the_service(&self, flights: Vec<Flight>) -> Vec<Flight> {
        let service = self.question.service;
        let owners = [service.map(|service| service.0), service.and_then(|service| service.1)];
        let owners = owners.map(|owner| owner.map(|owner| Values::from(Ranges::single(owner))));
        let find = |Flight { packets, nat }: Flight| {
            let (tcp, mut packets) = apart(packets, TCP);
            packets.add(owned(tcp, &owners));
            Flight { packets, nat }
        };
        flights.into_iter().map(find).collect()
    }

    /// Who asks. Where several do, an answer may be for any of them.
    fn askers_owners(&self) -> Owners {
        let asking = || self.question.packets.cubes().iter();
        [Axis::Uid, Axis::Gid].map(|axis| {
            let first = asking().next()?.get(axis)?;
            asking().all(|cube| cube.get(axis) == Some(first)).then(|| first.clone())
        })
    }
}

/// The packets of a protocol, and all others.
fn apart(packets: PacketSet, protocol: u128) -> (PacketSet, PacketSet) {
    let (mut mine, mut rest) = (PacketSet::none(), PacketSet::none());
    for cube in packets.into_cubes() {
        let (own, others) = split(cube, Axis::Protocol, Ranges::single(protocol));
        mine.add(own.into());
        rest.add(others.into());
    }
    (mine, rest)
}

/// Packets of a socket of these owners.
fn owned(packets: PacketSet, owners: &Owners) -> PacketSet {
    packets.map(|cube| {
        Some([Axis::Uid, Axis::Gid].into_iter().zip(owners).fold(cube, |cube, (axis, owner)| match owner {
            Some(values) => cube.set(axis, values.clone()),
            None => cube.without(axis),
        }))
    })
}

/// Packets of which as much is the same whether their socket is found or not as can be: of those the unknown is not named.
fn alike(packets: PacketSet, number: u32, owners: &Owners) -> Result<PacketSet, TooManyPieces> {
    let axis = Axis::Atom(number);
    let (open, others): (Vec<_>, Vec<_>) =
        packets.into_cubes().into_iter().partition(|cube| cube.get(axis).is_some());
    let (open, mut all) = (PacketSet::from_cubes(open), PacketSet::from_cubes(others));
    let of = |yes: u128| open.clone().with(axis, &Values::single(axis, yes)).forget(|it| it == axis);
    let (found, loose) = (of(1), owned(of(0), owners));
    let both = found.and(&loose);
    all.add(answered(found.minus(&both)?, number, true));
    let loose = answered(loose.minus(&both)?, number, false);
    all.add(loose.map(|cube| Some(without_owner(cube))).distinct());
    all.add(both);
    Ok(all)
}

/// The packets for which an unknown is answered so.
fn answered(packets: PacketSet, number: u32, yes: bool) -> PacketSet {
    let axis = Axis::Atom(number);
    packets.with(axis, &Values::single(axis, u128::from(yes)))
}
