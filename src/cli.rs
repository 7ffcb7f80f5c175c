//! The command line: flags, help, exit status.

mod flags;
mod manual;

use std::ffi::OsString;
use std::fmt::{self, Display, Formatter};

use clap::{CommandFactory, FromArgMatches};
use miette::{Diagnostic, ReportHandler};

use crate::commands::{self, Failure, Outcome, World};
use crate::report;
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
    let parsed = Fwlint::command()
        .try_get_matches_from(arguments)
        .and_then(|mut matches| Fwlint::from_arg_matches_mut(&mut matches));
    let fwlint = match parsed {
        Ok(fwlint) => fwlint,
        Err(error) => return usage(&mut world, &error),
    };
    world.look.is_colored = match fwlint.color {
        Color::Auto => world.look.is_colored,
        Color::Always => true,
        Color::Never => false,
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

/// Prints help, the version, or what is wrong with the arguments.
fn usage(world: &mut World, error: &clap::Error) -> u8 {
    let text = error.render();
    let to = if error.use_stderr() { &mut *world.stderr } else { &mut *world.stdout };
    let _ = if world.look.is_colored { write!(to, "{}", text.ansi()) } else { write!(to, "{text}") };
    if error.use_stderr() { FAILED } else { CLEAN }
}

/// Says why the work could not be done.
fn complain(world: &mut World, failure: &Failure) -> std::io::Result<()> {
    match failure {
        Failure::Configuration(sources, mistakes) => {
            report::write_mistakes(world.stderr, sources, mistakes, world.look)
        }
        Failure::Several(failures) => failures.iter().try_for_each(|failure| complain(world, failure)),
        Failure::ClosedPipe => Ok(()),
        Failure::Operation { .. } => write!(world.stderr, "{}", Complaint(failure)),
    }
}

/// A diagnostic of miette, printed by [`Plain`].
struct Complaint<'a>(&'a dyn Diagnostic);

impl Display for Complaint<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Plain.debug(self.0, formatter)
    }
}

/// Prints operational errors: what is wrong, what the system said, what to do.
struct Plain;

impl ReportHandler for Plain {
    fn debug(&self, error: &dyn Diagnostic, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {error}")?;
        let mut cause = error.source();
        while let Some(reason) = cause {
            write!(formatter, ": {reason}")?;
            cause = reason.source();
        }
        writeln!(formatter)?;
        match error.help() {
            Some(help) => writeln!(formatter, "  help: {help}"),
            None => Ok(()),
        }
    }
}
