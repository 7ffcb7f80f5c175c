//! What tables are made of: chains and their rules, sets and maps, and objects with a state.

use super::command::Family;
use super::datatype::Datatype;
use super::expression::Expression;
use super::statement::Statement;
use super::{Name, Spanned};
use crate::model;
use crate::source::Span;

/// A table.
#[derive(Clone, Debug)]
pub struct Table<'t> {
    /// Its family.
    pub family: Family,
    /// Its name; empty if a handle stands for it.
    pub name: Name<'t>,
    /// Its handle, where it is told.
    pub handle: Option<u64>,
    /// Its flags: `dormant`, `owner`, `persist`.
    pub flags: Vec<Name<'t>>,
    /// Its comment.
    pub comment: Option<Name<'t>>,
    /// What is in it, in order.
    pub content: Vec<Content<'t>>,
    /// Its header: from the keyword to the name.
    pub span: Span,
}

/// One thing in a table.
#[derive(Clone, Debug)]
pub enum Content<'t> {
    /// A chain.
    Chain(Chain<'t>),
    /// A set or map.
    Set(Set<'t>),
    /// A flow table.
    Flowtable(Flowtable<'t>),
    /// A counter, quota, limit, helper and the like.
    Stateful(Stateful<'t>),
}

/// A chain.
#[derive(Clone, Debug)]
pub struct Chain<'t> {
    /// Its name; empty if a handle stands for it.
    pub name: Name<'t>,
    /// Its handle, where it is told.
    pub handle: Option<u64>,
    /// How the kernel calls it; `None` for a chain that only others call.
    pub hook: Option<Hook<'t>>,
    /// Its policy, `accept` or `drop`, as it is written.
    pub policy: Option<Name<'t>>,
    /// Its flags (`offload`).
    pub flags: Vec<Name<'t>>,
    /// Its comment.
    pub comment: Option<Name<'t>>,
    /// Its rules in order.
    pub entries: Vec<Entry<'t>>,
    /// Its header: from the keyword to the name.
    pub span: Span,
}

/// Rules of a chain.
#[derive(Clone, Debug)]
pub enum Entry<'t> {
    /// One, as it was read.
    Rule(Rule<'t>),
    /// Some that follow each other, worked out as soon as they were read: there is nothing else in the file on which it
    /// hangs what they mean, and nobody asks again how they are written. None of them has a handle.
    Done(Vec<model::Rule>),
}

/// How the kernel calls a chain: `type filter hook input priority 0`.
#[derive(Clone, Debug)]
pub struct Hook<'t> {
    /// `filter`, `nat` or `route`.
    pub kind: Name<'t>,
    /// `input`, `ingress` and so on.
    pub hook: Name<'t>,
    /// The devices of an ingress or egress chain.
    pub devices: Vec<Name<'t>>,
    /// When it is called.
    pub priority: Spanned<Priority<'t>>,
    /// All of it.
    pub span: Span,
}

/// A priority: a number, or a name and an offset.
#[derive(Clone, Debug, PartialEq)]
pub struct Priority<'t> {
    /// `raw`, `filter`, `srcnat` …; `None` for a plain number.
    pub name: Option<Name<'t>>,
    /// What is added to that of the name.
    pub offset: i32,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule<'t> {
    /// Matches and all else, in order.
    pub statements: Vec<Statement<'t>>,
    /// Its comment.
    pub comment: Option<Box<Name<'t>>>,
    /// Its handle, where it is told.
    pub handle: Option<u64>,
    /// From the first statement to the end of its comment.
    pub span: Span,
}

/// A set, or a map if it has values.
#[derive(Clone, Debug)]
pub struct Set<'t> {
    /// Its name; empty if a handle stands for it.
    pub name: Name<'t>,
    /// Its handle, where it is told.
    pub handle: Option<u64>,
    /// What its members are; `None` if the file does not say (a command that only names it).
    pub key: Option<KeyType<'t>>,
    /// What the members of a map lead to.
    pub value: Option<ValueType<'t>>,
    /// What it can do.
    pub flags: SetFlags,
    /// Its members.
    pub elements: Vec<Element<'t>>,
    /// Its comment.
    pub comment: Option<Name<'t>>,
    /// Its header: from the keyword to the name.
    pub span: Span,
}

/// What the members of a set are.
#[derive(Clone, Debug)]
pub enum KeyType<'t> {
    /// `type ipv4_addr . inet_service`.
    Types(Vec<Datatype>),
    /// `typeof ip saddr . tcp dport`: as this expression.
    Of(Expression<'t>),
}

/// What the members of a map lead to.
#[derive(Clone, Debug)]
pub enum ValueType<'t> {
    /// Verdicts.
    Verdict,
    /// Values of these types.
    Types(Vec<Datatype>),
    /// Values as of this expression.
    Of(Expression<'t>),
    /// Objects of this kind.
    Objects(StatefulKind),
}

/// What a set can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetFlags {
    /// Its members do not change.
    pub constant: bool,
    /// Its members may be ranges and prefixes.
    pub interval: bool,
    /// Its members go after a time: flag `timeout`, or a default time.
    pub timeout: bool,
    /// Rules add members.
    pub dynamic: bool,
}

/// A member of a set or map, named or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Element<'t> {
    /// What is looked up: a word, range, prefix, a concatenation of these; `*` for all else.
    pub key: Expression<'t>,
    /// What it leads to, in a map.
    pub value: Option<Expression<'t>>,
    /// Does it go after a time?
    pub timeout: bool,
    /// Key, value and options.
    pub span: Span,
}

/// A flow table.
#[derive(Clone, Debug)]
pub struct Flowtable<'t> {
    /// Its name.
    pub name: Name<'t>,
    /// Its header: from the keyword to the name.
    pub span: Span,
}

/// An object with a name and a state, of which rules make use.
#[derive(Clone, Debug)]
pub struct Stateful<'t> {
    /// What kind.
    pub kind: StatefulKind,
    /// Its name.
    pub name: Name<'t>,
    /// Its header: from the keyword to the name.
    pub span: Span,
}

/// Kinds of objects with a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatefulKind {
    /// Counts.
    Counter,
    /// Matches until (or from) an amount.
    Quota,
    /// Matches up to a rate.
    Limit,
    /// Helps connection tracking with a protocol.
    CtHelper,
    /// How long connections last.
    CtTimeout,
    /// Connections that will come.
    CtExpectation,
    /// A mark for security modules.
    Secmark,
    /// Answers in the place of a server.
    Synproxy,
    /// Metadata of a tunnel.
    Tunnel,
}

impl<'t> Chain<'t> {
    /// A chain of which nothing but its name is known.
    pub fn named(name: Name<'t>, span: Span) -> Self {
        let (flags, entries) = (Vec::new(), Vec::new());
        Chain { name, handle: None, hook: None, policy: None, flags, comment: None, entries, span }
    }

    /// The rules of which there is a tree.
    pub fn rules(&self) -> impl Iterator<Item = &Rule<'t>> {
        self.entries.iter().filter_map(Entry::tree)
    }
}

impl<'t> Entry<'t> {
    /// The rule, if it is one of which there is a tree.
    pub fn tree(&self) -> Option<&Rule<'t>> {
        match self {
            Entry::Rule(rule) => Some(rule),
            Entry::Done(_) => None,
        }
    }

    /// Of how many rules there is no tree.
    pub fn done(&self) -> usize {
        match self {
            Entry::Rule(_) => 0,
            Entry::Done(rules) => rules.len(),
        }
    }
}

impl StatefulKind {
    /// All of them.
    pub const ALL: [StatefulKind; 9] = [
        StatefulKind::Counter,
        StatefulKind::Quota,
        StatefulKind::Limit,
        StatefulKind::CtHelper,
        StatefulKind::CtTimeout,
        StatefulKind::CtExpectation,
        StatefulKind::Secmark,
        StatefulKind::Synproxy,
        StatefulKind::Tunnel,
    ];

    /// The kind of a keyword.
    pub fn from_name(name: &str) -> Option<StatefulKind> {
        StatefulKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Its keyword, as in `counter name`.
    pub fn name(self) -> &'static str {
        match self {
            StatefulKind::Counter => "counter",
            StatefulKind::Quota => "quota",
            StatefulKind::Limit => "limit",
            StatefulKind::CtHelper => "ct helper",
            StatefulKind::CtTimeout => "ct timeout",
            StatefulKind::CtExpectation => "ct expectation",
            StatefulKind::Secmark => "secmark",
            StatefulKind::Synproxy => "synproxy",
            StatefulKind::Tunnel => "tunnel",
        }
    }
}
