//! Which rules decide nothing, since others come before them, and which change nothing, since others
//! behind them do the same.
//!
//! Every base chain is walked once with all packets that can come there, whatever the tables before
//! it do, and so is every chain that nothing leads to. So what is said here is true of each single
//! packet; nothing is said of what only other tables would make true.

mod deeds;
mod log;
mod redundant;
mod universe;

pub use redundant::Redundant;
pub(super) use universe::of as comes_to;

use std::collections::HashSet;

use crate::packet::{Cover, Cube, PacketSet, TooManyPieces};

use super::calls::Calls;
use super::compile::{BaseChain, ChainId, Host, RuleId};
use super::walk::Walk;
use log::{Log, Moment, Recorder, State};

/// How many pieces may be looked at to answer one question.
const BUDGET: usize = 20_000;

/// What came of all walks through a host, which its methods must be given again.
#[derive(Debug)]
pub struct Shadows<'m> {
    calls: Calls,
    logs: Vec<Log>,
    /// The base chain of each log; `None` for a chain that nothing leads to.
    bases: Vec<Option<BaseChain<'m>>>,
    states: Vec<Vec<State>>,
    /// For each chain: does some packet come there, as far as is known?
    is_entered: Vec<bool>,
    /// For each chain: is its table too tangled to tell?
    is_undecided: Vec<bool>,
}

/// A rule that never decides anything: others take all its packets before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The rule.
    pub rule: RuleId,
    /// As few rules as were found that together take everything. If one of them really takes packets
    /// and does something else with them, it comes first.
    pub by: Vec<RuleId>,
    /// Does that one exist: would some packet fare otherwise if this rule came first?
    pub differs: bool,
    /// Is it the same rule as the only one in `by`?
    pub repeats: bool,
}

impl<'m> Shadows<'m> {
    /// Walks all chains.
    pub fn new(host: &Host<'m>) -> Self {
        let calls = Calls::new(host);
        let states = host.chains.iter().map(|chain| vec![State::Unmet; chain.rules.len()]).collect();
        let is_undecided = vec![false; host.chains.len()];
        let mut shadows = Shadows {
            calls,
            logs: Vec::new(),
            bases: Vec::new(),
            states,
            is_entered: vec![false; host.chains.len()],
            is_undecided,
        };
        for circle in shadows.calls.loops().to_vec() {
            shadows.give_up_circle(host, circle[0].chain);
        }
        let mut events = 0;
        for base in host.all_bases() {
            shadows.walk(host, base.chain, Some(base), &mut events);
        }
        for chain in (0..host.chains.len() as u32).map(ChainId) {
            if !shadows.calls.is_reached(chain) || host.chain(chain).table.dormant {
                shadows.walk(host, chain, None, &mut events);
            }
        }
        shadows.enter();
        shadows
    }

    /// The rules that never decide anything, in the order of the host.
    pub fn shadowed(&self, host: &Host<'m>) -> Vec<Shadowed> {
        let covered = self.judged(host).filter_map(|(rule, state)| match state {
            State::Covered(covered) => Some((rule, covered)),
            _ => None,
        });
        covered.map(|(rule, covered)| self.explain(host, rule, covered)).collect()
    }

    /// The rules that match no packet which comes to their chain, though there are packets that they
    /// match; in the order of the host.
    pub fn unmet(&self, host: &Host<'m>) -> Vec<RuleId> {
        let unmet = self.judged(host).filter(|(_, state)| matches!(state, State::Unmet));
        unmet.map(|(rule, _)| rule).filter(|rule| !host.rule(*rule).packets.is_empty()).collect()
    }

    /// A chain of each table that is too tangled to tell anything of its rules, in the order of the host.
    pub fn undecided_tables(&self, host: &Host<'m>) -> Vec<ChainId> {
        let mut found: Vec<ChainId> = Vec::new();
        for chain in (0..host.chains.len() as u32).map(ChainId) {
            let table = host.chain(chain).table;
            let is_known = |known: &ChainId| std::ptr::eq(host.chain(*known).table, table);
            // Where no base chain leads, nothing is there to decide.
            let is_undecided = self.is_undecided[chain.0 as usize] && self.calls.is_reached(chain);
            if is_undecided && !found.iter().any(is_known) {
                found.push(chain);
            }
        }
        found
    }

    /// The rules of other tables of which it cannot be told whether a packet reaches them.
    pub fn undecided_rules(&self, host: &Host<'m>) -> Vec<RuleId> {
        let undecided = self.judged(host).filter(|(_, state)| matches!(state, State::Undecided));
        undecided.map(|(rule, _)| rule).collect()
    }

    /// Which chains call which.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The rules of chains to which packets come and of which something is known. One that notes packets which it does
    /// not match may matter to others, whatever is left for it to decide.
    fn judged<'s>(&'s self, host: &'s Host<'m>) -> impl Iterator<Item = (RuleId, &'s State)> {
        let known = move |rule: &RuleId| {
            let chain = rule.chain.0 as usize;
            self.is_entered[chain]
                && !self.is_undecided[chain]
                && !deeds::notes_more_than_it_matches(host.rule(*rule))
        };
        let state = move |rule: RuleId| (rule, &self.states[rule.chain.0 as usize][rule.index as usize]);
        host.rules().map(|(rule, _)| rule).filter(known).map(state)
    }

    fn walk(&mut self, host: &Host<'m>, chain: ChainId, base: Option<BaseChain<'m>>, events: &mut usize) {
        if self.is_undecided[chain.0 as usize] {
            return;
        }
        let number = self.logs.len();
        let mut recorder = Recorder { host, number, log: Log::default(), states: &mut self.states, events };
        let result = match base {
            Some(base) => Walk::through(host, base, universe::of(base), &mut recorder),
            None => Walk::along(host, chain, PacketSet::any(), &mut recorder),
        };
        self.logs.push(recorder.log);
        self.bases.push(base);
        self.is_entered[chain.0 as usize] = true;
        if result.is_err() {
            self.give_up(host, chain);
        }
    }

    /// Leaves the table of a chain undecided.
    fn give_up(&mut self, host: &Host<'m>, chain: ChainId) {
        let table = host.chain(chain).table;
        for (is_undecided, chain) in self.is_undecided.iter_mut().zip(&host.chains) {
            *is_undecided |= std::ptr::eq(chain.table, table);
        }
    }

    /// Leaves undecided what a circle of calls makes endless: its table, or, where no base chain leads to it, the chains
    /// of its table to which none leads.
    fn give_up_circle(&mut self, host: &Host<'m>, circle: ChainId) {
        if self.calls.is_reached(circle) {
            return self.give_up(host, circle);
        }
        let table = host.chain(circle).table;
        for (chain, is_undecided) in (0..).map(ChainId).zip(&mut self.is_undecided) {
            *is_undecided |= std::ptr::eq(host.chain(chain).table, table) && !self.calls.is_reached(chain);
        }
    }

    /// Notes to which chains packets come: those that a rule calls which gets some.
    fn enter(&mut self) {
        for chain in (0..self.is_entered.len() as u32).map(ChainId) {
            let gets_some = |rule: &RuleId| {
                let state = &self.states[rule.chain.0 as usize][rule.index as usize];
                matches!(state, State::Reached | State::Undecided)
            };
            self.is_entered[chain.0 as usize] |= self.calls.callers(chain).iter().any(gets_some);
        }
    }

    fn explain(&self, host: &Host<'m>, rule: RuleId, covered: &log::Covered) -> Shadowed {
        let mut by = covered.by.clone();
        // A rule that only changes packets does not keep them; what becomes of them then was looked
        // at on its own.
        if by.iter().any(|by| !deeds::is_change(host, *by)) {
            by.retain(|by| !deeds::is_change(host, *by));
        }
        if let [only] = by[..]
            && deeds::is_same(host, only, rule)
        {
            return Shadowed { rule, by, differs: false, repeats: true };
        }
        let other = covered.sights.iter().find_map(|sight| self.other_taker(host, rule, sight, &by));
        if let Some(other) = other {
            by.retain(|by| *by != other);
            by.insert(0, other);
        }
        Shadowed { rule, by, differs: other.is_some(), repeats: false }
    }

    /// One of some rules that really takes packets of another and does something else with them.
    fn other_taker(
        &self,
        host: &Host<'m>,
        rule: RuleId,
        sight: &log::Sight,
        among: &[RuleId],
    ) -> Option<RuleId> {
        let log = &self.logs[sight.log];
        for cube in sight.hit.cubes() {
            let takes = log.overlapping(cube);
            for &number in takes.iter().filter(|&&number| log.is_gone(number as usize, sight.moment)) {
                let take = &log.takes[number as usize];
                if !among.contains(&take.rule) || !deeds::differ(host, rule, take.rule) {
                    continue;
                }
                let Some(both) = log.cube(number as usize).and(cube) else { continue };
                let before = takes.iter().filter(|&&other| log.is_gone(other as usize, take.moment));
                if let Ok(Some(_)) = escapes(log, &both, before.copied()) {
                    return Some(take.rule);
                }
            }
        }
        None
    }
}

/// Some packets of a cube that none of these takes has; `None` if they have all.
fn escapes(log: &Log, cube: &Cube, takes: impl Iterator<Item = u32>) -> Result<Option<Cube>, TooManyPieces> {
    let mut cover = Cover::new();
    for number in takes {
        let taken = log.cube(number as usize);
        if taken.overlaps(cube) {
            cover.push(taken.clone(), number);
        }
    }
    cover.escapes(cube, 0, BUDGET)
}

/// Was a take gone at any of these moments?
fn is_gone(log: &Log, number: u32, moments: &[Moment]) -> bool {
    moments.iter().any(|moment| log.is_gone(number as usize, *moment))
}

/// The rules that are left out of account.
type Removed = HashSet<RuleId>;
