//! A whole ruleset as commands of the AWS command line.

use serde_json::{Value, json};

use crate::dialects::cloud::{Direction, Opening, lines, openings, quoted};
use crate::model::{Letting, Plan};
use crate::packet::Family;

/// How a group begins: without the rules that it is made with, which let all out.
const NEW: &str = "set -eu
group=$(aws ec2 create-security-group --group-name cloudflared \\
    --description 'cloudflared, and nothing else' --query GroupId --output text)

# A new group lets everything out.
rules=$(aws ec2 describe-security-group-rules --filters \"Name=group-id,Values=$group\" \\
    --query 'SecurityGroupRules[].SecurityGroupRuleId' --output text)
aws ec2 revoke-security-group-egress --group-id \"$group\" --security-group-rule-ids $rules
";

/// A script of commands that make a security group. `None` if it cannot say it.
pub fn script(plans: &[Plan]) -> Option<String> {
    let mut text = format!("#!/bin/sh\n{}", Plan::comment(plans));
    text += "#\n# They are a new security group in the default VPC, or in that which `--vpc-id` names. A machine that has other groups,\n\
             # too, lets through what any of them lets through. What answers connections that were let through passes, and so\n\
             # does Amazon's resolver.\n";
    text += NEW;
    for Opening { purpose, lettings } in openings(plans)? {
        for direction in Direction::BOTH {
            let own = lettings.iter().filter(|letting| letting.0 == direction);
            let permissions = permissions(own.map(|letting| &letting.1));
            if !permissions.is_empty() {
                text += &format!("\n# {purpose}\n{}", authorize(direction, permissions));
            }
        }
    }
    Some(text)
}

/// Permissions as few as they can be: one for each protocol and port.
fn permissions<'l>(lettings: impl Iterator<Item = &'l Letting>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for letting in lettings {
        let new = json!({"IpProtocol": letting.protocol, "FromPort": letting.ports.first, "ToPort": letting.ports.last});
        let is_like =
            |other: &Value| ["IpProtocol", "FromPort", "ToPort"].iter().all(|key| other[key] == new[key]);
        let at = match all.iter().position(is_like) {
            Some(at) => at,
            None => {
                all.push(new);
                all.len() - 1
            }
        };
        let (list, key) = match letting.family {
            Family::V4 => ("IpRanges", "CidrIp"),
            Family::V6 => ("Ipv6Ranges", "CidrIpv6"),
        };
        all[at][list] = letting.prefixes.iter().map(|prefix| json!({ key: prefix })).collect();
    }
    all
}

fn authorize(direction: Direction, permissions: Vec<Value>) -> String {
    let command = format!("authorize-security-group-{}", direction.name());
    let text = Value::from(permissions)
        .to_string()
        .replace("},{", "},\n    {")
        .replace("[{\"Cidr", "[\n    {\"Cidr");
    let words = ["aws", "ec2", &command, "--group-id", "\"$group\"", "--ip-permissions", &quoted(&text)];
    lines(words.map(str::to_owned)) + "\n"
}
