//! A whole ruleset as commands of the Azure command line.

use super::shape::PRIORITIES;
use crate::dialects::cloud::{Direction, Opening, lines, openings};
use crate::model::{Letting, Plan};
use crate::packet::Family;

/// How far the priorities of rules are apart, so that others find a place between them.
const STEP: i64 = 10;

/// A script of commands that make a network security group. `None` if it cannot say it.
pub fn script(plans: &[Plan]) -> Option<String> {
    let mut text = format!("#!/bin/sh\n{}", Plan::comment(plans));
    text += "#\n# They are a new group in a resource group that is there, in force once the group is that of an interface or a subnet:\n\
             # `az network nic update --network-security-group`. Rules of network managers may come before them. What answers\n\
             # connections that were let through passes, and so does Azure's resolver.\n\
             set -eu\nresource_group=cloudflared\nnsg=cloudflared\n\n\
             az network nsg create --resource-group \"$resource_group\" --name \"$nsg\"\n";
    let mut next = [PRIORITIES.0; 2];
    for Opening { purpose, lettings } in openings(plans)? {
        text += &format!("\n# {purpose}\n");
        for (direction, letting) in of_both(lettings) {
            let number = next[direction as usize];
            next[direction as usize] += STEP;
            text += &allow(direction, &letting, number);
        }
    }
    text += "\n# Nothing else passes.\n";
    for direction in Direction::BOTH {
        let name = format!("deny-{}", way(direction).to_lowercase());
        let ends =
            ["--destination-port-ranges", "'*'", "--destination-address-prefixes", "'*'"].map(str::to_owned);
        text += &create(direction, &name, PRIORITIES.1, "Deny", "'*'", ends);
    }
    Some(text)
}

/// What is let through to or from anywhere in both families is one rule: that for 0.0.0.0/0 may speak for IPv6, too.
fn of_both(lettings: Vec<(Direction, Letting)>) -> Vec<(Direction, Letting)> {
    let is_any =
        |letting: &Letting| matches!(&letting.prefixes[..], [all] if all == "0.0.0.0/0" || all == "::/0");
    let mut all: Vec<(Direction, Letting)> = Vec::new();
    for (direction, letting) in lettings {
        let is_twin = |(way, other): &&mut (Direction, Letting)| {
            let is_same =
                *way == direction && (other.protocol, other.ports) == (letting.protocol, letting.ports);
            is_same && other.family != letting.family && is_any(other) && is_any(&letting)
        };
        match all.iter_mut().find(is_twin) {
            Some(twin) => twin.1.prefixes = vec!["'*'".to_owned()],
            None => all.push((direction, letting)),
        }
    }
    all
}

fn allow(direction: Direction, letting: &Letting, number: i64) -> String {
    let (protocol, port) = (letting.protocol, letting.ports);
    let family = if letting.family == Family::V6 { "-ipv6" } else { "" };
    let name = format!("{protocol}-{port}{family}-{number}");
    let protocol = if protocol == "tcp" { "Tcp" } else { "Udp" };
    let side = if direction == Direction::In { "source" } else { "destination" };
    let port = ["--destination-port-ranges".to_owned(), port.to_string()];
    let far = [format!("--{side}-address-prefixes")].into_iter().chain(letting.prefixes.iter().cloned());
    create(direction, &name, number, "Allow", protocol, port.into_iter().chain(far))
}

fn way(direction: Direction) -> &'static str {
    if direction == Direction::In { "Inbound" } else { "Outbound" }
}

fn create(
    direction: Direction,
    name: &str,
    number: i64,
    access: &str,
    protocol: &str,
    ends: impl IntoIterator<Item = String>,
) -> String {
    let number = number.to_string();
    let head = ["az", "network", "nsg", "rule", "create"];
    let options = [
        ["--resource-group", "\"$resource_group\""],
        ["--nsg-name", "\"$nsg\""],
        ["--name", name],
        ["--priority", &number],
        ["--direction", way(direction)],
        ["--access", access],
        ["--protocol", protocol],
    ];
    let words = head.into_iter().chain(options.into_iter().flatten()).map(str::to_owned);
    lines(words.chain(ends)) + "\n"
}
