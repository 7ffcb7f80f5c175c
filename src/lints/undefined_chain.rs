//! `undefined-chain`: a rule names a chain that is not there.

use std::collections::BTreeMap;

use super::{Context, kept, places};
use crate::eval::{CompiledChain, Next};
use crate::finding::{Finding, Level};
use crate::model::{RemarkKind, Table, Verdict};
use crate::source::Span;
use crate::tree;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let remarks = &context.unit.ruleset.remarks;
    if context.is_fragment() || remarks.iter().any(|remark| remark.kind == RemarkKind::NotFollowed) {
        return;
    }
    let chains = &context.host.chains;
    for chain in chains.iter().filter(|chain| !chain.chain.declared && is_whole(chain.table)) {
        let name = &chain.chain.name;
        let message = format!("rules are added to chain `{name}`, which nothing makes");
        findings.push(report(chain.table, name, message, &[chain.chain.span]));
    }
    // Jumps to one missing chain are one finding.
    let mut missing: BTreeMap<(Span, &str), (&Table, Vec<Span>)> = BTreeMap::new();
    let jumps = chains.iter().flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)));
    for (chain, rule) in jumps.filter(|(chain, _)| is_whole(chain.table)) {
        let (Verdict::Jump(name) | Verdict::Goto(name)) = &rule.rule.verdict.value else { continue };
        let span = rule.rule.verdict.span;
        match rule.next {
            Next::Nowhere => missing
                .entry((chain.table.span, name))
                .or_insert_with(|| (chain.table, Vec::new()))
                .1
                .push(span),
            Next::Jump(target) | Next::Goto(target) if is_built_in(context.host.chain(target)) => {
                let kind = if context.is_all_of_nft() { "base" } else { "built-in" };
                let message = format!("no rule can lead to `{name}`: only the kernel calls {kind} chains");
                findings.push(report(chain.table, name, message, &[span]));
            }
            _ => {}
        }
    }
    findings.extend(missing.iter().map(|((_, name), (table, spans))| {
        let finding =
            report(table, name, format!("there is no chain `{name}` in table `{}`", table.name), spans);
        match alike(table, name) {
            Some(right) => finding.note(format!("Perhaps `{right}` is meant.")),
            None => finding,
        }
    }));
}

/// Does the file make the table as a whole, so that a chain which it does not make is missing? A
/// script that only adds rules to built-in chains may rely on the chains of others.
fn is_whole(table: &Table) -> bool {
    table.chains.iter().any(|chain| match &chain.base {
        Some(base) => base.policy_is_written,
        None => chain.declared,
    })
}

fn is_built_in(chain: &CompiledChain<'_>) -> bool {
    chain.chain.base.is_some()
}

/// The chain of a table whose name a missing one most likely means.
fn alike<'t>(table: &'t Table, name: &str) -> Option<&'t str> {
    let names = table.chains.iter().filter(|chain| chain.base.is_none()).map(|chain| &*chain.name);
    let folded: Vec<(String, &str)> =
        names.map(|name| (name.to_lowercase().replace('_', "-"), name)).collect();
    let right = tree::nearest(name, folded.iter().map(|(folded, _)| folded.as_str()))?;
    folded.iter().find(|(folded, _)| folded == right).map(|(_, name)| *name)
}

fn report(table: &Table, name: &str, message: String, spans: &[Span]) -> Finding {
    let is_dump =
        table.chains.iter().filter_map(|chain| chain.base.as_ref()).all(|base| base.policy_is_written);
    let (level, note) = match kept::by_name(name) {
        Some(program) => (Level::Note, format!("This loads only where {program} has made the chain before.")),
        None if is_dump => {
            (Level::Error, "The loader refuses the whole table, and none of its rules are loaded.".into())
        }
        None => (Level::Warning, "Unless something else has made the chain, this rule is not loaded.".into()),
    };
    let finding = Finding::new("undefined-chain", level, message).note(note);
    match spans {
        [first, more @ ..] => places::again(finding.at(*first), more, "here too", "places"),
        [] => finding,
    }
}
