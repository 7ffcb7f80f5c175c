//! `fwlint check`: reads, decides, reports.

mod fixes;
mod judge;
mod mend;
mod write;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::commands::input::{self, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::finding::{Level, Report};
use crate::report::{self, Format, Look};
use crate::source::Sources;

pub use judge::{judge, routes};
pub use mend::Mending;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is checked.
    pub selection: Selection,
    /// How it is reported on standard output.
    pub format: Format,
    /// Files that get a report besides, and its format.
    pub outputs: Vec<Output>,
    /// A file to which a summary in Markdown is appended.
    pub summary: Option<PathBuf>,
    /// Leave out the lints that look at the whole ruleset?
    pub is_quick: bool,
    /// How many fixes are worked out at most; `None` for as many as take little time.
    pub fixes: Option<usize>,
    /// What is done with fixes.
    pub mending: Mending,
    /// Are fixes applied that are not safe, too?
    pub takes_unsafe: bool,
    /// From which level on a finding fails the run; `None` when nothing does.
    pub fail_level: Option<Level>,
}

/// A file that gets a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// In this format.
    pub format: Format,
    /// There.
    pub path: PathBuf,
}

/// Checks what the options name.
///
/// # Errors
/// What could not be read, or written.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    let mut input = input::load(world, &options.selection)?;
    if options.mending != Mending::Show {
        let before = input.sources.clone();
        let applied = mend::apply(&mut input, options.is_quick, options.takes_unsafe);
        if options.mending == Mending::Diff {
            return write::differences(world, &before, &input);
        }
        write::changes(world, &before, &input)?;
        if options.format == Format::Text {
            for each in &applied {
                let text = format!("fixed[{}]: {}: {}", each.lint, each.place, each.what);
                writeln!(world.stdout, "{}", report::escape(&text))?;
            }
        }
    }
    let mut report = judge(&input, options.is_quick, fixes::Budget::new(options.fixes));
    report.fail_level = options.fail_level;
    // Files first: who reads standard output may stop reading.
    for Output { format, path } in &options.outputs {
        let file = File::create(world.directory.join(path));
        write_file(*format, path, file, &input.sources, &report)?;
    }
    if let Some(path) = &options.summary {
        let file = File::options().append(true).create(true).open(world.directory.join(path));
        write_file(Format::Markdown, path, file, &input.sources, &report)?;
    }
    let mut out = BufWriter::new(&mut *world.stdout);
    report::write(options.format, &mut out, &input.sources, &report, world.look)?;
    out.flush()?;
    let worst = report.findings.iter().map(|reported| reported.finding.level).max();
    let fails = worst.zip(options.fail_level).is_some_and(|(worst, limit)| worst >= limit);
    Ok(if fails { Outcome::Found } else { Outcome::Clean })
}

/// Writes a report to a file.
fn write_file(
    format: Format,
    path: &Path,
    file: std::io::Result<File>,
    sources: &Sources,
    report: &Report,
) -> Result<(), Failure> {
    let written = file.and_then(|file| {
        let mut out = BufWriter::new(file);
        report::write(format, &mut out, sources, report, Look::default())?;
        out.flush()
    });
    written.map_err(|error| Failure::writing(path, error))
}
