//! What is decided on a walk, and who wants to know of it.

use crate::model::{Nat, Reject};
use crate::packet::cover::Cover;
use crate::packet::{Cube, PacketSet, Remainder, TooManyPieces};

use super::super::compile::{ChainId, RuleId};
use super::super::effort::Effort;

/// What a rule or a policy does to the packets that it decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate<'m> {
    /// On to the next base chain.
    Accepted,
    /// Gone.
    Dropped,
    /// Gone, with an answer.
    Rejected(Reject),
    /// Accepted, with a translation.
    Translated(&'m Nat),
}

/// A rule (or a policy) about to decide.
#[derive(Debug)]
pub struct Decision<'w, 'm> {
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
    /// The chain in which it stands; for a policy the base chain.
    pub chain: ChainId,
    /// The rules that jumped here, outermost first.
    pub via: &'w [RuleId],
    /// What happens.
    pub fate: Fate<'m>,
    /// The packets that the rule matches among those that entered the chain. Earlier rules may have
    /// taken some of them.
    pub hit: &'w PacketSet,
    /// The lane of the packets: 0 for those that no rule has changed. Only what was taken in this lane
    /// counts.
    pub lane: usize,
    pub(super) cover: &'w Cover,
    pub(super) owners: &'w [RuleId],
    pub(super) effort: &'w Effort<'w>,
}

impl Decision<'_, '_> {
    /// The packets that it decides, exactly: those it matches, less those taken before. Disjoint.
    pub fn packets(&self) -> Result<PacketSet, TooManyPieces> {
        self.effort.left(self.cover, self.hit)
    }

    /// The packets of a part of `hit` that it decides, piece by piece. What they cost is to be settled.
    pub fn pieces(&self, part: &Cube) -> Remainder {
        self.cover.pieces(part, 0, self.effort.rest())
    }

    /// Takes what some pieces have cost off from what the walk may cost.
    ///
    /// # Errors
    /// If that is more than it may.
    pub fn settle(&self, pieces: &Remainder) -> Result<(), TooManyPieces> {
        self.effort.spend(1 + pieces.looked_at())
    }

    /// Some packets that it decides; `None` if all were taken before.
    pub fn witness(&self) -> Result<Option<Cube>, TooManyPieces> {
        for cube in self.hit.cubes() {
            if let Some(witness) = self.cover.escapes(cube, 0, self.effort.rest())? {
                return Ok(Some(witness));
            }
        }
        Ok(None)
    }

    /// As few rules as can be found that together took a cube of `hit` before, in the order in which
    /// they did; none if some packet of it was not taken, or if that is undecided.
    pub fn coverers(&self, cube: &Cube) -> Vec<RuleId> {
        let owners = self.cover.coverers(cube, 0);
        owners.into_iter().map(|owner| self.owners[owner as usize]).collect()
    }
}

/// Who wants to know what is decided.
pub trait Observer<'m> {
    /// A rule or policy decides packets. It is called in the order of the walk, also when earlier
    /// rules may have taken all of them.
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces>;

    /// A rule that ends nothing (it jumps, returns, counts or marks) meets packets.
    fn meets(&mut self, _decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        Ok(())
    }

    /// A rule takes a cube of packets of a lane, so that rules after it do not see them: for good, or
    /// until they are given back. The cubes of each lane are numbered from 0.
    fn takes(&mut self, _rule: RuleId, _lane: usize, _cube: &Cube) {}

    /// What was taken in a lane under a number is back: the chain from which it returned has ended.
    fn gives_back(&mut self, _lane: usize, _number: usize) {}

    /// Are any packets of a lane that a rule matches to be followed any further?
    fn follows(&self, _lane: usize, _rule: &PacketSet) -> bool {
        true
    }

    /// Does it want to know which rule accepts which packets?
    fn asks_who_accepts(&self) -> bool {
        true
    }

    /// Is nothing to be followed any further?
    fn is_done(&self) -> bool {
        false
    }
}
