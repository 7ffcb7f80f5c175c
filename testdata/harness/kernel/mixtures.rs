//! Random mixtures of what the oracle's generator leaves out: NAT, marks of packets and flows, the raw and security
//! tables, zones, and chains that return and go to each other, in both families at once.

use super::compare::Tally;
use super::oracle::{self, Oracle};
use super::{job, ours, setting};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;

#[test]
fn fwlint_and_the_kernel_agree_on_random_mixtures_of_tables() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of random mixtures", &reason),
    };
    let (seed, count) = (setting("FWLINT_KERNEL_SEED", 1), setting("FWLINT_KERNEL_COUNT", 300) / 6);
    let tallies = thread::scope(|scope| {
        let running = ["nft", "legacy"].map(|backend| {
            let folder = &folder;
            scope.spawn(move || {
                let hosts: Vec<Mixture> =
                    (0..count).map(|number| Mixture::new(seed, number, backend)).collect();
                let (mut oracle, mut jobs) = Oracle::start(folder, backend, 2);
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
                tally
            })
        });
        running.map(|each| each.join().expect("the comparison ends"))
    });
    let mut all = Tally::default();
    tallies.into_iter().for_each(|tally| all.add(tally));
    oracle::say(&format!("mixtures of {all}"));
    let printed: Vec<String> = all.disagreements.iter().take(3).cloned().collect();
    assert!(printed.is_empty(), "{} disagreements\n{}", all.disagreements.len(), printed.join("\n"));
    assert!(all.depends_in_100() < 0.5, "fwlint decides too little: {all}");
}

const INTERFACE: &str = "eth0=192.0.2.10/24,2001:db8::10/64";

/// How many packets each host is asked about.
const PROBES: usize = 30;

/// A host, and packets for it.
struct Mixture {
    name: String,
    rulesets: Vec<(String, String)>,
    probes: Vec<Value>,
}

impl Mixture {
    fn new(seed: usize, number: usize, backend: &str) -> Self {
        let mut dice = Dice::new(seed, number);
        let rulesets =
            [V4, V6].map(|family| (format!("{}-{backend}", family.kind), ruleset(&mut dice, &family)));
        let probes = (0..PROBES).map(|at| probe(&mut dice, if at % 3 == 2 { &V6 } else { &V4 })).collect();
        Mixture { name: format!("mixture {seed}/{number} ({backend})"), rulesets: rulesets.into(), probes }
    }

    fn compare(&self, answer: &Value, tally: &mut Tally) {
        let Some(results) = answer["results"].as_array() else {
            let texts: String = self.rulesets.iter().map(|(_, text)| text.as_str()).collect();
            tally.disagreements.push(format!("{}: refused: {}\n{texts}", self.name, answer["error"]));
            return;
        };
        // Some flows the oracle cannot play, such as those whose source port is translated.
        let results: Vec<Value> =
            results.iter().filter(|result| result["error"].is_null()).cloned().collect();
        let probes: Vec<Value> = results.iter().map(|result| result["probe"].clone()).collect();
        let answers = ours::answers(&self.rulesets, &[INTERFACE.to_string()], &probes).expect("it is read");
        tally.compare(&self.name, &self.rulesets, &results, &answers);
    }
}

/// What the families differ in.
struct Family {
    kind: &'static str,
    own: &'static str,
    remotes: [&'static str; 3],
    loopback: &'static str,
    icmp: &'static str,
    rejects: [&'static str; 2],
}

const V4: Family = Family {
    kind: "v4",
    own: "192.0.2.10",
    remotes: ["198.41.192.7", "198.41.200.3", "203.0.113.1"],
    loopback: "127.0.0.1",
    icmp: "icmp",
    rejects: ["icmp-port-unreachable", "icmp-admin-prohibited"],
};

const V6: Family = Family {
    kind: "v6",
    own: "2001:db8::10",
    remotes: ["2606:4700:a0::1", "2606:4700:a8::1", "2001:db8:ffff::77"],
    loopback: "::1",
    icmp: "icmpv6",
    rejects: ["icmp6-port-unreachable", "icmp6-adm-prohibited"],
};

/// A small source of chance that gives the same each time (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: usize, number: usize) -> Self {
        Dice((seed as u64) << 32 | number as u64)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) % limit as u64) as usize
    }

    pub fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const PORTS: [u16; 4] = [22, 53, 443, 7844];

fn probe(dice: &mut Dice, family: &Family) -> Value {
    let (proto, remote) = (dice.of(&["tcp", "udp", "tcp", "udp", family.icmp]), dice.of(&family.remotes));
    // The oracle plays ICMP from outside only.
    let direction = if proto == family.icmp { "in" } else { dice.of(&["out", "out", "in", "in", "local"]) };
    let (src, dst) = match direction {
        "out" => (family.own, remote),
        "in" => (remote, family.own),
        _ => (family.loopback, family.loopback),
    };
    let mut probe = json!({"direction": direction, "proto": proto, "src": src, "dst": dst});
    if proto != family.icmp {
        probe["dport"] = dice.of(&PORTS).into();
        // Over loopback the kernel chooses it.
        if direction != "local" {
            probe["sport"] = (40_000 + dice.below(3)).into();
        }
    }
    if direction != "in" {
        probe["uid"] = dice.of(&[0, 1000]).into();
        probe["mark"] = dice.of(&[0, 0, 0, 1, 2]).into();
    }
    probe
}

/// The built-in chains of each table.
const TABLES: [(&str, &[&str]); 5] = [
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("mangle", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", &["INPUT", "OUTPUT"]),
    ("security", &["INPUT", "OUTPUT"]),
];

/// Chains of one's own; each calls only those behind it.
const OWN: [&str; 3] = ["first", "second", "third"];

fn ruleset(dice: &mut Dice, family: &Family) -> String {
    let mut text = String::new();
    for (table, chains) in TABLES {
        writeln!(text, "*{table}").unwrap_or_default();
        for chain in chains {
            let policy = if table == "filter" && dice.one_in(3) { "DROP" } else { "ACCEPT" };
            writeln!(text, ":{chain} {policy} [0:0]").unwrap_or_default();
        }
        OWN.iter().for_each(|chain| writeln!(text, ":{chain} - [0:0]").unwrap_or_default());
        for chain in chains.iter().chain(&OWN) {
            let count = if table == "filter" { 3 + dice.below(5) } else { dice.below(4) };
            for _ in 0..count {
                let rule = rule(dice, family, table, chain);
                writeln!(text, "-A {chain} {rule}").unwrap_or_default();
            }
        }
        text += "COMMIT\n";
    }
    text
}

fn rule(dice: &mut Dice, family: &Family, table: &str, chain: &str) -> String {
    let mut words = Vec::new();
    let comes_in = matches!(chain, "PREROUTING" | "INPUT");
    let goes_out = matches!(chain, "OUTPUT" | "POSTROUTING");
    let protocol = dice.of(&["tcp", "udp", "tcp", "udp", ""]);
    if !protocol.is_empty() {
        words.push(format!("-p {protocol} -m {protocol}"));
        match dice.below(4) {
            0 => words.push(format!("--dport {}", dice.of(&PORTS))),
            1 => words.push(format!("! --dport {}", dice.of(&PORTS))),
            2 => words.push(format!("--sport {}", dice.of(&PORTS))),
            _ => {}
        }
    }
    let not = |dice: &mut Dice| if dice.one_in(3) { "! " } else { "" };
    for _ in 0..dice.below(3) {
        let not = not(dice);
        let condition = match dice.below(8) {
            0 => format!("{not}-s {}", dice.of(&family.remotes)),
            1 => format!("{not}-d {}", dice.of(&family.remotes)),
            2 if comes_in => format!("{not}-i {}", dice.of(&["lo", "eth0"])),
            2 if goes_out => format!("{not}-o {}", dice.of(&["lo", "eth0"])),
            3 => {
                let states =
                    ["NEW", "ESTABLISHED", "RELATED,ESTABLISHED", "INVALID", "UNTRACKED", "DNAT", "SNAT"];
                format!("-m conntrack {not}--ctstate {}", dice.of(&states))
            }
            4 => format!("-m mark {not}--mark {}", dice.of(&["0x1", "0x2/0x2", "0x0"])),
            5 => format!("-m connmark {not}--mark {}", dice.of(&["0x1", "0x2/0x2", "0x0"])),
            6 => format!("-m conntrack --ctdir {}", dice.of(&["ORIGINAL", "REPLY"])),
            7 if goes_out => format!("-m owner {not}--uid-owner {}", dice.of(&["0", "1000"])),
            _ => continue,
        };
        // Options of the rule itself come once each.
        let option = condition.trim_start_matches("! ").split(' ').next().unwrap_or("").to_string();
        let is_there = |word: &String| option != "-m" && word.trim_start_matches("! ").starts_with(&option);
        if !words.iter().any(is_there) {
            words.push(condition);
        }
    }
    // An answer that a rule translates is lost to its client, which the oracle does not see: only what clients
    // send is translated, by their ports or over loopback.
    let mut kind = protocol;
    if table == "nat" && chain == "OUTPUT" {
        let has = |option: &str| words.iter().any(|word| word.contains(option));
        kind = match (protocol.is_empty(), has("--sport"), has("-o ")) {
            (false, false, _) => {
                words.insert(1, "--sport 40000:40002".into());
                "-p"
            }
            (_, _, false) => {
                words.push("-o lo".into());
                "-o"
            }
            _ => "",
        };
    }
    words.push(format!("-j {}", target(dice, family, table, chain, kind)).replace("-j -g", "-g"));
    words.join(" ")
}

fn target(dice: &mut Dice, family: &Family, table: &str, chain: &str, protocol: &str) -> String {
    let place = OWN.iter().position(|own| *own == chain);
    let behind = &OWN[place.map_or(0, |place| place + 1)..];
    match (dice.below(10), table) {
        (0, _) => "RETURN".into(),
        (1 | 2, _) if !behind.is_empty() => dice.of(behind).into(),
        (3, _) if !behind.is_empty() => format!("-g {}", dice.of(behind)),
        (4 | 5, "raw") => "NOTRACK".into(),
        (6, "raw") => format!("CT {} {}", dice.of(&["--zone", "--zone-orig", "--zone-reply"]), dice.below(3)),
        (4..=8, "mangle") => mark(dice),
        (4..=8, "nat") => translation(dice, family, chain, protocol),
        (4, "filter") => format!("REJECT --reject-with {}", dice.of(&family.rejects)),
        (5, "filter") if protocol == "tcp" => "REJECT --reject-with tcp-reset".into(),
        (6, _) if table != "nat" => "DROP".into(),
        _ => "ACCEPT".into(),
    }
}

fn mark(dice: &mut Dice) -> String {
    let choices = [
        "MARK --set-mark 1",
        "MARK --set-xmark 0x2/0x2",
        "MARK --and-mark 0xfffffffe",
        "CONNMARK --set-mark 1",
        "CONNMARK --or-mark 0x2",
        "CONNMARK --save-mark",
        "CONNMARK --restore-mark",
        "CONNMARK --save-mark --nfmask 0x1 --ctmask 0x3",
        "CONNMARK --restore-mark --nfmask 0x3 --ctmask 0x2",
    ];
    dice.of(&choices).into()
}

fn translation(dice: &mut Dice, family: &Family, chain: &str, protocol: &str) -> String {
    match chain {
        "OUTPUT" if dice.one_in(2) && family.kind == "v4" && protocol.starts_with("-p") => {
            format!("DNAT --to-destination {}:{}", dice.of(&family.remotes), dice.of(&PORTS))
        }
        "OUTPUT" if !protocol.is_empty() => format!("DNAT --to-destination {}", dice.of(&family.remotes)),
        "POSTROUTING" => dice.of(&["MASQUERADE", "ACCEPT", "RETURN"]).into(),
        _ => dice.of(&["ACCEPT", "RETURN"]).into(),
    }
}
