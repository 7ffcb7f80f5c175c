//! From the paths of a call to units: read, recognise, join what belongs to one host, and find out what
//! was said about it.

mod includes;
mod read;
mod siblings;
mod units;
mod walk;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::commands::{Failure, World};
use crate::config::{self, Config, Given, Interface, Root, Settings};
use crate::dialects::Dialect;
use crate::lints::{self, Unit};
use crate::source::{FileId, Sources};
use crate::tree::{Mistake, nearest};
use read::{Reader, Text};

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

impl Selection {
    /// What standard input is called, if it is read.
    pub fn stdin_name(&self) -> Option<&Path> {
        let is_read = self.paths.iter().any(|path| path.as_os_str() == "-");
        is_read.then(|| self.stdin_name.as_deref().unwrap_or(Path::new("-")))
    }
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
}

/// A unit and what was said about it.
#[derive(Debug)]
pub struct Loaded {
    /// The unit.
    pub unit: Unit,
    /// What fwlint.yaml says.
    pub config: Arc<Config>,
    /// The settings that hold.
    pub settings: Settings,
    /// The interfaces of the host, as far as known; the first leads to the internet.
    pub interfaces: Vec<Interface>,
    /// The export that holds it among others, if it was not chosen by name; one of them must serve the
    /// tunnel. Counted from 0.
    pub export: Option<usize>,
}

/// Reads all that a call is about.
///
/// # Errors
/// A file that cannot be read or is no firewall, and mistakes in configuration files.
pub fn load(world: &mut World, selection: &Selection) -> Result<Input, Failure> {
    let mut loader = Loader {
        directory: world.directory.clone(),
        selection,
        sources: Sources::default(),
        texts: HashMap::new(),
        configs: HashMap::new(),
        dialects: HashMap::new(),
        nearest: HashMap::new(),
        cloudflared: Given::default(),
    };
    if let Some(path) = &selection.cloudflared {
        let file = loader.add(path)?;
        let given = config::read_cloudflared(&loader.sources, file);
        loader.cloudflared = given.map_err(|mistakes| loader.failure(mistakes))?;
    }
    let texts = loader.texts(world)?;
    let groups = loader.groups(texts)?;
    let mut units = Vec::new();
    for (number, group) in groups.into_iter().enumerate() {
        units.extend(loader.units(number, group));
    }
    units::choose(&mut units, &selection.units)?;
    Ok(Input { sources: loader.sources, units, dialects: loader.dialects })
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
}

impl Loader<'_> {
    /// All texts that the call names, each once, in order.
    fn texts(&mut self, world: &mut World) -> Result<Vec<Text>, Failure> {
        let Selection { paths, dialect, stdin_name, force_exclude, .. } = self.selection;
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here[..] } else { paths };
        let mut texts: Vec<Text> = Vec::new();
        let mut known: HashSet<PathBuf> = HashSet::new();
        for path in paths {
            let found = if path.as_os_str() == "-" {
                let stdin_name = stdin_name.as_deref();
                vec![Reader { world: &mut *world, dialect: *dialect, stdin_name }.stdin()?]
            } else if self.directory.join(path).is_dir() {
                self.found(path)?
            } else if *force_exclude && self.is_excluded(path)? {
                Vec::new()
            } else {
                vec![read::file(&self.directory, path, *dialect)?]
            };
            texts.extend(found.into_iter().filter(|text| known.insert(text.path.clone())));
        }
        Ok(texts)
    }

    /// The firewalls below a folder.
    fn found(&mut self, path: &Path) -> Result<Vec<Text>, Failure> {
        let mut files = Vec::new();
        for file in walk::files(&self.directory, path)? {
            if !self.is_excluded(&file)? {
                files.push(file);
            }
        }
        let texts = walk::firewalls(&self.directory, &files, self.selection.dialect);
        if texts.is_empty() {
            let message = format!("there is no firewall in `{}`", path.display());
            return Err(Failure::new(message, read::KNOWN));
        }
        Ok(texts)
    }

    /// Does its fwlint.yaml exclude a file?
    fn is_excluded(&mut self, path: &Path) -> Result<bool, Failure> {
        let config = self.config_for(path)?;
        Ok(config.exclude.as_ref().is_some_and(|paths| paths.hold(&config.root.below(path))))
    }

    /// Groups texts that belong together: as fwlint.yaml says, else with their siblings on disk.
    fn groups(&mut self, texts: Vec<Text>) -> Result<Vec<Group>, Failure> {
        let texts = self.without_included(texts);
        // The order of the arguments is the order of loading.
        if self.selection.together {
            let Some(first) = texts.first() else { return Ok(Vec::new()) };
            let config = self.config_for(&first.path)?;
            return Ok(vec![Group { name: None, texts, config }]);
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashSet<PathBuf> = HashSet::new();
        for text in texts {
            if known.contains(&text.path) {
                continue;
            }
            let config = self.config_for(&text.path)?;
            let (name, texts) = match self.declared(&config, &text)? {
                Some((name, texts)) => (Some(name), texts),
                None => (None, siblings::of(&self.directory, text)),
            };
            known.extend(texts.iter().map(|text| text.path.clone()));
            groups.push(Group { name, texts, config });
        }
        Ok(groups)
    }

    /// The host of fwlint.yaml that names the file, and all its files.
    fn declared(&self, config: &Config, text: &Text) -> Result<Option<(String, Vec<Text>)>, Failure> {
        let Some(root) = config.hosts.first().map(|host| self.sources.file(host.name.span.file).name.clone())
        else {
            return Ok(None);
        };
        let root = root.parent().unwrap_or(Path::new(""));
        let place = |file: &str| std::path::absolute(self.directory.join(root).join(file)).ok();
        let here = std::path::absolute(self.directory.join(&text.path)).ok();
        let names =
            |host: &&config::Host| host.files.iter().any(|file| here.is_some() && place(&file.value) == here);
        let Some(host) = config.hosts.iter().find(names) else { return Ok(None) };
        let mut texts = Vec::new();
        for file in &host.files {
            if place(&file.value) == here {
                texts.push(text.clone());
            } else {
                texts.push(read::file(&self.directory, &root.join(&file.value), None)?);
            }
        }
        Ok(Some((host.name.value.clone(), texts)))
    }

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
        if let Some(config) = self.configs.get(&path) {
            return Ok(config.clone());
        }
        let file = self.add(&path)?;
        let config = config::read(&self.sources, file).and_then(|config| {
            let mistakes = unknown_lints(&config);
            if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
        });
        let mut config = config.map_err(|mistakes| self.failure(mistakes))?;
        config.root = self.root(&path);
        let config = Arc::new(config);
        self.configs.insert(path, config.clone());
        Ok(config)
    }

    /// Where a fwlint.yaml is.
    fn root(&self, path: &Path) -> Root {
        let directory = match self.directory.as_os_str().is_empty() {
            true => std::env::current_dir(),
            false => std::path::absolute(&self.directory),
        };
        let directory = directory.unwrap_or_default();
        let folder = directory.join(path).parent().map(Path::to_path_buf).unwrap_or_default();
        Root { folder, directory }
    }

    /// A path below the directory of the call, as short as the user would write it.
    fn shorten(&self, path: &Path) -> PathBuf {
        let base = std::path::absolute(&self.directory).or_else(|_| std::env::current_dir());
        let short = base.ok().and_then(|base| path.strip_prefix(base).ok().map(Path::to_path_buf));
        short.unwrap_or_else(|| path.to_path_buf())
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
