//! A command taken apart: which options were given, and with which values.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::matches::Extension;
use super::rule::Word;
use super::targets::Kind;
use crate::source::Span;

/// A command or rule, taken apart. `'w` is the list of words, `'t` the text.
#[derive(Debug)]
pub(super) struct Parsed<'w, 't> {
    /// All words.
    pub span: Span,
    /// Matches that need no extension, by letter: `p s d i o f`, and `?` for what is not known.
    pub base: SmallVec<[(char, Given<'w, 't>); 4]>,
    /// Matches in the order of their `-m`.
    pub instances: SmallVec<[Instance<'w, 't>; 2]>,
    /// What `-j` or `-g` names.
    pub target: Option<Target<'w, 't>>,
    /// What `-p` says.
    pub protocol: Protocol,
    /// The options that are commands (capital letters) or go with one: `t 4 6`.
    pub commands: SmallVec<[(char, Given<'w, 't>); 1]>,
}

/// What `-p` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Nothing, or `all`.
    Any,
    /// Just this.
    Is(u8),
    /// Any but this.
    IsNot(u8),
    /// Something that the file does not tell.
    Unresolved,
}

/// An option as it was given.
#[derive(Debug)]
pub(super) struct Given<'w, 't> {
    /// The option's long name without the dashes, unless it is spelled out.
    pub name: &'w str,
    /// Does the name say all, dashes included?
    pub is_spelled_out: bool,
    /// Does a `!` go with it?
    pub negated: bool,
    /// Its values.
    pub values: Values<'w, 't>,
    /// The option, the `!` and its values.
    pub span: Span,
}

/// The values of an option.
#[derive(Debug)]
pub(super) enum Values<'w, 't> {
    /// The words behind the option.
    Behind(&'w [Word<'t>]),
    /// A value that hangs on the option itself (`--dport=80`, `-ptcp`).
    Attached(Box<Word<'t>>),
}

/// A match extension in use.
#[derive(Debug)]
pub(super) struct Instance<'w, 't> {
    /// Which.
    pub extension: &'static Extension,
    /// The name that stands behind `-m`, or the extension's own.
    pub name: Cow<'t, str>,
    /// Its options.
    pub given: SmallVec<[Given<'w, 't>; 2]>,
    /// From `-m` to the last of its options.
    pub span: Span,
    /// Does an option follow that nobody knows, and that may have been meant for it?
    pub is_blamed: bool,
}

/// A target in use.
#[derive(Debug)]
pub(super) struct Target<'w, 't> {
    /// Its name.
    pub word: Word<'t>,
    /// Is it behind `-g`?
    pub goto: bool,
    /// What is known of it; `None` for a chain.
    pub kind: Option<&'static Kind>,
    /// Its options.
    pub given: SmallVec<[Given<'w, 't>; 2]>,
    /// From `-j` to the last of its options.
    pub span: Span,
}

impl Parsed<'_, '_> {
    /// Of no words.
    pub fn empty(span: Span) -> Self {
        Parsed {
            span,
            base: SmallVec::new(),
            instances: SmallVec::new(),
            target: None,
            protocol: Protocol::Any,
            commands: SmallVec::new(),
        }
    }
}

impl<'t> Given<'_, 't> {
    /// The words that the option takes.
    pub fn values(&self) -> &[Word<'t>] {
        match &self.values {
            Values::Behind(words) => words,
            Values::Attached(word) => std::slice::from_ref(word),
        }
    }

    /// Its first value.
    pub fn value(&self) -> Option<&Word<'t>> {
        self.values().first()
    }

    /// A copy of one of its values.
    pub fn owned(&self, at: usize) -> Option<Word<'t>> {
        self.values().get(at).cloned()
    }

    /// Does it hang on something that the file does not tell?
    pub fn is_unresolved(&self) -> bool {
        self.values().iter().any(|word| word.unresolved)
    }

    /// The option as a condition in words, white space folded.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        text.push_str(match (self.negated, self.is_spelled_out) {
            (false, true) => "",
            (true, true) => "! ",
            (false, false) => "--",
            (true, false) => "! --",
        });
        text.push_str(self.name);
        for word in self.values() {
            text.push(' ');
            if word.text.is_empty() || word.text.contains(char::is_whitespace) {
                text.push('"');
                text.push_str(&word.text);
                text.push('"');
            } else {
                text.push_str(&word.text);
            }
        }
    }
}

impl<'w, 't> Instance<'w, 't> {
    /// A match without options yet.
    pub fn new(extension: &'static Extension, name: Cow<'t, str>, span: Span) -> Self {
        Instance { extension, name, given: SmallVec::new(), span, is_blamed: false }
    }

    /// Adds an option.
    pub fn push(&mut self, given: Given<'w, 't>) {
        self.span = self.span.to(given.span);
        self.given.push(given);
    }

    /// The match as a condition in words, white space folded.
    pub fn text(&self) -> String {
        let mut text = format!("-m {}", self.name);
        for given in &self.given {
            text.push(' ');
            given.write(&mut text);
        }
        text
    }
}
