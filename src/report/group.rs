//! Findings that say the same of several places are shown once.

use std::collections::HashMap;

use super::place::{self, Columns};
use super::shorten;
use crate::finding::{Finding, Level, Report, Reported};
use crate::source::{Sources, Span};

/// How many further places of a group are shown with their lines.
const SHOWN: usize = 4;
/// How many more are named.
const NAMED: usize = 8;

/// Findings that say the same, in the order of the first of each group. An error stands alone, since each
/// has to be mended, and so does what has places of its own that explain it.
pub fn groups(report: &Report) -> Vec<Vec<&Reported>> {
    let mut groups: Vec<Vec<&Reported>> = Vec::new();
    let mut known: HashMap<_, usize> = HashMap::new();
    for reported in &report.findings {
        let Finding { lint, level, message, notes, span, labels, .. } = &reported.finding;
        let may_join = (*level < Level::Error || span.is_none()) && labels.is_empty();
        let key = (*lint, *level, message, notes, span.is_some());
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

/// The further places of a group that are shown, and what is said there.
pub fn further<'r>(group: &[&'r Reported]) -> impl Iterator<Item = (Span, &'r str)> {
    let rest = group.get(1..).unwrap_or_default().iter().take(SHOWN);
    let place = |reported: &&'r Reported| {
        let finding = &reported.finding;
        Some((finding.span?, finding.here.as_deref().unwrap_or("here too")))
    };
    rest.filter_map(place).collect::<Vec<_>>().into_iter()
}

/// A sentence about the members of a group that are not shown; none if all are, or if the only unit is
/// plain.
pub fn rest(sources: &Sources, report: &Report, group: &[&Reported]) -> Option<String> {
    let has_place = group.first()?.finding.span.is_some();
    let (start, words) = match (has_place, report.units.len()) {
        (false, 0 | 1) => return None,
        (false, _) => (0, "in "),
        (true, _) => (1 + SHOWN, "the same at "),
    };
    let rest = group.get(start..).filter(|rest| !rest.is_empty())?;
    let name = |reported: &&Reported| match reported.finding.span {
        None => shorten(report.unit(reported).map_or("", |unit| &unit.name)),
        Some(span) => {
            let line = place::region(sources, span, Columns::Bytes).start.0;
            format!("{}:{line}", shorten(&place::path_of(sources, span)))
        }
    };
    let names: Vec<String> = rest.iter().take(NAMED).map(name).collect();
    let names = names.join(", ");
    let unnamed = rest.len().saturating_sub(NAMED);
    Some(if unnamed == 0 { format!("{words}{names}") } else { format!("{words}{names} and {unnamed} more") })
}
