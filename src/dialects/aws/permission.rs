//! Permissions of security groups: what they allow, peer by peer.

use super::account::PrefixLists;
use super::layer4;
use crate::dialects::cloud::{Addresses, Condition, Direction, Fields, Remarks, in_fields, prefix, rules};
use crate::model::{self, Member, Members, Side, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// Rules, and whether any of them names IPv6 addresses.
#[derive(Debug, Default)]
pub struct Allowed {
    /// In the model's terms.
    pub rules: Vec<model::Rule>,
    /// Is IPv6 among what they allow?
    pub has_v6: bool,
}

/// What protocol and ports of a permission ask.
#[derive(Clone)]
struct Layer4 {
    conditions: Vec<Condition>,
    /// Where the permission says what it allows: at its protocol, which each has.
    place: Span,
}

/// Where permissions stand, and where they lead.
struct Reader<'a> {
    lists: &'a PrefixLists,
    direction: Direction,
    allowed: &'a mut Allowed,
}

impl Allowed {
    /// Adds the permissions of a group in one direction.
    pub fn add_group(
        &mut self,
        group: Fields,
        direction: Direction,
        lists: &PrefixLists,
        remarks: &mut Remarks,
    ) {
        let key = if direction == Direction::In { "IpPermissions" } else { "IpPermissionsEgress" };
        if group.get(key).is_none() {
            // What the export has left out may be anything.
            self.add_unknown(key, group.span());
        }
        let mut reader = Reader { lists, direction, allowed: self };
        for permission in group.objects(key, remarks) {
            reader.permission(permission, remarks);
        }
    }

    /// Adds what may be anything, for what is not said of it.
    pub fn add_unknown(&mut self, unsaid: &str, span: Span) {
        let condition = Condition::none().or_unknown(unsaid, span);
        self.rules.extend(rules(span, &[condition], &Spanned::new(Verdict::Accept, span), None));
    }

    /// Adds one rule of `describe-security-group-rules`.
    pub fn add_rule(
        &mut self,
        rule: Fields,
        direction: Direction,
        lists: &PrefixLists,
        remarks: &mut Remarks,
    ) {
        let mut reader = Reader { lists, direction, allowed: self };
        let layer4 = layer4_of(rule, remarks);
        let mut has_peer = false;
        for key in ["CidrIpv4", "CidrIpv6"] {
            if let Some(cidr) = rule.text(key, remarks) {
                has_peer = true;
                reader.address(&layer4, cidr, rule, remarks);
            }
        }
        if let Some(list) = rule.text("PrefixListId", remarks) {
            has_peer = true;
            reader.prefix_list(&layer4, list, rule, remarks);
        }
        if let Some(group) = rule.get("ReferencedGroupInfo").and_then(|node| Fields::of(node, remarks)) {
            has_peer = true;
            reader.group(&layer4, group, rule, remarks);
        }
        if !has_peer {
            remarks.add(rule.span(), "the rule says neither from where nor to where");
            reader.unknown(&layer4, "no peer", rule.span());
        }
    }
}

impl Reader<'_> {
    /// One entry of `IpPermissions`.
    fn permission(&mut self, permission: Fields, remarks: &mut Remarks) {
        const LISTS: [&str; 4] = ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"];
        let layer4 = layer4_of(permission, remarks);
        if LISTS.iter().all(|list| permission.get(list).is_none()) {
            remarks.add(permission.span(), "the permission says neither from where nor to where");
            self.unknown(&layer4, "no peer", permission.span());
        }
        for (list, key) in [("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")] {
            for peer in permission.objects(list, remarks) {
                match peer.text(key, remarks) {
                    Some(cidr) => self.address(&layer4, cidr, peer, remarks),
                    None => {
                        remarks.add(peer.span(), format!("the field `{key}` is missing"));
                        self.unknown(&layer4, key, peer.span());
                    }
                }
            }
        }
        for peer in permission.objects("PrefixListIds", remarks) {
            match peer.text("PrefixListId", remarks) {
                Some(list) => self.prefix_list(&layer4, list, peer, remarks),
                None => {
                    remarks.add(peer.span(), "the field `PrefixListId` is missing");
                    self.unknown(&layer4, "PrefixListId", peer.span());
                }
            }
        }
        for peer in permission.objects("UserIdGroupPairs", remarks) {
            self.group(&layer4, peer, peer, remarks);
        }
    }

    fn address(&mut self, layer4: &Layer4, cidr: Spanned<&str>, peer: Fields, remarks: &mut Remarks) {
        let condition = match prefix(cidr.value) {
            Ok(prefix) => {
                let mut addresses = Addresses::default();
                addresses.add(prefix);
                self.allowed.has_v6 |= addresses.has_v6();
                Condition::known(addresses.packets(self.axis()), cidr.span)
            }
            Err(problem) => {
                remarks.add(cidr.span, problem);
                Condition::none().or_unknown(cidr.value, cidr.span)
            }
        };
        self.push(layer4, condition, cidr.span, comment(peer, remarks));
    }

    fn prefix_list(&mut self, layer4: &Layer4, list: Spanned<&str>, peer: Fields, remarks: &mut Remarks) {
        let condition = match self.lists.get(list.value) {
            Some(known) => {
                self.allowed.has_v6 |= known.has_v6();
                Condition::known(known.clone().packets(self.axis()), list.span)
            }
            None => self.members(list, Members::Anybody),
        };
        self.push(layer4, condition, list.span, comment(peer, remarks));
    }

    fn group(&mut self, layer4: &Layer4, group: Fields, peer: Fields, remarks: &mut Remarks) {
        let id = group.text("GroupId", remarks).or_else(|| group.text("GroupName", remarks));
        let id = id.unwrap_or(Spanned::new("a security group", group.span()));
        let condition = self.members(id, Members::Machines);
        self.push(layer4, condition, id.span, comment(peer, remarks));
    }

    /// Whoever it is for, nobody knows.
    fn unknown(&mut self, layer4: &Layer4, what: &str, span: Span) {
        self.push(layer4, Condition::none().or_unknown(what, span), span, None);
    }

    fn members(&self, group: Spanned<&str>, who: Members) -> Condition {
        let side = if self.direction == Direction::In { Side::Source } else { Side::Destination };
        Condition::none().or(Spanned::new(Member { side, group: group.value.into(), who }.into(), group.span))
    }

    fn axis(&self) -> Axis {
        if self.direction == Direction::In { Axis::Source } else { Axis::Destination }
    }

    fn push(&mut self, layer4: &Layer4, peer: Condition, span: Span, comment: Option<Spanned<Box<str>>>) {
        let conditions: Vec<Condition> = layer4.conditions.iter().cloned().chain([peer]).collect();
        let verdict = Spanned::new(Verdict::Accept, layer4.place);
        let rules = rules(span, &conditions, &verdict, comment.as_ref());
        self.allowed.rules.extend(rules.into_iter().map(in_fields));
    }
}

/// What protocol and ports of a permission ask, if anything.
fn layer4_of(permission: Fields, remarks: &mut Remarks) -> Layer4 {
    let Some(protocol) = permission.text("IpProtocol", remarks) else {
        let place = permission.span();
        remarks.add(place, "the field `IpProtocol` is missing");
        return Layer4 { conditions: vec![Condition::none().or_unknown("no protocol", place)], place };
    };
    let conditions = layer4::conditions(protocol, permission, ["FromPort", "ToPort"], remarks);
    Layer4 { conditions, place: protocol.span }
}

fn comment(peer: Fields, remarks: &mut Remarks) -> Option<Spanned<Box<str>>> {
    let text = peer.text("Description", remarks).filter(|text| !text.value.is_empty());
    text.map(|text| text.map(Box::from))
}
