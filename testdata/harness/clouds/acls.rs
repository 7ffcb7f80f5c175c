//! Commands that make entries of network ACLs: what they ask for is done to the export, in which both the tunnel gets out and
//! its answers get in then.

use serde_json::{Value, json};

use super::commands::{check, commands, flags, mend, words};
use super::dice::Dice;

/// Does to the first network ACL of an export what `create-network-acl-entry` does, which refuses a number that is taken, or
/// `delete-network-acl-entry`, which refuses one that is not there.
fn acl(export: &mut Value, words: &[String]) {
    assert_eq!(words[0], "ec2");
    let is_egress = words.contains(&"--egress".to_owned());
    assert_ne!(is_egress, words.contains(&"--ingress".to_owned()));
    let flags = flags(&words[2..]);
    let acl = &mut export["NetworkAcls"][0];
    assert_eq!(json!(flags["network-acl-id"][0]), acl["NetworkAclId"]);
    let number: u32 = flags["rule-number"][0].parse().expect("a number");
    assert!((1..=32_766).contains(&number));
    let entries = acl["Entries"].as_array_mut().expect("a list");
    let is_like = |entry: &Value| entry["Egress"] == is_egress && entry["RuleNumber"] == number;
    if words[1] == "delete-network-acl-entry" {
        assert!(entries.iter().any(is_like), "{number} is not there");
        return entries.retain(|entry| !is_like(entry));
    }
    assert_eq!(words[1], "create-network-acl-entry");
    let (from, to) = flags["port-range"][0].split_once(",To=").expect("a range");
    let port = |text: &str| text.trim_start_matches("From=").parse::<u16>().expect("a port");
    assert!(!entries.iter().any(is_like), "{number} is taken");
    let (block, key) = match flags.get("cidr-block") {
        Some(block) => (block, "CidrBlock"),
        None => (&flags["ipv6-cidr-block"], "Ipv6CidrBlock"),
    };
    assert_eq!(block.len(), 1);
    entries.push(json!({
        "RuleNumber": number, "Egress": is_egress, "RuleAction": flags["rule-action"][0], key: block[0],
        "Protocol": if flags["protocol"] == ["tcp"] { "6" } else { "17" },
        "PortRange": { "From": port(from), "To": port(to) },
    }));
}

/// An entry of a network ACL: a number, whether it is for what goes out, whether it allows, a protocol, ports, addresses.
type AclEntry<'t> = (u32, bool, bool, &'t str, Option<(u16, u16)>, &'t str);

fn acl_of(entries: &[AclEntry]) -> Value {
    let end = [false, true].map(|is_egress| (32_767, is_egress, false, "-1", None, "0.0.0.0/0"));
    let entries = entries.iter().chain(&end).map(|(number, is_egress, allows, protocol, ports, block)| {
        let key = if block.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
        let mut entry = json!({
            "RuleNumber": number, "Egress": is_egress, "RuleAction": if *allows { "allow" } else { "deny" },
            "Protocol": protocol, key: block,
        });
        if let Some((from, to)) = ports {
            entry["PortRange"] = json!({ "From": from, "To": to });
        }
        entry
    });
    let entries: Vec<Value> = entries.collect();
    json!({ "NetworkAcls": [{ "NetworkAclId": "acl-0a", "Associations": [], "Entries": entries }] })
}

/// TCP 443 out, and all answers to TCP in.
const WEB: [AclEntry; 2] = [
    (100, true, true, "6", Some((443, 443)), "0.0.0.0/0"),
    (100, false, true, "6", Some((1024, 65_535)), "0.0.0.0/0"),
];

#[test]
fn what_aws_is_told_of_an_acl_lets_the_tunnel_out_and_its_answers_in() {
    let ways = |words: &[Vec<String>]| {
        let count = |way: &str| words.iter().filter(|words| words.iter().any(|word| word == way)).count();
        (count("--egress"), count("--ingress"))
    };
    let words = mend(&acl_of(&WEB), "", "tunnel-edge-blocked", acl);
    // The answers over TCP get in already.
    assert_eq!(ways(&words), (4, 2), "{words:?}");
    let words = mend(&acl_of(&WEB[..1]), "", "tunnel-edge-blocked", acl);
    assert_eq!(ways(&words), (4, 4), "{words:?}");
    let out = (90, true, true, "-1", None, "0.0.0.0/0");
    let words = mend(&acl_of(&[out]), "", "tunnel-reply-blocked", acl);
    assert_eq!(ways(&words), (0, 4), "{words:?}");
    mend(&acl_of(&WEB), "--resolver 10.0.0.53", "tunnel-dns-blocked", acl);
    // With IPv6 among what is allowed, that of the edge is, too.
    let v6 = (110, true, true, "6", Some((443, 443)), "::/0");
    let words = mend(&acl_of(&[WEB[0], v6]), "", "tunnel-edge-blocked", acl);
    assert_eq!(ways(&words), (8, 8), "{words:?}");
    // One address is named as it is.
    let all = [(200, true, true, "-1", None, "0.0.0.0/0"), (200, false, true, "-1", None, "0.0.0.0/0")];
    let most = [(100, true, false, "-1", None, "198.41.192.7/32"), all[0], all[1]];
    let words = mend(&acl_of(&most), "", "tunnel-edge-partly-blocked", acl);
    assert!(words.iter().all(|words| words.contains(&"198.41.192.7/32".to_owned())), "{words:?}");
}

#[test]
fn an_entry_goes_in_front_of_the_one_that_denies_by_a_number_that_is_free() {
    let deny = (10, true, false, "17", None, "0.0.0.0/0");
    let taken = [9, 8, 6].map(|number| (number, true, true, "6", Some((80, 80)), "0.0.0.0/0"));
    let all = [(20, true, true, "-1", None, "0.0.0.0/0"), (20, false, true, "-1", None, "0.0.0.0/0")];
    let entries = [&taken[..], &[deny], &all].concat();
    let words = mend(&acl_of(&entries), "", "tunnel-quic-blocked", acl);
    let words: Vec<_> = words.iter().map(|words| flags(&words[2..])["rule-number"][0]).collect();
    assert_eq!(words, ["7", "5"]);
}

#[test]
fn an_acl_without_a_free_number_or_room_for_more_is_told_so() {
    let told = |entries: &[AclEntry], why: &str| {
        let report = check(&acl_of(entries), "");
        assert!(commands(&report, "tunnel-edge-blocked").is_empty());
        assert!(report.to_string().contains(&format!("No command: {why}")), "{report:#}");
    };
    let deny = |number| (number, true, false, "-1", None, "0.0.0.0/0");
    told(&[deny(1)], "no number is free in front of the rule that takes the packets.");
    // Four are needed.
    told(&[deny(4)], "too few numbers are free in front of the rule that takes the packets.");
    let many: Vec<AclEntry> = (1..=36).map(port).collect();
    told(&many, "the list may not have so many rules.");
    mend(&acl_of(&many[1..]), "", "tunnel-edge-blocked", acl);
    // Without numbers nobody knows what comes first.
    let mut unnumbered = acl_of(&WEB);
    unnumbered["NetworkAcls"][0]["Entries"][0]["RuleNumber"] = json!(null);
    let report = check(&unnumbered, "");
    assert!(!report.to_string().contains("create-network-acl-entry"), "{report:#}");
}

/// An entry that lets a port out, by its number.
fn port(port: u16) -> AclEntry<'static> {
    (u32::from(port), true, true, "6", Some((port, port)), "0.0.0.0/0")
}

#[test]
fn the_quota_of_an_acl_is_one_for_each_family_and_has_to_be_raised_for_more() {
    let told = |entries: &[AclEntry]| {
        mend(&acl_of(entries), "", "tunnel-edge-blocked", acl);
        let text = check(&acl_of(entries), "").to_string();
        let (made, quota) = (text.split("This makes ").nth(1)?, text.contains("have the quota raised first"));
        assert!(quota, "{text}");
        made.split_once(' ')?.0.parse::<usize>().ok()
    };
    let v4: Vec<AclEntry> = (1..=16).map(port).collect();
    // Four of the tunnel, and the one at the end.
    assert_eq!(told(&v4), Some(21));
    assert_eq!(told(&v4[1..]), None);
    let v6 = |number: u16| (1000 + u32::from(number), true, true, "6", Some((number, number)), "::/0");
    let v6: Vec<AclEntry> = (1..=15).map(v6).collect();
    assert_eq!(told(&[&v4[1..], &v6].concat()), None);
    let more: Vec<AclEntry> = (1..=20).map(port).collect();
    assert_eq!(told(&[&more, &v6[..]].concat()), Some(25));
}

/// Does what all findings of these lints say, one after another.
#[track_caller]
fn mend_all(export: &Value, arguments: &str, lints: [&str; 2]) {
    let report = check(export, arguments);
    let mut after = export.clone();
    for lint in lints {
        let found = commands(&report, lint);
        assert!(!found.is_empty(), "{lint}: {report:#}");
        found.iter().flat_map(|found| words(found)).for_each(|command| acl(&mut after, &command));
    }
    let after = check(&after, arguments).to_string();
    assert!(lints.iter().all(|lint| !after.contains(lint)), "{after}");
}

#[test]
fn the_commands_for_two_findings_of_an_acl_take_no_number_twice() {
    let all = [(200, true, true, "-1", None, "0.0.0.0/0"), (200, false, true, "-1", None, "0.0.0.0/0")];
    let names = ["17", "6"].map(|protocol| (10, true, false, protocol, Some((53, 53)), "0.0.0.0/0"));
    let names = [names[0], (11, names[1].1, false, "6", names[1].4, names[1].5)];
    let quic = (12, true, false, "17", Some((7844, 7844)), "0.0.0.0/0");
    let entries = [&names[..], &[quic], &all].concat();
    mend_all(&acl_of(&entries), "--resolver 8.8.8.8", ["tunnel-dns-blocked", "tunnel-quic-blocked"]);
    let out = (100, true, true, "6", None, "0.0.0.0/0");
    let answers = (100, false, true, "6", Some((1024, 65_535)), "198.41.192.0/24");
    mend_all(&acl_of(&[out, answers]), "", ["tunnel-quic-blocked", "tunnel-region-blocked"]);
    // Where the numbers do for one of them alone, the other is told to come later.
    let few = entries.iter().map(|entry| (entry.0 - 7, entry.1, entry.2, entry.3, entry.4, entry.5));
    let few: Vec<AclEntry> = few.collect();
    let report = check(&acl_of(&few), "--resolver 8.8.8.8");
    assert_eq!(commands(&report, "tunnel-dns-blocked").len(), 1);
    assert!(commands(&report, "tunnel-quic-blocked").is_empty());
    assert!(report.to_string().contains("check again after those"), "{report:#}");
}

#[test]
fn neighbouring_addresses_of_an_acl_are_named_by_one_prefix() {
    let words = mend(&acl_of(&WEB), "--region us", "tunnel-edge-blocked", acl);
    let blocks: Vec<_> = words.iter().map(|words| flags(&words[2..])["cidr-block"][0]).collect();
    assert!(blocks.len() <= 8 && blocks.iter().all(|block| !block.ends_with("/32")), "{blocks:?}");
}

#[test]
fn an_entry_that_denies_what_is_needed_and_nothing_else_goes() {
    let all = [(200, true, true, "-1", None, "0.0.0.0/0"), (200, false, true, "-1", None, "0.0.0.0/0")];
    let told = |ports, block| {
        let deny = (10, true, false, "17", Some(ports), block);
        mend(&acl_of(&[deny, all[0], all[1]]), "", "tunnel-region-blocked", acl)
    };
    let words = told((7844, 7844), "198.41.192.0/24");
    assert!(words.len() == 1 && words[0][1] == "delete-network-acl-entry", "{words:?}");
    assert_eq!(flags(&words[0][2..])["rule-number"], ["10"]);
    // These are for more than the tunnel.
    for words in [told((7844, 7845), "198.41.192.0/24"), told((7844, 7844), "198.41.192.0/23")] {
        assert!(words.iter().all(|words| words[1] == "create-network-acl-entry"), "{words:?}");
    }
    // Answers that are denied by one that is for more get in by a new one.
    let deny = (10, true, false, "17", Some((7844, 7844)), "198.41.192.0/24");
    let back = (11, false, false, "17", None, "198.41.192.0/24");
    let words = mend(&acl_of(&[deny, back, all[0], all[1]]), "", "tunnel-region-blocked", acl);
    assert_eq!((words.len(), &*words[0][1]), (2, "delete-network-acl-entry"), "{words:?}");
    assert!(words[1].contains(&"--ingress".to_owned()), "{words:?}");
}

#[test]
fn words_about_an_acl_tell_of_answers() {
    let all = [(200, true, true, "-1", None, "0.0.0.0/0"), (200, false, true, "-1", None, "0.0.0.0/0")];
    let out = (10, true, false, "6", Some((7844, 7844)), "0.0.0.0/0");
    let back = (11, false, false, "6", Some((32_768, 60_999)), "0.0.0.0/0");
    let text = check(&acl_of(&[out, back, all[0], all[1]]), "").to_string();
    assert!(text.contains("port 7844. A network ACL knows nothing of connections"), "{text}");
    // Where entries have no numbers that commands could go by, or no id, there are answers all the same.
    let mut unnumbered = acl_of(&WEB);
    unnumbered["NetworkAcls"][0]["Entries"][1]["RuleNumber"] = json!(null);
    let mut nameless = acl_of(&WEB);
    nameless["NetworkAcls"][0]["NetworkAclId"] = json!("web");
    for export in [unnumbered, nameless] {
        let text = check(&export, "").to_string();
        assert!(
            text.contains("No command is known") && text.contains("the answers have to be let in"),
            "{text}"
        );
    }
    // What is to be let in are answers.
    let text = check(&acl_of(&[all[0]]), "--fixes 0").to_string();
    assert!(text.contains("To be let through") && !text.contains("knows nothing"), "{text}");
}

/// Whatever stands in an ACL, the numbers of commands are free, and what they are for is there behind them: those for one
/// finding, and those for all.
#[test]
fn what_random_acls_are_told_mends_them() {
    const LINTS: [&str; 4] =
        ["tunnel-edge-blocked", "tunnel-quic-blocked", "tunnel-region-blocked", "tunnel-reply-blocked"];
    const PORTS: [(u16, u16); 4] = [(443, 443), (7844, 7844), (1024, 65_535), (40_000, 50_000)];
    let (mut mended, mut together) = (0, 0);
    for seed in 0..80 {
        let mut dice = Dice::new(seed);
        let arguments = *dice.pick(&["", "", "--region us"]);
        let blocks: Vec<String> = (0..8)
            .map(|_| {
                let is_v6 = dice.once_in(4);
                dice.network(is_v6)
            })
            .collect();
        let entries: Vec<AclEntry> = (0..8)
            .map(|at| {
                let protocol = *dice.pick(&["-1", "6", "17"]);
                let ports = (protocol != "-1").then(|| *dice.pick(&PORTS));
                (4 * at + 9, dice.once_in(2), !dice.once_in(3), protocol, ports, &*blocks[at as usize])
            })
            .collect();
        let export = acl_of(&entries);
        let report = check(&export, arguments);
        let mended_by = |lints: &[&str]| {
            let mut after = export.clone();
            let commands = lints.iter().flat_map(|lint| commands(&report, lint));
            let count = commands.map(|told| words(&told).iter().for_each(|it| acl(&mut after, it))).count();
            let after = check(&after, arguments);
            let all = after["findings"].as_array().expect("a list");
            // Answers that were lost before are another finding, with commands of its own.
            let is_new = |it: &Value| {
                let known = report["findings"].as_array().expect("a list").iter();
                it["lint"] == "tunnel-reply-blocked"
                    && !known.clone().any(|old| old["message"] == it["message"])
            };
            let is_left = |it: &&Value| {
                it["level"] != "note" && (is_new(it) || lints.iter().any(|lint| it["lint"] == *lint))
            };
            let left: Vec<_> = all.iter().filter(is_left).collect();
            assert!(left.is_empty(), "export {seed}: {lints:?}: {left:#?}");
            count
        };
        let told: Vec<&str> = LINTS.into_iter().filter(|lint| !commands(&report, lint).is_empty()).collect();
        mended += told.iter().map(|lint| mended_by(&[lint])).sum::<usize>();
        if told.len() > 1 {
            together += mended_by(&told);
        }
    }
    assert!(mended >= 60 && together >= 15, "{mended} {together}");
}

#[test]
fn the_commands_for_two_units_of_an_acl_take_no_number_twice() {
    let group = |id: &str, protocol: &str, ports: Value| {
        let mut permission = json!({ "IpProtocol": protocol, "IpRanges": [{ "CidrIp": "0.0.0.0/0" }] });
        permission.as_object_mut().expect("fields").extend(ports.as_object().expect("fields").clone());
        json!({ "GroupId": id, "IpPermissions": [], "IpPermissionsEgress": [permission] })
    };
    let interface = |id: &str, group: &str| json!({ "NetworkInterfaceId": id, "SubnetId": "subnet-1", "Groups": [{ "GroupId": group }] });
    let mended = |first: &str| {
        let mut export = acl_of(&WEB);
        export["NetworkAcls"][0]["Associations"] = json!([{ "SubnetId": "subnet-1" }]);
        let tcp = group("sg-1", "tcp", json!({ "FromPort": 0, "ToPort": 65_535 }));
        export["SecurityGroups"] = json!([tcp, group("sg-2", "-1", json!({}))]);
        export["NetworkInterfaces"] = json!([interface("eni-1", first), interface("eni-2", "sg-2")]);
        let report = check(&export, "--unit eni-1 --unit eni-2");
        let found = commands(&report, "tunnel-edge-blocked");
        assert_eq!(found.len(), 2, "{report:#}");
        let mut all: Vec<Vec<String>> = Vec::new();
        for command in found.iter().flat_map(|found| words(found)) {
            if command[1].ends_with("network-acl-entry") && !all.contains(&command) {
                all.push(command);
            }
        }
        // Each number is free, or this fails.
        all.iter().for_each(|command| acl(&mut export, command));
        let after = check(&export, "--unit eni-2").to_string();
        assert!(!after.contains("tunnel-edge-blocked"), "{after}");
        all.len()
    };
    // What both need is the same, and done once.
    assert_eq!(mended("sg-2"), 6);
    // Of the one UDP is for its group to let out.
    assert_eq!(mended("sg-1"), 8);
}
