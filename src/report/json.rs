//! A report as one JSON object, for programs.

mod probes;

use std::io::{self, Write};

use serde::Serialize;

use super::ascii;
use crate::finding::{Level, Report, Reported};
use crate::source::{Position, Sources, Span};
use crate::web;

/// Writes the report.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let output = Output {
        version: env!("CARGO_PKG_VERSION"),
        units: report.units.iter().map(|each| unit(sources, each)).collect(),
        findings: report.findings.iter().map(|each| finding(sources, report, each)).collect(),
        unread: report.unread.iter().map(unread).collect(),
    };
    ascii::write(to, &output)
}

/// Writes each finding as an object on a line of its own, then what could not be read.
///
/// # Errors
/// When the stream cannot be written.
pub fn write_lines(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    report.findings.iter().try_for_each(|each| ascii::write(to, &finding(sources, report, each)))?;
    report.unread.iter().try_for_each(|each| ascii::write(to, &Missing { unread: unread(each) }))
}

#[derive(Serialize)]
struct Output<'a> {
    version: &'a str,
    units: Vec<Unit<'a>>,
    findings: Vec<Finding<'a>>,
    unread: Vec<Unread<'a>>,
}

/// A line that is no finding.
#[derive(Serialize)]
struct Missing<'a> {
    unread: Unread<'a>,
}

/// What could not be read.
#[derive(Serialize)]
struct Unread<'a> {
    path: Option<&'a str>,
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct Unit<'a> {
    name: &'a str,
    paths: &'a [String],
    verdicts: serde_json::Map<String, serde_json::Value>,
    assumptions: &'a [String],
    chains: usize,
    rules: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probes: Vec<probes::Probe<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    lint: &'a str,
    level: Level,
    message: &'a str,
    unit: &'a str,
    path: Option<String>,
    start: Option<Place>,
    end: Option<Place>,
    /// What is said at the place itself.
    here: Option<&'a str>,
    labels: Vec<Label<'a>>,
    notes: &'a [String],
    fingerprint: &'a str,
    /// The page of the lint.
    url: String,
    /// The proven fix.
    fix: Option<Fix<'a>>,
    /// Why there is none although something would mend it.
    unfixed: Option<&'a str>,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safe: bool,
    opens: &'a [String],
    closes: &'a [String],
    changes: &'a [String],
    edits: Vec<Edit<'a>>,
    new_files: Vec<NewFile<'a>>,
    commands: &'a [String],
    wider: Option<&'a str>,
}

#[derive(Serialize)]
struct Edit<'a> {
    path: String,
    start: Place,
    end: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct NewFile<'a> {
    path: String,
    text: &'a str,
}

#[derive(Serialize)]
struct Label<'a> {
    path: String,
    start: Place,
    end: Place,
    message: &'a str,
}

/// Line and column from 1, the column and the offset in bytes.
#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
    offset: u32,
}

fn unit<'a>(sources: &Sources, unit: &'a crate::finding::UnitReport) -> Unit<'a> {
    let verdicts =
        unit.verdicts.iter().map(|(what, verdict)| (what.clone(), verdict.clone().into())).collect();
    let (name, paths, assumptions) = (&unit.name, &unit.paths, &unit.assumptions);
    let probes = unit.probes.iter().map(|probe| probes::Probe::of(sources, probe)).collect();
    Unit { name, paths, verdicts, assumptions, chains: unit.chains, rules: unit.rules, probes }
}

fn unread(unread: &crate::finding::Unread) -> Unread<'_> {
    Unread { path: unread.path.as_deref(), message: &unread.message, help: &unread.help }
}

fn finding<'a>(sources: &Sources, report: &'a Report, reported: &'a Reported) -> Finding<'a> {
    let finding = &reported.finding;
    let label = |label: &'a crate::finding::Label| Label {
        path: path(sources, label.span),
        start: start(sources, label.span),
        end: end(sources, label.span),
        message: &label.message,
    };
    Finding {
        lint: finding.lint,
        level: finding.level,
        message: &finding.message,
        unit: report.unit(reported).map_or("", |unit| &unit.name),
        path: finding.span.map(|span| path(sources, span)),
        start: finding.span.map(|span| start(sources, span)),
        end: finding.span.map(|span| end(sources, span)),
        here: finding.here.as_deref(),
        labels: finding.labels.iter().map(label).collect(),
        notes: &finding.notes,
        fingerprint: &reported.fingerprint,
        url: web::page(finding.lint),
        fix: reported.fix.as_ref().map(|made| fix(sources, made)),
        unfixed: reported.unfixed.as_deref(),
    }
}

fn fix<'a>(sources: &Sources, fix: &'a crate::finding::Fix) -> Fix<'a> {
    let edit = |edit: &'a crate::finding::Edit| Edit {
        path: path(sources, edit.span),
        start: start(sources, edit.span),
        end: end(sources, edit.span),
        text: &edit.text,
    };
    let new_file = |file: &'a crate::finding::NewFile| NewFile {
        path: file.path.to_string_lossy().into_owned(),
        text: &file.text,
    };
    Fix {
        title: &fix.title,
        safe: fix.is_safe,
        opens: &fix.opens,
        closes: &fix.closes,
        changes: &fix.changes,
        edits: fix.edits.iter().map(edit).collect(),
        new_files: fix.new_files.iter().map(new_file).collect(),
        commands: &fix.commands,
        wider: fix.wider.as_deref(),
    }
}

fn path(sources: &Sources, span: Span) -> String {
    sources.file(span.file).name.to_string_lossy().into_owned()
}

fn start(sources: &Sources, span: Span) -> Place {
    place(sources.start(span), span.start)
}

fn end(sources: &Sources, span: Span) -> Place {
    place(sources.end(span), span.end)
}

fn place(position: Position, offset: u32) -> Place {
    Place { line: position.line, column: position.column, offset }
}
