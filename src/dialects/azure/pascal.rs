//! Keys as PowerShell writes them: `SecurityRules` for `securityRules`.

use std::borrow::Cow;

use crate::tree::{Kind, Node};

/// Makes the first letter of each key small.
pub fn decapitalise(node: &mut Node) {
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(decapitalise),
        Kind::Map(entries) => {
            for (key, value) in entries {
                if let Kind::Text(text) = &mut key.kind
                    && text.starts_with(|first: char| first.is_ascii_uppercase())
                {
                    let (first, rest) = text.split_at(1);
                    *text = Cow::Owned(first.to_ascii_lowercase() + rest);
                }
                decapitalise(value);
            }
        }
        _ => {}
    }
}
