//! `ipv6-unknown`: see rules/ipv6-unknown.md.

use super::{Context, mend, plan};
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::model::{Effect, Remedy, Step};
use crate::packet::Family;

const ID: &str = "ipv6-unknown";

/// Looks for it: rules that filter IPv4 and do not speak of IPv6.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let filters = |way| context.exposure(way, Family::V4).is_some();
    // Rules of a cloud that name no IPv6 are those of a network that has none.
    let is_cloud = context.unit.ruleset.is_perimeter();
    if is_cloud || context.speaks_for(Family::V6) || !filters(Way::In) && !filters(Way::Out) {
        return;
    }
    let remedy = context.unit.ruleset.tables.first().and_then(|table| {
        let steps = vec![Step::Beside { of: table.span, plan: Box::new(plan::twin(context)?) }];
        let closed = mend::HOOKS.map(|hook| (hook, mend::of(Family::V6)));
        let title = "write a file that denies over IPv6 what is denied over IPv4".into();
        Some(Remedy {
            title,
            steps,
            effect: Effect::Closes(closed.to_vec()),
            is_required: false,
            wider: None,
        })
    });
    let message = "nothing is said about IPv6: the rules are for IPv4 alone";
    findings.push(Finding::new(ID, Level::Note, message).remedy(remedy).note(
        "Where IPv6 is in use and no other file filters it, everything gets in and out over it. What ip6tables-save \
         prints tells more: keep it beside this file, as rules.v6.",
    ));
}
