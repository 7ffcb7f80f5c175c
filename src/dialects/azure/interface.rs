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
        let mut own = |key, word| named(association?, key, word, remarks);
        let of_interface = own("networkInterface", "networkInterfaces");
        let of_subnet = own("subnet", "subnets");
        let is_managed = own("networkManager", "networkManagers").is_some();
        interface = interface.or(of_interface);
        subnet = subnet.or(of_subnet);
        let rules = group.objects("effectiveSecurityRules", remarks);
        let id = named(*group, "networkSecurityGroup", "networkSecurityGroups", remarks);
        if id.is_none() && is_managed {
            admin.extend(rules.into_iter().map(|item| rule::read(item, Kind::Admin, has_v6, remarks)));
            continue;
        }
        let (defaults, rules): (Vec<Fields>, Vec<Fields>) =
            rules.into_iter().partition(|rule| is_default(*rule));
        let name = id.unwrap_or(Spanned::new("network security group", group.span()));
        let distance = u8::from(of_interface.is_none());
        layers.push(Layer::new(name, distance, &rules, &defaults, has_v6, remarks));
    }
    let name = interface.or(subnet).unwrap_or(Spanned::new("network interface", first));
    Some(Effective { name, has_v6, layers, admin })
}

/// The name of a resource that a field refers to.
fn named<'n>(
    holder: Fields<'n, 'n>,
    key: &str,
    word: &str,
    remarks: &mut Remarks,
) -> Option<Spanned<&'n str>> {
    let object = Fields::of(holder.get(key)?, remarks)?;
    let id = object.text("id", remarks)?;
    Some(id.map(|id| part_after(id, word).unwrap_or(id)))
}

/// Is it one of the rules that Azure adds? Newer exports have them under `defaultSecurityRules/`, older ones begin
/// their names with `Default`.
fn is_default(rule: Fields) -> bool {
    let name = rule.get("name").and_then(|name| name.text()).unwrap_or_default();
    name.starts_with("default") || name.starts_with("Default")
}
