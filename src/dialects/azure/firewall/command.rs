//! The commands that let a firewall allow more: by a collection of its own, since a collection does one thing
//! (<https://learn.microsoft.com/cli/azure/network/firewall/policy/rule-collection-group/collection>,
//! <https://learn.microsoft.com/cli/azure/network/firewall/network-rule>).

use super::collection::{Collection, Kind};
use crate::dialects::azure::shape::part_after;
use crate::dialects::cloud::{Fields, Remarks, command};
use crate::model::{Letting, Numbers, Recipe};

/// The lowest and the highest priority of a collection.
const PRIORITIES: (i64, i64) = (100, 65_000);

/// Where collections are kept, by the names that commands need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper<'n> {
    /// A group of a firewall policy: the resource group, the policy, and its own name.
    Group([&'n str; 3]),
    /// A firewall without a policy: the resource group, and its own name.
    Firewall([&'n str; 2]),
}

impl<'n> Keeper<'n> {
    /// What an item is by its id; `None` where that does not tell.
    pub fn of(item: Fields<'n, 'n>, remarks: &mut Remarks) -> Option<Self> {
        let id = item.text("id", remarks)?.value;
        let resource_group = part_after(id, "resourceGroups")?;
        if let Some(firewall) = part_after(id, "azureFirewalls") {
            return Some(Keeper::Firewall([resource_group, firewall]));
        }
        let (policy, group) = (part_after(id, "firewallPolicies")?, part_after(id, "ruleCollectionGroups")?);
        Some(Keeper::Group([resource_group, policy, group]))
    }
}

/// How a rule is added for what goes out: in the group that counts first. `None` where the export does not tell which that
/// is, or where something stands whose place in the order nobody knows.
pub fn recipe(collections: &[Collection], chain: &str) -> Option<Recipe> {
    let first = collections.iter().min_by_key(|collection| collection.priority.0)?;
    let keeper = first.keeper?;
    let is_first = |collection: &&Collection| collection.priority.0 == first.priority.0;
    let is_told = |collection: &Collection| {
        collection.keeper.is_some()
            && collection.priority.1.is_some()
            && (collection.priority.0.is_some() || matches!(keeper, Keeper::Firewall(_)))
    };
    let are_told = collections.iter().all(is_told);
    let are_one = collections.iter().filter(is_first).all(|collection| collection.keeper == Some(keeper));
    let mut taken = Vec::new();
    for collection in collections {
        let own = collection.priority.1?;
        if is_first(&collection) {
            taken.push((collection.place, own));
        }
        // Whatever number it has, a network rule of the first group comes before all others.
        let is_later = !is_first(&collection) || collection.kind != Kind::Network;
        let number = if is_later { PRIORITIES.1 + 1 } else { own };
        taken.extend(collection.rules.iter().map(|rule| (rule.span, number)));
    }
    let numbers = Some(Numbers { taken, range: PRIORITIES, are_unique: true });
    let (names, command): (&[&str], _) = match &keeper {
        Keeper::Group(names) => (names, add as fn(&[Box<str>], &Letting, i64) -> String),
        Keeper::Firewall(names) => (names, create as _),
    };
    let names = names.iter().map(|name| (*name).into()).collect();
    (are_told && are_one).then(|| Recipe { numbers, ..Recipe::new(chain, names, command) })
}

/// Adds a collection to a group.
fn add(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [resource_group, policy, group] = names else { return String::new() };
    let head = "az network firewall policy rule-collection-group collection add-filter-collection";
    let (name, number) = (format!("fwlint-{}-{}", letting.protocol, letting.ports), number.to_string());
    let collection = format!("{name}-{number}");
    let options = [
        ["--resource-group", resource_group],
        ["--policy-name", policy],
        ["--rule-collection-group-name", group],
        ["--name", &collection],
        ["--collection-priority", &number],
        ["--action", "Allow"],
        ["--rule-type", "NetworkRule"],
        ["--rule-name", &name],
        ["--ip-protocols", if letting.protocol == "tcp" { "TCP" } else { "UDP" }],
    ];
    whole(head, options.as_flattened(), letting)
}

/// Adds a rule in a collection of its own to a firewall.
fn create(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [resource_group, firewall] = names else { return String::new() };
    let (name, number) = (format!("fwlint-{}-{}", letting.protocol, letting.ports), number.to_string());
    let collection = format!("{name}-{number}");
    let options = [
        ["--resource-group", resource_group],
        ["--firewall-name", firewall],
        ["--collection-name", &collection],
        ["--priority", &number],
        ["--action", "Allow"],
        ["--name", &name],
        ["--protocols", if letting.protocol == "tcp" { "TCP" } else { "UDP" }],
    ];
    whole("az network firewall network-rule create", options.as_flattened(), letting)
}

/// A command with what both have in common.
fn whole(head: &str, options: &[&str], letting: &Letting) -> String {
    let port = letting.ports.to_string();
    let ends = ["--source-addresses", "*", "--destination-ports", &port, "--destination-addresses"];
    let words = head.split(' ').chain(options.iter().copied()).chain(ends);
    command(words.map(str::to_owned).chain(letting.prefixes.iter().cloned()))
}
