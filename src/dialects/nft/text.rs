//! nft's text, as `nft list ruleset` prints it and as people write it for `nft -f`.

mod ahead;
mod blocks;
mod commands;
mod cursor;
mod elements;
mod ending;
mod include;
mod objects;
mod plain;
mod reader;
mod recognise;
mod rules;
mod selectors;
mod sets;
mod statements;
mod values;
mod words;

pub use include::include_paths;
pub use reader::AtOnce;
pub use recognise::is_nft;

use super::ast::File;
use crate::dialects::includes::Texts;
use crate::source::FileId;

/// Reads a text and all that it includes; of long chains what may be done at once is, if it is said how. Never fails: what is
/// not understood is among the remarks.
pub fn read<'t>(texts: &Texts<'t>, early: Option<AtOnce>) -> File<'t> {
    let mut reader = reader::Reader::new(texts, early);
    reader.commands();
    reader.end_of_text(texts.file, texts.text);
    finish(reader, texts.text)
}

/// Reads a piece of a text, whose last line need not have an end.
pub fn read_piece<'t>(texts: &Texts<'t>, early: Option<AtOnce>) -> File<'t> {
    let mut reader = reader::Reader::new(texts, early);
    reader.commands();
    finish(reader, texts.text)
}

fn finish<'t>(reader: reader::Reader<'t>, text: &str) -> File<'t> {
    File { is_listing: recognise::is_listing(text), ..reader.finish() }
}

/// The braces that come next behind a place: where they open, and the place behind the one that closes them.
pub fn braces(file: FileId, text: &str, from: usize) -> Option<(usize, usize)> {
    let mut cursor = cursor::Cursor::new(file, text);
    cursor.at = from;
    cursor.skip_lines();
    let open = cursor.at;
    (cursor.byte() == Some(b'{') && cursor.skip_braces()).then_some((open, cursor.at))
}
