//! What rules ask and the file cannot tell.

use std::collections::HashMap;

use crate::model::{Atom, Backend, Members, Name, Said, Side, Table};
use crate::packet::Axis;
use crate::source::Span;

/// What rules ask and the file cannot tell: one entry for each [`Axis::Atom`].
#[derive(Debug, Default)]
pub struct Atoms {
    list: Vec<Unknown>,
    pure: HashMap<(usize, Box<str>), u32>,
    /// Those that ask for what rules write into packets, in order, and what they were before where a packet may meet them twice.
    mangled: Vec<(u32, Option<u32>)>,
}

/// One thing that the file cannot tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The condition as the file says it.
    pub text: Box<str>,
    /// Where it is asked (first).
    pub span: Span,
    /// The user or group that it names, when that is the question.
    pub owner: Option<Box<str>>,
    /// The side of a packet and the group of machines in the cloud, when the question is whether its address
    /// is among theirs.
    pub machines: Option<Side>,
    /// What is said in a flow, when that is the question.
    pub said: Option<Said>,
    /// Is it only about how often something happens, so that it does hold now and then?
    pub is_rate: bool,
}

/// How nft's tests of IPv6 extension headers and fragments begin.
const HEADERS: [&str; 10] = [
    "frag ",
    "hbh ",
    "rt nexthdr ",
    "rt hdrlength ",
    "rt type ",
    "rt seg-left ",
    "dst ",
    "mh ",
    "srh ",
    "ip frag-off & 0x1fff != 0",
];

impl Atoms {
    /// The unknown of an [`Axis::Atom`].
    pub fn get(&self, number: u32) -> &Unknown {
        &self.list[number as usize]
    }

    /// The same, to say more of it.
    pub(super) fn get_mut(&mut self, number: u32) -> &mut Unknown {
        &mut self.list[number as usize]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Is everything known?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Unknown> {
        self.list.iter()
    }

    /// Those that are a function of the packet: the number of their table, what they ask, their own number.
    pub fn pure(&self) -> impl Iterator<Item = (usize, &str, u32)> {
        self.pure.iter().map(|((table, text), number)| (*table, &**text, *number))
    }

    /// The unknowns whose answers are assumed: routing is symmetric, so that the reverse path filter
    /// lets packets pass; and packets are whole and without extension headers, since connection tracking
    /// puts fragments together before any rule sees them, and a test of a header that is not there
    /// fails, negated or not.
    pub fn assumed(&self) -> impl Iterator<Item = (u32, bool)> {
        (0..).zip(&self.list).filter_map(|(number, unknown)| match &*unknown.text {
            "-f" | "--fragment" => Some((number, false)),
            "! -f" | "! --fragment" => Some((number, true)),
            text if text.starts_with("-m rt ") || text.starts_with("-m frag ") => Some((number, false)),
            // The same in nft.
            text if text.starts_with("exthdr ") => Some((number, text.ends_with("missing"))),
            text if HEADERS.iter().any(|header| text.starts_with(header)) => Some((number, false)),
            text if text.starts_with("fib saddr . ") && text.contains("iif oif ") => {
                let is_missing = text.ends_with("missing") || text.ends_with(" 0");
                (is_missing || text.ends_with("exists"))
                    .then_some((number, is_missing == text.contains("!=")))
            }
            text if text.contains("rpfilter") => Some((number, !text.contains("--invert"))),
            _ => None,
        })
    }

    /// The number of an unknown: equal pure ones of one table share theirs.
    pub(super) fn number(&mut self, table: usize, atom: &Atom, span: Span) -> u32 {
        let fresh = self.list.len() as u32;
        let number = if atom.is_pure() {
            *self.pure.entry((table, atom.text.clone())).or_insert(fresh)
        } else {
            fresh
        };
        if number == fresh {
            let text = atom.text.clone();
            self.list.push(Unknown { text, span, owner: None, machines: None, said: None, is_rate: false });
        }
        number
    }

    /// The number of an unknown that asks for what rules write into packets: each is on its own. Where its rule may be met
    /// twice, another one behind it stands for the first time.
    pub(super) fn mangled(&mut self, table: usize, text: &str, span: Span, is_met_twice: bool) -> u32 {
        let atom = Atom::free(text);
        let number = self.number(table, &atom, span);
        let earlier = is_met_twice.then(|| self.number(table, &atom, span));
        self.mangled.push((number, earlier));
        number
    }

    /// Does an unknown ask for what rules write into packets?
    pub(super) fn is_mangled(&self, number: u32) -> bool {
        self.mangled.binary_search_by_key(&number, |known| known.0).is_ok()
    }

    /// What such an unknown was before something was written, if packets may meet it twice.
    pub(super) fn earlier(&self, number: u32) -> Option<u32> {
        let at = self.mangled.binary_search_by_key(&number, |known| known.0).ok()?;
        self.mangled[at].1
    }

    /// May packets meet any of them twice?
    pub(super) fn has_earlier(&self) -> bool {
        self.mangled.iter().any(|known| known.1.is_some())
    }

    /// Lets an unknown ask for something more of the same rule and packet.
    pub(super) fn extend(&mut self, number: u32, text: &str, is_rate: bool) {
        let unknown = self.get_mut(number);
        unknown.text = format!("{} {text}", unknown.text).into();
        unknown.is_rate &= is_rate;
    }

    /// The number of the unknown "is the host's iptables of the legacy kind?".
    pub(super) fn backend(&mut self, span: Span) -> u32 {
        self.number(usize::MAX, &Atom::pure("the host's iptables is iptables-legacy"), span)
    }

    /// The number of the unknown "is the socket connected that asks over UDP, and to which answers come?".
    pub(super) fn socket(&mut self, span: Span) -> u32 {
        self.number(usize::MAX, &Atom::pure("the socket that asks is connected"), span)
    }

    /// The number of the unknown "was this table loaded after those of other programs?".
    pub(super) fn later(&mut self, number: usize, table: &Table) -> u32 {
        let program = match table.backend {
            Backend::Legacy => "iptables-legacy",
            _ => "iptables-nft",
        };
        let text = format!("the table {} of {program} was loaded after those of other programs", table.name);
        self.number(number, &Atom::pure(text), table.span)
    }

    /// The number of the unknown "does its socket belong to NAME?".
    pub(super) fn owner(&mut self, table: usize, axis: Axis, name: &str, span: Span) -> u32 {
        let word = if axis == Axis::Uid { "user" } else { "group" };
        let atom = Atom::pure(format!("owned by {word} {name}"));
        let number = self.number(table, &atom, span);
        self.get_mut(number).owner = Some(name.into());
        number
    }

    /// The number of the unknown "is the address of this side in the group?".
    pub(super) fn member(&mut self, table: usize, side: Side, group: &str, who: Members, span: Span) -> u32 {
        let atom = Atom::pure(format!("{side:?} in {group}"));
        let number = self.number(table, &atom, span);
        let unknown = self.get_mut(number);
        unknown.text = group.into();
        unknown.machines = (who == Members::Machines).then_some(side);
        number
    }

    /// The number of the unknown "is this said in the flow?".
    pub(super) fn said(&mut self, table: usize, said: &Said, span: Span) -> u32 {
        let text = match said {
            Said::Protocol(protocol) => format!("the flow is {protocol}"),
            Said::Anything => "what follows the handshake is let through".to_owned(),
            Said::ServerName(Name::Any) => "TLS names any server".to_owned(),
            Said::ServerName(Name::Is(name)) => format!("TLS names {name}"),
            Said::ServerName(Name::Within(name)) => format!("TLS names {name} or a name below it"),
            Said::ServerName(Name::Begins(name)) => format!("TLS names a server that begins with {name}"),
            Said::ServerName(Name::Ends(name)) => format!("TLS names a server that ends with {name}"),
            Said::ServerName(Name::Has(name)) => format!("TLS names a server with {name} in it"),
        };
        let number = self.number(table, &Atom::pure(text), span);
        self.get_mut(number).said = Some(said.clone());
        number
    }
}
