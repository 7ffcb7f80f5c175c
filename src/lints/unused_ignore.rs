//! `unused-ignore`: does what the files say is to be ignored, and finds ignores that ignore nothing.

use super::ignores::{self, Ignore};
use super::{Context, LINTS};
use crate::finding::{Finding, Level};
use crate::source::Span;
use crate::tree::nearest;

const ID: &str = "unused-ignore";

/// Takes out the findings that are ignored, all those of other lints being there, and adds its own.
pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    let ignores = ignores::of(context.sources, &context.unit.files, &context.unit.ruleset);
    if ignores.is_empty() {
        return;
    }
    let mut used: Vec<Span> = Vec::new();
    findings.retain(|finding| {
        let names = ignores.iter().flat_map(|ignore| {
            let lints = ignore.lints.iter().flatten();
            lints.filter(|(lint, _)| lint == finding.lint).map(move |(_, span)| (ignore, *span))
        });
        let names: Vec<(&Ignore, Span)> = names.collect();
        let is_ignored =
            |place: &Span| names.iter().any(|(ignore, _)| ignore.covers(context.sources, *place));
        // A finding about several places stays while any of the others is not ignored, but an ignore at
        // one of those has its use.
        let places = || finding.span.iter().chain(&finding.alike);
        let labels = finding.labels.iter().map(|label| &label.span);
        let all: Vec<&Span> = places().chain(labels).collect();
        let covers = |ignore: &Ignore| all.iter().any(|place| ignore.covers(context.sources, **place));
        used.extend(names.iter().filter(|(ignore, _)| covers(ignore)).map(|(_, name)| *name));
        finding.span.is_none() || !places().all(is_ignored)
    });
    for ignore in &ignores {
        complain(context, ignore, &used, findings);
    }
}

fn complain(context: &Context, ignore: &Ignore, used: &[Span], findings: &mut Vec<Finding>) {
    let Some(lints) = &ignore.lints else {
        let finding = Finding::new(ID, Level::Warning, "this ignore names no lint").at(ignore.span);
        findings.push(finding.note("It is written `fwlint: ignore[LINT] why`."));
        return;
    };
    for (name, span) in lints {
        let Some(lint) = LINTS.iter().find(|lint| lint.id == name) else {
            let finding = Finding::new(ID, Level::Warning, format!("there is no lint `{name}`")).at(*span);
            findings.push(match nearest(name, LINTS.iter().map(|lint| lint.id)) {
                Some(right) => finding.note(format!("Did you mean `{right}`?")),
                None => finding.note("`fwlint explain` lists all lints."),
            });
            continue;
        };
        // What was not looked for cannot be missed.
        let is_looked_for = !(context.is_quick && lint.is_whole_ruleset);
        if is_looked_for && !used.contains(span) {
            let message = format!("there is no `{name}` here to ignore");
            findings.push(Finding::new(ID, Level::Warning, message).at(*span));
        }
    }
}
