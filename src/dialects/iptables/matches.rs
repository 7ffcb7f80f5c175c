//! The matches that `-m` knows, and what their options say of a packet.

mod addresses;
mod conntrack;
mod icmp;
mod links;
mod numbers;
mod owner;
mod ports;
mod sets;
mod tcp;
mod undecided;

pub(super) use icmp::by_family as icmp_type;
pub(super) use links::mac_address;

use super::given::Instance;
use super::options::Opt;
use super::rule::Builder;
use crate::dialects::nearest;
use crate::model::{AtomKind, Families, Remark, RemarkKind};
use crate::packet::Family;
use crate::source::Span;

/// A match extension.
#[derive(Debug)]
pub(super) struct Extension {
    /// Its name behind `-m`.
    pub name: &'static str,
    /// Where it exists: iptables, ip6tables, or both.
    pub families: Families,
    /// Its options.
    pub options: &'static [Opt],
    /// Does the loader refuse it without an option?
    pub needs_option: bool,
    /// Are its options not known here, so that it takes all that nobody else knows?
    pub is_open: bool,
    /// How it is understood.
    pub reading: Reading,
}

/// How a match is understood.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// Adds what the options of one use say, as exactly as it can. Each value is resolved.
    Exact(fn(&mut Builder<'_>, &Instance<'_, '_>)),
    /// The file cannot tell: what it hangs on.
    Atom(AtomKind),
}

/// A match that no iptables knows.
pub(super) const UNKNOWN: Extension = open("", AtomKind::Free);

/// A match whose name the file does not tell.
pub(super) const UNRESOLVED: Extension = open("", AtomKind::Pure);

/// All matches.
const ALL: [&[Extension]; 10] = [
    tcp::ALL,
    conntrack::ALL,
    ports::ALL,
    numbers::ALL,
    addresses::ALL,
    icmp::ALL,
    links::ALL,
    owner::ALL,
    sets::ALL,
    undecided::ALL,
];

/// Why there is no such match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoMatch {
    /// The other family has it.
    OtherFamily(Family),
    /// Nobody knows it.
    Unknown(Family),
}

/// The match of a name.
pub(super) fn find(name: &str, family: Family) -> Result<&'static Extension, NoMatch> {
    let name = match name {
        // Nearly all rules.
        "tcp" => return Ok(&tcp::ALL[0]),
        "udp" => return Ok(&ports::ALL[0]),
        "icmpv6" | "ipv6-icmp" => "icmp6",
        other => other,
    };
    let mut named = ALL.iter().flat_map(|list| list.iter()).filter(|extension| extension.name == name);
    match named.clone().find(|extension| extension.families.has(family)) {
        Some(extension) => Ok(extension),
        None if named.next().is_some() => Err(NoMatch::OtherFamily(family)),
        None => Err(NoMatch::Unknown(family)),
    }
}

impl NoMatch {
    /// What there is to say about it.
    pub fn remark(self, name: &str, span: Span) -> Remark {
        match self {
            NoMatch::OtherFamily(family) => {
                let (here, there) = match family {
                    Family::V4 => ("iptables", "ip6tables"),
                    Family::V6 => ("ip6tables", "iptables"),
                };
                let message = format!("`{name}` is a match of {there}, which {here} does not have");
                Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() }
            }
            NoMatch::Unknown(family) => {
                let all = ALL.iter().flat_map(|list| list.iter());
                let here = all.filter(|extension| extension.families.has(family));
                let near = nearest::nearest(name, here.map(|extension| extension.name));
                let notes = near.map(|near| format!("Perhaps `-m {near}` is meant.")).into_iter().collect();
                let message = format!("unknown match `{name}`");
                Remark { kind: RemarkKind::UnknownMatch, span, message, notes }
            }
        }
    }
}

/// A match of both families that needs an option.
const fn both(
    name: &'static str,
    options: &'static [Opt],
    read: fn(&mut Builder<'_>, &Instance<'_, '_>),
) -> Extension {
    let reading = Reading::Exact(read);
    Extension { name, families: Families::BOTH, options, needs_option: true, is_open: false, reading }
}

/// A match whose options are not known here.
const fn open(name: &'static str, kind: AtomKind) -> Extension {
    let reading = Reading::Atom(kind);
    Extension { name, families: Families::BOTH, options: &[], needs_option: false, is_open: true, reading }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_match_is_found_by_its_name() {
        for family in Family::ALL {
            for extension in ALL.iter().flat_map(|list| list.iter()).filter(|it| it.families.has(family)) {
                assert_eq!(find(extension.name, family).map(|found| found.name), Ok(extension.name));
            }
        }
    }

    #[test]
    fn matches_of_the_other_family_are_not_found() {
        assert_eq!(find("hl", Family::V4).map(|_| ()), Err(NoMatch::OtherFamily(Family::V4)));
        assert_eq!(find("nonsense", Family::V6).map(|_| ()), Err(NoMatch::Unknown(Family::V6)));
    }
}
