//! Conditions of rules.

use super::{Atom, Members, Said};
use crate::packet::{Axis, PacketSet, Values};

/// A condition of a rule. Negation has been worked out already.
#[derive(Clone, Debug, PartialEq)]
pub enum Match {
    /// The value on one axis is among these.
    Field(Axis, Values),
    /// The packet is in this set: a condition on several axes.
    Packets(Box<PacketSet>),
    /// The packet's keys are in a named set.
    Lookup(Box<Lookup>),
    /// The packet's socket belongs to a user or group that is given by name: which number that is,
    /// the file cannot tell.
    Owner(Box<Owner>),
    /// The address of one side is one of a group, and the file does not tell which those are.
    Member(Box<Member>),
    /// The address of one side is one that a name leads to, and the file does not tell which those are.
    Resolved(Box<Resolved>),
    /// Something is said in the flow, or is not, which rules cannot tell.
    Said(Box<Speaking>),
    /// What the file cannot tell.
    Atom(Box<Atom>),
    /// Always holds, and does something that nobody sees in the packet: it notes down who sent it (`recent --set`), puts
    /// an address into a set, writes to the log. What it says, as the file says it.
    Noted(Box<str>),
}

// Most of what a long ruleset takes up are its conditions: what is rare stands elsewhere.
const _: () = assert!(size_of::<Match>() == 24);

impl From<Lookup> for Match {
    fn from(lookup: Lookup) -> Self {
        Match::Lookup(Box::new(lookup))
    }
}

impl From<Owner> for Match {
    fn from(owner: Owner) -> Self {
        Match::Owner(Box::new(owner))
    }
}

impl From<Member> for Match {
    fn from(member: Member) -> Self {
        Match::Member(Box::new(member))
    }
}

impl From<Resolved> for Match {
    fn from(resolved: Resolved) -> Self {
        Match::Resolved(Box::new(resolved))
    }
}

impl From<Speaking> for Match {
    fn from(speaking: Speaking) -> Self {
        Match::Said(Box::new(speaking))
    }
}

impl From<Atom> for Match {
    fn from(atom: Atom) -> Self {
        Match::Atom(Box::new(atom))
    }
}

/// A look into a named set.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// Its name.
    pub set: Box<str>,
    /// What is looked up, in the order of the set's type.
    pub keys: Vec<Key>,
    /// Does it hold when they are *not* in the set?
    pub negated: bool,
}

/// A user or group, by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// [`Axis::Uid`] or [`Axis::Gid`].
    pub axis: Axis,
    /// The name.
    pub name: Box<str>,
    /// Does it hold for everyone else?
    pub negated: bool,
}

/// A group of machines on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Which side.
    pub side: Side,
    /// The group as the file names it.
    pub group: Box<str>,
    /// Who is in it.
    pub who: Members,
}

/// A name that is looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// Which side.
    pub side: Side,
    /// The name, in lower case.
    pub name: Box<str>,
}

/// What is said in a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Speaking {
    /// What.
    pub said: Said,
    /// Does it hold when that is *not* said?
    pub negated: bool,
}

/// What a set lookup compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// ipset: the address, port or interface of this side, whichever the set's type wants here.
    Side(Side),
    /// nft: just this.
    Axis(Axis),
}

/// A side of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}
