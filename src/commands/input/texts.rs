//! The texts that a call names: files, folders, standard input.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::read::{self, Reader, Text};
use super::{Loader, Selection, walk};
use crate::commands::{Failure, World};

impl Selection {
    /// What is read: the paths; without any, standard input if it has a name, otherwise the current folder.
    ///
    /// # Errors
    /// A name for standard input that is not read.
    fn named(&self) -> Result<Vec<PathBuf>, Failure> {
        match (self.paths.as_slice(), &self.stdin_name) {
            ([], None) => Ok(vec![PathBuf::from(".")]),
            ([], Some(_)) => Ok(vec![PathBuf::from("-")]),
            (paths, Some(_)) if !paths.iter().any(|path| is_stdin(path)) => {
                let message = "--stdin-filename names standard input, which is not read";
                Err(Failure::new(message, "Add `-` to the paths, or leave all of them out."))
            }
            (paths, _) => Ok(paths.to_vec()),
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

impl Loader<'_> {
    /// All texts that the call names, each once, in order. What cannot be read is set aside.
    pub(super) fn texts(&mut self, world: &mut World) -> Result<Vec<Text>, Failure> {
        let mut texts: Vec<Text> = Vec::new();
        let mut known: HashSet<PathBuf> = HashSet::new();
        for named in self.selection.named()? {
            let path = self.shorten(&named);
            let found = if is_stdin(&named) {
                self.stdin(world)?
            } else if self.directory.join(&path).is_dir() {
                self.found(&path)?
            } else if self.is_left_out(&path)? {
                Vec::new()
            } else {
                let text = read::file(&self.directory, &path, self.selection.dialect);
                self.set_aside(text).into_iter().collect()
            };
            texts.extend(found.into_iter().filter(|text| known.insert(self.place(&text.path))));
        }
        Ok(texts)
    }

    /// What was read, unless it could not be, which is told when all else is done.
    pub(super) fn set_aside<T>(&mut self, read: Result<T, Failure>) -> Option<T> {
        read.map_err(|failure| self.unread.push(failure)).ok()
    }

    /// Standard input.
    fn stdin(&mut self, world: &mut World) -> Result<Vec<Text>, Failure> {
        let name = self.selection.stdin_name.as_ref().map(|name| self.shorten(name));
        if let Some(name) = &name
            && self.is_left_out(name)?
        {
            return Ok(Vec::new());
        }
        let text = Reader { world, dialect: self.selection.dialect, stdin_name: name.as_deref() }.stdin();
        self.stdin = Some(name.unwrap_or_else(|| PathBuf::from("-")));
        Ok(self.set_aside(text).into_iter().collect())
    }

    /// The firewalls below a folder.
    fn found(&mut self, folder: &Path) -> Result<Vec<Text>, Failure> {
        if self.is_left_out(folder)? {
            return Ok(Vec::new());
        }
        let (all, failures) = match walk::files(&self.directory, folder) {
            Ok(found) => found,
            Err(failure) => {
                self.unread.push(failure);
                return Ok(Vec::new());
            }
        };
        let is_all_read = failures.is_empty();
        self.unread.extend(failures);
        let mut files = Vec::new();
        let mut left_out = 0;
        for file in all {
            match self.is_excluded_within(folder, &file)? {
                true => left_out += 1,
                false => files.push(file),
            }
        }
        let (texts, failures) = walk::firewalls(&self.directory, &files, self.selection.dialect);
        if texts.is_empty() && is_all_read && failures.is_empty() {
            let message = format!("there is no firewall in `{}`", folder.display());
            let help = match left_out {
                0 => read::KNOWN.to_owned(),
                1 => "`exclude` in fwlint.yaml leaves one file out: name it to check it all the same."
                    .to_owned(),
                count => format!(
                    "`exclude` in fwlint.yaml leaves {count} files out: name those that are to be checked all the same."
                ),
            };
            self.unread.push(Failure::new(message, help).about(folder));
        }
        self.unread.extend(failures);
        Ok(texts)
    }

    /// Is something left out although it is named?
    fn is_left_out(&mut self, path: &Path) -> Result<bool, Failure> {
        if !self.selection.force_exclude {
            return Ok(false);
        }
        let config = self.config_for(path)?;
        Ok(config.exclude.as_ref().is_some_and(|paths| paths.hold(&config.root.below(path))))
    }

    /// Does its fwlint.yaml exclude a file that was found in a folder? A folder that is named is looked through, even
    /// if the whole of it is excluded.
    fn is_excluded_within(&mut self, folder: &Path, file: &Path) -> Result<bool, Failure> {
        let config = self.config_for(file)?;
        let below = |path| config.root.below(path);
        Ok(config.exclude.as_ref().is_some_and(|paths| paths.hold_within(&below(folder), &below(file))))
    }
}
