//! `ssh-open-to-the-world`: see rules/ssh-open-to-the-world.md.

use super::{Context, exposure};
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Family, PacketSet};

const ID: &str = "ssh-open-to-the-world";

/// Looks for it: rules that together, or a policy behind them, let TCP in to port 22 from at least half of the internet.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let (mut families, mut spans, mut texts, mut unknowns) = (vec![], vec![], vec![], vec![]);
    let mut is_sure = false;
    for family in Family::ALL {
        let Some(seen) = context.exposure(Way::In, family) else { continue };
        let parts = exposure::ssh_from_the_world(context, family, seen);
        let mut all = PacketSet::none();
        for (opening, packets) in parts {
            let rule = context.host.rule(opening.rule).rule;
            spans.push((rule.place_of(Axis::Source), exposure::does(context, rule, "lets them in")));
            unknowns.extend(opening.depends_on.iter().copied());
            is_sure |= exposure::is_firm(context, opening);
            all.add(packets);
        }
        if let (Some(left), Some(default)) =
            (exposure::ssh_that_is_left(context, family, seen), &seen.default)
        {
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
        return;
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
    findings.push(exposure::depends_on(finding, context, &unknowns));
}
