//! nft's JSON: what `nft -j list ruleset` prints, and what people write for `nft -j -f`
//! (libnftables-json(5)).
//!
//! It becomes the same syntax tree as the text, so that both mean the same.

mod amounts;
mod commands;
mod declarations;
mod expressions;
mod listing;
mod reader;
mod selectors;
mod sets;
mod statements;

use super::ast::File;
use crate::model::{Remark, RemarkKind};
use crate::source::{FileId, Span};
use crate::tree;

/// Is a text nft's JSON by its shape: an object that begins with `nftables`?
pub fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let key = text.strip_prefix('{').and_then(|inner| inner.trim_start().strip_prefix("\"nftables\""));
    key.is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// Reads a text. Never fails: what is not understood is among the remarks. Of a key that is there twice the last
/// counts, as nft has it (asked of 1.0.6).
pub fn read(file: FileId, text: &str) -> File<'_> {
    let wrong = |span: Span, message: String, notes: Vec<String>| Remark {
        kind: RemarkKind::Syntax,
        span,
        message,
        notes,
    };
    let mut root = match tree::json(file, text) {
        Ok(root) => root,
        Err(mistake) => {
            let place = mistake.place_in(file, text);
            let remark = wrong(place, mistake.message, mistake.help.into_iter().collect());
            return File { remarks: vec![remark], is_json: true, ..File::default() };
        }
    };
    let mut reader = reader::Reader::default();
    let twins = root.twins();
    if !twins.is_empty() {
        root.keep_last();
        let note = || vec!["nft takes the last.".to_string()];
        reader.remarks.extend(twins.iter().map(|twin| wrong(twin.span, twin.message(), note())));
    }
    let commands = reader.commands(&root);
    let mut remarks = reader.remarks;
    remarks.sort_by_key(|remark| remark.span);
    File { commands, remarks, is_listing: listing::is_printed(&root), is_json: true }
}
