//! `fwlint scan`: takes down what a host holds, and checks it.

mod consent;

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use crate::commands::check::{self, Baseline};
use crate::commands::input::{self, ConfigChoice, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::config::FILE_NAME;
use crate::probe::Network;
use crate::scan::{Gap, Machine, Picture, Said};
use crate::source::Sources;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// How it is checked. What its selection says of files does not count.
    pub check: check::Options,
    /// Where what was taken down is kept.
    pub save: Option<PathBuf>,
    /// Is it checked, or only kept?
    pub is_checked: bool,
    /// Is tried what the tunnel needs?
    pub probing: Probing,
}

/// Is anything sent?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probing {
    /// Nothing is.
    Off,
    /// Who calls is asked first.
    Ask,
    /// What the tunnel needs is tried.
    On,
}

/// Takes down what a machine holds, and checks it.
///
/// # Errors
/// Rules that could not be seen, after the report on all others, what could not be written, and that nobody allowed what
/// should be sent.
pub fn run(
    world: &mut World,
    machine: &dyn Machine,
    network: &dyn Network,
    options: &Options,
) -> Result<Outcome, Failure> {
    let mut picture = Picture::of(machine);
    if picture.rules.is_empty() {
        return Err(blind(&picture));
    }
    let selection = &options.check.selection;
    let mut text = configuration(world, &picture, selection)?;
    if options.probing != Probing::Off {
        let plan = consent::plan(&text)?;
        if options.probing == Probing::Ask {
            consent::ask(world, &plan)?;
        }
        picture.probe(machine, network, &plan);
        text = configuration(world, &picture, selection)?;
    }
    let missing = picture.unseen_rules().next().map(|_| partial(&picture));
    match &options.save {
        Some(folder) => {
            save(&picture, &text, &world.directory.join(folder), folder)?;
            if !options.is_checked {
                return missing.map_or(Ok(Outcome::Clean), Err);
            }
            let paths = vec![folder.join(picture.rules[0].name)];
            let selection = Selection { paths, ..Selection::default() };
            check::run_without(world, &check::Options { selection, ..options.check.clone() }, missing)
        }
        None => {
            // Whatever is checked is a file. Nobody else may look into this folder, and it goes with the command.
            let folder = tempfile::Builder::new().prefix("fwlint-").tempdir();
            let folder = folder.map_err(|error| {
                let help = "`--save FOLDER` takes another place than the folder for temporary files.";
                Failure::writing(&std::env::temp_dir(), error).help(help)
            })?;
            save(&picture, &text, folder.path(), folder.path())?;
            let check = elsewhere(&options.check, &world.directory)?;
            let paths = vec![PathBuf::from(picture.rules[0].name)];
            let selection = Selection { paths, ..Selection::default() };
            let mut world = World {
                directory: folder.path().to_path_buf(),
                stdin: &mut *world.stdin,
                stdout: &mut *world.stdout,
                stderr: &mut *world.stderr,
                look: world.look,
                is_attended: world.is_attended,
            };
            check::run_without(&mut world, &check::Options { selection, ..check }, missing)
        }
    }
}

/// The text of the `fwlint.yaml` that goes with a picture.
fn configuration(world: &World, picture: &Picture, selection: &Selection) -> Result<String, Failure> {
    let own = match &selection.config {
        ConfigChoice::File(path) => {
            let text = fs::read_to_string(world.directory.join(path));
            Some((path, text.map_err(|error| Failure::reading(path, error))?))
        }
        _ => None,
    };
    let cloudflared = selection.cloudflared.as_deref().map(|path| input::cloudflared(world, path));
    let given = selection.flags.clone().or(cloudflared.transpose()?.unwrap_or_default());
    let flags = given.told().into_iter().map(|(key, value)| Said::new(key, value, "flag"));
    let flags: Vec<Said> = flags.collect();
    picture.configuration(own.as_ref().map(|(_, text)| text.as_str()), &flags).map_err(|mistakes| {
        let mut sources = Sources::default();
        if let Some((path, text)) = own {
            sources.add(path, text.into_bytes());
        }
        Failure::Configuration(Box::new(sources), mistakes)
    })
}

/// Writes a picture into a folder, which is made, or must be empty.
fn save(picture: &Picture, configuration: &str, place: &Path, name: &Path) -> Result<(), Failure> {
    let failure = |error| Failure::writing(name, error);
    make(place).map_err(failure)?;
    if fs::read_dir(place).map_err(failure)?.next().is_some() {
        let message = format!("there is something in `{}` already", name.display());
        return Err(Failure::new(message, "Name a folder that is not there yet: it will be made."));
    }
    let files = picture.rules.iter().chain(&picture.others).map(|saved| (saved.name, saved.text.as_str()));
    for (file, text) in files.chain([(FILE_NAME, configuration)]) {
        fs::write(place.join(file), text).map_err(|error| Failure::writing(&name.join(file), error))?;
    }
    Ok(())
}

/// Makes a folder that its owner alone may look into, and those above it.
fn make(place: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(place)
}

/// The same options for a call from another folder.
fn elsewhere(options: &check::Options, directory: &Path) -> Result<check::Options, Failure> {
    let place = |path: &Path| {
        std::path::absolute(directory.join(path)).map_err(|error| Failure::writing(path, error))
    };
    let mut options = options.clone();
    for output in &mut options.outputs {
        output.path = place(&output.path)?;
    }
    options.summary = options.summary.as_deref().map(place).transpose()?;
    options.baseline = match options.baseline {
        Some(Baseline::Read(path)) => Some(Baseline::Read(place(&path)?)),
        Some(Baseline::Write(path)) => Some(Baseline::Write(place(&path)?)),
        None => None,
    };
    Ok(options)
}

/// Nothing was seen.
fn blind(picture: &Picture) -> Failure {
    Failure::new(format!("no rules could be seen: {}", list(picture.unseen_rules())), help(picture))
}

/// Some rules were not seen.
fn partial(picture: &Picture) -> Failure {
    let message = format!("a part of the rules was not seen: {}", list(picture.unseen_rules()));
    Failure::new(message, help(picture))
}

/// What was not seen, what has the same reason together.
fn list<'g>(gaps: impl Iterator<Item = &'g Gap>) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for Gap { what, why, .. } in gaps {
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, all)) => all.push(what),
            None => reasons.push((why, vec![what])),
        }
    }
    let parts = reasons.iter().map(|(why, all)| format!("{}: {why}", all.join(", ")));
    parts.collect::<Vec<_>>().join("; ")
}

fn help(picture: &Picture) -> &'static str {
    let needs_root = picture.unseen_rules().any(|gap| gap.why.contains("root"));
    let is_missing = picture.unseen_rules().any(|gap| gap.why.contains("not installed"));
    match (needs_root, is_missing) {
        (true, _) => "Call it as root: sudo fwlint scan.",
        (false, true) => "Install what is missing, and call it again.",
        (false, false) => "See to what the programs say, then call it again.",
    }
}
