//! What is said in a flow: the first packet, the answer, and the packet after it.

use std::sync::Arc;

use crate::packet::axis::{direction, state};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values};

use super::super::compile::Host;
use super::super::conntrack;
use super::super::nat::Translations;
use super::super::routes::Routes;
use super::super::trip::{Flight, Hop, Memory, Tracking, Trip};
use super::super::walk::Fate;
use super::astray::Astray;
use super::legs::homeward;
use super::shape::{
    Group, Sense, before_tracking, by_entry, flows, flows_of, of_the_kernel, swap, without_owner,
};
use super::{Conversation, Course, Lost, Moment, Question, Step, Way};

/// A flow that is being followed.
pub(super) struct Talk<'t, 'm> {
    pub host: &'t Host<'m>,
    pub routes: &'t Routes,
    pub question: &'t Question,
    /// What was asked before, where flows stand or fall together if they differ in the client's port alone.
    pub together: Option<&'t Memory<'m>>,
    pub steps: Vec<Step<'m>>,
    pub diverted: PacketSet,
    pub course: Course,
    /// What becomes of flows into whose packets rules have written.
    pub astray: Vec<Astray<'m>>,
}

impl<'t, 'm> Talk<'t, 'm> {
    /// A flow of which nothing has been followed yet.
    pub fn new(host: &'t Host<'m>, routes: &'t Routes, question: &'t Question) -> Self {
        let (steps, diverted, course) = (Vec::new(), PacketSet::none(), Course::Inside);
        Talk { host, routes, question, together: None, steps, diverted, course, astray: Vec::new() }
    }

    /// All that was said.
    pub fn conversation(mut self) -> Conversation<'m> {
        self.join();
        Conversation { steps: self.steps, diverted: self.diverted, course: self.course }
    }

    /// The trip of a packet of the flow.
    pub(super) fn trip(&self, sense: Sense) -> Trip<'t, 'm> {
        let free = match sense {
            Sense::There => Axis::SourcePort,
            Sense::Back => Axis::DestinationPort,
        };
        let trip = match self.together {
            None => Trip::new(self.host, self.routes),
            Some(memory) => Trip::together(self.host, self.routes, free, memory),
        };
        let is_first = sense == Sense::There && self.steps.is_empty();
        if is_first && self.question.way == Way::Out { trip.following() } else { trip }
    }

    /// The first packet.
    pub fn first(&mut self, flights: Vec<Flight>) -> Result<Vec<Flight>, TooManyPieces> {
        let due = flows(self.question.way, &flights, Sense::There);
        let mut trip = self.trip(Sense::There);
        match self.question.way {
            Way::Out => {
                let arrived = self.leave(&mut trip, flights, &Tracking::Unknown)?;
                Ok(self.note(Moment::Egress, due, arrived, trip, Sense::There))
            }
            Way::In => {
                let arrived = self.enter(&mut trip, flights, &Tracking::Unknown)?;
                Ok(self.note(Moment::Ingress, due, arrived, trip, Sense::There))
            }
            Way::Forward => {
                let arrived = self.cross(&mut trip, flights, &Tracking::Unknown)?;
                Ok(self.note(Moment::Ingress, due, arrived, trip, Sense::There))
            }
            Way::Local => {
                let left = self.leave(&mut trip, flights, &Tracking::Unknown)?;
                let left = self.note(Moment::Egress, due, left, trip, Sense::There);
                let due = flows(self.question.way, &left, Sense::There);
                let mut trip = self.trip(Sense::There);
                let left = homeward(left);
                self.doubt_entry(&left);
                let arrived = self.enter(&mut trip, left, &Tracking::Seen)?;
                Ok(self.note(Moment::Ingress, due, arrived, trip, Sense::There))
            }
        }
    }

    /// The answer to what has arrived, and the packet after it.
    pub fn answer(&mut self, arrived: Vec<Flight>) -> Result<(), TooManyPieces> {
        let arrived = self.set_aside(arrived);
        let mut replies = Vec::new();
        for group in by_entry(arrived) {
            let is_tracked = group.seen == state::NEW;
            let tracking = if is_tracked {
                Tracking::Established {
                    way: direction::REPLY,
                    nat: group.flight.nat.bits(),
                    connmark: group.connmark,
                    zone: group.zone.clone(),
                }
            } else {
                Tracking::Unknown
            };
            let nat = if is_tracked { group.flight.nat } else { Translations::default() };
            let packets = group.flight.packets.map(|cube| self.reply_to(cube)).distinct();
            if !packets.is_empty() {
                let entry = is_tracked.then_some(group.zone);
                replies.push((entry, tracking, Flight { packets, nat }));
            }
        }
        let due = PacketSet::from_cubes(replies.iter().flat_map(|reply| {
            flows(self.question.way, std::slice::from_ref(&reply.2), Sense::Back).cubes().to_vec()
        }));
        let due = if self.question.way == Way::Out { due.and(&self.askers()) } else { due };
        let due = self.question.of_clients(due, Sense::Back);
        if due.is_empty() {
            return Ok(());
        }
        let (mut trip, mut back, mut next) = (self.trip(Sense::Back), Vec::new(), Vec::new());
        for (entry, tracking, flight) in replies {
            let arrived = self.travel(&mut trip, vec![flight], &tracking, Sense::Back)?;
            for group in by_entry(self.set_answers_aside(&mut back, arrived)) {
                match &entry {
                    // The kernel drops it or gives it another port, as translation has it: it may be lost or not.
                    Some(zone) if group.seen == state::NEW && conntrack::clash(zone, &group.zone) => {
                        trip.vanish(group.flight.clone());
                    }
                    // It does not find the entry, which would put the address back: it is for another machine.
                    Some(_) if group.seen != state::ESTABLISHED && self.is_astray(&group.flight) => {
                        trip.vanish(group.flight);
                        continue;
                    }
                    // Nor is it for the client if it comes to another port than the client's.
                    Some(_) if group.seen != state::ESTABLISHED && self.may_miss_port(&group.flight) => {
                        trip.vanish(group.flight.clone());
                    }
                    // Once a rule has translated it, it is no answer any more to who waits for it.
                    None if !group.flight.nat.is_none() => {
                        trip.vanish(group.flight);
                        continue;
                    }
                    _ => {}
                }
                back.push(group.flight.clone());
                next.extend(self.follow(entry.as_ref(), group));
            }
        }
        self.note(Moment::Reply, due, back, trip, Sense::Back);
        let due = PacketSet::from_cubes(next.iter().flat_map(|next: &(Option<Tracking>, Flight)| {
            flows(self.question.way, std::slice::from_ref(&next.1), Sense::There).cubes().to_vec()
        }));
        if due.is_empty() {
            return Ok(());
        }
        let (mut trip, mut through) = (self.trip(Sense::There), Vec::new());
        for (tracking, flight) in next {
            let Some(tracking) = tracking else { continue };
            through.extend(self.travel(&mut trip, vec![flight], &tracking, Sense::There)?);
        }
        self.note(Moment::Followup, due, through, trip, Sense::There);
        Ok(())
    }

    /// The packet after an answer that got back: what conntrack then knows of it. `entry` is the zone of the first
    /// packet's entry, if it had one. `None` is a packet that is never sent.
    fn follow(&self, entry: Option<&Values>, group: Group) -> Vec<(Option<Tracking>, Flight)> {
        let nat = group.flight.nat.clone();
        // A socket keeps its route: with the destination translated, OUTPUT still sees the old interface.
        let asked = self.question.packets.cubes().first().and_then(|cube| cube.get(Axis::OutInterface));
        let old = asked.filter(|_| self.question.way == Way::Out && nat.destination.is_some());
        let packets = group.flight.packets.map(|cube| {
            let cube = self.next_after(nat.undo(swap(cube)));
            Some(match old {
                Some(names) => cube.set(Axis::OutInterface, names.clone()),
                None => cube,
            })
        });
        let flight = |packets| Flight { packets, nat: nat.clone() };
        let (connmark, zone) = (group.connmark, group.zone);
        match (entry, group.seen) {
            (Some(_), state::ESTABLISHED) => {
                let way = direction::ORIGINAL;
                let tracking = Tracking::Established { way, nat: nat.bits(), connmark, zone };
                vec![(Some(tracking), flight(packets))]
            }
            // The answer went by unseen: for the entry, the flow still waits for it.
            (Some(zone), _) => {
                let tcp = packets.clone().with(Axis::Protocol, &Ranges::single(6).into());
                let others = packets.with(Axis::Protocol, &Ranges::single(6).complement(255).into());
                let zone = zone.clone();
                // Where addresses were not put back, the answer is none to the client's socket.
                let misfit = nat.is_none().then(|| Tracking::Misfit { zone: zone.clone() });
                let unanswered = Tracking::Unanswered { nat: nat.bits(), connmark: None, zone };
                let both = [(misfit, flight(tcp)), (Some(unanswered), flight(others))];
                both.into_iter().filter(|each| !each.1.packets.is_empty()).collect()
            }
            // The answer began an entry of its own, whose answer this packet is.
            (None, state::NEW) => {
                let tracking = Tracking::Established { way: direction::REPLY, nat: 0, connmark, zone };
                vec![(Some(tracking), flight(packets))]
            }
            (None, _) => vec![(Some(Tracking::Unknown), flight(packets))],
        }
    }

    /// Who asks: nobody else waits for an answer.
    fn askers(&self) -> PacketSet {
        self.question.packets.forget(|axis| !matches!(axis, Axis::Uid | Axis::Gid)).distinct()
    }

    /// Writes a step down and hands its survivors on.
    fn note(
        &mut self,
        moment: Moment,
        due: PacketSet,
        arrived: Vec<Flight>,
        trip: Trip<'_, 'm>,
        sense: Sense,
    ) -> Vec<Flight> {
        let is_loss = |hop: &&Arc<Hop>| matches!(hop.fate, Fate::Dropped | Fate::Rejected(_));
        let question = self.question;
        let told = |hop: &Arc<Hop<'m>>| Lost {
            flows: question.of_clients(flows_of(question.way, &hop.packets, &hop.nat, sense), sense),
            hop: hop.clone(),
        };
        let lost = trip.hops.iter().filter(is_loss).map(told).collect();
        let passed = question.of_clients(flows(question.way, &arrived, sense), sense);
        self.steps.push(Step { moment, due, passed, lost, hops: trip.hops });
        arrived
    }

    /// The answer to a packet as it stands at its destination; `None` if none is due.
    pub(super) fn reply_to(&self, cube: Cube) -> Option<Cube> {
        let family = cube.get(Axis::Family)?.first()?;
        let protocols = Ranges::union([(6, 6), (17, 17), (132, 132), (33, 33), (136, 136)]);
        let with_ports = cube.clone().with(Axis::Protocol, protocols).map(|cube| {
            let is_tcp = cube.get(Axis::Protocol).is_some_and(|values| values.first() == Some(6));
            if is_tcp { cube.with(Axis::TcpFlags, Ranges::single(0x02)) } else { Some(cube) }
        });
        let (echo, answer) = if family == Family::V4.number() { ((1, 8), 0) } else { ((58, 128), 129) };
        let has_ports = with_ports.is_some();
        let cube = match with_ports {
            Some(cube) => swap(cube?),
            None => {
                let cube = cube.with(Axis::Protocol, Ranges::single(echo.0))?;
                let code = only_code(&cube);
                let cube = cube.with(Axis::DestinationPort, Ranges::single(echo.1 << 8 | code))?;
                swap(cube).set(Axis::DestinationPort, Ranges::single(answer << 8 | code))
            }
        };
        let cube = self.question.assume(before_tracking(cube)).set(Axis::Mark, Masks::new(u32::MAX, 0));
        let cube = if cube.get(Axis::TcpFlags).is_some() {
            cube.set(Axis::TcpFlags, Ranges::single(0x12))
        } else {
            cube
        };
        let cube = match self.question.way {
            Way::In | Way::Local if has_ports => self.question.served(cube),
            Way::In | Way::Local => of_the_kernel(cube),
            _ => without_owner(cube),
        };
        Some(if self.is_routed() { self.routes.route(cube) } else { cube })
    }

    /// Do the host's answers leave by an interface that is known, whichever the packet came in by?
    fn is_routed(&self) -> bool {
        self.question.way == Way::In && !self.routes.interfaces.is_empty()
    }

    /// Does the client's next packet come in by the interface of the first, wherever the answer went?
    fn comes_in_as_asked(&self) -> bool {
        self.is_routed() || self.question.way == Way::Forward && !self.routes.interfaces.is_empty()
    }

    /// The client's packet after the answer, as the first was, in its coordinates.
    fn next_after(&self, cube: Cube) -> Cube {
        let family = cube.get(Axis::Family).and_then(Values::first);
        let is_icmp = cube.get(Axis::Protocol).is_some_and(|values| matches!(values.first(), Some(1 | 58)));
        let cube = before_tracking(cube).set(Axis::Mark, self.question.mark.clone());
        let mut cube = self.question.tell(cube);
        if cube.get(Axis::TcpFlags).is_some() {
            cube = cube.set(Axis::TcpFlags, Ranges::single(0x10));
        }
        if is_icmp {
            let echo = if family == Some(Family::V4.number()) { 8 } else { 128 };
            let code = only_code(&cube);
            cube = cube.set(Axis::DestinationPort, Ranges::single(echo << 8 | code));
        }
        let first = &self.question.packets;
        for axis in [Axis::Uid, Axis::Gid, Axis::InInterface, Axis::OutInterface, Axis::PacketType] {
            let asked = first.cubes().first().and_then(|cube| cube.get(axis));
            cube = match (asked, axis) {
                (Some(values), Axis::Uid | Axis::Gid | Axis::PacketType) => cube.set(axis, values.clone()),
                // By where the answer left is not by where the client comes in.
                (Some(values), Axis::InInterface) if self.comes_in_as_asked() => {
                    cube.set(axis, values.clone())
                }
                (None, Axis::Uid | Axis::Gid) => cube.without(axis),
                _ => cube,
            };
        }
        cube
    }
}

/// The ICMP code that all packets of a cube have, which their answers then have too; 0 if they differ.
fn only_code(cube: &Cube) -> u128 {
    let number = cube.get(Axis::DestinationPort).and_then(Values::ranges).and_then(Ranges::only);
    number.map_or(0, |number| number & 0xff)
}
