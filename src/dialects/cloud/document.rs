//! From the text of an export to its values.

use super::Remarks;
use crate::source::{FileId, Span};
use crate::tree::{self, Kind, Mistake, Node};

/// Does a text begin as JSON or YAML does?
pub fn looks_like_data(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let line = start.lines().next().unwrap_or_default();
    let key = line.trim_start_matches("- ").split(':').next().unwrap_or_default();
    start.starts_with(['{', '['])
        || line.starts_with("---")
        || line.contains(':') && key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The documents of an export: one for JSON, any number for YAML. What is no such text is a remark, and there
/// are none; so is a key that an object has twice.
pub fn documents<'t>(file: FileId, text: &'t str, remarks: &mut Remarks) -> Vec<Node<'t>> {
    // YAML holds JSON, but what is wrong with JSON is best said in its own words.
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    let read = if is_json { tree::json(file, text).map(|node| vec![node]) } else { tree::yaml(file, text) };
    match read {
        Ok(documents) => {
            documents.iter().for_each(|document| find_twins(document, remarks));
            documents
        }
        Err(mistake) => {
            remarks.add(place(&mistake, file, text), mistake.message);
            Vec::new()
        }
    }
}

/// Where a mistake is; a text that ends too early is wrong at its last line.
fn place(mistake: &Mistake, file: FileId, text: &str) -> Span {
    let end = text.trim_end().len();
    match mistake.span {
        Some(span) if (span.start as usize) < end => span,
        _ => Span::new(file, text[..end].char_indices().next_back().map_or(0, |(at, _)| at), end),
    }
}

/// Points at keys that an object has twice: programs differ in which of the values they take.
fn find_twins(node: &Node, remarks: &mut Remarks) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| find_twins(item, remarks)),
        Kind::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                if let Some(name) = key.text()
                    && entries[..index].iter().any(|(other, _)| other.text() == Some(name))
                {
                    remarks.add(key.span, format!("the key `{name}` is there twice"));
                }
                find_twins(value, remarks);
            }
        }
        _ => {}
    }
}
