//! `redundant-rule`: a rule without which every packet fares the same.

use super::{Context, deed, kept, mend, places};
use crate::eval::{ChainId, CompiledRule, Redundant, RuleId};
use crate::finding::{Finding, Level};
use crate::model::{Policy, Verdict};
use crate::packet::Axis;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let host = &context.host;
    let mut redundant = context.shadows().redundant(host, |rule| is_asked(context, rule));
    // What only the policies make needless is told chain by chain, not rule by rule.
    let by_policy = |it: &Redundant| it.rules.is_empty() && it.policies.len() == 1;
    redundant.sort_by_key(|it| (it.rule.chain, !by_policy(it), it.rule.index));
    let alike = |a: &Redundant, b: &Redundant| {
        a.rule.chain == b.rule.chain
            && by_policy(a)
            && by_policy(b)
            && a.policies == b.policies
            && host.rule(a.rule).rule.verdict.value == host.rule(b.rule).rule.verdict.value
    };
    for group in redundant.chunk_by(alike) {
        findings.push(report(context, group));
    }
}

/// Is a rule there for its own sake, not for good style or for a program's?
fn is_asked(context: &Context, rule: RuleId) -> bool {
    let chain = context.host.chain(rule.chain);
    let compiled = context.host.rule(rule);
    // Whoever denies the rest of each family does so in two rules.
    let is_for_all = |rule: &CompiledRule| {
        rule.packets.cubes().iter().all(|cube| cube.sides().iter().all(|side| side.0 == Axis::Family))
    };
    let is_last = chain.rules.iter().skip(rule.index as usize + 1).all(is_for_all);
    let is_final_default = is_last && is_for_all(compiled);
    !is_final_default && kept::rules_by(chain.table, &chain.chain.name).is_none()
}

fn report(context: &Context, group: &[Redundant]) -> Finding {
    let host = &context.host;
    let (first, more) = (&group[0], &group[1..]);
    let rule = host.rule(first.rule).rule;
    let does = match rule.verdict.value {
        Verdict::Accept => "accepts",
        Verdict::Drop => "drops",
        _ => "rejects",
    };
    let rules: Vec<RuleId> = group.iter().map(|each| each.rule).collect();
    let repeats = repeats(context, &rules);
    let these = match (group.len(), repeats.len()) {
        (1, 0) => "this rule changes".to_owned(),
        (1, 1) => "this rule and its repeat change".to_owned(),
        (1, more) => format!("this rule and its {more} repeats change"),
        (all, 0) => format!("these {all} rules change"),
        (all, 1) => format!("these {all} rules and a repeat of one change"),
        (all, more) => format!("these {all} rules and {more} repeats of them change"),
    };
    let taker = match (&first.rules[..], &first.policies[..]) {
        ([], [base]) => format!("the policy of `{}`", host.chain(*base).chain.name),
        ([_], []) => "a later rule".to_owned(),
        _ => "what comes later".to_owned(),
    };
    let message = format!("{these} nothing: {taker} {does} the same packets");
    // What an accepting policy makes needless names what it is to let through once it drops.
    let accepts = |base: &ChainId| {
        let base = host.chain(*base).chain.base.as_ref();
        base.is_some_and(|base| base.policy.value == Policy::Accept)
    };
    let remedy = if first.policies.iter().any(accepts) {
        None
    } else {
        mend::removal(context, &[&rules[..], &repeats].concat())
    };
    let mut finding = Finding::new("redundant-rule", Level::Note, message).at(rule.span).remedy(remedy);
    for other in &first.rules {
        finding = finding.label(host.rule(*other).rule.span, deed::deed(context, *other));
    }
    for base in first.policies.iter().filter_map(|chain| host.chain(*chain).chain.base.as_ref()) {
        let does = if base.policy.value == Policy::Accept { "accepts" } else { "drops" };
        finding = finding.label(base.policy.span, format!("{does} what no rule decides"));
    }
    for repeat in repeats.iter().take(places::MOST_SHOWN) {
        finding = finding.label(host.rule(*repeat).rule.span, "the same rule once more");
    }
    finding = places::and_more(finding, repeats.len().saturating_sub(places::MOST_SHOWN), "repeats");
    let more: Vec<_> = more.iter().map(|again| host.rule(again.rule).rule.span).collect();
    places::again(finding, &more, "nor does this one", "rules")
}

/// The rules that repeat these: once a rule is gone its repeat is as needless as it was.
fn repeats(context: &Context, rules: &[RuleId]) -> Vec<RuleId> {
    let repeats = context.shadows().shadowed(&context.host).into_iter().filter(|other| other.repeats);
    repeats.filter(|other| other.by.iter().any(|by| rules.contains(by))).map(|repeat| repeat.rule).collect()
}
