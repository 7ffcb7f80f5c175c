//! Where packets come from, or where they go.

use std::net::IpAddr;

use super::field;
use super::shape::part_after;
use super::tags::{self, Tag};
use crate::dialects::cloud::{
    Addresses, Condition, Direction, Fields, Remarks, address_range, any_address, prefix, text,
};
use crate::model::{Member, Members, Side};
use crate::packet::{Axis, Family};
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// The ends that a rule names on one side of its packets; any of them fulfils it.
pub struct Ends<'k> {
    /// `source` or `destination`.
    key: &'k str,
    side: Side,
    direction: Direction,
    addresses: Addresses,
    /// Where all of them stand.
    span: Option<Span>,
    unknown: Condition,
    /// Is it for all addresses?
    is_any: bool,
    /// Does the unit have IPv6?
    has_v6: bool,
    /// A service of the platform that it names by its tag.
    pub platform: Option<IpAddr>,
}

impl<'k> Ends<'k> {
    /// Reads one side of a rule for one direction.
    pub fn read(
        rule: Fields,
        key: &'k str,
        direction: Direction,
        has_v6: bool,
        place: Span,
        remarks: &mut Remarks,
    ) -> Self {
        let mut ends = Ends {
            key,
            side: if key == "source" { Side::Source } else { Side::Destination },
            direction,
            addresses: Addresses::default(),
            span: None,
            unknown: Condition::none(),
            is_any: false,
            has_v6,
            platform: None,
        };
        let (one, several) = (format!("{key}AddressPrefix"), format!("{key}AddressPrefixes"));
        // On an interface, the addresses behind a tag are told.
        let capital = key[..1].to_ascii_uppercase() + &key[1..];
        let expanded = rule.list(&format!("expanded{capital}AddressPrefix"), remarks);
        for item in field::values(rule, &one, &several, remarks) {
            ends.span = Some(ends.span.map_or(item.span, |span| span.to(item.span)));
            match text(item, remarks) {
                Some(name) => ends.named(name, expanded, remarks),
                None => ends.unsaid(&one, item.span),
            }
        }
        for group in rule.objects(&format!("{key}ApplicationSecurityGroups"), remarks) {
            ends.group(group, remarks);
        }
        // Several are pointed at by the name of their field.
        if rule.get(&several).is_some_and(|list| list.items().len() > 1) {
            ends.span = rule.place(&several);
        }
        if ends.span.is_none() {
            remarks.add(place, format!("the rule has neither `{one}` nor `{several}`"));
            ends.unsaid(&one, place);
        }
        ends
    }

    /// What it asks of a packet; `None` for nothing.
    pub fn condition(self) -> Option<Condition> {
        if self.is_any {
            return None;
        }
        Some(match self.span {
            Some(span) if !self.addresses.is_empty() => {
                let axis = if self.side == Side::Source { Axis::Source } else { Axis::Destination };
                self.unknown.with_known(self.addresses.packets(axis), span)
            }
            _ => self.unknown,
        })
    }

    /// Is this the side of the machine itself?
    fn is_near(&self) -> bool {
        (self.side == Side::Destination) == (self.direction == Direction::In)
    }

    /// Takes in an address, a prefix, a range or the name of a service tag.
    fn named(&mut self, name: Spanned<&str>, expanded: &[Node], remarks: &mut Remarks) {
        if name.value == "*" || name.value.eq_ignore_ascii_case("Any") {
            self.is_any = true;
            return;
        }
        match Tag::of(name.value) {
            // The machine is in its own network.
            Some(Tag::VirtualNetwork) if self.is_near() => self.is_any = true,
            Some(_) if !expanded.is_empty() => {
                for item in expanded {
                    match text(item, remarks) {
                        Some(prefix) => self.address(prefix, remarks),
                        None => self.unsaid(name.value, item.span),
                    }
                }
            }
            Some(tag) => self.tag(tag, name),
            None => self.address(name, remarks),
        }
    }

    fn tag(&mut self, tag: Tag, name: Spanned<&str>) {
        match tag {
            Tag::VirtualNetwork => {
                self.member(name, Members::Machines);
                // Routes of the user's own may lead all that goes out into the network, and are in the tag then.
                if self.direction == Direction::Out {
                    self.unsaid("VirtualNetwork holds a default route", name.span);
                }
            }
            Tag::Internet => self.addresses.join(tags::public()),
            Tag::LoadBalancer => self.addresses.join(tags::only(tags::HOST_NODE)),
            Tag::Platform(address) => {
                self.platform = Some(address);
                self.addresses.join(tags::only(address));
            }
            Tag::Other => self.member(name, Members::Anybody),
        }
    }

    fn address(&mut self, text: Spanned<&str>, remarks: &mut Remarks) {
        if let Some(range) = address_range(text.value) {
            return self.addresses.add(range);
        }
        match prefix(text.value) {
            // It is how Azure writes `*`, too; whether that is for IPv6 as well nobody says.
            Ok(all @ (Family::V4, (0, u128::MAX))) if self.has_v6 => {
                self.addresses.add(all);
                let (v6, question) = (any_address(Family::V6), "0.0.0.0/0 stands for IPv6 too");
                self.unknown = std::mem::take(&mut self.unknown).or_if(v6, question, text.span);
            }
            Ok((Family::V4, (0, u128::MAX))) => self.is_any = true,
            Ok(prefix) => self.addresses.add(prefix),
            Err(problem) => {
                remarks.add(text.span, problem);
                let what = format!("{}AddressPrefix {}", self.key, text.value);
                self.unsaid(&what, text.span);
            }
        }
    }

    /// Takes an application security group in: machines that somebody put there.
    fn group(&mut self, group: Fields, remarks: &mut Remarks) {
        let id = group.text("id", remarks).or_else(|| group.text("name", remarks));
        let id = id.unwrap_or(Spanned::new("application security group", group.span()));
        let name = id.map(|id| part_after(id, "applicationSecurityGroups").unwrap_or(id));
        self.span = Some(self.span.map_or(name.span, |span| span.to(name.span)));
        if self.is_near() {
            self.unsaid(&format!("the machine is in application security group {}", name.value), name.span);
        } else {
            let text = format!("application security group {}", name.value);
            self.member(Spanned::new(&text, name.span), Members::Machines);
        }
    }

    fn member(&mut self, group: Spanned<&str>, who: Members) {
        let member = Member { side: self.side, group: group.value.into(), who }.into();
        self.unknown = std::mem::take(&mut self.unknown).or(Spanned::new(member, group.span));
    }

    fn unsaid(&mut self, what: &str, span: Span) {
        self.unknown = std::mem::take(&mut self.unknown).or_unknown(what, span);
    }
}
