//! `unused-set`: a set that no rule names.

use std::collections::HashSet;

use super::{Context, kept};
use crate::finding::{Finding, Level};
use crate::model::{Action, Elements, Match, RemarkKind, Ruleset, Verdict};
use crate::packet::Family;
use crate::source::Span;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let ruleset = &context.unit.ruleset;
    let is_unseen = |kind: RemarkKind| {
        matches!(kind, RemarkKind::NotFollowed | RemarkKind::Syntax | RemarkKind::UnknownMatch)
    };
    // What was not understood may name any set.
    if context.is_fragment() || ruleset.remarks.iter().any(|remark| is_unseen(remark.kind)) {
        return;
    }
    of_tables(ruleset, findings);
    of_the_host(context, findings);
}

/// Sets of nft's tables. One that a table had before the files may be named by rules that it had then.
fn of_tables(ruleset: &Ruleset, findings: &mut Vec<Finding>) {
    for sets in ruleset.table_sets.iter().filter(|sets| sets.is_new) {
        let used: HashSet<&str> = sets.uses.iter().map(|name| &*name.set).collect();
        let table = ruleset.tables.iter().find(|table| table.id() == sets.table);
        let is_kept = |name: &str| table.is_some_and(|table| kept::by(table, name).is_some());
        for set in sets.declared.iter().filter(|set| !used.contains(&*set.value) && !is_kept(&set.value)) {
            let message = format!("no rule of table `{}` names set `{}`", sets.table.name, set.value);
            findings.push(finding(message, set.span));
        }
    }
}

/// Sets of the host, where the rules of their family were given too.
fn of_the_host(context: &Context, findings: &mut Vec<Finding>) {
    let ruleset = &context.unit.ruleset;
    let mut used: HashSet<&str> = HashSet::new();
    let mut texts: Vec<&str> = Vec::new();
    for (_, rule) in context.host.rules() {
        for part in &rule.rule.matches {
            match &part.value {
                Match::Lookup(lookup) => drop(used.insert(&lookup.set)),
                Match::Atom(atom) => texts.push(&atom.text),
                _ => {}
            }
        }
        for action in &rule.rule.actions {
            if let Action::Fill { set, .. } = &action.value {
                used.insert(set);
            }
        }
        if let Verdict::Unknown(text) = &rule.rule.verdict.value {
            texts.push(text);
        }
    }
    for set in &ruleset.sets {
        if let Elements::Sets(names) = &set.elements {
            used.extend(names.iter().map(|(name, _)| &**name));
        }
    }
    used.extend(texts.iter().flat_map(|text| text.split([' ', '"', '\''])));
    // A variable may stand for any of them; a target that is not known may take one.
    let is_open = used.iter().any(|name| name.contains(['$', '`']));
    if is_open || texts.iter().any(|text| text.contains("SET")) {
        return;
    }
    for set in ruleset.sets.iter().filter(|set| !used.contains(&*set.name)) {
        let of = |family: Family| set.families.has(family);
        let has_rules =
            |family: Family| !of(family) || ruleset.tables.iter().any(|table| table.families.has(family));
        if Family::ALL.into_iter().all(has_rules) && kept::by_name(&set.name).is_none() {
            findings.push(finding(format!("no rule names set `{}`", set.name), set.span));
        }
    }
}

fn finding(message: String, span: Span) -> Finding {
    Finding::new("unused-set", Level::Note, message).at(span)
}
