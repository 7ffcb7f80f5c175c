//! What the user says about the hosts and about the lints: fwlint.yaml, cloudflared's own
//! configuration, and flags.
//!
//! Mistakes have their places and name what was most likely meant. Names of lints stay text here:
//! the lints say which of them exist.

mod cloudflared;
mod keys;
mod levels;
mod paths;
mod probed;
mod settings;
mod values;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use cloudflared::read as read_cloudflared;
pub use keys::names as keys;
pub use levels::{LevelFor, Levels};
pub use paths::Paths;
pub use probed::{Answer, Came, Probed, Record, Tried, is_public};
pub use settings::{EdgeIpVersion, EdgeRules, Given, Origin, Policy, Protocol, RunsIn, Setting, Settings};
pub use values::{Address, Interface, Machine, PROTOCOLS, PortRange, ProtocolNumber, User};

use crate::finding::Level;
use crate::profile::Profile;
use crate::source::{FileId, Root, Sources, Span, Spanned, absolute};
use crate::tree::{self, Kind, Mistake, Node, OneOrMany};
use values::Interfaces;

/// The name of the file.
pub const FILE_NAME: &str = "fwlint.yaml";

/// Names by which others would call it. They are not read, but found, so that this can be said.
const OTHER_NAMES: [&str; 3] = ["fwlint.yml", ".fwlint.yaml", ".fwlint.yml"];

/// What fwlint.yaml says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The settings that it gives.
    pub given: Given,
    /// The keys that say something, and where the values of each stand.
    pub places: Vec<(&'static str, Span)>,
    /// What the hosts must be able to reach; `None` when the file does not say.
    pub profiles: Option<Vec<&'static Profile>>,
    /// What the user makes of lints.
    pub levels: Levels,
    /// From which level on findings fail the run, if the file says.
    pub fail_level: Option<Level>,
    /// Files that are not looked for.
    pub exclude: Option<Paths>,
    /// Where the file is.
    pub root: Root,
    /// What may come in.
    pub allow_ingress: Vec<AllowIngress>,
    /// What is known of the machines.
    pub hosts: Vec<Host>,
    /// The units of exports that run the tunnel, by name; empty when the file does not say.
    pub units: Vec<Spanned<String>>,
}

/// Something that may come in, by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AllowIngress {
    /// What it is called: `ssh`.
    pub name: Spanned<String>,
    /// The destination ports; empty for all.
    #[serde(default, alias = "port", deserialize_with = "one_or_many")]
    pub ports: Vec<Spanned<PortRange>>,
    /// The protocols; empty for all.
    #[serde(default, alias = "protocols", deserialize_with = "one_or_many")]
    pub protocol: Vec<Spanned<ProtocolNumber>>,
    /// From where; empty for anywhere.
    #[serde(default, alias = "sources", deserialize_with = "one_or_many")]
    pub source: Vec<Spanned<Address>>,
    /// Why, for the reader of the file.
    pub reason: Option<String>,
}

/// A machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Host {
    /// What it is called.
    pub name: Spanned<String>,
    /// The files that are loaded on it, in this order, relative to fwlint.yaml. Empty: this is said of
    /// whatever is linted.
    #[serde(default, deserialize_with = "one_or_many")]
    pub files: Vec<Spanned<String>>,
    /// Its interfaces and their addresses; the first leads to the internet.
    #[serde(default, deserialize_with = "interfaces")]
    pub interfaces: Vec<Interface>,
    /// What its files leave out. When it is said, be it that nothing is left out, the files are all that decides: what
    /// they do not filter is open.
    #[serde(default)]
    pub unseen: Option<Spanned<Unseen>>,
    /// What was tried from it, and what came of that.
    #[serde(default)]
    pub probed: Option<Probed>,
}

/// What could not be seen of a machine, each in words of the user's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unseen {
    /// Rules that are in force: they may drop whatever passes those that were seen.
    #[serde(default, deserialize_with = "one_or_many")]
    pub rules: Vec<Spanned<String>>,
    /// What decides no packet, and would have told more of them.
    #[serde(default, deserialize_with = "one_or_many")]
    pub settings: Vec<Spanned<String>>,
}

/// The nearest fwlint.yaml: in the directory, or above it up to the root of its repository (where `.git` is).
/// Outside of a repository up to the directory of the call, or, if it is not below that, nowhere above. A file that
/// has another of the names that it might have is found where there is no fwlint.yaml beside it.
pub fn discover(directory: &Path, call: &Path) -> Option<PathBuf> {
    let (directory, call) = (absolute(directory), absolute(call));
    let repository = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
    let above = directory.starts_with(&call).then_some(call.as_path());
    let root = repository.or(above).unwrap_or(&directory);
    let folders = directory.ancestors().take_while(|ancestor| ancestor.starts_with(root));
    let names = || std::iter::once(FILE_NAME).chain(OTHER_NAMES);
    folders.flat_map(|folder| names().map(|name| folder.join(name))).find(|candidate| candidate.is_file())
}

/// Reads fwlint.yaml.
///
/// # Errors
/// All mistakes in it, in the order of their places.
pub fn read(sources: &Sources, file: FileId) -> Result<Config, Vec<Mistake>> {
    let documents = documents(sources, file)?;
    let entries = match documents.as_slice() {
        [] => return Ok(Config::default()),
        [Node { kind: Kind::Null, .. }] => return Ok(Config::default()),
        [Node { kind: Kind::Map(entries), .. }] => entries,
        [other] => {
            let message = format!("expected keys and values, found {}", other.kind.describe());
            return Err(vec![Mistake::at(other.span, message).help("It may be written `policy: positive`.")]);
        }
        [_, second, ..] => {
            return Err(vec![
                Mistake::at(second.span, "a second document")
                    .help("Write all of it into one, without `---`."),
            ]);
        }
    };
    let mut config = Config::default();
    let mut mistakes = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in entries {
        let name = key.text().unwrap_or_default();
        if seen.contains(&name) {
            mistakes.push(
                Mistake::at(key.span, format!("the key `{name}` is there twice"))
                    .help("Take one of them out."),
            );
        } else if let Err(mistake) = keys::take(&mut config, key, value) {
            mistakes.push(mistake);
        }
        seen.push(name);
    }
    if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
}

impl Config {
    /// Where the value of a key stands, if the file says it.
    pub fn place(&self, key: &str) -> Option<Span> {
        self.places.iter().find(|(name, _)| *name == key).map(|(_, span)| *span)
    }

    /// What is known of the machine of a unit: what is said of its name, otherwise what is said of all.
    pub fn host_of(&self, unit: &str) -> Option<&Host> {
        let named = self.hosts.iter().find(|host| host.name.value == unit);
        named.or_else(|| self.hosts.iter().find(|host| host.files.is_empty()))
    }
}

/// The documents in a configuration file.
fn documents(sources: &Sources, file: FileId) -> Result<Vec<Node<'_>>, Vec<Mistake>> {
    let text = &sources.file(file).text;
    let spaces = "Indent with spaces: YAML takes tabs for nothing.";
    if let Some(at) = indenting_tab(text) {
        let span = Span::new(file, at, at + 1);
        return Err(vec![Mistake::at(span, "a tab in the indentation").help(spaces)]);
    }
    let quote = "Quote values that hold `: ` or ` #`, or that begin with a sign, and indent what belongs together alike.";
    tree::documents(file, text).map_err(|mistake| vec![mistake.or_help(quote)])
}

/// A tab in front of the words of a line, or behind the dash of an item of a list. JSON may have them.
fn indenting_tab(text: &str) -> Option<usize> {
    if text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim_start_matches([' ', '\t', '-']);
        let indentation = &line[..line.len() - words.len()];
        if let Some(at) = indentation.find('\t')
            && !words.trim().is_empty()
            && !words.starts_with('#')
        {
            return Some(start + at);
        }
        start += line.len();
    }
    None
}

/// Checks that a profile knows a region.
fn known_region(region: &Spanned<String>) -> Result<(), Mistake> {
    let unknown = |help| Mistake::at(region.span, format!("unknown region `{}`", region.value)).help(help);
    region_named(&region.value).map(|_| ()).map_err(unknown)
}

/// The region of a name, if a profile has it.
///
/// # Errors
/// A sentence with the right names.
pub fn region_named(name: &str) -> Result<String, String> {
    let profiles = Profile::all();
    let names: Vec<&str> =
        profiles.flat_map(|profile| &profile.endpoints).map(|endpoint| endpoint.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(name.to_string());
    }
    Err(match tree::nearest(name, names.iter().copied()) {
        Some(right) => format!("Did you mean `{right}`?"),
        None => format!("It is one of {}.", names.join(", ")),
    })
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    OneOrMany::deserialize(deserializer).map(|list| list.0)
}

fn interfaces<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Interface>, D::Error> {
    Interfaces::deserialize(deserializer).map(|interfaces| interfaces.0)
}

#[cfg(test)]
mod tests;
