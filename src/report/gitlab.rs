//! GitLab's Code Quality report: docs.gitlab.com, "Code Quality", "Code Quality report format". What else is said of a
//! finding is where the format that it is a part of has it: github.com/codeclimate/platform, `spec/analyzers/SPEC.md`,
//! "Content".

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::markdown;
use super::place::{Columns, path_in_repository, path_of_unread, region};
use super::{ascii, shorten};
use crate::finding::{Level, Report, Reported, Unread};
use crate::source::Sources;
use crate::web;

/// Writes the findings, and what could not be read, as one list.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let findings = report.findings.iter().map(|reported| issue(sources, report, reported));
    let unread = report.unread.iter().map(|each| unread(sources, report, each));
    ascii::write(to, &findings.chain(unread).collect::<Vec<Issue>>())
}

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// GitLab shows one of those that are the same, so each is unique.
    fingerprint: Cow<'a, str>,
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
        fingerprint: Cow::Borrowed(&reported.fingerprint),
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

/// What could not be read, on the first line of it.
fn unread<'a>(sources: &Sources, report: &Report, unread: &Unread) -> Issue<'a> {
    Issue {
        description: shorten(&unread.message),
        check_name: Unread::CODE,
        fingerprint: Cow::Owned(unread.fingerprint()),
        severity: "major",
        location: Location {
            path: path_of_unread(sources, report, unread),
            lines: Lines { begin: 1, end: 1 },
        },
        content: Content { body: markdown(&unread.help) },
    }
}
