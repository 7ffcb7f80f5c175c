//! Packets that are sent through a host, and what became of each of them.

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::sync::{Arc, LazyLock};

use crate::model::{Action, Hook, Policy};
use crate::packet::axis::{direction, kind, packet_type, state};
use crate::packet::{Axis, Cube, Family, Hull, Masks, PacketSet, Ranges, TooManyPieces, values};

use super::super::compile::{ChainId, Host, RuleId};
use super::super::conntrack;
use super::super::flow::{self, Way};
use super::super::interfaces;
use super::super::nat::Translations;
use super::super::rewrite;
use super::super::routes::Routes;
use super::super::trip::{Hop, Tracking};
use super::super::walk;
use super::{Fate, Kind, Treatment, renamed};

/// TCP flags of a packet that opens a connection: SYN, with or without those of congestion control.
const OPENS: [u128; 4] = [0x02, 0x42, 0x82, 0xc2];

/// A part of the ways of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub way: Way,
    pub is_loopback: bool,
    pub kind: Kind,
}

/// What became of the packets that were sent.
pub(super) struct Sent<'s, 'm> {
    /// Each packet stands in one part.
    pub parts: Vec<Passed>,
    /// What let packets through, base chain by base chain: the one that matters most first. Asked only of packets
    /// that fare otherwise and get through.
    accepts: OnceCell<Vec<Vec<Accept>>>,
    hops: Vec<Arc<Hop<'m>>>,
    teller: Teller<'s, 'm>,
}

/// Tells of packets in the coordinates in which they came.
struct Teller<'s, 'm> {
    host: &'s Host<'m>,
    leg: Leg,
    /// The unknowns of the host that are taken for answered.
    assumed: Vec<(u32, bool)>,
    /// What the other unknowns are called.
    number: &'s (dyn Fn(u32) -> u32 + Sync),
}

/// Packets with one fate.
#[derive(Debug)]
pub(super) struct Passed {
    pub fate: Ending,
    pub packets: PacketSet,
    pub hull: Hull,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    /// A rule or policy took them.
    Lost(Treatment),
    /// They got through, translated so.
    Through(Box<Translations>),
    /// They were turned to the host itself on their way out.
    Diverted,
}

#[derive(Debug)]
struct Accept {
    chain: ChainId,
    rule: Option<RuleId>,
    is_turn: bool,
    packets: PacketSet,
}

/// All packets of a kind on a way, as they come.
pub(super) fn question(way: Way, is_loopback: bool, family: Family, of: Kind) -> Cube {
    let lo = Ranges::single(values::name("lo").unwrap_or_default());
    let none = Ranges::single(0);
    let remote = Ranges::single(kind::LOCAL).complement(Axis::SourceKind.max());
    let cube = conntrack::without_entry(Cube::any())
        .set(Axis::Family, Ranges::single(family.number()))
        .set(Axis::Mark, Masks::new(u32::MAX, 0));
    let cube = match way {
        Way::Out | Way::Local => cube
            .set(Axis::InInterface, none)
            .set(Axis::OutInterface, Ranges::new(1, u128::MAX))
            .set(Axis::SourceKind, Ranges::single(kind::LOCAL)),
        Way::In => cube
            .set(Axis::InInterface, if is_loopback { lo } else { interfaces::any_but_lo() })
            .set(Axis::OutInterface, none)
            .set(Axis::SourceKind, if is_loopback { Ranges::single(kind::LOCAL) } else { remote })
            .set(Axis::PacketType, Ranges::new(packet_type::HOST, packet_type::MULTICAST)),
        Way::Forward => cube
            .set(Axis::InInterface, interfaces::any_but_lo())
            .set(Axis::OutInterface, none)
            .set(Axis::SourceKind, Ranges::single(kind::UNICAST))
            .set(Axis::DestinationKind, Ranges::single(kind::UNICAST))
            .set(Axis::PacketType, Ranges::single(packet_type::HOST)),
    };
    let cube = match of {
        Kind::First => cube.set(Axis::TcpFlags, strays().complement(Axis::TcpFlags.max())),
        Kind::Stray => cube.set(Axis::Protocol, Ranges::single(6)).set(Axis::TcpFlags, strays()),
        Kind::Later | Kind::Answer | Kind::Related => cube,
    };
    // Packets of a flow may belong to a socket of the host when they come in, others never do.
    match (way, of) {
        (Way::Out | Way::Local, _) | (Way::In, Kind::Later | Kind::Answer) if !is_loopback => cube,
        _ => flow::without_owner(cube),
    }
}

/// All flags but those that open a connection.
pub(super) fn strays() -> Ranges {
    static STRAYS: LazyLock<Ranges> =
        LazyLock::new(|| Ranges::union(OPENS.map(|flags| (flags, flags))).complement(Axis::TcpFlags.max()));
    STRAYS.clone()
}

fn either_way() -> Ranges {
    Ranges::new(direction::ORIGINAL, direction::REPLY)
}

impl Leg {
    /// What connection tracking makes of the packets.
    fn tracking(self) -> Tracking {
        match self.kind {
            Kind::First | Kind::Stray if self.is_loopback => Tracking::Seen,
            Kind::First | Kind::Stray => Tracking::Unknown,
            Kind::Later => Tracking::Known(state::ESTABLISHED, Ranges::single(direction::ORIGINAL)),
            Kind::Answer => Tracking::Known(state::ESTABLISHED, Ranges::single(direction::REPLY)),
            Kind::Related => Tracking::Known(state::RELATED, either_way()),
        }
    }

    /// Is this the same for all packets that were asked about, or made of them on the way?
    fn is_given(self, axis: Axis) -> bool {
        match axis {
            Axis::Mark | Axis::State | Axis::Zone => true,
            Axis::ConnMark | Axis::Nat => matches!(self.kind, Kind::First | Kind::Stray),
            Axis::Direction => self.kind != Kind::Related,
            Axis::TcpFlags => self.kind == Kind::First,
            Axis::Uid | Axis::Gid => {
                self.is_loopback
                    || self.way == Way::Forward
                    || self.way == Way::In && !matches!(self.kind, Kind::Later | Kind::Answer)
            }
            _ => false,
        }
    }
}

impl Teller<'_, '_> {
    /// Packets that were translated so, as they came.
    fn told(&self, set: &PacketSet, nat: &Translations) -> PacketSet {
        PacketSet::from_cubes(set.cubes().iter().map(|cube| self.cube(cube, nat)))
    }

    fn cube(&self, cube: &Cube, nat: &Translations) -> Cube {
        let cube = nat.undo(rewrite::restore(cube.clone()));
        let is_unrouted = cube.get(Axis::OutInterface).is_some_and(|names| names.first() == Some(0));
        let is_either_way = cube.get(Axis::Direction).is_some_and(|ways| *ways == either_way().into());
        // What was taken out of tracking has no entry, whatever the entry of its flow may say.
        let untracked = Ranges::single(state::UNTRACKED).into();
        let is_untracked = cube.get(Axis::State).is_some_and(|states| *states == untracked);
        let cube = cube.forget(|axis| match axis {
            Axis::OutInterface => is_unrouted && self.leg.way == Way::Forward,
            Axis::Atom(atom) => self.assumed.iter().any(|(assumed, _)| *assumed == atom),
            Axis::Direction if is_either_way => true,
            Axis::ConnMark | Axis::Direction | Axis::Nat if is_untracked => true,
            axis => self.leg.is_given(axis),
        });
        if cube.atoms().next().is_some() { renamed(&cube, self.number) } else { cube }
    }
}

impl<'s, 'm> Sent<'s, 'm> {
    /// Sends disjoint packets through a host, whose unknowns get other numbers.
    pub fn through(
        host: &'s Host<'m>,
        routes: &Routes,
        leg: Leg,
        packets: &PacketSet,
        number: &'s (dyn Fn(u32) -> u32 + Sync),
    ) -> Result<Self, TooManyPieces> {
        let teller = Teller { host, leg, assumed: host.atoms.assumed().collect(), number };
        let assume = |cube: Cube| {
            let answer =
                |cube: Cube, &(atom, yes): &_| cube.set(Axis::Atom(atom), Ranges::single(u128::from(yes)));
            Some(teller.assumed.iter().fold(cube, answer))
        };
        let packets = packets.clone().map(assume);
        // What comes back over lo was tracked when it left.
        let packets = if leg.is_loopback && matches!(leg.tracking(), Tracking::Seen) {
            conntrack::first(&packets)
        } else {
            packets
        };
        let flow::Sent { through: flights, hops, diverted } =
            flow::send(host, routes, leg.way, packets, &leg.tracking())?;
        let mut parts: Vec<Passed> = Vec::new();
        for hop in &hops {
            let fate = match hop.fate {
                walk::Fate::Dropped => Fate::Dropped,
                walk::Fate::Rejected(_) => Fate::Rejected,
                walk::Fate::Accepted | walk::Fate::Translated(_) => continue,
            };
            let treatment = Treatment { fate, chain: Some(hop.chain), rule: hop.rule };
            parts.push(Passed::new(Ending::Lost(treatment), teller.told(&hop.packets, &hop.nat)));
        }
        for flight in &flights {
            parts.push(Passed::new(
                Ending::Through(Box::new(flight.nat.clone())),
                teller.told(&flight.packets, &flight.nat),
            ));
        }
        if !diverted.is_empty() {
            parts.push(Passed::new(Ending::Diverted, teller.told(&diverted, &Translations::default())));
        }
        if is_blurred(host) && overlap(&parts) {
            return Err(TooManyPieces);
        }
        Ok(Sent { parts, accepts: OnceCell::new(), hops, teller })
    }

    /// Some packets of a part by what decides them.
    pub fn split(
        &self,
        part: &Passed,
        packets: PacketSet,
    ) -> Result<Vec<(PacketSet, Treatment)>, TooManyPieces> {
        let is_turned = match &part.fate {
            Ending::Lost(treatment) => return Ok(vec![(packets, treatment.clone())]),
            Ending::Through(nat) => !nat.is_none(),
            Ending::Diverted => true,
        };
        let fate = if is_turned { Fate::Turned } else { Fate::Accepted };
        let (mut found, mut left) = (Vec::new(), packets);
        let accepts = self.accepts.get_or_init(|| accepts(&self.teller, &self.hops));
        // What turns packets decides more than what then accepts them.
        let turns = accepts.iter().flatten().filter(|accept| is_turned && accept.is_turn);
        for accept in turns.chain(accepts.iter().flatten()) {
            if left.is_empty() {
                break;
            }
            let mine = left.and(&accept.packets);
            if !mine.is_empty() {
                left = left.minus(&mine)?;
                found.push((mine, Treatment { fate, chain: Some(accept.chain), rule: accept.rule }));
            }
        }
        if !left.is_empty() {
            found.push((left, Treatment { fate, chain: None, rule: None }));
        }
        Ok(found)
    }
}

impl Passed {
    /// Does the other host do the same with them?
    pub fn is_alike(&self, other: &Passed) -> bool {
        match (&self.fate, &other.fate) {
            (Ending::Lost(one), Ending::Lost(other)) => one.fate == other.fate,
            (Ending::Through(one), Ending::Through(other)) => one.leads_where(other),
            (Ending::Diverted, Ending::Diverted) => true,
            _ => false,
        }
    }
}

/// How much a base chain matters: is it at the hook that the way is about, does it drop what it does not name, is
/// it one that filters, has it rules?
type Rank = (bool, bool, bool, bool);

/// What let packets through. Of several base chains that is the last one that drops what it does not name;
/// failing that, one with rules.
fn accepts(teller: &Teller, hops: &[Arc<Hop>]) -> Vec<Vec<Accept>> {
    let host = teller.host;
    let main = match teller.leg.way {
        Way::In => Hook::Input,
        Way::Forward => Hook::Forward,
        Way::Out | Way::Local => Hook::Output,
    };
    let mut bases: Vec<(Rank, ChainId, Vec<Accept>)> = Vec::new();
    for hop in hops {
        let is_turn = match hop.fate {
            walk::Fate::Accepted => false,
            walk::Fate::Translated(_) => true,
            walk::Fate::Dropped | walk::Fate::Rejected(_) => continue,
        };
        let packets = teller.told(&hop.packets, &hop.nat);
        let accept = Accept { chain: hop.chain, rule: hop.rule, is_turn, packets };
        if let Some(known) = bases.iter_mut().find(|known| known.1 == hop.base) {
            known.2.push(accept);
            continue;
        }
        let Some(base) = host.all_bases().find(|base| base.chain == hop.base) else { continue };
        let drops = base.base.policy.value == Policy::Drop;
        let is_filter = (-149..50).contains(&base.base.priority);
        let rank = (hop.hook == main, drops, is_filter, !host.chain(base.chain).rules.is_empty());
        bases.push((rank, hop.base, vec![accept]));
    }
    bases.sort_by_key(|base| Reverse(base.0));
    bases.into_iter().map(|base| base.2).collect()
}

/// Can a rule forget what a packet was, so that two packets look the same behind it?
fn is_blurred(host: &Host) -> bool {
    use Action::{ConnMark, ForgetMark, RestoreMark, Rewrite, SaveMark};
    let mut actions = host.rules().flat_map(|(_, rule)| &rule.rule.actions);
    actions.any(|it| {
        matches!(it.value, ConnMark { .. } | SaveMark { .. } | RestoreMark { .. } | ForgetMark | Rewrite(_))
    })
}

fn overlap(parts: &[Passed]) -> bool {
    let pair = |(at, part): (usize, &Passed)| {
        parts[at + 1..]
            .iter()
            .any(|other| part.hull.meets(&other.hull) && part.packets.overlaps(&other.packets))
    };
    parts.iter().enumerate().any(pair)
}
