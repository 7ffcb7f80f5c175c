//! The commands that add a VPC firewall rule, or take one away, and that add a rule to a policy of a network
//! (<https://cloud.google.com/sdk/gcloud/reference/compute/firewall-rules/create>,
//! <https://cloud.google.com/sdk/gcloud/reference/compute/firewall-rules/delete>,
//! <https://cloud.google.com/sdk/gcloud/reference/compute/network-firewall-policies/rules/create>).

use std::cell::Cell;
use std::collections::HashSet;

use super::policy::{FIRST_GENERATED, Policy, Scope};
use super::rule::{LAST_PRIORITY, Rule, last_part};
use super::targets::Target;
use crate::dialects::cloud::{Direction, command};
use crate::model::{Letting, Numbers, Recipe, RuleRemoval, Verdict};
use crate::packet::Family;
use crate::source::Span;

/// What new rules of units have at the end of their names. A name is one rule's in all networks of a project.
#[derive(Debug)]
pub struct Suffixes<'n> {
    /// The ends of the names of rules that were made so before.
    taken: HashSet<&'n str>,
    /// The number of the last suffix.
    last: Cell<u32>,
}

impl<'n> Suffixes<'n> {
    /// Those that no rule of these has.
    pub fn beside(rules: &[Rule<'n>]) -> Self {
        let names = rules.iter().filter_map(|rule| rule.name?.strip_prefix("fwlint-"));
        let taken = names.filter_map(|name| name.rsplit('-').next()).collect();
        Suffixes { taken, last: Cell::new(0) }
    }

    /// One that no other unit has.
    fn next(&self) -> String {
        let is_free = |number: &u32| match number {
            // A name without a suffix ends like any other.
            1 => self.taken.is_empty(),
            _ => !self.taken.contains(&*number.to_string()),
        };
        let number = (self.last.get() + 1..).find(is_free).unwrap_or_default();
        self.last.set(number);
        if number == 1 { String::new() } else { format!("-{number}") }
    }
}

/// How a rule is added for what goes out of some machines of a network; `None` for those that VPC firewall rules cannot
/// name. Where they are called from a place, what stands in front of that comes before all of them.
pub fn recipe(
    rules: &[&Rule],
    network: &str,
    target: Option<Target>,
    called: Option<Span>,
    suffixes: &Suffixes,
) -> Option<Recipe> {
    let (project, network) =
        network.split_once('/').map_or((None, network), |(project, _)| (Some(project), last_part(network)));
    let mut names = vec![network.into(), suffixes.next().into()];
    names.extend(project.map(|project| format!("--project={project}").into()));
    match target {
        None => {}
        Some(Target::Tag(tag)) => names.push(format!("--target-tags={tag}").into()),
        Some(Target::ServiceAccount(account)) => {
            names.push(format!("--target-service-accounts={account}").into());
        }
        Some(Target::SecureTag(_)) => return None,
    }
    let is_its = |rule: &&Rule| {
        rule.direction != Some(Direction::In)
            && rule.targets.as_ref().is_some_and(|targets| targets.include(target))
    };
    let its = rules.iter().copied().filter(is_its);
    let denies = |rule: &&Rule| {
        called.is_none()
            && rule.rules.iter().all(|it| it.verdict.value == Verdict::Drop && it.span == rule.span)
    };
    let denying = its.clone().filter(denies).filter_map(|rule| Some((rule.span, rule.name?.into())));
    let removal = Some(RuleRemoval { names: denying.collect(), command: delete });
    let taken = match called {
        Some(place) => {
            its.map(|rule| (place, rule.priority)).min_by_key(|taken| taken.1).into_iter().collect()
        }
        None => its.map(|rule| (rule.span, rule.priority)).collect(),
    };
    let numbers = Some(Numbers { taken, range: (0, LAST_PRIORITY), are_unique: false });
    // Names are one rule's in a project, whatever network it is for.
    let list = format!("{}/{}", project.unwrap_or_default(), names[1]).into();
    Some(Recipe { list, numbers, removal, ..Recipe::new(Direction::Out.name(), names, create) })
}

/// How a rule is added to the policy of a network in front of all its rules for what goes out of some machines, which is
/// where a rule in front of the policy stands; `None` where the export does not tell which policy that is.
pub fn recipe_of_policy(policy: &Policy, target: Option<Target>) -> Option<Recipe> {
    let (name, scope) = policy.kept?;
    let scope = match scope {
        Scope::Global => "--global-firewall-policy".to_owned(),
        Scope::Region(region) => format!("--firewall-policy-region={region}"),
    };
    let mut names = vec![name.into(), scope.into()];
    let project = policy.networks.iter().find_map(|network| Some(network.split_once('/')?.0));
    names.extend(project.map(|project| format!("--project={project}").into()));
    let list = names.join("/").into();
    names.extend(match target {
        None => None,
        Some(Target::SecureTag(tag)) => Some(format!("--target-secure-tags={tag}").into()),
        Some(Target::ServiceAccount(account)) => Some(format!("--target-service-accounts={account}").into()),
        Some(Target::Tag(_)) => return None,
    });
    let out = policy.rules.iter().filter(|rule| rule.direction != Some(Direction::In));
    let first = out.map(|rule| rule.priority).min().unwrap_or(FIRST_GENERATED);
    let mut taken = vec![(policy.name.span, first)];
    taken.extend(policy.rules.iter().map(|rule| (rule.span, rule.priority)));
    let numbers = Some(Numbers { taken, range: (0, FIRST_GENERATED - 1), are_unique: true });
    Some(Recipe { list, numbers, ..Recipe::new(Direction::Out.name(), names, create_in_policy) })
}

fn create_in_policy(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [policy, rest @ ..] = names else { return String::new() };
    let head = ["gcloud", "compute", "network-firewall-policies", "rules", "create"].map(str::to_owned);
    let options = [
        number.to_string(),
        format!("--firewall-policy={policy}"),
        "--direction=EGRESS".to_owned(),
        "--action=allow".to_owned(),
        format!("--layer4-configs={}:{}", letting.protocol, letting.ports),
        format!("--dest-ip-ranges={}", letting.prefixes.join(",")),
    ];
    command(head.into_iter().chain(options).chain(rest.iter().map(ToString::to_string)))
}

fn delete(names: &[Box<str>], rule: &str) -> String {
    let project = names.iter().filter(|name| name.starts_with("--project="));
    let head = ["gcloud", "compute", "firewall-rules", "delete", rule];
    command(head.into_iter().chain(project.map(|name| &**name)).map(str::to_owned))
}

fn create(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [network, suffix, target @ ..] = names else { return String::new() };
    let (protocol, ports) = (letting.protocol, letting.ports);
    let family = if letting.family == Family::V6 { "-ipv6" } else { "" };
    let head = ["gcloud", "compute", "firewall-rules", "create"].map(str::to_owned);
    let options = [
        format!("fwlint-{protocol}-{ports}-{number}{family}{suffix}"),
        format!("--network={network}"),
        "--direction=EGRESS".to_owned(),
        format!("--priority={number}"),
        "--action=ALLOW".to_owned(),
        format!("--rules={protocol}:{ports}"),
        format!("--destination-ranges={}", letting.prefixes.join(",")),
    ];
    command(head.into_iter().chain(options).chain(target.iter().map(ToString::to_string)))
}
