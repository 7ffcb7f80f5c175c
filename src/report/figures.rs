//! How many of what.

use crate::finding::{Level, Report};

/// `1 error, 2 warnings, 0 notes`, of a whole report.
pub fn found(report: &Report) -> String {
    counted(|level| report.count(level))
}

/// The same, of whatever is counted.
pub fn counted(count: impl Fn(Level) -> usize) -> String {
    let levels = [Level::Error, Level::Warning, Level::Note];
    levels.map(|level| plural(count(level), level.name())).join(", ")
}

/// `1 rule`, `2 rules`.
pub fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
