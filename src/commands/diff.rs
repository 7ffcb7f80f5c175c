//! `fwlint diff`: the packets that two hosts treat differently.

mod json;
mod words;

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use crate::commands::check::routes;
use crate::commands::input::{self, Input, Loaded, Selection};
use crate::commands::trace::{TANGLED, only_unit};
use crate::commands::{Failure, Outcome, World};
use crate::eval::Host;
use crate::eval::difference::{Difference, Treatment};
use crate::packet::Family;
use crate::source::{Sources, Span};

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// What was: a file, or a directory of files that are one host.
    pub old: PathBuf,
    /// What is now.
    pub new: PathBuf,
    /// What else is said about both.
    pub selection: Selection,
    /// How the difference is printed.
    pub format: Format,
}

/// How a difference is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: a paragraph for each change
    Text,
    /// One JSON object
    Json,
}

/// One of the two.
struct Side<'s> {
    sources: &'s Sources,
    host: &'s Host<'s>,
    name: &'s str,
}

/// Compares two hosts.
///
/// # Errors
/// Rules that cannot be read or decided, and output that cannot be written.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    let read = |world: &mut World, path: &PathBuf| -> Result<Input, Failure> {
        let selection = Selection { paths: vec![path.clone()], ..options.selection.clone() };
        input::load(world, &selection)?.whole()
    };
    let (before, after) = (read(world, &options.old)?, read(world, &options.new)?);
    let (was, is) = (only_unit(&before)?, only_unit(&after)?);
    let (old, new) = (Host::new(&was.unit.ruleset), Host::new(&is.unit.ruleset));
    let (families, silent) = families(was, is);
    let difference = Difference::of(&old, &new, &routes(is), &families)
        .map_err(|_| Failure::new("these rules are too tangled to be compared", TANGLED))?;
    let sides = [
        Side { sources: &before.sources, host: &old, name: &was.unit.name },
        Side { sources: &after.sources, host: &new, name: &is.unit.name },
    ];
    let mut out = BufWriter::new(&mut *world.stdout);
    match options.format {
        Format::Text => words::write(&mut out, &sides, &difference, &silent)?,
        Format::Json => json::write(&mut out, &sides, &difference)?,
    }
    out.flush()?;
    Ok(if difference.is_none() { Outcome::Clean } else { Outcome::Found })
}

/// The families that both speak for, and those that only one does, with which.
fn families<'l>(was: &'l Loaded, is: &'l Loaded) -> (Vec<Family>, Vec<(Family, &'l str)>) {
    let (mut both, mut one) = (Vec::new(), Vec::new());
    for family in Family::ALL {
        match (was.unit.ruleset.families.has(family), is.unit.ruleset.families.has(family)) {
            (true, true) => both.push(family),
            (true, false) => one.push((family, is.unit.name.as_str())),
            (false, true) => one.push((family, was.unit.name.as_str())),
            (false, false) => {}
        }
    }
    (both, one)
}

impl Side<'_> {
    /// Where a decision is written; nowhere if no chain looks at the packets.
    fn place(&self, treatment: &Treatment) -> Option<Span> {
        let chain = self.host.chain(treatment.chain?).chain;
        Some(match (treatment.rule, &chain.base) {
            (Some(rule), _) => self.host.rule(rule).rule.span,
            (None, Some(base)) => base.policy.span,
            (None, None) => chain.span,
        })
    }
}
