//! Commands: what a file does to the rules of the kernel, one after the other.

use super::declaration::{Chain, Element, Flowtable, Rule, Set, Stateful, Table};
use super::{Name, Spanned};
use crate::source::Span;

/// What commands do, and to what, in text and JSON alike: among these a misspelt word is looked for.
pub const COMMAND_WORDS: [&str; 23] = [
    "ruleset",
    "table",
    "chain",
    "rule",
    "set",
    "map",
    "meter",
    "element",
    "flowtable",
    "counter",
    "quota",
    "limit",
    "secmark",
    "synproxy",
    "tunnel",
    "add",
    "create",
    "insert",
    "replace",
    "delete",
    "destroy",
    "flush",
    "rename",
];

/// One command.
#[derive(Clone, Debug)]
pub struct Command<'t> {
    /// What it does.
    pub verb: Verb<'t>,
    /// To what.
    pub object: Object<'t>,
    /// The whole command.
    pub span: Span,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq)]
pub enum Verb<'t> {
    /// Makes it unless it is there; a block without a verb does the same. For rules: at the end.
    Add,
    /// Makes it; it must not be there.
    Create,
    /// Puts a rule in front.
    Insert,
    /// Puts a rule in the place of another.
    Replace,
    /// Removes it; it must be there.
    Delete,
    /// Removes it if it is there.
    Destroy,
    /// Removes what is in it.
    Flush,
    /// Gives a chain another name.
    Rename(Name<'t>),
    /// Sets counters back, lists or watches: changes no rule.
    Other,
}

/// What a command is about. Where a command only names a thing, the rest of it is empty.
#[derive(Clone, Debug)]
pub enum Object<'t> {
    /// All tables, or those of one family.
    Ruleset(Option<Family>),
    /// A table.
    Table(Table<'t>),
    /// A chain.
    Chain(TableName<'t>, Chain<'t>),
    /// A rule of a chain.
    Rule {
        /// Its table.
        table: TableName<'t>,
        /// Its chain.
        chain: Name<'t>,
        /// Beside which rule it goes, or which rule it is.
        place: Option<Spanned<Place>>,
        /// The rule; empty where it is only removed.
        rule: Rule<'t>,
    },
    /// A set or map.
    Set(TableName<'t>, Set<'t>),
    /// Members of a set or map.
    Elements {
        /// Its table.
        table: TableName<'t>,
        /// The set or map.
        set: Name<'t>,
        /// The members.
        elements: Vec<Element<'t>>,
    },
    /// A flow table.
    Flowtable(TableName<'t>, Flowtable<'t>),
    /// A counter, quota, limit, helper and the like.
    Stateful(TableName<'t>, Stateful<'t>),
    /// Something that is not understood: its remark has been made.
    Unknown,
}

/// A table as commands name it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableName<'t> {
    /// Its family; `ip` if none is written.
    pub family: Family,
    /// Its name; empty if a handle stands for it.
    pub name: Name<'t>,
}

/// The families of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Both.
    Inet,
    /// Address resolution.
    Arp,
    /// Frames on a bridge.
    Bridge,
    /// Frames of a device.
    Netdev,
}

/// Which rule of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// That of a handle (also the old `position`).
    Handle(u64),
    /// By its place, from 0.
    Index(u32),
}

impl Family {
    /// All of them.
    pub const ALL: [Family; 6] =
        [Family::Ip, Family::Ip6, Family::Inet, Family::Arp, Family::Bridge, Family::Netdev];

    /// Its keyword.
    pub fn name(self) -> &'static str {
        match self {
            Family::Ip => "ip",
            Family::Ip6 => "ip6",
            Family::Inet => "inet",
            Family::Arp => "arp",
            Family::Bridge => "bridge",
            Family::Netdev => "netdev",
        }
    }

    /// The family of a keyword.
    pub fn from_name(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }
}
