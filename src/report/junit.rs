//! JUnit's XML, as CI systems show it: a suite for each unit, a test case for each finding.

use std::io::{self, Write};

use super::escape::{command_free, markup};
use super::place::{self, Columns, path_in_repository, shown};
use super::{shorten, text};
use crate::finding::{Report, Reported, Unread};
use crate::source::Sources;
use crate::web;

/// Writes the report. What is below the fail level is a case that passed, what could not be read an error.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let fails = |reported: &&Reported| report.fails(reported);
    let failures = report.findings.iter().filter(fails).count();
    let cases: Vec<Vec<&Reported>> = (0..report.units.len())
        .map(|unit| report.findings.iter().filter(|reported| reported.unit == unit).collect())
        .collect();
    let errors = report.unread.len();
    let tests = cases.iter().map(|cases| cases.len().max(1)).sum::<usize>() + errors;
    writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        to,
        "<testsuites name=\"fwlint\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">"
    )?;
    for (unit, cases) in report.units.iter().zip(&cases) {
        let failures = cases.iter().copied().filter(fails).count();
        let name = markup(&shorten(&unit.name));
        let tests = cases.len().max(1);
        writeln!(
            to,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
        )?;
        if cases.is_empty() {
            writeln!(to, "    <testcase name=\"no findings\" classname=\"{name}\"/>")?;
        }
        for reported in cases {
            case(to, sources, report, reported, report.fails(reported))?;
        }
        writeln!(to, "  </testsuite>")?;
    }
    unread(to, sources, report)?;
    writeln!(to, "</testsuites>")
}

/// A suite of what could not be read: an error each.
fn unread(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let count = report.unread.len();
    if count == 0 {
        return Ok(());
    }
    let code = Unread::CODE;
    writeln!(
        to,
        "  <testsuite name=\"{code}\" tests=\"{count}\" failures=\"0\" errors=\"{count}\" skipped=\"0\">"
    )?;
    for unread in &report.unread {
        let [message, help] = [&unread.message, &unread.help].map(|text| markup(&shorten(text)));
        let class = markup(&shorten(&place::path_of_unread(sources, report, unread)));
        writeln!(to, "    <testcase name=\"{message}\" classname=\"{class}\">")?;
        writeln!(to, "      <error type=\"{code}\" message=\"{message}\">{}</error>", command_free(help))?;
        writeln!(to, "    </testcase>")?;
    }
    writeln!(to, "  </testsuite>")
}

fn case(
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    reported: &Reported,
    fails: bool,
) -> io::Result<()> {
    let finding = &reported.finding;
    let place = shown(sources, report, reported, Columns::Characters);
    let (name, class) =
        (format!("{} at {place}", finding.lint), shorten(&path_in_repository(sources, report, reported)));
    writeln!(to, "    <testcase name=\"{}\" classname=\"{}\">", markup(&name), markup(&class))?;
    let mut printed = Vec::new();
    text::write_finding(&mut printed, sources, report, reported)?;
    let body = markup(String::from_utf8_lossy(&printed).trim_end());
    let body = format!("{body}\n\n{}", markup(&web::page(finding.lint)));
    if fails {
        let (level, message) = (finding.level.name(), markup(&shorten(&finding.message)));
        writeln!(to, "      <failure type=\"{level}\" message=\"{message}\">{body}</failure>")?;
    } else {
        writeln!(to, "      <system-out>{body}</system-out>")?;
    }
    writeln!(to, "    </testcase>")
}
