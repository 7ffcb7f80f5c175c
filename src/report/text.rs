//! A report as text, for people: each finding with the lines that it is about.

use std::io::{self, Write};

use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{self, Styles, StylesWriter};

use super::Look;
use super::escape::{command_free, shorten, shorten_lines};
use super::excerpt::Excerpts;
use super::figures::{self, plural};
use super::fixed;
use super::group::{fixes, further, groups, message, rest};
use super::place::Columns;
use super::wrap::wrap;
use crate::finding::{Finding, Level, Report, Reported, UnitReport};
use crate::source::{Sources, Span};
use crate::tree::Mistake;

/// What stands before the words of a note, besides the numbers of lines.
const INDENT: usize = 3;

/// What stands before the further lines of assumptions, and as much behind them.
const MARGIN: usize = 4;

/// Writes the findings, those that say the same as one; then of each unit what was decided, what it was
/// decided on, and how much was found in all.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report, look: Look) -> io::Result<()> {
    for group in groups(report) {
        write_group(to, sources, report, &group, look, Columns::Bytes)?;
    }
    if look.is_quiet {
        return Ok(());
    }
    for unit in &report.units {
        write_verdicts(to, unit)?;
    }
    write_assumptions(to, &report.units, look)?;
    write_figures(to, report)
}

/// Writes one finding with its lines, columns in characters.
///
/// # Errors
/// When the stream cannot be written.
pub fn write_finding(
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    reported: &Reported,
) -> io::Result<()> {
    write_group(to, sources, report, &[reported], Look::default(), Columns::Characters)
}

fn write_group(
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    group: &[&Reported],
    look: Look,
    columns: Columns,
) -> io::Result<()> {
    let Some(first) = group.first() else { return Ok(()) };
    let mut draft = Draft { message: message(group), ..Draft::of(&first.finding) };
    draft.labels.extend(further(group));
    draft.notes.splice(0..0, rest(sources, report, group));
    draft.notes.extend(fixes(sources, group).into_iter().map(|(fix, others)| {
        let others = others.map_or_else(String::new, |others| format!("\n{others}"));
        fixed::words(sources, fix) + &others
    }));
    Printer::new(sources, look, columns).print(to, draft)
}

/// The lines that a finding is about, with what is said there, columns in characters; empty for one without a place.
pub fn lines(sources: &Sources, reported: &Reported) -> String {
    let mut draft = Draft::of(&reported.finding);
    draft.notes.clear();
    let mut out = Vec::new();
    // Writing to a vector cannot fail.
    let _ = Printer::new(sources, Look::default(), Columns::Characters).print(&mut out, draft);
    let text = String::from_utf8_lossy(&out).into_owned();
    // The first line says what the page says around it.
    text.split_once('\n').map_or_else(String::new, |(_, lines)| lines.trim_end().to_owned())
}

/// Writes mistakes in a configuration file.
///
/// # Errors
/// When the stream cannot be written.
pub fn write_mistakes(
    to: &mut dyn Write,
    sources: &Sources,
    mistakes: &[Mistake],
    look: Look,
) -> io::Result<()> {
    let mut printer = Printer::new(sources, look, Columns::Bytes);
    for mistake in mistakes {
        let draft = Draft {
            severity: Severity::Error,
            code: None,
            message: &mistake.message,
            labels: mistake.span.map(|span| (span, "")).into_iter().collect(),
            notes: mistake.help.iter().cloned().collect(),
        };
        printer.print(to, draft)?;
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
    look: Look,
    columns: Columns,
}

impl<'a> Printer<'a> {
    fn new(sources: &'a Sources, look: Look, columns: Columns) -> Self {
        Printer { sources, config: term::Config::default(), styles: Styles::default(), look, columns }
    }

    fn print(&mut self, to: &mut dyn Write, draft: Draft) -> io::Result<()> {
        let spans: Vec<Span> = draft.labels.iter().map(|(span, _)| *span).collect();
        let (excerpts, places) = Excerpts::new(self.sources, &spans, self.columns);
        let mut diagnostic = Diagnostic::new(draft.severity).with_message(shorten(draft.message));
        diagnostic.code = draft.code.map(str::to_string);
        for (index, ((_, message), (file, range))) in draft.labels.iter().zip(places).enumerate() {
            let style = if index == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            diagnostic.labels.push(Label::new(style, file, range).with_message(shorten(message)));
        }
        // Notes stand to the right of the numbers of lines, whose widest is that of the last line.
        let last = spans.iter().map(|span| self.sources.end(*span).line).max().unwrap_or(1);
        let width = self.look.width.saturating_sub(INDENT + last.to_string().len());
        diagnostic.notes = draft.notes.iter().map(|note| wrap(&shorten_lines(note), width)).collect();
        if self.look.is_colored {
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

/// One line: `rules.v4: cloudflared gets out over QUIC; in: ssh from anywhere`.
fn write_verdicts(to: &mut dyn Write, unit: &UnitReport) -> io::Result<()> {
    let name = command_free(shorten(&unit.name));
    writeln!(to, "{name}: {}", shorten(&figures::verdict(unit)))
}

/// What was taken for granted for any of the units.
fn write_assumptions(to: &mut dyn Write, units: &[UnitReport], look: Look) -> io::Result<()> {
    let all = figures::assumptions(units);
    if all.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = all.into_iter().map(shorten).collect();
    let text = wrap(&format!("assumed: {}", all.join("; ")), look.width.saturating_sub(MARGIN));
    writeln!(to, "{}", text.replace('\n', "\n  "))
}

/// How much was found in how much.
fn write_figures(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    let (rules, chains) = (sum(report, |unit| unit.rules), sum(report, |unit| unit.chains));
    let of = match report.units.len() {
        0 | 1 => String::new(),
        units => format!(" of {}", plural(units, "unit")),
    };
    let (rules, chains) = (plural(rules, "rule"), plural(chains, "chain"));
    let known = match report.known {
        0 => String::new(),
        known => format!("; {known} more of the baseline"),
    };
    let unread = match report.unread {
        0 => String::new(),
        unread => format!("; {} could not be read", plural(unread, "file")),
    };
    writeln!(to, "{} in {rules} and {chains}{of}{known}{unread}", figures::found(report))
}

fn sum(report: &Report, count: impl Fn(&UnitReport) -> usize) -> usize {
    report.units.iter().map(count).sum()
}
