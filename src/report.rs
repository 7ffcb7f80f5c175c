//! What a run has to say: as text for people, and in the formats that programs read.
//!
//! Nothing from a linted file leaves this module unescaped: not its text, not its name.

mod ascii;
mod concise;
mod escape;
mod excerpt;
mod figures;
mod fixed;
mod github;
mod gitlab;
mod group;
mod html;
mod json;
mod junit;
mod markdown;
mod place;
mod rdjson;
mod sarif;
mod statistics;
mod text;
mod wrap;

use std::io::{self, Write};

pub use ascii::{text as ascii_json, write as write_object};
pub use escape::{escape, escape_lines, shorten};
pub use statistics::write as write_statistics;
pub use text::write_mistakes;
pub use wrap::{hang, hang_behind, markdown as wrap_page};

use crate::finding::Report;
use crate::source::Sources;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: findings with their lines, and a verdict of each unit
    Text,
    /// One line for each finding
    Concise,
    /// One JSON object
    Json,
    /// One JSON object for each finding, each on a line of its own
    JsonLines,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// Reviewdog's diagnostic format
    Rdjson,
    /// JUnit's XML
    Junit,
    /// A summary in Markdown
    Markdown,
    /// A page for reading and printing, without anything else that it needs
    Html,
}

/// How text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With colours?
    pub is_colored: bool,
    /// Is what goes to standard error coloured?
    pub errors_are_colored: bool,
    /// How many characters fit on a line there.
    pub width_of_errors: usize,
    /// May words lead to a page on the web, as terminals have it (OSC 8)?
    pub has_links: bool,
    /// How many characters fit on a line.
    pub width: usize,
    /// Findings alone?
    pub is_quiet: bool,
    /// May progress be shown on standard error?
    pub shows_progress: bool,
}

impl Look {
    /// The same with colours everywhere, or nowhere.
    pub fn colored(self, is_colored: bool) -> Self {
        Look { is_colored, errors_are_colored: is_colored, has_links: self.has_links && is_colored, ..self }
    }
}

impl Default for Look {
    fn default() -> Self {
        Look {
            is_colored: false,
            errors_are_colored: false,
            width_of_errors: 100,
            has_links: false,
            width: 100,
            is_quiet: false,
            shows_progress: false,
        }
    }
}

/// Writes a report. The look is for text and its short form.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(
    format: Format,
    to: &mut dyn Write,
    sources: &Sources,
    report: &Report,
    look: Look,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(to, sources, report, look),
        Format::Concise => concise::write(to, sources, report, look),
        Format::Json => json::write(to, sources, report),
        Format::JsonLines => json::write_lines(to, sources, report),
        Format::Sarif => sarif::write(to, sources, report),
        Format::Github => github::write(to, sources, report),
        Format::Gitlab => gitlab::write(to, sources, report),
        Format::Rdjson => rdjson::write(to, sources, report),
        Format::Junit => junit::write(to, sources, report),
        Format::Markdown => markdown::write(to, sources, report),
        Format::Html => html::write(to, sources, report),
    }
}

#[cfg(test)]
mod tests;
