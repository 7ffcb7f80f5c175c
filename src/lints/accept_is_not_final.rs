//! `accept-is-not-final`: what a rule of nft accepts, a later base chain of the same hook drops.

use super::{Context, deed, kept, places};
use crate::eval::{self, BaseChain, ChainId, RuleId, Undone};
use crate::finding::{Finding, Level};

/// How many of those that drop are shown.
const MOST_SHOWN: usize = 3;

/// The tables that iptables has, where everybody knows an ACCEPT to end its own table only.
const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// And their chains.
const CHAINS: [&str; 5] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    if context.unit.ruleset.is_perimeter() {
        return;
    }
    let counts = |first: &BaseChain<'_>, later: &BaseChain<'_>| {
        !is_of_iptables(context, first.chain) || !is_of_iptables(context, later.chain)
    };
    let undone = eval::undone(&context.host, &counts);
    // What a program accepts, it accepts for its own chains.
    let asked: Vec<Undone> =
        undone.into_iter().filter(|undone| kept::rule_by(context, undone.rule).is_none()).collect();
    let are_alike = |one: &Undone, other: &Undone| one.rule.chain == other.rule.chain && one.by == other.by;
    findings.extend(asked.chunk_by(are_alike).map(|group| report(context, group)));
}

fn is_of_iptables(context: &Context, chain: ChainId) -> bool {
    let compiled = context.host.chain(chain);
    TABLES.contains(&&*compiled.table.name) && CHAINS.contains(&&*compiled.chain.name)
}

/// A finding about rules that all come to nothing by the same.
fn report(context: &Context, group: &[Undone]) -> Finding {
    let host = &context.host;
    let span = |rule: RuleId| host.rule(rule).rule.span;
    let by = &group[0].by;
    let name = |chain: ChainId| {
        let compiled = host.chain(chain);
        format!("`{}` of table `{}`", compiled.chain.name, compiled.table.name)
    };
    let later =
        by.first().map_or_else(String::new, |(chain, _)| format!(": chain {} drops it", name(*chain)));
    let message = format!("what this rule accepts does not get through{later}");
    let mut finding = Finding::new("accept-is-not-final", Level::Note, message).at(span(group[0].rule));
    for (chain, rule) in by.iter().take(MOST_SHOWN) {
        finding = match rule {
            Some(rule) => finding.label(span(*rule), deed::deed(context, *rule)),
            None => {
                let compiled = host.chain(*chain).chain;
                let place = compiled.base.as_ref().map_or(compiled.span, |base| base.policy.span);
                finding.label(place, "the policy drops the rest")
            }
        };
    }
    let more: Vec<_> = group[1..].iter().map(|undone| span(undone.rule)).collect();
    let finding = places::again(finding, &more, "nor what this one accepts", "rules");
    finding.note(
        "An accept ends only its own base chain: the next one of the same hook decides anew. \
         Let that accept it as well, or put the rules into one chain.",
    )
}
