//! Tables and chains of the model.

use std::collections::HashMap;

use rayon::prelude::*;

use super::load::{self, LoadedChain, LoadedTable};
use super::merges::Merge;
use super::sets::Sets;
use super::values::wrong;
use super::{frames, merges, priority, rules, uses};
use crate::dialects::nft::ast::{Entry, Family, Hook, Rule};
use crate::model::{self, Base, ChainKind, Policy, Remark, TableId, TableSets};
use crate::source::{Span, Spanned};

/// A table of the model, with its sets, and what was noticed in it.
pub(super) struct Lowered {
    pub table: model::Table,
    pub sets: TableSets,
    pub merges: Vec<model::Merge>,
    pub remarks: Vec<Remark>,
}

/// Works a table out.
pub(super) fn table(mut table: LoadedTable<'_>) -> Lowered {
    let mut remarks = Vec::new();
    let loaded = std::mem::take(&mut table.chains);
    let sets = Sets::of(&table, &loaded);
    let mut chains = Vec::with_capacity(loaded.len());
    for chain in loaded {
        let (made, inner) = self::chain(table.family, &sets, chain, &mut remarks);
        chains.push(made);
        chains.extend(inner);
    }
    let id = load::id(table.family, &table.name);
    let merges = table.merges.iter().map(|it| merge(table.family, &id, &sets, it)).collect();
    let TableId { name, families, backend } = id;
    let sets = sets.finish(&table);
    let table = model::Table { name, families, chains, dormant: table.dormant, span: table.span, backend };
    Lowered { table, sets, merges, remarks }
}

/// Rules that nft may put together. What there is to say about them is said where they stand.
fn merge<'t>(family: Family, table: &TableId, sets: &Sets<'_, 't>, merge: &Merge<'t>) -> model::Merge {
    let Merge { chain, rules, after } = merge;
    let after = rules_of(family, sets, vec![Entry::Rule(after.clone())], &mut Vec::new(), &mut Vec::new());
    model::Merge { table: table.clone(), chain: chain.clone(), rules: rules.clone(), after }
}

/// A chain, and those that stand in braces in it.
fn chain<'t>(
    family: Family,
    sets: &Sets<'_, 't>,
    mut loaded: LoadedChain<'t>,
    remarks: &mut Vec<Remark>,
) -> (model::Chain, Vec<model::Chain>) {
    let mut in_front = std::mem::take(&mut loaded.chain.entries);
    let behind = in_front.split_off(loaded.in_front);
    let chain = &loaded.chain;
    let base = chain.hook.as_ref().and_then(|hook| base(family, &loaded, hook, remarks));
    let mut inner = Vec::new();
    let in_front = rules_of(family, sets, in_front, &mut inner, remarks);
    let behind = rules_of(family, sets, behind, &mut inner, remarks);
    let name = chain.name.value.as_ref().into();
    let mut made = plain(name, chain.span, behind);
    made.in_front = in_front.len();
    made.rules.splice(..0, in_front);
    made.base = base;
    if let Some(hook) = &chain.hook {
        frames::bind(family, hook, &mut made);
    }
    (made, inner)
}

fn plain(name: Box<str>, span: Span, rules: Vec<model::Rule>) -> model::Chain {
    model::Chain { name, span, declared: true, base: None, rules, in_front: 0 }
}

/// Works rules out. Each tree goes as soon as that is done: of a long chain there is never all of the trees and all of the
/// model at once.
fn rules_of<'t>(
    family: Family,
    sets: &Sets<'_, 't>,
    entries: Vec<Entry<'t>>,
    chains: &mut Vec<model::Chain>,
    remarks: &mut Vec<Remark>,
) -> Vec<model::Rule> {
    let done: usize = entries.iter().map(Entry::done).sum();
    let parts: Vec<Worked> = match entries.len() {
        few @ 0..MANY => {
            let is_done = matches!(entries.first(), Some(Entry::Done(_)));
            let rules = Vec::with_capacity(if is_done { 0 } else { done + few });
            let none = Worked { rules, ..Worked::default() };
            vec![entries.into_iter().fold(none, |worked, entry| worked.with(family, sets, entry))]
        }
        many => {
            let size = many / (PARTS * rayon::current_num_threads());
            let entries = entries.into_par_iter().with_min_len(size);
            entries.fold(Worked::default, |worked, entry| worked.with(family, sets, entry)).collect()
        }
    };
    let mut all = Vec::new();
    let mut inner = Vec::new();
    let count: usize = parts.iter().map(|part| part.rules.len()).sum();
    for mut part in parts {
        match part.rules.len() == count {
            true => all = part.rules,
            false => {
                all.reserve_exact(count - all.len());
                all.append(&mut part.rules);
            }
        }
        inner.append(&mut part.inner);
        remarks.append(&mut part.remarks);
    }
    for (name, rules, span) in inner {
        let rules = rules_of(family, sets, rules.into_iter().map(Entry::Rule).collect(), chains, remarks);
        chains.push(plain(name, span, rules));
    }
    all
}

/// From so many entries on they are worked out side by side, in about so many parts for each thread.
const MANY: usize = 4_096;
const PARTS: usize = 8;

/// Rules of the model, the chains that stand in braces in them (name, rules, place), and what was noticed.
#[derive(Default)]
struct Worked<'t> {
    rules: Vec<model::Rule>,
    inner: Vec<(Box<str>, Vec<Rule<'t>>, Span)>,
    remarks: Vec<Remark>,
}

impl<'t> Worked<'t> {
    /// Works what stands next out.
    fn with(mut self, family: Family, sets: &Sets<'_, 't>, entry: Entry<'t>) -> Self {
        match entry {
            Entry::Done(rules) if self.rules.is_empty() => self.rules = rules,
            Entry::Done(mut rules) => self.rules.append(&mut rules),
            Entry::Rule(rule) => {
                let built = rules::rule(family, sets, &rule, self.rules);
                let inner = built.chains.into_iter().map(|(name, rules, span)| (name, rules.to_vec(), span));
                self.inner.extend(inner);
                self.remarks.extend(built.remarks);
                self.rules = built.done;
            }
        }
        self
    }
}

/// Works a rule out that names nothing else in its table and means the same whoever has made it, if nobody looks at its tree
/// again.
pub fn at_once(family: Family, rule: &Rule<'_>) -> Option<model::Rule> {
    if merges::is_delicate(rule) || !uses::is_self_contained(rule) {
        return None;
    }
    let none = HashMap::new();
    let sets = Sets::none(&none);
    let built = rules::rule(family, &sets, rule, Vec::with_capacity(1));
    let is_whole = built.remarks.is_empty() && built.chains.is_empty() && !built.is_doubted;
    match <[model::Rule; 1]>::try_from(built.done) {
        Ok([one]) if is_whole => Some(one),
        _ => None,
    }
}

/// How the kernel calls a chain; `None` with a remark if it cannot be.
fn base(
    family: Family,
    loaded: &LoadedChain<'_>,
    hook: &Hook<'_>,
    remarks: &mut Vec<Remark>,
) -> Option<Base> {
    let chain = &loaded.chain;
    let kind = match &*hook.kind.value {
        "filter" => ChainKind::Filter,
        "nat" => ChainKind::Nat,
        "route" => ChainKind::Route,
        other => {
            remarks.push(wrong(
                hook.kind.span,
                format!("a chain is of type filter, nat or route, not `{other}`"),
            ));
            return None;
        }
    };
    let place = match (family, &*hook.hook.value) {
        (Family::Ip | Family::Ip6 | Family::Inet | Family::Bridge, "prerouting") => model::Hook::Prerouting,
        (Family::Ip | Family::Ip6 | Family::Inet | Family::Bridge | Family::Arp, "input") => {
            model::Hook::Input
        }
        (Family::Ip | Family::Ip6 | Family::Inet | Family::Bridge, "forward") => model::Hook::Forward,
        (Family::Ip | Family::Ip6 | Family::Inet | Family::Bridge | Family::Arp, "output") => {
            model::Hook::Output
        }
        (Family::Ip | Family::Ip6 | Family::Inet | Family::Bridge, "postrouting") => model::Hook::Postrouting,
        (Family::Netdev | Family::Inet, "ingress") => model::Hook::Ingress,
        (Family::Netdev, "egress") => model::Hook::Egress,
        _ => {
            let message = format!("family {} has no hook `{}`", family.name(), hook.hook.value);
            remarks.push(wrong(hook.hook.span, message));
            return None;
        }
    };
    let priority = match priority::number(family, &hook.priority.value) {
        Ok(number) => number,
        Err(name) => {
            let message = format!("family {} has no priority `{name}`", family.name());
            remarks.push(wrong(hook.priority.span, message));
            return None;
        }
    };
    let policy = match &chain.policy {
        Some(policy) if policy.value == "drop" => Spanned::new(Policy::Drop, policy.span),
        Some(policy) => Spanned::new(Policy::Accept, policy.span),
        None => Spanned::new(Policy::Accept, chain.span),
    };
    Some(Base {
        hook: place,
        priority,
        nft_priority: None,
        registered: loaded.registered,
        only_with: None,
        kind,
        policy,
        policy_is_written: chain.policy.is_some(),
    })
}
