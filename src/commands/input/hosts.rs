//! Which texts belong to one host: as fwlint.yaml says, else those that lie beside each other.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{self, Text};
use super::{Group, Loader, siblings};
use crate::commands::Failure;
use crate::config::{Config, Host};
use crate::source::{Span, Spanned};
use crate::tree::Mistake;

impl Loader<'_> {
    /// Groups texts that belong together. A text that is named by several hosts is in a group of each.
    pub(super) fn groups(&mut self, texts: Vec<Text>) -> Result<Vec<Group>, Failure> {
        let texts = self.without_included(texts);
        // The order of the arguments is the order of loading.
        if self.selection.together {
            let Some(first) = texts.first() else { return Ok(Vec::new()) };
            let config = self.config_for(&first.path)?;
            return Ok(vec![Group { name: None, texts, config }]);
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashSet<PathBuf> = HashSet::new();
        let mut made: HashSet<Span> = HashSet::new();
        for text in texts {
            let config = self.config_for(&text.path)?;
            let hosts = self.hosts_of(&config, &text.path);
            if hosts.is_empty() && !known.contains(&self.place(&text.path)) {
                let (texts, failures) = siblings::of(&self.directory, text);
                self.unread.extend(failures);
                known.extend(texts.iter().map(|text| self.place(&text.path)));
                groups.push(Group { name: None, texts, config });
                continue;
            }
            for host in hosts.into_iter().filter(|host| made.insert(host.name.span)) {
                let texts = self.declared(host, &text)?;
                known.extend(texts.iter().map(|text| self.place(&text.path)));
                groups.push(Group {
                    name: Some(host.name.value.clone()),
                    texts,
                    config: Arc::clone(&config),
                });
            }
        }
        Ok(groups)
    }

    /// The hosts of fwlint.yaml that name a file.
    fn hosts_of<'c>(&self, config: &'c Config, path: &Path) -> Vec<&'c Host> {
        let here = self.place(path);
        let names = |host: &&Host| host.files.iter().any(|file| self.place(&self.path_of(file)) == here);
        config.hosts.iter().filter(names).collect()
    }

    /// All files of a host; one of them has been read already.
    fn declared(&mut self, host: &Host, text: &Text) -> Result<Vec<Text>, Failure> {
        let (mut texts, mut mistakes) = (Vec::new(), Vec::new());
        for file in &host.files {
            let path = self.path_of(file);
            if self.place(&path) == self.place(&text.path) {
                texts.push(text.clone());
                continue;
            }
            match read::file(&self.directory, &path, None) {
                Ok(text) => texts.push(text),
                Err(failure) => mistakes.push(failure.at(file.span)),
            }
        }
        if mistakes.is_empty() { Ok(texts) } else { Err(self.failure(mistakes)) }
    }

    /// Where a file is that fwlint.yaml names: its path begins in the folder of that.
    fn path_of(&self, file: &Spanned<String>) -> PathBuf {
        let folder = self.sources.file(file.span.file).name.parent().unwrap_or(Path::new(""));
        self.shorten(&folder.join(&file.value))
    }

    /// Files that fwlint.yaml names and that are not there.
    pub(super) fn missing_files(&self, config: &Config) -> Vec<Mistake> {
        let mistake = |file: &Spanned<String>| {
            let what = match self.directory.join(self.path_of(file)).metadata() {
                Ok(metadata) if metadata.is_dir() => format!("`{}` is a folder, not a file", file.value),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    format!("there is no file `{}`", file.value)
                }
                // Why it cannot be read is told when it is.
                _ => return None,
            };
            Some(Mistake::at(file.span, what).help("Paths begin in the folder of fwlint.yaml."))
        };
        config.hosts.iter().flat_map(|host| &host.files).filter_map(mistake).collect()
    }
}
