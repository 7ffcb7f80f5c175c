//! `undefined-set`: a rule looks packets up in a set that is not there.

use std::collections::{BTreeMap, HashSet};

use super::{Context, kept, places};
use crate::finding::{Finding, Level};
use crate::model::{Match, RemarkKind};
use crate::source::Span;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let ruleset = &context.unit.ruleset;
    // Without a file of sets, they are made elsewhere; lines that are not followed may make them.
    if !ruleset.has_sets || ruleset.remarks.iter().any(|remark| remark.kind == RemarkKind::NotFollowed) {
        return;
    }
    let defined: HashSet<&str> = ruleset.sets.iter().map(|set| &*set.name).collect();
    let mut missing: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (_, rule) in context.host.rules() {
        for part in &rule.rule.matches {
            if let Match::Lookup { set, .. } = &part.value
                && !defined.contains(&**set)
            {
                missing.entry(set).or_default().push(part.span);
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
