//! From the text of an export to its values.

use super::Remarks;
use crate::source::FileId;
use crate::tree::{self, Node};

/// What a text holds of one cloud.
#[derive(Debug)]
pub struct Part<'t> {
    /// Its file.
    pub file: FileId,
    /// The whole text.
    pub text: &'t str,
    /// Is it a script of the cloud's commands?
    pub is_script: bool,
    /// What it holds, in the order of the text.
    pub documents: Vec<Node<'t>>,
}

/// Does a text begin as JSON or YAML does?
pub fn looks_like_data(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let line = start.lines().next().unwrap_or_default();
    let key = line.trim_start_matches("- ").split(':').next().unwrap_or_default();
    start.starts_with(['{', '['])
        || line.starts_with("---")
        || line.contains(':') && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The documents of an export, one behind the other. What is no such text is a remark, and there
/// are none; so is a key that an object has twice.
pub fn documents<'t>(file: FileId, text: &'t str, remarks: &mut Remarks) -> Vec<Node<'t>> {
    match tree::appended(file, text) {
        Ok(documents) => {
            let twins = documents.iter().flat_map(Node::twins);
            twins.for_each(|twin| remarks.add(twin.span, twin.message()));
            documents
        }
        Err(mistake) => {
            remarks.add(mistake.place_in(file, text), mistake.message);
            Vec::new()
        }
    }
}
