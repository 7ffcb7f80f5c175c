//! What would mend a finding: changes of the rules, in the model's terms. The writer of a dialect turns them
//! into text.

use super::{Hook, Plan, Policy, Verdict};
use crate::packet::axis::state::UNTRACKED;
use crate::packet::{Axis, Cube, Family, PacketSet, TooManyPieces};
use crate::source::Span;

/// What would mend a finding, and what it may do to packets.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// What it does: a phrase in the imperative, lower case, no full stop.
    pub title: String,
    /// The changes, each of the rules as they are before all of them.
    pub steps: Vec<Step>,
    /// What becomes of packets by it, at most.
    pub effect: Effect,
    /// Is all that it opens required by the profile, by name?
    pub is_required: bool,
    /// What makes it shorter and opens more, as a phrase, if anything does.
    pub wider: Option<String>,
}

/// One change of the rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// New rules of one chain, in their order.
    Insert {
        /// Where.
        at: At,
        /// What.
        rules: Vec<NewRule>,
    },
    /// The rule at this place goes.
    Remove(Span),
    /// The rule at a place goes in front of another of the same chain.
    Move {
        /// The rule.
        rule: Span,
        /// The other.
        before: Span,
    },
    /// The policy that is written at a place becomes another.
    SetPolicy(Span, Policy),
    /// One address that a rule names becomes another.
    Readdress {
        /// The rule.
        rule: Span,
        /// The address as it is.
        old: std::net::IpAddr,
        /// The address that is meant.
        new: std::net::IpAddr,
    },
    /// What is superseded at a place is said in today's words.
    Modernise(Span),
    /// Rules of another family in a file of their own.
    Beside {
        /// A place in the file beside which it is.
        of: Span,
        /// The rules.
        plan: Box<Plan>,
    },
}

/// Where new rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// In front of the rule at a place.
    Before(Span),
    /// Behind the rule at a place.
    After(Span),
    /// Into a chain without rules, declared or given its policy at a place.
    Empty(Span),
}

/// A rule that is not there yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRule {
    /// Its family.
    pub family: Family,
    /// The table.
    pub table: Box<str>,
    /// The chain.
    pub chain: Box<str>,
    /// The packets that it matches.
    pub packets: Cube,
    /// What it does with them.
    pub verdict: Verdict,
}

/// What becomes of packets, at most.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Every packet fares as before.
    Nothing,
    /// Packets that pass a hook and are in one of these get through, no others; none is lost.
    Opens(Vec<(Hook, Cube)>),
    /// Packets that come to a hook and are in one of these are lost, no others; none gets through.
    Closes(Vec<(Hook, Cube)>),
    /// Packets of these alone fare otherwise: some may get through, some be lost.
    Changes(Vec<(Hook, Cube)>),
}

impl Remedy {
    /// A remedy after which every packet fares as before.
    pub fn neutral(title: impl Into<String>, steps: Vec<Step>) -> Self {
        Remedy { title: title.into(), steps, effect: Effect::Nothing, is_required: false, wider: None }
    }

    /// A remedy by which rules go without which every packet fares as before.
    pub fn removal(rules: impl IntoIterator<Item = Span>) -> Self {
        let steps: Vec<Step> = rules.into_iter().map(Step::Remove).collect();
        Remedy::neutral(if steps.len() == 1 { REMOVE_RULE } else { REMOVE_RULES }, steps)
    }

    /// Both together. Steps that both have are done once.
    pub fn and(self, other: Remedy) -> Remedy {
        let mut steps = self.steps;
        let more: Vec<Step> = other.steps.into_iter().filter(|step| !steps.contains(step)).collect();
        steps.extend(more);
        let mut parts: Vec<&str> = self.title.split(" and ").collect();
        for part in other.title.split(" and ").filter(|part| !part.is_empty()) {
            match parts.iter_mut().find(|said| **said == part || is_removal(said) && is_removal(part)) {
                Some(said) if is_removal(part) && steps.len() > 1 => *said = REMOVE_RULES,
                Some(_) => {}
                None => parts.push(part),
            }
        }
        let title = parts.join(" and ");
        Remedy {
            title,
            steps,
            effect: self.effect.and(other.effect),
            is_required: self.is_required && other.is_required,
            wider: self.wider.or(other.wider),
        }
    }
}

/// What a remedy is called that takes out one rule, and one that takes out several.
const REMOVE_RULE: &str = "remove the rule";
const REMOVE_RULES: &str = "remove the rules";

fn is_removal(title: &str) -> bool {
    [REMOVE_RULE, REMOVE_RULES].contains(&title)
}

impl NewRule {
    /// The packets that it matches, its family named.
    pub fn matched(&self) -> Cube {
        self.packets.clone().set(Axis::Family, crate::packet::Ranges::single(self.family.number()))
    }
}

impl Effect {
    /// Both together.
    pub fn and(self, other: Effect) -> Effect {
        use Effect::*;
        match (self, other) {
            (Nothing, other) | (other, Nothing) => other,
            (Opens(one), Opens(other)) => Opens([one, other].concat()),
            (Closes(one), Closes(other)) => Closes([one, other].concat()),
            (Opens(one) | Closes(one) | Changes(one), Opens(other) | Closes(other) | Changes(other)) => {
                Changes([one, other].concat())
            }
        }
    }

    /// May these packets get through by it (or be lost)? `state` is what they are to connection tracking, unless they are among
    /// those that rules take out of it, and `hooks` are those that they pass.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn allows(
        &self,
        opens: bool,
        hooks: &[Hook],
        state: u128,
        untracked: &PacketSet,
        packets: &PacketSet,
    ) -> Result<bool, TooManyPieces> {
        let named = match self {
            Effect::Opens(named) if opens => named,
            Effect::Closes(named) if !opens => named,
            Effect::Changes(named) => named,
            _ => return Ok(packets.is_empty()),
        };
        let here = || named.iter().filter(|(hook, _)| hooks.contains(hook)).map(|(_, cube)| cube);
        let is_of = |cube: &&Cube, state: u128| cube.get(Axis::State).is_none_or(|it| it.contains(state));
        // What a packet is on its way to the hook may be written of it in other words: its state was told apart
        // already, and its marks it gets there.
        use Axis::{ConnMark, Direction, Mark, Nat, State, Zone};
        let plain = |cube: &Cube| {
            cube.clone().forget(|axis| matches!(axis, State | Mark | ConnMark | Direction | Nat | Zone))
        };
        let mut all = PacketSet::from_cubes(here().filter(|cube| is_of(cube, state)).map(plain));
        if !untracked.is_empty() {
            let aside = here().filter(|cube| is_of(cube, UNTRACKED)).map(plain);
            all.add(PacketSet::from_cubes(aside).and(untracked));
        }
        all.covers(packets)
    }
}
