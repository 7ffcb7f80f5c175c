//! Hierarchical and network firewall policies.

use std::collections::HashSet;

use super::layer4;
use super::rule::{direction, last_part, network};
use super::side::Side;
use super::targets::Targets;
use crate::dialects::cloud::{Condition, Direction, Fields, Remarks, UNREAD, rules};
use crate::model::{self, Members, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// The first of the four rules at the end of each policy, which only hand packets on.
pub const FIRST_GENERATED: i64 = 2_147_483_644;

/// A firewall policy.
#[derive(Debug)]
pub struct Policy<'n> {
    /// Its name.
    pub name: Spanned<&'n str>,
    /// When it is asked.
    pub stage: Stage,
    /// The networks that it is for, by name; empty where the export does not say, and for hierarchical policies.
    pub networks: Vec<&'n str>,
    /// By what a command finds it, where it is one of a network: its name, and where it is.
    pub kept: Option<(&'n str, Scope<'n>)>,
    /// The answer that its rules stand in, where they were exported without it.
    answer: Option<Span>,
    /// The priorities of those; each has its own.
    priorities: HashSet<i64>,
    /// Are rules of other policies among its own?
    is_mixed: bool,
    /// Its rules, as they stand.
    pub rules: Vec<PolicyRule<'n>>,
}

/// Where a policy of a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'n> {
    /// Everywhere.
    Global,
    /// In a region.
    Region(&'n str),
}

/// When a policy is asked, by default: in this order, with the VPC firewall rules between the second and the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Policies of the organisation and of its folders.
    Hierarchy,
    /// Policies that Google keeps.
    System,
    /// A policy of the network.
    Global,
    /// A policy of the network in a region.
    Regional,
}

/// A rule of a policy.
#[derive(Debug)]
pub struct PolicyRule<'n> {
    /// Which way it looks; `None` if that is not to be understood.
    pub direction: Option<Direction>,
    /// Lower numbers come first.
    pub priority: i64,
    /// What it is to be pointed at by.
    pub span: Span,
    /// Which machines it is for; `None` if it does nothing.
    pub targets: Option<Targets<'n>>,
    /// The networks that it is for, by name; empty for all.
    pub networks: Vec<&'n str>,
    /// Does it name IPv6 addresses?
    pub has_v6: bool,
    /// In the model's terms.
    pub rules: Vec<model::Rule>,
}

impl<'n> Policy<'n> {
    /// The region of a policy that is for one alone; where the export does not say which, the policy stands for it.
    pub fn region(&self) -> Option<&'n str> {
        match self.kept {
            _ if self.stage != Stage::Regional => None,
            Some((_, Scope::Region(region))) => Some(region),
            _ => Some(self.name.value),
        }
    }
}

/// Reads a policy.
pub fn read<'n>(fields: Fields<'n, 'n>, remarks: &mut Remarks) -> Policy<'n> {
    let name = ["shortName", "displayName", "name"].iter().find_map(|key| fields.text(key, remarks));
    let place = name.map_or(fields.span(), |name| name.span);
    let rules = fields.objects("rules", remarks);
    let mut rules: Vec<_> = rules.into_iter().map(|rule| read_rule(rule, remarks)).collect();
    if fields.get("rules").is_none() {
        rules.push(unsaid(place));
        remarks.add_with(
            place,
            "the policy is listed without its rules",
            vec!["`gcloud compute network-firewall-policies describe POLICY --global --format=json` prints them.".to_owned()],
        );
    }
    let associations = fields.objects("associations", remarks);
    let targets = associations.iter().filter_map(|each| each.text("attachmentTarget", remarks));
    let networks = targets.map(|target| target.value).filter(|target| target.contains("/networks/"));
    let networks: Vec<&str> = networks.map(network).collect();
    let stage = stage(fields, &networks, remarks);
    let scope = match stage {
        Stage::Global => Some(Scope::Global),
        Stage::Regional => {
            fields.text("region", remarks).map(|region| Scope::Region(last_part(region.value)))
        }
        Stage::Hierarchy | Stage::System => None,
    };
    let own = fields.text("name", remarks);
    Policy {
        name: name.unwrap_or(Spanned::new("policy", fields.span())),
        kept: own.and_then(|own| Some((own.value, scope?))),
        stage,
        answer: None,
        priorities: HashSet::new(),
        is_mixed: false,
        networks,
        rules,
    }
}

/// Adds a rule that stands without its policy, as `list-rules` prints them, to the others of its answer, which are one
/// policy together. Another answer in the same file may be of another policy. gcloud puts three dashes before each document
/// of YAML, so that nothing tells where one answer ends and the next begins; but each rule of a policy has a priority of its
/// own (<https://cloud.google.com/firewall/docs/firewall-policies-rule-details>), and each ends with the same generated ones.
pub fn add_rule<'n>(
    policies: &mut Vec<Policy<'n>>,
    fields: Fields<'n, 'n>,
    answer: Span,
    remarks: &mut Remarks,
) {
    let rule = read_rule(fields, remarks);
    let is_its = |policy: &&mut Policy| policy.answer == Some(answer);
    match policies.iter_mut().find(is_its) {
        Some(policy) => {
            let is_twin = !policy.priorities.insert(rule.priority) && rule.priority > i64::MIN;
            if is_twin && !policy.is_mixed {
                policy.is_mixed = true;
                let (priority, span) = (rule.priority, rule.span);
                let help =
                    "`--format=json` prints each policy as a list of its own; a file for each does as well.";
                let message = format!("no policy has two rules of priority {priority}: these are of several");
                remarks.add_with(span, message, vec![help.to_owned()]);
                policy.rules.push(unsaid(span));
            }
            policy.rules.push(rule);
        }
        None => policies.push(Policy {
            name: Spanned::new("policy", rule.span),
            stage: Stage::Global,
            networks: Vec::new(),
            kept: None,
            answer: Some(answer),
            priorities: HashSet::from([rule.priority]),
            is_mixed: false,
            rules: vec![rule],
        }),
    }
}

/// What stands for rules of which nothing is said.
pub fn unsaid<'n>(span: Span) -> PolicyRule<'n> {
    let verdict = Spanned::new(Verdict::Unknown("rules that the export leaves out".into()), span);
    PolicyRule {
        direction: None,
        priority: i64::MIN,
        span,
        targets: Some(Targets::default()),
        networks: Vec::new(),
        has_v6: false,
        rules: rules(span, &[], &verdict, None),
    }
}

fn stage(fields: Fields, networks: &[&str], remarks: &mut Remarks) -> Stage {
    let kind = fields.text("type", remarks).map_or("", |kind| kind.value).to_ascii_uppercase();
    match kind.as_str() {
        "HIERARCHY" => Stage::Hierarchy,
        _ if kind.starts_with("SYSTEM") => Stage::System,
        "NETWORK_REGIONAL" => Stage::Regional,
        "NETWORK" => Stage::Global,
        _ if fields.get("region").is_some() => Stage::Regional,
        // Policies of an organisation have a parent, and are attached to no network.
        _ if networks.is_empty() && fields.get("parent").is_some() => Stage::Hierarchy,
        _ => Stage::Global,
    }
}

fn read_rule<'n>(fields: Fields<'n, 'n>, remarks: &mut Remarks) -> PolicyRule<'n> {
    let priority = fields.number("priority", remarks);
    let name = fields.text("ruleName", remarks).map(|name| name.span);
    let span = name.or(priority.map(|priority| priority.span)).unwrap_or(fields.span());
    let direction = match fields.get("direction") {
        Some(_) => direction(fields, remarks),
        None => {
            remarks.add(span, "the field `direction` is missing");
            None
        }
    };
    if priority.is_none() {
        remarks.add(span, "the rule has no priority");
    }
    let are_told = Targets::are_told(fields) && !fields.is_odd("targetResources");
    let verdict = match (direction, priority) {
        (Some(_), Some(_)) if are_told => verdict(fields, span, remarks),
        (Some(_), Some(_)) => {
            Spanned::new(Verdict::Unknown("a rule without targets that are told".into()), span)
        }
        // Where it stands, or which way it looks, nobody knows.
        _ => Spanned::new(Verdict::Unknown("a rule without a place".into()), span),
    };
    let comment = fields.text("description", remarks).filter(|text| !text.value.is_empty());
    let comment = comment.map(|text| text.map(Box::from));
    let is_disabled = fields.flag("disabled", remarks).is_some_and(|flag| flag.value);
    let priority = priority.map_or(i64::MIN, |priority| priority.value);
    // What Google puts at the end of each policy says what would happen anyway.
    let is_generated = priority >= FIRST_GENERATED && verdict.value == Verdict::Return;
    let targets = match Targets::of(fields, remarks) {
        _ if is_disabled || is_generated => None,
        _ if !are_told => Some(Targets::default()),
        targets => targets,
    };
    let mut resources = fields.texts("targetResources", remarks);
    resources.retain(|_| are_told);
    let (conditions, has_v6) = match fields.get("match").and_then(|node| Fields::of(node, remarks)) {
        Some(matches) => conditions(matches, remarks),
        None if is_generated => (Vec::new(), false),
        None => {
            remarks.add_with(
                span,
                "the field `match` is missing",
                vec![
                    "Formats that choose fields lose what a rule asks for; `--format=json` keeps it."
                        .to_owned(),
                ],
            );
            (vec![Condition::none().or_unknown("no match", span)], false)
        }
    };
    PolicyRule {
        direction,
        priority,
        span,
        targets,
        networks: resources.iter().map(|resource| network(resource.value)).collect(),
        has_v6: has_v6 && !is_generated,
        rules: rules(span, &conditions, &verdict, comment.as_ref()),
    }
}

fn verdict(fields: Fields, span: Span, remarks: &mut Remarks) -> Spanned<Verdict> {
    let Some(action) = fields.text("action", remarks) else {
        remarks.add(span, "the field `action` is missing");
        return Spanned::new(Verdict::Unknown("no action".into()), span);
    };
    let verdict = match action.value.to_ascii_lowercase().as_str() {
        "allow" => Verdict::Accept,
        "deny" => Verdict::Drop,
        "goto_next" => Verdict::Return,
        // Whatever inspects the packets lets them through or does not.
        "apply_security_profile_group" => Verdict::Queue,
        _ => {
            remarks.unknown(action.span, format!("the action `{}` is not known", action.value));
            Verdict::Unknown(action.value.into())
        }
    };
    Spanned::new(verdict, action.span)
}

/// What a rule asks of a packet, and whether it names IPv6 addresses. All ends that it names on a side are
/// alternatives; what kind of network they are in is a condition besides.
fn conditions(fields: Fields, remarks: &mut Remarks) -> (Vec<Condition>, bool) {
    let mut all = Vec::new();
    let mut has_v6 = false;
    for (side, axis) in [("src", Axis::Source), ("dest", Axis::Destination)] {
        let key = |rest: &str| format!("{side}{rest}");
        let mut ends = Side::new(axis);
        ends.ranges(fields, &key("IpRanges"), remarks);
        ends.looked_up(&fields.texts(&key("Fqdns"), remarks));
        for rest in ["RegionCodes", "ThreatIntelligences", "AddressGroups"] {
            ends.names(fields, &key(rest), Members::Anybody, remarks);
        }
        let tags = fields.objects(&key("SecureTags"), remarks);
        let names =
            tags.iter().map(|tag| tag.text("name", remarks).unwrap_or(Spanned::new(UNREAD, tag.span())));
        let tags: Vec<_> = names.collect();
        ends.named(&key("SecureTags"), &tags, Members::Machines);
        has_v6 |= ends.has_v6();
        all.extend(ends.condition(None, fields.span()));
        for rest in ["NetworkType", "NetworkContext"] {
            let Some(kind) = fields.text(&key(rest), remarks) else { continue };
            if !kind.value.ends_with("UNSPECIFIED") {
                let text = format!("{} {}", key(rest), kind.value);
                all.push(Condition::none().or_unknown(text, kind.span));
            }
        }
        let networks = fields.texts(&key("Networks"), remarks);
        let mut inside = Side::new(axis);
        inside.named(&key("Networks"), &networks, Members::Machines);
        all.extend(inside.condition(None, fields.span()));
    }
    if let Some(place) = fields.get("layer4Configs").and(fields.place("layer4Configs")) {
        let entries = fields.objects("layer4Configs", remarks);
        all.extend(layer4::condition(&entries, "ipProtocol", place, remarks));
    }
    (all, has_v6)
}
