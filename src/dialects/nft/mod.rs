//! nftables: what `nft list ruleset` prints, what people write for `nft -f`, and both as JSON.
//!
//! Text and JSON are read into one syntax tree ([`ast`]), which is lowered into the model: so the
//! two say the same by construction.

pub mod ast;
mod lower;
mod symbols;
mod text;

pub use text::{include_paths, is_nft};

use super::includes::Texts;
use crate::model::Ruleset;

/// Reads what `nft list ruleset` printed, or what is meant for `nft -f`.
pub fn read(texts: &Texts<'_>) -> Ruleset {
    lower::lower(text::read(texts))
}
