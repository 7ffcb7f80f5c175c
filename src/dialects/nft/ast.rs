//! The syntax tree of nft, for its text and its JSON alike.
//!
//! It borrows from the text. Words stay as they are written: what `ssh` or `0x16` means depends on
//! what they are compared with, so lowering works it out. A thing that is not understood is an
//! `Unknown` at its place, with a remark; nothing around it is lost.

mod command;
mod datatype;
mod declaration;
mod expression;
mod print;
mod selector;
mod statement;

use std::borrow::Cow;

use crate::model::Remark;
use crate::source::Spanned;

pub use command::{COMMAND_WORDS, Command, Family, Object, Place, TableName, Verb};
pub use datatype::Datatype;
pub use declaration::{
    Chain, Content, Element, Entry, Flowtable, Hook, KeyType, Priority, Rule, Set, SetFlags, Stateful,
    StatefulKind, Table, ValueType,
};
pub use expression::{Binary, Direction, Expression, ExpressionKind, FibKeys, PayloadBase, Target, Verdict};
pub use selector::{Group, Selector};
pub use statement::{
    Comparison, Flags, LimitUnit, NatKind, Reject, SetOperation, Statement, StatementKind, TranslatedTo,
};

/// A name or word where it stands, without its quotes.
pub type Name<'t> = Spanned<Cow<'t, str>>;

/// Everything that a file says, in order; included files have been put in their place.
#[derive(Clone, Debug, Default)]
pub struct File<'t> {
    /// The commands. A `table` block is a command that adds the table with all its content.
    pub commands: Vec<Command<'t>>,
    /// What was noticed while reading.
    pub remarks: Vec<Remark>,
    /// Does it look as `nft list ruleset` prints it, not as people write it?
    pub is_listing: bool,
    /// Is it JSON, of which nft merges no rules?
    pub is_json: bool,
}
