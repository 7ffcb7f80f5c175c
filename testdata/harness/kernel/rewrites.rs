//! Random rules of nft that write into addresses and ports without a translation, among rules that compare them and states
//! of connections. Much of what becomes of such packets is left open; nothing that is said may be otherwise.

use super::compare::Tally;
use super::mixtures::Dice;
use super::oracle::{self, Oracle};
use super::{job, ours, setting};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

#[test]
fn fwlint_and_the_kernel_agree_on_random_rules_that_write_into_packets() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of what rules write", &reason),
    };
    let (seed, count) = (setting("FWLINT_KERNEL_SEED", 1), setting("FWLINT_KERNEL_COUNT", 300) / 3);
    let hosts: Vec<Host> = (0..count).map(|number| Host::new(seed, number)).collect();
    let (mut oracle, mut jobs) = Oracle::start(&folder, "nft", 2);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let hosts = &hosts;
        scope.spawn(move || {
            for host in hosts {
                let job = job(&host.rulesets, &[INTERFACE.to_string()], &host.probes);
                writeln!(jobs, "{job}").expect("the oracle takes jobs");
            }
        });
        hosts.iter().for_each(|host| host.compare(&oracle.next(), &mut tally));
    });
    oracle::say(&format!("what rules write: {tally}"));
    let printed: Vec<String> = tally.disagreements.iter().take(3).cloned().collect();
    assert!(printed.is_empty(), "{} disagreements\n{}", tally.disagreements.len(), printed.join("\n"));
    assert!(tally.depends_in_100() < 50.0, "fwlint decides too little: {tally}");
}

const INTERFACE: &str = "eth0=192.0.2.10/24,2001:db8::10/64";

/// How many packets each host is asked about.
const PROBES: usize = 30;

const OWN: &str = "192.0.2.10";
const REMOTES: [&str; 3] = ["198.51.100.1", "198.51.100.2", "203.0.113.1"];
/// Ports at which the oracle has services.
const PORTS: [u16; 3] = [53, 443, 7844];

/// Ports that rules write. They are none of the others: two services that got each other's answers would go on for ever.
const WRITTEN: [u16; 2] = [2001, 2002];

struct Host {
    name: String,
    rulesets: [(String, String); 1],
    probes: Vec<Value>,
}

impl Host {
    fn new(seed: usize, number: usize) -> Self {
        let mut dice = Dice::new(seed, number);
        let rulesets = [("nft".to_string(), ruleset(&mut dice))];
        let probes = (0..PROBES).map(|_| probe(&mut dice)).collect();
        Host { name: format!("written {seed}/{number}"), rulesets, probes }
    }

    fn compare(&self, answer: &Value, tally: &mut Tally) {
        let Some(results) = answer["results"].as_array() else {
            let text = &self.rulesets[0].1;
            tally.disagreements.push(format!("{}: refused: {}\n{text}", self.name, answer["error"]));
            return;
        };
        // Flows whose source port a rule has written the oracle cannot play.
        let results: Vec<Value> =
            results.iter().filter(|result| result["error"].is_null()).cloned().collect();
        let probes: Vec<Value> = results.iter().map(|result| result["probe"].clone()).collect();
        let answers = ours::answers(&self.rulesets, &[INTERFACE.to_string()], &probes).expect("it is read");
        tally.compare(&self.name, &self.rulesets, &results, &answers);
    }
}

fn probe(dice: &mut Dice) -> Value {
    let proto = dice.of(&["tcp", "udp", "tcp", "udp", "icmp"]);
    let direction = dice.of(&["out", "out", "out", "in", "local"]);
    let (src, dst) = match direction {
        "out" => (OWN, dice.of(&REMOTES)),
        "in" => (dice.of(&REMOTES), OWN),
        _ => (OWN, OWN),
    };
    let mut probe = json!({"direction": direction, "proto": proto, "src": src, "dst": dst});
    if proto != "icmp" {
        probe["dport"] = dice.of(&PORTS).into();
    }
    probe
}

const CHAINS: [(&str, i32); 8] = [
    ("prerouting", -300),
    ("prerouting", -150),
    ("input", 0),
    ("output", -300),
    ("output", -150),
    ("output", 0),
    ("postrouting", -150),
    ("postrouting", 0),
];

fn ruleset(dice: &mut Dice) -> String {
    let mut text = String::from("table ip t {\n    chain called {\n");
    rules(dice, &mut text, "called", 3);
    text += "    }\n";
    for (hook, priority) in CHAINS {
        let kind = if hook == "output" && dice.one_in(4) { "route" } else { "filter" };
        let policy = if priority == 0 && dice.one_in(4) { "drop" } else { "accept" };
        let name = format!("{hook}{}", -priority);
        writeln!(
            text,
            "    chain {name} {{\n        type {kind} hook {hook} priority {priority}; policy {policy};"
        )
        .unwrap_or_default();
        let most = if hook == "output" { 6 } else { 3 };
        rules(dice, &mut text, hook, most);
        text += "    }\n";
    }
    if dice.one_in(4) {
        text += "    chain n {\n        type nat hook postrouting priority 100;\n        udp dport 443 masquerade\n    }\n";
    }
    text + "}\n"
}

fn rules(dice: &mut Dice, text: &mut String, hook: &str, most: usize) {
    for _ in 0..dice.below(most + 1) {
        let rule = rule(dice, hook);
        writeln!(text, "        {rule}").unwrap_or_default();
    }
}

fn rule(dice: &mut Dice, hook: &str) -> String {
    let mut words = Vec::new();
    let protocol = dice.of(&["tcp", "udp", ""]);
    if !protocol.is_empty() {
        words.push(match dice.below(3) {
            0 => format!("{protocol} dport {}", dice.of(&[PORTS[0], PORTS[1], PORTS[2], WRITTEN[0]])),
            1 => format!("{protocol} sport {}", dice.of(&PORTS)),
            _ => format!("meta l4proto {protocol}"),
        });
    }
    let not = if dice.one_in(4) { "!= " } else { "" };
    match dice.below(7) {
        0 | 1 => words.push(format!("ip daddr {not}{}", dice.of(&[REMOTES[0], REMOTES[1], REMOTES[2], OWN]))),
        2 | 3 => words.push(format!("ip saddr {not}{}", dice.of(&[REMOTES[0], REMOTES[1], "10.9.9.9", OWN]))),
        4 => words.push(format!("ct state {}", dice.of(&["new", "established", "invalid", "untracked"]))),
        5 => words.push(format!("fib daddr type {not}local")),
        _ => {}
    }
    for _ in 0..=dice.below(2) {
        match dice.below(9) {
            0 | 1 => {
                words.push(format!("ip daddr set {}", dice.of(&[REMOTES[0], REMOTES[1], "10.9.9.9", OWN])))
            }
            2 => words.push(format!("ip saddr set {}", dice.of(&[REMOTES[0], "10.9.9.9", OWN]))),
            3 if !protocol.is_empty() => words.push(format!("{protocol} dport set {}", dice.of(&WRITTEN))),
            4 if dice.one_in(3) => {
                words.push("ip daddr set ip saddr map { 192.0.2.10 : 198.51.100.2 }".into())
            }
            5 if dice.one_in(3) => words.push(format!("th dport set {}", dice.of(&WRITTEN))),
            _ => {}
        }
    }
    let verdicts = ["accept", "drop", "", "", "return", "counter", "reject", "jump called", "notrack"];
    words.push(match dice.of(&verdicts) {
        "reject" if !matches!(hook, "input" | "output") => "drop".into(),
        "jump called" if hook == "called" => "accept".into(),
        "notrack" if !matches!(hook, "prerouting" | "output") => "accept".into(),
        "" => format!("ip daddr {} drop", dice.of(&REMOTES)),
        verdict => verdict.into(),
    });
    words.join(" ")
}
