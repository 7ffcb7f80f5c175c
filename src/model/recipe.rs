//! How rules are added to what a cloud keeps: by commands.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, IpSubnets, Ipv4Subnets, Ipv6Subnets};

use super::{Action, At};
use crate::packet::{Axis, Family, Ranges, values};
use crate::source::{Span, Spanned};

/// How a rule that lets something out is added to a chain.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The chain.
    pub chain: Box<str>,
    /// What a rule names of the ends elsewhere: the destination of what goes out, the source of what comes in.
    pub far: Axis,
    /// Its numbers; `None` where rules have no order, since all of them allow.
    pub numbers: Option<Numbers>,
    /// Where new rules stand that come before all others, whatever place is asked for.
    pub front: Option<Front>,
    /// How much may be added; `None` where nothing limits it.
    pub room: Option<Room>,
    /// The names of what the rule is added to, as the command needs them.
    pub names: Vec<Box<str>>,
    /// The command that adds a rule with a number, in lines for a shell.
    pub command: fn(names: &[Box<str>], letting: &Letting, number: i64) -> String,
}

/// How many rules may be added, each of which names one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room(pub usize);

/// Where rules stand that come before all others.
#[derive(Clone, Debug)]
pub struct Front {
    /// How many rules of the chain stand before them all the same.
    pub index: usize,
    /// What such a rule does besides letting packets through.
    pub actions: Vec<Spanned<Action>>,
}

/// The numbers by which the rules of a chain count, lower ones first.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// Those of the rules that are there, with their places.
    pub taken: Vec<(Span, i64)>,
    /// The lowest and the highest that a rule may have.
    pub range: (i64, i64),
    /// Has each number at most one rule?
    pub are_unique: bool,
}

/// What a new rule lets out, or in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letting {
    /// The family of the addresses.
    pub family: Family,
    /// The name of the protocol, in lower case.
    pub protocol: &'static str,
    /// The ports.
    pub ports: Ports,
    /// To where, or from where: prefixes.
    pub prefixes: Vec<String>,
}

/// Ports, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub first: u16,
    /// The last, which may be the first.
    pub last: u16,
}

impl Ports {
    /// Those of a set that is one range.
    pub fn of(set: &Ranges) -> Option<Self> {
        let mut ranges = set.iter();
        let (first, last) = ranges.next().filter(|_| ranges.next().is_none())?;
        Some(Ports { first: first.try_into().ok()?, last: last.try_into().ok()? })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports { first, last } if first == last => write!(out, "{first}"),
            Ports { first, last } => write!(out, "{first}-{last}"),
        }
    }
}

impl Letting {
    /// One protocol to some ports of some addresses, or from them.
    pub fn new(family: Family, protocol: &'static str, ports: Ports, addresses: &Ranges) -> Self {
        let prefixes = Self::subnets(family, addresses).map(|subnet| subnet.to_string()).collect();
        Letting { family, protocol, ports, prefixes }
    }

    /// The fewest prefixes that are some addresses of a family.
    pub fn subnets(family: Family, addresses: &Ranges) -> impl Iterator<Item = IpNet> {
        let subnets = addresses.iter().flat_map(move |(low, high)| {
            match (values::to_address(family, low), values::to_address(family, high)) {
                (IpAddr::V4(low), IpAddr::V4(high)) => Some(IpSubnets::from(Ipv4Subnets::new(low, high, 0))),
                (IpAddr::V6(low), IpAddr::V6(high)) => Some(IpSubnets::from(Ipv6Subnets::new(low, high, 0))),
                _ => None,
            }
        });
        subnets.flatten()
    }
}

impl Recipe {
    /// How rules are added to a chain for what goes out, where they have no order.
    pub fn new(chain: &str, names: Vec<Box<str>>, command: fn(&[Box<str>], &Letting, i64) -> String) -> Self {
        let chain = chain.into();
        Recipe { chain, far: Axis::Destination, numbers: None, front: None, room: None, names, command }
    }

    /// The highest number that a rule may have which is to stand at a place; `None` if the place is none of the chain's.
    pub fn limit(&self, at: At) -> Option<i64> {
        let Some(numbers) = &self.numbers else { return Some(0) };
        match at {
            At::Before(span) => Some(numbers.taken.iter().find(|taken| taken.0 == span)?.1.saturating_sub(1)),
            // Nothing takes the packets there but the end of the chain.
            At::After(_) | At::Empty(_) => Some(numbers.range.1),
        }
    }

    /// The highest number up to a limit that a rule may have, beside others that are new as well.
    pub fn number(&self, limit: i64, new: &[i64]) -> Option<i64> {
        let Some(numbers) = &self.numbers else { return Some(0) };
        let (low, high) = numbers.range;
        let is_free = |number: &i64| {
            !numbers.are_unique
                || !numbers.taken.iter().any(|taken| taken.1 == *number) && !new.contains(number)
        };
        (low..=limit.min(high)).rev().find(is_free)
    }
}
