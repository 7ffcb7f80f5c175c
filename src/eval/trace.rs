//! The way of one packet, in full: what `fwlint trace` tells.

use std::net::{IpAddr, Ipv6Addr};

use serde::Serialize;

use crate::packet::axis::{NO_OWNER, kind, packet_type};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, TooManyPieces, Values, values};

use super::compile::Host;
use super::flow::{Conversation, Moment, Question, Step, Way, elsewhere, without_owner};
use super::reject::{self, Arrives};
use super::routes::Routes;
use super::trip::Hop;
use super::walk::Fate;

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
    /// The user of the client's socket (of the host's clients).
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its mark.
    pub mark: u32,
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
    let question = question(routes, probe);
    let conversation = Conversation::hold(host, routes, &question)?;
    let (mut egress, mut ingress, mut reply, mut followup) = (None, None, None, None);
    let mut unknowns = Vec::new();
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
    }
    let nd = discovery(host, routes, probe)?;
    certainty = match nd {
        Some(Discovery::Blocked) => Certainty::Never,
        Some(Discovery::Depends) => both(certainty, Certainty::Sometimes),
        _ => certainty,
    };
    let verdict = match certainty {
        Certainty::Always => Outcome::Open,
        Certainty::Never => Outcome::Blocked,
        Certainty::Sometimes => Outcome::Depends,
    };
    unknowns.sort_unstable();
    unknowns.dedup();
    Ok(Trace { egress, ingress, reply, followup, nd, verdict, conversation, depends_on: unknowns })
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
        unknowns.extend(cube.sides().iter().filter_map(|(axis, _)| match axis {
            Axis::Atom(number) => Some(*number),
            _ => None,
        }));
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
fn question(routes: &Routes, probe: &Probe) -> Question {
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
        (Axis::Uid, Values::single(Axis::Uid, if own { u128::from(probe.uid) } else { NO_OWNER })),
        (Axis::Gid, Values::single(Axis::Gid, if own { u128::from(probe.gid) } else { NO_OWNER })),
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
        assumed: Vec::new(),
        service: Some((0, 0)),
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

fn address(address: IpAddr) -> Values {
    let (low, high) = values::address(address);
    Ranges::new(low, high).into()
}

/// Does neighbour discovery work, in the direction of an IPv6 probe?
///
/// Out: the host asks for its gateway's link-layer address, and the advertisement must get in. In:
/// the gateway asks for the host's, and the host's advertisement must get out.
fn discovery(host: &Host, routes: &Routes, probe: &Probe) -> Result<Option<Discovery>, TooManyPieces> {
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
    let solicitation = solicited(asking.0, asking.1, group_of(asking.2), 135, name);
    let advertisement = solicited(asked.0, asked.1, asked.2, 136, name);
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
fn solicited(way: Way, source: Ipv6Addr, destination: Ipv6Addr, kind: u128, interface: u128) -> Question {
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
    let packets = PacketSet::from(without_owner(cube));
    Question {
        way,
        packets,
        mark: Masks::new(u32::MAX, 0).into(),
        known: Vec::new(),
        assumed: Vec::new(),
        service: None,
    }
}

/// The solicited-node group of an address (RFC 4291, section 2.7.1).
fn group_of(address: Ipv6Addr) -> Ipv6Addr {
    let group = u128::from_be_bytes([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0]);
    Ipv6Addr::from_bits(group | address.to_bits() & 0xff_ffff)
}

/// The hop that ended a flow, or the last one that let it through, for each step.
pub fn deciding<'t, 'm>(step: &'t Step<'m>) -> Vec<&'t Hop<'m>> {
    if step.passed.is_empty() || !step.lost.is_empty() {
        return step.lost.iter().map(|lost| &lost.hop).collect();
    }
    step.hops.last().into_iter().collect()
}
