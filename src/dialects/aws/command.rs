//! The commands that let a security group allow more, and that make an entry of a network ACL, or take one away
//! (<https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-egress.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/ec2/create-network-acl-entry.html>,
//! <https://docs.aws.amazon.com/cli/latest/reference/ec2/delete-network-acl-entry.html>).

use serde_json::json;

use super::acl::{Acl, LAST};
use crate::dialects::cloud::{Direction, command};
use crate::model::{Letting, Numbers, Recipe, Room, RuleRemoval};
use crate::packet::{Axis, Family};
use crate::source::Span;

/// How many entries of a family an ACL may have in each direction, those at its end included, and how many once its quota
/// is raised as far as AWS does
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-nacls>).
const ENTRIES: (usize, usize) = (20, 40);

/// How a permission is added for what goes out; `None` where the group has no id.
pub fn recipe(group: &str, chain: &str) -> Option<Recipe> {
    let names = vec![group.into()];
    group.starts_with("sg-").then(|| Recipe::new(chain, names, authorize))
}

fn authorize(names: &[Box<str>], letting: &Letting, _: i64) -> String {
    let (list, key) = match letting.family {
        Family::V4 => ("IpRanges", "CidrIp"),
        Family::V6 => ("Ipv6Ranges", "CidrIpv6"),
    };
    let ranges: Vec<_> = letting.prefixes.iter().map(|prefix| json!({ key: prefix })).collect();
    let permissions = json!([{
        "IpProtocol": letting.protocol, "FromPort": letting.ports.first, "ToPort": letting.ports.last, list: ranges,
    }]);
    let group = names.iter().map(ToString::to_string);
    let head = ["aws", "ec2", "authorize-security-group-egress", "--group-id"].map(str::to_owned);
    let rest = ["--ip-permissions".to_owned(), permissions.to_string()];
    command(head.into_iter().chain(group).chain(rest))
}

/// How an entry is added to an ACL; `None` where it has no id, or entries have no numbers.
pub fn recipe_of_acl(acl: &Acl, direction: Direction, chain: &str) -> Option<Recipe> {
    let taken = acl.numbers[direction as usize].clone()?;
    let (way, far) = match direction {
        Direction::In => ("--ingress", Axis::Source),
        Direction::Out => ("--egress", Axis::Destination),
    };
    // Each family has one at the end.
    let own = acl.counts[direction as usize].map(|count| count + 1);
    let room = Some(Room { own, usual: ENTRIES.0, most: ENTRIES.1 });
    let is_entry = |(_, number): &&(Span, i64)| {
        // One of which something is unknown stands at more than one place.
        *number < LAST && taken.iter().filter(|other| other.1 == *number).count() == 1
    };
    let entries = taken.iter().filter(is_entry).map(|(span, number)| (*span, number.to_string().into()));
    let removal = Some(RuleRemoval { names: entries.collect(), command: delete });
    let numbers = Some(Numbers { taken, range: (1, LAST - 1), are_unique: true });
    let names = vec![acl.id.value.as_str().into(), way.into()];
    let is_told = acl.id.value.starts_with("acl-");
    is_told.then(|| Recipe { numbers, far, room, removal, ..Recipe::new(chain, names, create) })
}

fn delete(names: &[Box<str>], number: &str) -> String {
    let [acl, way] = names else { return String::new() };
    let head = ["aws", "ec2", "delete-network-acl-entry", "--network-acl-id", acl, way];
    command(head.into_iter().chain(["--rule-number", number]).map(str::to_owned))
}

fn create(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [acl, way] = names else { return String::new() };
    let block = if letting.family == Family::V6 { "--ipv6-cidr-block" } else { "--cidr-block" };
    let (number, ports) = (number.to_string(), letting.ports);
    let ports = format!("From={},To={}", ports.first, ports.last);
    let head = ["aws", "ec2", "create-network-acl-entry", "--network-acl-id", acl, way];
    let options = [
        ["--rule-number", &number],
        ["--protocol", letting.protocol],
        ["--port-range", &ports],
        ["--rule-action", "allow"],
    ];
    let words = head.into_iter().chain(options.into_iter().flatten()).chain([block]);
    command(words.map(str::to_owned).chain(letting.prefixes.iter().cloned()))
}
