//! `undefined-set`: a rule looks packets up in a set that is not there.

use std::collections::{BTreeMap, HashSet};

use super::{Context, kept, places};
use crate::finding::{Finding, Level};
use crate::model::{Match, RemarkKind};
use crate::source::Span;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    of_the_host(context, findings);
    of_tables(context, findings);
}

/// Sets of nft's tables: what a table lacks that is made anew, nothing else has made.
fn of_tables(context: &Context, findings: &mut Vec<Finding>) {
    if context.is_fragment() {
        return;
    }
    for sets in context.unit.ruleset.table_sets.iter().filter(|sets| sets.is_new) {
        let defined: HashSet<&str> = sets.declared.iter().map(|set| &*set.value).collect();
        let mut missing: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for name in sets.uses.iter().filter(|name| !defined.contains(&*name.set)) {
            missing.entry(&name.set).or_default().push(name.span);
        }
        findings.extend(missing.iter().map(|(name, spans)| {
            let message = format!("there is no set `{name}` in table `{}`", sets.table.name);
            let note = "The loader refuses the whole file.";
            let finding = Finding::new("undefined-set", Level::Warning, message).at(spans[0]).note(note);
            places::again(finding, &spans[1..], "here too", "places")
        }));
    }
}

/// Sets of the host, which ipset makes.
fn of_the_host(context: &Context, findings: &mut Vec<Finding>) {
    let ruleset = &context.unit.ruleset;
    // Without a file of sets, they are made elsewhere; lines that are not followed may make them.
    if !ruleset.has_sets || ruleset.remarks.iter().any(|remark| remark.kind == RemarkKind::NotFollowed) {
        return;
    }
    let defined: HashSet<&str> = ruleset.sets.iter().map(|set| &*set.name).collect();
    let mut missing: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (_, rule) in context.host.rules() {
        for part in &rule.rule.matches {
            if let Match::Lookup(lookup) = &part.value
                && !defined.contains(&*lookup.set)
            {
                missing.entry(&lookup.set).or_default().push(part.span);
            }
        }
    }
    findings.extend(missing.iter().map(|(name, spans)| {
        let (level, note) = match kept::by_name(name) {
            Some(program) => {
                (Level::Note, format!("This loads only where {program} has made the set before."))
            }
            None => {
                let note = "Unless something else has made the set, the loader refuses the whole table.";
                (Level::Warning, note.to_owned())
            }
        };
        let message = format!("there is no set `{name}` among the sets of this host");
        let finding = Finding::new("undefined-set", level, message).at(spans[0]).note(note);
        places::again(finding, &spans[1..], "here too", "places")
    }));
}
