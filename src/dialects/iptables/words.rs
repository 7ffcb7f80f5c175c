//! Words of a shell, as they are written: text, quotes, variables, with their places.

mod scan;
mod text;

pub use scan::Scanner;
pub use text::{line_end, name_at};

use crate::source::Span;

/// A word of a shell: pieces that stand together without white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, quotes included.
    pub span: Span,
    /// Its pieces.
    pub parts: Vec<Part>,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Does it stand in quotes, so that its value is not split at white space?
    pub quoted: bool,
}

/// Kinds of pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Text, its quotes and escapes resolved.
    Text(String),
    /// `$NAME` and `${NAME}` with all that may stand in the braces.
    Variable(Variable),
    /// What stands in `$(…)` or backticks.
    Command(String),
    /// Something else that only a shell can tell, as it is written: arithmetic, process substitution.
    Opaque(String),
    /// `NAME=(…)`: the words of an array, behind a text that ends in `=`.
    Array(Vec<Word>),
}

/// A use of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name; a digit, `@`, `*`, `#` and so on for the shell's own.
    pub name: String,
    /// All elements of an array are meant: `${NAME[@]}` or `${NAME[*]}`.
    pub all: bool,
    /// What else the braces ask for.
    pub change: Option<Change>,
    /// As it is written.
    pub source: String,
}

/// What `${NAME…}` does to the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `:-` and `:=` (or without the colon): this word if there is no value.
    Default(Word),
    /// `:+`: this word if there is a value.
    Alternative(Word),
    /// Anything else.
    Other,
}

impl Word {
    /// A word that is just a quoted text.
    pub fn text(text: &str, span: Span) -> Word {
        Word { span, parts: vec![Part { kind: PartKind::Text(text.to_owned()), quoted: true }] }
    }

    /// Its text, if it is nothing but text, quoted or not.
    pub fn literal(&self) -> Option<String> {
        let texts = self.parts.iter().map(|part| match &part.kind {
            PartKind::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// Its text, if it is nothing but text without any quotes, as keywords are.
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part { kind: PartKind::Text(text), quoted: false }] => Some(text),
            _ => None,
        }
    }
}
