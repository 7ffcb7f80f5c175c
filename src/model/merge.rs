//! Rules that a loader may put together.

use super::{Rule, TableId};
use crate::source::Span;

/// Rules that follow each other, and what a loader that was told to make fewer of them would make of them.
#[derive(Clone, Debug)]
pub struct Merge {
    /// Their table.
    pub table: TableId,
    /// Their chain.
    pub chain: Box<str>,
    /// Where each of them is written.
    pub rules: Vec<Span>,
    /// What is loaded in their place.
    pub after: Vec<Rule>,
}
