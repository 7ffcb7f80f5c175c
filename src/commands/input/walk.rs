//! Looks for firewalls below a folder: whatever .gitignore does not leave out and reads like one.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::read::{self, Text};
use crate::commands::Failure;
use crate::dialects::Dialect;

/// Names that end so are texts about firewalls, or programs in other languages, rather than firewalls.
const OTHERS: &[&str] = &[
    "md", "rst", "adoc", "html", "htm", "xml", "css", "svg", "tex", "rs", "go", "py", "rb", "js", "ts",
    "tsx", "java", "kt", "c", "h", "cc", "cpp", "hpp", "cs", "php", "pl", "lua", "diff", "patch", "lock",
    "log", "map",
];

/// How much of a file is looked at to see whether it is text.
const SAMPLE: usize = 8192;

/// All files below a folder that may be firewalls, by name; and why what is deeper could not be looked at.
///
/// # Errors
/// A folder that cannot be read.
pub fn files(directory: &Path, path: &Path) -> Result<(Vec<PathBuf>, Vec<Failure>), Failure> {
    let root = directory.join(path);
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    // The name that is shown for an entry.
    let shown = |entry: &Path| {
        let below = entry.strip_prefix(&root).unwrap_or(entry);
        if path == Path::new(".") { below.to_path_buf() } else { path.join(below) }
    };
    // A folder may have its .gitignore before it is a repository, or without ever becoming one.
    let mut walk = WalkBuilder::new(&root);
    for entry in walk.require_git(false).sort_by_file_name(|one, other| one.cmp(other)).build() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let is_deeper = error.depth().is_some_and(|depth| depth > 0);
                let real = place_of(&error).unwrap_or(&root).to_path_buf();
                let place = shown(&real);
                // What the walk says of a folder has its path in it; the system says it without.
                let cause = std::fs::read_dir(&real).err().or_else(|| error.into_io_error());
                let cause = cause.unwrap_or_else(|| std::io::Error::other("it cannot be walked"));
                match (is_deeper, cause.kind()) {
                    (false, _) => return Err(Failure::reading(path, cause)),
                    // What has gone meanwhile is not there.
                    (true, ErrorKind::NotFound) => {}
                    (true, _) => failures.push(Failure::reading(&place, cause)),
                }
                continue;
            }
        };
        let is_other = || {
            let extension = entry.path().extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| OTHERS.contains(&extension.to_ascii_lowercase().as_str()))
        };
        if entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) && !is_other() {
            files.push(shown(entry.path()));
        }
    }
    Ok((files, failures))
}

/// The folder that could not be read.
fn place_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place_of(err),
        _ => None,
    }
}

/// The firewalls among files, in their order; and why others could not be read.
pub fn firewalls(directory: &Path, files: &[PathBuf], dialect: Option<Dialect>) -> (Vec<Text>, Vec<Failure>) {
    let looked: Vec<_> = files.par_iter().filter_map(|path| look(directory, path, dialect)).collect();
    let (mut texts, mut failures) = (Vec::with_capacity(looked.len()), Vec::new());
    for each in looked {
        match each {
            Ok(text) => texts.push(text),
            Err(failure) => failures.push(failure),
        }
    }
    (texts, failures)
}

/// The firewall in a file; `None` if it is none, or is not there.
fn look(directory: &Path, path: &Path, dialect: Option<Dialect>) -> Option<Result<Text, Failure>> {
    let place = directory.join(path);
    let is_text_file = place.metadata().and_then(|metadata| Ok(metadata.is_file() && is_text(&place)?));
    let read = match is_text_file {
        Ok(false) => return None,
        Ok(true) => read::file(directory, path, dialect),
        // A link that leads nowhere, or a file that has gone meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) if place.is_symlink() && error.kind() != ErrorKind::PermissionDenied => return None,
        Err(error) => Err(Failure::reading(path, error)),
    };
    match read {
        // What is no firewall is passed over.
        Err(failure) if !failure.is_of_the_system() => None,
        read => Some(read),
    }
}

/// Does the file begin like text: without a zero byte?
fn is_text(place: &Path) -> std::io::Result<bool> {
    let mut sample = [0; SAMPLE];
    let length = File::open(place).and_then(|mut file| file.read(&mut sample))?;
    Ok(!sample[..length].contains(&0))
}
