//! A page for the auditor: one file that needs nothing else, reads well on a phone and on paper, in light and
//! dark, and runs no script.

use std::io::{self, Write};

use super::escape::{command_free, markup, shorten_lines};
use super::figures::{self, plural};
use super::place::{Columns, shown};
use super::{fixed, shorten, text};
use crate::finding::{Cell, Cells, Direction, Level, Mark, Report, Reported, UnitReport};
use crate::source::Sources;
use crate::web;

const STYLE: &str = include_str!("html.css");

/// Nothing is loaded and nothing runs, whatever slips in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes the page.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    write!(
        to,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>Firewall report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )?;
    summary(to, report)?;
    writeln!(to, "<main>")?;
    for (index, unit) in report.units.iter().enumerate() {
        write_unit(to, sources, report, index, unit)?;
    }
    basis(to, report)?;
    writeln!(to, "</main>\n</body>\n</html>")
}

/// The text for the page, cut where it is too long.
fn words(text: &str) -> String {
    markup(&shorten(text))
}

/// The text with what stands between backticks as code.
fn with_code(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markup(text);
    }
    let part = |(index, part): (usize, &&str)| match index % 2 {
        0 => markup(part),
        _ => format!("<code>{}</code>", markup(part)),
    };
    parts.iter().enumerate().map(part).collect()
}

/// What is seen first: how much was found, and a verdict of each unit.
fn summary(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(to, "<header>\n<h1>Firewall report</h1>\n<ul class=\"counts\">")?;
    for level in [Level::Error, Level::Warning, Level::Note] {
        let (name, count) = (level.name(), report.count(level));
        let words = plural(count, name);
        let (number, word) = words.split_once(' ').unwrap_or((&words, ""));
        let none = if count == 0 { " none" } else { "" };
        writeln!(to, "<li class=\"{name}{none}\"><b>{number}</b> {word}</li>")?;
    }
    writeln!(to, "</ul>")?;
    unread(to, report)?;
    writeln!(to, "<dl>")?;
    for (index, unit) in report.units.iter().enumerate() {
        let (name, verdict) = (words(&unit.name), words(&figures::verdict(unit)));
        let found = found(report, index);
        writeln!(
            to,
            "<div><dt><a href=\"#unit-{index}\">{name}</a></dt><dd>{verdict}</dd><dd class=\"size\">{found}</dd></div>"
        )?;
    }
    writeln!(to, "</dl>\n</header>")
}

/// What the page is not about, although it should be.
fn unread(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.unread.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<div class=\"unread\"><b>This report is about a part of what it should be about:</b>\n<ul>"
    )?;
    for unread in &report.unread {
        let (message, help) = (with_code(&shorten(&unread.message)), with_code(&shorten(&unread.help)));
        writeln!(to, "<li>{message}. {help}</li>")?;
    }
    writeln!(to, "</ul>\n</div>")
}

/// How much was found in a unit: the levels that are there.
fn found(report: &Report, unit: usize) -> String {
    let count =
        |level| report.findings.iter().filter(|it| it.unit == unit && it.finding.level == level).count();
    let levels = [Level::Error, Level::Warning, Level::Note].map(|level| (level, count(level)));
    let there = levels.iter().filter(|(_, count)| *count > 0);
    let words = |(level, count): &(Level, usize)| {
        let name = level.name();
        format!("<b class=\"{name}\">{}</b>", plural(*count, name))
    };
    let there: Vec<String> = there.map(words).collect();
    if there.is_empty() { "nothing found".to_owned() } else { there.join(", ") }
}

fn write_unit(
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    index: usize,
    unit: &UnitReport,
) -> io::Result<()> {
    writeln!(to, "<section id=\"unit-{index}\">\n<h2>{}</h2>", words(&unit.name))?;
    let (rules, chains) = (plural(unit.rules, "rule"), plural(unit.chains, "chain"));
    // A unit without a name of its own is called by its files.
    let is_named = unit.paths.first().is_none_or(|path| !unit.name.starts_with(path.as_str()));
    let paths: Vec<String> = unit.paths.iter().map(|path| format!("<code>{}</code>", words(path))).collect();
    let paths = if is_named { format!(" in {}", paths.join(", ")) } else { String::new() };
    writeln!(to, "<p class=\"size\">{rules} and {chains}{paths}</p>")?;
    picture(to, unit)?;
    let findings: Vec<&Reported> = report.findings.iter().filter(|reported| reported.unit == index).collect();
    if findings.is_empty() {
        writeln!(to, "<p>Nothing was found.</p>")?;
    }
    for level in [Level::Error, Level::Warning, Level::Note] {
        for reported in findings.iter().filter(|reported| reported.finding.level == level) {
            finding(to, sources, report, reported)?;
        }
    }
    writeln!(to, "</section>")
}

/// The table of services and families.
fn picture(to: &mut dyn Write, unit: &UnitReport) -> io::Result<()> {
    if unit.picture.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<table>\n<caption>What gets out and in. <span class=\"good\">✓ as it should be</span> \
         <span class=\"bad\">✗ not so</span> <span class=\"depends\">? depends, or does not matter</span>\
         </caption>\n\
         <thead><tr><td></td><th scope=\"col\">IPv4</th><th scope=\"col\">IPv6</th></tr></thead>"
    )?;
    for (direction, title) in
        [(Direction::Out, "Out"), (Direction::In, "In"), (Direction::Tried, "Tried from this host")]
    {
        let mut rows = unit.picture.iter().filter(|row| row.direction == direction).peekable();
        if rows.peek().is_none() {
            continue;
        }
        writeln!(
            to,
            "<tbody>\n<tr><th scope=\"rowgroup\" colspan=\"3\" class=\"direction\">{title}</th></tr>"
        )?;
        let none = if direction == Direction::Tried { "not tried" } else { "not said" };
        for row in rows {
            let cells = match &row.cells {
                Cells::Together(cell) => table_cell(Some(cell), " colspan=\"2\"", ""),
                Cells::Each(cells) => {
                    cells.iter().map(|cell| table_cell(cell.as_ref(), "", none)).collect::<Vec<_>>().concat()
                }
            };
            writeln!(to, "<tr><th scope=\"row\">{}</th>{cells}</tr>", words(&row.what))?;
        }
        writeln!(to, "</tbody>")?;
    }
    writeln!(to, "</table>")
}

/// A cell, or the words for none.
fn table_cell(cell: Option<&Cell>, span: &str, none: &str) -> String {
    let Some(Cell { mark, words: text }) = cell else { return format!("<td{span}>{none}</td>") };
    let (class, sign) = match mark {
        Mark::Good => ("good", '✓'),
        Mark::Bad => ("bad", '✗'),
        Mark::Depends => ("depends", '?'),
    };
    format!("<td{span} class=\"{class}\"><span aria-hidden=\"true\">{sign}</span> {}</td>", words(text))
}

/// A finding: what, where, why, and what to do.
fn finding(to: &mut dyn Write, sources: &Sources, report: &Report, reported: &Reported) -> io::Result<()> {
    let finding = &reported.finding;
    let level = finding.level.name();
    let lint = format!("<a href=\"{}\">{}</a>", markup(&web::page(finding.lint)), finding.lint);
    writeln!(to, "<article class=\"{level}\">\n<h3>{}</h3>", with_code(&shorten(&finding.message)))?;
    let place = markup(&shown(sources, report, reported, Columns::Characters));
    writeln!(to, "<p class=\"place\"><span class=\"level\">{level}</span> {lint} <code>{place}</code></p>")?;
    let lines = markup(&text::lines(sources, reported));
    if !lines.is_empty() {
        writeln!(to, "<pre tabindex=\"0\" aria-label=\"The lines of {place}\" role=\"group\">{lines}</pre>")?;
    }
    for note in &finding.notes {
        // What has several lines is to be copied.
        let class = if note.contains('\n') { " class=\"lines\"" } else { "" };
        writeln!(to, "<p{class}>{}</p>", with_code(&command_free(shorten_lines(note))))?;
    }
    if let Some(fix) = &reported.fix {
        let text = command_free(shorten_lines(&fixed::words(sources, fix)));
        let (summary, lines) = text.split_once('\n').unwrap_or((&text, ""));
        let summary = with_code(summary.trim_start_matches("fix: "));
        writeln!(to, "<p><b>Fix:</b> {summary}</p>")?;
        if !lines.is_empty() {
            writeln!(
                to,
                "<pre tabindex=\"0\" aria-label=\"The fix at {place}\" role=\"group\">{}</pre>",
                changes(lines)
            )?;
        }
    }
    writeln!(to, "</article>")
}

/// The lines of a fix, marked where they come or go.
fn changes(lines: &str) -> String {
    let marked = |line: &str| {
        let rest = line.trim_start().trim_start_matches(|letter: char| letter.is_ascii_digit());
        // A line that goes has a number, one that comes has none.
        match (rest.len() < line.trim_start().len(), markup(line)) {
            (false, line) if rest.starts_with("+ ") => format!("<ins>{line}</ins>"),
            (true, line) if rest.starts_with(" - ") => format!("<del>{line}</del>"),
            (_, line) => line,
        }
    };
    lines.split('\n').map(marked).collect::<Vec<_>>().join("\n")
}

/// What all of it rests on: assumptions, and facts with their date.
fn basis(to: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(to, "<section>\n<h2>What this rests on</h2>")?;
    let assumptions = figures::assumptions(&report.units);
    if !assumptions.is_empty() {
        writeln!(to, "<h3>Assumptions</h3>\n<ul>")?;
        assumptions.iter().try_for_each(|each| writeln!(to, "<li>{}</li>", words(each)))?;
        writeln!(to, "</ul>")?;
    }
    let mut facts: Vec<_> = report.units.iter().filter_map(|unit| unit.facts.as_ref()).collect();
    facts.dedup();
    if !facts.is_empty() {
        writeln!(to, "<h3>Facts</h3>\n<ul>")?;
    }
    for facts in &facts {
        let (of, as_of, source) = (words(&facts.of), words(&facts.as_of), markup(&facts.source));
        writeln!(to, "<li>{of}: as of <time>{as_of}</time>, from <a href=\"{source}\">{source}</a></li>")?;
    }
    if !facts.is_empty() {
        writeln!(to, "</ul>")?;
    }
    if report.known > 0 {
        writeln!(to, "<p>{} of the baseline are not shown.</p>", plural(report.known, "finding"))?;
    }
    writeln!(to, "<p>Made by fwlint {}.</p>\n</section>", env!("CARGO_PKG_VERSION"))
}
