//! Expressions: what rules look at, and what they compare it with.

use std::borrow::Cow;
use std::sync::Arc;

use super::declaration::{Element, Rule};
use super::selector::Selector;
use super::{Name, Spanned};
use crate::source::Span;

/// An expression where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression<'t> {
    /// What it is.
    pub kind: ExpressionKind<'t>,
    /// Its place.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind<'t> {
    /// A constant as it is written, without quotes: `22`, `0x16`, `ssh`, `10.0.0.1`, `eth*`, `exists`.
    Word(Cow<'t, str>),
    /// `$NAME`, and what it stands for, at the place of its definition.
    Variable(Arc<Expression<'t>>),
    /// `10.0.0.0/8`.
    Prefix(Box<Expression<'t>>, u8),
    /// `1024-65535`: first and last.
    Range(Box<(Expression<'t>, Expression<'t>)>),
    /// `a . b`.
    Concat(Box<[Expression<'t>]>),
    /// `established,related`: flags, of which any may be meant.
    List(Box<[Expression<'t>]>),
    /// `{ a, b }`, or a map if its elements have values.
    Set(Box<[Element<'t>]>),
    /// `@NAME`.
    Named(Cow<'t, str>),
    /// `*`: all else.
    Any,
    /// One property of the packet or its surroundings.
    Selector(&'static Selector),
    /// `ct original ip saddr` and the like.
    Directed(&'static Selector, Direction),
    /// `@th,16,16`.
    Payload {
        /// From where.
        base: PayloadBase,
        /// In bits.
        offset: u32,
        /// In bits.
        length: u32,
    },
    /// An option or extension header: `tcp option maxseg size`, `ip option lsrr`, `exthdr frag`,
    /// `dccp option 3`, `sctp chunk data`: what holds it (`tcp option`, `ip option`, `exthdr`, `dccp option`,
    /// `sctp chunk`); and which, and which field of it: `maxseg size`. Is it there, if no field is named.
    Option(Box<(&'static str, Cow<'t, str>)>),
    /// `fib daddr . iif type`.
    Fib {
        /// What is looked up.
        keys: FibKeys,
        /// `oif`, `oifname` or `type`, as a selector of [`super::Group::Fib`].
        result: &'static Selector,
    },
    /// Something else that takes words of its own: `numgen`, `jhash`, `symhash`, `osf`, `ipsec`,
    /// `socket cgroupv2 level 1`, `tunnel`, fields of inner headers. Words separated by one space, in
    /// the order of the text.
    Function(Cow<'t, str>),
    /// `left & right` and other arithmetic.
    Binary(Binary, Box<(Expression<'t>, Expression<'t>)>),
    /// `key map data`: what the key leads to in a set of elements with values, or in a named map.
    Map(Box<(Expression<'t>, Expression<'t>)>),
    /// A verdict, as the value of an element.
    Verdict(Box<Verdict<'t>>),
    /// Something that is not understood: its remark has been made.
    Unknown,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// `&`.
    And,
    /// `|`.
    Or,
    /// `^`.
    Xor,
    /// `<<`.
    ShiftLeft,
    /// `>>`.
    ShiftRight,
}

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As the first packet.
    Original,
    /// Against the first packet.
    Reply,
}

/// From where a piece of the packet is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadBase {
    /// `ll`: the link-layer header.
    Link,
    /// `nh`: the IP header.
    Network,
    /// `th`: the header behind that.
    Transport,
    /// `ih`: what is behind that.
    Inner,
}

/// What a lookup in the routing table is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FibKeys {
    /// The source address.
    pub saddr: bool,
    /// The destination address.
    pub daddr: bool,
    /// The mark.
    pub mark: bool,
    /// The incoming interface.
    pub iif: bool,
    /// The outgoing interface.
    pub oif: bool,
}

/// What a rule decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<'t> {
    /// `accept`.
    Accept,
    /// `drop`.
    Drop,
    /// `continue`.
    Continue,
    /// `return`.
    Return,
    /// `jump CHAIN`.
    Jump(Target<'t>),
    /// `goto CHAIN`.
    Goto(Target<'t>),
}

/// Where a jump goes.
#[derive(Clone, Debug)]
pub enum Target<'t> {
    /// To a chain by its name.
    Chain(Name<'t>),
    /// To rules that stand right here, in braces.
    Rules(Spanned<Box<[Rule<'t>]>>),
    /// To what a variable says that is not defined.
    Unknown(Span),
}

impl PartialEq for Target<'_> {
    /// Rules in braces are a chain of their own, equal to no other.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Target::Chain(name), Target::Chain(other)) => name.value == other.value,
            _ => false,
        }
    }
}

impl<'t> Expression<'t> {
    /// An expression at its place.
    pub fn new(kind: ExpressionKind<'t>, span: Span) -> Self {
        Expression { kind, span }
    }

    /// What it says, variables replaced by what they stand for.
    pub fn resolved(&self) -> &ExpressionKind<'t> {
        match &self.kind {
            ExpressionKind::Variable(value) => value.resolved(),
            kind => kind,
        }
    }
}

impl Binary {
    /// Its sign.
    pub fn sign(self) -> &'static str {
        match self {
            Binary::And => "&",
            Binary::Or => "|",
            Binary::Xor => "^",
            Binary::ShiftLeft => "<<",
            Binary::ShiftRight => ">>",
        }
    }
}
