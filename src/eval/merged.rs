//! Do rules that were put together mean what they did?

use std::ops::Range;

use crate::model::{Chain, Match, Policy, Rule, Ruleset, Table, Verdict};
use crate::packet::{PacketSet, TooManyPieces};

use super::compile::{CompiledRule, Host};

/// Does some packet surely fare otherwise in a chain of a table if these rules stand in the place of some of its
/// own? What hangs on conditions that only one side has is not decided, and no difference.
pub fn fare_otherwise(table: &Table, chain: &Chain, at: Range<usize>, rules: &[Rule]) -> bool {
    let Some(replaced) = chain.rules.get(at.clone()) else { return false };
    if atoms(replaced).is_none() || atoms(replaced) != atoms(rules) {
        return false;
    }
    let chains = vec![chain.clone(), Chain { base: None, rules: rules.to_vec(), ..chain.clone() }];
    let table = Table { chains, dormant: false, name: table.name.clone(), ..*table };
    let ruleset = Ruleset { tables: vec![table], ..Ruleset::default() };
    let host = Host::new(&ruleset);
    let [own, new] = &host.chains[..] else { return false };
    let [before, behind] = [&own.rules[..at.start], &own.rules[at.end..]];
    let is_changed = || -> Result<bool, TooManyPieces> {
        let any = PacketSet::any();
        let [one, other] = [&own.rules[at.clone()], &new.rules[..]];
        let changed = changed(&decided(&any, one.iter())?, &decided(&any, other.iter())?)?;
        if changed.is_empty() {
            return Ok(false);
        }
        // What is decided before, and what comes to the same behind, is no change.
        let whole = [one, other].map(|middle| {
            let mut all = decided(&changed, before.iter().chain(middle).chain(behind))?;
            let end = chain.base.as_ref().map(|base| match base.policy.value {
                Policy::Accept => &Verdict::Accept,
                Policy::Drop => &Verdict::Drop,
            });
            let end = end.unwrap_or(&Verdict::Return);
            let mut rest = changed.clone();
            for (verdict, packets) in &mut all {
                rest = rest.minus(packets)?;
                if **verdict == Verdict::Return {
                    *verdict = end;
                }
            }
            all.push((end, rest));
            Ok(all)
        });
        let [one, other] = whole;
        Ok(!self::changed(&one?, &other?)?.is_empty())
    };
    is_changed() == Ok(true)
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
    rules: impl Iterator<Item = &'r CompiledRule<'r>>,
) -> Result<Vec<Decided<'r>>, TooManyPieces> {
    let mut taken = PacketSet::none();
    let mut all = Vec::new();
    for compiled in rules.filter(|compiled| compiled.rule.verdict.value != Verdict::Continue) {
        let hit = compiled.packets.and(packets);
        if !hit.is_empty() {
            all.push((&compiled.rule.verdict.value, hit.minus(&taken)?));
            taken.add(hit);
        }
    }
    Ok(all)
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
