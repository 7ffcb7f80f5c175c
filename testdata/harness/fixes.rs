//! Every fix that fwlint proposes for its own examples and hosts can be proven, and most lints propose one.

mod broken;
mod kernel;
mod packets;
mod required;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fwlint::lints::{LINTS, page};
use serde_json::Value;

use crate::cli;

/// The only reasons for which a fix may be missing where something would mend the finding: a text in which a line
/// holds more than one command, and the like; one that only programs write.
const NOT_WRITABLE: [&str; 2] =
    ["the text is not made so that a change could be written there", "no change is written into "];

/// Lints that need what only people know, or that are about no text that could be changed: docs/fixes.md.
const WITHOUT: [&str; 19] = [
    "tunnel-redirected",
    "open-port",
    "ssh-open-to-the-world",
    "inbound-tunnel-port",
    "unrestricted-egress",
    "lockout",
    "unused-chain",
    "undefined-chain",
    "undefined-set",
    "jump-loop",
    "syntax-error",
    "unknown-match",
    "not-followed",
    "unused-set",
    "dormant-table",
    "accept-is-not-final",
    "nft-optimize-unsafe",
    "tangled-rules",
    "unseen",
];

/// Lints of files that cannot be loaded.
const REFUSED: [&str; 3] = ["undefined-chain", "jump-loop", "syntax-error"];

/// The findings of a check, as JSON.
fn findings(folder: &Path, arguments: &[String]) -> Vec<Value> {
    let common = ["check", "--format", "json", "--fixes", "1000"].map(String::from);
    let arguments: Vec<String> = common.iter().chain(arguments).cloned().collect();
    let done = cli::run(folder, &arguments, b"");
    assert!(done.stderr.is_empty(), "{}", done.stderr);
    let report: Value = serde_json::from_str(&done.stdout).expect("the output is JSON");
    report["findings"].as_array().expect("a list").clone()
}

/// What is wrong with the fixes of some findings; adds the lints that have one.
fn faults(name: &str, findings: &[Value], fixed: &mut BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for finding in findings {
        let lint = finding["lint"].as_str().unwrap_or_default();
        if !finding["fix"].is_null() {
            fixed.insert(lint.to_owned());
        }
        let is_writable = |reason: &&str| !NOT_WRITABLE.iter().any(|known| reason.starts_with(known));
        if let Some(reason) = finding["unfixed"].as_str().filter(is_writable) {
            faults.push(format!("{name}: {lint}: {} ({reason})", finding["message"]));
        }
    }
    faults
}

#[test]
fn fixes_of_all_examples_are_proven() {
    let mut fixed = BTreeSet::new();
    let mut wrong = Vec::new();
    for lint in LINTS {
        let page = page::read(lint.id, lint.page).expect("a page");
        for example in &page.examples {
            let folder = tempfile::tempdir().expect("a folder");
            let mut arguments: Vec<String> = example.arguments.iter().map(ToString::to_string).collect();
            for file in &example.files {
                fs::write(folder.path().join(file.name), file.text).expect("a file");
                if file.name != fwlint::config::FILE_NAME && !arguments.contains(&file.name.to_string()) {
                    arguments.push(file.name.to_string());
                }
            }
            // What the kernel would refuse as a whole has other worries.
            let mut found = findings(folder.path(), &arguments);
            let is_refused = |finding: &Value| REFUSED.iter().any(|lint| finding["lint"] == *lint);
            if found.iter().any(is_refused) {
                found.retain(|finding| finding["lint"] == lint.id);
            }
            wrong.extend(faults(lint.id, &found, &mut fixed));
        }
    }
    let sensible = LINTS.iter().filter(|lint| !WITHOUT.contains(&lint.id)).count();
    println!("{} of {} lints for which a fix makes sense have one", fixed.len(), sensible);
    let missing: Vec<&str> = LINTS.iter().map(|lint| lint.id).filter(|id| !fixed.contains(*id)).collect();
    println!("none: {}", missing.join(", "));
    assert!(fixed.len() * 3 >= sensible * 2, "too few lints have fixes: {fixed:?}");
    assert!(wrong.is_empty(), "fixes that are none:\n{}", wrong.join("\n"));
}

/// The title of the fix of the first finding of a lint in a file of rules.
fn title(rules: &str, arguments: &[&str], lint: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.nft"), rules).expect("a file");
    let arguments: Vec<String> = arguments.iter().chain(&["rules.nft"]).map(ToString::to_string).collect();
    let found = findings(folder.path(), &arguments);
    let finding = found.iter().find(|finding| finding["lint"] == lint).expect("it is found");
    finding["fix"]["title"].as_str().unwrap_or_else(|| panic!("no fix: {finding:#}")).to_owned()
}

#[test]
fn a_fix_for_names_opens_the_way_to_the_resolver_on_the_host_too() {
    let rules = "table inet t {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\
                 \t\tct state established accept\n\t}\n\tchain out {\n\t\ttype filter hook output priority 0; policy drop;\n\
                 \t\toifname \"lo\" accept\n\t\tct state established accept\n\t}\n}\n";
    let resolvers = ["--resolver=127.0.0.53", "--upstream-resolver=8.8.8.8"];
    let both = "let everything through over loopback and let DNS out";
    assert_eq!(title(rules, &resolvers, "tunnel-dns-blocked"), both);
}

#[test]
fn a_fix_opens_nothing_for_a_finding_that_is_only_said_in_other_words() {
    // Once the queue decides about TCP 7844, it "may" get out where QUIC is told of.
    let rules = "table inet t {\n\tchain out {\n\t\ttype filter hook output priority 0; policy drop;\n\
                 \t\toifname \"lo\" accept\n\t\tmeta l4proto ipv6-icmp accept\n\t\tct state established accept\n\
                 \t\tudp dport 53 accept\n\t\ttcp dport { 53, 443, 853, 7844 } accept\n\t}\n\tchain later {\n\
                 \t\ttype filter hook output priority 10; policy accept;\n\t\taccept\n\
                 \t\ttcp dport 7000-8000 queue num 0\n\t}\n}\n";
    assert_eq!(title(rules, &[], "shadowed-rule"), "move the rule in front of what takes its packets");
}

/// Why the first finding of a lint in a file of rules has no fix.
fn reason(rules: &str, arguments: &[&str], lint: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.nft"), rules).expect("a file");
    let arguments: Vec<String> = arguments.iter().chain(&["rules.nft"]).map(ToString::to_string).collect();
    let found = findings(folder.path(), &arguments);
    let finding = found.iter().find(|finding| finding["lint"] == lint).expect("it is found");
    finding["unfixed"].as_str().unwrap_or_else(|| panic!("no reason: {finding:#}")).to_owned()
}

#[test]
fn a_rule_is_not_moved_in_front_of_what_the_tunnel_needs_only_to_be_passed_by_again() {
    // What opens the way again moves the rule that lets HTTP/2 out back in front of it.
    let rules = "table inet t {\n\tchain out {\n\t\ttype filter hook output priority 0; policy drop;\n\
                 \t\toifname \"lo\" accept\n\t\tmeta l4proto ipv6-icmp accept\n\t\tct state established accept\n\
                 \t\tudp dport 53 accept\n\t\ttcp dport { 53, 443, 853, 7844 } accept\n\
                 \t\ttcp dport 7844 reject\n\t}\n}\n";
    let reason = reason(rules, &[], "shadowed-rule");
    assert_eq!(reason, "it would bring another finding: tunnel-edge-blocked");
}

#[test]
fn a_fix_for_names_goes_by_those_who_ask_and_whose_answers_come_back() {
    // One client port of one group is dropped on its way in: whoever is of another group resolves names.
    let rules = "table inet t {\n\tchain in {\n\t\ttype filter hook input priority 0; policy accept;\n\
                 \t\ttcp dport 60999 meta skgid 500-1500 drop\n\t}\n\tchain out {\n\
                 \t\ttype filter hook output priority 0; policy accept;\n\t\tct state established accept\n\
                 \t\ttcp dport 53 drop\n\t}\n}\n";
    assert_eq!(title(rules, &["--resolver=9.9.9.9", "--user=0"], "tunnel-dns-blocked"), "let DNS out");
}
