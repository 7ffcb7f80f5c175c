//! The command line: flags, help, exit status.

mod flags;
mod manual;

use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};

use clap::{CommandFactory, FromArgMatches, ValueEnum};
use miette::{Diagnostic, ReportHandler};

use crate::commands::{self, Failure, Outcome, World};
use crate::probe::Wire;
use crate::report::{self, Look};
use crate::scan::Here;
use flags::{Color, Command, Fwlint};

pub use manual::command;

/// Nothing to complain about.
pub const CLEAN: u8 = 0;
/// Findings at or above the fail level.
pub const FOUND: u8 = 1;
/// The work could not be done.
pub const FAILED: u8 = 2;

/// Runs the program: its arguments (the first is its own name), its streams, its exit status.
///
/// `world.look` says whether standard output is a terminal that wants colours; `--color` overrules it.
pub fn run(arguments: impl IntoIterator<Item = OsString>, mut world: World) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(color) = color(&arguments) {
        world.look = world.look.colored(color);
    }
    let parsed = Fwlint::command()
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Fwlint::from_arg_matches_mut(&mut matches));
    let fwlint = match parsed {
        Ok(fwlint) => fwlint,
        Err(error) => return usage(&mut world, &error),
    };
    let result = match &fwlint.command {
        Command::Check(check) => {
            check.options().and_then(|options| commands::check::run(&mut world, &options))
        }
        Command::Diff(diff) => commands::diff::run(&mut world, &diff.options()),
        Command::Explain(explain) => {
            let (what, is_json) = explain.options();
            commands::explain::run(&mut world, &what, is_json)
        }
        Command::Init => commands::init::run(&mut world),
        Command::Completions(completions) => manual::completions(&mut world, completions.shell),
        Command::Man(man) => manual::page(&mut world, man.command.as_deref()),
        Command::Generate(generate) => commands::generate::run(&mut world, &generate.options()),
        Command::Scan(scan) => commands::scan::run(&mut world, &Here, &Wire, &scan.options()),
        Command::Trace(trace) => commands::trace::run(&mut world, &trace.options()),
    };
    match result {
        Ok(Outcome::Clean) => CLEAN,
        Ok(Outcome::Found) => FOUND,
        Err(failure) => {
            // When even this cannot be written, the exit status has to say it.
            let _ = complain(&mut world, &failure);
            FAILED
        }
    }
}

/// Whether `--color` says that colours are used. It is looked for here, since it counts also for what is said of
/// arguments that cannot be understood.
fn color(arguments: &[OsString]) -> Option<bool> {
    let flags = arguments.iter().take_while(|argument| *argument != "--");
    let flags: Vec<_> = flags.map(|argument| argument.to_string_lossy()).collect();
    let next = flags.iter().skip(1).map(Some).chain([None]);
    let values = flags.iter().zip(next).filter_map(|(flag, next)| match flag.strip_prefix("--color") {
        Some("") => next.map(AsRef::as_ref),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    match values.last().map(|value| Color::from_str(value, false)) {
        Some(Ok(Color::Always)) => Some(true),
        Some(Ok(Color::Never)) => Some(false),
        _ => None,
    }
}

/// Prints help, the version, or what is wrong with the arguments.
fn usage(world: &mut World, error: &clap::Error) -> u8 {
    let text = error.render();
    let Look { is_colored, errors_are_colored, width_of_errors, .. } = world.look;
    let shown = |is_colored: bool| if is_colored { text.ansi().to_string() } else { text.to_string() };
    if !error.use_stderr() {
        let _ = write!(world.stdout, "{}", shown(is_colored));
        return CLEAN;
    }
    // Help is broken by clap, what is wrong is not.
    for line in shown(errors_are_colored).lines() {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        let words = report::hang_behind(indent, words, indent + FURTHER, width_of_errors);
        let _ = writeln!(world.stderr, "{:indent$}{words}", "");
    }
    FAILED
}

/// How much further the second line of a long one is indented.
const FURTHER: usize = 4;

/// Says why the work could not be done.
fn complain(world: &mut World, failure: &Failure) -> std::io::Result<()> {
    match failure {
        Failure::Configuration(sources, mistakes) => {
            let Look { errors_are_colored, width_of_errors, .. } = world.look;
            let look = Look { is_colored: errors_are_colored, width: width_of_errors, ..world.look };
            report::write_mistakes(world.stderr, sources, mistakes, look)
        }
        Failure::Several(failures) => failures.iter().try_for_each(|failure| complain(world, failure)),
        Failure::ClosedPipe => Ok(()),
        Failure::Operation { .. } => {
            write!(world.stderr, "{}", Complaint(failure, world.look.width_of_errors))
        }
    }
}

/// A diagnostic of miette, printed by [`Plain`] on lines of so many characters.
struct Complaint<'a>(&'a dyn Diagnostic, usize);

impl Display for Complaint<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Plain { width: self.1 }.debug(self.0, formatter)
    }
}

/// Prints operational errors: what is wrong, what the system said, what to do.
struct Plain {
    width: usize,
}

/// What stands in front of what is wrong.
const ERROR: &str = "error: ";

/// What stands in front of the sentence that says what to do, and as much in front of its further lines.
const HELP: &str = "  help: ";

impl ReportHandler for Plain {
    fn debug(&self, error: &dyn Diagnostic, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(reason) = cause {
            words += &format!(": {reason}");
            cause = reason.source();
        }
        writeln!(formatter, "{}", report::hang(ERROR, &words, self.width))?;
        match error.help() {
            Some(help) => writeln!(formatter, "{}", report::hang(HELP, &help.to_string(), self.width)),
            None => Ok(()),
        }
    }
}
