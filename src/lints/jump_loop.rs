//! `jump-loop`: chains that call each other in a circle.

use super::Context;
use crate::eval::{Calls, RuleId};
use crate::finding::{Finding, Level};

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let host = &context.host;
    let calls = Calls::new(host);
    let name = |rule: &RuleId| &*host.chain(rule.chain).chain.name;
    for circle in calls.loops() {
        let [first, .., last] = &circle[..] else {
            let rule = &circle[0];
            let message = format!("chain `{}` calls itself", name(rule));
            findings.push(report(context, &calls, rule, message));
            continue;
        };
        let names: Vec<String> = circle.iter().map(|rule| format!("`{}`", name(rule))).collect();
        let message = format!("the chains {} call each other in a circle", names.join(", "));
        let mut finding = report(context, &calls, last, message);
        finding = finding.here(format!("leads back to `{}`", name(first)));
        for pair in circle.windows(2) {
            let call = host.rule(pair[0]).rule.verdict.span;
            finding = finding.label(call, format!("`{}` calls `{}`", name(&pair[0]), name(&pair[1])));
        }
        findings.push(finding);
    }
}

fn report(context: &Context, calls: &Calls, rule: &RuleId, message: String) -> Finding {
    let span = context.host.rule(*rule).rule.verdict.span;
    if calls.is_reached(rule.chain) {
        Finding::new("jump-loop", Level::Error, message)
            .at(span)
            .note("The kernel refuses the whole table, and none of its rules are loaded.")
    } else {
        Finding::new("jump-loop", Level::Warning, message)
            .at(span)
            .note("The kernel takes this only as long as no rule of a built-in chain leads there.")
    }
}
