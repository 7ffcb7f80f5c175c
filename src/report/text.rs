//! A report as text, for people: each finding with the lines that it is about.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{self, Styles, StylesWriter};

use super::escape::{command_free, shorten, shorten_lines};
use super::excerpt::Excerpts;
use super::figures::{counted, plural};
use crate::finding::{Finding, Level, Report, Reported, UnitReport};
use crate::source::{Sources, Span};
use crate::tree::Mistake;

/// Writes the findings, then of each unit what was decided and what it was decided on.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report, color: bool) -> io::Result<()> {
    for reported in &report.findings {
        write_finding(to, sources, report, reported, color)?;
    }
    for (index, unit) in report.units.iter().enumerate() {
        let findings = report.findings.iter().filter(|reported| reported.unit == index);
        let levels: Vec<Level> = findings.map(|reported| reported.finding.level).collect();
        write_unit(to, unit, &levels)?;
    }
    write_assumptions(to, &report.units)
}

/// Writes one finding with its lines.
///
/// # Errors
/// When the stream cannot be written.
pub fn write_finding(
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    reported: &Reported,
    color: bool,
) -> io::Result<()> {
    let mut draft = Draft::of(&reported.finding);
    if let (None, true, Some(unit)) = (reported.finding.span, report.units.len() > 1, report.unit(reported)) {
        draft.notes.insert(0, format!("in {}", unit.name));
    }
    Printer::new(sources).print(to, draft, color)
}

/// Writes mistakes in a configuration file.
///
/// # Errors
/// When the stream cannot be written.
pub fn write_mistakes(
    to: &mut dyn Write,
    sources: &Sources,
    mistakes: &[Mistake],
    color: bool,
) -> io::Result<()> {
    let mut printer = Printer::new(sources);
    for mistake in mistakes {
        let draft = Draft {
            severity: Severity::Error,
            code: None,
            message: &mistake.message,
            labels: mistake.span.map(|span| (span, "")).into_iter().collect(),
            notes: mistake.help.iter().cloned().collect(),
        };
        printer.print(to, draft, color)?;
    }
    Ok(())
}

/// What will be a diagnostic once its texts are escaped and its lines are cut out.
struct Draft<'a> {
    severity: Severity,
    code: Option<&'a str>,
    message: &'a str,
    /// Places and what to say there, the one to blame first.
    labels: Vec<(Span, &'a str)>,
    notes: Vec<String>,
}

impl<'a> Draft<'a> {
    fn of(finding: &'a Finding) -> Self {
        let severity = match finding.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        };
        let here = finding.span.map(|span| (span, finding.here.as_deref().unwrap_or("")));
        let others = finding.labels.iter().map(|label| (label.span, label.message.as_str()));
        Draft {
            severity,
            code: Some(finding.lint),
            message: &finding.message,
            labels: here.into_iter().chain(others).collect(),
            notes: finding.notes.clone(),
        }
    }
}

struct Printer<'a> {
    sources: &'a Sources,
    config: term::Config,
    styles: Styles,
}

impl<'a> Printer<'a> {
    fn new(sources: &'a Sources) -> Self {
        Printer { sources, config: term::Config::default(), styles: Styles::default() }
    }

    fn print(&mut self, to: &mut dyn Write, draft: Draft, color: bool) -> io::Result<()> {
        let spans: Vec<Span> = draft.labels.iter().map(|(span, _)| *span).collect();
        let (excerpts, places) = Excerpts::new(self.sources, &spans);
        let mut diagnostic = Diagnostic::new(draft.severity).with_message(shorten(draft.message));
        diagnostic.code = draft.code.map(str::to_string);
        for (index, ((_, message), (file, range))) in draft.labels.iter().zip(places).enumerate() {
            let style = if index == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            diagnostic.labels.push(Label::new(style, file, range).with_message(shorten(message)));
        }
        diagnostic.notes = draft.notes.iter().map(|note| wrap(&shorten_lines(note))).collect();
        if color {
            self.emit(Ansi::new(to), &excerpts, &diagnostic)
        } else {
            self.emit(NoColor::new(to), &excerpts, &diagnostic)
        }
    }

    fn emit(
        &self,
        to: impl WriteColor,
        excerpts: &Excerpts,
        diagnostic: &Diagnostic<usize>,
    ) -> io::Result<()> {
        let mut writer = StylesWriter::new(to, &self.styles);
        term::emit_to_write_style(&mut writer, &self.config, excerpts, diagnostic).map_err(
            |error| match error {
                codespan_reporting::files::Error::Io(error) => error,
                other => io::Error::other(other),
            },
        )
    }
}

/// Breaks lines at spaces, so that they are no wider than is good to read.
fn wrap(text: &str) -> String {
    const WIDTH: usize = 96;
    let mut wrapped = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            wrapped.push('\n');
        }
        // What is indented is to be copied.
        if line.starts_with(' ') {
            wrapped.push_str(line);
            continue;
        }
        let mut width = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                wrapped.push('\n');
                width = 0;
            } else if width > 0 {
                wrapped.push(' ');
                width += 1;
            }
            wrapped.push_str(word);
            width += length;
        }
    }
    command_free(wrapped)
}

/// One line of verdicts, if there are any, and one of figures.
fn write_unit(to: &mut dyn Write, unit: &UnitReport, levels: &[Level]) -> io::Result<()> {
    let found = counted(|level| levels.iter().filter(|each| **each == level).count());
    let figures = format!("{found} in {} and {}", plural(unit.rules, "rule"), plural(unit.chains, "chain"));
    let name = command_free(shorten(&unit.name));
    if unit.verdicts.is_empty() {
        return writeln!(to, "{name}: {figures}");
    }
    let verdicts: Vec<String> =
        unit.verdicts.iter().map(|(what, verdict)| format!("{what}: {verdict}")).collect();
    writeln!(to, "{name}: {}", shorten(&verdicts.join("; ")))?;
    writeln!(to, "  {figures}")
}

/// What was taken for granted for any of the units.
fn write_assumptions(to: &mut dyn Write, units: &[UnitReport]) -> io::Result<()> {
    let mut all: Vec<&str> = Vec::new();
    for assumption in units.iter().flat_map(|unit| &unit.assumptions) {
        if !all.contains(&assumption.as_str()) {
            all.push(assumption);
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = all.into_iter().map(shorten).collect();
    let text = wrap(&format!("assumed: {}", all.join("; ")));
    writeln!(to, "{}", text.replace('\n', "\n  "))
}
