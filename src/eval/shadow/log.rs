//! What happened on one walk through a base chain with all packets that can come there: who took
//! what, when, and who never got anything.

use crate::eval::compile::{Host, RuleId};
use crate::eval::walk::{Decision, Observer};
use crate::model::Verdict;
use crate::packet::{Cover, Cube, PacketSet, TooManyPieces};

/// So many events are written down before the walk is given up.
const MOST_EVENTS: usize = 1_000_000;

/// In so many calls of its chain the coverers of a rule are looked for.
const MOST_SIGHTS: usize = 2;

/// What a rule has got, over all walks.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// No packet that comes to its chain matches it.
    Unmet,
    /// Packets match it, but all were taken before.
    Covered(Box<Covered>),
    /// Some packet really reaches it.
    Reached,
    /// Too many pieces to tell.
    Undecided,
}

/// How a rule that never got anything was covered.
#[derive(Clone, Debug, Default)]
pub(super) struct Covered {
    /// The rules that together took everything, as few as were found.
    pub by: Vec<RuleId>,
    /// What it matched, in the first calls of its chain.
    pub sights: Vec<Sight>,
}

/// Packets that came to a place at some time.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    /// In which log.
    pub log: usize,
    /// The packets that matched there, taken before or not.
    pub hit: PacketSet,
    pub moment: Moment,
}

/// A time in a lane of a log: what was taken there before the clock showed `at`, and not given back
/// before, is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub lane: u32,
    pub at: u32,
}

/// A rule took packets.
#[derive(Debug)]
pub(super) struct Take {
    pub rule: RuleId,
    /// When.
    pub moment: Moment,
    /// When they came back, if they did.
    given_back: u32,
}

/// What happened on one walk.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// In order.
    pub takes: Vec<Take>,
    /// What each of them took.
    cubes: Cover,
    /// Rules that decide nothing and were met: jumps, and rules that log or count.
    pub met: Vec<(RuleId, Sight)>,
    /// What came to the end of the base chain.
    pub ends: Vec<Sight>,
    /// For each lane, which of the takes are its own, by the numbers of its cover.
    lanes: Vec<Vec<u32>>,
    clock: u32,
}

impl Log {
    /// Was a take in force at a moment?
    pub fn is_gone(&self, take: usize, moment: Moment) -> bool {
        let Some(found) = self.takes.get(take) else { return false };
        found.moment.lane == moment.lane && found.moment.at < moment.at && found.given_back >= moment.at
    }

    /// What a take took.
    pub fn cube(&self, take: usize) -> &Cube {
        self.cubes.cube(take)
    }

    /// The numbers of all takes that have packets of a cube, ascending.
    pub fn overlapping(&self, cube: &Cube) -> Vec<u32> {
        self.cubes.overlapping(cube)
    }
}

/// Writes a log.
pub(super) struct Recorder<'r, 'm> {
    pub host: &'r Host<'m>,
    pub number: usize,
    pub log: Log,
    pub states: &'r mut [Vec<State>],
    /// The number of events so far, over all walks.
    pub events: &'r mut usize,
}

impl Recorder<'_, '_> {
    fn sight(&self, decision: &Decision<'_, '_>) -> Sight {
        let moment = Moment { lane: decision.lane as u32, at: self.log.clock };
        Sight { log: self.number, hit: decision.hit.clone(), moment }
    }

    /// Notes what a rule gets.
    fn see(&mut self, rule: RuleId, decision: &Decision<'_, '_>) -> Result<(), TooManyPieces> {
        *self.events += 1;
        if *self.events > MOST_EVENTS {
            return Err(TooManyPieces);
        }
        if decision.hit.is_empty() {
            return Ok(());
        }
        let sight = self.sight(decision);
        let state = &mut self.states[rule.chain.0 as usize][rule.index as usize];
        if matches!(state, State::Reached | State::Undecided) {
            return Ok(());
        }
        match decision.witness() {
            Ok(Some(_)) => *state = State::Reached,
            Err(TooManyPieces) => *state = State::Undecided,
            Ok(None) => {
                let mut covered = match std::mem::replace(state, State::Unmet) {
                    State::Covered(covered) => covered,
                    _ => Box::default(),
                };
                if covered.sights.len() < MOST_SIGHTS {
                    covered.by.extend(decision.hit.cubes().iter().flat_map(|cube| decision.coverers(cube)));
                    // What the rule itself seems to take in an earlier call, others took before it.
                    let mut known = std::collections::HashSet::from([rule]);
                    covered.by.retain(|by| known.insert(*by));
                    covered.sights.push(sight);
                }
                *state = State::Covered(covered);
            }
        }
        Ok(())
    }
}

impl<'m> Observer<'m> for Recorder<'_, 'm> {
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        match decision.rule {
            Some(rule) => self.see(rule, decision)?,
            None => self.log.ends.push(self.sight(decision)),
        }
        Ok(())
    }

    fn meets(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        let Some(rule) = decision.rule else { return Ok(()) };
        self.see(rule, decision)?;
        let compiled = self.host.rule(rule);
        // What a rule that changes packets does is told by what it takes.
        let is_changed = compiled.rule.changes_packet() || self.host.tells_mangled(compiled);
        if !is_changed && compiled.rule.verdict.value != Verdict::Return {
            self.log.met.push((rule, self.sight(decision)));
        }
        Ok(())
    }

    fn takes(&mut self, rule: RuleId, lane: usize, cube: &Cube) {
        let log = &mut self.log;
        let moment = Moment { lane: lane as u32, at: log.clock };
        log.clock += 1;
        if log.lanes.len() <= lane {
            log.lanes.resize_with(lane + 1, Vec::new);
        }
        log.lanes[lane].push(log.takes.len() as u32);
        log.cubes.push(cube.clone(), log.takes.len() as u32);
        log.takes.push(Take { rule, moment, given_back: u32::MAX });
    }

    fn gives_back(&mut self, lane: usize, number: usize) {
        let log = &mut self.log;
        let take = log.lanes.get(lane).and_then(|lane| lane.get(number));
        if let Some(take) = take.and_then(|&take| log.takes.get_mut(take as usize)) {
            take.given_back = log.clock;
            log.clock += 1;
        }
    }
}
