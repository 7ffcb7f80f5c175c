//! stub

use crate::model::Ruleset;
use crate::source::FileId;

/// Is it?
pub fn is_list(_text: &str) -> bool {
    false
}

/// Reads a text.
pub fn read(_file: FileId, _text: &str) -> Ruleset {
    Ruleset::default()
}
