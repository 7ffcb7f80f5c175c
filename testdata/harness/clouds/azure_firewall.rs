//! Azure Firewall: the network rules of all groups, then the application rules.
//!
//! The algorithm is that of <https://learn.microsoft.com/azure/firewall/rule-processing>: network rules come before application
//! rules, then the priority of the group and that of the collection count, and the first rule that matches decides; what
//! none does is denied.

use std::net::IpAddr;

use serde_json::{Value, json};

use fwlint::dialects::Dialect;

use super::dice::{Dice, PORTS, is_in};
use super::{Packet, Provider, list, texts};

pub struct AzureFirewall;

impl Provider for AzureFirewall {
    const DIALECT: Dialect = Dialect::Azure;
    type Unit = ();

    fn export(dice: &mut Dice) -> Value {
        let groups = (0..1 + dice.below(3)).map(|number| {
            let collections: Vec<Value> = (0..1 + dice.below(3)).map(|place| collection(dice, place)).collect();
            let id = format!("/subscriptions/0/providers/Microsoft.Network/firewallPolicies/policy/ruleCollectionGroups/{number}");
            // They are listed in no order.
            let inner = json!({ "priority": 300 - 100 * number, "ruleCollections": collections });
            match dice.once_in(2) {
                true => json!({ "id": id, "name": number.to_string(), "properties": inner }),
                false => json!({ "id": id, "name": number.to_string(), "priority": inner["priority"], "ruleCollections": inner["ruleCollections"] }),
            }
        });
        groups.collect()
    }

    fn units(_export: &Value) -> Vec<(String, ())> {
        vec![("policy".to_owned(), ())]
    }

    fn packet(dice: &mut Dice) -> Packet {
        Packet { is_in: false, ..Packet::random(dice, [&[1, 50], &[6, 50]]) }
    }

    /// What an application rule does hangs on the name in TLS.
    fn is_asked(export: &Value, packet: &Packet) -> bool {
        let by_network = decided(export, packet).is_some();
        by_network || packet.protocol != 6 || !matches!(packet.destination_port, 80 | 443)
    }

    fn judge(export: &Value, _unit: &(), packet: &Packet) -> (bool, bool) {
        let passes = decided(export, packet) == Some(true);
        (passes, passes)
    }
}

/// What the network rules decide.
fn decided(export: &Value, packet: &Packet) -> Option<bool> {
    let mut all: Vec<(u64, u64, &Value)> = Vec::new();
    for group in list(export) {
        let inner = if group["properties"].is_null() { group } else { &group["properties"] };
        for collection in list(&inner["ruleCollections"]) {
            let priority = |of: &Value| of["priority"].as_u64().expect("a number");
            all.push((priority(inner), priority(collection), collection));
        }
    }
    all.sort_by_key(|(group, own, _)| (*group, *own));
    let matches = |collection: &Value| list(&collection["rules"]).iter().any(|rule| is_match(rule, packet));
    let first = all.iter().find(|(_, _, collection)| matches(collection))?;
    Some(first.2["action"]["type"] == json!("Allow"))
}

fn is_match(rule: &Value, packet: &Packet) -> bool {
    let has_ports = matches!(packet.protocol, 6 | 17);
    let is_every_port = texts(&rule["destinationPorts"]).any(|ports| ports == "*");
    let is_protocol = texts(&rule["ipProtocols"]).any(|protocol| match protocol {
        "TCP" => packet.protocol == 6,
        "UDP" => packet.protocol == 17,
        "ICMP" => packet.protocol == 1,
        _ => has_ports || is_every_port,
    });
    let is_port = !has_ports
        || texts(&rule["destinationPorts"]).any(|ports| {
            let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
            let number = |text: &str| text.parse::<u16>().expect("a port");
            ports == "*" || (number(low)..=number(high)).contains(&packet.destination_port)
        });
    rule["ruleType"] == json!("NetworkRule")
        && is_protocol
        && is_port
        && is_address(&rule["sourceAddresses"], packet.source)
        && is_address(&rule["destinationAddresses"], packet.destination)
}

fn is_address(addresses: &Value, address: IpAddr) -> bool {
    texts(addresses).any(|text| match text.split_once('-') {
        _ if text == "*" => true,
        Some((low, high)) => {
            let end = |text: &str| text.parse::<IpAddr>().expect("an address");
            (end(low)..=end(high)).contains(&address)
        }
        None => is_in(address, text),
    })
}

fn collection(dice: &mut Dice, place: usize) -> Value {
    let is_network = !dice.once_in(4);
    let rules: Vec<Value> =
        (0..1 + dice.below(3)).map(|_| if is_network { network(dice) } else { application(dice) }).collect();
    json!({
        "name": format!("collection-{place}"),
        // They are listed in no order.
        "priority": 300 - 100 * place,
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "action": { "type": if dice.once_in(3) { "Deny" } else { "Allow" } },
        "rules": rules,
    })
}

fn network(dice: &mut Dice) -> Value {
    let is_v6 = dice.once_in(5);
    let mut ends = || match dice.below(5) {
        0 | 1 => json!(["*"]),
        2 if !is_v6 => json!(["10.1.0.0-10.1.255.255", dice.network(false)]),
        _ => json!([dice.network(is_v6)]),
    };
    let (source, destination) = (ends(), ends());
    let mut ports = || match dice.below(3) {
        0 => json!(["*"]),
        1 => json!([dice.pick(&PORTS).to_string(), dice.pick(&PORTS).to_string()]),
        _ => {
            let (low, high) = dice.ports();
            json!([format!("{low}-{high}")])
        }
    };
    let ports = ports();
    json!({
        "name": "rule", "ruleType": "NetworkRule",
        "ipProtocols": dice.pick(&[vec!["TCP"], vec!["UDP"], vec!["TCP", "UDP"], vec!["Any"], vec!["ICMP"]]),
        "sourceAddresses": source, "destinationAddresses": destination, "destinationPorts": ports,
    })
}

fn application(dice: &mut Dice) -> Value {
    let protocol = *dice.pick(&[("Https", 443), ("Http", 80)]);
    json!({
        "name": "rule", "ruleType": "ApplicationRule", "sourceAddresses": ["*"],
        "protocols": [{ "protocolType": protocol.0, "port": protocol.1 }],
        "targetFqdns": ["*.example.com", "example.org"],
    })
}
