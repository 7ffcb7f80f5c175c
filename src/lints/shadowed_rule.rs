//! `shadowed-rule`: a rule that never decides anything, since others take all its packets before.

use super::{Context, deed, kept, mend, places};
use crate::eval::{RuleId, Shadowed};
use crate::finding::{Finding, Level};
use crate::model::{Effect, Remedy, Step, Verdict};

/// How many of those that come before are shown.
const MOST_SHOWN: usize = 5;

/// From how many rules on that the same rules shadow they are one finding.
const MANY: usize = 6;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let shadowed = context.shadows().shadowed(&context.host);
    let asked: Vec<&Shadowed> = shadowed.iter().filter(|shadowed| is_asked(context, shadowed)).collect();
    let are_alike = |a: &&Shadowed, b: &&Shadowed| {
        let verdict = |it: &Shadowed| &context.host.rule(it.rule).rule.verdict.value;
        a.rule.chain == b.rule.chain
            && verdict(a) == verdict(b)
            && (&a.by, a.differs, a.repeats) == (&b.by, b.differs, b.repeats)
    };
    for group in asked.chunk_by(are_alike) {
        if group.len() < MANY {
            findings.extend(group.iter().map(|shadowed| report(context, shadowed, &[])));
        } else {
            findings.push(report(context, group[0], &group[1..]));
        }
    }
}

/// Is it for people to mend? What a program writes is not, unless people took its packets away in a place
/// that is not made for that, from rules that are not made for that either.
fn is_asked(context: &Context, shadowed: &Shadowed) -> bool {
    let is_of_another = context.host.rule(shadowed.rule).rule.is_of_another();
    if is_of_another || returns_at_the_end(context, shadowed.rule) {
        return false;
    }
    if kept::rule_by(context, shadowed.rule).is_none() {
        return true;
    }
    let is_by_people = |by: &RuleId| {
        kept::rule_by(context, *by).is_none()
            && !kept::is_for_people(&context.host.chain(by.chain).chain.name)
    };
    let is_default = kept::is_default(context, shadowed.rule);
    !is_default && shadowed.differs && shadowed.by.first().is_some_and(is_by_people)
}

/// Does a rule say what happens at the end of its chain anyway? Docker closes DOCKER-USER with such a RETURN.
fn returns_at_the_end(context: &Context, id: RuleId) -> bool {
    let rule = context.host.rule(id).rule;
    let is_last = id.index as usize + 1 == context.host.chain(id.chain).rules.len();
    is_last && rule.verdict.value == Verdict::Return && rule.matches.is_empty() && rule.actions.is_empty()
}

/// A finding about a rule, and about more that are shadowed by the same.
fn report(context: &Context, shadowed: &Shadowed, more: &[&Shadowed]) -> Finding {
    let rule = context.host.rule(shadowed.rule).rule;
    let verdict = |id: &RuleId| &context.host.rule(*id).rule.verdict.value;
    let name = deed::name(context, rule);
    let these = match more.len() {
        0 => format!("this {name}"),
        more => format!("these {} rules", more + 1),
    };
    let message = match &shadowed.by[..] {
        [_] if shadowed.repeats && more.is_empty() => format!("this {name} repeats an earlier rule"),
        [_] if shadowed.repeats => format!("{these} repeat an earlier rule"),
        [by] => {
            let by = deed::name(context, context.host.rule(*by).rule);
            let article = if by.starts_with(['A', 'a']) { "an" } else { "a" };
            format!("no packet reaches {these}: {article} {by} before takes them all")
        }
        by => format!("no packet reaches {these}: {} rules before take them all", by.len()),
    };
    let is_kept = kept::rule_by(context, shadowed.rule).is_some();
    let level = if shadowed.differs && !is_kept { Level::Warning } else { Level::Note };
    let mut finding = Finding::new("shadowed-rule", level, message).at(rule.span);
    for by in shadowed.by.iter().take(MOST_SHOWN) {
        let why = match verdict(by) {
            _ if shadowed.repeats => "the same rule".into(),
            Verdict::Continue => deed::deed(context, *by),
            _ => format!("{} first", deed::deed(context, *by)),
        };
        finding = finding.label(context.host.rule(*by).rule.span, why);
    }
    if shadowed.by.len() > MOST_SHOWN {
        finding = finding.note(format!("{} more rules take the rest.", shadowed.by.len() - MOST_SHOWN));
    }
    if !is_kept {
        let all: Vec<&Shadowed> = std::iter::once(shadowed).chain(more.iter().copied()).collect();
        finding = finding.remedy(remedy(context, &all));
    }
    let more: Vec<_> = more.iter().map(|more| context.host.rule(more.rule).rule.span).collect();
    finding = places::again(finding, &more, "nor this one", "rules");
    match (level, more.is_empty()) {
        (Level::Warning, true) => finding.note("Move it in front of what takes its packets, or delete it."),
        (Level::Warning, false) => {
            finding.note("Move them in front of what takes their packets, or delete them.")
        }
        _ => finding,
    }
}

/// Rules that were meant to decide go in front of what takes their packets; those that change nothing go.
fn remedy(context: &Context, all: &[&Shadowed]) -> Option<Remedy> {
    let first = all.first()?;
    let rules = || all.iter().map(|shadowed| context.host.rule(shadowed.rule));
    let ids: Vec<RuleId> = all.iter().map(|shadowed| shadowed.rule).collect();
    if !first.differs {
        return mend::removal(context, &ids);
    }
    if !mend::stand_alone(context, &ids) {
        return None;
    }
    let taker = first.by.iter().find(|by| by.chain == first.rule.chain)?;
    let before = context.host.rule(*taker).rule.span;
    let cubes = rules().flat_map(|compiled| compiled.packets.cubes()).map(mend::known);
    let effect = cubes.flat_map(|cube| mend::HOOKS.map(|hook| (hook, cube.clone()))).collect();
    let title = if all.len() == 1 {
        "move the rule in front of what takes its packets"
    } else {
        "move the rules in front of what takes their packets"
    };
    Some(Remedy {
        title: title.into(),
        steps: rules().map(|compiled| Step::Move { rule: compiled.rule.span, before }).collect(),
        effect: Effect::Changes(effect),
        is_required: false,
        wider: None,
    })
}
