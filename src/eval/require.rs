//! Requirements: flows that must get through *for all* of what is asked, *for some* witness.
//!
//! A witness is what the host is free to choose once for everything: the interface by which it
//! leaves, its source address. What all flows need is asked one after another; each leaves the
//! witnesses that serve it, and the next is asked of those alone. What is one thing on the host and
//! not told by the file, such as the number of a user, is no choice: what holds for some of it depends.

use crate::packet::{Axis, Cube, PacketSet, TooManyPieces};

use super::compile::Host;
use super::flow::{Conversation, Lost, Moment, Question};
use super::routes::Routes;
use super::trip::{Hop, Memory};

/// What became of the flows of a question.
#[derive(Clone, Debug)]
pub struct Held<'m> {
    /// What was asked.
    pub question: Question,
    /// Every step.
    pub conversation: Conversation<'m>,
    /// Flows that are lost whatever the unknowns are.
    pub surely_lost: PacketSet,
    /// Flows that are lost for some value of the unknowns; among them those above.
    pub perhaps_lost: PacketSet,
    /// What each step loses, unknowns named. Here and above client ports are not named: flows that differ in them alone
    /// are lost together.
    pub lost_at: Vec<(Moment, PacketSet)>,
}

/// Whether a requirement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// For all values of the unknowns.
    Met,
    /// For some.
    Depends,
    /// For none.
    Blocked,
}

impl<'m> Held<'m> {
    /// Holds all flows of a question against a host. Those that differ in the client's port alone are
    /// lost together: what is needed is needed for all ephemeral ports. The memory is that of this host.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn hold(
        host: &Host<'m>,
        routes: &Routes,
        question: &Question,
        memory: &Memory<'m>,
    ) -> Result<Self, TooManyPieces> {
        let conversation = Conversation::require(host, routes, question, memory)?;
        let known = |set: &PacketSet| set.forget(Axis::is_unknown);
        let (mut surely_lost, mut perhaps_lost) = (PacketSet::none(), PacketSet::none());
        let mut lost_at = Vec::new();
        for step in &conversation.steps {
            surely_lost.add(known(&step.due).minus(&known(&step.passed))?);
            let flows = step.lost.iter().flat_map(|lost| lost.flows.cubes());
            // Thousands of rules that each take another address are one cube then.
            let lost =
                PacketSet::from_cubes(flows.map(|cube| cube.clone().without(Axis::SourcePort))).simplify();
            perhaps_lost.add(known(&lost));
            lost_at.push((step.moment, lost));
        }
        let surely_lost = surely_lost.forget(|axis| axis == Axis::SourcePort).simplify();
        perhaps_lost.add(surely_lost.clone());
        Ok(Held { question: question.clone(), conversation, surely_lost, perhaps_lost, lost_at })
    }

    /// Does another answer say the same of the same flows, and blame the same rules?
    pub fn is_same(&self, other: &Held) -> bool {
        let of = |held: &Held| (held.surely_lost.clone(), held.perhaps_lost.clone(), held.lost_at.clone());
        let by = |lost: &Lost| {
            let Hop { hook, base, chain, rule, .. } = *lost.hop;
            (hook, base, chain, rule, lost.hop.packets.clone(), lost.flows.clone())
        };
        let blamed = |held: &Held| -> Vec<_> {
            let steps = held.conversation.steps.iter();
            steps.map(|step| (step.moment, step.lost.iter().map(by).collect::<Vec<_>>())).collect()
        };
        self.question == other.question && of(self) == of(other) && blamed(self) == blamed(other)
    }

    /// What took flows of a part away, in the order of the steps.
    pub fn losses(&self, part: &PacketSet) -> impl Iterator<Item = &Lost<'m>> {
        let lost = self.conversation.steps.iter().flat_map(|step| &step.lost);
        lost.filter(move |lost| lost.flows.overlaps(part))
    }

    /// The unknowns on which flows of a part depend, ascending. Those of which the question gave the answer are none.
    pub fn unknowns(&self, part: &PacketSet) -> Vec<u32> {
        let told = || self.question.known.iter().chain(&self.question.assumed);
        let is_open = |number: &u32| !told().any(|told| told.0 == *number);
        let cubes = self.losses(part).flat_map(|lost| lost.flows.cubes());
        let mut numbers: Vec<u32> = cubes.flat_map(Cube::atoms).filter(is_open).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// The choices that the host has left.
#[derive(Clone, Debug)]
pub struct Witnesses {
    /// The choices, named on the axes that are chosen alone.
    pub left: PacketSet,
}

impl Witnesses {
    /// All choices that the flows of a question leave open on these axes.
    pub fn of(packets: &PacketSet, axes: &[Axis]) -> Self {
        Witnesses { left: packets.forget(|axis| !axes.contains(&axis)) }
    }

    /// Asks whether some witness serves all flows of a part, and if so keeps only such witnesses.
    /// `axes` are those of its choices that this requirement depends on, `untold` those among them that
    /// the host has no choice in, and that nobody has told.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn serve(
        &mut self,
        held: &Held,
        part: &PacketSet,
        axes: &[Axis],
        untold: &[Axis],
    ) -> Result<Certainty, TooManyPieces> {
        let chosen = |lost: &PacketSet| lost.and(part).forget(|axis| !axes.contains(&axis));
        let for_all = |choices: PacketSet| choices.forget(|axis| untold.contains(&axis));
        // A choice of another family says nothing about this part: it neither serves it nor has to.
        let asked = part.forget(|axis| axis != Axis::Family || !axes.contains(&axis));
        let others = self.left.minus(&asked)?;
        let perhaps = self.left.and(&asked).minus(&chosen(&held.surely_lost))?;
        if perhaps.is_empty() {
            return Ok(Certainty::Blocked);
        }
        let surely = perhaps.minus(&for_all(chosen(&held.perhaps_lost)))?;
        let is_sure = !surely.is_empty();
        self.left = if is_sure { surely } else { perhaps };
        self.left.add(others);
        Ok(if is_sure { Certainty::Met } else { Certainty::Depends })
    }
}
