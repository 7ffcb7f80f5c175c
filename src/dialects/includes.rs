//! Texts that are put in the place of a statement of another.

use super::Dialect;
use crate::source::{FileId, Span};

/// A text, and how what it includes is found. Who has the files has looked for it before.
#[derive(Clone, Copy)]
pub struct Texts<'s> {
    /// The language of the text.
    pub dialect: Dialect,
    /// The file that is read.
    pub file: FileId,
    /// Its text.
    pub text: &'s str,
    /// What was found for the path that stands at a place; `None` where nobody looked.
    pub included: &'s dyn Fn(Span) -> Option<Included<'s>>,
}

/// What was found for a path.
#[derive(Clone, Debug)]
pub enum Included<'s> {
    /// These files, in this order.
    Texts(Vec<(FileId, &'s str)>),
    /// There is no such file.
    Missing,
    /// It is not among what is linted, so that nobody looked at it.
    Outside,
    /// It is included by itself, through others or not.
    Loop,
}
