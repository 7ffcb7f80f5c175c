//! A summary in Markdown, for a job's page or a comment.

use std::io::{self, Write};

use super::escape::markdown;
use super::figures;
use super::place::{Columns, shown};
use crate::finding::{Level, Report, Reported};
use crate::source::Sources;
use crate::web;

/// How many findings are shown: GitHub refuses summaries of more than a mebibyte.
const MOST: usize = 300;

/// Writes what was decided of each unit, then the findings, the worst first.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    writeln!(to, "## fwlint: {}\n", figures::found(report))?;
    if !report.unread.is_empty() {
        writeln!(to, "**This report is about a part of what it should be about:**\n")?;
        for unread in &report.unread {
            writeln!(to, "- ❌ {}. {}", markdown(&unread.message), markdown(&unread.help))?;
        }
        writeln!(to, "\nIt is about:\n")?;
    }
    for unit in &report.units {
        let verdict = markdown(&figures::verdict(unit));
        writeln!(to, "- **{}**: {verdict}", markdown(&unit.name))?;
    }
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n| | place | finding |\n|---|---|---|")?;
    let mut sorted: Vec<&Reported> = report.findings.iter().collect();
    sorted.sort_by_key(|reported| std::cmp::Reverse(reported.finding.level));
    for reported in sorted.iter().take(MOST) {
        row(to, sources, report, reported)?;
    }
    match sorted.len().saturating_sub(MOST) {
        0 => Ok(()),
        more => writeln!(to, "\n{more} more are not shown."),
    }
}

fn row(to: &mut dyn Write, sources: &Sources, report: &Report, reported: &Reported) -> io::Result<()> {
    let finding = &reported.finding;
    let sign = match finding.level {
        Level::Error => "❌ error",
        Level::Warning => "⚠️ warning",
        Level::Note => "ℹ️ note",
    };
    let lint = format!("[{}]({})", finding.lint, web::page(finding.lint));
    let place = markdown(&shown(sources, report, reported, Columns::Characters));
    let fix = reported.fix.as_ref().map(|fix| format!("fix: {}", fix.summary()));
    let notes: String =
        finding.notes.iter().chain(&fix).map(|note| format!("<br>{}", markdown(note))).collect();
    writeln!(to, "| {sign} | {place} | {lint}: {}{notes} |", markdown(&finding.message))
}
