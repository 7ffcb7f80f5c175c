//! How often each lint struck.

use std::cmp::Reverse;
use std::io::{self, Write};

use super::Look;
use super::wrap::hang;
use crate::finding::{Level, Report};

/// Writes a line for each lint and level, the most frequent first.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, report: &Report, look: Look) -> io::Result<()> {
    let mut counts: Vec<(&str, Level, usize)> = Vec::new();
    for reported in &report.findings {
        let (lint, level) = (reported.finding.lint, reported.finding.level);
        match counts.iter_mut().find(|count| (count.0, count.1) == (lint, level)) {
            Some(count) => count.2 += 1,
            None => counts.push((lint, level, 1)),
        }
    }
    counts.sort_by_key(|(lint, level, count)| (Reverse(*count), Reverse(*level), *lint));
    let width = counts.iter().map(|count| count.0.len()).max().unwrap_or_default();
    for (lint, level, count) in counts {
        let info = report.lints.iter().find(|info| info.id == lint);
        let summary = info.map_or("", |info| info.summary.as_str());
        let head = format!("{count:6}  {:7}  {lint:width$}  ", level.name());
        writeln!(to, "{}", hang(&head, summary, look.width))?;
    }
    Ok(())
}
