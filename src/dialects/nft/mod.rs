//! nftables: what `nft list ruleset` prints, what people write for `nft -f`, and both as JSON.
//!
//! Text and JSON are read into one syntax tree ([`ast`]), which is lowered into the model: so the
//! two say the same by construction.

pub mod ast;
mod lower;
mod symbols;
mod text;

pub use text::{is_nft, read as read_text};

use crate::model::Ruleset;
use crate::source::FileId;

/// Reads what `nft list ruleset` printed, or what is meant for `nft -f`.
pub fn read(file: FileId, text: &str) -> Ruleset {
    lower::lower(text::read(file, text))
}
