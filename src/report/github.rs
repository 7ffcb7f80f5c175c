//! Workflow commands of GitHub Actions, which become annotations of a commit.
//!
//! docs.github.com, "Workflow commands for GitHub Actions": `%`, CR and LF are written as `%25`, `%0D`,
//! `%0A`, in properties also `:` and `,`.

use std::io::{self, Write};
use std::path::Path;

use super::place::{Columns, path_in_repository, region};
use super::shorten;
use crate::finding::{Level, Report, Unread};
use crate::source::Sources;
use crate::web;

/// Writes one command for each finding, and before them one for whatever could not be read. GitHub shows ten of each
/// level.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    for unread in &report.unread {
        let file = unread.path.as_ref().map(|path| sources.in_repository(Path::new(path)));
        let file = file.map_or_else(String::new, |path| format!("file={},", property(&path)));
        let title = property(&format!("fwlint: {}", Unread::CODE));
        let words = [&unread.message, &unread.help].map(|text| data(&shorten(text)));
        writeln!(to, "::error {file}title={title}::{}", words.join("%0A"))?;
    }
    for reported in &report.findings {
        let finding = &reported.finding;
        let command = match finding.level {
            Level::Note => "notice",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let file = property(&path_in_repository(sources, report, reported));
        write!(to, "::{command} file={file},title={}", property(&format!("fwlint: {}", finding.lint)))?;
        if let Some(span) = finding.span {
            let region = region(sources, span, Columns::Characters);
            write!(to, ",line={},endLine={}", region.start.0, region.end.0)?;
            // Columns are for places within one line only.
            if region.start.0 == region.end.0 {
                write!(to, ",col={},endColumn={}", region.start.1, region.end.1)?;
            }
        }
        let fix = reported.fix.as_ref().map(|fix| format!("fix: {}", fix.summary()));
        let words = std::iter::once(&finding.message).chain(&finding.notes).chain(&fix);
        let words: Vec<String> =
            words.map(|text| data(&shorten(text))).chain([web::page(finding.lint)]).collect();
        writeln!(to, "::{}", words.join("%0A"))?;
    }
    Ok(())
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&shorten(text)).replace(':', "%3A").replace(',', "%2C")
}
