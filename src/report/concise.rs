//! One line for each finding, for editors and `grep`.

use std::io::{self, Write};

use super::escape::command_free;
use super::place::{Columns, shown};
use super::{Look, shorten};
use crate::finding::Report;
use crate::source::Sources;
use crate::web;

/// Writes the findings: `rules.v4:4:1: warning[shadowed-rule] this rule never matches`. On a terminal the name of the lint
/// leads to its page.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report, look: Look) -> io::Result<()> {
    for reported in &report.findings {
        let place = command_free(shown(sources, report, reported, Columns::Bytes));
        let finding = &reported.finding;
        let message = shorten(&finding.message);
        let lint = if look.has_links { link(finding.lint) } else { finding.lint.to_owned() };
        writeln!(to, "{place}: {}[{lint}] {message}", finding.level.name())?;
    }
    Ok(())
}

/// The name of a lint as a link: gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda.
fn link(lint: &str) -> String {
    format!("\x1b]8;;{}\x1b\\{lint}\x1b]8;;\x1b\\", web::page(lint))
}
