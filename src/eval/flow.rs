//! Flows: the first packet, its answer, and the next packet, each on its own trip.
//!
//! Every step is told in the coordinates of the *first* packet, so that what is lost on the way back
//! can be set against what was asked.

mod astray;
mod legs;
mod shape;
mod socket;
mod talk;

use std::sync::Arc;

use crate::packet::axis::NO_OWNER;
use crate::packet::{Axis, Cube, PacketSet, Ranges, TooManyPieces, Values};

use super::compile::Host;
use super::nat::Translations;
use super::routes::Routes;
use super::trip::{Flight, Hop, Memory, Tracking, Trip};
use shape::Sense;
pub use shape::swap;
pub(super) use shape::{
    before_tracking, elsewhere, is_coordinate, is_told_apart, looped, of_the_kernel, with_interface,
    without_owner,
};
use talk::Talk;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Where it goes.
    pub way: Way,
    /// The first packets. Each cube names one family; interfaces, addresses and ports as asked.
    pub packets: PacketSet,
    /// The mark that the client's socket gives its packets.
    pub mark: Values,
    /// Unknowns of which the answer is known for every packet of the client.
    pub known: Vec<(u32, bool)>,
    /// Unknowns of which the answer is assumed for every packet.
    pub assumed: Vec<(u32, bool)>,
    /// The user of the services of the host that answer, and their group; `None` if not known.
    pub service: Option<(u128, Option<u128>)>,
    /// Unknowns of which the answer is known for every packet of these services, such as what their user is called.
    pub of_service: Vec<(u32, bool)>,
    /// What is known of the client's socket.
    pub socket: Socket,
}

/// What is known of the socket of a client. Over UDP the kernel finds a connected one alone before rules ask whose an answer is,
/// over TCP always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Socket {
    /// It is connected, and no other has its address and port.
    Connected,
    /// It is not, and sends to whom it likes.
    Unconnected,
    /// Nobody tells.
    Untold,
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
    pub hops: Vec<Arc<Hop<'m>>>,
}

/// Packets that did not get through a step.
#[derive(Clone, Debug)]
pub struct Lost<'m> {
    /// Where and by which rule; `packets` there are as they were at that moment.
    pub hop: Arc<Hop<'m>>,
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
    /// Where first packets go that came into the host.
    pub course: Course,
}

/// Where first packets go that came into the host as if for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// To the host itself.
    #[default]
    Inside,
    /// Through it: NAT turned them all to other machines.
    Through,
    /// Some here, some there, as unknowns have it.
    Either,
}

impl Question {
    /// The first packets as they set out.
    fn flights(&self) -> Vec<Flight> {
        let packets = self.packets.clone().map(|cube| {
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
        answer(self.assume(cube), &self.known)
    }

    /// Any packet of the flow, with what is assumed of the unknowns.
    fn assume(&self, cube: Cube) -> Cube {
        answer(off_bridges(cube), &self.assumed)
    }

    /// A packet of the services, with what is known of who they are.
    fn served(&self, cube: Cube) -> Cube {
        let cube = answer(cube.without(Axis::Uid).without(Axis::Gid), &self.of_service);
        // Who has a name has a number, too, whichever it is.
        let any = (!self.of_service.is_empty()).then(|| Ranges::new(0, NO_OWNER - 1));
        let (uid, gid) = self.service.unzip();
        let owners = [(Axis::Uid, uid), (Axis::Gid, gid.flatten())];
        let owners = owners.map(|(axis, number)| (axis, number.map(Ranges::single).or_else(|| any.clone())));
        owners.into_iter().fold(cube, |cube, (axis, numbers)| match numbers {
            Some(numbers) => cube.set(axis, numbers),
            None => cube,
        })
    }

    /// Flows that are told of packets of the services: what is known of those says nothing of the client's.
    fn of_clients(&self, flows: PacketSet, sense: Sense) -> PacketSet {
        let is_known = |axis| self.of_service.iter().any(|known| axis == Axis::Atom(known.0));
        match sense {
            Sense::Back if !self.of_service.is_empty() => flows.forget(is_known).distinct(),
            _ => flows,
        }
    }
}

impl<'m> Conversation<'m> {
    /// Holds a flow against a host.
    pub fn hold(host: &Host<'m>, routes: &Routes, question: &Question) -> Result<Self, TooManyPieces> {
        let mut talk = Talk::new(host, routes, question);
        let arrived = talk.first(question.flights())?;
        talk.answer(arrived)?;
        Ok(talk.conversation())
    }

    /// Holds flows against a host that stand or fall together if they differ in the client's port alone:
    /// for each address and interface, one port that is surely lost is enough, and what becomes of the
    /// others then is not told. Where flows pass, nobody is named who lets them.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn require(
        host: &Host<'m>,
        routes: &Routes,
        question: &Question,
        memory: &Memory<'m>,
    ) -> Result<Self, TooManyPieces> {
        let mut talk = Talk { together: Some(memory), ..Talk::new(host, routes, question) };
        let arrived = talk.first(question.flights())?;
        talk.answer(arrived)?;
        Ok(talk.conversation())
    }

    /// Follows first packets alone, without asking for their answers.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn begin(host: &Host<'m>, routes: &Routes, question: &Question) -> Result<Self, TooManyPieces> {
        let mut talk = Talk::new(host, routes, question);
        talk.first(question.flights())?;
        Ok(talk.conversation())
    }

    /// The step of a moment, if it was due.
    pub fn step(&self, moment: Moment) -> Option<&Step<'m>> {
        self.steps.iter().find(|step| step.moment == moment)
    }
}

/// Packets that cross no bridge which hands them to iptables: they have no ports of a bridge.
pub(super) fn off_bridges(cube: Cube) -> Cube {
    cube.set(Axis::InPort, Ranges::single(0)).set(Axis::OutPort, Ranges::single(0))
}

/// What became of packets on one trip.
pub(super) struct Sent<'m> {
    /// What gets through.
    pub through: Vec<Flight>,
    /// All decisions on the way.
    pub hops: Vec<Arc<Hop<'m>>>,
    /// What NAT turned to the host itself on its way out.
    pub diverted: PacketSet,
}

/// Sends packets of flows on one trip, whatever was before and comes after.
///
/// # Errors
/// If the sets fall into too many pieces.
pub(super) fn send<'m>(
    host: &Host<'m>,
    routes: &Routes,
    way: Way,
    packets: PacketSet,
    tracking: &Tracking,
) -> Result<Sent<'m>, TooManyPieces> {
    let flights = vec![Flight { packets: packets.clone(), nat: Translations::default() }];
    let mark = Values::single(Axis::Mark, 0);
    let question = Question {
        way,
        packets,
        mark,
        known: Vec::new(),
        assumed: Vec::new(),
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    };
    let mut talk = Talk::new(host, routes, &question);
    let mut trip = Trip::new(host, routes);
    let through = talk.travel(&mut trip, flights, tracking, Sense::There)?;
    Ok(Sent { through, hops: trip.hops, diverted: talk.diverted })
}

/// The packets for which unknowns are answered so.
fn answer(cube: Cube, answers: &[(u32, bool)]) -> Cube {
    answers
        .iter()
        .fold(cube, |cube, &(number, yes)| cube.set(Axis::Atom(number), Ranges::single(u128::from(yes))))
}
