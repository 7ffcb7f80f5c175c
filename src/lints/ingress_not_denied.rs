//! `ingress-not-denied`: see rules/ingress-not-denied.md.

use super::{Context, exposure, mend};
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "ingress-not-denied";

/// Looks for it: a policy, or a rule, that lets in what no rule named.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let (mut families, mut defaults, mut exposures) = (Vec::new(), Vec::new(), Vec::new());
    for family in Family::ALL {
        let Some(exposure) = context.exposure(Way::In, family) else { continue };
        let Some(default) = &exposure.default else { continue };
        // Open IPv6 beside closed IPv4 is a finding of its own: ipv6-open.
        let is_beside_closed = family == Family::V6 && super::ipv6_open::is_beside_closed(context);
        if !is_beside_closed {
            families.push(family);
            defaults.push(default);
            exposures.push(exposure);
        }
    }
    if defaults.is_empty() {
        return;
    }
    let is_sure = defaults.iter().any(|default| default.depends_on.is_empty());
    let over = exposure::over(context, &families);
    let message = format!("new connections get in{over} unless a rule drops them");
    let finding = Finding::new(ID, exposure::level(context, Level::Error, is_sure), message);
    // To close IPv4 would leave IPv6 open beside it, of which another finding speaks.
    let is_alone = !super::ipv6_open::is_beside_closed(context);
    let finding = finding.remedy(mend::deny(context, &families, &defaults).filter(|_| is_alone));
    findings.push(exposure::at_defaults(finding, context, &exposures));
}
