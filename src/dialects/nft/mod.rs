//! nftables: what `nft list ruleset` prints, what people write for `nft -f`, and both as JSON.
//!
//! Text and JSON are read into one syntax tree ([`ast`]), which is lowered into the model: so the
//! two say the same by construction.

pub mod ast;
mod json;
mod lower;
mod symbols;
mod text;
pub mod write;

pub use json::is_json;
pub use text::{include_paths, is_nft};

use super::Dialect;
use super::includes::Texts;
use crate::model::Ruleset;

/// Reads what `nft list ruleset` printed, or what is meant for `nft -f`, and both as JSON: texts that are loaded
/// one after the other, so that each may change what those before it have made.
pub fn read(texts: &[Texts<'_>]) -> Ruleset {
    lower::lower(texts.iter().map(parse))
}

fn parse<'t>(text: &Texts<'t>) -> ast::File<'t> {
    match text.dialect {
        Dialect::NftJson => json::read(text.file, text.text),
        _ => text::read(text),
    }
}
