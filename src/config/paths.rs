//! Globs for paths below the folder of fwlint.yaml, and what a path is from there.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::source::Spanned;
use crate::tree::Mistake;

/// Some of the files below a folder.
#[derive(Clone, Debug)]
pub struct Paths(GlobSet);

impl Paths {
    /// Files by globs, as .gitignore has them: `*` stays within a folder, `**` does not; one without `/` is
    /// a name at any depth, and one that is a folder holds all that is in it.
    ///
    /// # Errors
    /// A glob that is none.
    pub(super) fn new(globs: &[Spanned<String>]) -> Result<Self, Mistake> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let mistake = |error: globset::Error| {
                Mistake::at(glob.span, format!("this is no glob: {}", error.kind())).help(
                    "Globs are those of .gitignore: `\\[` is a bracket, `*` any name, `**` any folders.",
                )
            };
            let text = glob.value.trim_end_matches('/').trim_start_matches("./");
            let text = match text.strip_prefix('/') {
                Some(anchored) => anchored.to_owned(),
                None if text.contains('/') => text.to_owned(),
                None => format!("**/{text}"),
            };
            for text in [format!("{text}/**"), text] {
                set.add(GlobBuilder::new(&text).literal_separator(true).build().map_err(mistake)?);
            }
        }
        let no_set = |error: globset::Error| {
            let message = format!("these are no globs: {}", error.kind());
            globs.first().map_or_else(
                || Mistake { span: None, message: message.clone(), help: None },
                |glob| Mistake::at(glob.span, message.clone()),
            )
        };
        Ok(Paths(set.build().map_err(no_set)?))
    }

    /// Is this path, from the folder of fwlint.yaml, one of them?
    pub fn hold(&self, path: &Path) -> bool {
        self.0.is_match(path)
    }
}

/// Where fwlint.yaml is, and where the paths of the call start.
#[derive(Clone, Debug, Default)]
pub struct Root {
    /// The folder of fwlint.yaml, from the root of the file system.
    pub folder: PathBuf,
    /// The directory of the call, from the root of the file system.
    pub directory: PathBuf,
}

impl Root {
    /// A path of the call as it is from the folder of fwlint.yaml; unchanged if it is not below that.
    pub fn below(&self, path: &Path) -> PathBuf {
        let absolute = clean(&self.directory.join(path));
        absolute.strip_prefix(clean(&self.folder)).map_or_else(|_| path.to_path_buf(), Path::to_path_buf)
    }
}

/// The path without `.` and `..`, as far as names tell.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    #[test]
    fn globs_are_those_of_gitignore() {
        let holds = |glob: &str, path: &str| {
            let glob = Spanned::new(glob.to_string(), Span::new(FileId(0), 0, 1));
            Paths::new(&[glob]).expect("it is a glob").hold(Path::new(path))
        };
        assert!(holds("*.v4", "a/b/rules.v4"));
        assert!(holds("legacy", "legacy/a/rules.v4") && holds("legacy/", "x/legacy/rules.v4"));
        assert!(holds("a/*.v4", "a/rules.v4") && !holds("a/*.v4", "a/b/rules.v4"));
        assert!(holds("a/**", "a/b/rules.v4") && holds("./a/**", "a/b/rules.v4"));
        assert!(holds("/a", "a/x") && !holds("/a", "b/a"));
    }

    #[test]
    fn paths_are_seen_from_the_folder_of_the_configuration() {
        let root = Root { folder: "/repo".into(), directory: "/repo/hosts".into() };
        assert_eq!(root.below(Path::new("web/rules.v4")), Path::new("hosts/web/rules.v4"));
        assert_eq!(root.below(Path::new("./../rules.v4")), Path::new("rules.v4"));
        assert_eq!(root.below(Path::new("/etc/rules.v4")), Path::new("/etc/rules.v4"));
    }
}
