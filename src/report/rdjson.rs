//! Reviewdog's diagnostic format: github.com/reviewdog/reviewdog, `proto/rdf/reviewdog.proto`. Columns
//! count bytes of UTF-8 from 1, ends are exclusive. Paths are those from the current folder: reviewdog puts in front of
//! them where that is in the repository (`pathutil/pathutil.go`).

use std::io::{self, Write};

use serde::Serialize;

use super::place::{Columns, Region, path, region};
use super::{ascii, shorten};
use crate::finding::{Level, Report, Reported, Unread};
use crate::source::Sources;
use crate::web;

/// Writes the findings, and what could not be read, as one object.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let findings = report.findings.iter().map(|reported| diagnostic(sources, report, reported));
    let diagnostics = findings.chain(report.unread.iter().map(|each| unread(report, each)));
    ascii::write(
        to,
        &Output {
            source: Source { name: "fwlint", url: web::REPOSITORY },
            diagnostics: diagnostics.collect(),
        },
    )
}

#[derive(Serialize)]
struct Output<'a> {
    source: Source<'a>,
    diagnostics: Vec<Diagnostic<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    name: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location,
    severity: &'a str,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'a>>,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
    /// The page of the lint.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

impl Range {
    fn new(region: Region) -> Self {
        let position = |(line, column)| Position { line, column };
        Range { start: position(region.start), end: position(region.end) }
    }
}

fn diagnostic<'a>(sources: &Sources, report: &Report, reported: &'a Reported) -> Diagnostic<'a> {
    let finding = &reported.finding;
    let fix = reported.fix.as_ref().map(|fix| format!("fix: {}", fix.summary()));
    let words = std::iter::once(&finding.message).chain(&finding.notes).chain(&fix);
    Diagnostic {
        message: words.map(|text| shorten(text)).collect::<Vec<_>>().join("\n"),
        location: Location {
            path: slashed(&path(sources, report, reported)),
            range: finding.span.map(|span| Range::new(region(sources, span, Columns::Bytes))),
        },
        severity: match finding.level {
            Level::Note => "INFO",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
        },
        code: Code { value: finding.lint, url: Some(web::page(finding.lint)) },
        suggestions: suggestion(sources, reported).into_iter().collect(),
    }
}

/// What could not be read, as a whole.
fn unread<'a>(report: &Report, unread: &Unread) -> Diagnostic<'a> {
    let known = report.units.first().and_then(|unit| unit.paths.first());
    let path = unread.path.as_ref().or(known).map_or(".", String::as_str);
    Diagnostic {
        message: [&unread.message, &unread.help].map(|text| shorten(text)).join("\n"),
        location: Location { path: slashed(path), range: None },
        severity: "ERROR",
        code: Code { value: Unread::CODE, url: None },
        suggestions: Vec::new(),
    }
}

/// The path as it is written on every system.
fn slashed(path: &str) -> String {
    path.replace(std::path::MAIN_SEPARATOR, "/")
}

/// The fix, if it is one change in the file of the finding: each suggestion is a way of its own.
fn suggestion<'a>(sources: &Sources, reported: &'a Reported) -> Option<Suggestion<'a>> {
    let fix = reported.fix.as_ref().filter(|fix| fix.new_files.is_empty() && fix.commands.is_empty())?;
    let [edit] = fix.edits.as_slice() else { return None };
    let is_here = reported.finding.span.is_some_and(|span| span.file == edit.span.file);
    is_here.then(|| Suggestion {
        range: Range::new(region(sources, edit.span, Columns::Bytes)),
        text: &edit.text,
    })
}
