//! `unused-chain`: a chain that no packet can ever come to.

use super::{Context, kept};
use crate::eval::{Calls, ChainId};
use crate::finding::{Finding, Level};
use crate::model::{RemarkKind, Verdict};

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    if context.is_fragment() || may_be_called_unseen(context) {
        return;
    }
    let host = &context.host;
    let calls = Calls::new(host);
    for (number, chain) in (0..).zip(&host.chains) {
        let id = ChainId(number);
        let name = &chain.chain.name;
        let is_judged = chain.chain.declared && !chain.table.dormant && kept::by(chain.table, name).is_none();
        if !is_judged || calls.is_reached(id) {
            continue;
        }
        let mut finding =
            Finding::new("unused-chain", Level::Note, format!("no rule leads to chain `{name}`"))
                .in_common("no rule leads to these chains");
        let callers = calls.callers(id).iter().filter(|caller| caller.chain != id);
        if let Some(caller) = callers.clone().next() {
            let from = &host.chain(caller.chain).chain.name;
            finding.message = format!("no rule leads to chain `{name}` but from chains that are unused too");
            let why = format!("`{from}` calls it, but nothing leads to `{from}`");
            finding = finding.label(host.rule(*caller).rule.verdict.span, why);
        }
        findings.push(finding.at(chain.chain.span));
    }
}

/// Could there be calls that the file does not show: a target that hangs on a variable, or lines of
/// a script that are not followed?
fn may_be_called_unseen(context: &Context) -> bool {
    let is_open = |verdict: &Verdict| matches!(verdict, Verdict::Unknown(name) if name.contains('$'));
    context.unit.ruleset.remarks.iter().any(|remark| remark.kind == RemarkKind::NotFollowed)
        || context.host.rules().any(|(_, rule)| is_open(&rule.rule.verdict.value))
}
