//! Units: network security groups, and network interfaces with the groups of interface and subnet.

use std::collections::HashMap;
use std::net::IpAddr;

use super::field::names_v6;
use super::layer::{Layer, in_order, word};
use super::rule::{self, Rule};
use super::shape::{Group, Holdings, body};
use super::{command, firewall, interface, tags};
use crate::dialects::Named;
use crate::dialects::cloud::{Builder, Direction, Remarks, call};
use crate::model::{Families, Perimeter, Policy};
use crate::source::Spanned;

/// What no group filters, unless one of its rules names the service by its tag
/// (<https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#azure-platform-considerations>).
const PLATFORM: &[IpAddr] = &[tags::HOST_NODE, tags::METADATA];

/// The resolver, which a rule that names it does filter.
const RESOLVERS: &[IpAddr] = &[tags::HOST_NODE];

/// Connections are tracked.
pub const PERIMETER: Perimeter = Perimeter {
    is_stateful: true,
    marks_flows: false,
    platform: PLATFORM,
    resolvers: RESOLVERS,
    is_resolver_in_network: false,
};

/// The chain of the rules of virtual network managers.
const ADMIN: &str = "security admin rules";

/// The units of what was exported.
pub fn units(holdings: &Holdings, remarks: &mut Remarks) -> Vec<Named> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    holdings.groups.iter().for_each(|group| *count.entry(group.name.value).or_default() += 1);
    let mut units = Vec::new();
    for group in &holdings.groups {
        let own = group.rules.iter().flatten();
        let has_v6 = own.chain(&group.defaults).any(|rule| names_v6(body(*rule)));
        let layer = Layer::of_group(group, holdings.more.rules, has_v6, remarks);
        let name = name(group, count[group.name.value] == 1);
        units.push(unit(Spanned::new(&name, group.name.span), has_v6, &[layer], &[]));
    }
    for groups in &holdings.interfaces {
        let Some(mut effective) = interface::read(groups, remarks) else { continue };
        effective.admin.extend(holdings.more.interfaces.map(rule::unsaid));
        units.push(unit(effective.name, effective.has_v6, &effective.layers, &effective.admin));
    }
    units.extend(firewall::units(&holdings.firewalls, holdings.more.firewalls, remarks));
    units
}

/// Groups of one name are told apart by their resource groups.
fn name(group: &Group, is_only: bool) -> String {
    match group.resource_group {
        Some(resource_group) if !is_only => format!("{resource_group}/{}", group.name.value),
        _ => group.name.value.to_owned(),
    }
}

/// A unit of layers, each of which must let a packet through, and of the rules that come before all of them.
fn unit(name: Spanned<&str>, has_v6: bool, layers: &[Layer], admin: &[Rule]) -> Named {
    let all = || layers.iter().flat_map(|layer| &layer.rules).chain(admin);
    let families = if has_v6 { Families::BOTH } else { Families::V4 };
    let is_named = |address: &IpAddr| all().any(|rule| rule.platform == Some(*address));
    let named: Vec<IpAddr> = PLATFORM.iter().copied().filter(is_named).collect();
    let mut builder = Builder::new(name.value, families, name.span);
    for direction in Direction::BOTH {
        // Rules name services that are asked; what the platform asks by itself passes.
        let platform = if direction == Direction::In { PLATFORM } else { unfiltered(&named) };
        let perimeter = Perimeter { platform, ..PERIMETER };
        let before = format!("{ADMIN} {}", word(direction));
        let first = in_order(admin, direction, |_| true);
        let calls = if first.is_empty() { Vec::new() } else { vec![call(&before, name.span)] };
        if layers.is_empty() {
            let accepts = Spanned::new(Policy::Accept, name.span);
            builder.layer(direction, word(direction), perimeter, 0, accepts, calls.clone());
        }
        for layer in layers {
            let chain = match layers {
                [_] => word(direction).to_owned(),
                _ if layer.distance > 0 => format!("{} {} of the subnet", layer.name.value, word(direction)),
                _ => format!("{} {}", layer.name.value, word(direction)),
            };
            let defaults = format!("defaultSecurityRules {chain}");
            let (last, end) = layer.last(direction);
            let mut rules = [calls.clone(), layer.missing(), layer.of_platform(direction)].concat();
            if direction == Direction::Out && !named.is_empty() {
                let platform = format!("{defaults} of the platform");
                rules.push(call(&platform, layer.name.span));
                builder.chain(&platform, layer.name.span, layer.left_of_platform(&named));
            }
            rules.extend(layer.own(direction));
            rules.push(call(&defaults, end));
            let denies = Spanned::new(Policy::Drop, end);
            builder.layer(direction, &chain, perimeter, layer.distance, denies, rules);
            builder.chain(&defaults, end, last);
            if direction == Direction::Out {
                command::recipe(layer, &chain).into_iter().for_each(|recipe| builder.recipe(recipe));
            }
        }
        if !first.is_empty() {
            builder.chain(&before, name.span, first);
        }
    }
    Named { name: name.value.to_owned(), ruleset: builder.build() }
}

/// The platform's addresses that no rule names by their tag.
fn unfiltered(named: &[IpAddr]) -> &'static [IpAddr] {
    match (named.contains(&tags::HOST_NODE), named.contains(&tags::METADATA)) {
        (false, false) => PLATFORM,
        (false, true) => &PLATFORM[..1],
        (true, false) => &PLATFORM[1..],
        (true, true) => &[],
    }
}
