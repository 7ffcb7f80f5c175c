//! Globs for paths below the folder of fwlint.yaml.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::source::Spanned;
use crate::tree::Mistake;

/// Some of the files below a folder.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Two for each of the globs: for what it names, and for what is in it.
    set: GlobSet,
    /// The globs as they are written.
    globs: Vec<Spanned<String>>,
}

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
        Ok(Paths { set: set.build().map_err(no_set)?, globs: globs.to_vec() })
    }

    /// Is this path, from the folder of fwlint.yaml, one of them?
    pub fn hold(&self, path: &Path) -> bool {
        self.set.is_match(path)
    }

    /// Is it one of them by a glob that does not hold the whole of a folder?
    pub fn hold_within(&self, folder: &Path, path: &Path) -> bool {
        let whole = self.set.matches(folder);
        let is_whole = |at: &usize| whole.iter().any(|other| other / 2 == at / 2);
        self.set.matches(path).iter().any(|at| !is_whole(at))
    }

    /// The globs as they are written.
    pub fn globs(&self) -> &[Spanned<String>] {
        &self.globs
    }
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
    fn a_glob_that_holds_a_whole_folder_counts_for_nothing_within_it() {
        let globs = ["old", "*.bak"].map(|glob| Spanned::new(glob.to_string(), Span::new(FileId(0), 0, 1)));
        let paths = Paths::new(&globs).expect("these are globs");
        assert!(paths.hold(Path::new("old/rules.v4")));
        assert!(!paths.hold_within(Path::new("old"), Path::new("old/rules.v4")));
        assert!(paths.hold_within(Path::new("old"), Path::new("old/rules.bak")));
        assert!(paths.hold_within(Path::new(""), Path::new("old/rules.v4")));
    }
}
