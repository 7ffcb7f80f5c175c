//! Named sets: ipset's, and nft's.

use super::{Families, TableId};
use crate::packet::Values;
use crate::source::{Span, Spanned};

/// A set with a name, which rules look packets up in.
#[derive(Clone, Debug)]
pub struct NamedSet {
    /// Its name.
    pub name: Box<str>,
    /// Where it is declared.
    pub span: Span,
    /// The families of its addresses; both where it holds none.
    pub families: Families,
    /// The type as the file says it, such as `hash:net,port`.
    pub kind: Box<str>,
    /// What is in it.
    pub elements: Elements,
}

/// The members of a set.
#[derive(Clone, Debug)]
pub enum Elements {
    /// Just these.
    Listed(Vec<Element>),
    /// The union of other sets, by name (ipset's `list:set`).
    Sets(Vec<(Box<str>, Span)>),
    /// Not to be known from the file: filled at run time, or of a type that fwlint does not read.
    Unknown,
}

/// One member of a set.
#[derive(Clone, Debug)]
pub struct Element {
    /// One key for each part of the set's type.
    pub keys: Vec<ElementKey>,
    /// ipset's `nomatch`: an exception from the wider members.
    pub nomatch: bool,
    /// Where it is listed.
    pub span: Span,
}

/// One part of a member.
#[derive(Clone, Debug)]
pub enum ElementKey {
    /// Addresses, as on [`crate::packet::Axis::Source`].
    Address(Values),
    /// Ports, or ICMP types and codes as on [`crate::packet::Axis::DestinationPort`].
    Port {
        /// The protocol that the packet must have; `None` for any that has ports.
        protocol: Option<u8>,
        /// The ports.
        ports: Values,
    },
    /// Interface names.
    Interface(Values),
    /// Marks.
    Mark(Values),
    /// MAC addresses.
    Mac(Values),
}

/// The named sets and maps of a table of nft, and who names them. What is in them the reader has worked out: it
/// stands in the rules.
#[derive(Clone, Debug)]
pub struct TableSets {
    /// The table.
    pub table: TableId,
    /// Do the files make the table anew, so that no set is in it that they do not declare?
    pub is_new: bool,
    /// The sets, each by its name and where it is declared.
    pub declared: Vec<Spanned<Box<str>>>,
    /// Where sets are named.
    pub uses: Vec<SetUse>,
}

/// A place where a rule or command names a set.
#[derive(Clone, Debug)]
pub struct SetUse {
    /// The name of the set.
    pub set: Box<str>,
    /// Where it is named.
    pub span: Span,
    /// The rule or command that does.
    pub rule: Span,
    /// Does it change what is in the set?
    pub changes: bool,
}
