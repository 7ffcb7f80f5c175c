//! VPC firewall rules.

use super::layer4;
use super::side::Side;
use super::targets::Targets;
use crate::dialects::cloud::{Condition, Direction, Fields, Remarks, any_address, rules};
use crate::model::{self, Members, Verdict};
use crate::packet::{Axis, Family};
use crate::source::{Span, Spanned};

/// The priority of a rule that names none.
const DEFAULT_PRIORITY: i64 = 1000;

/// The highest number that a priority may be.
pub const LAST_PRIORITY: i64 = 65_535;

/// A VPC firewall rule.
#[derive(Debug)]
pub struct Rule<'n> {
    /// What it is called; no other rule of the project is.
    pub name: Option<&'n str>,
    /// The network, by its name.
    pub network: &'n str,
    /// Which way it looks; `None` if that is not to be understood.
    pub direction: Option<Direction>,
    /// Lower numbers come first; among equals, rules that deny do. The lowest of all where it is not to be understood.
    pub priority: i64,
    /// Where it comes among equals: rules that deny first, then those that perhaps do.
    pub among_equals: u8,
    /// Which machines it is for; `None` if it does nothing.
    pub targets: Option<Targets<'n>>,
    /// Which it names, whether it does anything or not; `None` if they do not count any more.
    pub named: Option<Targets<'n>>,
    /// Does it name IPv6 addresses?
    pub has_v6: bool,
    /// What it is to be pointed at by.
    pub span: Span,
    /// In the model's terms.
    pub rules: Vec<model::Rule>,
}

/// Reads a rule.
pub fn read<'n>(fields: Fields<'n, 'n>, remarks: &mut Remarks) -> Rule<'n> {
    let name = fields.text("name", remarks);
    let span = name.map_or(fields.span(), |name| name.span);
    let network = fields.text("network", remarks).map_or("default", |address| network(address.value));
    let direction = direction(fields, remarks);
    let mut verdict = verdict(fields, span, remarks);
    if direction.is_none() {
        verdict.value = Verdict::Unknown("a rule without a direction".into());
    }
    let priority = priority(fields, remarks);
    if priority.is_none() {
        // Where it stands nobody knows: it may come before all others, or decide nothing.
        verdict.value = Verdict::Unknown("a rule without a priority".into());
    }
    let are_told = Targets::are_told(fields);
    if !are_told {
        verdict.value = Verdict::Unknown("a rule without targets that are told".into());
    }
    let comment = fields.text("description", remarks).filter(|text| !text.value.is_empty());
    let comment = comment.map(|text| text.map(Box::from));
    let is_disabled = fields.flag("disabled", remarks).is_some_and(|flag| flag.value);
    let read = Targets::of(fields, remarks);
    let named = if are_told { read } else { Some(Targets::default()) };
    let targets = named.clone().filter(|_| !is_disabled);
    let (conditions, has_v6) = conditions(fields, direction.unwrap_or(Direction::In), span, remarks);
    Rule {
        name: name.map(|name| name.value),
        network,
        direction,
        priority: priority.unwrap_or(i64::MIN),
        among_equals: match verdict.value {
            Verdict::Drop => 0,
            Verdict::Accept => 2,
            _ => 1,
        },
        targets,
        named,
        has_v6,
        span,
        rules: rules(span, &conditions, &verdict, comment.as_ref()),
    }
}

/// What stands for rules of a network of which nothing is said.
pub fn unsaid(network: &str, span: Span) -> Rule<'_> {
    let verdict = Spanned::new(Verdict::Unknown("rules that the export leaves out".into()), span);
    Rule {
        name: None,
        network,
        direction: None,
        priority: i64::MIN,
        among_equals: 1,
        targets: Some(Targets::default()),
        named: Some(Targets::default()),
        has_v6: false,
        span,
        rules: rules(span, &[], &verdict, None),
    }
}

/// The priority; `None` if it is not to be understood.
fn priority(fields: Fields, remarks: &mut Remarks) -> Option<i64> {
    if fields.get("priority").is_none() {
        return Some(DEFAULT_PRIORITY);
    }
    let priority = fields.number("priority", remarks)?;
    let is_one = (0..=LAST_PRIORITY).contains(&priority.value);
    if !is_one {
        remarks.add(priority.span, format!("a priority is a number from 0 to {LAST_PRIORITY}"));
    }
    is_one.then_some(priority.value)
}

/// Rules of older exports name no direction: they look at what comes in.
pub fn direction(fields: Fields, remarks: &mut Remarks) -> Option<Direction> {
    let Some(text) = fields.text("direction", remarks) else {
        return fields.get("direction").is_none().then_some(Direction::In);
    };
    match text.value.to_ascii_uppercase().as_str() {
        "INGRESS" => Some(Direction::In),
        "EGRESS" => Some(Direction::Out),
        _ => {
            remarks.add(text.span, format!("`{}` is neither INGRESS nor EGRESS", text.value));
            None
        }
    }
}

fn verdict(fields: Fields, span: Span, remarks: &mut Remarks) -> Spanned<Verdict> {
    match (fields.get("allowed"), fields.get("denied")) {
        (Some(_), None) => Spanned::new(Verdict::Accept, fields.place("allowed").unwrap_or(span)),
        (None, Some(_)) => Spanned::new(Verdict::Drop, fields.place("denied").unwrap_or(span)),
        (Some(_), Some(denied)) => {
            remarks.add(denied.span, "a rule either allows or denies");
            Spanned::new(Verdict::Unknown("allowed and denied".into()), denied.span)
        }
        (None, None) => {
            remarks.add_with(
                span,
                "the rule has neither `allowed` nor `denied`",
                vec!["`gcloud compute firewall-rules list --format=json` prints all fields.".to_owned()],
            );
            Spanned::new(Verdict::Unknown("neither allowed nor denied".into()), span)
        }
    }
}

/// What a rule asks of a packet, and whether it names IPv6 addresses.
fn conditions(
    fields: Fields,
    direction: Direction,
    span: Span,
    remarks: &mut Remarks,
) -> (Vec<Condition>, bool) {
    let mut sources = Side::new(Axis::Source);
    sources.ranges(fields, "sourceRanges", remarks);
    sources.names(fields, "sourceTags", Members::Machines, remarks);
    sources.names(fields, "sourceServiceAccounts", Members::Machines, remarks);
    let mut destinations = Side::new(Axis::Destination);
    destinations.ranges(fields, "destinationRanges", remarks);
    let has_v6 = sources.has_v6() || destinations.has_v6();
    // A rule that names no far end is for all of IPv4.
    let world = |is_far: bool| (is_far && !has_v6).then(|| any_address(Family::V4));
    let near = fields.place(if direction == Direction::In { "sourceRanges" } else { "destinationRanges" });
    let place = near.unwrap_or(span);
    let sides = [
        sources.condition(world(direction == Direction::In), place),
        destinations.condition(world(direction == Direction::Out), place),
    ];
    let key = if fields.get("allowed").is_some() { "allowed" } else { "denied" };
    let list = fields.place(key).unwrap_or(span);
    let entries = fields.objects(key, remarks);
    let layer4 = if fields.get(key).is_some() {
        layer4::condition(&entries, "IPProtocol", list, remarks)
    } else {
        None
    };
    (layer4.into_iter().chain(sides.into_iter().flatten()).collect(), has_v6)
}

/// A network as its address tells it, with its project: `PROJECT/global/networks/NAME`; its name where no project is told.
pub fn network(address: &str) -> &str {
    match address.split_once("projects/") {
        Some((_, resource)) if resource.contains("/networks/") => resource,
        _ => last_part(address),
    }
}

/// The name at the end of an address of a resource.
pub fn last_part(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}
