//! From the paths of a call to units: read, recognise, join what belongs to one host, and find out what
//! was said about it.

mod hosts;
mod includes;
mod read;
mod siblings;
mod texts;
mod units;
mod walk;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::commands::{Failure, World};
use crate::config::{self, Config, Given, Interface, Settings};
use crate::dialects::{Dialect, Includes};
use crate::lints::{self, Unit};
use crate::source::{self, FileId, Root, Sources};
use crate::tree::{Mistake, nearest};
use read::Text;

pub use read::packets;

/// What the command line says about the input.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Files and directories, the current one if there are none; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// What standard input is called, if that is said.
    pub stdin_name: Option<PathBuf>,
    /// Leave out what fwlint.yaml excludes even when it is named?
    pub force_exclude: bool,
    /// Are they all loaded on one host?
    pub together: bool,
    /// The dialect of all of them; otherwise each is recognised.
    pub dialect: Option<Dialect>,
    /// The interfaces of the host.
    pub interfaces: Vec<Interface>,
    /// The units to judge, by name; all, if none is named.
    pub units: Vec<String>,
    /// Where fwlint.yaml is.
    pub config: ConfigChoice,
    /// cloudflared's own configuration.
    pub cloudflared: Option<PathBuf>,
    /// The settings that flags give.
    pub flags: Given,
}

/// Where fwlint.yaml is.
#[derive(Clone, Debug, Default)]
pub enum ConfigChoice {
    /// Beside what is linted, or above it.
    #[default]
    Discover,
    /// Here.
    File(PathBuf),
    /// Nowhere.
    Isolated,
}

/// All that a call is about.
#[derive(Debug, Default)]
pub struct Input {
    /// The texts, configuration included.
    pub sources: Sources,
    /// What is judged.
    pub units: Vec<Loaded>,
    /// The dialect of each text that is judged.
    pub dialects: HashMap<FileId, Dialect>,
    /// What standard input is called, if it was read.
    pub stdin: Option<PathBuf>,
    /// Why some of what the call is about could not be read; the rest is here all the same.
    pub unread: Vec<Failure>,
}

impl Input {
    /// The input if all of it could be read.
    ///
    /// # Errors
    /// What could not be.
    pub fn whole(self) -> Result<Self, Failure> {
        if self.unread.is_empty() { Ok(self) } else { Err(Failure::several(self.unread)) }
    }
}

/// A unit and what was said about it.
#[derive(Debug)]
pub struct Loaded {
    /// The unit.
    pub unit: Unit,
    /// What it is called wherever the call is made: its name, or the paths of its files in the repository.
    pub identity: String,
    /// What fwlint.yaml says.
    pub config: Arc<Config>,
    /// The settings that hold.
    pub settings: Settings,
    /// The interfaces of the host, as far as known; the first leads to the internet.
    pub interfaces: Vec<Interface>,
    /// The export that holds it among others, if it was not chosen by name; one of them must serve the
    /// tunnel. Counted from 0.
    pub export: Option<usize>,
    /// The cloud that keeps its rules, if one does: a file may hold exports of several.
    pub cloud: Option<Dialect>,
    /// What its files include.
    pub includes: Includes,
}

/// Reads all that a call is about. A file that cannot be read or is no firewall does not keep the others from being
/// read.
///
/// # Errors
/// Mistakes in configuration files, and paths that contradict each other.
pub fn load(world: &mut World, selection: &Selection) -> Result<Input, Failure> {
    let base = source::absolute(&world.directory);
    let repository = Root::of_repository(&base);
    let mut loader = Loader {
        directory: world.directory.clone(),
        base,
        selection,
        sources: Sources::of(repository),
        texts: HashMap::new(),
        configs: HashMap::new(),
        dialects: HashMap::new(),
        nearest: HashMap::new(),
        cloudflared: Given::default(),
        stdin: None,
        unread: Vec::new(),
    };
    if let Some(path) = &selection.cloudflared {
        let file = loader.add(path)?;
        let given = config::read_cloudflared(&loader.sources, file);
        loader.cloudflared = given.map_err(|mistakes| loader.failure(mistakes))?;
    }
    let texts = loader.texts(world)?;
    let groups = loader.groups(texts)?;
    let taken: Vec<_> = groups.into_iter().map(|group| loader.take_in(group)).collect();
    // Starting threads for one group would cost more than it brings.
    let read = |(number, taken)| loader.units(number, taken);
    let mut units: Vec<Loaded> = match taken.len() {
        0 | 1 => taken.into_iter().enumerate().flat_map(read).collect(),
        _ => taken.into_par_iter().enumerate().flat_map_iter(read).collect(),
    };
    // Where nothing could be read, that is what there is to say.
    if !units.is_empty() || loader.unread.is_empty() {
        units::choose(&mut units, &selection.units)?;
    }
    let Loader { sources, dialects, stdin, mut unread, .. } = loader;
    // A file may have been found in a folder, and as a sibling.
    let mut told = HashSet::new();
    unread.retain(|failure| told.insert(failure.to_string()));
    Ok(Input { sources, units, dialects, stdin, unread })
}

/// What cloudflared's own configuration says.
///
/// # Errors
/// A file that cannot be read, and mistakes in it.
pub fn cloudflared(world: &World, path: &Path) -> Result<Given, Failure> {
    let mut sources = Sources::default();
    let file = sources.add(path, read::bytes(&world.directory, path)?);
    let given = config::read_cloudflared(&sources, file);
    given.map_err(|mistakes| Failure::Configuration(Box::new(sources), mistakes))
}

/// Texts that are loaded on one machine, in this order, or exported from one account.
struct Group {
    /// The name that fwlint.yaml gives it.
    name: Option<String>,
    texts: Vec<Text>,
    config: Arc<Config>,
}

struct Loader<'s> {
    directory: PathBuf,
    /// The same from the root of the file system.
    base: PathBuf,
    selection: &'s Selection,
    sources: Sources,
    /// What is linted, by path: two hosts may share a file.
    texts: HashMap<PathBuf, FileId>,
    /// By path; what was read is not read again.
    configs: HashMap<PathBuf, Arc<Config>>,
    /// By folder: the fwlint.yaml that is nearest to it, if there is one.
    nearest: HashMap<PathBuf, Option<PathBuf>>,
    dialects: HashMap<FileId, Dialect>,
    cloudflared: Given,
    stdin: Option<PathBuf>,
    unread: Vec<Failure>,
}

impl Loader<'_> {
    /// What holds for a file: the fwlint.yaml that was named, or the nearest.
    fn config_for(&mut self, path: &Path) -> Result<Arc<Config>, Failure> {
        let path = match &self.selection.config {
            ConfigChoice::Isolated => None,
            ConfigChoice::File(path) => Some(path.clone()),
            ConfigChoice::Discover => {
                let folder = path.parent().unwrap_or(Path::new(""));
                match self.nearest.get(folder) {
                    Some(nearest) => nearest.clone(),
                    None => {
                        let found = config::discover(&self.directory.join(folder), &self.directory);
                        let found = found.map(|found| self.shorten(&found));
                        self.nearest.insert(folder.to_path_buf(), found.clone());
                        found
                    }
                }
            }
        };
        let Some(path) = path else { return Ok(Arc::default()) };
        let is_named = matches!(self.selection.config, ConfigChoice::File(_));
        if !is_named && path.file_name() != Some(config::FILE_NAME.as_ref()) {
            let message = format!("`{}` is not read", path.display());
            return Err(Failure::new(message, format!("Call it {}.", config::FILE_NAME)));
        }
        if let Some(config) = self.configs.get(&path) {
            return Ok(config.clone());
        }
        let file = self.add(&path)?;
        let config = config::read(&self.sources, file).and_then(|config| {
            let mut mistakes = unknown_lints(&config);
            mistakes.extend(self.missing_files(&config));
            if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
        });
        let mut config = config.map_err(|mistakes| self.failure(mistakes))?;
        let folder = self.base.join(&path).parent().map(Path::to_path_buf).unwrap_or_default();
        config.root = Root { folder, directory: self.base.clone() };
        let config = Arc::new(config);
        self.configs.insert(path, config.clone());
        Ok(config)
    }

    /// A path as the reports show it.
    fn shorten(&self, path: &Path) -> PathBuf {
        source::shown(path, &self.base)
    }

    /// Which file a path leads to, as far as names tell.
    fn place(&self, path: &Path) -> PathBuf {
        source::clean(&self.base.join(path))
    }

    /// Takes a configuration file in.
    fn add(&mut self, path: &Path) -> Result<FileId, Failure> {
        let bytes = read::bytes(&self.directory, path)?;
        Ok(self.sources.add(path, bytes))
    }

    fn failure(&mut self, mistakes: Vec<Mistake>) -> Failure {
        Failure::Configuration(Box::new(std::mem::take(&mut self.sources)), mistakes)
    }
}

/// Lints that fwlint.yaml names and that do not exist.
fn unknown_lints(config: &Config) -> Vec<Mistake> {
    let ids = || lints::LINTS.iter().map(|lint| lint.id);
    let unknown =
        config.levels.0.iter().map(|said| &said.lint).filter(|lint| !ids().any(|id| id == lint.value));
    let mistake = |lint: &crate::source::Spanned<String>| {
        let help = match nearest(&lint.value, ids()) {
            Some(id) => format!("Did you mean `{id}`?"),
            None => "`fwlint explain` lists all lints.".to_string(),
        };
        Mistake::at(lint.span, format!("unknown lint `{}`", lint.value)).help(help)
    };
    unknown.map(mistake).collect()
}
