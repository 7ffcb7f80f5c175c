//! Whose answers are that come to UDP sockets: rules on INPUT ask for the owner of a socket that is connected, and of no other.
//! fwlint must say what the kernel does with either where it is told which it is, and otherwise that it depends, where the two
//! fare otherwise.

use super::{oracle, ours};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::Command;

const USER: u32 = 1000;
const GROUP: u32 = 2000;

/// What the unknown is called.
const UNKNOWN: &str = "the socket that asks is connected";

/// What a chain of INPUT says, and whether connected and unconnected sockets fare otherwise.
const RULES: [(&str, bool); 14] = [
    ("meta skuid 1000 drop", true),
    ("meta skuid 1001 drop", false),
    ("meta skuid != 1000 drop", false),
    ("meta skuid != 1001 drop", true),
    ("meta skgid 2000 drop", true),
    ("udp sport 53 meta skuid 1000 meta skgid 2000 drop", true),
    ("udp sport 53 meta skgid 0-1999 drop", false),
    ("tcp sport 53 meta skuid 1000 drop", false),
    ("udp sport 54 meta skuid 1000 drop", false),
    ("udp sport 53 meta skuid 0-4294967294 accept\n udp sport 53 drop", true),
    ("ct state established accept\n meta skuid 1000 drop", false),
    ("udp sport 53 drop\n meta skuid 1000 accept", false),
    ("meta skuid 1000 meta mark set 7\n udp sport 53 meta mark 7 drop", true),
    ("udp sport 53 meta skuid vmap { 0: drop, 1000: jump mine }", true),
];

/// Chains that write into answers before they ask. What becomes of these may be left open, but sockets fare otherwise.
const WRITTEN: [&str; 2] = [
    "udp sport 53 udp sport set 54\n udp sport 54 meta skuid 1000 drop",
    "ip saddr set 9.9.9.9\n ip6 saddr set 9::9\n ip saddr 9.9.9.9 meta skuid 1000 drop\n \
     ip6 saddr 9::9 meta skuid 1000 drop",
];

/// What stands before that chain: nothing, and what takes the question or the answer out of connection tracking.
const BEFORE: [&str; 3] = [
    "",
    "chain o {\n type filter hook output priority raw\n notrack\n }",
    "chain p {\n type filter hook prerouting priority raw\n notrack\n }",
];

struct Asked {
    rules: String,
    family: u8,
    differs: bool,
    is_written: bool,
}

impl Asked {
    fn all() -> Vec<Asked> {
        let mut all = Vec::new();
        let plain = RULES.map(|(rules, differs)| (rules, differs, false));
        for (rules, differs, is_written) in plain.into_iter().chain(WRITTEN.map(|rules| (rules, true, true)))
        {
            // Answers are not established then.
            let before = if rules.starts_with("ct state") { &BEFORE[..1] } else { &BEFORE };
            for before in before {
                let rules = format!(
                    "table inet t {{\n chain mine {{\n drop\n }}\n {before}\n chain i {{\n type filter hook input priority 0\n \
                     {rules}\n }}\n }}\n"
                );
                all.extend([4, 6].map(|family| Asked { rules: rules.clone(), family, differs, is_written }));
            }
        }
        all
    }

    /// What the kernel is asked.
    fn job(&self, connected: bool) -> Value {
        json!({"rules": self.rules, "family": self.family, "uid": USER, "gid": GROUP, "connected": connected})
    }

    /// What fwlint is asked.
    fn probe(&self, connected: Option<bool>) -> Value {
        let (own, far) =
            if self.family == 4 { ("192.0.2.10", "192.0.2.1") } else { ("2001:db8::10", "2001:db8::1") };
        json!({"direction": "out", "proto": "udp", "src": own, "dst": far, "dport": 53, "uid": USER, "gid": GROUP,
               "connected": connected})
    }
}

#[test]
fn over_udp_only_answers_to_connected_sockets_have_an_owner_on_input() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("owners of UDP sockets with the kernel", &reason);
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/harness/kernel/sockets.py");
    let mut command = Command::new("unshare");
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "python3", "-B"]).arg(program);
    let (mut kernel, mut jobs) = oracle::Oracle::talk_to(command);
    let mut wrong = Vec::new();
    for asked in Asked::all() {
        let comes_back = [true, false].map(|connected| {
            writeln!(jobs, "{}", asked.job(connected)).expect("it takes jobs");
            kernel.next() == true
        });
        let probes = [Some(true), Some(false), None].map(|connected| asked.probe(connected));
        let rulesets = [("nft".to_owned(), asked.rules.clone())];
        let interfaces = ["eth0=192.0.2.10/24,2001:db8::10/64".to_owned()];
        let answers = ours::answers(&rulesets, &interfaces, &probes).expect("fwlint reads nft");
        let said = || answers.iter().map(|answer| answer["reply"].as_str().unwrap_or_default());
        let word = |comes_back| if comes_back { "delivered" } else { "blocked" };
        let [connected, unconnected] = comes_back;
        let untold = if connected == unconnected { word(connected) } else { "depends" };
        let names_it = answers[2]["depends_on"] == json!([UNKNOWN]);
        let expected = [word(connected), word(unconnected), untold];
        let is_said = match asked.is_written {
            true => said().zip(expected).all(|(said, expected)| [expected, "depends"].contains(&said)),
            false => said().eq(expected) && names_it == asked.differs,
        };
        let is_right = is_said && asked.differs == (connected != unconnected);
        if !is_right {
            wrong.push(format!("{}IPv{}: kernel {comes_back:?}\n{answers:#?}", asked.rules, asked.family));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
