//! A report as text, for people: each finding with the lines that it is about.

use std::collections::HashSet;
use std::io::{self, Write};

use codespan_reporting::diagnostic::{Diagnostic, Label, LabelStyle, Severity};
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{self, Styles, StylesWriter};

use super::Look;
use super::escape::{shorten, shorten_lines};
use super::excerpt::Excerpts;
use super::figures::{self, plural};
use super::fixed;
use super::group::{fixes, further, groups, message, rest};
use super::place::Columns;
use super::wrap::{hang_behind, wrap};
use crate::finding::{Finding, Level, Report, Reported, UnitReport};
use crate::source::{Sources, Span};
use crate::tree::Mistake;
use crate::web;

/// What stands before the words of a note, besides the numbers of lines.
const INDENT: usize = 3;

/// What stands before the further lines of what is wrong, which the place is below.
const FURTHER: usize = 4;

/// What stands before the further lines of verdicts and assumptions.
const MARGIN: usize = 2;

/// Writes the findings, those that say the same as one; then of each unit what was decided, what it was
/// decided on, and how much was found in all.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report, look: Look) -> io::Result<()> {
    let mut named = HashSet::new();
    for group in groups(report) {
        let mut draft = draft(sources, report, &group);
        draft.page = draft.code.filter(|lint| named.insert(*lint)).map(web::page);
        Printer::new(sources, look, Columns::Bytes).print(to, draft)?;
    }
    if look.is_quiet {
        return Ok(());
    }
    for unit in &report.units {
        write_verdicts(to, unit, look)?;
    }
    write_assumptions(to, &report.units, look)?;
    write_figures(to, report, look)
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
    let draft = draft(sources, report, &[reported]);
    Printer::new(sources, Look::default(), Columns::Characters).print(to, draft)
}

/// What is said of the findings of a group, of which there is one at least.
fn draft<'r>(sources: &Sources, report: &Report, group: &[&'r Reported]) -> Draft<'r> {
    let mut draft = Draft { message: message(group), ..Draft::of(&group[0].finding) };
    draft.labels.extend(further(group));
    draft.notes.splice(0..0, rest(sources, report, group));
    draft.notes.extend(fixes(sources, group).into_iter().map(|(fix, others)| {
        let others = others.map_or_else(String::new, |others| format!("\n{others}"));
        fixed::words(sources, fix) + &others
    }));
    draft
}

/// The lines that a finding is about, with what is said there, columns in characters; empty for one without a place.
pub fn lines(sources: &Sources, reported: &Reported) -> String {
    // What the page says around the lines is left out.
    let draft = Draft { message: "", notes: Vec::new(), ..Draft::of(&reported.finding) };
    let mut out = Vec::new();
    // Writing to a vector cannot fail.
    let _ = Printer::new(sources, Look::default(), Columns::Characters).print(&mut out, draft);
    let text = String::from_utf8_lossy(&out).into_owned();
    // The first line is the head, of which the level and the lint are left.
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
            level: Level::Error,
            code: None,
            message: &mistake.message,
            labels: mistake.span.map(|span| (span, "")).into_iter().collect(),
            notes: mistake.help.iter().cloned().collect(),
            page: None,
        };
        printer.print(to, draft)?;
    }
    Ok(())
}

/// What will be a diagnostic once its texts are escaped and its lines are cut out.
struct Draft<'a> {
    level: Level,
    code: Option<&'a str>,
    message: &'a str,
    /// Places and what to say there, the one to blame first.
    labels: Vec<(Span, &'a str)>,
    notes: Vec<String>,
    /// Where the page of the lint is, if that is to be said.
    page: Option<String>,
}

impl<'a> Draft<'a> {
    fn of(finding: &'a Finding) -> Self {
        let here = finding.span.map(|span| (span, finding.here.as_deref().unwrap_or("")));
        let others = finding.labels.iter().map(|label| (label.span, label.message.as_str()));
        Draft {
            level: finding.level,
            code: Some(finding.lint),
            message: &finding.message,
            labels: here.into_iter().chain(others).collect(),
            notes: finding.notes.clone(),
            page: None,
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
        let severity = match draft.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        };
        let mut diagnostic = Diagnostic::new(severity).with_message(self.title(&draft));
        diagnostic.code = draft.code.map(str::to_string);
        for (index, ((_, message), (file, range))) in draft.labels.iter().zip(places).enumerate() {
            let style = if index == 0 { LabelStyle::Primary } else { LabelStyle::Secondary };
            diagnostic.labels.push(Label::new(style, file, range).with_message(shorten(message)));
        }
        // Notes stand to the right of the numbers of lines, whose widest is that of the last line.
        let last = spans.iter().map(|span| self.sources.end(*span).line).max().unwrap_or(1);
        let width = self.look.width.saturating_sub(INDENT + last.to_string().len());
        diagnostic.notes = draft.notes.iter().map(|note| wrap(&shorten_lines(note), width)).collect();
        diagnostic.notes.extend(draft.page.map(|page| format!("see {page}")));
        if self.look.is_colored {
            self.emit(Ansi::new(to), &excerpts, &diagnostic)
        } else {
            self.emit(NoColor::new(to), &excerpts, &diagnostic)
        }
    }

    /// What is wrong, on lines that hang below the first, which begins with the level and the lint.
    fn title(&self, draft: &Draft) -> String {
        let head =
            draft.level.name().len() + draft.code.map_or(0, |code| code.len() + "[]".len()) + ": ".len();
        hang_behind(head, &shorten(draft.message), FURTHER, self.look.width)
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
fn write_verdicts(to: &mut dyn Write, unit: &UnitReport, look: Look) -> io::Result<()> {
    let line = format!("{}: {}", shorten(&unit.name), shorten(&figures::verdict(unit)));
    writeln!(to, "{}", hang_behind(0, &line, MARGIN, look.width))
}

/// What was taken for granted for any of the units.
fn write_assumptions(to: &mut dyn Write, units: &[UnitReport], look: Look) -> io::Result<()> {
    let all = figures::assumptions(units);
    if all.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = all.into_iter().map(shorten).collect();
    let line = format!("assumed: {}", all.join("; "));
    writeln!(to, "{}", hang_behind(0, &line, MARGIN, look.width))
}

/// How much was found in how much.
fn write_figures(to: &mut dyn Write, report: &Report, look: Look) -> io::Result<()> {
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
    let unread = match report.unread.iter().filter(|unread| unread.path.is_some()).count() {
        0 => String::new(),
        unread => format!("; {} could not be read", plural(unread, "file")),
    };
    let unseen = match report.unread.iter().any(|unread| unread.path.is_none()) {
        true => "; some rules could not be seen",
        false => "",
    };
    let found = figures::found(report);
    let line = format!("{found} in {rules} and {chains}{of}{known}{unread}{unseen}");
    writeln!(to, "{}", hang_behind(0, &line, MARGIN, look.width))
}

fn sum(report: &Report, count: impl Fn(&UnitReport) -> usize) -> usize {
    report.units.iter().map(count).sum()
}
