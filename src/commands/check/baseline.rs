//! The baseline: findings that are known, so that an old ruleset can be adopted today and only what is new is
//! complained about.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::commands::{Failure, World};
use crate::finding::{Report, Reported};
use crate::report;
use crate::source::Sources;
use crate::tree;

/// What the file holds: for each finding its fingerprint, which counts, and words for its reader.
#[derive(Serialize)]
struct Entry<'a> {
    fingerprint: &'a str,
    lint: &'a str,
    path: Option<String>,
    message: &'a str,
}

/// What is read of it.
#[derive(Deserialize)]
struct Known {
    fingerprint: String,
}

/// The fingerprints that a baseline knows.
///
/// # Errors
/// A file that cannot be read, or is no baseline.
pub fn read(world: &World, path: &Path) -> Result<HashSet<String>, Failure> {
    let text = fs::read(world.directory.join(path)).map_err(|error| {
        Failure::reading(path, error).help("`--write-baseline` makes one of what is found now.")
    })?;
    let mut sources = Sources::default();
    let file = sources.add(path, text);
    let entries = tree::json(file, &sources.file(file).text).and_then(|node| node.read::<Vec<Known>>());
    match entries {
        Ok(entries) => Ok(entries.into_iter().map(|entry| entry.fingerprint).collect()),
        Err(mistake) => {
            let mistake =
                mistake.help("This is no baseline: `--write-baseline` makes one of what is found now.");
            Err(Failure::Configuration(Box::new(sources), vec![mistake]))
        }
    }
}

/// Writes a baseline of all findings: one on a line, so that a change shows what became of which.
///
/// # Errors
/// A file that cannot be written.
pub fn write(world: &World, path: &Path, sources: &Sources, found: &Report) -> Result<(), Failure> {
    let entry = |reported: &Reported| {
        let finding = &reported.finding;
        let path = finding.span.map(|span| sources.path_in_repository(span.file));
        let (fingerprint, message) = (&reported.fingerprint, &finding.message);
        report::ascii_json(&Entry { fingerprint, lint: finding.lint, path, message })
    };
    let lines: std::io::Result<Vec<String>> = found.findings.iter().map(entry).collect();
    let written = lines
        .and_then(|lines| fs::write(world.directory.join(path), format!("[\n{}\n]\n", lines.join(",\n"))));
    written.map_err(|error| Failure::writing(path, error))
}
