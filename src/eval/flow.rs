//! Flows: the first packet, its answer, and the next packet, each on its own trip.
//!
//! Every step is told in the coordinates of the *first* packet, so that what is lost on the way back
//! can be set against what was asked.

use crate::model::Hook;
use crate::packet::axis::{NO_OWNER, direction, kind, packet_type, state};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values, values};

use super::compile::Host;
use super::conntrack;
use super::nat::Translations;
use super::routes::Routes;
use super::trip::{Flight, Hop, Tracking, Trip};
use super::walk::Fate;

/// Where a flow begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the host to a remote machine.
    Out,
    /// From a remote machine to the host.
    In,
    /// From the host to itself.
    Local,
    /// Through the host.
    Forward,
}

/// A part of a flow that may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
    /// The first packet leaves the host.
    Egress,
    /// The first packet comes into the host (or, forwarded, through it).
    Ingress,
    /// The answer gets back.
    Reply,
    /// The next packet of the client gets through.
    Followup,
}

/// A flow to ask about: all its possible first packets.
#[derive(Clone, Debug)]
pub struct Question {
    /// Where it goes.
    pub way: Way,
    /// The first packets. Each cube names one family; interfaces, addresses and ports as asked.
    pub packets: PacketSet,
    /// The mark that the client's socket gives its packets.
    pub mark: Values,
    /// Unknowns of which the answer is known for every packet of the client.
    pub known: Vec<(u32, bool)>,
    /// The user and group of the services of the host that answer; `None` if not known.
    pub service: Option<(u128, u128)>,
}

/// What became of one step.
#[derive(Clone, Debug)]
pub struct Step<'m> {
    /// Which step.
    pub moment: Moment,
    /// The flows of which this step was due, in coordinates of the first packet.
    pub due: PacketSet,
    /// Those that got through it (for some value of the unknowns that the cubes name).
    pub passed: PacketSet,
    /// What was lost, and by whom.
    pub lost: Vec<Lost<'m>>,
    /// All decisions on the way.
    pub hops: Vec<Hop<'m>>,
}

/// Packets that did not get through a step.
#[derive(Clone, Debug)]
pub struct Lost<'m> {
    /// Where and by which rule; `packets` there are as they were at that moment.
    pub hop: Hop<'m>,
    /// The flows, in coordinates of the first packet.
    pub flows: PacketSet,
}

/// A flow with all its steps.
#[derive(Clone, Debug)]
pub struct Conversation<'m> {
    /// In the order in which they happen. Steps for which nothing was left are missing.
    pub steps: Vec<Step<'m>>,
    /// First packets that NAT turned to the host itself on their way out.
    pub diverted: PacketSet,
}

impl Question {
    /// The first packets as they set out.
    fn flights(&self) -> Vec<Flight> {
        let packets = self.packets.map(|cube| {
            let limit = cube.get(Axis::HopLimit).cloned();
            let first = self.tell(before_tracking(cube));
            // A question that names a hop limit means it; answers have their own.
            Some(match limit {
                Some(limit) => first.set(Axis::HopLimit, limit),
                None => first,
            })
        });
        vec![Flight { packets, nat: Translations::default() }]
    }

    /// A packet of the client, with what is known of the unknowns.
    fn tell(&self, cube: Cube) -> Cube {
        self.known
            .iter()
            .fold(cube, |cube, &(number, yes)| cube.set(Axis::Atom(number), Ranges::single(u128::from(yes))))
    }
}

impl<'m> Conversation<'m> {
    /// Holds a flow against a host.
    pub fn hold(host: &Host<'m>, routes: &Routes, question: &Question) -> Result<Self, TooManyPieces> {
        let mut talk = Talk { host, routes, question, steps: Vec::new(), diverted: PacketSet::none() };
        let arrived = talk.first(question.flights())?;
        talk.answer(arrived)?;
        Ok(Conversation { steps: talk.steps, diverted: talk.diverted })
    }

    /// Follows first packets alone, without asking for their answers.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn begin(host: &Host<'m>, routes: &Routes, question: &Question) -> Result<Self, TooManyPieces> {
        let mut talk = Talk { host, routes, question, steps: Vec::new(), diverted: PacketSet::none() };
        talk.first(question.flights())?;
        Ok(Conversation { steps: talk.steps, diverted: talk.diverted })
    }

    /// The step of a moment, if it was due.
    pub fn step(&self, moment: Moment) -> Option<&Step<'m>> {
        self.steps.iter().find(|step| step.moment == moment)
    }
}

struct Talk<'t, 'm> {
    host: &'t Host<'m>,
    routes: &'t Routes,
    question: &'t Question,
    steps: Vec<Step<'m>>,
    diverted: PacketSet,
}

/// Which way a packet of a flow goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// As the first packet.
    There,
    /// As the answer.
    Back,
}

impl<'m> Talk<'_, 'm> {
    /// The first packet.
    fn first(&mut self, flights: Vec<Flight>) -> Result<Vec<Flight>, TooManyPieces> {
        let due = flows(self.question.way, &flights, Sense::There);
        let mut trip = Trip::new(self.host);
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
                let mut trip = Trip::new(self.host);
                let arrived = self.enter(&mut trip, looped(left), &Tracking::Seen)?;
                Ok(self.note(Moment::Ingress, due, arrived, trip, Sense::There))
            }
        }
    }

    /// The answer to what has arrived, and the packet after it.
    fn answer(&mut self, arrived: Vec<Flight>) -> Result<(), TooManyPieces> {
        let mut replies = Vec::new();
        for group in by_entry(arrived) {
            let is_tracked = group.seen == state::NEW;
            let tracking = if is_tracked {
                Tracking::Established {
                    way: direction::REPLY,
                    nat: group.flight.nat.bits(),
                    connmark: group.connmark,
                }
            } else {
                Tracking::Unknown
            };
            let nat = if is_tracked { group.flight.nat } else { Translations::default() };
            let packets = group.flight.packets.map(|cube| self.reply_to(cube));
            if !packets.is_empty() {
                replies.push((is_tracked, tracking, Flight { packets, nat }));
            }
        }
        let due = PacketSet::from_cubes(replies.iter().flat_map(|reply| {
            flows(self.question.way, std::slice::from_ref(&reply.2), Sense::Back).cubes().to_vec()
        }));
        if due.is_empty() {
            return Ok(());
        }
        let (mut trip, mut back, mut next) = (Trip::new(self.host), Vec::new(), Vec::new());
        for (is_tracked, tracking, flight) in replies {
            let arrived = self.travel(&mut trip, vec![flight], &tracking, Sense::Back)?;
            for group in by_entry(arrived.clone()) {
                next.extend(self.follow(is_tracked, group));
            }
            back.extend(arrived);
        }
        self.note(Moment::Reply, due, back, trip, Sense::Back);
        let due = PacketSet::from_cubes(next.iter().flat_map(|next: &(Tracking, Flight)| {
            flows(self.question.way, std::slice::from_ref(&next.1), Sense::There).cubes().to_vec()
        }));
        if due.is_empty() {
            return Ok(());
        }
        let (mut trip, mut through) = (Trip::new(self.host), Vec::new());
        for (tracking, flight) in next {
            through.extend(self.travel(&mut trip, vec![flight], &tracking, Sense::There)?);
        }
        self.note(Moment::Followup, due, through, trip, Sense::There);
        Ok(())
    }

    /// The packet after an answer that got back: what conntrack then knows of it.
    fn follow(&self, was_tracked: bool, group: Group) -> Vec<(Tracking, Flight)> {
        let nat = group.flight.nat.clone();
        let packets = group.flight.packets.map(|cube| Some(self.next_after(nat.undo(swap(cube)))));
        let flight = |packets| Flight { packets, nat: nat.clone() };
        let connmark = group.connmark;
        match (was_tracked, group.seen) {
            (true, state::ESTABLISHED) => {
                let tracking = Tracking::Established { way: direction::ORIGINAL, nat: nat.bits(), connmark };
                vec![(tracking, flight(packets))]
            }
            // The answer went by unseen: for the entry, the flow still waits for it.
            (true, _) => {
                let tcp = packets.map(|cube| cube.with(Axis::Protocol, Ranges::single(6)));
                let others = packets.map(|cube| cube.with(Axis::Protocol, Ranges::single(6).complement(255)));
                let unanswered = Tracking::Unanswered { nat: nat.bits(), connmark: None };
                let both = [(Tracking::Misfit, flight(tcp)), (unanswered, flight(others))];
                both.into_iter().filter(|each| !each.1.packets.is_empty()).collect()
            }
            // The answer began an entry of its own, whose answer this packet is.
            (false, state::NEW) => {
                let tracking = Tracking::Established { way: direction::REPLY, nat: 0, connmark };
                vec![(tracking, flight(packets))]
            }
            (false, _) => vec![(Tracking::Unknown, flight(packets))],
        }
    }

    /// A later packet on its whole trip.
    fn travel(
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
                self.enter(trip, looped(left), &Tracking::Seen)
            }
        }
    }

    /// Out of the host: OUTPUT, then POSTROUTING.
    fn leave(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let flights = with_interface(flights, Axis::InInterface, Ranges::single(0));
        let passed = trip.hook(Hook::Output, flights, tracking)?;
        let mut onward = Vec::new();
        for flight in passed {
            if flight.nat.destination.is_none() || self.question.way == Way::Local {
                onward.push(flight);
                continue;
            }
            // A new destination is a new route; to the host itself it never gets out.
            let packets = flight.packets.map(|cube| Some(self.routes.route(cube)));
            let is_local = |cube: &Cube| {
                cube.get(Axis::DestinationKind).is_some_and(|kinds| kinds.first() == Some(kind::LOCAL))
            };
            let (own, remote): (Vec<_>, Vec<_>) = packets.cubes().iter().cloned().partition(is_local);
            let nat = flight.nat.clone();
            self.diverted.add(flows(
                self.question.way,
                &[Flight { packets: PacketSet::from_cubes(own), nat }],
                Sense::There,
            ));
            if !remote.is_empty() {
                onward.push(Flight { packets: PacketSet::from_cubes(remote), nat: flight.nat });
            }
        }
        trip.hook(Hook::Postrouting, onward, tracking)
    }

    /// Into the host: PREROUTING, then INPUT. What is not for the host goes on to FORWARD.
    fn enter(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let flights = with_interface(flights, Axis::OutInterface, Ranges::single(0));
        let arrived = trip.hook(Hook::Prerouting, flights, tracking)?;
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for flight in arrived {
            let is_moved = flight.nat.destination.is_some()
                && matches!(
                    tracking,
                    Tracking::Unknown | Tracking::Established { way: direction::ORIGINAL, .. }
                );
            if is_moved && !self.is_own(&flight) { others.push(flight) } else { own.push(flight) }
        }
        // Answers belong to a socket from here on (early demultiplexing); new packets never do.
        if self.question.way == Way::Out && matches!(tracking, Tracking::Established { .. }) {
            own = own.into_iter().map(|flight| self.with_client(flight)).collect();
        }
        let mut through = trip.hook(Hook::Input, own, tracking)?;
        through.extend(self.onward(trip, others, tracking)?);
        Ok(through)
    }

    /// Packets that belong to the client's socket.
    fn with_client(&self, flight: Flight) -> Flight {
        let first = self.question.packets.cubes().first();
        let owner = |axis| first.and_then(|cube| cube.get(axis)).cloned();
        let put = |cube: Cube, axis| match owner(axis) {
            Some(values) => cube.set(axis, values),
            None => cube.without(axis),
        };
        let packets = flight.packets.map(|cube| Some(put(put(cube, Axis::Uid), Axis::Gid)));
        Flight { packets, nat: flight.nat }
    }

    /// Is a flight, after its destination was translated, for the host itself?
    fn is_own(&self, flight: &Flight) -> bool {
        flight.packets.cubes().iter().all(|cube| {
            let routed = self.routes.route(cube.clone());
            routed.get(Axis::DestinationKind).is_some_and(|kinds| kinds.first() == Some(kind::LOCAL))
        })
    }

    /// Through the host: PREROUTING, then FORWARD and POSTROUTING.
    fn cross(
        &mut self,
        trip: &mut Trip<'_, 'm>,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
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
                let is_moved = flight.nat.destination.is_some();
                let cube = if is_unrouted { cube.without(Axis::OutInterface) } else { cube };
                let cube = if is_moved { self.routes.route(cube) } else { cube };
                // Somewhere it must go, and not back into the host.
                cube.with(Axis::OutInterface, elsewhere())
            });
            Flight { packets, nat: flight.nat }
        };
        let flights = flights.into_iter().map(routed).collect();
        let through = trip.hook(Hook::Forward, flights, tracking)?;
        trip.hook(Hook::Postrouting, through, tracking)
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
        let is_loss = |hop: &&Hop| matches!(hop.fate, Fate::Dropped | Fate::Rejected(_));
        let told = |hop: &Hop<'m>| {
            let flight = Flight { packets: hop.packets.clone(), nat: hop.nat.clone() };
            Lost { flows: flows(self.question.way, &[flight], sense), hop: hop.clone() }
        };
        let lost = trip.hops.iter().filter(is_loss).map(told).collect();
        let passed = flows(self.question.way, &arrived, sense);
        self.steps.push(Step { moment, due, passed, lost, hops: trip.hops });
        arrived
    }

    /// The answer to a packet as it stands at its destination; `None` if none is due.
    fn reply_to(&self, cube: Cube) -> Option<Cube> {
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
                let cube = cube.with(Axis::DestinationPort, Ranges::single(echo.1 << 8))?;
                swap(cube).set(Axis::DestinationPort, Ranges::single(answer << 8))
            }
        };
        let cube = before_tracking(cube).set(Axis::Mark, Masks::new(u32::MAX, 0));
        let cube = if cube.get(Axis::TcpFlags).is_some() {
            cube.set(Axis::TcpFlags, Ranges::single(0x12))
        } else {
            cube
        };
        let cube = match self.question.way {
            Way::In | Way::Local if has_ports => match self.question.service {
                Some((uid, gid)) => {
                    cube.set(Axis::Uid, Ranges::single(uid)).set(Axis::Gid, Ranges::single(gid))
                }
                None => cube.without(Axis::Uid).without(Axis::Gid),
            },
            _ => without_owner(cube),
        };
        Some(if self.is_routed() { self.routes.route(cube) } else { cube })
    }

    /// Do the host's answers leave by an interface that is known, whichever the packet came in by?
    fn is_routed(&self) -> bool {
        self.question.way == Way::In && !self.routes.interfaces.is_empty()
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
            cube = cube.set(Axis::DestinationPort, Ranges::single(echo << 8));
        }
        let first = &self.question.packets;
        for axis in [Axis::Uid, Axis::Gid, Axis::InInterface, Axis::OutInterface, Axis::PacketType] {
            let asked = first.cubes().first().and_then(|cube| cube.get(axis));
            cube = match (asked, axis) {
                (Some(values), Axis::Uid | Axis::Gid | Axis::PacketType) => cube.set(axis, values.clone()),
                // By where the answer left is not by where the client comes in.
                (Some(values), Axis::InInterface) if self.is_routed() => cube.set(axis, values.clone()),
                (None, Axis::Uid | Axis::Gid) => cube.without(axis),
                _ => cube,
            };
        }
        cube
    }
}

/// Flights of one entry state and flow mark.
struct Group {
    seen: u128,
    connmark: Option<Values>,
    flight: Flight,
}

fn by_entry(flights: Vec<Flight>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for flight in flights {
        for cube in flight.packets.cubes() {
            let seen = cube.get(Axis::State).and_then(Values::first).unwrap_or(state::INVALID);
            let connmark = cube.get(Axis::ConnMark).cloned();
            let known = groups.iter_mut().find(|group| {
                group.seen == seen && group.connmark == connmark && group.flight.nat == flight.nat
            });
            match known {
                Some(group) => group.flight.packets.add(cube.clone().into()),
                None => {
                    let flight = Flight { packets: cube.clone().into(), nat: flight.nat.clone() };
                    groups.push(Group { seen, connmark, flight });
                }
            }
        }
    }
    groups
}

/// The axes by which flows of a way are told apart.
pub(super) fn is_coordinate(way: Way, axis: Axis) -> bool {
    use Axis::*;
    match axis {
        OutInterface => matches!(way, Way::Out | Way::Forward),
        InInterface => matches!(way, Way::In | Way::Forward),
        Family | Protocol | Destination | Source | DestinationPort | SourcePort | Uid | Gid => true,
        _ => axis.is_unknown(),
    }
}

/// Flights in the coordinates of the first packet.
fn flows(way: Way, flights: &[Flight], sense: Sense) -> PacketSet {
    let told = |flight: &Flight, cube: &Cube| {
        let cube = match sense {
            // What comes back over lo has no socket any more; the flow's owner is still who it was.
            Sense::There if way == Way::Local && has_no_owner(cube) => {
                cube.clone().without(Axis::Uid).without(Axis::Gid)
            }
            Sense::There => cube.clone(),
            // The owner of an answer says nothing of the first packet's.
            Sense::Back => swap(cube.clone()).without(Axis::Uid).without(Axis::Gid),
        };
        let has_ports =
            !cube.get(Axis::Protocol).is_some_and(|values| matches!(values.first(), Some(1 | 58)));
        let cube = if has_ports { cube } else { cube.without(Axis::SourcePort) };
        flight.nat.undo(cube).forget(|axis| !is_coordinate(way, axis))
    };
    PacketSet::from_cubes(
        flights.iter().flat_map(|flight| flight.packets.cubes().iter().map(move |cube| told(flight, cube))),
    )
}

/// The cube with both ends exchanged.
pub(super) fn swap(cube: Cube) -> Cube {
    let pairs = [
        (Axis::Source, Axis::Destination),
        (Axis::SourcePort, Axis::DestinationPort),
        (Axis::InInterface, Axis::OutInterface),
        (Axis::SourceKind, Axis::DestinationKind),
    ];
    pairs.into_iter().fold(cube, |cube, (one, other)| {
        let (first, second) = (cube.get(one).cloned(), cube.get(other).cloned());
        let put = |cube: Cube, axis, values: Option<Values>| match values {
            Some(values) => cube.set(axis, values),
            None => cube.without(axis),
        };
        put(put(cube, one, second), other, first)
    })
}

/// A packet that has just been made: no entry, nothing known of what the file cannot tell.
pub(super) fn before_tracking(cube: Cube) -> Cube {
    conntrack::without_entry(cube.forget(Axis::is_unknown))
}

pub(super) fn without_owner(cube: Cube) -> Cube {
    cube.set(Axis::Uid, Ranges::single(NO_OWNER)).set(Axis::Gid, Ranges::single(NO_OWNER))
}

fn has_no_owner(cube: &Cube) -> bool {
    cube.get(Axis::Uid).is_some_and(|values| values.first() == Some(NO_OWNER))
}

/// What comes back over the loopback interface of what left by it.
pub(super) fn looped(flights: Vec<Flight>) -> Vec<Flight> {
    let lo = Ranges::single(values::name("lo").unwrap_or(0));
    let turned = |cube: Cube| {
        let cube = cube.set(Axis::InInterface, lo.clone()).set(Axis::OutInterface, Ranges::single(0));
        Some(without_owner(cube).set(Axis::PacketType, Ranges::single(packet_type::HOST)))
    };
    let turn = |flight: Flight| Flight { packets: flight.packets.map(turned), nat: flight.nat };
    flights.into_iter().map(turn).collect()
}

pub(super) fn with_interface(flights: Vec<Flight>, axis: Axis, names: Ranges) -> Vec<Flight> {
    let put = |flight: Flight| {
        let packets = flight.packets.map(|cube| Some(cube.set(axis, names.clone())));
        Flight { packets, nat: flight.nat }
    };
    flights.into_iter().map(put).collect()
}

/// Any interface but none and lo.
pub(super) fn elsewhere() -> Ranges {
    let lo = values::name("lo").unwrap_or(0);
    Ranges::union([(1, lo - 1), (lo + 1, u128::MAX)])
}
