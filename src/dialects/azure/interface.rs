//! What is in force on a network interface: the groups of the interface and of its subnet, and the rules of virtual
//! network managers.

use super::field::names_v6;
use super::layer::Layer;
use super::rule::{self, Kind, Rule};
use super::shape::part_after;
use crate::dialects::cloud::{Fields, Remarks};
use crate::source::Spanned;
use crate::tree::Node;

/// What is in force on an interface.
pub struct Effective<'n> {
    /// What it is called: the interface, or the subnet where only that has a group.
    pub name: Spanned<&'n str>,
    /// Does it have IPv6?
    pub has_v6: bool,
    /// The groups, each of which must let a packet through.
    pub layers: Vec<Layer<'n>>,
    /// Rules of virtual network managers, which come before all groups.
    pub admin: Vec<Rule>,
}

/// Reads what is in force; `None` if that is nothing.
pub fn read<'n>(groups: &[Fields<'n, 'n>], remarks: &mut Remarks) -> Option<Effective<'n>> {
    let first = groups.first()?.span();
    let (mut layers, mut admin) = (Vec::new(), Vec::new());
    let (mut interface, mut subnet) = (None, None);
    let has_v6 = groups.iter().any(|group| {
        let rules = group.get("effectiveSecurityRules").map_or(&[][..], Node::items);
        rules.iter().any(|rule| names_v6(Fields(rule)))
    });
    for group in groups {
        let association = group.get("association").and_then(|node| Fields::of(node, remarks));
        let mut own = |key, word| Some(name_in(path(association?, key, remarks)?, word));
        let of_interface = own("networkInterface", "networkInterfaces");
        let of_subnet = own("subnet", "subnets");
        let is_managed = own("networkManager", "networkManagers").is_some();
        interface = interface.or(of_interface);
        subnet = subnet.or(of_subnet);
        let rules = group.objects("effectiveSecurityRules", remarks);
        let path = path(*group, "networkSecurityGroup", remarks);
        let id = path.map(|path| name_in(path, "networkSecurityGroups"));
        let resource_group = path.and_then(|path| part_after(path.value, "resourceGroups"));
        if id.is_none() && is_managed {
            admin.extend(rules.into_iter().map(|item| rule::read(item, Kind::Admin, has_v6, remarks)));
            continue;
        }
        let (defaults, rules): (Vec<Fields>, Vec<Fields>) =
            rules.into_iter().partition(|rule| is_default(*rule));
        let name = id.unwrap_or(Spanned::new("network security group", group.span()));
        let distance = u8::from(of_interface.is_none());
        layers.push(Layer::new(name, resource_group, distance, &rules, &defaults, has_v6, remarks));
    }
    let name = interface.or(subnet).unwrap_or(Spanned::new("network interface", first));
    Some(Effective { name, has_v6, layers, admin })
}

/// The path of a resource that a field refers to.
fn path<'n>(holder: Fields<'n, 'n>, key: &str, remarks: &mut Remarks) -> Option<Spanned<&'n str>> {
    Fields::of(holder.get(key)?, remarks)?.text("id", remarks)
}

/// The name of a resource in its path, behind a word that says what it is.
fn name_in<'n>(path: Spanned<&'n str>, word: &str) -> Spanned<&'n str> {
    path.map(|path| part_after(path, word).unwrap_or(path))
}

/// Is it one of the rules that Azure adds? Older exports have other names for them than newer ones.
fn is_default(rule: Fields) -> bool {
    const BEGINNINGS: [&str; 4] =
        ["defaultSecurityRules/", "DefaultRule_", "DefaultInbound", "DefaultOutbound"];
    let name = rule.get("name").and_then(|name| name.text()).unwrap_or_default();
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}
