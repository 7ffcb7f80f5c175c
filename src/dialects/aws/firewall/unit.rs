//! Units of Network Firewall: each firewall policy with its rule groups, and each group that is in no policy here.

use std::collections::HashMap;

use super::asked;
use super::command;
use super::group::{Group, Rules};
use super::policy::{Policy, Reference};
use super::stateful::{self, Deed, PASSED};
use super::stateless;
use crate::dialects::Named;
use crate::dialects::aws::unit::ACL;
use crate::dialects::cloud::{Builder, Condition, Direction, Fields, Remarks, Texts, call, rules};
use crate::model::{self, Families, Match, Perimeter, Policy as End, Said, Verdict};
use crate::packet::axis::direction as way;
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges};
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// Each packet of a flow comes to the firewall. What goes to the resolver of the network never does.
const PERIMETER: Perimeter = Perimeter { marks_flows: true, ..ACL };

/// How the names of chains begin in which rules are that nobody wrote.
const GENERATED: &str = "generated rules ";

/// A unit in the making.
struct Unit<'n> {
    /// Rules for each packet by itself, for what comes in and what goes out.
    stateless: [Vec<model::Rule>; 2],
    /// Rules for flows, likewise.
    stateful: [Vec<model::Rule>; 2],
    /// Chains of rules that nobody wrote: a name, and the rules of each direction.
    generated: Vec<(String, [Vec<model::Rule>; 2])>,
    /// What becomes of what no rule decides.
    end: Spanned<End>,
    /// The ARN and the text of the rule group in which a rule comes before all others for flows.
    first: Option<(&'n str, &'n str)>,
}

impl<'n> Unit<'n> {
    /// A unit without rules, whose name stands at a place.
    fn new(place: Span) -> Self {
        Unit {
            stateless: Default::default(),
            stateful: Default::default(),
            generated: Vec::new(),
            end: Spanned::new(End::Accept, place),
            first: None,
        }
    }
}

/// The units of policies and of groups.
pub fn units<'n>(
    groups: &[Group<'n>],
    policies: &[Policy<'n>],
    texts: Texts,
    remarks: &mut Remarks,
) -> Vec<Named> {
    let by_arn: HashMap<&str, &Group> = groups.iter().filter_map(|group| Some((group.arn?, group))).collect();
    let mut units = Vec::new();
    for policy in policies {
        let unit = of_policy(policy, &by_arn, texts, remarks);
        units.push(built(policy.name, unit));
    }
    let is_in_one = |group: &&Group| {
        let mut references =
            policies.iter().flat_map(|policy| policy.stateful.iter().chain(&policy.stateless));
        references.any(|reference| Some(reference.arn.value) == group.arn)
    };
    for group in groups.iter().filter(|group| !is_in_one(group)) {
        units.push(built(group.name, alone(group, texts, remarks)));
    }
    units
}

/// What a group does by itself.
fn alone<'n>(group: &Group<'n>, texts: Texts, remarks: &mut Remarks) -> Unit<'n> {
    let place = group.name.span;
    let mut unit = Unit { first: group.text(), ..Unit::new(place) };
    let unsaid = |what: &str| unknown(what, place);
    match group.rules(None, texts, remarks) {
        None => unit.stateful = unsaid("rules that the export leaves out"),
        Some(Rules::Stateless(all)) => {
            add_stateless(&mut unit, all);
            // Who hands packets on hands them to rules that are not here.
            unit.stateful = unsaid("what the firewall policy does with other packets");
        }
        Some(Rules::Stateful(all)) => {
            let all = in_order(all, group.is_strict);
            add_stateful(&mut unit, all);
            if group.is_strict {
                let rest = unsaid("what the firewall policy does by default");
                for (all, rest) in unit.stateful.iter_mut().zip(rest) {
                    all.extend(rest);
                }
            }
        }
    }
    unit
}

fn of_policy<'n>(
    policy: &Policy<'n>,
    groups: &HashMap<&str, &Group<'n>>,
    texts: Texts,
    remarks: &mut Remarks,
) -> Unit<'n> {
    let place = policy.name.span;
    let mut unit = Unit::new(place);
    let missing = |reference: &Reference| {
        unknown(&format!("rule group {}", super::last_part(reference.arn.value)), reference.arn.span)
    };
    let mut rules_of = |reference: &Reference, by_priority: bool| {
        // Where a group stands that needs a priority and has none nobody knows.
        let group = groups.get(reference.arn.value).filter(|_| !by_priority || reference.priority.is_some());
        group?.rules(policy.variables, texts, remarks)
    };
    for reference in &policy.stateless {
        match rules_of(reference, true) {
            Some(Rules::Stateless(all)) => add_stateless(&mut unit, all),
            _ => append(&mut unit.stateless, missing(reference)),
        }
    }
    match stateless::verdict(&policy.stateless_default) {
        Some(verdict) if verdict.value == Verdict::Return => {}
        Some(verdict) => append(&mut unit.stateless, both(&[], &verdict)),
        None => append(&mut unit.stateless, unknown("StatelessDefaultActions", place)),
    }
    if let Some(span) = policy.inspection {
        append(&mut unit.stateful, unknown("TLS that the firewall opens", span));
    }
    let mut all = Vec::new();
    for reference in &policy.stateful {
        match rules_of(reference, policy.is_strict) {
            Some(Rules::Stateful(rules)) => {
                all.extend(
                    rules.into_iter().filter(|rule| !reference.only_alerts || rule.deed == Deed::Pass),
                );
            }
            _ => {
                all.push(stateful::Rule { deed: Deed::Pass, is_generated: false, rules: missing(reference) })
            }
        }
    }
    add_stateful(&mut unit, in_order(all, policy.is_strict));
    if policy.is_strict {
        finish(&mut unit, policy, remarks);
    }
    // In action order, rules that pass come first wherever they stand.
    let groups = policy.stateful.iter().map(|reference| groups.get(reference.arn.value));
    let mut texts = groups.map(|group| group.and_then(|group| group.text()));
    let first = if policy.is_strict { texts.next().flatten() } else { texts.flatten().next() };
    let is_told = |reference: &Reference| !policy.is_strict || reference.priority.is_some();
    unit.first = first.filter(|_| policy.inspection.is_none() && policy.stateful.iter().all(is_told));
    unit
}

/// What becomes of flows that no rule of a strict order decides.
fn finish(unit: &mut Unit, policy: &Policy, remarks: &mut Remarks) {
    for action in &policy.stateful_default {
        let span = action.span;
        // A handshake alone is no connection: what is said in it decides.
        let later = asked::said(Said::Anything, false, span);
        let handshake =
            || both(&[asked::is_handshake(span), later.clone()], &Spanned::new(Verdict::Accept, span));
        match action.value {
            "aws:drop_strict" => unit.end = Spanned::new(End::Drop, span),
            // Of what has no handshake every packet is dropped
            // (<https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html>).
            "aws:drop_established" => {
                append(&mut unit.stateful, handshake());
                unit.end = Spanned::new(End::Drop, span);
            }
            "aws:drop_established_app_layer" | "aws:drop_established_app_layer_to_server" => {
                append(&mut unit.stateful, handshake());
                let tls = asked::said(Said::Protocol("tls".into()), false, span);
                let of_tcp = asked::protocols(&[asked::TCP], span);
                append(&mut unit.stateful, both(&[of_tcp, tls], &Spanned::new(Verdict::Drop, span)));
                // What it does to flows of which no application is told nobody says.
                append(&mut unit.stateful, unknown(action.value, span));
                unit.end = Spanned::new(End::Drop, span);
            }
            alerts if alerts.starts_with("aws:alert_") => {}
            _ => {
                remarks.unknown(span, format!("the action `{}` is not known", action.value));
                append(&mut unit.stateful, unknown(action.value, span));
            }
        }
    }
}

/// Rules in the order in which they are asked: as they stand, or by what they do.
fn in_order(mut rules: Vec<stateful::Rule>, is_strict: bool) -> Vec<stateful::Rule> {
    if !is_strict {
        rules.sort_by_key(|rule| rule.deed);
    }
    rules
}

fn add_stateless(unit: &mut Unit, all: Vec<stateless::Rule>) {
    for rule in all {
        unit.stateless.iter_mut().for_each(|way| way.extend(rule.rules.iter().cloned()));
    }
}

fn add_stateful(unit: &mut Unit, all: Vec<stateful::Rule>) {
    for rule in all {
        if !rule.is_generated {
            append(&mut unit.stateful, rule.rules);
            continue;
        }
        let name = format!("{GENERATED}{}", unit.generated.len() + 1);
        for direction in Direction::BOTH {
            let place = rule.rules[direction as usize].first().map(|rule| rule.span);
            let calls = place.map(|place| call(&format!("{name} {}", direction.name()), place));
            unit.stateful[direction as usize].extend(calls);
        }
        unit.generated.push((name, rule.rules));
    }
}

fn append(all: &mut [Vec<model::Rule>; 2], more: [Vec<model::Rule>; 2]) {
    for (all, more) in all.iter_mut().zip(more) {
        all.extend(more);
    }
}

/// The same rules both ways.
fn both(conditions: &[Condition], verdict: &Spanned<Verdict>) -> [Vec<model::Rule>; 2] {
    Direction::BOTH.map(|_| rules(verdict.span, conditions, verdict, None))
}

/// Something that may decide anything.
fn unknown(what: &str, place: Span) -> [Vec<model::Rule>; 2] {
    both(&[], &Spanned::new(Verdict::Unknown(what.into()), place))
}

/// The chains of a unit: in each direction the stateless rules, then those for flows, unless one of them has let the
/// flow pass before.
fn built(name: Spanned<&str>, unit: Unit) -> Named {
    let families = if has_v6(&unit) { Families::BOTH } else { Families::V4 };
    let mut builder = Builder::new(name.value, families, name.span);
    let Unit { stateless, stateful, generated, end, first } = unit;
    let marks = first.is_some() || stateful.iter().flatten().any(|rule| !rule.actions.is_empty());
    let lists = stateless.into_iter().zip(stateful);
    for (direction, (stateless, mut stateful)) in Direction::BOTH.into_iter().zip(lists) {
        let word = direction.name();
        let mut base = Vec::new();
        let mut chains = Vec::new();
        if !stateless.is_empty() {
            let chain = format!("stateless {word}");
            base.push(call(&chain, name.span));
            chains.push((chain, stateless));
        }
        if marks && (first.is_some() || !stateful.is_empty()) {
            stateful.insert(0, passed(name.span));
        }
        if let Some((arn, text)) = first.filter(|_| direction == Direction::Out) {
            builder.recipe(command::recipe(arn, text, word, base.len() + 1, name.span));
        }
        base.append(&mut stateful);
        builder.layer(direction, word, PERIMETER, 0, end, base);
        chains.into_iter().for_each(|(chain, rules)| builder.chain(&chain, name.span, rules));
        for (chain, rules) in &generated {
            let rules = rules[direction as usize].clone();
            if !rules.is_empty() {
                builder.chain(&format!("{chain} {word}"), name.span, rules);
            }
        }
    }
    Named { name: name.value.to_owned(), ruleset: builder.build() }
}

/// What a rule has let pass is not looked at again.
fn passed(place: Span) -> model::Rule {
    let mark = Cube::any().set(Axis::ConnMark, Masks::new(PASSED, PASSED));
    let mark = mark.set(Axis::Direction, Ranges::new(way::ORIGINAL, way::REPLY));
    let packets = Spanned::new(Match::Packets(Box::new(PacketSet::from(mark))), place);
    let verdict = Spanned::new(Verdict::Accept, place);
    let actions = vec![stateful::pass(place)];
    model::Rule { span: place, matches: vec![packets], actions, verdict, comment: None }
}

/// Does a rule name IPv6 addresses?
fn has_v6(unit: &Unit) -> bool {
    let names = |cube: &Cube| {
        let is_v6 = cube.get(Axis::Family).is_some_and(|family| family.first() == Some(Family::V6.number()));
        let is_narrow = |axis: Axis| cube.get(axis).is_some();
        is_v6 && (is_narrow(Axis::Source) || is_narrow(Axis::Destination))
    };
    let lists = unit.stateless.iter().chain(&unit.stateful).flatten();
    let mut parts = lists.flat_map(|rule| &rule.matches);
    parts.any(|part| matches!(&part.value, Match::Packets(packets) if packets.cubes().iter().any(names)))
}

/// The rule groups of answers, and the policies.
pub fn read(groups: &[Node], policies: &[Node], texts: Texts, remarks: &mut Remarks) -> Vec<Named> {
    let groups: Vec<Group> = groups.iter().map(|group| Group::read(Fields(group), remarks)).collect();
    let policies: Vec<Policy> =
        policies.iter().filter_map(|policy| super::policy::read(Fields(policy), remarks)).collect();
    units(&groups, &policies, texts, remarks)
}
