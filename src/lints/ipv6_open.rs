//! `ipv6-open`: see rules/ipv6-open.md.

use super::{Context, exposure, mend};
use crate::config::Policy;
use crate::eval::Way;
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "ipv6-open";

/// Looks for it: IPv4 denies what no rule names, IPv6 does not.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(v4) = context.exposure(Way::In, Family::V4) else { return };
    let Some(default) = context.exposure(Way::In, Family::V6).and_then(|v6| v6.default.as_ref()) else {
        return;
    };
    if v4.default.is_some() {
        return;
    }
    let level = match context.settings.policy.value {
        _ if !default.depends_on.is_empty() => Level::Note,
        Policy::Positive => Level::Error,
        Policy::Advisory => Level::Warning,
    };
    let message =
        "new connections get in over IPv6 unless a rule drops them, over IPv4 only if one lets them in";
    let finding = Finding::new(ID, level, message).remedy(mend::deny(context, &[Family::V6], &[default]));
    findings.push(exposure::at_defaults(finding, context, &[default]));
}
