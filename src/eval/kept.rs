//! What one host has in common with another, number by number: then what became of flows on the one is what becomes
//! of them on the other.
//!
//! A packet of one family meets the chains of that family alone, and its answers, and what the kernel says about it,
//! are of the same. So a host that differs from another in chains of the other family only does the same with it.

use crate::packet::Family;

use super::compile::{BaseChain, CompiledChain, CompiledRule, Host};

/// The families over which two hosts have the same chains under the same numbers, called in the same order, at the same
/// places of the texts, with the same numbers for what is unknown.
pub fn families(old: &Host, new: &Host) -> Vec<Family> {
    let is_same_unknown = old.atoms.iter().zip(new.atoms.iter()).all(|(ours, theirs)| ours == theirs);
    if old.atoms.len() > new.atoms.len() || !is_same_unknown {
        return Vec::new();
    }
    let is_kept = |family: &Family| {
        let (ours, theirs) = (chains(old, *family), chains(new, *family));
        let (our_calls, their_calls) = (calls(old, *family), calls(new, *family));
        ours.len() == theirs.len()
            && our_calls.len() == their_calls.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(ours, theirs)| ours.0 == theirs.0 && is_same_chain(ours.1, theirs.1))
            && our_calls.iter().zip(&their_calls).all(|(ours, theirs)| is_same_call(ours, theirs))
    };
    Family::ALL.into_iter().filter(is_kept).collect()
}

/// The chains that packets of a family may meet, with their numbers.
fn chains<'h, 'm>(host: &'h Host<'m>, family: Family) -> Vec<(usize, &'h CompiledChain<'m>)> {
    host.chains.iter().enumerate().filter(|(_, chain)| chain.table.families.has(family)).collect()
}

/// The calls of base chains that packets of a family may meet, in their order.
fn calls<'m>(host: &Host<'m>, family: Family) -> Vec<BaseChain<'m>> {
    host.all_calls().filter(|base| base.families.has(family)).collect()
}

fn is_same_call(ours: &BaseChain, theirs: &BaseChain) -> bool {
    let called = |it: &BaseChain| {
        let base = it.base;
        (it.chain, it.priority, it.families, it.when, it.of_two, base.hook, base.kind, base.policy)
    };
    called(ours) == called(theirs)
}

fn is_same_chain(ours: &CompiledChain, theirs: &CompiledChain) -> bool {
    ours.chain.name == theirs.chain.name
        && ours.table.name == theirs.table.name
        && ours.table.families == theirs.table.families
        && ours.rules.len() == theirs.rules.len()
        && ours.rules.iter().zip(&theirs.rules).all(|(ours, theirs)| is_same_rule(ours, theirs))
}

fn is_same_rule(ours: &CompiledRule, theirs: &CompiledRule) -> bool {
    let (one, other) = (ours.rule, theirs.rule);
    one.span == other.span
        && one.verdict == other.verdict
        && one.actions == other.actions
        && ours.next == theirs.next
        && ours.choices == theirs.choices
        && ours.packets == theirs.packets
}
