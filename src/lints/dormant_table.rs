//! `dormant-table`: a table of nft that is switched off.

use super::Context;
use crate::finding::{Finding, Level};
use crate::model::{Chain, Policy};

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    for table in context.unit.ruleset.tables.iter().filter(|table| table.dormant) {
        let has_effect = |chain: &Chain| {
            chain
                .base
                .as_ref()
                .is_some_and(|base| !chain.rules.is_empty() || base.policy.value == Policy::Drop)
        };
        // One that would do nothing when awake is no loss.
        if !table.chains.iter().any(has_effect) {
            continue;
        }
        let count: usize = table.chains.iter().map(|chain| chain.rules.len()).sum();
        let rules = match count {
            0 => "its policies are".to_string(),
            1 => "its rule is".to_string(),
            count => format!("none of its {count} rules is"),
        };
        let negation = if count < 2 { " not" } else { "" };
        let message = format!("table `{}` is dormant: {rules}{negation} in force", table.name);
        findings.push(Finding::new("dormant-table", Level::Warning, message).at(table.span));
    }
}
