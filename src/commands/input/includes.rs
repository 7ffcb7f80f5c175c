//! Files that are included by others: found, read, and kept from going round in circles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use globset::Glob;

use super::Loader;
use super::read::{self, Text};
use crate::dialects::{self, Dialect, Place, Read, Texts};
use crate::model::Ruleset;
use crate::source::{FileId, Sources, Span, Spanned};

/// How deep files may include each other.
const DEEPEST: usize = 16;

/// What was found for each path, by its place.
pub(super) type Found = HashMap<Span, Place>;

/// How a dialect tells what a text includes.
pub(super) type Paths = fn(FileId, &str) -> Vec<Spanned<String>>;

impl Loader<'_> {
    /// Finds all that a file includes, and what that includes in turn.
    pub(super) fn includes(&mut self, file: FileId, paths: Paths) -> Found {
        let mut found = Found::new();
        let path = self.sources.file(file).name.clone();
        let Ok(here) = self.directory.join(&path).canonicalize() else { return found };
        let tree = self.tree(&here);
        self.include(file, paths, &tree, &mut vec![here], &mut found);
        found
    }

    /// The texts that none of the others includes: those that do load them.
    pub(super) fn without_included(&self, texts: Vec<Text>) -> Vec<Text> {
        // None to look for in a long text.
        if texts.len() < 2 {
            return texts;
        }
        let mut gone: Vec<PathBuf> = Vec::new();
        let here = |text: &Text| self.directory.join(&text.path).canonicalize().unwrap_or_default();
        for text in &texts {
            let (Read::Including { paths, .. }, path) = (text.dialect.entry().read, here(text)) else {
                continue;
            };
            if gone.contains(&path) {
                continue;
            }
            let tree = self.tree(&path);
            let from = path.parent().unwrap_or(&tree).to_path_buf();
            for named in paths(FileId(0), &String::from_utf8_lossy(&text.bytes)) {
                let places = look(&from, &named.value, &tree).unwrap_or_default();
                gone.extend(places.into_iter().filter(|place| *place != path));
            }
        }
        texts.into_iter().filter(|text| !gone.contains(&here(text))).collect()
    }

    /// Below which directory files are looked for that a file includes: that of the call, or if it lies
    /// outside of it its own.
    fn tree(&self, path: &Path) -> PathBuf {
        let base = self.directory.canonicalize().ok().filter(|base| path.starts_with(base));
        base.unwrap_or_else(|| path.parent().unwrap_or(Path::new("/")).to_path_buf())
    }

    fn include(
        &mut self,
        file: FileId,
        paths: Paths,
        tree: &Path,
        open: &mut Vec<PathBuf>,
        found: &mut Found,
    ) {
        for path in paths(file, &self.sources.file(file).text) {
            if found.contains_key(&path.span) {
                continue;
            }
            let from = open.last().and_then(|path| path.parent()).unwrap_or(tree).to_path_buf();
            let places = match look(&from, &path.value, tree) {
                Ok(places) => places,
                Err(place) => {
                    found.insert(path.span, place);
                    continue;
                }
            };
            if open.len() >= DEEPEST || places.iter().any(|place| open.contains(place)) {
                found.insert(path.span, Place::Loop);
                continue;
            }
            let mut files = Vec::with_capacity(places.len());
            for place in places {
                let Some(included) = self.included(&place) else { continue };
                files.push(included);
                open.push(place);
                self.include(included, paths, tree, open, found);
                open.pop();
            }
            found.insert(path.span, Place::Files(files));
        }
    }

    /// Takes a file in that another includes.
    fn included(&mut self, place: &Path) -> Option<FileId> {
        let name = self.shorten(place);
        if let Some(file) = self.texts.get(&name) {
            return Some(*file);
        }
        let bytes = read::bytes(&self.directory, &name);
        let bytes = self.set_aside(bytes)?;
        let file = self.sources.add(name.clone(), bytes);
        self.texts.insert(name, file);
        Some(file)
    }
}

/// The files that a path names, seen from a directory: by the alphabet where it has wildcards. An absolute
/// path is also looked for below the directory that stands for the machine's root, if the file that names it
/// lies below one that is called as the path begins (`etc`).
fn look(from: &Path, path: &str, tree: &Path) -> Result<Vec<PathBuf>, Place> {
    let has_wildcards = path.contains(['*', '?', '[']);
    let mut roots = vec![from.join(path)];
    if let Ok(inner) = Path::new(path).strip_prefix("/") {
        let first = inner.components().next();
        let named = |directory: &&Path| directory.components().next_back() == first;
        let root =
            from.ancestors().filter(named).filter_map(Path::parent).find(|root| root.starts_with(tree));
        roots.splice(..0, root.map(|root| root.join(inner)));
    }
    let mut is_outside = false;
    for candidate in roots {
        let mut places = Vec::new();
        for place in expand(&candidate, has_wildcards) {
            match place.canonicalize() {
                Ok(place) if place.starts_with(tree) => places.push(place),
                Ok(_) => is_outside = true,
                Err(_) => {}
            }
        }
        if !places.is_empty() {
            return Ok(places);
        }
        is_outside |= !lies_in(&candidate, tree);
    }
    match (is_outside, has_wildcards) {
        (true, _) => Err(Place::Outside),
        (false, true) => Ok(Vec::new()),
        (false, false) => Err(Place::Missing),
    }
}

/// Would a path lie in the tree, going by its directory, if that is there?
fn lies_in(path: &Path, tree: &Path) -> bool {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    parent.map_or_else(|| path.starts_with(tree), |parent| parent.starts_with(tree))
}

/// The files that a path names, by the alphabet; a wildcard stands for no hidden file.
fn expand(path: &Path, has_wildcards: bool) -> Vec<PathBuf> {
    if !has_wildcards {
        return if path.is_file() { vec![path.to_path_buf()] } else { Vec::new() };
    }
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let text = part.as_os_str().to_string_lossy();
        let glob = text.contains(['*', '?', '[']).then(|| Glob::new(&text).ok()).flatten();
        match glob.map(|glob| glob.compile_matcher()) {
            None => found.iter_mut().for_each(|path| path.push(part)),
            Some(glob) => {
                let names = |folder: PathBuf| {
                    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
                    let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
                    names.sort();
                    let fits = |name: &std::ffi::OsString| {
                        glob.is_match(name) && !name.to_string_lossy().starts_with('.')
                    };
                    names.into_iter().filter(fits).map(|name| folder.join(name)).collect::<Vec<_>>()
                };
                found = found.into_iter().flat_map(names).collect();
            }
        }
    }
    found.retain(|path| path.is_file());
    found
}

/// Reads texts that are loaded on one host, in this order, each with all that it includes.
pub(super) fn load(sources: &Sources, texts: &[(Dialect, FileId, Found)]) -> Ruleset {
    let include = |found: &Found, span: Span| Some(found.get(&span)?.texts(sources));
    let included: Vec<_> = texts.iter().map(|(_, _, found)| move |span| include(found, span)).collect();
    let texts = texts.iter().zip(&included).map(|((dialect, file, _), included)| Texts {
        dialect: *dialect,
        file: *file,
        text: &sources.file(*file).text,
        included,
    });
    dialects::load(&texts.collect::<Vec<_>>())
}
