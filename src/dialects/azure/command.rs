//! The command that adds a rule to a network security group
//! (<https://learn.microsoft.com/cli/azure/network/nsg/rule#az-network-nsg-rule-create>).

use super::layer::Layer;
use super::shape::PRIORITIES;
use crate::dialects::cloud::{Direction, command};
use crate::model::{Letting, Numbers, Recipe};

/// How a rule is added for what goes out through a layer; `None` where the export does not tell the resource group.
pub fn recipe(layer: &Layer, chain: &str) -> Option<Recipe> {
    let mut names = vec![layer.resource_group?.into(), layer.name.value.into()];
    names.extend(layer.subscription.map(Into::into));
    let out = layer.rules.iter().filter(|rule| rule.direction != Some(Direction::In));
    // Rules that name services of the platform stand apart from the order.
    let taken = out.filter_map(|rule| Some((rule.span, rule.priority?.value, rule.platform.is_none())));
    let taken: Vec<_> = taken.collect();
    let is_whole = taken.iter().all(|taken| taken.2);
    let taken = taken.into_iter().map(|(span, number, _)| (span, number)).collect();
    let numbers = Some(Numbers { taken, range: PRIORITIES, are_unique: true });
    is_whole.then(|| Recipe { numbers, ..Recipe::new(chain, names, create) })
}

fn create(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [group, nsg, subscription @ ..] = names else { return String::new() };
    let name = format!("fwlint-{}-{}-{number}", letting.protocol, letting.ports);
    let protocol = if letting.protocol == "tcp" { "Tcp" } else { "Udp" };
    let (number, port) = (number.to_string(), letting.ports.to_string());
    let head = ["az", "network", "nsg", "rule", "create"];
    let options = [
        ["--resource-group", group],
        ["--nsg-name", nsg],
        ["--name", &name],
        ["--priority", &number],
        ["--direction", "Outbound"],
        ["--access", "Allow"],
        ["--protocol", protocol],
        ["--destination-port-ranges", &port],
    ];
    let subscription = subscription.iter().flat_map(|id| ["--subscription", id]);
    let options = options.into_iter().flatten().chain(subscription);
    let words = head.into_iter().chain(options).chain(["--destination-address-prefixes"]);
    command(words.map(str::to_owned).chain(letting.prefixes.iter().cloned()))
}
