//! Layers: the rules of one network security group around a machine.

use std::collections::HashSet;
use std::net::IpAddr;

use super::rule::{self, Kind, Rule};
use super::shape::Group;
use super::{standard, tags};
use crate::dialects::cloud::{Condition, Direction, Fields, Remarks, rules};
use crate::model::{self, Match, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// A layer of rules around a machine.
#[derive(Debug)]
pub struct Layer<'n> {
    /// The name of the group.
    pub name: Spanned<&'n str>,
    /// The resource group that it is in, where the export tells.
    pub resource_group: Option<&'n str>,
    /// The subscription that this is in, where it has to be said.
    pub subscription: Option<&'n str>,
    /// How far it is from the machine.
    pub distance: u8,
    /// Its own rules.
    pub rules: Vec<Rule>,
    /// Those that Azure adds; none where they are left out.
    defaults: Vec<Rule>,
    /// Where it is said that rules are missing.
    missing: Option<Span>,
}

impl<'n> Layer<'n> {
    /// That of a group with its own rules and those that Azure adds.
    pub fn new(
        name: Spanned<&'n str>,
        resource_group: Option<&'n str>,
        distance: u8,
        own: &[Fields<'n, 'n>],
        defaults: &[Fields<'n, 'n>],
        has_v6: bool,
        remarks: &mut Remarks,
    ) -> Self {
        let mut read = |items: &[Fields<'n, 'n>], kind| -> Vec<Rule> {
            items.iter().map(|item| rule::read(*item, kind, has_v6, remarks)).collect()
        };
        let (rules, defaults) = (read(own, Kind::Own), read(defaults, Kind::Default));
        check(&rules, remarks);
        Layer { name, resource_group, subscription: None, distance, rules, defaults, missing: None }
    }

    /// That of a group which is exported by itself; `more` is where a page of rules says that there are others.
    pub fn of_group(group: &Group<'n>, more: Option<Span>, has_v6: bool, remarks: &mut Remarks) -> Self {
        let own = group.rules.as_deref().unwrap_or_default();
        let layer = Layer::new(group.name, group.resource_group, 0, own, &group.defaults, has_v6, remarks);
        let is_told = group.rules.as_ref().map(|_| more.filter(|_| group.answer.is_some()));
        let missing = is_told.unwrap_or(Some(group.name.span));
        Layer { missing, subscription: group.subscription, ..layer }
    }

    /// What may come before all that is told: rules that are missing.
    pub fn missing(&self) -> Vec<model::Rule> {
        self.missing.map_or_else(Vec::new, |place| rule::unsaid(place).rules[0].clone())
    }

    /// Its rules for a direction that name services of the platform by their tags: no others filter those.
    pub fn of_platform(&self, direction: Direction) -> Vec<model::Rule> {
        in_order(&self.rules, direction, |rule| rule.platform.is_some())
    }

    /// What is left of the services of the platform that are named passes.
    pub fn left_of_platform(&self, named: &[IpAddr]) -> Vec<model::Rule> {
        let place = self.name.span;
        let conditions = named
            .iter()
            .map(|address| Condition::known(tags::only(*address).packets(Axis::Destination), place));
        let verdict = Spanned::new(Verdict::Accept, place);
        conditions.flat_map(|condition| rules(place, &[condition], &verdict, None)).collect()
    }

    /// Its other own rules for a direction.
    pub fn own(&self, direction: Direction) -> Vec<model::Rule> {
        in_order(&self.rules, direction, |rule| rule.platform.is_none())
    }

    /// The rules at its end, all of which allow, those first of which all is known, and where the one stands that
    /// denies the rest.
    pub fn last(&self, direction: Direction) -> (Vec<model::Rule>, Span) {
        let place = self.name.span;
        if self.defaults.is_empty() {
            return (standard::rules_of(direction, place), place);
        }
        let ends = |rule: &&Rule| rule.is_end && rule.direction == Some(direction);
        let end = self.defaults.iter().find(ends).map_or(place, |rule| rule.span);
        let mut rules = in_order(&self.defaults, direction, |rule| !rule.is_end);
        let is_known =
            |rule: &model::Rule| rule.matches.iter().all(|part| matches!(part.value, Match::Packets(_)));
        rules.sort_by_key(|rule| !is_known(rule));
        (rules, end)
    }
}

/// What Azure calls a direction.
pub fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "inbound",
        Direction::Out => "outbound",
    }
}

/// Rules for a direction in the order in which they count.
pub fn in_order(all: &[Rule], direction: Direction, is_chosen: impl Fn(&Rule) -> bool) -> Vec<model::Rule> {
    let mut chosen: Vec<&Rule> = all.iter().filter(|rule| is_chosen(rule)).collect();
    chosen.sort_by_key(|rule| rule.priority.map(|priority| priority.value));
    chosen.into_iter().flat_map(|rule| rule.rules[direction as usize].iter().cloned()).collect()
}

/// No two rules of a group and a direction have the same priority.
fn check(rules: &[Rule], remarks: &mut Remarks) {
    let mut known = HashSet::new();
    for rule in rules {
        let (Some(direction), Some(priority)) = (rule.direction, rule.priority) else { continue };
        if !known.insert((direction as usize, priority.value)) {
            let message =
                format!("another {} rule has the priority {} already", word(direction), priority.value);
            remarks.add(priority.span, message);
        }
    }
}
