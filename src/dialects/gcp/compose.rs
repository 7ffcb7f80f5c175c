//! A whole ruleset as gcloud's commands.

use crate::dialects::cloud::{Direction, Opening, lines, openings};
use crate::model::Plan;
use crate::packet::Family;

/// The priorities of what is let through, and of the rules behind that deny the rest: both count before rules that name
/// no priority, which is 1000 then.
const PRIORITIES: (u32, u32) = (800, 900);

/// A script of commands that make the rules. `None` if VPC firewall rules cannot say it.
pub fn script(plans: &[Plan]) -> Option<String> {
    let mut text = format!("#!/bin/sh\n{}", Plan::comment(plans));
    text += "#\n# They are for the machines of this network that have this tag. Policies of the organisation, or of folders, may come\n\
             # before them. What answers connections that were let through passes, and so does the metadata server, which is\n\
             # the resolver.\nset -eu\nnetwork=default\ntag=cloudflared\n";
    let mut names: Vec<String> = Vec::new();
    for Opening { purpose, lettings } in openings(plans)? {
        text += &format!("\n# {purpose}\n");
        for (direction, letting) in lettings {
            let (protocol, ports) = (letting.protocol, letting.ports);
            let name = name(direction, &format!("{protocol}-{ports}"), letting.family, &mut names);
            let what = format!("{protocol}:{ports}");
            text += &create(&name, direction, PRIORITIES.0, "ALLOW", &what, &letting.prefixes.join(","));
        }
    }
    text += "\n# Nothing else passes.\n";
    for direction in Direction::BOTH {
        for (family, all) in [(Family::V4, "0.0.0.0/0"), (Family::V6, "::/0")] {
            let name = name(direction, "deny", family, &mut names);
            text += &create(&name, direction, PRIORITIES.1, "DENY", "all", all);
        }
    }
    Some(text)
}

/// A name that no other rule has.
fn name(direction: Direction, what: &str, family: Family, names: &mut Vec<String>) -> String {
    let way = if direction == Direction::In { "in" } else { "out" };
    let family = if family == Family::V6 { "-ipv6" } else { "" };
    let stem = format!("{way}-{what}{family}");
    let mut name = stem.clone();
    let mut number = 2;
    while names.contains(&name) {
        name = format!("{stem}-{number}");
        number += 1;
    }
    names.push(name.clone());
    name
}

fn create(name: &str, direction: Direction, priority: u32, action: &str, what: &str, far: &str) -> String {
    let (word, side) = match direction {
        Direction::In => ("INGRESS", "source"),
        Direction::Out => ("EGRESS", "destination"),
    };
    let head = ["gcloud", "compute", "firewall-rules", "create"].map(str::to_owned);
    let options = [
        format!("\"$tag-{name}\""),
        "--network=\"$network\"".to_owned(),
        "--target-tags=\"$tag\"".to_owned(),
        format!("--direction={word}"),
        format!("--priority={priority}"),
        format!("--action={action}"),
        format!("--rules={what}"),
        format!("--{side}-ranges={far}"),
    ];
    lines(head.into_iter().chain(options)) + "\n"
}
