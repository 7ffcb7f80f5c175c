//! What rules do to packets, as far as it matters which of two comes first.

use std::collections::HashSet;

use crate::eval::compile::{ChainId, CompiledRule, Host, Next, RuleId};
use crate::model::{Match, Nat, Policy, Verdict};
use crate::source::Spanned;

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

/// Does it matter to other packets that one comes to a rule: does a match of it change with time, or note something, or
/// does it change the packet or a set?
pub(super) fn leaves_traces(rule: &CompiledRule<'_>) -> bool {
    let traces = |part: &Match| match part {
        Match::Atom(atom) => !atom.is_pure(),
        Match::Noted(_) => true,
        _ => false,
    };
    !rule.rule.actions.is_empty() || rule.rule.matches.iter().any(|part| traces(&part.value))
}

/// Does a rule note something of packets before it asks all that it asks, and so of some that it does not match?
pub(super) fn notes_more_than_it_matches(rule: &CompiledRule<'_>) -> bool {
    let notes = |part: &&Spanned<Match>| matches!(part.value, Match::Noted(_));
    // What changes with time is not a matter of which packet it is.
    let narrows = |part: &Spanned<Match>| match &part.value {
        Match::Atom(atom) => atom.is_pure(),
        Match::Noted(_) => false,
        _ => true,
    };
    rule.rule.matches.iter().skip_while(|part| !notes(part)).any(narrows)
}

/// Does a rule ask what changes with time?
fn is_open(rule: &CompiledRule<'_>) -> bool {
    rule.rule.matches.iter().any(|part| matches!(&part.value, Match::Atom(atom) if !atom.is_pure()))
}

/// Do two rules of one chain say the same?
pub(super) fn is_same<'m>(host: &Host<'m>, a: RuleId, b: RuleId) -> bool {
    let (first, second) = (host.rule(a), host.rule(b));
    let actions = |rule: &CompiledRule<'m>| rule.rule.actions.iter().map(|action| &action.value);
    let notes = |rule: &CompiledRule<'m>| {
        let parts = rule.rule.matches.iter().map(|part| &part.value);
        parts.filter_map(|part| if let Match::Noted(text) = part { Some(text) } else { None })
    };
    a.chain == b.chain
        && first.packets == second.packets
        && first.rule.verdict.value == second.rule.verdict.value
        && actions(first).eq(actions(second))
        && notes(first).eq(notes(second))
        && !is_open(first)
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
