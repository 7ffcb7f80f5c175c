//! `ipv6-open`: see rules/ipv6-open.md.

use super::{Context, exposure, mend};
use crate::config::Policy;
use crate::eval::Way;
use crate::eval::exposure::{Exposure, Kind, Opening, are_all_of};
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "ipv6-open";

/// The protocol number of TCP.
const TCP: u128 = 6;

/// Looks for it: IPv4 denies what no rule names, IPv6 does not, or a rule lets all of TCP in over IPv6 alone.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(v4) = context.exposure(Way::In, Family::V4) else { return };
    let Some(v6) = context.exposure(Way::In, Family::V6) else { return };
    if v4.default.is_some() {
        return;
    }
    if let Some(default) = &v6.default {
        let message =
            "new connections get in over IPv6 unless a rule drops them, over IPv4 only if one lets them in";
        let finding = Finding::new(ID, level(context, default.depends_on.is_empty()), message);
        let finding = finding.remedy(mend::deny(context, &[Family::V6], &[default]));
        findings.push(exposure::at_defaults(finding, context, &[v6]));
    } else if let Some(opening) = all_of_tcp(v6)
        && all_of_tcp(v4).is_none()
    {
        let message =
            "connections over TCP get in over IPv6 to almost any port, over IPv4 only if a rule names them";
        let finding = Finding::new(ID, level(context, exposure::is_firm(context, opening)), message);
        let finding = exposure::place(finding, context.host.rule(opening.rule).rule.span, "lets them in");
        findings.push(exposure::depends_on(finding, context, &opening.depends_on));
    }
}

/// The rule that lets in TCP to all ports, from anywhere.
fn all_of_tcp(seen: &Exposure) -> Option<&Opening> {
    let mut inside = seen.openings.iter().filter(|opening| opening.kind == Kind::Inside);
    inside.find(|opening| are_all_of(&opening.packets, TCP, seen.family))
}

fn level(context: &Context, is_sure: bool) -> Level {
    match context.settings.policy.value {
        _ if !is_sure => Level::Note,
        Policy::Positive => Level::Error,
        Policy::Advisory => Level::Warning,
    }
}
