//! Units: for each network the machines that no rule names, and those of each tag and service account that a rule
//! does name, in each region that has a policy of its own. A policy that is exported without its network is a unit of its own.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use super::command::{self, Suffixes};
use super::policy::{Policy, Stage};
use super::rule::Rule;
use super::shape::Project;
use super::targets::{Target, Targets};
use crate::dialects::Named;
use crate::dialects::cloud::{Builder, Direction, call};
use crate::model::{self, Atom, Families, Perimeter, Policy as Default};
use crate::source::{Span, Spanned};

/// Connections are tracked. The metadata server, which is the resolver too, is reached whatever the rules are
/// (<https://cloud.google.com/firewall/docs/firewalls#gcp_network_blocked_traffic>).
const PERIMETER: Perimeter = Perimeter {
    is_stateful: true,
    marks_flows: false,
    platform: SERVER,
    resolvers: SERVER,
    is_resolver_in_network: false,
};

/// The metadata server.
const SERVER: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254))];

/// The machines of a unit.
#[derive(Clone, Copy)]
struct Members<'p, 'n> {
    network: &'p str,
    target: Option<Target<'n>>,
}

/// How the rules came to be known, and how new ones are named.
#[derive(Clone, Copy)]
struct Made<'p, 'n> {
    is_export: bool,
    suffixes: &'p Suffixes<'n>,
}

/// The units of a project. An export tells of all machines; a script that makes rules, of those for which it makes some.
pub fn units(project: &Project, is_export: bool) -> Vec<Named> {
    let suffixes = Suffixes::beside(&project.rules);
    let made = Made { is_export, suffixes: &suffixes };
    let attached = project.policies.iter().flat_map(|policy| policy.networks.iter().copied());
    let attached = distinct(project.rules.iter().map(|rule| rule.network).chain(attached));
    let is_loose = |policy: &&Policy| policy.networks.is_empty() && policy.stage != Stage::Hierarchy;
    let mut units = Vec::new();
    // A network has one policy for all regions and one for each: of more, nobody knows which belong together.
    let mut known = HashSet::new();
    let place = |policy: &Policy| (policy.stage, policy.region().map(str::to_owned));
    let mut placed =
        project.policies.iter().filter(is_loose).filter(|it| it.stage > Stage::System).map(place);
    let are_apart = !placed.all(|place| known.insert(place));
    let above = || project.policies.iter().filter(|policy| policy.stage == Stage::Hierarchy);
    let each = || {
        let each = project.policies.iter().filter(is_loose);
        each.flat_map(|policy| {
            let policies: Vec<&Policy> = above().chain([policy]).collect();
            of_regions(&[], &policies, policy.name.value, made)
        })
    };
    if attached.is_empty() && are_apart {
        return each().collect();
    }
    if attached.is_empty() {
        let policies: Vec<&Policy> = project.policies.iter().collect();
        // Rules may be for some networks alone; all others are the first unit.
        let named =
            policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| rule.networks.iter().copied());
        let others = policies.iter().map(|policy| policy.name.value).take(1);
        for network in distinct(others.chain(named)) {
            units.extend(of_regions(&[], &policies, network, made));
        }
        return units;
    }
    let is_only = attached.len() == 1 && !are_apart;
    for network in &attached {
        let rules: Vec<&Rule> = project.rules.iter().filter(|rule| rule.network == *network).collect();
        let is_its = |policy: &&Policy| {
            policy.networks.contains(network)
                || policy.stage == Stage::Hierarchy
                || is_only && is_loose(policy)
        };
        let policies: Vec<&Policy> = project.policies.iter().filter(is_its).collect();
        units.extend(of_regions(&rules, &policies, network, made));
    }
    if !is_only {
        units.extend(each());
    }
    units
}

/// The units of one network: where several regions have policies of their own, those of each region, and those of all
/// others.
fn of_regions(rules: &[&Rule], policies: &[&Policy], network: &str, made: Made) -> Vec<Named> {
    let regions = distinct(policies.iter().filter_map(|policy| policy.region()));
    if regions.len() < 2 {
        return of_network(rules, policies, (network, network), made);
    }
    let of = |region: Option<&str>| {
        let is_its = |policy: &&&Policy| policy.region().is_none_or(|its| Some(its) == region);
        let policies: Vec<&Policy> = policies.iter().filter(is_its).copied().collect();
        let name = region.map_or_else(|| network.to_owned(), |region| format!("{network}/region:{region}"));
        of_network(rules, &policies, (network, &name), made)
    };
    [None].into_iter().chain(regions.iter().copied().map(Some)).flat_map(of).collect()
}

/// Names without those that came before.
fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut known = HashSet::new();
    names.filter(|name| known.insert(*name)).collect()
}

/// The units of one network, or of some of it, which has a name of its own.
fn of_network(rules: &[&Rule], policies: &[&Policy], (network, all): (&str, &str), made: Made) -> Vec<Named> {
    // A script tells of the machines that its rules name; an export of all, and those of which only disabled rules speak are
    // like the others.
    let told = rules.iter().map(|rule| if made.is_export { &rule.targets } else { &rule.named });
    let targets = told.flatten();
    let of_policies =
        policies.iter().flat_map(|policy| &policy.rules).filter_map(|rule| rule.targets.as_ref());
    let targets: BTreeSet<Target> = targets.chain(of_policies).flat_map(Targets::iter).collect();
    let first =
        rules.iter().map(|rule| rule.span).chain(policies.iter().map(|policy| policy.name.span)).next();
    let Some(span) = first else { return Vec::new() };
    let has_v6 = rules.iter().any(|rule| rule.has_v6)
        || policies.iter().flat_map(|policy| &policy.rules).any(|rule| rule.has_v6);
    let families = if has_v6 { Families::BOTH } else { Families::V4 };
    let has_others = made.is_export || targets.is_empty() || rules.iter().any(|rule| is_for(rule, None));
    let members = has_others.then_some(None).into_iter().chain(targets.into_iter().map(Some));
    let unit = |target: Option<Target>| {
        let name = target.map_or_else(|| all.to_owned(), |target| format!("{all}/{}", target.name()));
        let span = rules.iter().find(|rule| is_for(rule, target)).map_or(span, |rule| rule.span);
        let mut builder = Builder::new(&name, families, span);
        let mut called = None;
        for direction in Direction::BOTH {
            called = fill(&mut builder, direction, rules, policies, Members { network, target }, span);
        }
        let recipe = match policies {
            _ if !rules.is_empty() => command::recipe(rules, network, target, called, made.suffixes),
            [policy] => command::recipe_of_policy(policy, target),
            _ => None,
        };
        recipe.into_iter().for_each(|recipe| builder.recipe(recipe));
        Named { name, ruleset: builder.build() }
    };
    members.map(unit).collect()
}

/// Is a rule for some machines, whether it does anything or not?
fn is_for(rule: &Rule, target: Option<Target>) -> bool {
    rule.named.as_ref().is_some_and(|targets| targets.include(target))
}

/// Fills one direction of a unit in; says where the VPC firewall rules are called, if they are a chain of their own.
fn fill(
    builder: &mut Builder,
    direction: Direction,
    rules: &[&Rule],
    policies: &[&Policy],
    members: Members,
    span: Span,
) -> Option<Span> {
    // The implied rules at the end: what comes in is denied, what goes out is allowed.
    let default = if direction == Direction::In { Default::Drop } else { Default::Accept };
    let own = of_rules(rules, direction, members.target);
    let mut policies: Vec<&&Policy> = policies.iter().collect();
    policies.sort_by_key(|policy| policy.stage);
    let mut called: Vec<(Stage, model::Rule)> = Vec::new();
    for (at, policy) in policies.iter().enumerate() {
        let rules = of_policy(policy, direction, members);
        if !rules.is_empty() {
            // Policies of several organisations may have one name.
            let again = policies[..at].iter().filter(|other| other.name.value == policy.name.value).count();
            let number = if again > 0 { format!(" {}", again + 1) } else { String::new() };
            let name = format!("{}{number} {}", policy.name.value, direction.name());
            called.push((policy.stage, call(&name, policy.name.span)));
            builder.chain(&name, policy.name.span, rules);
        }
    }
    let are_called = !own.is_empty() && called.iter().any(|call| call.0 > Stage::System);
    let base = if called.is_empty() {
        own
    } else {
        let (before, after): (Vec<_>, Vec<_>) = called.into_iter().partition(|call| call.0 <= Stage::System);
        let mut base: Vec<model::Rule> = before.into_iter().map(|call| call.1).collect();
        let after: Vec<model::Rule> = after.into_iter().map(|call| call.1).collect();
        base.extend(in_either_order(builder, direction, own, after, span));
        base
    };
    builder.layer(direction, direction.name(), PERIMETER, 0, Spanned::new(default, span), base);
    are_called.then_some(span)
}

/// VPC firewall rules come before the policies of the network, unless the network says otherwise, which no export
/// of rules tells.
fn in_either_order(
    builder: &mut Builder,
    direction: Direction,
    own: Vec<model::Rule>,
    after: Vec<model::Rule>,
    span: Span,
) -> Vec<model::Rule> {
    if own.is_empty() || after.is_empty() {
        return own.into_iter().chain(after).collect();
    }
    let name = format!("VPC firewall rules {}", direction.name());
    builder.chain(&name, span, own);
    let place = after[0].span;
    let atom = Atom::pure("networkFirewallPolicyEnforcementOrder BEFORE_CLASSIC_FIREWALL");
    let is_before = Spanned::new(atom.into(), place);
    let first = after.iter().map(|rule| model::Rule { matches: vec![is_before.clone()], ..rule.clone() });
    let own = call(&name, span);
    first.chain([own]).chain(after.iter().cloned()).collect()
}

/// The VPC firewall rules for some machines, in the order in which they count: by priority, and among equals those
/// that deny first.
fn of_rules(rules: &[&Rule], direction: Direction, target: Option<Target>) -> Vec<model::Rule> {
    let is_its = |rule: &&&Rule| {
        rule.direction.is_none_or(|its| its == direction)
            && rule.targets.as_ref().is_some_and(|targets| targets.include(target))
    };
    let mut chosen: Vec<&&Rule> = rules.iter().filter(is_its).collect();
    chosen.sort_by_key(|rule| (rule.priority, rule.among_equals));
    chosen.into_iter().flat_map(|rule| rule.rules.iter().cloned()).collect()
}

/// The rules of a policy for some machines, in the order in which they count.
fn of_policy(policy: &Policy, direction: Direction, members: Members) -> Vec<model::Rule> {
    let mut chosen: Vec<_> = policy
        .rules
        .iter()
        .filter(|rule| rule.direction.is_none_or(|its| its == direction))
        .filter(|rule| rule.networks.is_empty() || rule.networks.contains(&members.network))
        .filter(|rule| rule.targets.as_ref().is_some_and(|targets| targets.include(members.target)))
        .collect();
    chosen.sort_by_key(|rule| rule.priority);
    chosen.into_iter().flat_map(|rule| rule.rules.iter().cloned()).collect()
}
