//! What every dialect becomes: tables, chains, rules and sets, in the kernel's own terms.

mod atom;
mod condition;
mod families;
mod loading;
mod merge;
mod perimeter;
mod place;
mod plan;
mod recipe;
mod remark;
mod remedy;
mod resolve;
mod said;
mod sets;
mod spoken;
mod unseen;

pub use atom::{Atom, AtomKind};
pub use condition::{Key, Lookup, Match, Member, Owner, Resolved, Side, Speaking};
pub use families::Families;
pub use loading::{Backend, Removal, TableId};
pub use merge::Merge;
pub use perimeter::{Members, Perimeter};
pub use plan::{Bridge, Part, Plan};
pub use recipe::{Front, Letting, Numbers, Placed, Ports, Recipe, Removal as RuleRemoval, Room};
pub use remark::{Remark, RemarkKind};
pub use remedy::{At, Effect, NewRule, Remedy, Step};
pub use resolve::Names;
pub use said::{Name, Said, Speech};
pub use sets::{Element, ElementKey, Elements, NamedSet, SetUse, TableSets};

pub use unseen::Unseen;

use crate::packet::{Axis, Values};
use crate::source::{Span, Spanned};

/// The rules that are loaded together on one machine: one file, or several joined.
#[derive(Clone, Debug, Default)]
pub struct Ruleset {
    /// What is removed of all that was loaded before, in order, before the tables are added.
    pub removals: Vec<Removal>,
    /// Each once, in the order in which they were first loaded.
    pub tables: Vec<Table>,
    /// What kind of iptables the host has, as far as the files tell.
    pub iptables: Backend,
    /// Named sets of the host (ipset).
    pub sets: Vec<NamedSet>,
    /// Named sets of tables (nft), each table once.
    pub table_sets: Vec<TableSets>,
    /// What `nft -o` would make of rules that follow each other, where that is not plainly the same.
    pub merges: Vec<Merge>,
    /// The families for which this is the whole truth: what it leaves out is open, not unknown.
    pub families: Families,
    /// What was not seen of the machine, where all else that decides packets on it was. Then this is no fragment, even
    /// where it has no rules.
    pub unseen: Option<Unseen>,
    /// Was a file of sets read, so that a set that is not defined is truly missing?
    pub has_sets: bool,
    /// How rules are added to its chains, where a cloud keeps them.
    pub recipes: Vec<Recipe>,
    /// What the reader noticed while reading.
    pub remarks: Vec<Remark>,
}

/// A table: chains of one name space.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name: `filter`, `nat`, or whatever nft calls it.
    pub name: Box<str>,
    /// Whose packets it sees.
    pub families: Families,
    /// Chains in the order in which they were made.
    pub chains: Vec<Chain>,
    /// Does it do nothing (nft's flag `dormant`)?
    pub dormant: bool,
    /// Where it begins: its header.
    pub span: Span,
    /// What keeps it: tables of one name in different backends are different tables.
    pub backend: Backend,
}

/// A chain of rules.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Its name.
    pub name: Box<str>,
    /// Where it is declared; where it is first used if it is declared nowhere.
    pub span: Span,
    /// Is it declared (by `:NAME`, `-N`, or as a built-in), not just used by rules?
    pub declared: bool,
    /// How the kernel calls it; `None` for a chain that only others call.
    pub base: Option<Base>,
    /// Its rules in order.
    pub rules: Vec<Rule>,
    /// How many of them, from the first, stand in front of what an earlier file gave the chain.
    pub in_front: usize,
}

/// How the kernel calls a base chain.
#[derive(Clone, Debug)]
pub struct Base {
    /// Where.
    pub hook: Hook,
    /// When: lower first.
    pub priority: i32,
    /// When iptables-nft has it called, if that is another time.
    pub nft_priority: Option<i32>,
    /// Of two at one time the one that was registered later runs first: a higher number. Equal numbers
    /// were registered in the order of tables and chains.
    pub registered: u32,
    /// Is it called only if the host's iptables is of this kind?
    pub only_with: Option<Backend>,
    /// What for.
    pub kind: ChainKind,
    /// What happens at its end, and where that is written (the chain's declaration if nowhere).
    pub policy: Spanned<Policy>,
    /// Is the policy written in the file? Built-in chains that a file only uses have ACCEPT.
    pub policy_is_written: bool,
}

/// The hooks of the kernel's packet path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// What comes in by a device, before all else.
    Ingress,
    /// All that comes in, before the routing decision.
    Prerouting,
    /// To the host itself.
    Input,
    /// Through the host.
    Forward,
    /// From the host itself.
    Output,
    /// All that goes out, after the routing decision.
    Postrouting,
    /// What leaves by a device, after all else.
    Egress,
}

/// What a base chain is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// Sees every packet.
    Filter,
    /// Sees the first packet of each tracked flow, at the hook's fixed place.
    Nat,
    /// Sees every packet; a changed mark makes the kernel route again.
    Route,
    /// Stands around the machine, in the network of a cloud: what the machine sends to itself and what finds
    /// its neighbours does not come there.
    Perimeter(Perimeter),
}

/// What happens at the end of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The packet goes on.
    Accept,
    /// The packet is gone.
    Drop,
}

/// One rule: if all matches hold, the actions are done, then the verdict is given.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The whole rule, without counters in front and line end.
    pub span: Span,
    /// Conditions, all of which must hold.
    pub matches: Vec<Spanned<Match>>,
    /// What it does to the packet besides deciding.
    pub actions: Vec<Spanned<Action>>,
    /// What it decides.
    pub verdict: Spanned<Verdict>,
    /// The rule's own comment, unescaped.
    pub comment: Option<Box<Spanned<Box<str>>>>,
}

/// What a rule does to a packet or its flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `mark = (mark & and) ^ xor`.
    Mark {
        /// Bits that stay.
        and: u32,
        /// Bits that are then flipped.
        xor: u32,
    },
    /// The same with the mark of the flow.
    ConnMark {
        /// Bits that stay.
        and: u32,
        /// Bits that are then flipped.
        xor: u32,
    },
    /// `connmark = (connmark & !connmark_mask) ^ (mark & mark_mask)`.
    SaveMark {
        /// The bits that are taken.
        mark_mask: u32,
        /// The bits that are cleared first.
        connmark_mask: u32,
    },
    /// `mark = (mark & !mark_mask) ^ (connmark & connmark_mask)`.
    RestoreMark {
        /// The bits that are cleared first.
        mark_mask: u32,
        /// The bits that are taken.
        connmark_mask: u32,
    },
    /// The mark becomes something that the file cannot tell.
    ForgetMark,
    /// The same with the mark of the flow.
    ForgetConnMark,
    /// Takes the packet out of connection tracking (where that has not happened yet, and no other rule
    /// has said how to track it).
    NoTrack,
    /// Says how to track the packet, under the same conditions: in these zones. `None` is one that the file
    /// cannot tell.
    Track {
        /// The zone of the original direction.
        original: Option<u16>,
        /// The zone of replies.
        reply: Option<u16>,
    },
    /// Writes into the packet, without a translation.
    Rewrite(Box<Rewrite>),
    /// Writes something into the packet by which it is neither routed nor tracked.
    Mangle(Box<Mangle>),
    /// Changes who is in a named set.
    Fill {
        /// Its name.
        set: Box<str>,
        /// Does something come into it?
        adds: bool,
        /// Does something go out of it?
        deletes: bool,
    },
}

/// What a rule writes into a packet (nft's payload statement).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// An address or a port; `None` for something else that rules look at, or one of several.
    pub axis: Option<Axis>,
    /// The one value that it gets; `None` for one that the file cannot tell.
    pub to: Option<Values>,
    /// The statement in words.
    pub text: Box<str>,
}

/// What a rule writes into a packet by which it is neither routed nor tracked: a DSCP, a hop limit, an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mangle {
    /// The properties that may be others behind it; whatever else is asked of the contents may be, too.
    pub axes: &'static [Axis],
    /// The statement or target in words.
    pub text: Box<str>,
}

/// What a rule decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// On to the next base chain.
    Accept,
    /// Gone, silently.
    Drop,
    /// Gone, with an answer.
    Reject(Reject),
    /// Back to the calling chain; in a base chain, on to the policy.
    Return,
    /// On in another chain, and back here at its end.
    Jump(Box<str>),
    /// On in another chain, and from its end to where this chain was called from.
    Goto(Box<str>),
    /// On to the next rule: the rule counts, logs or marks.
    Continue,
    /// A program decides: it may accept or drop.
    Queue,
    /// Translated, and accepted in this table.
    Nat(Box<Nat>),
    /// A target that fwlint does not know: it may accept, drop, return or go on.
    Unknown(Box<str>),
}

/// The answer of a reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// A TCP reset. Says nothing to what is not TCP, which the rule then does not match.
    TcpReset,
    /// An ICMP (IPv4) or ICMPv6 error of this type and code.
    Icmp {
        /// The type.
        kind: u8,
        /// The code.
        code: u8,
    },
    /// "Destination unreachable" of the packet's family, with a code for each.
    Icmpx {
        /// The code for IPv4.
        v4: u8,
        /// The code for IPv6.
        v6: u8,
    },
}

/// A network address translation.
#[derive(Clone, Debug, PartialEq)]
pub enum Nat {
    /// The destination becomes one of these.
    Destination(Target),
    /// The source becomes one of these.
    Source(Target),
    /// The source becomes the address of the outgoing interface, its port one of these.
    Masquerade(Target),
    /// The destination becomes the host itself.
    Redirect(Target),
    /// The prefix is exchanged (source in POSTROUTING and INPUT, destination elsewhere).
    Netmap(Values),
    /// Handed to a socket of the host, whatever the destination; the packet itself is unchanged.
    Tproxy,
}

/// What an address translation may choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// The addresses (as on [`Axis::Destination`]); `None` leaves them as they are.
    pub addresses: Option<Values>,
    /// The ports; `None` leaves them as they are.
    pub ports: Option<Values>,
    /// May it be any of the ports, by chance or since it is not known, even where the packet's own is one of them?
    pub is_random: bool,
}

impl Target {
    /// May a packet have another port behind it?
    pub fn chooses_port(&self) -> bool {
        self.ports.is_some() || self.is_random
    }
}

impl Action {
    /// Does it change something of the packet or its flow that is followed?
    pub fn changes_packet(&self) -> bool {
        !matches!(self, Action::Fill { .. } | Action::Mangle(_))
    }
}

impl Rule {
    /// Does it write into its packets?
    pub fn rewrites(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.value, Action::Rewrite(_)))
    }

    /// Does it write something into its packets by which they are neither routed nor tracked?
    pub fn mangles(&self) -> bool {
        self.actions.iter().any(|action| matches!(action.value, Action::Mangle(_)))
    }

    /// Does it change something of its packets or their flows that is followed?
    pub fn changes_packet(&self) -> bool {
        self.actions.iter().any(|action| action.value.changes_packet())
    }
}

impl Ruleset {
    /// Is it only a part of something: no chain of it is called by the kernel?
    pub fn is_fragment(&self) -> bool {
        let mut chains = self.tables.iter().flat_map(|table| &table.chains);
        self.unseen.is_none() && !chains.any(|chain| chain.base.is_some())
    }
}

impl Table {
    /// The chain of a name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| *chain.name == *name)
    }
}
