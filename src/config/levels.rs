//! What the user makes of lints: a level each, everywhere or for some files.

use std::path::Path;

use serde::Deserialize;

use super::paths::Paths;
use crate::finding::Level;
use crate::source::Spanned;
use crate::tree::{Kind, Mistake, Node};

/// Levels by lint id and path; the last word on a lint counts.
#[derive(Clone, Debug, Default)]
pub struct Levels(pub Vec<LevelFor>);

/// The level of a lint.
#[derive(Clone, Debug)]
pub struct LevelFor {
    /// The lint's id.
    pub lint: Spanned<String>,
    /// The files that it is said of; `None` for all.
    pub paths: Option<Paths>,
    /// The level; `None` silences the lint.
    pub level: Option<Level>,
}

impl Levels {
    /// What is said of a lint in a file, by its path below the folder of fwlint.yaml; `None` if nothing is.
    pub fn of(&self, lint: &str, path: &Path) -> Option<&LevelFor> {
        let is_said_of = |each: &&LevelFor| {
            each.lint.value == lint && each.paths.as_ref().is_none_or(|paths| paths.hold(path))
        };
        self.0.iter().rev().find(is_said_of)
    }

    /// Reads them: `open-port: off`, or `open-port: {"old/**": off}`.
    pub(super) fn read(value: &Node) -> Result<Self, Mistake> {
        let Kind::Map(entries) = &value.kind else {
            let message = format!("expected lints and their levels, found {}", value.kind.describe());
            return Err(Mistake::at(value.span, message));
        };
        let mut levels: Vec<LevelFor> = Vec::new();
        for (lint, value) in entries {
            let lint: Spanned<String> = lint.read()?;
            only_once(&lint, levels.iter().map(|level| &level.lint.value))?;
            match &value.kind {
                Kind::Map(paths) => {
                    let mut globs: Vec<String> = Vec::new();
                    for (glob, value) in paths {
                        let glob: Spanned<String> = glob.read()?;
                        only_once(&glob, &globs)?;
                        globs.push(glob.value.clone());
                        let paths = Some(Paths::new(&[glob])?);
                        levels.push(LevelFor { lint: lint.clone(), paths, level: level(value)? });
                    }
                }
                _ => levels.push(LevelFor { lint, paths: None, level: level(value)? }),
            }
        }
        Ok(Levels(levels))
    }
}

/// Refuses a key that is there already.
fn only_once<'k>(key: &Spanned<String>, known: impl IntoIterator<Item = &'k String>) -> Result<(), Mistake> {
    if known.into_iter().all(|known| *known != key.value) {
        return Ok(());
    }
    let message = format!("the key `{}` is there twice", key.value);
    Err(Mistake::at(key.span, message).help("Take one of them out."))
}

fn level(value: &Node) -> Result<Option<Level>, Mistake> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Off,
        Note,
        Warning,
        Error,
    }
    Ok(match value.read()? {
        Word::Off => None,
        Word::Note => Some(Level::Note),
        Word::Warning => Some(Level::Warning),
        Word::Error => Some(Level::Error),
    })
}
