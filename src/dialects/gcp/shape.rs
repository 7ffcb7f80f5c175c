//! Which of the shapes of an export a document has: a list, a single object, an answer of the REST interface, or
//! one of those that have lost what they were asked for.

use std::collections::BTreeSet;

use super::CLOUD;
use super::policy::{self, Policy};
use super::rule::{self, Rule};
use crate::dialects::cloud::{Fields, Remarks, nothing_known};
use crate::source::Span;
use crate::tree::{Kind, Node};

/// What the exports of a project hold.
#[derive(Debug, Default)]
pub struct Project<'n> {
    /// VPC firewall rules.
    pub rules: Vec<Rule<'n>>,
    /// Firewall policies, in the order in which they are evaluated where the export says so.
    pub policies: Vec<Policy<'n>>,
    /// Where it is told that there are more VPC firewall rules, and more policies, than are taken in: by pages, or by
    /// something unreadable.
    more: [Option<Span>; 2],
}

/// Sorts out what documents hold.
pub fn project<'n>(documents: impl Iterator<Item = &'n Node<'n>>, remarks: &mut Remarks) -> Project<'n> {
    let mut project = Project::default();
    for document in documents {
        match &document.kind {
            Kind::List(items) => {
                items.iter().for_each(|item| take(&mut project, item, document.span, remarks));
            }
            // YAML has an empty document behind its last `---`.
            Kind::Null => {}
            // `list-rules` prints YAML of which each document is a rule: those of a file are one answer.
            _ => take(&mut project, document, Span { start: 0, end: 0, ..document.span }, remarks),
        }
    }
    name_networks(&mut project);
    leave_open(&mut project);
    project
}

/// Networks of several projects may have one name; those of one are told by it. A project has a name and a number, and
/// addresses tell either.
fn name_networks(project: &mut Project) {
    let Project { rules, policies, .. } = project;
    let of_policies = policies.iter_mut().flat_map(|policy| {
        let of_rules = policy.rules.iter_mut().flat_map(|rule| rule.networks.iter_mut());
        policy.networks.iter_mut().chain(of_rules)
    });
    let mut networks: Vec<_> = rules.iter_mut().map(|rule| &mut rule.network).chain(of_policies).collect();
    let told: BTreeSet<&str> =
        networks.iter().filter_map(|network| Some(network.split_once('/')?.0)).collect();
    let is_number = |project: &&str| project.bytes().all(|byte| byte.is_ascii_digit());
    let (numbers, names): (Vec<&str>, Vec<&str>) = told.into_iter().partition(is_number);
    if numbers.len() < 2 && names.len() < 2 {
        networks.iter_mut().for_each(|network| **network = rule::last_part(network));
    }
}

/// Where pages are missing, their rules may come before all that other pages tell.
fn leave_open(project: &mut Project) {
    let [of_rules, of_policies] = project.more;
    if let Some(span) = of_policies {
        project.policies.iter_mut().for_each(|policy| policy.rules.push(policy::unsaid(span)));
    }
    if let Some(span) = of_rules {
        let attached = project.policies.iter().flat_map(|policy| policy.networks.iter().copied());
        let networks: BTreeSet<&str> =
            project.rules.iter().map(|rule| rule.network).chain(attached).collect();
        project.rules.extend(networks.into_iter().map(|network| rule::unsaid(network, span)));
    }
}

/// Takes one object in, which stands in an answer.
fn take<'n>(project: &mut Project<'n>, node: &'n Node<'n>, answer: Span, remarks: &mut Remarks) {
    let Some(object) = Fields::of(node, remarks) else {
        // It may be a rule.
        return project.more[0] = Some(node.span);
    };
    let has = |key: &str| object.get(key).is_some();
    if has("firewallPolicys") || has("firewalls") {
        for policy in object.objects("firewallPolicys", remarks) {
            project.policies.push(policy::read(policy, remarks));
        }
        for node in object.list("firewalls", remarks) {
            match Fields::of(node, remarks) {
                Some(rule) => project.rules.push(rule::read(rule, remarks)),
                None => project.more[0] = Some(node.span),
            }
        }
    } else if has("items") {
        if let Some(token) = object.get("nextPageToken") {
            let items = object.list("items", remarks);
            let is_of_policies =
                items.iter().any(|item| item.get("match").is_some() || is_policy(Fields(item)));
            let command = match is_of_policies {
                true => "network-firewall-policies describe POLICY --global",
                false => "firewall-rules list",
            };
            let help = format!("`gcloud compute {command} --format=json` prints all of them.");
            remarks.add_with(token.span, "this is only a part of the list: there are more pages", vec![help]);
            // Any of the others may come first.
            return project.more[usize::from(is_of_policies)] = Some(token.span);
        }
        object.list("items", remarks).iter().for_each(|item| take(project, item, object.span(), remarks));
    } else if has("firewall_policy_name") || has("rule_type") {
        remarks.add_with(
            object.span(),
            "this form of the effective firewalls has lost protocols, ports and names",
            vec!["`gcloud compute networks get-effective-firewalls NETWORK --format=json`, in exactly this format, prints them.".to_owned()],
        );
    } else if has("rules") || has("kind") && is_policy(object) {
        project.policies.push(policy::read(object, remarks));
    } else if has("match") {
        policy::add_rule(&mut project.policies, object, answer, remarks);
    } else if has("allowed") || has("denied") || has("network") || has("direction") {
        project.rules.push(rule::read(object, remarks));
    } else if object.text("kind", remarks).is_none_or(|kind| kind.value != "compute#firewallList") {
        nothing_known(object, CLOUD.provider, "this is no firewall rule and no firewall policy", remarks);
    }
}

fn is_policy(object: Fields) -> bool {
    object.get("kind").and_then(Node::text).is_some_and(|kind| kind == "compute#firewallPolicy")
}
