//! Commands that mend findings of firewalls: a shell takes them apart, what they ask the provider for is done to the export,
//! and the finding is gone.

use serde_json::{Value, json};

use super::commands::{FIRST_REGION, WORLD, check, commands, flags, mend};

/// A group of a firewall policy, with collections of network rules: a priority, what it does, addresses.
fn rule_group(name: &str, priority: u32, collections: &[(u32, &str, &[&str])]) -> Value {
    let collections = collections.iter().map(|(priority, action, addresses)| {
        let rule = json!({
            "name": "rule", "ruleType": "NetworkRule", "ipProtocols": ["Any"], "sourceAddresses": ["*"],
            "destinationAddresses": addresses, "destinationPorts": ["*"],
        });
        json!({ "name": format!("c{priority}"), "priority": priority, "action": { "type": action }, "rules": [rule] })
    });
    let id = format!("/subscriptions/0/resourceGroups/rg (prod)/providers/Microsoft.Network/{name}");
    let collections: Vec<Value> = collections.collect();
    json!({ "name": "name", "id": id, "priority": priority, "ruleCollections": collections })
}

/// Does what the command asks for that adds a collection to a group.
fn az_firewall(export: &mut Value, words: &[String]) {
    let head = "network firewall policy rule-collection-group collection add-filter-collection";
    assert_eq!(words[..6].join(" "), head);
    let flags = flags(&words[6..]);
    let id = format!(
        "/subscriptions/0/resourceGroups/{}/providers/Microsoft.Network/firewallPolicies/{}/ruleCollectionGroups/{}",
        flags["resource-group"][0], flags["policy-name"][0], flags["rule-collection-group-name"][0]
    );
    let groups = export.as_array_mut().expect("a list");
    let group = groups.iter_mut().find(|group| group["id"] == json!(id)).expect("the group is there");
    let rule = json!({
        "name": flags["rule-name"][0], "ruleType": flags["rule-type"][0], "ipProtocols": flags["ip-protocols"],
        "sourceAddresses": flags["source-addresses"], "destinationAddresses": flags["destination-addresses"],
        "destinationPorts": flags["destination-ports"],
    });
    let collections = group["ruleCollections"].as_array_mut().expect("a list");
    let priority: u32 = flags["collection-priority"][0].parse().expect("a number");
    assert!(collections.iter().all(|other| other["priority"] != json!(priority)), "{priority} is taken");
    collections.push(json!({
        "name": flags["name"][0], "priority": priority, "action": { "type": flags["action"][0] }, "rules": [rule],
    }));
}

/// Does what the command asks for that adds a rule to a firewall without a policy.
fn az_classic(export: &mut Value, words: &[String]) {
    assert_eq!(words[..4].join(" "), "network firewall network-rule create");
    let flags = flags(&words[4..]);
    assert_eq!([flags["resource-group"][0], flags["firewall-name"][0]], ["rg", "hub"]);
    let rule = json!({
        "name": flags["name"][0], "protocols": flags["protocols"], "sourceAddresses": flags["source-addresses"],
        "destinationAddresses": flags["destination-addresses"], "destinationPorts": flags["destination-ports"],
    });
    let collections = export["networkRuleCollections"].as_array_mut().expect("a list");
    collections.push(json!({
        "name": flags["collection-name"][0], "priority": flags["priority"][0],
        "action": { "type": flags["action"][0] }, "rules": [rule],
    }));
}

#[test]
fn what_az_is_told_of_a_firewall_lets_the_tunnel_out() {
    let all = &["*"][..];
    let (first, second) = (
        "firewallPolicies/egress/ruleCollectionGroups/a b",
        "firewallPolicies/egress/ruleCollectionGroups/late",
    );
    let denied = [
        rule_group(first, 300, &[(100, "Allow", FIRST_REGION), (200, "Deny", all)]),
        rule_group(second, 400, &[]),
    ];
    let words = mend(&json!(denied), "", "tunnel-region-blocked", az_firewall);
    assert!(words.iter().flatten().any(|word| word == "199"), "{words:?}");
    // What is denied in a later group is let through in the first.
    let later = [
        rule_group(second, 400, &[(100, "Deny", all)]),
        rule_group(first, 300, &[(65_000, "Allow", FIRST_REGION)]),
    ];
    let words = mend(&json!(later), "", "tunnel-region-blocked", az_firewall);
    assert!(words.iter().flatten().any(|word| word == "64999"), "{words:?}");
    let other = rule_group(first, 300, &[(100, "Allow", &["192.0.2.0/24"])]);
    mend(&json!([other]), "", "tunnel-edge-blocked", az_firewall);
    let classic = json!({
        "name": "hub", "id": "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/azureFirewalls/hub",
        "networkRuleCollections": rule_group("", 0, &[(100, "Deny", &["192.0.2.0/24"])])["ruleCollections"],
    });
    mend(&classic, "", "tunnel-edge-blocked", az_classic);
}

#[test]
fn no_collection_comes_before_the_first_of_a_group_or_into_one_that_is_not_told() {
    let denied = |name, priority| json!([rule_group(name, 300, &[(priority, "Deny", &["*"])])]);
    let first = denied("firewallPolicies/egress/ruleCollectionGroups/a", 100);
    assert!(commands(&check(&first, ""), "tunnel-edge-blocked").is_empty());
    let nobodys = denied("firewallPolicies/egress", 200);
    assert!(commands(&check(&nobodys, ""), "tunnel-edge-blocked").is_empty());
}

/// Does what the command asks for that adds a rule to the policy of a network.
fn gcloud_policy(export: &mut Value, words: &[String]) {
    let [_, _, _, _, priority, flags @ ..] = words else { panic!("{words:?}") };
    assert_eq!(words[..4].join(" "), "compute network-firewall-policies rules create");
    let flag = |name: &str| {
        let found = flags.iter().find_map(|flag| flag.strip_prefix(&format!("--{name}=")));
        found.unwrap_or_else(|| panic!("{name} in {flags:?}"))
    };
    assert_eq!(json!(flag("firewall-policy")), export[0]["name"]);
    assert!(flags.iter().any(|flag| flag == "--global-firewall-policy"), "{flags:?}");
    let (protocol, port) = flag("layer4-configs").split_once(':').expect("a port");
    let ranges: Vec<&str> = flag("dest-ip-ranges").split(',').collect();
    let rules = export[0]["rules"].as_array_mut().expect("a list");
    let priority: u32 = priority.parse().expect("a number");
    assert!(rules.iter().all(|other| other["priority"] != json!(priority)), "{priority} is taken");
    rules.push(json!({
        "priority": priority, "action": flag("action"), "direction": flag("direction"),
        "match": { "destIpRanges": ranges, "layer4Configs": [{ "ipProtocol": protocol, "ports": [port] }] },
    }));
}

/// The policy of a network, with rules for what goes out: a priority, what it does, destinations.
fn policy(rules: &[(u32, &str, &[&str])]) -> Value {
    let rules = rules.iter().map(|(priority, action, ranges)| {
        let asked = json!({ "destIpRanges": ranges, "layer4Configs": [{ "ipProtocol": "all" }] });
        json!({ "priority": priority, "action": action, "direction": "EGRESS", "match": asked })
    });
    let rules: Vec<Value> = rules.collect();
    json!([{ "kind": "compute#firewallPolicy", "name": "edge", "rules": rules }])
}

#[test]
fn what_gcloud_is_told_of_a_policy_lets_the_tunnel_out() {
    let words = mend(&policy(&[(100, "deny", WORLD)]), "", "tunnel-edge-blocked", gcloud_policy);
    assert_eq!(words.iter().map(|words| &*words[4]).collect::<Vec<_>>(), ["99", "98"]);
    let region = policy(&[(100, "allow", FIRST_REGION), (200, "deny", WORLD)]);
    mend(&region, "", "tunnel-region-blocked", gcloud_policy);
    let first = policy(&[(0, "deny", WORLD)]);
    assert!(commands(&check(&first, ""), "tunnel-edge-blocked").is_empty());
    let mut nobodys = policy(&[(100, "deny", WORLD)]);
    nobodys[0].as_object_mut().expect("an object").remove("name");
    assert!(commands(&check(&nobodys, ""), "tunnel-edge-blocked").is_empty());
}

/// Does what the command asks for that writes a rule group anew; what it asks the provider for before is not looked at.
fn aws_rule_group(export: &mut Value, words: &[String]) {
    if words[1] == "describe-rule-group" {
        return;
    }
    assert_eq!(words[..2].join(" "), "network-firewall update-rule-group");
    let flags = flags(&words[2..]);
    let groups = export.as_array_mut().expect("a list");
    let its =
        |group: &&mut Value| group["RuleGroupResponse"]["RuleGroupArn"] == json!(flags["rule-group-arn"][0]);
    let source = &mut groups.iter_mut().find(its).expect("the group is there")["RuleGroup"]["RulesSource"];
    let text = source["RulesString"].as_str().expect("a text");
    assert!(!text.contains("sid:7844006"), "each rule has a number of its own");
    source["RulesString"] = json!(format!("{}\n{text}", flags["rule-group"][0]));
}

/// A firewall policy with a rule group.
fn firewall_policy(order: &str, defaults: &[&str], rules: &str) -> Value {
    let arn = "arn:aws:network-firewall:eu-west-1:123456789012:stateful-rulegroup/rules";
    json!([
        {
            "FirewallPolicy": {
                "StatelessDefaultActions": ["aws:forward_to_sfe"],
                "StatefulRuleGroupReferences": [{ "ResourceArn": arn, "Priority": 1 }],
                "StatefulDefaultActions": defaults,
                "StatefulEngineOptions": { "RuleOrder": order },
            },
            "FirewallPolicyResponse": { "FirewallPolicyName": "policy" },
        },
        {
            "RuleGroup": { "RulesSource": { "RulesString": rules } },
            "RuleGroupResponse": { "RuleGroupArn": arn, "RuleGroupName": "rules" },
        },
    ])
}

#[test]
fn what_aws_is_told_of_a_rule_group_lets_the_tunnel_out() {
    let drops = firewall_policy("STRICT_ORDER", &["aws:drop_strict"], "pass tcp any any -> any 443 (sid:1;)");
    mend(&drops, "", "tunnel-edge-blocked", aws_rule_group);
    let udp =
        firewall_policy("STRICT_ORDER", &["aws:drop_established"], "pass tls any any -> any any (sid:1;)");
    mend(&udp, "", "tunnel-quic-blocked", aws_rule_group);
    let any_order =
        firewall_policy("DEFAULT_ACTION_ORDER", &[], "drop udp any any -> any any (msg:\"it's\"; sid:1;)");
    mend(&any_order, "", "tunnel-quic-blocked", aws_rule_group);
    // Stateless rules come before all that such a group says.
    let mut stateless = any_order.clone();
    stateless[0]["FirewallPolicy"]["StatelessDefaultActions"] = json!(["aws:drop"]);
    assert!(commands(&check(&stateless, ""), "tunnel-edge-blocked").is_empty());
}

#[test]
fn a_rule_group_without_place_for_more_rules_gets_no_command() {
    let mut drops =
        firewall_policy("STRICT_ORDER", &["aws:drop_strict"], "pass tcp any any -> any 443 (sid : 7844006;)");
    let words = mend(&drops, "", "tunnel-edge-blocked", aws_rule_group);
    assert!(!words.iter().flatten().any(|word| word.contains("sid:7844006")), "{words:?}");
    let response = &mut drops[1]["RuleGroupResponse"];
    (response["Capacity"], response["ConsumedCapacity"]) = (json!(4), json!(1));
    assert!(commands(&check(&drops, ""), "tunnel-edge-blocked").is_empty());
}
