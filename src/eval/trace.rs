//! The way of one packet, in full: what `fwlint trace` tells.

mod discovery;

use std::net::IpAddr;

use serde::Serialize;

use crate::packet::axis::{NO_OWNER, kind, packet_type};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values, values};

use super::compile::Host;
use super::flow::{Conversation, Course, Moment, Question, Socket, Step, Way, elsewhere};
use super::reject::{self, Arrives};
use super::routes::Routes;
use super::trip::Hop;
use super::walk::Fate;

/// The port of name resolution.
const DNS: u16 = 53;

/// One flow to ask about, in every detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Where it goes.
    pub way: Way,
    /// The IP protocol number.
    pub protocol: u8,
    /// The source of the first packet.
    pub source: IpAddr,
    /// Its destination, of the same family.
    pub destination: IpAddr,
    /// Its source port; 0 where the protocol has none.
    pub source_port: u16,
    /// Its destination port; for ICMP `type << 8 | code`.
    pub destination_port: u16,
    /// The TCP flags of the first packet.
    pub flags: u8,
    /// The user of the client's socket (of the host's clients); `None` if that is not known.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// Its mark.
    pub mark: u32,
    /// What is known of the client's socket.
    pub socket: Socket,
    /// The interface on which it arrives, or to which the client is bound.
    pub interface: Option<String>,
}

/// What happens to a first packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// It gets through.
    Accepted,
    /// It is gone.
    Dropped,
    /// It is gone, and its sender is told so.
    Rejected,
    /// The file does not tell.
    Depends,
}

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// It gets back.
    Delivered,
    /// It does not.
    Blocked,
    /// The file does not tell.
    Depends,
}

/// What happens to the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Next {
    /// It gets through.
    Passed,
    /// It does not.
    Blocked,
    /// The file does not tell.
    Depends,
}

/// Whether neighbour discovery works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Discovery {
    /// It does.
    Ok,
    /// It does not.
    Blocked,
    /// The file does not tell.
    Depends,
}

/// The whole flow in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every step succeeds.
    Open,
    /// Some step surely fails.
    Blocked,
    /// The file does not tell.
    Depends,
}

/// The way of a probe.
#[derive(Clone, Debug)]
pub struct Trace<'m> {
    /// The first packet at the host's exit (`Out`, `Local`).
    pub egress: Option<Entry>,
    /// The first packet at the host's entry (`In`, `Local`, `Forward`).
    pub ingress: Option<Entry>,
    /// The answer, if one was due.
    pub reply: Option<Answer>,
    /// The client's next packet, if it was due.
    pub followup: Option<Next>,
    /// Neighbour discovery (IPv6 `Out` and `In`, where the interfaces are known).
    pub nd: Option<Discovery>,
    /// All in one.
    pub verdict: Outcome,
    /// All steps with every decision.
    pub conversation: Conversation<'m>,
    /// The numbers of the unknowns on which something depends, ascending.
    pub depends_on: Vec<u32>,
    /// What is not said of the packet and makes a difference: [`Axis::InInterface`] for the interface, whichever way.
    pub left_open: Vec<Axis>,
}

/// Whether something holds whatever the unknowns are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Always,
    Never,
    Sometimes,
}

/// Follows a probe through a host.
pub fn trace<'m>(host: &Host<'m>, routes: &Routes, probe: &Probe) -> Result<Trace<'m>, TooManyPieces> {
    let mut question = question(routes, probe, host.atoms.assumed().collect());
    let mut conversation = Conversation::hold(host, routes, &question)?;
    // What NAT turned to another machine is answered by that, through the host.
    let course = conversation.course;
    match course {
        Course::Inside => {}
        Course::Through => {
            question.way = Way::Forward;
            conversation = Conversation::hold(host, routes, &question)?;
        }
        // From where the answer comes the file does not tell.
        Course::Either => conversation.steps.truncate(1),
    }
    if !host.ruleset.families.has(if probe.source.is_ipv4() { Family::V4 } else { Family::V6 }) {
        return Ok(unsaid(routes, probe, conversation));
    }
    let (mut egress, mut ingress, mut reply, mut followup) = (None, None, None, None);
    let (mut unknowns, mut left_open) = (Vec::new(), Vec::new());
    let mut certainty = Certainty::Always;
    for step in &conversation.steps {
        let passes = certainty_of(step);
        match step.moment {
            Moment::Egress => egress = Some(entry(host, routes, step, passes)?),
            // What never got out over loopback never comes in.
            Moment::Ingress if matches!(egress, Some(Entry::Dropped | Entry::Rejected)) => {}
            Moment::Ingress => ingress = Some(entry(host, routes, step, passes)?),
            Moment::Reply => {
                reply = Some(match passes {
                    Certainty::Always => Answer::Delivered,
                    Certainty::Never => Answer::Blocked,
                    Certainty::Sometimes => Answer::Depends,
                });
            }
            Moment::Followup => {
                followup = Some(match passes {
                    Certainty::Always => Next::Passed,
                    Certainty::Never => Next::Blocked,
                    Certainty::Sometimes => Next::Depends,
                });
            }
        }
        certainty = both(certainty, passes);
        note_unknowns(step, &mut unknowns);
        note_open(step, &question.packets, &mut left_open);
    }
    if course == Course::Either {
        reply = (certainty != Certainty::Never).then_some(Answer::Depends);
        certainty = both(certainty, Certainty::Sometimes);
    }
    let nd = discovery::discovery(host, routes, probe)?;
    certainty = match nd {
        Some(Discovery::Blocked) => Certainty::Never,
        Some(Discovery::Depends) => both(certainty, Certainty::Sometimes),
        _ => certainty,
    };
    // The resolver of a cloud is not filtered, and may be at this address.
    let asks = probe.way == Way::Out && probe.destination_port == DNS && matches!(probe.protocol, 6 | 17);
    if certainty == Certainty::Never && asks && host.ruleset.may_be_resolver(probe.destination) {
        (egress, reply) = (egress.map(|_| Entry::Depends), reply.map(|_| Answer::Depends));
        certainty = Certainty::Sometimes;
        left_open.push(Axis::Destination);
    }
    let verdict = match certainty {
        Certainty::Always => Outcome::Open,
        Certainty::Never => Outcome::Blocked,
        Certainty::Sometimes => Outcome::Depends,
    };
    unknowns.sort_unstable();
    unknowns.dedup();
    Ok(Trace { egress, ingress, reply, followup, nd, verdict, conversation, depends_on: unknowns, left_open })
}

/// The trace of a packet of a family for which the rules do not speak.
fn unsaid<'m>(routes: &Routes, probe: &Probe, conversation: Conversation<'m>) -> Trace<'m> {
    let leaves = matches!(probe.way, Way::Out | Way::Local);
    let asks = !leaves || probe.way == Way::Out;
    let has_neighbours = asks && probe.way != Way::Forward && routes.gateway(None, Family::V6).is_some();
    Trace {
        egress: leaves.then_some(Entry::Depends),
        ingress: (!leaves).then_some(Entry::Depends),
        reply: None,
        followup: None,
        nd: (has_neighbours && probe.source.is_ipv6()).then_some(Discovery::Depends),
        verdict: Outcome::Depends,
        conversation: Conversation { steps: Vec::new(), ..conversation },
        depends_on: Vec::new(),
        left_open: Vec::new(),
    }
}

fn both(one: Certainty, other: Certainty) -> Certainty {
    match (one, other) {
        (Certainty::Never, _) | (_, Certainty::Never) => Certainty::Never,
        (Certainty::Always, Certainty::Always) => Certainty::Always,
        _ => Certainty::Sometimes,
    }
}

/// Does a step of a single flow succeed?
fn certainty_of(step: &Step) -> Certainty {
    match (step.passed.is_empty(), step.lost.is_empty()) {
        (true, _) => Certainty::Never,
        (false, true) => Certainty::Always,
        (false, false) => Certainty::Sometimes,
    }
}

/// The unknowns that made a difference in a step: it went both ways, and cubes name them.
fn note_unknowns(step: &Step, unknowns: &mut Vec<u32>) {
    if certainty_of(step) != Certainty::Sometimes {
        return;
    }
    let lost = step.lost.iter().flat_map(|lost| lost.flows.cubes());
    for cube in step.passed.cubes().iter().chain(lost) {
        unknowns.extend(cube.atoms());
    }
}

/// What is not said of the packets and made a difference in a step: cubes name it otherwise than the question does.
fn note_open(step: &Step, asked: &PacketSet, open: &mut Vec<Axis>) {
    use Axis::{Dscp, Gid, HopLimit, InInterface, Length, Mac, OutInterface, Uid};
    if certainty_of(step) != Certainty::Sometimes {
        return;
    }
    for cube in step.lost.iter().flat_map(|lost| lost.flows.cubes()) {
        let differs = |axis: &Axis| asked.cubes().iter().all(|asked| cube.get(*axis) != asked.get(*axis));
        let is_told = |axis: Axis| {
            let mut told = asked.cubes().iter().map(|asked| asked.get(axis).and_then(Values::ranges));
            told.all(|told| told.is_some_and(|ranges| ranges.only().is_some()))
        };
        let owner = [Uid, Gid].into_iter().filter(|it| !is_told(*it) && cube.get(*it).is_some());
        let others = [InInterface, OutInterface, Length, HopLimit, Dscp, Mac];
        for axis in others.into_iter().chain(owner).filter(differs) {
            let axis = if axis == OutInterface { InInterface } else { axis };
            if !open.contains(&axis) {
                open.push(axis);
            }
        }
    }
}

/// What happens to a first packet, answers to rejects included.
fn entry(host: &Host, routes: &Routes, step: &Step, passes: Certainty) -> Result<Entry, TooManyPieces> {
    match passes {
        Certainty::Always => return Ok(Entry::Accepted),
        Certainty::Sometimes => return Ok(Entry::Depends),
        Certainty::Never => {}
    }
    let (mut told, mut silent) = (false, false);
    for lost in &step.lost {
        let arrives = match lost.hop.fate {
            Fate::Rejected(reject) => reject::answer(host, routes, &lost.hop, reject)?,
            _ => Arrives::Never,
        };
        told |= arrives != Arrives::Never;
        silent |= arrives != Arrives::Surely;
    }
    Ok(match (told, silent) {
        (true, false) => Entry::Rejected,
        (true, true) => Entry::Depends,
        _ => Entry::Dropped,
    })
}

/// The first packet of a probe.
fn question(routes: &Routes, probe: &Probe, assumed: Vec<(u32, bool)>) -> Question {
    let family = if probe.source.is_ipv4() { Family::V4 } else { Family::V6 };
    let own = probe.way != Way::In && probe.way != Way::Forward;
    let interface = match (&probe.interface, probe.way) {
        (_, Way::Local) => Some("lo"),
        (Some(name), _) => Some(name.as_str()),
        (None, Way::Out) => routes.interface(probe.destination),
        (None, _) => routes.interfaces.first().map(|each| each.name.as_str()),
    };
    let (source, destination) = kinds(routes, probe.way, probe.destination);
    let mut sides: Vec<(Axis, Values)> = vec![
        (Axis::Family, Values::single(Axis::Family, family.number())),
        (Axis::Protocol, Values::single(Axis::Protocol, u128::from(probe.protocol))),
        (Axis::Source, address(probe.source)),
        (Axis::Destination, address(probe.destination)),
        (Axis::DestinationPort, Values::single(Axis::DestinationPort, u128::from(probe.destination_port))),
        (Axis::Mark, Values::single(Axis::Mark, u128::from(probe.mark))),
        (Axis::SourceKind, Values::single(Axis::SourceKind, source)),
        (Axis::DestinationKind, Values::single(Axis::DestinationKind, destination)),
        (Axis::PacketType, Values::single(Axis::PacketType, packet_type::HOST)),
        (Axis::Uid, owner(own, probe.uid)),
        (Axis::Gid, owner(own, probe.gid)),
    ];
    if !matches!(probe.protocol, 1 | 58) {
        sides.push((Axis::SourcePort, Values::single(Axis::SourcePort, u128::from(probe.source_port))));
    }
    if probe.protocol == 6 {
        sides.push((Axis::TcpFlags, Values::single(Axis::TcpFlags, u128::from(probe.flags))));
    }
    if let Some(name) = interface.and_then(values::name) {
        let axis = if own { Axis::OutInterface } else { Axis::InInterface };
        sides.push((axis, Values::single(axis, name)));
    }
    let cube = sides.into_iter().fold(Cube::any(), |cube, (axis, values)| cube.set(axis, values));
    // What arrives has come by some interface, what leaves goes by one.
    let unnamed = if own { Axis::OutInterface } else { Axis::InInterface };
    let cube = if interface.is_some() { cube } else { cube.set(unnamed, elsewhere()) };
    let mark = Masks::new(u32::MAX, if own { probe.mark } else { 0 });
    Question {
        way: probe.way,
        packets: cube.into(),
        mark: mark.into(),
        known: Vec::new(),
        assumed,
        service: Some((0, Some(0))),
        of_service: Vec::new(),
        socket: probe.socket,
    }
}

/// What kinds of addresses source and destination are.
fn kinds(routes: &Routes, way: Way, destination: IpAddr) -> (u128, u128) {
    let remote = match destination {
        IpAddr::V4(address) if address.is_multicast() => kind::MULTICAST,
        IpAddr::V4(address) if address.is_broadcast() => kind::BROADCAST,
        IpAddr::V6(address) if address.is_multicast() => kind::MULTICAST,
        _ => kind::UNICAST,
    };
    match way {
        Way::Out => (kind::LOCAL, remote),
        Way::In => (kind::UNICAST, if remote == kind::UNICAST { kind::LOCAL } else { remote }),
        Way::Local => (kind::LOCAL, kind::LOCAL),
        // A published port: the packet is for the host until its destination is translated.
        Way::Forward if routes.owns(destination) => (kind::UNICAST, kind::LOCAL),
        Way::Forward => (kind::UNICAST, remote),
    }
}

/// The user or group of a packet: of the host's own one, or any where it is not known which.
fn owner(own: bool, number: Option<u32>) -> Values {
    match (own, number) {
        (false, _) => Ranges::single(NO_OWNER).into(),
        (true, Some(number)) => Ranges::single(number.into()).into(),
        (true, None) => Ranges::new(0, NO_OWNER - 1).into(),
    }
}

fn address(address: IpAddr) -> Values {
    let (low, high) = values::address(address);
    Ranges::new(low, high).into()
}

/// The hop that ended a flow, or the last one that let it through, for each step.
pub fn deciding<'t, 'm>(step: &'t Step<'m>) -> Vec<&'t Hop<'m>> {
    if step.passed.is_empty() || !step.lost.is_empty() {
        return step.lost.iter().map(|lost| &*lost.hop).collect();
    }
    step.hops.last().map(|hop| &**hop).into_iter().collect()
}
