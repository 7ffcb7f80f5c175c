//! The command that lets a security group allow more
//! (<https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-egress.html>).

use serde_json::json;

use crate::dialects::cloud::command;
use crate::model::{Letting, Recipe};
use crate::packet::Family;

/// How a permission is added for what goes out; `None` where the group has no id.
pub fn recipe(group: &str, chain: &str) -> Option<Recipe> {
    let names = vec![group.into()];
    group.starts_with("sg-").then(|| Recipe {
        chain: chain.into(),
        numbers: None,
        front: None,
        names,
        command: authorize,
    })
}

fn authorize(names: &[Box<str>], letting: &Letting, _: i64) -> String {
    let (list, key) = match letting.family {
        Family::V4 => ("IpRanges", "CidrIp"),
        Family::V6 => ("Ipv6Ranges", "CidrIpv6"),
    };
    let ranges: Vec<_> = letting.prefixes.iter().map(|prefix| json!({ key: prefix })).collect();
    let permissions = json!([{
        "IpProtocol": letting.protocol, "FromPort": letting.port, "ToPort": letting.port, list: ranges,
    }]);
    let group = names.iter().map(ToString::to_string);
    let head = ["aws", "ec2", "authorize-security-group-egress", "--group-id"].map(str::to_owned);
    let rest = ["--ip-permissions".to_owned(), permissions.to_string()];
    command(head.into_iter().chain(group).chain(rest))
}
