//! Findings that say the same of several places are shown once.

use std::collections::HashMap;

use super::place::{self, Columns};
use super::shorten;
use crate::finding::{Finding, Fix, Label, Level, Report, Reported};
use crate::source::{Sources, Span};

/// How many further places of a group are shown with their lines.
const SHOWN: usize = 4;
/// How many more are named.
const NAMED: usize = 8;
/// How many fixes that do not do the same are shown.
const MOST_FIXES: usize = 5;

/// Findings that say the same, in the order of the first of each group. An error stands alone, since each
/// has to be mended, and so does what has places of its own that explain it.
pub fn groups(report: &Report) -> Vec<Vec<&Reported>> {
    let mut groups: Vec<Vec<&Reported>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for reported in &report.findings {
        let Finding { lint, level, message, in_common, notes, span, labels, .. } = &reported.finding;
        let may_join = (*level < Level::Error || span.is_none()) && labels.iter().all(Label::is_again);
        let key = (*lint, *level, in_common.unwrap_or(message), notes, span.is_some());
        match known.get(&key).filter(|_| may_join) {
            Some(&index) => groups[index].push(reported),
            None => {
                if may_join {
                    known.insert(key, groups.len());
                }
                groups.push(vec![reported]);
            }
        }
    }
    groups
}

/// What is wrong with all of a group.
pub fn message<'r>(group: &[&'r Reported]) -> &'r str {
    match group {
        [] => "",
        [only] => &only.finding.message,
        [first, ..] => first.finding.in_common.unwrap_or(&first.finding.message),
    }
}

/// The places of a group behind those of its first finding, and what is said there.
fn places<'r>(group: &[&'r Reported]) -> Vec<(Span, &'r str)> {
    let rest = group.get(1..).unwrap_or_default().iter();
    let of = |reported: &&'r Reported| {
        let finding = &reported.finding;
        let own = finding.span.map(|span| (span, finding.here.as_deref().unwrap_or(Label::AGAIN)));
        let others = finding.labels.iter().map(|label| (label.span, label.message.as_str()));
        own.into_iter().chain(others).collect::<Vec<_>>()
    };
    rest.flat_map(of).collect()
}

/// The further places of a group that are shown, and what is said there.
pub fn further<'r>(group: &[&'r Reported]) -> impl Iterator<Item = (Span, &'r str)> {
    places(group).into_iter().take(SHOWN)
}

/// A sentence about the places of a group that are not shown; none if all are, or if the only unit is
/// plain.
pub fn rest(sources: &Sources, report: &Report, group: &[&Reported]) -> Option<String> {
    if group.first()?.finding.span.is_none() {
        let unit = |reported: &&Reported| shorten(report.unit(reported).map_or("", |unit| &unit.name));
        let units: Vec<String> = group.iter().map(unit).collect();
        return (report.units.len() > 1).then(|| listed("in", &units));
    }
    let places = places(group);
    let rest = places.get(SHOWN..).filter(|rest| !rest.is_empty())?;
    let names: Vec<String> = rest.iter().map(|(span, _)| line(sources, *span)).collect();
    Some(listed("the same at", &names))
}

/// The fixes of a group: the first of those that do the same, and a sentence about where the others are.
pub fn fixes<'r>(sources: &Sources, group: &[&'r Reported]) -> Vec<(&'r Fix, Option<String>)> {
    let mut alike: Vec<(&Fix, String, Vec<String>)> = Vec::new();
    for reported in group {
        let Some(fix) = &reported.fix else { continue };
        let summary = fix.summary();
        match alike.iter_mut().find(|(_, known, _)| *known == summary) {
            Some((_, _, places)) => places.extend(reported.finding.span.map(|span| line(sources, span))),
            None => alike.push((fix, summary, Vec::new())),
        }
    }
    let sentence =
        |places: Vec<String>| (!places.is_empty()).then(|| listed("and in the same way what is at", &places));
    alike.into_iter().take(MOST_FIXES).map(|(fix, _, places)| (fix, sentence(places))).collect()
}

/// `rules.v4:3`.
fn line(sources: &Sources, span: Span) -> String {
    let line = place::region(sources, span, Columns::Bytes).start.0;
    format!("{}:{line}", shorten(&place::path_of(sources, span)))
}

/// `in a, b and 3 more`.
fn listed(words: &str, names: &[String]) -> String {
    let shown = &names[..names.len().min(NAMED)];
    let more = match names.len() - shown.len() {
        0 => String::new(),
        unnamed => format!(" and {unnamed} more"),
    };
    format!("{words} {}{more}", shown.join(", "))
}
