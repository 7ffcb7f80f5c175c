//! Network ACLs: lists without memory, in the order of their numbers.

use super::layer4;
use crate::dialects::cloud::{Addresses, Condition, Direction, Fields, Remarks, prefix, rules};
use crate::model::{self, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// The number of the entry at the end (`*`), for IPv4; that for IPv6 is one more.
pub const LAST: i64 = 32_767;

/// A network ACL.
#[derive(Debug)]
pub struct Acl {
    /// Its id.
    pub id: Spanned<String>,
    /// The subnets that it is for.
    pub subnets: Vec<String>,
    /// Does it name IPv6 addresses?
    pub has_v6: bool,
    /// The entries for what comes in and what goes out, in the model's terms.
    pub rules: [Vec<model::Rule>; 2],
    /// Where the entry at the end stands, in each direction.
    pub last: [Option<Span>; 2],
    /// The numbers of all entries in each direction, with what these are pointed at by; `None` if not all are told.
    pub numbers: [Option<Vec<(Span, i64)>>; 2],
    /// How many entries there are in each direction of IPv4, and of IPv6, but for those at the end.
    pub counts: [[usize; 2]; 2],
}

impl Acl {
    /// Its id, where it stands.
    pub fn id(&self) -> Spanned<&str> {
        Spanned::new(&self.id.value, self.id.span)
    }

    /// The same with entries of which nothing is known but why.
    pub fn forgotten(&self, why: &str) -> Self {
        let mut acl = Acl {
            id: self.id.clone(),
            subnets: self.subnets.clone(),
            has_v6: self.has_v6,
            rules: Default::default(),
            last: self.last,
            numbers: [None, None],
            counts: self.counts,
        };
        acl.forget(why);
        acl
    }

    fn forget(&mut self, why: &str) {
        let unknown = Spanned::new(Verdict::Unknown(why.into()), self.id.span);
        self.rules = Direction::BOTH.map(|_| rules(self.id.span, &[], &unknown, None));
        self.numbers = [None, None];
    }
}

/// Reads a network ACL.
pub fn read(fields: Fields, remarks: &mut Remarks) -> Acl {
    let id = fields.text("NetworkAclId", remarks).unwrap_or(Spanned::new("network ACL", fields.span()));
    let associations = fields.objects("Associations", remarks);
    let subnets = associations.iter().filter_map(|each| each.text("SubnetId", remarks));
    let mut acl = Acl {
        id: id.map(str::to_owned),
        subnets: subnets.map(|subnet| subnet.value.to_owned()).collect(),
        has_v6: false,
        rules: Default::default(),
        last: [None, None],
        numbers: [Some(Vec::new()), Some(Vec::new())],
        counts: [[0; 2]; 2],
    };
    if fields.get("Entries").is_none() {
        remarks.add_with(
            acl.id.span,
            "the network ACL is listed without its entries",
            vec!["`aws ec2 describe-network-acls` prints them.".to_owned()],
        );
        acl.forget("entries that the export leaves out");
    }
    let mut entries: Vec<(Option<i64>, Fields)> = Vec::new();
    for entry in fields.objects("Entries", remarks) {
        let number = entry.number("RuleNumber", remarks);
        if number.is_none() {
            remarks.add(entry.span(), "the entry has no number");
        }
        let is_one = |number: &Spanned<i64>| (1..=LAST + 1).contains(&number.value);
        if let Some(number) = number.filter(|number| !is_one(number)) {
            remarks.add(number.span, format!("the number of an entry is one from 1 to {}", LAST - 1));
        }
        let number = number.filter(is_one);
        // Where it stands nobody knows: it may come before all others, or decide nothing.
        entries.push((number.map(|number| number.value), entry));
    }
    // In the list they stand as they were made.
    entries.sort_by_key(|entry| entry.0);
    for (number, entry) in entries {
        take(&mut acl, number, entry, remarks);
    }
    acl
}

/// Takes an entry in.
fn take(acl: &mut Acl, number: Option<i64>, entry: Fields, remarks: &mut Remarks) {
    let is_egress = entry.flag("Egress", remarks);
    if is_egress.is_none() {
        remarks.add(entry.span(), "the field `Egress` is missing");
    }
    let verdict = match number {
        Some(_) if is_egress.is_none() => {
            let nowhere = Verdict::Unknown("an entry without a direction".into());
            verdict(entry, remarks).map(|_| nowhere)
        }
        None => Spanned::new(Verdict::Unknown("an entry without a number".into()), entry.span()),
        Some(_) => verdict(entry, remarks),
    };
    let place = entry.text("RuleNumber", remarks).map_or(entry.span(), |number| number.span);
    for direction in Direction::BOTH {
        if is_egress.is_some_and(|flag| flag.value != (direction == Direction::Out)) {
            continue;
        }
        let numbers = acl.numbers[direction as usize].take().zip(number);
        let is_last = number >= Some(LAST) && verdict.value == Verdict::Drop;
        let is_v6 = entry.get("Ipv6CidrBlock").is_some() && entry.get("CidrBlock").is_none();
        acl.counts[direction as usize][usize::from(is_v6)] += usize::from(number < Some(LAST));
        let rules = if is_last {
            acl.last[direction as usize].get_or_insert(place);
            Vec::new()
        } else {
            rules(place, &conditions(acl, entry, direction, remarks), &verdict, None)
        };
        acl.numbers[direction as usize] = numbers.map(|(mut numbers, number)| {
            numbers.push((place, number));
            // Where something is unknown, that is what is pointed at.
            let others = rules.iter().map(|rule| rule.span).filter(|span| *span != place);
            numbers.extend(others.map(|span| (span, number)));
            numbers
        });
        acl.rules[direction as usize].extend(rules);
    }
}

fn verdict(entry: Fields, remarks: &mut Remarks) -> Spanned<Verdict> {
    let Some(action) = entry.text("RuleAction", remarks) else {
        remarks.add(entry.span(), "the field `RuleAction` is missing");
        return Spanned::new(Verdict::Unknown("no action".into()), entry.span());
    };
    let verdict = match action.value.to_ascii_lowercase().as_str() {
        "allow" => Verdict::Accept,
        "deny" => Verdict::Drop,
        _ => {
            remarks.add(action.span, format!("`{}` is neither allow nor deny", action.value));
            Verdict::Unknown(action.value.into())
        }
    };
    Spanned::new(verdict, action.span)
}

fn conditions(acl: &mut Acl, entry: Fields, direction: Direction, remarks: &mut Remarks) -> Vec<Condition> {
    let axis = if direction == Direction::In { Axis::Source } else { Axis::Destination };
    let cidr = entry.text("CidrBlock", remarks).or_else(|| entry.text("Ipv6CidrBlock", remarks));
    let address = match cidr.map(|cidr| (cidr, prefix(cidr.value))) {
        Some((cidr, Ok(prefix))) => {
            let mut addresses = Addresses::default();
            addresses.add(prefix);
            acl.has_v6 |= addresses.has_v6();
            Condition::known(addresses.packets(axis), cidr.span)
        }
        Some((cidr, Err(problem))) => {
            remarks.add(cidr.span, problem);
            Condition::none().or_unknown(cidr.value, cidr.span)
        }
        None => {
            remarks.add(entry.span(), "the entry has neither `CidrBlock` nor `Ipv6CidrBlock`");
            Condition::none().or_unknown("no addresses", entry.span())
        }
    };
    let Some(protocol) = entry.text("Protocol", remarks) else {
        remarks.add(entry.span(), "the field `Protocol` is missing");
        return vec![Condition::none().or_unknown("no protocol", entry.span()), address];
    };
    let (range, keys) = match entry.get("IcmpTypeCode") {
        Some(range) => (Some(range), ["Type", "Code"]),
        None => (entry.get("PortRange"), ["From", "To"]),
    };
    let layer4 = match range.map(|range| Fields::of(range, remarks).ok_or(range.span)) {
        Some(Ok(range)) => layer4::conditions(protocol, range, keys, remarks),
        Some(Err(span)) => vec![Condition::none().or_unknown("these ports", span)],
        // The entry itself has no such fields.
        None => layer4::conditions(protocol, entry, keys, remarks),
    };
    layer4.into_iter().chain([address]).collect()
}
