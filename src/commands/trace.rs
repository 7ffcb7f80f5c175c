//! `fwlint trace`: the way of packets through the rules.

mod json;
mod probe;
mod words;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::commands::check::routes;
use crate::commands::input::{self, Input, Loaded, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::eval::{Host, Routes};
use crate::packet::TooManyPieces;
use crate::report::escape;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The host.
    pub selection: Selection,
    /// The packets.
    pub packets: Packets,
}

/// The packets that are followed.
#[derive(Clone, Debug)]
pub enum Packets {
    /// Each in the short form; answered in words.
    Texts(Vec<String>),
    /// A file of JSON objects, one a line, `-` for standard input; answered likewise.
    File(PathBuf),
}

/// Follows packets.
///
/// # Errors
/// Rules or packets that cannot be read, and rules that cannot be decided.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    let input = input::load(world, &options.selection)?.whole()?;
    let loaded = only_unit(&input)?;
    let host = Host::new(&loaded.unit.ruleset);
    let routes = routes(loaded);
    match &options.packets {
        Packets::Texts(texts) => answer_texts(world, &input, &host, &routes, texts)?,
        Packets::File(path) => answer_file(world, &input, &host, &routes, path)?,
    }
    Ok(Outcome::Clean)
}

/// The only unit of a call that is about one host.
pub(super) fn only_unit(input: &Input) -> Result<&Loaded, Failure> {
    match input.units.as_slice() {
        [unit] => Ok(unit),
        units => {
            let names: Vec<&str> = units.iter().map(|loaded| loaded.unit.name.as_str()).collect();
            let message = format!("this is about one host, and these are {}", names.join(", "));
            let help = "Name one of them, with --unit where they are of one export, or say --together if they are one \
                        host.";
            Err(Failure::new(message, help))
        }
    }
}

fn answer_texts(
    world: &mut World,
    input: &Input,
    host: &Host,
    routes: &Routes,
    texts: &[String],
) -> Result<(), Failure> {
    for (index, text) in texts.iter().enumerate() {
        let wrong = |problem| Failure::new(format!("`{text}`: {problem}"), probe::FORM);
        let probe = probe::from_text(text, routes).map_err(wrong)?;
        let trace =
            crate::eval::trace::trace(host, routes, &probe).map_err(|error| undecided(text, error))?;
        writeln!(world.stdout, "{}{}", if index > 0 { "\n" } else { "" }, escape(text))?;
        words::write(world.stdout, &input.sources, host, &probe, &trace)?;
    }
    Ok(())
}

fn answer_file(
    world: &mut World,
    input: &Input,
    host: &Host,
    routes: &Routes,
    path: &Path,
) -> Result<(), Failure> {
    let text = input::packets(world, path)?;
    let mut out = BufWriter::new(&mut *world.stdout);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{}:{}", path.display(), index + 1);
        let wrong = |problem| Failure::new(format!("{place}: {problem}"), probe::JSON_FORM);
        let probe = probe::from_json(line, routes).map_err(wrong)?;
        let trace =
            crate::eval::trace::trace(host, routes, &probe).map_err(|error| undecided(&place, error))?;
        json::write(&mut out, &input.sources, host, &trace)?;
    }
    out.flush()?;
    Ok(())
}

/// What to do when the engine gives up.
pub(super) const TANGLED: &str = "`fwlint explain tangled-rules` tells what makes rules so, and what helps.";

/// The engine gave up: it says so rather than guess.
fn undecided(what: &str, _error: TooManyPieces) -> Failure {
    Failure::new(format!("{what}: these rules are too tangled to be decided"), TANGLED)
}
