//! `shadowed-rule`: a rule that never decides anything, since others take all its packets before.

use super::{Context, deed, kept, mend};
use crate::eval::{RuleId, Shadowed};
use crate::finding::{Finding, Level};
use crate::model::{Effect, Remedy, Step, Verdict};

/// How many of those that come before are shown.
const MOST_SHOWN: usize = 5;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let shadowed = context.shadows().shadowed(&context.host);
    findings.extend(shadowed.iter().map(|shadowed| report(context, shadowed)));
}

fn report(context: &Context, shadowed: &Shadowed) -> Finding {
    let rule = context.host.rule(shadowed.rule).rule;
    let verdict = |id: &RuleId| &context.host.rule(*id).rule.verdict.value;
    let name = deed::name(&rule.verdict.value);
    let message = match &shadowed.by[..] {
        [_] if shadowed.repeats => format!("this {name} repeats an earlier rule"),
        [by] => {
            let by = deed::name(verdict(by));
            let article = if by.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
            format!("no packet reaches this {name}: {article} {by} before it takes them all")
        }
        by => format!("no packet reaches this {name}: {} rules before it take them all", by.len()),
    };
    // What programs write is not for people to mend.
    let chain = context.host.chain(shadowed.rule.chain);
    let is_kept = kept::rules_by(chain.table, &chain.chain.name).is_some();
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
        finding = finding.remedy(remedy(context, shadowed));
    }
    if level == Level::Warning {
        finding.note("Move it in front of the first rule that is shown, or delete it.")
    } else {
        finding
    }
}

/// A rule that was meant to decide goes in front of what takes its packets; one that changes nothing goes.
fn remedy(context: &Context, shadowed: &Shadowed) -> Option<Remedy> {
    let compiled = context.host.rule(shadowed.rule);
    if !shadowed.differs {
        return Some(mend::removal([compiled.rule]));
    }
    let first = shadowed.by.iter().find(|by| by.chain == shadowed.rule.chain)?;
    let before = context.host.rule(*first).rule.span;
    let cubes = compiled.packets.cubes().iter().map(mend::known);
    let effect = cubes.flat_map(|cube| mend::HOOKS.map(|hook| (hook, cube.clone()))).collect();
    Some(Remedy {
        title: "move the rule in front of what takes its packets".into(),
        steps: vec![Step::Move { rule: compiled.rule.span, before }],
        effect: Effect::Changes(effect),
        is_required: false,
    })
}
