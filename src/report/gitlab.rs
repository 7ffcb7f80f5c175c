//! GitLab's Code Quality report: docs.gitlab.com, "Code Quality", "Code Quality report format". What else is said of a
//! finding is where the format that it is a part of has it: github.com/codeclimate/platform, `spec/analyzers/SPEC.md`,
//! "Content".

use std::io::{self, Write};

use serde::Serialize;

use super::escape::markdown;
use super::place::{Columns, path_in_repository, region};
use super::{ascii, shorten};
use crate::finding::{Level, Report, Reported};
use crate::source::Sources;
use crate::web;

/// Writes the findings as one list.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let issues: Vec<Issue> =
        report.findings.iter().map(|reported| issue(sources, report, reported)).collect();
    ascii::write(to, &issues)
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// GitLab shows one of those that are the same, so each is unique.
    fingerprint: &'a str,
    severity: &'a str,
    location: Location,
    content: Content,
}

#[derive(Serialize)]
struct Content {
    /// Markdown: why, what to do, the page of the lint.
    body: String,
}

#[derive(Serialize)]
struct Location {
    /// Relative to the root of the repository.
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

fn issue<'a>(sources: &Sources, report: &Report, reported: &'a Reported) -> Issue<'a> {
    let finding = &reported.finding;
    let region = finding.span.map(|span| region(sources, span, Columns::Bytes));
    let fix = reported.fix.as_ref().map(|fix| format!("fix: {}", fix.summary()));
    let words = finding.notes.iter().chain(&fix).map(|text| markdown(text));
    let page = format!("[{}]({})", finding.lint, web::page(finding.lint));
    Issue {
        description: shorten(&finding.message),
        check_name: finding.lint,
        fingerprint: &reported.fingerprint,
        severity: match finding.level {
            Level::Note => "info",
            Level::Warning => "minor",
            Level::Error => "major",
        },
        location: Location {
            path: path_in_repository(sources, report, reported),
            lines: region.map_or(Lines { begin: 1, end: 1 }, |at| Lines { begin: at.start.0, end: at.end.0 }),
        },
        content: Content { body: words.chain([page]).collect::<Vec<_>>().join("\n\n") },
    }
}
