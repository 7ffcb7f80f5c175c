//! Surveys: which of many packets get through all the base chains on their way, and which rule of the
//! main one lets them in.
//!
//! A survey answers for a hundred thousand rules as fast as it can look at them once: it notes what
//! each rule matches, and works out exactly what is left for a rule only when that rule is asked for.
//! Base chains that follow each other share these notes: what one drops, none after it sees.

mod run;
mod sight;
mod stations;
mod world;

use std::rc::Rc;

use crate::packet::{Axis, Cube, PacketSet, TooManyPieces};

use super::compile::{ChainId, Host, RuleId};
use super::flow::{Way, is_coordinate};
use super::routes::Routes;
use run::Run;
use world::{Stage, World};

pub use world::Site;

/// Which packets get where.
#[derive(Debug)]
pub struct Survey<'h, 'm> {
    host: &'h Host<'m>,
    way: Way,
    worlds: Vec<World<'h>>,
    accepts: Vec<Accept>,
    /// Unknowns of which the question gave the answers.
    known: Vec<Axis>,
}

/// A rule or policy of a main chain that lets packets through.
#[derive(Clone, Debug)]
pub struct Accept {
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
    /// The chain in which it stands; for a policy the base chain.
    pub chain: ChainId,
    /// The rules that jumped there, outermost first.
    pub via: Rc<[RuleId]>,
    world: u32,
    first: u32,
    count: u32,
}

impl Accept {
    /// How much there is to look at to work out its packets.
    pub(super) fn cost(&self) -> usize {
        (self.first as usize + 1) * self.count as usize
    }
}

impl<'h, 'm> Survey<'h, 'm> {
    /// Sends first packets of flows on their way (`In`, `Out` or `Forward`), as they are before connection
    /// tracking sees them. The cube names one family, and what connection tracking looks at only as far
    /// as it makes the same of all packets: flags with which TCP begins, no ICMP or one type of it.
    ///
    /// # Errors
    /// If the chains are too tangled.
    pub fn new(host: &'h Host<'m>, routes: &Routes, way: Way, packets: Cube) -> Result<Self, TooManyPieces> {
        let unknowns = packets.sides().iter().map(|side| side.0);
        let known = unknowns.filter(|axis| matches!(axis, Axis::Atom(_))).collect();
        let survey = Survey { host, way, worlds: vec![World::first(packets)], accepts: Vec::new(), known };
        Run::new(survey).all(routes)
    }

    /// All rules and policies that may let packets through, in the order of the walk. Earlier rules may
    /// have decided all that they match.
    pub fn accepts(&self) -> &[Accept] {
        &self.accepts
    }

    /// The rule that turned the packets of this one elsewhere (DNAT, REDIRECT) on their way to it.
    pub fn turned_by(&self, accept: &Accept) -> Option<&Site> {
        self.worlds[accept.world as usize].turned_by.as_ref()
    }

    /// Do the packets of this one go to the host itself, not through it?
    pub fn is_inside(&self, accept: &Accept) -> bool {
        matches!(self.worlds[accept.world as usize].stage, Stage::Inside | Stage::Gone)
    }

    /// What the rules on the way to a decision ask of packets, as cubes.
    pub fn reach<'s>(&'s self, accept: &Accept) -> impl Iterator<Item = &'s Cube> + use<'s, 'h, 'm> {
        self.worlds[accept.world as usize].asked(accept.first, accept.count)
    }

    /// What the rules on the way to a decision ask of packets, as these were when they began.
    pub fn asked(&self, accept: &Accept) -> PacketSet {
        let world = &self.worlds[accept.world as usize];
        let met = self.reach(accept).filter_map(|cube| world.packet.and(cube));
        PacketSet::from_cubes(met.map(|cube| self.first_packet(world, cube)))
    }

    /// The packets that get through by a rule, exactly: as they were when they began. Unknowns on which
    /// it depends are named, marks that became unknown too.
    pub fn packets(&self, accept: &Accept) -> Result<PacketSet, TooManyPieces> {
        let world = &self.worlds[accept.world as usize];
        let survivors = world.survivors(accept.first, accept.count, &self.host.surveyed)?;
        Ok(survivors.map(|cube| Some(self.first_packet(world, cube))))
    }

    /// The same, as far as they are no more than so many pieces; `None` if they are more, or if very many rules come
    /// before.
    pub fn few_packets(&self, accept: &Accept, most: usize) -> Result<Option<PacketSet>, TooManyPieces> {
        let world = &self.worlds[accept.world as usize];
        let survivors = world.few_survivors(accept.first, accept.count, most, &self.host.surveyed)?;
        Ok(survivors.map(|few| few.map(|cube| Some(self.first_packet(world, cube)))))
    }

    /// Some packets that get through by a rule; `None` if there are none.
    pub fn witness(&self, accept: &Accept, budget: usize) -> Result<Option<Cube>, TooManyPieces> {
        let world = &self.worlds[accept.world as usize];
        let survivor = world.survivor(accept.first, accept.count, budget, &self.host.surveyed)?;
        Ok(survivor.map(|cube| self.first_packet(world, cube)))
    }

    /// A cube in the coordinates of the first packets.
    fn first_packet(&self, world: &World, cube: Cube) -> Cube {
        let is_news =
            |axis| matches!(axis, Axis::Mark | Axis::ConnMark) && cube.get(axis) != world.packet.get(axis);
        let is_kept = |axis| is_coordinate(self.way, axis) && !self.known.contains(&axis) || is_news(axis);
        world.nat.undo(cube.clone()).forget(|axis| !is_kept(axis))
    }
}
