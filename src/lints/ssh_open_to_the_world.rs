//! `ssh-open-to-the-world`: see rules/ssh-open-to-the-world.md.

use super::{Context, exposure, ignores};
use crate::eval::Way;
use crate::eval::exposure::Opening;
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Family, PacketSet};
use crate::source::Span;

const ID: &str = "ssh-open-to-the-world";

/// Looks for it: rules that together, or a policy behind them, let TCP in to port 22 from at least half of the internet.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(is_ignored) = ignores::ignored(context, ID) else {
        return findings.extend(report(context, |_| true, true));
    };
    // What a comment says of one rule is not to hold for the others. What is told of those that it does hold for is
    // ignored, and shows that the comment has its use.
    findings.extend(report(context, |place| !is_ignored(place), true));
    findings.extend(report(context, is_ignored, false));
}

/// Tells of the rules at some places, and of the policy unless it is about some of the rules alone.
fn report(context: &Context, is_asked: impl Fn(Span) -> bool, is_rest: bool) -> Option<Finding> {
    let (mut families, mut spans, mut texts, mut unknowns) = (vec![], vec![], vec![], vec![]);
    let mut is_sure = false;
    for family in Family::ALL {
        let Some(seen) = context.exposure(Way::In, family) else { continue };
        let place = |opening: &Opening| context.host.rule(opening.rule).rule.place_of(Axis::Source);
        let mut parts = exposure::ssh_from_the_world(context, family, seen);
        parts.retain(|part| is_asked(place(part.0)));
        for (opening, packets) in &mut parts {
            *packets = exposure::ssh(context, family, opening, &opening.told);
        }
        let left = exposure::ssh_that_is_left(context, family, seen).filter(|_| is_rest);
        if is_rest && left.is_none() && !exposure::is_together_from_the_world(family, &parts) {
            continue;
        }
        let mut all = PacketSet::none();
        for (opening, packets) in parts {
            let rule = context.host.rule(opening.rule).rule;
            spans.push((place(opening), exposure::does(context, rule, "lets them in")));
            unknowns.extend(exposure::doubts(context, opening));
            is_sure |= exposure::is_firm(context, opening);
            all.add(packets);
        }
        if let (Some(left), Some(default)) = (left, &seen.default) {
            spans.push(exposure::accepted_by(context, default.chain, default.rule));
            unknowns.extend(default.depends_on.iter().copied());
            is_sure |= default.depends_on.is_empty();
            all.add(left);
        }
        if !all.is_empty() {
            families.push(family);
            let text = exposure::words::say(seen, &all);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    if spans.is_empty() {
        return None;
    }
    let over = exposure::over(context, &families);
    let is = if is_sure { "is" } else { "may be" };
    let message = format!("ssh {is} open to the world{over}: {}", texts.join("; "));
    let mut finding = Finding::new(ID, exposure::level(context, Level::Warning, is_sure), message);
    for (span, words) in spans {
        finding = exposure::place(finding, span, words);
    }
    unknowns.sort_unstable();
    unknowns.dedup();
    Some(exposure::depends_on(finding, context, &unknowns))
}
