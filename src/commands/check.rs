//! `fwlint check`: reads, decides, reports.

mod baseline;
mod fixes;
mod judge;
mod mend;
mod others;
mod progress;
mod settings;
mod write;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::commands::input::{self, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::finding::{Level, Report, Reported, Unread};
use crate::profile::Profile;
use crate::report::{self, Format, Look};
use crate::source::Sources;

pub use judge::{judge, judge_and_tell, profile, routes};
pub use mend::Mending;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is checked.
    pub selection: Selection,
    /// What standard output gets.
    pub show: Show,
    /// Findings alone, without verdicts and figures?
    pub is_quiet: bool,
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
    /// From which level on a finding fails the run, if that is said.
    pub fail_level: Option<Level>,
    /// Does no finding fail the run?
    pub exit_zero: bool,
    /// Raise each finding to the next level?
    pub is_strict: bool,
    /// The lints that alone are wanted; all when empty.
    pub select: Vec<&'static str>,
    /// The lints that are not wanted.
    pub ignore: Vec<&'static str>,
    /// What is known already.
    pub baseline: Option<Baseline>,
}

impl Options {
    /// Is the lint of a finding wanted?
    fn wants(&self, reported: &Reported) -> bool {
        let lint = &reported.finding.lint;
        (self.select.is_empty() || self.select.contains(lint)) && !self.ignore.contains(lint)
    }
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// A report.
    Findings(Format),
    /// How often each lint struck.
    Statistics,
    /// The settings that hold; nothing is checked.
    Settings,
}

/// Findings that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// They stand in this file.
    Read(PathBuf),
    /// All are, and are written to this file.
    Write(PathBuf),
}

/// A file that gets a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// In this format.
    pub format: Format,
    /// There.
    pub path: PathBuf,
}

/// Checks what the options name. What could not be read does not keep the rest from being checked.
///
/// # Errors
/// What could not be read, or written.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    run_without(world, options, None)
}

/// The same where it is known already that something is missing of what the options name.
///
/// # Errors
/// What is missing, besides.
pub fn run_without(
    world: &mut World,
    options: &Options,
    missing: Option<Failure>,
) -> Result<Outcome, Failure> {
    // Nearly every run asks for a profile, and to read it takes as long as to read a few files: it is done beside that.
    rayon::spawn(|| Profile::all().for_each(drop));
    let mut input = input::load(world, &options.selection)?;
    let mut failures = std::mem::take(&mut input.unread);
    failures.extend(missing);
    if failures.is_empty() || !input.units.is_empty() {
        let unread = failures.iter().map(Failure::unread).collect();
        match check(world, options, input, unread) {
            Ok(outcome) if failures.is_empty() => return Ok(outcome),
            Ok(_) => {}
            Err(failure) => failures.push(failure),
        }
    }
    Err(Failure::several(failures))
}

/// Checks what was read; `unread` is what could not be.
fn check(
    world: &mut World,
    options: &Options,
    mut input: input::Input,
    unread: Vec<Unread>,
) -> Result<Outcome, Failure> {
    keep_apart(world, options, &input)?;
    if options.show == Show::Settings {
        settings::write(world.stdout, &input, options)?;
        return Ok(Outcome::Clean);
    }
    let known = match &options.baseline {
        Some(Baseline::Read(path)) => baseline::read(world, path)?,
        _ => HashSet::new(),
    };
    if options.mending != Mending::Show {
        let before = input.sources.clone();
        let is_wanted =
            |reported: &Reported| options.wants(reported) && !known.contains(&reported.fingerprint);
        let applied = mend::apply(&mut input, options.is_quick, options.takes_unsafe, &is_wanted);
        if options.mending == Mending::Diff {
            let outcome = write::differences(world, &before, &input)?;
            return Ok(if options.exit_zero { Outcome::Clean } else { outcome });
        }
        write::changes(world, &before, &input)?;
        if options.show == Show::Findings(Format::Text) {
            for each in &applied {
                let text = format!("fixed[{}]: {}: {}", each.lint, each.place, each.what);
                let line = report::hang_behind(0, &report::escape(&text), 4, world.look.width);
                writeln!(world.stdout, "{line}")?;
            }
        }
    }
    let mut report = progress::judge(world, &input, options.is_quick, fixes::Budget::new(options.fixes));
    report.unread = unread;
    choose(&mut report, options);
    let all = report.findings.len();
    report.findings.retain(|reported| !known.contains(&reported.fingerprint));
    report.known = all - report.findings.len();
    if let Some(Baseline::Write(path)) = &options.baseline {
        baseline::write(world, path, &input.sources, &report)?;
        report.known = std::mem::take(&mut report.findings).len();
    }
    let struck = |lint: &str| report.findings.iter().any(|reported| reported.finding.lint == lint);
    let struck: Vec<bool> = report.lints.iter().map(|info| struck(info.id)).collect();
    let mut struck = struck.into_iter();
    report.lints.retain(|_| struck.next().unwrap_or(false));
    write_all(world, options, &input.sources, &report)?;
    let fails = report.findings.iter().any(|reported| report.fails(reported));
    // The program ends here, and to give memory back piece by piece would take longer than to read a file.
    std::mem::forget(input);
    Ok(if fails { Outcome::Found } else { Outcome::Clean })
}

/// Refuses files for reports that would take the place of what is read, or of each other.
fn keep_apart(world: &World, options: &Options, input: &input::Input) -> Result<(), Failure> {
    let place = |path: &Path| {
        let path = world.directory.join(path);
        path.canonicalize().unwrap_or(path)
    };
    let mut known: HashSet<PathBuf> =
        input.sources.ids().map(|id| place(&input.sources.file(id).name)).collect();
    // What is no file, such as /dev/null, may take any number of reports.
    let is_file = |path: &Path| world.directory.join(path).metadata().map_or(true, |it| it.is_file());
    for Output { path, .. } in options.outputs.iter().filter(|output| is_file(&output.path)) {
        if !known.insert(place(path)) {
            let message = format!("a report must not take the place of `{}`", path.display());
            let help = "It is read in this run, or another report goes there: name another file.";
            return Err(Failure::new(message, help));
        }
    }
    Ok(())
}

/// Takes out the findings of lints that are not wanted, raises the others if they are to be raised, and says
/// which of them fail the run.
fn choose(report: &mut Report, options: &Options) {
    report.findings.retain(|reported| options.wants(reported));
    if options.is_strict {
        report
            .findings
            .iter_mut()
            .for_each(|reported| reported.finding.level = reported.finding.level.next());
    }
    for unit in &mut report.units {
        let level = options.fail_level.or(unit.fail_level).unwrap_or(Level::Warning);
        unit.fail_level = (!options.exit_zero).then_some(level);
    }
}

/// Writes all that is to be written.
fn write_all(
    world: &mut World,
    options: &Options,
    sources: &Sources,
    report: &Report,
) -> Result<(), Failure> {
    // Files first: who reads standard output may stop reading.
    for Output { format, path } in &options.outputs {
        let file = File::create(world.directory.join(path));
        write_file(*format, path, file, sources, report)?;
    }
    if let Some(path) = &options.summary {
        let file = File::options().append(true).create(true).open(world.directory.join(path));
        write_file(Format::Markdown, path, file, sources, report)?;
    }
    let mut out = BufWriter::new(&mut *world.stdout);
    match options.show {
        Show::Findings(format) => {
            let look = Look { is_quiet: options.is_quiet, ..world.look };
            report::write(format, &mut out, sources, report, look)?;
        }
        Show::Statistics => report::write_statistics(&mut out, report, world.look)?,
        Show::Settings => {}
    }
    out.flush()?;
    Ok(())
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
