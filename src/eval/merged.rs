//! Do rules that were put together mean what they did?

use std::ops::Range;

use crate::model::{Chain, Match, Policy, Rule, Ruleset, Table, Verdict};
use crate::packet::set::BUDGET;
use crate::packet::{Cover, PacketSet, TooManyPieces};

use super::compile::{CompiledRule, Host};

/// Does some packet surely fare otherwise in a chain of a table if these rules stand in the place of some of its
/// own? What hangs on conditions that only one side has is not decided, and no difference.
pub fn fare_otherwise(table: &Table, chain: &Chain, at: Range<usize>, rules: &[Rule]) -> bool {
    let Some(replaced) = chain.rules.get(at.clone()) else { return false };
    // What is asked of what rules write is not compared.
    if chain.rules.iter().any(|rule| rule.mangles() || rule.rewrites()) {
        return false;
    }
    if atoms(replaced).is_none() || atoms(replaced) != atoms(rules) {
        return false;
    }
    // Most such rules mean what they did, and then nobody need look at the others.
    let of = |rules: &[Rule]| Chain { base: None, rules: rules.to_vec(), ..chain.clone() };
    let small = in_a_table(table, vec![of(replaced), of(rules)]);
    let host = Host::new(&small);
    let [one, other] = &host.chains[..] else { return false };
    let any = PacketSet::any();
    let changed = decided(&any, &one.rules)
        .and_then(|one| Ok((one, decided(&any, &other.rules)?)))
        .and_then(|(one, other)| changed(&one, &other));
    let Some(changed) = changed.ok().filter(|changed| !changed.is_empty()) else { return false };
    // The same chains come first, so that what is unknown has the same numbers.
    let others = [&chain.rules[..at.start], &chain.rules[at.end..]].concat();
    let whole = in_a_table(table, vec![of(replaced), of(rules), of(&others)]);
    let host = Host::new(&whole);
    let [one, other, others] = &host.chains[..] else { return false };
    let end = match chain.base.as_ref().map(|base| base.policy.value) {
        Some(Policy::Accept) => &Verdict::Accept,
        Some(Policy::Drop) => &Verdict::Drop,
        None => &Verdict::Return,
    };
    let (before, behind) = others.rules.split_at(at.start);
    Around { before, behind, end }.is_seen(&changed, &one.rules, &other.rules) == Ok(true)
}

/// Chains as the only ones of a table.
fn in_a_table(table: &Table, chains: Vec<Chain>) -> Ruleset {
    let table = Table { chains, dormant: false, name: table.name.clone(), ..*table };
    Ruleset { tables: vec![table], ..Ruleset::default() }
}

/// The rules around those that were put together.
struct Around<'r> {
    before: &'r [CompiledRule<'r>],
    behind: &'r [CompiledRule<'r>],
    /// What becomes of packets at the end of the chain.
    end: &'r Verdict,
}

impl<'r> Around<'r> {
    /// Does one of some packets fare otherwise in the chain with the one rules than with the others? What is decided
    /// before, and what comes to the same behind, is no difference.
    fn is_seen(
        &self,
        changed: &PacketSet,
        one: &'r [CompiledRule<'r>],
        other: &'r [CompiledRule<'r>],
    ) -> Result<bool, TooManyPieces> {
        let before = self.before.iter().filter(|rule| decides(rule)).flat_map(|rule| rule.packets.cubes());
        let before = PacketSet::from_cubes(
            before.filter(|cube| changed.cubes().iter().any(|it| it.overlaps(cube))).cloned(),
        );
        let asked = changed.minus(&before)?;
        let (one, other) = (self.fates(&asked, one)?, self.fates(&asked, other)?);
        for (verdict, packets) in &one {
            for (theirs, others) in &other {
                let both = packets.and(others);
                let is_seen = !both.is_empty()
                    && match (*verdict, *theirs) {
                        (Some(verdict), Some(theirs)) => verdict != theirs,
                        (None, Some(only)) | (Some(only), None) => self.is_otherwise_behind(&both, only)?,
                        (None, None) => false,
                    };
                if is_seen {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Which of some packets get which verdict of rules; `None` for those that they leave to what stands behind.
    fn fates(
        &self,
        packets: &PacketSet,
        rules: &'r [CompiledRule<'r>],
    ) -> Result<Vec<(Option<&'r Verdict>, PacketSet)>, TooManyPieces> {
        let decided = decided(packets, rules)?;
        let taken = PacketSet::from_cubes(decided.iter().flat_map(|(_, taken)| taken.cubes()).cloned());
        let left = (None, packets.minus(&taken)?);
        let decided = decided.into_iter().map(|(verdict, packets)| (Some(self.settled(verdict)), packets));
        Ok(decided.chain([left]).collect())
    }

    /// Does any of some packets get another verdict than this from the rules behind, or at the end?
    fn is_otherwise_behind(&self, packets: &PacketSet, verdict: &Verdict) -> Result<bool, TooManyPieces> {
        let mut taken = Cover::new();
        let escapes = |taken: &Cover, packets: &PacketSet| -> Result<bool, TooManyPieces> {
            for cube in packets.cubes() {
                if taken.escapes(cube, 0, BUDGET)?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        for rule in self.behind.iter().filter(|rule| decides(rule)) {
            let hit = rule.packets.and(packets);
            let is_other = self.settled(&rule.rule.verdict.value) != verdict;
            if is_other && escapes(&taken, &hit)? {
                return Ok(true);
            }
            for cube in hit.into_cubes() {
                taken.push(cube, 0);
            }
        }
        Ok(self.end != verdict && escapes(&taken, packets)?)
    }

    /// What a verdict comes to: a return leads to the end of the chain.
    fn settled<'v>(&self, verdict: &'v Verdict) -> &'v Verdict
    where
        'r: 'v,
    {
        if *verdict == Verdict::Return { self.end } else { verdict }
    }
}

/// What rules ask that the file does not tell; `None` if some of it is another question each time it is asked.
fn atoms(rules: &[Rule]) -> Option<Vec<&str>> {
    let mut texts = Vec::new();
    for part in rules.iter().flat_map(|rule| &rule.matches) {
        match &part.value {
            Match::Atom(atom) if !atom.is_pure() => return None,
            Match::Atom(atom) => texts.push(&*atom.text),
            _ => {}
        }
    }
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

/// A verdict, and the packets that get it.
type Decided<'v> = (&'v Verdict, PacketSet);

/// Which of some packets get which verdict of rules that stand one behind the other.
fn decided<'r>(
    packets: &PacketSet,
    rules: &'r [CompiledRule<'r>],
) -> Result<Vec<Decided<'r>>, TooManyPieces> {
    let mut taken = PacketSet::none();
    let mut all = Vec::new();
    for compiled in rules.iter().filter(|rule| decides(rule)) {
        let hit = compiled.packets.and(packets);
        if !hit.is_empty() {
            all.push((&compiled.rule.verdict.value, hit.minus(&taken)?));
            taken.add(hit);
        }
    }
    Ok(all)
}

fn decides(rule: &CompiledRule) -> bool {
    rule.rule.verdict.value != Verdict::Continue
}

/// The packets that get another verdict of one than of the other.
fn changed(one: &[Decided<'_>], other: &[Decided<'_>]) -> Result<PacketSet, TooManyPieces> {
    let mut changed = PacketSet::none();
    for (one, other) in [(one, other), (other, one)] {
        for (verdict, packets) in one {
            let mut same = PacketSet::none();
            other.iter().filter(|(other, _)| other == verdict).for_each(|(_, it)| same.add(it.clone()));
            changed.add(packets.minus(&same)?);
        }
    }
    Ok(changed)
}
