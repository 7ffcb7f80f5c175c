//! Commands that mend findings: a shell takes them apart, what they ask the provider for is done to the export, and the
//! finding is gone.

use std::collections::{HashMap, HashSet};
use std::process::Command;

use serde_json::{Value, json};

use crate::cli;

/// Does what the words of a command ask for to an export.
pub(super) type Provider = fn(&mut Value, &[String]);

/// Runs the program on an export: its report.
pub(super) fn check(export: &Value, arguments: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("export.json"), export.to_string()).expect("it can be written");
    let words = format!("check export.json --format json {arguments}");
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let done = cli::run(folder.path(), &words, b"");
    assert_eq!(done.stderr, "");
    serde_json::from_str(&done.stdout).expect("it is JSON")
}

/// The commands in the findings of a lint.
pub(super) fn commands(report: &Value, lint: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let notes =
        findings.filter(|finding| finding["lint"] == json!(lint)).flat_map(|it| it["notes"].as_array());
    let notes = notes.flatten().filter_map(Value::as_str);
    notes
        .filter_map(|note| note.strip_prefix("Proven to mend it")?.split_once('\n'))
        .map(|it| it.1.to_owned())
        .collect()
}

/// The id that a new security group has for all that a shell knows.
const CREATED: &str = "sg-1";

/// The words of commands as a shell hands them on.
pub(super) fn words(commands: &str) -> Vec<Vec<String>> {
    // What a command prints is a made-up id; its words go to another place then.
    let print = "{ { printf '%s\\037' \"$@\"; printf '\\036'; } >&3; }";
    let aws = format!("aws() {{ say \"$@\"; echo {CREATED}; }}");
    // What jq makes of a group is known by what it is given to put there.
    let jq = "jq() { cat >/dev/null; printf '%s' \"$3\"; }";
    let script = format!(
        "exec 3>&1 >/dev/null\nsay() {print}\ngcloud() {{ say \"$@\"; }}\naz() {{ say \"$@\"; }}\n{jq}\n{aws}\n{commands}\n"
    );
    let done = Command::new("sh").arg("-c").arg(script).output().expect("there is a shell");
    assert!(done.status.success() && done.stderr.is_empty(), "{commands}: {done:?}");
    let text = String::from_utf8(done.stdout).expect("it is UTF-8");
    let commands = text.split_terminator('\x1e');
    commands.map(|words| words.split_terminator('\x1f').map(str::to_owned).collect()).collect()
}

/// Holds a lint's commands against what they are for: without them it strikes, with them it does not.
#[track_caller]
pub(super) fn mend(export: &Value, arguments: &str, lint: &str, provider: Provider) -> Vec<Vec<String>> {
    let found = commands(&check(export, arguments), lint);
    assert!(!found.is_empty(), "{lint} names no command for {export:#}: {:#}", check(export, arguments));
    let words = words(&found[0]);
    let mut mended = export.clone();
    words.iter().for_each(|command| provider(&mut mended, command));
    let after = check(&mended, arguments);
    let left = after["findings"].as_array().expect("a list").iter().filter(|it| it["lint"] == json!(lint));
    assert_eq!(left.count(), 0, "{lint} is still there after {}: {after:#}", found[0]);
    words
}

fn gcloud(export: &mut Value, words: &[String]) {
    let [compute, rules, create, name, flags @ ..] = words else { panic!("{words:?}") };
    if create == "delete" {
        let rules = export.as_array_mut().expect("a list");
        let count = rules.len();
        rules.retain(|rule| rule["name"] != json!(name));
        return assert_eq!(rules.len() + 1, count, "{name} is one rule");
    }
    assert_eq!([compute, rules, create], ["compute", "firewall-rules", "create"]);
    let flags: HashMap<&str, &str> =
        flags.iter().map(|flag| flag[2..].split_once('=').expect("a value")).collect();
    let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let layer4 = match flags["rules"].split_once(':') {
        Some((protocol, port)) => json!({ "IPProtocol": protocol, "ports": [port] }),
        None => json!({ "IPProtocol": flags["rules"] }),
    };
    let (side, far) = match flags["direction"] {
        "EGRESS" => ("destinationRanges", "destination-ranges"),
        _ => ("sourceRanges", "source-ranges"),
    };
    let mut rule = json!({
        "kind": "compute#firewall", "name": name, "network": format!("global/networks/{}", flags["network"]),
        "direction": flags["direction"], "priority": flags["priority"].parse::<u32>().expect("a number"),
        if flags["action"] == "ALLOW" { "allowed" } else { "denied" }: [layer4], side: list(flags[far]),
    });
    for (flag, key) in [("target-tags", "targetTags"), ("target-service-accounts", "targetServiceAccounts")] {
        if let Some(names) = flags.get(flag) {
            rule[key] = json!(list(names));
        }
    }
    export.as_array_mut().expect("a list").push(rule);
}

fn aws(export: &mut Value, words: &[String]) {
    let [ec2, action, flags @ ..] = words else { panic!("{words:?}") };
    assert_eq!(ec2, "ec2");
    let flags: HashMap<&str, &str> =
        flags.chunks(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
    let groups = export["SecurityGroups"].as_array_mut().expect("a list");
    let id = flags.get("--group-id").copied();
    let its = groups.iter_mut().find(|it| Some(&it["GroupId"]) == id.map(|id| json!(id)).as_ref());
    match (action.as_str(), its) {
        ("create-security-group", None) => groups.push(json!({
            "GroupId": CREATED, "GroupName": flags["--group-name"], "IpPermissions": [],
            "IpPermissionsEgress": [{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] }],
        })),
        ("describe-security-group-rules", None) => {
            assert_eq!(flags["--filters"], format!("Name=group-id,Values={CREATED}"));
        }
        ("revoke-security-group-egress", Some(group)) => {
            assert_eq!(flags["--security-group-rule-ids"], CREATED);
            group["IpPermissionsEgress"] = json!([]);
        }
        (authorize, Some(group)) => {
            let new: Vec<Value> = serde_json::from_str(flags["--ip-permissions"]).expect("permissions");
            let key = match authorize {
                "authorize-security-group-ingress" => "IpPermissions",
                "authorize-security-group-egress" => "IpPermissionsEgress",
                _ => panic!("{words:?}"),
            };
            group[key].as_array_mut().expect("a list").extend(new);
        }
        _ => panic!("{words:?}"),
    }
}

/// Flags with the words behind each.
pub(super) fn flags(words: &[String]) -> HashMap<&str, Vec<&str>> {
    let mut flags: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut flag = "";
    for word in words {
        match word.strip_prefix("--") {
            Some(name) => flag = name,
            None => flags.entry(flag).or_default().push(word),
        }
    }
    flags
}

fn az(export: &mut Value, words: &[String]) {
    if words[..3] == ["network", "nsg", "create"] {
        export["name"] = json!(words[6]);
        return;
    }
    assert_eq!(words[..4], ["network", "nsg", "rule", "create"]);
    let flags = flags(&words[4..]);
    assert_eq!(
        json!([flags["resource-group"][0], flags["nsg-name"][0]]),
        json!([export["resourceGroup"], export["name"]])
    );
    let all = vec!["*"];
    let rule = json!({
        "name": flags["name"][0], "priority": flags["priority"][0], "direction": flags["direction"][0],
        "access": flags["access"][0], "protocol": flags["protocol"][0],
        // What the command takes for granted of the rest.
        "sourcePortRange": "*",
        "sourceAddressPrefixes": flags.get("source-address-prefixes").unwrap_or(&all),
        "destinationAddressPrefixes": flags.get("destination-address-prefixes").unwrap_or(&all),
        "destinationPortRanges": flags["destination-port-ranges"],
    });
    export["securityRules"].as_array_mut().expect("a list").push(rule);
}

/// A VPC firewall rule for what goes out: a name, a priority, whether it allows, protocol and ports, destinations, tags.
type VpcRule<'t> = (&'t str, u32, bool, Value, &'t [&'t str], &'t [&'t str]);

fn vpc(rules: &[VpcRule]) -> Value {
    let rules = rules.iter().map(|(name, priority, allows, layer4, destinations, tags)| {
        let mut rule = json!({
            "kind": "compute#firewall", "name": name, "network": "global/networks/default", "direction": "EGRESS",
            "priority": priority, "destinationRanges": destinations,
            if *allows { "allowed" } else { "denied" }: [layer4],
        });
        if !tags.is_empty() {
            rule["targetTags"] = json!(tags);
        }
        rule
    });
    rules.collect()
}

pub(super) const WORLD: &[&str] = &["0.0.0.0/0"];
pub(super) const FIRST_REGION: &[&str] = &["198.41.192.0/24"];

#[test]
fn what_gcloud_is_told_lets_the_tunnel_out() {
    let deny = ("deny", 900, false, json!({ "IPProtocol": "all" }), WORLD, &[][..]);
    let https = ("https", 800, true, json!({ "IPProtocol": "tcp", "ports": ["443"] }), WORLD, &["web"][..]);
    let words = mend(&vpc(&[https.clone(), deny.clone()]), "--unit default", "tunnel-edge-blocked", gcloud);
    assert_eq!(words.len(), 2);
    assert!(words.iter().flatten().any(|word| word == "--priority=899"), "{words:?}");
    let words = mend(&vpc(&[https, deny.clone()]), "--unit default/tag:web", "tunnel-edge-blocked", gcloud);
    assert!(words.iter().flatten().any(|word| word == "--target-tags=web"), "{words:?}");
    let region = ("region", 500, true, json!({ "IPProtocol": "all" }), FIRST_REGION, &[][..]);
    mend(&vpc(&[region, deny.clone()]), "", "tunnel-region-blocked", gcloud);
    let most = ("most", 500, false, json!({ "IPProtocol": "all" }), &["198.41.192.7/32"][..], &[][..]);
    mend(&vpc(&[most]), "", "tunnel-edge-partly-blocked", gcloud);
    mend(&vpc(&[deny]), "--resolver 10.0.0.53", "tunnel-dns-blocked", gcloud);
}

#[test]
fn a_vpc_rule_beside_a_policy_of_the_network_comes_before_all_others_of_its_kind() {
    let https = ("https", 2000, true, json!({ "IPProtocol": "tcp", "ports": ["443"] }), WORLD, &[][..]);
    let deny = ("deny", 1000, false, json!({ "IPProtocol": "all" }), WORLD, &[][..]);
    let mut mixed = vpc(&[https, deny]);
    let on = json!({ "destIpRanges": WORLD, "layer4Configs": [{ "ipProtocol": "all" }] });
    mixed.as_array_mut().expect("a list").push(json!({
        "kind": "compute#firewallPolicy", "name": "hands-on", "type": "NETWORK",
        "associations": [{ "attachmentTarget": "global/networks/default" }],
        "rules": [{ "priority": 100, "direction": "EGRESS", "action": "goto_next", "match": on }],
    }));
    let words = mend(&mixed, "", "tunnel-edge-blocked", gcloud);
    assert!(words.iter().flatten().any(|word| word == "--priority=999"), "{words:?}");
}

#[test]
fn no_two_vpc_rules_of_a_project_are_called_the_same() {
    let deny = ("deny", 900, false, json!({ "IPProtocol": "all" }), WORLD, &[][..]);
    let https = ("https", 800, true, json!({ "IPProtocol": "tcp", "ports": ["443"] }), WORLD, &["web"][..]);
    let mut rules = vpc(&[https, deny.clone(), deny]);
    rules[2]["network"] = json!("global/networks/other");
    // Made so before, for a network that has no other rules.
    let mut made = rules[0].clone();
    (made["name"], made["network"]) = (json!("fwlint-udp-7844-899"), json!("global/networks/third"));
    rules.as_array_mut().expect("a list").push(made);
    let names = |unit: &str| -> Vec<String> {
        let words = mend(&rules, &format!("--unit {unit}"), "tunnel-edge-blocked", gcloud);
        words.into_iter().map(|words| words[3].clone()).collect()
    };
    let all: Vec<String> = ["default", "default/tag:web", "other"].into_iter().flat_map(names).collect();
    let distinct: HashSet<&String> = all.iter().collect();
    assert!(
        all.len() == 6 && distinct.len() == 6 && !all.contains(&"fwlint-udp-7844-899".to_owned()),
        "{all:?}"
    );
}

#[test]
fn no_two_vpc_rules_for_two_findings_are_called_the_same() {
    let all = || json!({ "IPProtocol": "all" });
    let rules = vpc(&[
        ("region", 1000, false, all(), &["198.41.192.0/24"], &[]),
        ("address", 1000, false, all(), &["198.41.200.13/32"], &[]),
    ]);
    let report = check(&rules, "");
    let lints = ["tunnel-region-blocked", "tunnel-edge-partly-blocked"];
    let words: Vec<_> = lints.iter().flat_map(|lint| words(&commands(&report, lint)[0])).collect();
    let names: HashSet<&String> = words.iter().map(|words| &words[3]).collect();
    assert_eq!((words.len(), names.len()), (4, 4), "{words:?}");
    let mut mended = rules;
    words.iter().for_each(|command| gcloud(&mut mended, command));
    let after = check(&mended, "").to_string();
    assert!(lints.iter().all(|lint| !after.contains(lint)), "{after}");
}

#[test]
fn a_vpc_rule_that_denies_what_is_needed_and_nothing_else_goes() {
    let one = |ports: Value, to: &'static [&'static str]| {
        let denied = json!({ "IPProtocol": "udp", "ports": ports });
        let https = ("https", 900, true, json!({ "IPProtocol": "tcp", "ports": ["443"] }), WORLD, &[][..]);
        let rules = vpc(&[https, ("d", 1000, false, denied, to, &[])]);
        mend(&rules, "", "tunnel-edge-partly-blocked", gcloud)
    };
    let words = one(json!(["7844"]), &["198.41.200.13/32"]);
    assert_eq!(words, [["compute", "firewall-rules", "delete", "d"]]);
    for words in
        [one(json!(["7844-7845"]), &["198.41.200.13/32"]), one(json!(["7844"]), &["198.41.200.12/31"])]
    {
        assert_eq!(words[0][2], "create", "{words:?}");
    }
}

#[test]
fn nothing_comes_before_the_first_priority() {
    let deny = ("deny", 0, false, json!({ "IPProtocol": "all" }), WORLD, &[][..]);
    assert!(commands(&check(&vpc(&[deny]), ""), "tunnel-edge-blocked").is_empty());
}

/// A security group that lets out TCP 443 and what else is said.
fn group(more: Value) -> Value {
    let https = json!({ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
    let mut out = vec![https];
    out.extend(more.as_array().cloned().unwrap_or_default());
    json!({ "SecurityGroups": [{ "GroupId": "sg-0a", "GroupName": "a", "IpPermissions": [], "IpPermissionsEgress": out }] })
}

#[test]
fn what_aws_is_told_lets_the_tunnel_out() {
    let words = mend(&group(json!(null)), "", "tunnel-edge-blocked", aws);
    assert_eq!(words.len(), 2);
    let to = |ranges: Value| json!([{ "IpProtocol": "-1", "IpRanges": ranges }]);
    let region = group(to(json!([{ "CidrIp": FIRST_REGION[0] }])));
    mend(&region, "", "tunnel-region-blocked", aws);
    let few = group(to(json!([{ "CidrIp": "198.41.192.0/26" }, { "CidrIp": "198.41.200.0/26" }])));
    mend(&few, "", "tunnel-edge-partly-blocked", aws);
    mend(&group(json!(null)), "--resolver 10.0.0.53", "tunnel-dns-blocked", aws);
    // With IPv6 among what is allowed, that of the edge is, too.
    let v6 = json!([{ "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{ "CidrIpv6": "::/0" }] }]);
    let words = mend(&group(v6), "", "tunnel-edge-blocked", aws);
    assert_eq!(words.len(), 4);
}

/// A security rule for what goes out: a priority, what it does, a protocol, ports, addresses.
type NsgRule<'t> = (u32, &'t str, &'t str, &'t str, &'t [&'t str]);

fn nsg(rules: &[NsgRule]) -> Value {
    let rules = rules.iter().map(|(priority, access, protocol, ports, addresses)| {
        json!({
            "name": format!("rule-{priority}"), "priority": priority, "direction": "Outbound", "access": access,
            "protocol": protocol, "sourceAddressPrefix": "*", "sourcePortRange": "*",
            "destinationPortRange": ports, "destinationAddressPrefixes": addresses,
        })
    });
    let rules: Vec<Value> = rules.collect();
    json!({ "name": "nsg-web", "resourceGroup": "rg (prod)", "securityRules": rules })
}

#[test]
fn what_az_is_told_lets_the_tunnel_out() {
    let deny = (4096, "Deny", "*", "*", &["*"][..]);
    let https = (4095, "Allow", "Tcp", "443", &["*"][..]);
    let words = mend(&nsg(&[https, deny]), "", "tunnel-edge-blocked", az);
    let priorities: Vec<_> = words.iter().flatten().filter(|word| word.starts_with("409")).collect();
    assert_eq!(priorities, ["4094", "4093"], "{words:?}");
    mend(&nsg(&[(100, "Allow", "*", "*", FIRST_REGION), deny]), "", "tunnel-region-blocked", az);
    let few = ["198.41.192.0/26", "198.41.200.0/26"];
    mend(&nsg(&[(100, "Allow", "*", "*", &few), deny]), "", "tunnel-edge-partly-blocked", az);
    mend(&nsg(&[https, deny]), "--resolver 10.0.0.53", "tunnel-dns-blocked", az);
}

#[test]
fn no_rule_comes_before_the_first_of_a_group() {
    let deny = nsg(&[(100, "Deny", "*", "*", &["*"])]);
    assert!(commands(&check(&deny, ""), "tunnel-edge-blocked").is_empty());
    let mut nobodys = nsg(&[(200, "Deny", "*", "*", &["*"])]);
    nobodys.as_object_mut().expect("an object").remove("resourceGroup");
    assert!(commands(&check(&nobodys, ""), "tunnel-edge-blocked").is_empty());
}

/// What is said of a unit of an export, whatever it is called, and of its rules, wherever they stand.
fn said(report: &Value, unit: usize) -> (Value, Vec<(Value, Value)>) {
    let name = &report["units"][unit]["name"];
    let findings = report["findings"].as_array().expect("a list").iter();
    let own = findings.filter(|it| it["unit"] == *name).map(|it| (it["lint"].clone(), it["level"].clone()));
    (report["units"][unit]["verdicts"].clone(), own.collect())
}

#[test]
fn a_shell_makes_of_a_generated_script_the_rules_that_are_read_in_it() {
    let azure = json!({ "name": "", "resourceGroup": "cloudflared", "securityRules": [] });
    let aws_export = json!({ "SecurityGroups": [] });
    let providers: [(&str, Value, Provider); 3] =
        [("gcloud", json!([]), gcloud), ("aws", aws_export, aws), ("azure", azure, az)];
    for settings in [
        "",
        "--resolver 10.0.0.53 --access --quick-tunnel --ssh-from 192.0.2.0/24 --ssh-from 2001:db8::/32 --ntp-to ::/0",
    ] {
        for (dialect, empty, provider) in &providers {
            let folder = tempfile::tempdir().expect("a folder");
            let arguments = format!("generate --dialect {dialect} {settings}");
            let arguments: Vec<String> = arguments.split_whitespace().map(str::to_owned).collect();
            let script = cli::run(folder.path(), &arguments, b"").stdout;
            let mut export = empty.clone();
            words(&script).iter().for_each(|command| provider(&mut export, command));
            let told = settings.split(" --ssh-from").next().unwrap_or_default();
            // The export has the network's other machines, too, of which the script does not tell.
            let of_tag = if *dialect == "gcloud" { "--unit default/tag:cloudflared" } else { "" };
            let of_export = check(&export, &format!("{told} {of_tag}"));
            let check = format!("check --isolated --format json - {told}");
            let check: Vec<String> = check.split_whitespace().map(str::to_owned).collect();
            let of_script = cli::run(folder.path(), &check, script.as_bytes()).stdout;
            let of_script: Value = serde_json::from_str(&of_script).expect("it is JSON");
            let count = of_script["units"].as_array().map_or(0, Vec::len);
            assert_eq!(of_export["units"].as_array().map_or(0, Vec::len), count, "{dialect}");
            for unit in 0..count {
                assert_eq!(said(&of_export, unit), said(&of_script, unit), "{dialect} {settings}");
            }
            let findings = of_export["findings"].as_array().expect("a list").iter();
            assert!(findings.clone().all(|it| it["level"] == "note"), "{dialect} {settings}: {of_export:#}");
        }
    }
}
