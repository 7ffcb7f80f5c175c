//! One line for each finding, for editors and `grep`.

use std::io::{self, Write};

use super::escape::command_free;
use super::place::{Columns, shown};
use super::shorten;
use crate::finding::Report;
use crate::source::Sources;

/// Writes the findings: `rules.v4:4:1: warning[shadowed-rule] this rule never matches`.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    for reported in &report.findings {
        let place = command_free(shown(sources, report, reported, Columns::Bytes));
        let finding = &reported.finding;
        let message = shorten(&finding.message);
        writeln!(to, "{place}: {}[{}] {message}", finding.level.name(), finding.lint)?;
    }
    Ok(())
}
