//! nft's text, as `nft list ruleset` prints it and as people write it for `nft -f`.

mod blocks;
mod commands;
mod cursor;
mod elements;
mod objects;
mod reader;
mod recognise;
mod rules;
mod selectors;
mod sets;
mod statements;
mod values;
mod words;

pub use recognise::is_nft;

use super::ast::File;
use crate::source::FileId;

/// Reads a text. Never fails: what is not understood is among the remarks.
pub fn read(file: FileId, text: &str) -> File<'_> {
    let mut reader = reader::Reader::new(file, text);
    reader.commands();
    reader.finish()
}
