//! Which findings get a proven fix: the worst first, as many as there is time for.

use std::cmp::Reverse;
use std::collections::HashMap;

use rayon::prelude::*;

use super::others::Others;
use crate::commands::input::{Input, Loaded};
use crate::finding::{Finding, Fix};
use crate::fix::{Proof, Unproven};
use crate::lints::Context;
use crate::model::Placed;

/// How many proofs a run makes unless it is told otherwise.
pub const MOST_PROOFS: usize = 20;

/// How many rules a run looks at again for proofs unless it is told otherwise: a proof costs as much as all that
/// was found out before.
const MOST_RULES: usize = 40_000;

/// What proofs a run has left.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    proofs: usize,
    rules: usize,
}

impl Budget {
    /// As many proofs as were asked for; if nothing was said, as many as take little time.
    pub fn new(asked: Option<usize>) -> Self {
        Budget {
            proofs: asked.unwrap_or(MOST_PROOFS),
            rules: if asked.is_some() { usize::MAX } else { MOST_RULES },
        }
    }

    /// What each of so many units may use: at least one proof, if there is any.
    pub fn share(self, units: usize) -> Self {
        let units = units.max(1);
        Budget { proofs: self.proofs.div_ceil(units), rules: self.rules.div_ceil(units) }
    }

    /// None at all.
    pub fn none() -> Self {
        Budget { proofs: 0, rules: 0 }
    }

    /// Takes a proof over so many rules out, if one is left; otherwise the reason.
    fn take(&mut self, rules: usize) -> Result<(), Unproven> {
        let left = self.rules.checked_sub(rules).zip(self.proofs.checked_sub(1));
        let Some((rules, proofs)) = left else {
            return Err(Unproven::NotWorkedOut);
        };
        (self.rules, self.proofs) = (rules, proofs);
        Ok(())
    }
}

/// Proves what would mend findings, which are told by their places in the list of all: why there is no fix where
/// there is none. What is said of others leaves its places to them.
pub fn prove(
    input: &Input,
    loaded: &Loaded,
    others: &Others,
    context: &Context,
    findings: &[Finding],
    shown: &[(usize, crate::finding::Level)],
    budget: &mut Budget,
) -> HashMap<usize, Result<Fix, Unproven>> {
    let proof = Proof {
        context,
        dialects: &input.dialects,
        cloud: loaded.cloud,
        includes: &loaded.includes,
        beside: &[],
    };
    let rules = context.host.rules().count();
    let mut worst: Vec<_> = shown.iter().filter(|(at, _)| findings[*at].remedy.is_some()).collect();
    worst.sort_by_key(|(at, level)| (Reverse(*level), *at));
    let tried: Vec<_> = worst.iter().map(|(at, _)| (*at, budget.take(rules))).collect();
    let prove = |(at, allowed): (usize, Result<(), Unproven>)| {
        let made = allowed.and_then(|()| {
            // Only what proposes something was chosen.
            proof.prove(findings, &findings[at]).unwrap_or(Err(Unproven::NotWritable))
        });
        (at, made)
    };
    // Each looks at the host again. If that might cost more than may be, it must not be left to chance which of
    // them comes too late.
    let mut made: HashMap<_, _> = match context.host.spent.allows(tried.len()) {
        true => tried.into_par_iter().map(prove).collect(),
        false => tried.into_iter().map(prove).collect(),
    };
    let order = worst.iter().map(|(at, _)| *at);
    beside_each_other(&proof, findings, order, others, &mut made);
    made
}

/// Lets the commands for all findings be run one after another: those that would take a number which the commands for one
/// before take, too, or those for one of another unit that shares the list, are worked out again with others.
fn beside_each_other(
    proof: &Proof,
    findings: &[Finding],
    order: impl Iterator<Item = usize>,
    others: &Others,
    made: &mut HashMap<usize, Result<Fix, Unproven>>,
) {
    let mut own: Vec<Placed> = Vec::new();
    for at in order {
        let Some(Ok(first)) = made.get(&at) else { continue };
        let again = |beside: &[Placed]| Proof { beside, ..*proof }.prove(findings, &findings[at])?.ok();
        let is_apart = |fix: &Fix| !fix.placed.iter().any(|new| own.iter().any(|other| new.hangs_on(other)));
        let fix = if is_apart(first) { Some(first.clone()) } else { again(&own) };
        let fix = fix.and_then(|fix| {
            if others.leave(&fix) { Some(fix) } else { beside(proof, fix, &own, others, again) }
        });
        if let Some(fix) = &fix {
            own.extend(fix.placed.iter().cloned());
        }
        made.insert(at, fix.ok_or(Unproven::Beside));
    }
}

/// A fix that takes no place of what is said of other units, if there is one. What it has in common with that stays, where
/// the rest finds places beside it.
fn beside(
    proof: &Proof,
    fix: Fix,
    own: &[Placed],
    others: &Others,
    again: impl Fn(&[Placed]) -> Option<Fix>,
) -> Option<Fix> {
    let all = |but: &[String]| [own, &others.beside(&proof.context.unit.ruleset, but)].concat();
    let said = others.said(&fix);
    let sharing = Some(&said).filter(|said| !said.is_empty()).and_then(|said| again(&all(said)));
    let sharing = sharing.filter(|fix| said.iter().all(|command| fix.commands.contains(command)));
    let is_apart = |fix: &Fix| others.leave_place(fix);
    sharing.filter(is_apart).or_else(|| again(&all(&[])).filter(is_apart))
}
