//! `nft-optimize-unsafe`: rules that `nft -o` puts together into one that means something else.

use super::{Context, places};
use crate::eval;
use crate::finding::{Finding, Level};
use crate::model::{Merge, Ruleset};
use crate::source::Span;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let ruleset = &context.unit.ruleset;
    for merge in ruleset.merges.iter().filter(|merge| changes_meaning(ruleset, merge)) {
        let [first, more @ ..] = &merge.rules[..] else { continue };
        let what = if more.len() == 1 { "the next" } else { "those behind it" };
        let message = format!("`nft -o` puts this rule and {what} into one that means something else");
        let finding = Finding::new("nft-optimize-unsafe", Level::Note, message).at(*first);
        findings.push(places::again(finding, more, "with this one", "rules").note(
            "Load the file without `-o`, or write these rules in an order or form in which nft does not merge them.",
        ));
    }
}

/// Does a merge change what becomes of some packet? Commands that follow may have changed the chain.
pub fn changes_meaning(ruleset: &Ruleset, merge: &Merge) -> bool {
    let table = ruleset.tables.iter().find(|table| table.id() == merge.table);
    let Some((table, chain)) = table.and_then(|table| Some((table, table.chain(&merge.chain)?))) else {
        return false;
    };
    let is_of = |span: Span| {
        let mut rules = merge.rules.iter();
        rules.any(|rule| rule.file == span.file && rule.start <= span.start && span.end <= rule.end)
    };
    let Some(first) = chain.rules.iter().position(|rule| is_of(rule.span)) else { return false };
    let count = chain.rules[first..].iter().take_while(|rule| is_of(rule.span)).count();
    eval::fare_otherwise(table, chain, first..first + count, &merge.after)
}
