//! Tables and chains of the model.

use super::load::{LoadedTable, families};
use super::sets::Sets;
use super::values::wrong;
use super::{priority, rules};
use crate::dialects::nft::ast::{Chain, Family, Hook, Rule};
use crate::model::{self, Base, ChainKind, Policy, Remark};
use crate::source::Spanned;

/// A table of the model, and what was noticed in it; `None` for one that sees no IP packets.
pub(super) fn table(table: LoadedTable<'_>, is_whole: bool) -> (Option<model::Table>, Vec<Remark>) {
    let mut remarks = Vec::new();
    let sets = Sets::of(&table);
    let mut chains = Vec::with_capacity(table.chains.len());
    for chain in &table.chains {
        let (made, inner) = self::chain(table.family, &sets, chain, &mut remarks);
        chains.push(made);
        chains.extend(inner);
    }
    let _ = is_whole;
    let made = model::Table {
        name: table.name.value.as_ref().into(),
        families: families(table.family),
        chains,
        dormant: table.dormant,
        span: table.span,
    };
    (Some(made), remarks)
}

/// A chain, and those that stand in braces in it.
fn chain<'t>(
    family: Family,
    sets: &Sets<'_, 't>,
    chain: &Chain<'t>,
    remarks: &mut Vec<Remark>,
) -> (model::Chain, Vec<model::Chain>) {
    let base = chain.hook.as_ref().and_then(|hook| base(family, chain, hook, remarks));
    let mut inner = Vec::new();
    let rules = rules_of(family, sets, &chain.rules, &mut inner, remarks);
    let name = chain.name.value.as_ref().into();
    (model::Chain { name, span: chain.span, declared: true, base, rules }, inner)
}

fn rules_of<'t>(
    family: Family,
    sets: &Sets<'_, 't>,
    rules: &[Rule<'t>],
    chains: &mut Vec<model::Chain>,
    remarks: &mut Vec<Remark>,
) -> Vec<model::Rule> {
    let mut all = Vec::with_capacity(rules.len());
    let mut inner = Vec::new();
    for rule in rules {
        let mut built = rules::rule(family, sets, rule);
        all.append(&mut built.done);
        inner.append(&mut built.chains);
        remarks.append(&mut built.remarks);
    }
    for (name, rules, span) in inner {
        let rules = rules_of(family, sets, rules, chains, remarks);
        chains.push(model::Chain { name, span, declared: true, base: None, rules });
    }
    all
}

/// How the kernel calls a chain; `None` with a remark if it cannot be.
fn base(family: Family, chain: &Chain<'_>, hook: &Hook<'_>, remarks: &mut Vec<Remark>) -> Option<Base> {
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
        (Family::Ip | Family::Ip6 | Family::Inet, name) => match name {
            "prerouting" => Some(model::Hook::Prerouting),
            "input" => Some(model::Hook::Input),
            "forward" => Some(model::Hook::Forward),
            "output" => Some(model::Hook::Output),
            "postrouting" => Some(model::Hook::Postrouting),
            _ => None,
        },
        _ => None,
    };
    let Some(place) = place else {
        let message = format!("family {} has no hook `{}`", family.name(), hook.hook.value);
        remarks.push(wrong(hook.hook.span, message));
        return None;
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
    Some(Base { hook: place, priority, kind, policy, policy_is_written: chain.policy.is_some() })
}
