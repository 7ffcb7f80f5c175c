//! Google Cloud: hierarchical policies, VPC firewall rules, and the implied rules.
//!
//! The algorithm is that of <https://cloud.google.com/firewall/docs/firewalls> (priority, deny before allow,
//! implied rules) and <https://cloud.google.com/firewall/docs/firewall-policies-overview> (the order of policies,
//! `goto_next`).

use serde_json::{Value, json};

use fwlint::dialects::Dialect;

use super::dice::{Dice, is_in};
use super::{Packet, Provider, texts};

pub struct Gcp;

/// The tag of the machines that are asked about; `None` for those without one.
pub type Unit = Option<String>;

const TAGS: [&str; 2] = ["db", "web"];
const PROTOCOLS: [(&str, u8); 7] =
    [("tcp", 6), ("udp", 17), ("icmp", 1), ("esp", 50), ("all", 0), ("17", 17), ("TCP", 6)];

impl Provider for Gcp {
    const DIALECT: Dialect = Dialect::Gcp;
    type Unit = Unit;

    fn export(dice: &mut Dice) -> Value {
        let rules: Vec<Value> = (0..1 + dice.below(12)).map(|number| rule(dice, number)).collect();
        let policies: Vec<Value> = (0..dice.below(3)).map(|number| policy(dice, number)).collect();
        json!({ "firewallPolicys": policies, "firewalls": rules })
    }

    fn units(export: &Value) -> Vec<(String, Unit)> {
        let rules = export["firewalls"].as_array().expect("a list");
        let named = |tag: &&str| {
            rules.iter().any(|rule| is_on(rule) && texts(&rule["targetTags"]).any(|each| each == *tag))
        };
        let tags = TAGS.iter().filter(|tag| named(tag));
        let tagged = tags.map(|tag| (format!("default/tag:{tag}"), Some((*tag).to_owned())));
        std::iter::once(("default".to_owned(), None)).chain(tagged).collect()
    }

    fn packet(dice: &mut Dice) -> Packet {
        Packet::random(dice, [&[1, 50, 47], &[1, 50, 47]])
    }

    fn judge(export: &Value, unit: &Unit, packet: &Packet) -> (bool, bool) {
        let passes = of_policies(export, packet)
            .or_else(|| of_rules(export, unit, packet))
            // The implied rules: deny what comes in, allow what goes out.
            .unwrap_or(!packet.is_in);
        (passes, passes)
    }
}

fn rule(dice: &mut Dice, number: usize) -> Value {
    let is_v6 = dice.once_in(4);
    let is_in = dice.once_in(2);
    let ranges: Vec<String> = (0..1 + dice.below(3)).map(|_| dice.network(is_v6)).collect();
    let action = if dice.once_in(2) { "allowed" } else { "denied" };
    let mut rule = json!({
        "kind": "compute#firewall",
        "name": format!("rule-{number}"),
        "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/default",
        "priority": dice.below(4) * 100,
        "direction": if is_in { "INGRESS" } else { "EGRESS" },
        "disabled": dice.once_in(6),
        action: layer4(dice, "IPProtocol"),
    });
    if !dice.once_in(6) || is_v6 {
        rule[if is_in { "sourceRanges" } else { "destinationRanges" }] = json!(ranges);
    }
    if dice.once_in(6) {
        rule[if is_in { "destinationRanges" } else { "sourceRanges" }] = json!([dice.network(is_v6)]);
    }
    if dice.once_in(3) {
        rule["targetTags"] = json!([dice.pick(&TAGS)]);
    }
    rule
}

fn policy(dice: &mut Dice, number: usize) -> Value {
    let rules: Vec<Value> = (0..1 + dice.below(5))
        .map(|priority| {
            let is_v6 = dice.once_in(4);
            let is_in = dice.once_in(2);
            let mut matches = json!({ "layer4Configs": layer4(dice, "ipProtocol") });
            matches[if is_in { "srcIpRanges" } else { "destIpRanges" }] = json!([dice.network(is_v6)]);
            json!({
                "kind": "compute#firewallPolicyRule",
                // They are listed in no order.
                "priority": 100 - priority,
                "direction": if is_in { "INGRESS" } else { "EGRESS" },
                "action": dice.pick(&["allow", "deny", "goto_next", "goto_next"]),
                "disabled": dice.once_in(8),
                "match": matches,
            })
        })
        .collect();
    json!({ "name": format!("policy-{number}"), "type": "HIERARCHY", "rules": rules })
}

fn layer4(dice: &mut Dice, key: &str) -> Value {
    let entries = (0..1 + dice.below(2)).map(|_| {
        let (name, number) = *dice.pick(&PROTOCOLS);
        let mut entry = json!({ key: name });
        if matches!(number, 6 | 17) && !dice.once_in(3) {
            let (low, high) = dice.ports();
            let text = if low == high { low.to_string() } else { format!("{low}-{high}") };
            entry["ports"] = json!([text]);
        }
        entry
    });
    entries.collect()
}

/// Policies one after the other; in each the matching rule of the lowest priority, which may hand on.
fn of_policies(export: &Value, packet: &Packet) -> Option<bool> {
    for policy in export["firewallPolicys"].as_array().expect("a list") {
        let rules = policy["rules"].as_array().expect("a list").iter();
        let matching = rules.filter(|rule| {
            let fits = |key: &str, address| {
                rule["match"][key].is_null() || texts(&rule["match"][key]).any(|range| is_in(address, range))
            };
            is_on(rule)
                && looks_at(rule, packet)
                && fits("srcIpRanges", packet.source)
                && fits("destIpRanges", packet.destination)
                && has_layer4(&rule["match"]["layer4Configs"], "ipProtocol", packet)
        });
        match matching.min_by_key(|rule| rule["priority"].as_u64()).map(|rule| rule["action"].as_str()) {
            Some(Some("allow")) => return Some(true),
            Some(Some("deny")) => return Some(false),
            _ => {}
        }
    }
    None
}

/// The matching rule of the lowest priority; among equals, one that denies.
fn of_rules(export: &Value, unit: &Unit, packet: &Packet) -> Option<bool> {
    let rules = export["firewalls"].as_array().expect("a list").iter();
    let matching = rules.filter(|rule| {
        let is_target = rule["targetTags"].is_null()
            || unit.as_ref().is_some_and(|tag| texts(&rule["targetTags"]).any(|each| each == tag));
        let near = if packet.is_in { "sourceRanges" } else { "destinationRanges" };
        let far = |address| if packet.is_in { packet.source } else { address };
        let fits = |key: &str, address| {
            // A rule that names no far end is for 0.0.0.0/0.
            let is_v6_rule = ["sourceRanges", "destinationRanges"]
                .iter()
                .any(|key| texts(&rule[*key]).any(|range| range.contains(':')));
            let unnamed = if key == near && !is_v6_rule { far(packet.destination).is_ipv4() } else { true };
            if rule[key].is_null() { unnamed } else { texts(&rule[key]).any(|range| is_in(address, range)) }
        };
        let action = if rule["allowed"].is_null() { "denied" } else { "allowed" };
        is_on(rule)
            && is_target
            && looks_at(rule, packet)
            && fits("sourceRanges", packet.source)
            && fits("destinationRanges", packet.destination)
            && has_layer4(&rule[action], "IPProtocol", packet)
    });
    let first = matching.min_by_key(|rule| (rule["priority"].as_u64(), !rule["allowed"].is_null()));
    first.map(|rule| !rule["allowed"].is_null())
}

fn has_layer4(entries: &Value, key: &str, packet: &Packet) -> bool {
    entries.as_array().expect("a list").iter().any(|entry| {
        let name = entry[key].as_str().expect("a protocol");
        let number = PROTOCOLS.iter().find(|protocol| protocol.0 == name).expect("a known protocol").1;
        let is_port = |range: &str| {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let port = |text: &str| text.parse::<u16>().expect("a port");
            (port(low)..=port(high)).contains(&packet.destination_port)
        };
        number == 0
            || number == packet.protocol && (entry["ports"].is_null() || texts(&entry["ports"]).any(is_port))
    })
}

fn is_on(rule: &Value) -> bool {
    rule["disabled"] != json!(true)
}

fn looks_at(rule: &Value, packet: &Packet) -> bool {
    (rule["direction"] == json!("INGRESS")) == packet.is_in
}
