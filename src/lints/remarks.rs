//! What the readers noticed, and what nobody saw: lints that only pass it on.

use super::{Context, places};
use crate::finding::{Finding, Label, Level};
use crate::model::{Remark, RemarkKind, Remedy, Step};

/// `syntax-error`: what the loader would refuse.
pub(super) fn syntax_error(context: &Context, findings: &mut Vec<Finding>) {
    pass_on(context, RemarkKind::Syntax, ("syntax-error", Level::Error), findings);
    pass_on(context, RemarkKind::Outdated, ("syntax-error", Level::Error), findings);
}

/// `unknown-match`: a match or target that fwlint does not know.
pub(super) fn unknown_match(context: &Context, findings: &mut Vec<Finding>) {
    pass_on(context, RemarkKind::UnknownMatch, ("unknown-match", Level::Note), findings);
}

/// `deprecated-match`: a match or option that is superseded.
pub(super) fn deprecated_match(context: &Context, findings: &mut Vec<Finding>) {
    pass_on(context, RemarkKind::Deprecated, ("deprecated-match", Level::Note), findings);
}

/// `not-followed`: a line of a script that may change the rules in a way that is not followed.
pub(super) fn not_followed(context: &Context, findings: &mut Vec<Finding>) {
    pass_on(context, RemarkKind::NotFollowed, ("not-followed", Level::Note), findings);
}

/// `unseen`: what could not be seen of a machine.
pub(super) fn unseen(context: &Context, findings: &mut Vec<Finding>) {
    pass_on(context, RemarkKind::UnseenRules, ("unseen", Level::Warning), findings);
    pass_on(context, RemarkKind::UnseenSettings, ("unseen", Level::Note), findings);
}

/// One finding for each message of a kind in each file: a mistake that is made a hundred times is
/// still one mistake. Errors stand alone, since each of them must be mended.
fn pass_on(
    context: &Context,
    kind: RemarkKind,
    (lint, level): (&'static str, Level),
    findings: &mut Vec<Finding>,
) {
    let mut groups: Vec<Vec<&Remark>> = Vec::new();
    let mut index = std::collections::HashMap::new();
    for remark in context.unit.ruleset.remarks.iter().filter(|remark| remark.kind == kind) {
        let key = (remark.span.file, &remark.message, &remark.notes);
        match index.get(&key) {
            Some(&at) if level < Level::Error => groups[at as usize].push(remark),
            _ => {
                index.insert(key, groups.len() as u32);
                groups.push(vec![remark]);
            }
        }
    }
    findings.extend(groups.iter().map(|group| {
        let (first, more) = (group[0], &group[1..]);
        let message = match kind {
            RemarkKind::UnseenRules => format!("rules that are in force were not seen: {}", first.message),
            RemarkKind::UnseenSettings => format!("not all was seen: {}", first.message),
            _ => first.message.clone(),
        };
        let mut finding = Finding::new(lint, level, message).at(first.span);
        if matches!(kind, RemarkKind::Deprecated | RemarkKind::Outdated) {
            let steps = group.iter().map(|remark| Step::Modernise(remark.span)).collect();
            finding = finding.remedy(Remedy::neutral("say it in today's words", steps));
        }
        finding.notes.extend(first.notes.iter().cloned());
        let more: Vec<_> = more.iter().map(|again| again.span).collect();
        places::again(finding, &more, Label::AGAIN, "places")
    }));
}
