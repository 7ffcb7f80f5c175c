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
    /// What tells the list that the rules are kept in from all others: the chains of several units may be of one.
    pub list: Box<str>,
    /// What a rule names of the ends elsewhere: the destination of what goes out, the source of what comes in.
    pub far: Axis,
    /// Its numbers; `None` where rules have no order, since all of them allow.
    pub numbers: Option<Numbers>,
    /// Where new rules stand that come before all others, whatever place is asked for.
    pub front: Option<Front>,
    /// How much may be added; `None` where nothing limits it.
    pub room: Option<Room>,
    /// How rules are taken away; `None` where no command for that is known.
    pub removal: Option<Removal>,
    /// The names of what the rule is added to, as the command needs them.
    pub names: Vec<Box<str>>,
    /// The command that adds a rule with a number, in lines for a shell.
    pub command: fn(names: &[Box<str>], letting: &Letting, number: i64) -> String,
}

/// How rules are taken away from a chain.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Those that may be, by their places, with what the command calls them.
    pub names: Vec<(Span, Box<str>)>,
    /// The command, in lines for a shell: of the names of the recipe, and that of the rule.
    pub command: fn(names: &[Box<str>], rule: &str) -> String,
}

/// How many rules a list may have, each of which names one prefix. Those of each family are counted for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many there are of IPv4, and of IPv6, those at the end included.
    pub own: [usize; 2],
    /// How many there may be if nobody asked for more.
    pub usual: usize,
    /// How many there may be at most.
    pub most: usize,
}

/// What a rule that commands add takes away from others that are added beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The list.
    pub list: Box<str>,
    /// Its number, which no other may have there.
    pub number: i64,
    /// What others may differ in and have the same number, where the number is a part of a name alone.
    pub named: Option<Named>,
    /// Its family, where rules of a family are counted.
    pub counted: Option<Family>,
}

/// What the name of a rule is made of besides its number.
pub type Named = (Family, &'static str, Option<Ports>);

impl Placed {
    /// Does it hang on what another takes away?
    pub fn hangs_on(&self, other: &Placed) -> bool {
        let is_counted = self.list == other.list && self.counted.is_some() && self.counted == other.counted;
        is_counted || self.is_like(other)
    }

    /// Would it take the very place of another?
    pub fn is_like(&self, other: &Placed) -> bool {
        (self.number, self.named, &self.list) == (other.number, other.named, &other.list)
    }
}

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
        // Azure does not tell capitals from small letters, and no other cloud has two that differ in these alone.
        let list = names.join("/").to_lowercase().into();
        let (numbers, front, room, removal) = (None, None, None, None);
        Recipe { chain, list, far: Axis::Destination, numbers, front, room, removal, names, command }
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

    /// What the command that takes the rule at a place away calls it, if it may be taken away.
    pub fn removed(&self, span: Span) -> Option<(&Removal, &str)> {
        let removal = self.removal.as_ref()?;
        let (_, name) = removal.names.iter().find(|removed| removed.0 == span)?;
        Some((removal, name))
    }

    /// What a new rule takes away, apart from its number.
    pub fn placed(&self, family: Family, protocol: &'static str, ports: Ports) -> Placed {
        let is_named = self.numbers.as_ref().is_none_or(|numbers| !numbers.are_unique);
        let ports = self.front.is_none().then_some(ports);
        let named = is_named.then_some((family, protocol, ports));
        let counted = self.room.map(|_| family);
        Placed { list: self.list.clone(), number: 0, named, counted }
    }

    /// The same with the highest number up to a limit that the rule may have, beside others that are new as well. Those
    /// that have none stand anywhere.
    pub fn number(&self, limit: i64, placed: Placed, new: &[Placed]) -> Option<Placed> {
        let Some(numbers) = &self.numbers else { return Some(placed) };
        let (low, high) = numbers.range;
        let is_beside = |number: i64| {
            new.iter().any(|it| (it.number, it.named, &it.list) == (number, placed.named, &placed.list))
        };
        let is_taken =
            |number: i64| numbers.are_unique && numbers.taken.iter().any(|taken| taken.1 == number);
        let is_free = |number: &i64| !is_taken(*number) && !is_beside(*number);
        let number = (low..=limit.min(high)).rev().find(is_free)?;
        Some(Placed { number, ..placed })
    }
}
