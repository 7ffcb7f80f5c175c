//! Looks for firewalls below a folder: whatever .gitignore does not leave out and reads like one.

use std::fs::File;
use std::io::Read;
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

/// All files below a folder that may be firewalls, by name.
///
/// # Errors
/// A folder that cannot be read.
pub fn files(directory: &Path, path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let root = directory.join(path);
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let mut files = Vec::new();
    for entry in WalkBuilder::new(&root).sort_by_file_name(|one, other| one.cmp(other)).build() {
        let entry = match entry {
            Ok(entry) => entry,
            // What is deeper and may not be read is passed over, as if it were not there.
            Err(error) if error.depth().is_some_and(|depth| depth > 0) => continue,
            Err(error) => {
                let cause =
                    error.into_io_error().unwrap_or_else(|| std::io::Error::other("it cannot be walked"));
                return Err(Failure::reading(path, cause));
            }
        };
        let is_other = || {
            let extension = entry.path().extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| OTHERS.contains(&extension.to_ascii_lowercase().as_str()))
        };
        if entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_symlink()) && !is_other() {
            let below = entry.path().strip_prefix(&root).unwrap_or(entry.path());
            let shown = if path == Path::new(".") { below.to_path_buf() } else { path.join(below) };
            files.push(shown);
        }
    }
    Ok(files)
}

/// The firewalls among files, in their order. What cannot be read is passed over.
pub fn firewalls(directory: &Path, files: &[PathBuf], dialect: Option<Dialect>) -> Vec<Text> {
    let read = |path: &PathBuf| {
        let place = directory.join(path);
        (place.is_file() && is_text(&place)).then(|| read::file(directory, path, dialect).ok()).flatten()
    };
    files.par_iter().filter_map(read).collect()
}

/// Does the file begin like text: without a zero byte?
fn is_text(place: &Path) -> bool {
    let mut sample = [0; SAMPLE];
    let length = File::open(place).and_then(|mut file| file.read(&mut sample));
    length.is_ok_and(|length| !sample[..length].contains(&0))
}
