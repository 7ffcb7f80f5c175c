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
use crate::tree::{self, Mistake};

/// Is a text nft's JSON by its shape: an object that begins with `nftables`?
pub fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let key = text.strip_prefix('{').and_then(|inner| inner.trim_start().strip_prefix("\"nftables\""));
    key.is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// Reads a text. Never fails: what is not understood is among the remarks.
pub fn read(file: FileId, text: &str) -> File<'_> {
    let root = match tree::json(file, text) {
        Ok(root) => root,
        Err(mistake) => return not_read(mistake, Span::new(file, 0, 0)),
    };
    let mut reader = reader::Reader::default();
    let commands = reader.commands(&root);
    let mut remarks = reader.remarks;
    remarks.sort_by_key(|remark| remark.span);
    File { commands, remarks, is_listing: listing::is_printed(&root), is_json: true }
}

/// A text that is no JSON: the place where it ceases to be.
fn not_read<'t>(mistake: Mistake, start: Span) -> File<'t> {
    let Mistake { span, message, help } = mistake;
    let (kind, span) = (RemarkKind::Syntax, span.unwrap_or(start));
    let remark = Remark { kind, span, message, notes: help.into_iter().collect() };
    File { remarks: vec![remark], ..File::default() }
}
