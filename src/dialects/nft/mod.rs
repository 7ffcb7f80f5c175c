//! nftables: what `nft list ruleset` prints, what people write for `nft -f`, and both as JSON.
//!
//! Text and JSON are read into one syntax tree ([`ast`]), which is lowered into the model: so the
//! two say the same by construction.

pub mod ast;
mod json;
mod lower;
mod symbols;
mod text;

pub use json::is_json;
pub use text::{include_paths, is_nft};

use super::includes::Texts;
use crate::model::Ruleset;
use crate::source::FileId;

/// Reads what `nft list ruleset` printed, or what is meant for `nft -f`.
pub fn read(texts: &Texts<'_>) -> Ruleset {
    lower::lower(text::read(texts))
}

/// Reads what `nft -j list ruleset` printed, or what is meant for `nft -j -f`.
pub fn read_json(file: FileId, text: &str) -> Ruleset {
    lower::lower(json::read(file, text))
}
