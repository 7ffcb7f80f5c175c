//! `unrestricted-egress`: see rules/unrestricted-egress.md.

use super::{Context, exposure};
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "unrestricted-egress";

/// Looks for it: a policy, or a rule, that lets out what no rule named.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let (mut families, mut defaults, mut exposures) = (Vec::new(), Vec::new(), Vec::new());
    for family in Family::ALL {
        let Some(exposure) = context.exposure(Way::Out, family) else { continue };
        if let Some(default) = &exposure.default {
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
    let message = format!("new connections get out{over} unless a rule drops them");
    let finding = Finding::new(ID, exposure::level(context, Level::Warning, is_sure), message);
    findings.push(exposure::at_defaults(finding, context, &exposures));
}
