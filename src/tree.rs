//! YAML and JSON as one tree of spanned nodes, and serde on top of it.
//!
//! Numbers stay text, keys have places, order and duplicates are kept: what the tree is for decides.

mod appended;
mod json;
mod read;
mod twins;
mod yaml;

use std::borrow::Cow;

use crate::source::{FileId, Span};

pub use read::OneOrMany;
pub use twins::Twin;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'text> {
    /// The value, quotes and brackets included; for an alias (`*name`) the alias itself.
    pub span: Span,
    /// What it is.
    pub kind: Kind<'text>,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind<'text> {
    /// Nothing: `null`, `~`, or no value at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is written.
    Number(&'text str),
    /// A text without its quotes and escapes.
    Text(Cow<'text, str>),
    /// Values in order.
    List(Box<[Node<'text>]>),
    /// Keys and values in order.
    Map(Box<[(Node<'text>, Node<'text>)]>),
}

// An export of twenty megabytes has some millions of them.
const _: () = assert!(size_of::<Node<'_>>() == 40);

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The place; none only for what was built without one.
    pub span: Option<Span>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it: a sentence.
    pub help: Option<String>,
}

/// The documents of a YAML text; none for an empty one.
///
/// # Errors
/// The first place at which the text is not YAML, or where aliases expand to more than a million nodes.
pub fn yaml(file: FileId, text: &str) -> Result<Vec<Node<'_>>, Mistake> {
    yaml::documents(file, text, 0..text.len())
}

/// The value of a JSON text.
///
/// # Errors
/// The first place at which the text is not JSON, or nests deeper than 255.
pub fn json(file: FileId, text: &str) -> Result<Node<'_>, Mistake> {
    json::value(file, text)
}

/// The objects and lists of JSON and the documents of YAML that a text has one behind the other.
///
/// # Errors
/// The first place at which the text is neither.
pub fn appended(file: FileId, text: &str) -> Result<Vec<Node<'_>>, Mistake> {
    appended::values(file, text)
}

/// The documents of a text that is either: JSON if it is, otherwise YAML (which holds JSON, but is slower).
///
/// # Errors
/// The first place at which the text is not YAML.
pub fn documents(file: FileId, text: &str) -> Result<Vec<Node<'_>>, Mistake> {
    let looks_like_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    match looks_like_json.then(|| json(file, text)) {
        Some(Ok(node)) => Ok(vec![node]),
        _ => yaml(file, text),
    }
}

impl<'text> Node<'text> {
    /// Reads the node as a type of serde; `Spanned<T>` within it learns the places.
    ///
    /// # Errors
    /// The first place that does not fit the type.
    pub fn read<'node, T: serde::Deserialize<'node>>(&'node self) -> Result<T, Mistake> {
        read::Reader { node: self }.value(std::marker::PhantomData)
    }

    /// The text of a text or a number.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node<'text>> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The items, if this is a list; otherwise none.
    pub fn items(&self) -> &[Node<'text>] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }
}

impl Kind<'_> {
    /// What it is, in words.
    pub fn describe(&self) -> &'static str {
        match self {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

impl Mistake {
    /// Where it is in a text; one that ends too early is wrong at the last that is there.
    pub fn place_in(&self, file: FileId, text: &str) -> Span {
        let end = text.trim_end().len();
        match self.span {
            Some(span) if (span.start as usize) < end => span,
            _ => Span::new(file, text[..end].char_indices().next_back().map_or(0, |(at, _)| at), end),
        }
    }

    /// A mistake at a place.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Mistake { span: Some(span), message: message.into(), help: None }
    }

    /// Adds what to do about it, unless that is said already.
    pub fn or_help(mut self, help: impl Into<String>) -> Self {
        self.help.get_or_insert_with(|| help.into());
        self
    }

    /// Says what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

/// The candidate that a misspelt word most likely means: the nearest, if no more than a third of its
/// letters (at least one) would have to change. A word of any length may come in.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.chars().take(64).collect::<String>().to_lowercase().replace('_', "-");
    let distance = |candidate: &str| edit_distance(&folded, candidate);
    let best = candidates.into_iter().min_by_key(|candidate| distance(candidate))?;
    (distance(best) <= (best.chars().count() / 3).max(1)).then_some(best)
}

/// How many letters must be put in, taken out, changed, or swapped with their neighbour to make one word
/// of the other.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if i == 0 || j == 0 {
                table[i][j] = i + j;
                continue;
            }
            let change = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            table[i][j] = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
            }
        }
    }
    table[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_a_foreign_word_is_not() {
        let names = ["protocol", "region", "runs-in"];
        assert_eq!(nearest("protcol", names), Some("protocol"));
        assert_eq!(nearest("runs_in", names), Some("runs-in"));
        assert_eq!(nearest("Region", names), Some("region"));
        assert_eq!(nearest("ingress", names), None);
    }

    #[test]
    fn json_is_tried_first_and_yaml_flow_style_is_no_worse_for_it() {
        let file = FileId(0);
        assert_eq!(documents(file, "{\"a\": 1}").map(|documents| documents.len()), Ok(1));
        let flow = documents(file, "{a: 1}").expect("flow style is YAML");
        assert_eq!(flow[0].get("a").and_then(Node::text), Some("1"));
    }
}
