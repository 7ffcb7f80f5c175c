//! `unrestricted-egress`: see rules/unrestricted-egress.md.

use super::{Context, exposure};
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "unrestricted-egress";

/// Looks for it: a policy, or a rule, that lets out what no rule named.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let (mut families, mut defaults) = (Vec::new(), Vec::new());
    for family in Family::ALL {
        let exposure = context.exposure(Way::Out, family);
        if let Some(default) = exposure.and_then(|exposure| exposure.default.as_ref()) {
            families.push(family);
            defaults.push(default);
        }
    }
    if defaults.is_empty() {
        return;
    }
    let is_sure = defaults.iter().any(|default| default.depends_on.is_empty());
    let over = exposure::over(context, &families);
    let message = format!("new connections get out{over} unless a rule drops them");
    let finding = Finding::new(ID, exposure::level(context, Level::Warning, is_sure), message);
    findings.push(exposure::at_defaults(finding, context, &defaults));
}
