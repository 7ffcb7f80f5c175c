//! AWS: the security groups of an interface, of which one must allow a flow, and the network ACL of its subnet,
//! which must allow each packet of it.
//!
//! The algorithm is that of <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> (a union of
//! permissions, connections are tracked) and <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
//! (entries by number, no memory).

use serde_json::{Value, json};

use fwlint::dialects::Dialect;

use super::dice::{Dice, is_in};
use super::{Packet, Provider, list};

pub struct Aws;

/// The security groups and the network ACL around a unit, by their places in the export.
pub struct Unit {
    groups: Vec<usize>,
    acl: Option<usize>,
}

impl Provider for Aws {
    const DIALECT: Dialect = Dialect::Aws;
    type Unit = Unit;

    fn export(dice: &mut Dice) -> Value {
        let groups: Vec<Value> = (0..1 + dice.below(3)).map(|number| group(dice, number)).collect();
        let acls: Vec<Value> = (0..1 + dice.below(2)).map(|number| acl(dice, number)).collect();
        let interface = |number: usize, dice: &mut Dice| {
            // What filters an interface without groups is not documented.
            let sure = dice.below(groups.len());
            let its: Vec<Value> = (0..groups.len())
                .filter(|group| *group == sure || !dice.once_in(2))
                .map(|group| json!({ "GroupName": "g", "GroupId": format!("sg-{group}") }))
                .collect();
            json!({
                "NetworkInterfaceId": format!("eni-{number}"),
                "SubnetId": format!("subnet-{}", dice.below(3)),
                "Groups": its,
            })
        };
        let interfaces: Vec<Value> = (0..3).map(|number| interface(number, dice)).collect();
        json!({ "NetworkAcls": acls, "NetworkInterfaces": interfaces, "SecurityGroups": groups })
    }

    fn units(export: &Value) -> Vec<(String, Unit)> {
        let count = |key: &str| list(&export[key]).len();
        let groups = (0..count("SecurityGroups"))
            .map(|number| (format!("sg-{number}"), Unit { groups: vec![number], acl: None }));
        let acls = (0..count("NetworkAcls"))
            .map(|number| (format!("acl-{number}"), Unit { groups: Vec::new(), acl: Some(number) }));
        let interfaces = list(&export["NetworkInterfaces"]).iter().map(|interface| {
            let place = |id: &Value| id.as_str().and_then(|id| id[3..].parse().ok()).expect("an id");
            let groups = list(&interface["Groups"]).iter().map(|group| place(&group["GroupId"])).collect();
            let is_its = |acl: &Value| acl["Associations"][0]["SubnetId"] == interface["SubnetId"];
            let acl = list(&export["NetworkAcls"]).iter().position(is_its);
            let name = interface["NetworkInterfaceId"].as_str().expect("an id").to_owned();
            (name, Unit { groups, acl })
        });
        groups.chain(acls).chain(interfaces).collect()
    }

    fn packet(dice: &mut Dice) -> Packet {
        Packet::random(dice, [&[1, 50], &[58, 50]])
    }

    fn is_asked(_export: &Value, packet: &Packet) -> bool {
        !packet.may_ask_resolver()
    }

    fn judge(export: &Value, unit: &Unit, packet: &Packet) -> (bool, bool) {
        let is_allowed = |group: &usize| {
            let key = if packet.is_in { "IpPermissions" } else { "IpPermissionsEgress" };
            list(&export["SecurityGroups"][*group][key]).iter().any(|each| is_permitted(each, packet))
        };
        let has_groups = !unit.groups.is_empty() || unit.acl.is_none();
        let by_groups = !has_groups || unit.groups.iter().any(is_allowed);
        let by_acl =
            |packet: &Packet| unit.acl.is_none_or(|acl| is_listed(&export["NetworkAcls"][acl], packet));
        let answer = packet.answer();
        (by_groups && by_acl(packet), by_acl(&answer))
    }
}

fn group(dice: &mut Dice, number: usize) -> Value {
    json!({
        "GroupId": format!("sg-{number}"),
        "GroupName": "g",
        "IpPermissions": (0..dice.below(4)).map(|_| permission(dice)).collect::<Vec<_>>(),
        "IpPermissionsEgress": (0..dice.below(4)).map(|_| permission(dice)).collect::<Vec<_>>(),
    })
}

fn permission(dice: &mut Dice) -> Value {
    let protocol = *dice.pick(&["tcp", "udp", "icmp", "icmpv6", "-1", "50"]);
    let mut permission = json!({
        "IpProtocol": protocol,
        "IpRanges": (0..dice.below(3)).map(|_| json!({ "CidrIp": dice.network(false) })).collect::<Vec<_>>(),
        "Ipv6Ranges": (0..dice.below(2)).map(|_| json!({ "CidrIpv6": dice.network(true) })).collect::<Vec<_>>(),
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    });
    let range = match protocol {
        "tcp" | "udp" => {
            let (low, high) = dice.ports();
            Some((i64::from(low), i64::from(high)))
        }
        "icmp" => Some((*dice.pick(&[-1, 0, 8]), *dice.pick(&[-1, 0]))),
        "icmpv6" => Some((*dice.pick(&[-1, 128, 129]), *dice.pick(&[-1, 0]))),
        _ => None,
    };
    if let Some((from, to)) = range {
        (permission["FromPort"], permission["ToPort"]) = (json!(from), json!(to));
    }
    permission
}

fn acl(dice: &mut Dice, number: usize) -> Value {
    let mut entries: Vec<Value> = (0..2 + dice.below(10)).map(|each| entry(dice, each)).collect();
    for is_egress in [true, false] {
        entries.push(json!({
            "RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": is_egress,
            "CidrBlock": "0.0.0.0/0",
        }));
    }
    json!({
        "NetworkAclId": format!("acl-{number}"),
        "Associations": [{ "SubnetId": format!("subnet-{number}") }],
        "Entries": entries,
    })
}

fn entry(dice: &mut Dice, each: usize) -> Value {
    let is_v6 = dice.once_in(4);
    let protocol = *dice.pick(&["6", "17", if is_v6 { "58" } else { "1" }, "-1", "-1", "50"]);
    let mut entry = json!({
        // They are listed in no order.
        "RuleNumber": 100 * (each * 7 % 13) + each + 1,
        "Protocol": protocol,
        "RuleAction": if dice.once_in(3) { "deny" } else { "allow" },
        "Egress": dice.once_in(2),
        if is_v6 { "Ipv6CidrBlock" } else { "CidrBlock" }: dice.network(is_v6),
    });
    match protocol {
        "6" | "17" => {
            let (low, high) = dice.ports();
            entry["PortRange"] = json!({ "From": low, "To": high });
        }
        "1" | "58" => {
            let kind = *dice.pick(&[-1, if is_v6 { 128 } else { 8 }, if is_v6 { 129 } else { 0 }]);
            entry["IcmpTypeCode"] = json!({ "Type": kind, "Code": -1 });
        }
        _ => {}
    }
    entry
}

/// Does a permission of a security group allow a packet?
fn is_permitted(permission: &Value, packet: &Packet) -> bool {
    let far = if packet.is_in { packet.source } else { packet.destination };
    let ranges = list(&permission["IpRanges"]).iter().map(|range| &range["CidrIp"]);
    let mut ranges = ranges.chain(list(&permission["Ipv6Ranges"]).iter().map(|range| &range["CidrIpv6"]));
    let number = match permission["IpProtocol"].as_str() {
        Some("tcp") => 6,
        Some("udp") => 17,
        Some("icmp") => 1,
        Some("icmpv6") => 58,
        other => other.and_then(|text| text.parse().ok()).expect("a number"),
    };
    ranges.any(|range| is_in(far, range.as_str().expect("a prefix")))
        && fits(number, &permission["FromPort"], &permission["ToPort"], packet)
}

/// Does the entry of the lowest number that matches a packet allow it?
fn is_listed(acl: &Value, packet: &Packet) -> bool {
    let far = if packet.is_in { packet.source } else { packet.destination };
    let matching = list(&acl["Entries"]).iter().filter(|entry| {
        let cidr = entry["CidrBlock"].as_str().or(entry["Ipv6CidrBlock"].as_str()).expect("a prefix");
        let number = entry["Protocol"].as_str().and_then(|text| text.parse().ok()).expect("a number");
        let (range, from, to) = match entry["IcmpTypeCode"].is_null() {
            true => (&entry["PortRange"], "From", "To"),
            false => (&entry["IcmpTypeCode"], "Type", "Code"),
        };
        entry["Egress"] == json!(!packet.is_in)
            && is_in(far, cidr)
            && fits(number, &range[from], &range[to], packet)
    });
    let first = matching.min_by_key(|entry| entry["RuleNumber"].as_u64());
    first.is_some_and(|entry| entry["RuleAction"] == json!("allow"))
}

/// Has a packet this protocol (−1 for all), and its port, or type and code, in the range?
fn fits(number: i64, from: &Value, to: &Value, packet: &Packet) -> bool {
    let (from, to) = (from.as_i64().unwrap_or(-1), to.as_i64().unwrap_or(-1));
    let (kind, code) = (i64::from(packet.destination_port >> 8), i64::from(packet.destination_port & 0xff));
    match number {
        -1 => true,
        _ if number != i64::from(packet.protocol) => false,
        6 | 17 => from == -1 || (from..=to).contains(&i64::from(packet.destination_port)),
        1 | 58 => (from == -1 || from == kind) && (from == -1 || to == -1 || to == code),
        _ => true,
    }
}
