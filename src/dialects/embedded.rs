//! Rulesets of nft inside of what configures a machine: they are read where they stand, with blanks in place of all that
//! is around them.

mod ansible;
mod nix;

pub mod compose;

use std::ops::Range;

use super::{Writing, nft};
use crate::dialects::{Dialect, Texts};
use crate::finding::Edit;
use crate::model::{Ruleset, Step};
use crate::source::FileId;

/// Is a text a playbook, or a list of tasks, that puts a ruleset of nft in place?
pub fn is_ansible(text: &str) -> bool {
    ansible::ruleset(text).is_some()
}

/// Is a text a module of NixOS that holds a ruleset of nft?
pub fn is_nix(text: &str) -> bool {
    nix::ruleset(text).is_some()
}

/// Reads a playbook.
pub fn read_ansible(file: FileId, text: &str) -> Ruleset {
    read(file, text, ansible::ruleset(text))
}

/// Reads a module.
pub fn read_nix(file: FileId, text: &str) -> Ruleset {
    read(file, text, nix::ruleset(text))
}

/// Writes a change into a playbook.
pub fn write_ansible(writing: &Writing, step: &Step) -> Option<Vec<Edit>> {
    write(writing, step, ansible::ruleset)
}

/// Writes a change into a module.
pub fn write_nix(writing: &Writing, step: &Step) -> Option<Vec<Edit>> {
    write(writing, step, nix::ruleset)
}

fn read(file: FileId, text: &str, ruleset: Option<Range<usize>>) -> Ruleset {
    let masked = masked(text, ruleset.unwrap_or(0..0));
    nft::read_embedded(&Texts { dialect: Dialect::Nft, file, text: &masked, included: &|_| None })
}

/// What a change is in the text, whose ruleset is the whole file to the writer of nft.
fn write(writing: &Writing, step: &Step, ruleset: fn(&str) -> Option<Range<usize>>) -> Option<Vec<Edit>> {
    let mut sources = writing.sources.clone();
    for file in writing.sources.ids() {
        if let Some(ruleset) = ruleset(writing.source(file)) {
            sources.replace(file, masked(writing.source(file), ruleset));
        }
    }
    nft::write::write(&Writing::new(&sources, writing.fills_sets), step)
}

/// A text with blanks in place of what is outside of a part: each place in it stays what it is.
fn masked(text: &str, part: Range<usize>) -> String {
    let blank =
        |text: &str| -> String { text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect() };
    blank(&text[..part.start]) + &text[part.clone()] + &blank(&text[part.end..])
}
