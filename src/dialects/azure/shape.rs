//! What exports hold, whichever of their shapes they have: one group or a list of them, an answer of the REST
//! interface, rules of groups one by one, or what is in force on a network interface.

use super::CLOUD;
use super::firewall::is_firewall;
use crate::dialects::cloud::{Fields, Remarks, nothing_known};
use crate::source::{Span, Spanned};
use crate::tree::{Kind, Node};

/// The lowest and the highest priority of a user's own rules.
pub const PRIORITIES: (i64, i64) = (100, 4096);

/// The lowest priority of the rules that Azure adds to each group.
const FIRST_DEFAULT: i64 = 65_000;

/// How the rules of a firewall policy are exported.
const OF_POLICY: &str = "`az network firewall policy rule-collection-group list --resource-group GROUP --policy-name NAME` prints them.";

/// What exports hold.
#[derive(Debug, Default)]
pub struct Holdings<'n> {
    /// Network security groups.
    pub groups: Vec<Group<'n>>,
    /// What is in force on network interfaces, one each.
    pub interfaces: Vec<Vec<Fields<'n, 'n>>>,
    /// Groups of rule collections, and firewalls that have some.
    pub firewalls: Vec<Fields<'n, 'n>>,
    /// Where it is told that there is more than is taken in: by pages, or by something unreadable.
    pub more: More,
    /// The policies that firewalls have their rules in.
    policies: Vec<&'n Node<'n>>,
}

/// Where it is told that there are more, by what they are.
#[derive(Debug, Default)]
pub struct More {
    /// Rules of network security groups, one by one.
    pub rules: Option<Span>,
    /// What is in force on a network interface.
    pub interfaces: Option<Span>,
    /// Groups of rule collections.
    pub firewalls: Option<Span>,
}

/// A network security group.
#[derive(Debug)]
pub struct Group<'n> {
    /// Its name.
    pub name: Spanned<&'n str>,
    /// The resource group that it is in, where the export tells.
    pub resource_group: Option<&'n str>,
    /// The subscription that this is in, where groups of several are exported together.
    pub subscription: Option<&'n str>,
    /// Its own rules; `None` where they are left out.
    pub rules: Option<Vec<Fields<'n, 'n>>>,
    /// Those that Azure adds to each; none where they are left out.
    pub defaults: Vec<Fields<'n, 'n>>,
    /// The answer that its rules stand in, where they were exported without it.
    pub answer: Option<Span>,
}

/// Sorts out what documents hold.
pub fn holdings<'n>(documents: impl Iterator<Item = &'n Node<'n>>, remarks: &mut Remarks) -> Holdings<'n> {
    let mut holdings = Holdings::default();
    for document in documents {
        let mut effective = Vec::new();
        match &document.kind {
            Kind::List(items) => {
                items.iter().for_each(|item| holdings.take(item, document.span, &mut effective, remarks));
            }
            // YAML has an empty document behind its last `---`.
            Kind::Null => {}
            _ => holdings.answer(document, &mut effective, remarks),
        }
        if !effective.is_empty() {
            holdings.interfaces.push(effective);
        }
    }
    let mut subscriptions: Vec<&str> = holdings.groups.iter().filter_map(|it| it.subscription).collect();
    subscriptions.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    if subscriptions.len() < 2 {
        holdings.groups.iter_mut().for_each(|group| group.subscription = None);
    }
    let is_missing = |policy: &&&Node| !holdings.has_policy(policy);
    for policy in holdings.policies.iter().filter(is_missing) {
        let help = vec![OF_POLICY.to_owned()];
        remarks.add_with(policy.span, "the rules of this firewall are in its policy", help);
    }
    holdings
}

/// Where the fields of an object are that the REST interface has one level deeper than the az command.
pub fn body<'n>(object: Fields<'n, 'n>) -> Fields<'n, 'n> {
    match object.get("properties") {
        Some(inner @ Node { kind: Kind::Map(_), .. }) => Fields(inner),
        _ => object,
    }
}

/// What follows a word in the path of a resource.
pub fn part_after<'n>(path: &'n str, word: &str) -> Option<&'n str> {
    let mut parts = path.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(word))?;
    parts.next().filter(|part| !part.is_empty())
}

impl<'n> Holdings<'n> {
    /// Are groups of rule collections here of a policy that a firewall refers to?
    fn has_policy(&self, policy: &Node) -> bool {
        let path = |node: &Node| Some(node.get("id")?.text()?.to_ascii_lowercase());
        let is_of = |group: &str, policy: &str| {
            group.strip_prefix(policy).is_some_and(|rest| rest.starts_with("/rulecollectiongroups/"))
        };
        path(policy).is_some_and(|policy| {
            self.firewalls.iter().filter_map(|item| path(item.0)).any(|group| is_of(&group, &policy))
        })
    }

    /// Takes an answer in: a list under `value`, or one item.
    fn answer(&mut self, node: &'n Node<'n>, effective: &mut Vec<Fields<'n, 'n>>, remarks: &mut Remarks) {
        let Some(answer) = Fields::of(node, remarks) else { return };
        if answer.get("value").is_none() {
            // Rules one behind the other are one answer together.
            return self.take(node, Span { start: 0, end: 0, ..node.span }, effective, remarks);
        }
        let items = answer.list("value", remarks);
        if let Some(link) = answer.get("nextLink") {
            let (mut page, mut in_force) = (Holdings::default(), Vec::new());
            items.iter().for_each(|item| page.take(item, node.span, &mut in_force, remarks));
            let is_by_rules = page.groups.iter().any(|group| group.answer.is_some());
            // Of what is told in pieces, any of the others may come first.
            for (more, is_it) in [
                (&mut self.more.rules, is_by_rules),
                (&mut self.more.interfaces, !in_force.is_empty()),
                (&mut self.more.firewalls, !page.firewalls.is_empty()),
            ] {
                *more = more.or(is_it.then_some(link.span));
            }
            let help = if !page.firewalls.is_empty() {
                OF_POLICY
            } else if !in_force.is_empty() {
                "`az network nic list-effective-nsg --resource-group GROUP --name NIC` prints all of them."
            } else if is_by_rules {
                "`az network nsg rule list --resource-group GROUP --nsg-name NAME` prints all of them."
            } else {
                "`az network nsg list --output json` prints all of them."
            };
            let message = "this is only a part of the list: there are more pages";
            remarks.add_with(link.span, message, vec![help.to_owned()]);
            // A group is whole by itself.
            self.groups.extend(page.groups.into_iter().filter(|group| group.answer.is_none()));
            return;
        }
        items.iter().for_each(|item| self.take(item, node.span, effective, remarks));
    }

    /// Takes one item of an answer in.
    fn take(
        &mut self,
        node: &'n Node<'n>,
        answer: Span,
        effective: &mut Vec<Fields<'n, 'n>>,
        remarks: &mut Remarks,
    ) {
        let Some(item) = Fields::of(node, remarks) else {
            // It may be any of what is told in pieces.
            let more = Some(node.span);
            return self.more = More { rules: more, interfaces: more, firewalls: more };
        };
        let inner = body(item);
        let has = |key: &str| inner.get(key).is_some();
        if has("effectiveSecurityRules") {
            effective.push(item);
        } else if let Some(policy) = inner.get("firewallPolicy") {
            self.policies.push(policy);
        } else if is_firewall(item) {
            self.firewalls.push(item);
        } else if inner.0.get("securityRules").is_some() || has("defaultSecurityRules") {
            self.group(item, remarks);
        } else if has("access") || has("direction") || has("priority") {
            self.rule(item, answer, remarks);
        } else if has("ruleCollectionGroups") {
            let place = item.text("name", remarks).map_or(item.span(), |name| name.span);
            remarks.add_with(
                place,
                "the firewall policy is listed without its rules",
                vec![OF_POLICY.to_owned()],
            );
        } else if is_group(item) {
            let place = item.text("name", remarks).map_or(item.span(), |name| name.span);
            remarks.add_with(
                place,
                "the network security group is listed without its rules",
                vec!["`az network nsg show --resource-group GROUP --name NAME` prints them.".to_owned()],
            );
        } else {
            nothing_known(item, CLOUD.provider, "this is nothing of Azure that filters", remarks);
        }
    }

    fn group(&mut self, item: Fields<'n, 'n>, remarks: &mut Remarks) {
        let inner = body(item);
        let id = item.text("id", remarks);
        let in_path = |word: &str| part_after(id?.value, word);
        let named = item.text("name", remarks);
        let place = named.or(id).map_or(item.span(), |text| text.span);
        let name = named.map(|name| name.value).or(in_path("networkSecurityGroups"));
        let resource_group = item.text("resourceGroup", remarks).map(|group| group.value);
        let rules = match inner.0.get("securityRules") {
            Some(_) => Some(inner.objects("securityRules", remarks)),
            None => {
                remarks.add_with(
                    place,
                    "the network security group is exported without its own rules",
                    vec!["`az network nsg show` prints them in `securityRules`.".to_owned()],
                );
                None
            }
        };
        self.groups.push(Group {
            name: Spanned::new(name.unwrap_or("network security group"), place),
            resource_group: resource_group.or(in_path("resourceGroups")),
            subscription: in_path("subscriptions"),
            rules,
            defaults: inner.objects("defaultSecurityRules", remarks),
            answer: None,
        });
    }

    /// Adds a rule to its group, unless that is described in full. Without a path it is of the group that the others of
    /// its answer are of; another answer may be of another group.
    fn rule(&mut self, item: Fields<'n, 'n>, answer: Span, remarks: &mut Remarks) {
        let id = item.text("id", remarks);
        let in_path = |word: &str| part_after(id?.value, word);
        let path = in_path("networkSecurityGroups");
        let name = path.unwrap_or("network security group");
        let resource_group =
            in_path("resourceGroups").or_else(|| Some(item.text("resourceGroup", remarks)?.value));
        let subscription = in_path("subscriptions");
        let same = |one: Option<&str>, other: Option<&str>| match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => one == other,
        };
        let is_its = |group: &Group| {
            group.name.value.eq_ignore_ascii_case(name)
                && same(group.resource_group, resource_group)
                && same(group.subscription, subscription)
                && (path.is_some() || group.answer == Some(answer))
        };
        let at = self.groups.iter().position(is_its).unwrap_or_else(|| {
            let place = id.or_else(|| item.text("name", remarks)).map_or(item.span(), |text| text.span);
            let name = id.and_then(|id| inside(id, name)).unwrap_or(Spanned::new(name, place));
            let rules = Some(Vec::new());
            let answer = Some(answer);
            let group = Group { name, resource_group, subscription, rules, defaults: Vec::new(), answer };
            self.groups.push(group);
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        if group.answer.is_none() {
            return;
        }
        let priority = body(item).get("priority").and_then(Node::text).and_then(|text| text.parse().ok());
        match &mut group.rules {
            Some(rules) if priority.is_none_or(|priority: i64| priority < FIRST_DEFAULT) => rules.push(item),
            _ => group.defaults.push(item),
        }
    }
}

/// A part of a text with its own place, where the text stands as it is, in quotes or without.
fn inside<'n>(text: Spanned<&'n str>, part: &'n str) -> Option<Spanned<&'n str>> {
    let quotes = (text.span.end - text.span.start).checked_sub(text.value.len() as u32)?;
    let at = text.value.find(part).filter(|_| matches!(quotes, 0 | 2))? as u32;
    let start = text.span.start + quotes / 2 + at;
    Some(Spanned::new(part, Span { start, end: start + part.len() as u32, ..text.span }))
}

fn is_group(item: Fields) -> bool {
    let kind = item.get("type").and_then(Node::text);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.Network/networkSecurityGroups"))
}
