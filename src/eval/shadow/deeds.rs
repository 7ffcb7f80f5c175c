//! What rules do to packets, as far as it matters which of two comes first.

use std::collections::HashSet;

use crate::eval::compile::{ChainId, CompiledRule, Host, Next, RuleId};
use crate::model::{Match, Nat, Policy, Verdict};

/// What becomes of a packet, roughly.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed<'m> {
    Accept,
    /// Dropped or rejected.
    Refuse,
    /// Back to the caller.
    Return,
    Translate(&'m Nat),
    /// Changed, and on its way.
    Change,
    /// A program decides, or something that is not known.
    Open,
}

/// Would some packet fare otherwise if it came to `rule` and not to `taker` first? A rule that only
/// counts or logs never makes a difference.
pub(super) fn differ(host: &Host<'_>, rule: RuleId, taker: RuleId) -> bool {
    let theirs = deed(host, taker, host.rule(taker));
    let mut mine = Vec::new();
    collect(host, rule, &mut mine, &mut HashSet::new());
    mine.iter().any(|deed| theirs != Some(*deed))
}

/// Does a rule only change packets, which then go on?
pub(super) fn is_change(host: &Host<'_>, rule: RuleId) -> bool {
    let compiled = host.rule(rule);
    !compiled.rule.actions.is_empty()
        && matches!(compiled.rule.verdict.value, Verdict::Continue | Verdict::Jump(_))
}

/// Does a match of the rule change with time, so that asking it matters to other packets?
pub(super) fn is_impure(rule: &CompiledRule<'_>) -> bool {
    rule.rule.matches.iter().any(|part| matches!(&part.value, Match::Atom(atom) if !atom.pure))
}

/// Do two rules of one chain say the same?
pub(super) fn is_same<'m>(host: &Host<'m>, a: RuleId, b: RuleId) -> bool {
    let (first, second) = (host.rule(a), host.rule(b));
    let actions = |rule: &CompiledRule<'m>| rule.rule.actions.iter().map(|action| &action.value);
    a.chain == b.chain
        && first.packets == second.packets
        && first.rule.verdict.value == second.rule.verdict.value
        && actions(first).eq(actions(second))
        && !is_impure(first)
}

/// What a rule itself does.
fn deed<'m>(host: &Host<'m>, id: RuleId, rule: &CompiledRule<'m>) -> Option<Deed<'m>> {
    Some(match &rule.rule.verdict.value {
        Verdict::Accept => Deed::Accept,
        Verdict::Drop | Verdict::Reject(_) => Deed::Refuse,
        Verdict::Return => match &host.chain(id.chain).chain.base {
            Some(base) if base.policy.value == Policy::Accept => Deed::Accept,
            Some(_) => Deed::Refuse,
            None => Deed::Return,
        },
        Verdict::Nat(nat) => Deed::Translate(nat),
        Verdict::Continue if rule.rule.actions.is_empty() => return None,
        Verdict::Continue => Deed::Change,
        Verdict::Goto(_) if rule.next != Next::Nowhere => Deed::Return,
        Verdict::Queue | Verdict::Unknown(_) | Verdict::Jump(_) | Verdict::Goto(_) => Deed::Open,
    })
}

/// What a rule and all that it calls do.
fn collect<'m>(host: &Host<'m>, id: RuleId, deeds: &mut Vec<Deed<'m>>, seen: &mut HashSet<ChainId>) {
    let rule = host.rule(id);
    let (Next::Jump(target) | Next::Goto(target)) = rule.next else {
        deeds.extend(deed(host, id, rule).filter(|deed| !deeds.contains(deed)));
        return;
    };
    if seen.insert(target) {
        for index in 0..host.chain(target).rules.len() as u32 {
            let inner = RuleId { chain: target, index };
            // Back from the chain that it calls, a packet goes on as if it had not been there.
            if host.rule(inner).rule.verdict.value != Verdict::Return {
                collect(host, inner, deeds, seen);
            }
        }
    }
}
