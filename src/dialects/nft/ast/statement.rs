//! Statements: what rules are made of.

use super::declaration::{Element, StatefulKind};
use super::expression::{Expression, Verdict};
use super::{Family, Name};
use crate::source::Span;

/// A statement where it stands.
#[derive(Clone, Debug)]
pub struct Statement<'t> {
    /// What it is.
    pub kind: StatementKind<'t>,
    /// Its place.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug)]
pub enum StatementKind<'t> {
    /// `tcp dport 22`: goes on only if it holds.
    Match {
        /// What is looked at.
        left: Expression<'t>,
        /// How.
        comparison: Comparison,
        /// What it is compared with.
        right: Expression<'t>,
    },
    /// `tcp flags syn / syn,ack`: left masked by the second is the first.
    Flags(Box<Flags<'t>>),
    /// A verdict.
    Verdict(Verdict<'t>),
    /// `tcp dport vmap { 22 : accept }`.
    VerdictMap(Box<(Expression<'t>, Expression<'t>)>),
    /// `reject`.
    Reject(Option<Reject<'t>>),
    /// `snat to …`, `dnat`, `masquerade`, `redirect`.
    Nat {
        /// Which.
        kind: NatKind,
        /// The family of the address, where it is written.
        family: Option<Family>,
        /// What the address and port become; none for the interface's own and the port as it is.
        to: Option<Box<TranslatedTo<'t>>>,
        /// Its flags: `random`, `persistent`, `prefix` …
        flags: Vec<Name<'t>>,
    },
    /// `tproxy to 127.0.0.1:8080`.
    Tproxy,
    /// `notrack`.
    Notrack,
    /// `queue to 1-3 bypass`.
    Queue {
        /// Does the packet pass if no program listens?
        bypass: bool,
    },
    /// `meta mark set 1`, `ct mark set meta mark`, `ip dscp set cs1`: changes the packet, its flow or
    /// what goes along with it.
    Set(Box<(Expression<'t>, Expression<'t>)>),
    /// `add @set { ip saddr limit rate 1/second }`: members added or removed by a rule.
    Update {
        /// What is done.
        operation: SetOperation,
        /// The set.
        set: Name<'t>,
        /// The member.
        element: Box<Element<'t>>,
        /// What is done for each member: `counter`, `limit` …
        statements: Vec<Statement<'t>>,
    },
    /// `meter m { ip saddr limit rate 1/second }`: the statements of its member decide.
    Meter {
        /// Its name; empty for one without.
        name: Name<'t>,
        /// The member.
        element: Box<Element<'t>>,
        /// What is done for each member.
        statements: Vec<Statement<'t>>,
    },
    /// `limit rate over 10/second burst 5 packets`.
    Limit {
        /// Does it match beyond the rate, not up to it?
        over: bool,
        /// The rate, in packets or bytes.
        rate: u64,
        /// Of what, and in which time.
        unit: LimitUnit,
        /// The burst, where it is written.
        burst: Option<u64>,
    },
    /// `quota over 10 mbytes`.
    Quota {
        /// Does it match beyond the amount, not up to it?
        over: bool,
        /// The amount in bytes.
        bytes: u64,
    },
    /// `ct count over 10`.
    CtCount {
        /// Does it match beyond the number, not up to it?
        over: bool,
        /// The number of connections.
        count: u32,
    },
    /// `counter name x`, `limit name y`, `ct helper set "ftp"`: makes use of an object. Its name may
    /// be looked up in a map.
    Stateful(StatefulKind, Expression<'t>),
    /// Counts, logs, copies, or changes what no rule looks at, and goes on: `counter`, `log`, `dup`,
    /// `last`, `reset tcp option`, `flow add`, `comment`.
    Passive(&'static str),
    /// `fwd to eth0`: the packet leaves here by another device.
    Forward,
    /// `synproxy`: takes packets of connections that are being opened.
    Synproxy,
    /// `xt match "recent"`: a match or target of iptables that nft has no words for.
    Xt {
        /// `match`, `target` or `watcher`.
        kind: Name<'t>,
        /// Its name.
        name: Name<'t>,
    },
    /// Something that is not understood: its remark has been made.
    Unknown,
}

/// A test of flags.
#[derive(Clone, Debug)]
pub struct Flags<'t> {
    /// What is looked at.
    pub left: Expression<'t>,
    /// Are they other flags than these?
    pub negated: bool,
    /// The flags that are set.
    pub value: Expression<'t>,
    /// The flags that are looked at.
    pub mask: Expression<'t>,
}

/// How two expressions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// As the types want it: equal, in the set, or for flags: any of them. (JSON: `in`.)
    Implicit,
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `!`: none of these flags.
    NoneOf,
}

/// The answer of a reject.
#[derive(Clone, Debug)]
pub enum Reject<'t> {
    /// `with tcp reset`.
    TcpReset,
    /// `with icmp host-unreachable` (also `icmp type …`).
    Icmp(Expression<'t>),
    /// `with icmpv6 no-route`.
    Icmpv6(Expression<'t>),
    /// `with icmpx admin-prohibited`.
    Icmpx(Expression<'t>),
}

/// Kinds of address translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NatKind {
    /// Of the source.
    Snat,
    /// Of the destination.
    Dnat,
    /// Of the source, to the address of the outgoing interface.
    Masquerade,
    /// Of the destination, to the host itself.
    Redirect,
}

/// What address and port become. Where one expression gives both (`dnat to ip saddr map { … : a . p }`),
/// it is the address.
#[derive(Clone, Debug, Default)]
pub struct TranslatedTo<'t> {
    /// The address.
    pub address: Option<Expression<'t>>,
    /// The port.
    pub port: Option<Expression<'t>>,
}

/// What rules do with members of sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOperation {
    /// Adds it unless it is there.
    Add,
    /// Adds it, or renews its time.
    Update,
    /// Removes it.
    Delete,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUnit {
    /// Bytes, not packets.
    pub bytes: bool,
    /// `second`, `minute`, `hour`, `day` or `week`.
    pub per: &'static str,
}
