//! Where packets come from, or where they go.

use crate::dialects::cloud::{Addresses, Condition, Fields, Remarks, prefix, resolved, text};
use crate::model::{self, Atom, Match, Member, Members};
use crate::packet::{Axis, PacketSet};
use crate::source::{Span, Spanned};

/// The ends that a rule names on one side of its packets; any of them fulfils it.
#[derive(Debug)]
pub struct Side {
    axis: Axis,
    addresses: Addresses,
    /// Where the addresses stand.
    span: Option<Span>,
    unknown: Vec<Spanned<Match>>,
    /// What names ask that are looked up.
    names: Option<Condition>,
    /// Is any field of the side there?
    is_named: bool,
}

impl Side {
    /// A side of which nothing is said yet.
    pub fn new(axis: Axis) -> Self {
        Side {
            axis,
            addresses: Addresses::default(),
            span: None,
            unknown: Vec::new(),
            names: None,
            is_named: false,
        }
    }

    /// Takes in a field that lists addresses and prefixes.
    pub fn ranges(&mut self, fields: Fields, key: &str, remarks: &mut Remarks) {
        for item in fields.list(key, remarks) {
            self.is_named = true;
            let read = text(item, remarks).map(|text| (text, prefix(text.value)));
            let (what, problem) = match read {
                Some((_, Ok(prefix))) => {
                    self.addresses.add(prefix);
                    self.span = fields.place_of_items(key);
                    continue;
                }
                Some((text, Err(problem))) => (text.value, Some(problem)),
                None => ("", None),
            };
            if let Some(problem) = problem {
                remarks.add(item.span, problem);
            }
            let atom = Atom::pure(format!("{key} {what}").trim_end());
            self.unknown.push(Spanned::new(atom.into(), item.span));
        }
    }

    /// Takes in a field that names ends whose addresses the export does not tell.
    pub fn names(&mut self, fields: Fields, key: &str, who: Members, remarks: &mut Remarks) {
        let names = fields.texts(key, remarks);
        self.named(key, &names, who);
        self.is_named |= fields.get(key).is_some_and(|node| !node.items().is_empty());
    }

    /// Takes in names of which the export does not tell the addresses.
    pub fn named(&mut self, key: &str, names: &[Spanned<&str>], who: Members) {
        let (Some(first), Some(last)) = (names.first(), names.last()) else { return };
        self.is_named = true;
        let texts: Vec<&str> = names.iter().map(|name| name.value).collect();
        let side = if self.axis == Axis::Source { model::Side::Source } else { model::Side::Destination };
        let member = Member { side, group: format!("{key} {}", texts.join(", ")).into(), who }.into();
        self.unknown.push(Spanned::new(member, first.span.to(last.span)));
    }

    /// Takes in names that are looked up.
    pub fn looked_up(&mut self, names: &[Spanned<&str>]) {
        let side = if self.axis == Axis::Source { model::Side::Source } else { model::Side::Destination };
        self.names = resolved(names, side);
        self.is_named |= self.names.is_some();
    }

    /// Does it name IPv6 addresses?
    pub fn has_v6(&self) -> bool {
        self.addresses.has_v6()
    }

    /// What it asks of a packet: `otherwise` where it names nothing.
    pub fn condition(self, otherwise: Option<PacketSet>, place: Span) -> Option<Condition> {
        if !self.is_named {
            return otherwise.map(|packets| Condition::known(packets, place));
        }
        let all = self.names.unwrap_or_else(Condition::none);
        let all = match self.span {
            Some(span) if !self.addresses.is_empty() => all.or_known(self.addresses.packets(self.axis), span),
            _ => all,
        };
        Some(self.unknown.into_iter().fold(all, Condition::or))
    }
}
