//! Rules that change nothing: what they do to their packets would be done anyway.

use super::log::{Log, Moment, State};
use super::{Removed, Shadows, deeds, escapes, is_gone};
use crate::eval::compile::{ChainId, Host, RuleId};
use crate::model::{Policy, Verdict};
use crate::packet::{Cube, TooManyPieces};

/// How many of those that do the same anyway are named.
const MOST_NAMED: usize = 3;

/// A rule without which every packet fares the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundant {
    /// The rule.
    pub rule: RuleId,
    /// Some of the rules behind it that do the same to its packets.
    pub rules: Vec<RuleId>,
    /// The base chains whose policies do.
    pub policies: Vec<ChainId>,
}

impl<'m> Shadows<'m> {
    /// The rules for which the question is asked and without which every packet fares the same, in
    /// the order of the host. Each of them can go alone, and all of them can go at once, together with
    /// the shadowed ones: each is judged with all other rules in place, and without the shadowed ones
    /// and those that were found before it, the last rules first.
    ///
    /// Only rules that accept, drop or reject are looked at. A rule that keeps packets from one which
    /// logs, counts, marks or measures them (`limit`, `recent`) does change something. Nothing is said where a rule notes
    /// packets that it does not match: who they are is not told apart here.
    pub fn redundant(&self, host: &Host<'m>, mut is_asked: impl FnMut(RuleId) -> bool) -> Vec<Redundant> {
        if host.rules().any(|(_, rule)| deeds::notes_more_than_it_matches(rule)) {
            return Vec::new();
        }
        let covered = self.judged(host).filter(|(_, state)| matches!(state, State::Covered(_)));
        let mut removed: Removed = covered.map(|(rule, _)| rule).collect();
        let mut places: Vec<(RuleId, usize, usize)> = Vec::new();
        for (number, log) in self.logs.iter().enumerate() {
            places.extend(log.takes.iter().enumerate().map(|(at, take)| (take.rule, number, at)));
        }
        places.sort_unstable();
        let mut found = Vec::new();
        for places in places.chunk_by(|a, b| a.0 == b.0).rev() {
            let rule = places[0].0;
            if !self.may_be_redundant(host, rule) || removed.contains(&rule) || !is_asked(rule) {
                continue;
            }
            let takes = || places.iter().map(|&(_, log, at)| (log, at));
            let is_needless = |without: &Removed| {
                takes().all(|(log, at)| self.is_done_anyway(host, log, at, without) == Ok(true))
            };
            if is_needless(&removed) && is_needless(&Removed::new()) {
                let mut redundant = Redundant { rule, rules: Vec::new(), policies: Vec::new() };
                takes().for_each(|(log, at)| self.name_others(host, log, at, &removed, &mut redundant));
                removed.insert(rule);
                found.push(redundant);
            }
        }
        found.reverse();
        found
    }

    fn may_be_redundant(&self, host: &Host<'m>, id: RuleId) -> bool {
        let rule = host.rule(id);
        matches!(rule.rule.verdict.value, Verdict::Accept | Verdict::Drop | Verdict::Reject(_))
            && !deeds::leaves_traces(rule)
            && self.calls.is_reached(id.chain)
            && !self.is_undecided[id.chain.0 as usize]
    }

    /// Would the packets of a take fare the same without its rule?
    fn is_done_anyway(
        &self,
        host: &Host<'m>,
        log: usize,
        at: usize,
        removed: &Removed,
    ) -> Result<bool, TooManyPieces> {
        let Some(base) = self.bases[log] else { return Ok(false) };
        let log = &self.logs[log];
        let take = &log.takes[at];
        let overlapping = log.overlapping(log.cube(at));
        let verdict = &host.rule(take.rule).rule.verdict.value;
        let gets = |cube: &Cube, moment| gets_some(log, at, &overlapping, cube, moment, removed);
        // From the end of the chain: there it is decided most often that a rule is needed.
        let is_same = base.base.policy_is_written
            && match base.base.policy.value {
                Policy::Accept => *verdict == Verdict::Accept,
                Policy::Drop => *verdict == Verdict::Drop,
            };
        for end in log.ends.iter().filter(|_| !is_same) {
            for cube in end.hit.cubes() {
                if gets(cube, end.moment)? {
                    return Ok(false);
                }
            }
        }
        for &number in overlapping.iter().rev().filter(|&&number| number as usize > at) {
            let other = &log.takes[number as usize];
            if other.rule == take.rule {
                continue;
            }
            let rule = host.rule(other.rule);
            let is_same = match rule.rule.verdict.value {
                // What such a rule sends back, others were noted not to take; and what a shadowed goto
                // leads to was noted as well. What would be without it is not told apart here.
                Verdict::Return | Verdict::Goto(_) => {
                    !deeds::leaves_traces(rule) && !removed.contains(&other.rule)
                }
                _ if removed.contains(&other.rule) => continue,
                ref other => other == verdict,
            };
            if (!is_same || deeds::leaves_traces(rule)) && gets(log.cube(number as usize), other.moment)? {
                return Ok(false);
            }
        }
        for (rule, sight) in &log.met {
            let is_harmless = match host.rule(*rule).rule.verdict.value {
                // What stands in the chain of a shadowed jump is not told apart here.
                Verdict::Jump(_) | Verdict::Goto(_) => {
                    !removed.contains(rule) && !deeds::leaves_traces(host.rule(*rule))
                }
                _ => removed.contains(rule),
            };
            if is_harmless || sight.moment.at <= take.moment.at {
                continue;
            }
            for cube in sight.hit.cubes() {
                if gets(cube, sight.moment)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Names those that get the packets of a take if its rule goes.
    fn name_others(
        &self,
        host: &Host<'m>,
        log: usize,
        at: usize,
        removed: &Removed,
        redundant: &mut Redundant,
    ) {
        let base = self.bases[log];
        let log = &self.logs[log];
        let take = &log.takes[at];
        let overlapping = log.overlapping(log.cube(at));
        let gets =
            |cube: &Cube, moment| gets_some(log, at, &overlapping, cube, moment, removed).unwrap_or_default();
        for &number in overlapping.iter().filter(|&&number| number as usize > at) {
            let other = &log.takes[number as usize];
            let decides =
                matches!(host.rule(other.rule).rule.verdict.value, Verdict::Return | Verdict::Goto(_));
            let is_new = other.rule != take.rule && !redundant.rules.contains(&other.rule);
            if !decides
                && is_new
                && !removed.contains(&other.rule)
                && gets(log.cube(number as usize), other.moment)
            {
                redundant.rules.push(other.rule);
                if redundant.rules.len() >= MOST_NAMED {
                    return;
                }
            }
        }
        let policy = base.map(|base| base.chain).filter(|policy| !redundant.policies.contains(policy));
        let mut ends =
            log.ends.iter().flat_map(|end| end.hit.cubes().iter().map(move |cube| (cube, end.moment)));
        if let Some(policy) = policy
            && ends.any(|(cube, moment)| gets(cube, moment))
        {
            redundant.policies.push(policy);
        }
    }
}

/// Do packets of a take come to a later place if its rule goes? The numbers are those of all takes
/// that overlap it.
fn gets_some(
    log: &Log,
    take: usize,
    overlapping: &[u32],
    cube: &Cube,
    moment: Moment,
    removed: &Removed,
) -> Result<bool, TooManyPieces> {
    let Some(both) = log.cube(take).and(cube) else { return Ok(false) };
    let take = &log.takes[take];
    if moment.lane != take.moment.lane {
        return Ok(false);
    }
    let gone = overlapping.iter().copied().filter(|&number| {
        let other = log.takes[number as usize].rule;
        other != take.rule && !removed.contains(&other) && is_gone(log, number, &[take.moment, moment])
    });
    Ok(escapes(log, &both, gone)?.is_some())
}
