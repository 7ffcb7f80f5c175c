//! Fixes in the kernel: random rulesets are mended, and what the kernel then does differently to packets is what
//! fwlint says of before and after.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use fwlint::dialects::{self, Dialect};
use fwlint::eval::difference::{Change, Difference, Kind};
use fwlint::eval::{Host, Routes, Way};
use fwlint::model::Ruleset;
use fwlint::packet::axis::{NO_OWNER, kind};
use fwlint::packet::{Axis, Family, values};
use fwlint::source::FileId;
use serde_json::{Value, json};

use crate::cli;
use crate::kernel::oracle::{self, Oracle};

/// How many rulesets are generated, unless `FWLINT_FIXES_COUNT` says otherwise.
const COUNT: usize = 24;

/// A host before and after.
struct Mended {
    interfaces: Value,
    sets: Option<String>,
    before: Vec<(&'static str, String)>,
    after: Vec<(&'static str, String)>,
    probes: Vec<Value>,
}

const FILES: [(&str, &str, Dialect); 2] =
    [("v4", "rules.v4", Dialect::Iptables), ("v6", "rules.v6", Dialect::Ip6tables)];

impl Mended {
    /// Applies all fixes to a generated host; `None` if there are none.
    fn of(job: &Value) -> Option<Mended> {
        let folder = tempfile::tempdir().expect("a folder");
        let text = |kind: &str| {
            let rulesets = job["rulesets"].as_array()?;
            let found = rulesets.iter().find(|pair| pair[0] == kind)?;
            Some(found[1].as_str()?.to_owned())
        };
        let sets = text("ipset");
        if let Some(sets) = &sets {
            fs::write(folder.path().join("ipset"), sets).expect("a file");
        }
        let mut before = Vec::new();
        for (number, (kind, name, _)) in FILES.iter().enumerate() {
            let text = broken(&text(kind)?, job["id"].as_str().map_or(0, str::len) + number);
            fs::write(folder.path().join(name), &text).expect("a file");
            before.push((*kind, text));
        }
        let arguments =
            ["check", "--fix", "--unsafe-fixes", "--isolated", "--exit-zero", "--quick", "rules.v4"]
                .map(String::from);
        let done = cli::run(folder.path(), &arguments, b"");
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{}", job["id"]);
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
        let after: Vec<_> = FILES.iter().map(|(kind, name, _)| (*kind, read(name))).collect();
        if before == after {
            return None;
        }
        let mut probes = job["probes"].as_array()?.clone();
        for edge in ["198.41.192.7", "198.41.200.233", "2606:4700:a0::1", "2606:4700:a8::10"] {
            for protocol in ["udp", "tcp"] {
                for port in [53, 443, 7843, 7844] {
                    probes.push(json!({"direction": "out", "proto": protocol, "dst": edge, "dport": port}));
                }
            }
        }
        Some(Mended { interfaces: job["interfaces"].clone(), sets, before, after, probes })
    }

    /// The job of the oracle for one side.
    fn job(&self, side: &[(&'static str, String)]) -> Value {
        let mut rulesets: Vec<Value> = self.sets.iter().map(|sets| json!(["ipset", sets])).collect();
        rulesets.extend(side.iter().map(|(kind, text)| json!([kind, text])));
        json!({"rulesets": rulesets, "interfaces": self.interfaces, "probes": self.probes, "nd": false})
    }

    fn read(&self, side: &[(&'static str, String)]) -> Ruleset {
        let mut ruleset = Ruleset::default();
        if let Some(sets) = &self.sets {
            ruleset.join(dialects::read(Dialect::Ipset, FileId(0), sets));
        }
        for ((_, text), (_, _, dialect)) in side.iter().zip(FILES) {
            ruleset.join(dialects::read(dialect, FileId(0), text));
        }
        ruleset
    }
}

/// A ruleset with one of its rules removed, moved to the end of the file's rules, or narrowed.
fn broken(text: &str, dice: usize) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].starts_with("-A ")).collect();
    let Some(chosen) = rules.get((dice * 7) % rules.len().max(1)) else { return text.to_owned() };
    match dice % 3 {
        0 => drop(lines.remove(*chosen)),
        1 => {
            let moved = lines.remove(*chosen);
            let end = lines.iter().position(|line| line == "COMMIT").unwrap_or(lines.len());
            lines.insert(end, moved);
        }
        _ => lines[*chosen] = lines[*chosen].replacen(" -j ", " -m conntrack --ctstate NEW -j ", 1),
    }
    lines.join("\n") + "\n"
}

/// Does a change hold a probe, as the oracle has filled it in?
fn holds(change: &Change, probe: &Value, interface: &str) -> bool {
    let is_out = probe["direction"] == "out";
    if change.is_loopback || (change.way == Way::Out) != is_out || change.way == Way::Forward {
        return false;
    }
    if !change.kinds.contains(&Kind::First) {
        return false;
    }
    let text = |key: &str| probe[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| u128::from(probe[key].as_u64().unwrap_or_default());
    let (source, destination) = (text("src"), text("dst"));
    let is_v6 = source.contains(':') || destination.contains(':');
    let protocol = match text("proto").as_str() {
        "tcp" => 6,
        "udp" => 17,
        "icmp" => 1,
        _ => 58,
    };
    let address = |text: &str| text.parse().map_or(0, |address| values::address(address).0);
    let name = values::name(interface).unwrap_or_default();
    let value = |axis: Axis| match axis {
        Axis::Family => {
            if is_v6 {
                Family::V6.number()
            } else {
                Family::V4.number()
            }
        }
        Axis::Protocol => protocol,
        Axis::Source => address(&source),
        Axis::Destination => address(&destination),
        Axis::SourcePort => number("sport"),
        Axis::DestinationPort if protocol == 1 || protocol == 58 => number("type") << 8 | number("code"),
        Axis::DestinationPort => number("dport"),
        Axis::InInterface => {
            if is_out {
                0
            } else {
                name
            }
        }
        Axis::OutInterface if is_out => name,
        Axis::SourceKind => {
            if is_out {
                kind::LOCAL
            } else {
                kind::UNICAST
            }
        }
        Axis::DestinationKind => {
            if is_out {
                kind::UNICAST
            } else {
                kind::LOCAL
            }
        }
        Axis::Uid => {
            if is_out {
                number("uid")
            } else {
                NO_OWNER
            }
        }
        Axis::Gid => {
            if is_out {
                number("gid")
            } else {
                NO_OWNER
            }
        }
        Axis::HopLimit => 64,
        _ => 0,
    };
    change.packets.cubes().iter().any(|cube| cube.contains(value))
}

#[test]
fn the_kernel_does_what_fixes_say() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the fixes of random rulesets", &reason),
    };
    let count =
        std::env::var("FWLINT_FIXES_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(COUNT);
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args([
        "--flavour",
        "iptables",
        "--seed",
        "5",
        "--count",
        &count.to_string(),
    ]);
    let mut generated = generator.stdout(Stdio::piped()).spawn().expect("python3 runs");
    let lines = BufReader::new(generated.stdout.take().expect("its output is a pipe")).lines();
    let jobs = lines.map(|line| serde_json::from_str::<Value>(&line.expect("text")).expect("JSON"));
    let mended: Vec<Mended> = jobs.filter_map(|job| Mended::of(&job)).collect();
    generated.wait().expect("the generator ends");
    let (asked, compared) = ask(&folder, &mended);
    oracle::say(&format!(
        "fixes: {} rulesets mended, {asked} packets, {compared} of which fare otherwise",
        mended.len()
    ));
    assert!(mended.len() > count / 4, "too few rulesets need mending");
    assert!(compared > 0, "no fix changes anything for these packets");
}

/// Shows both sides of each host to the kernel; returns how many packets were compared, and how many fared otherwise.
fn ask(folder: &Path, mended: &[Mended]) -> (usize, usize) {
    let (mut oracle, mut jobs) = Oracle::start(folder, "nft", 2);
    let texts: Vec<String> = mended
        .iter()
        .flat_map(|host| [host.job(&host.before), host.job(&host.after)])
        .map(|job| format!("{job}\n"))
        .collect();
    let writer = thread::spawn(move || texts.iter().try_for_each(|text| jobs.write_all(text.as_bytes())));
    let (mut asked, mut differ, mut wrong) = (0, 0, Vec::new());
    for host in mended {
        let (before, after) = (oracle.next(), oracle.next());
        let (one, other) = (host.read(&host.before), host.read(&host.after));
        let difference =
            Difference::of(&Host::new(&one), &Host::new(&other), &Routes::default(), &Family::ALL);
        // Some rules cannot be loaded once they are broken.
        let Some(was) = before["results"].as_array() else { continue };
        let Some(is) = after["results"].as_array() else {
            wrong.push(format!("the loader refuses what is mended: {}\n{:?}", after["error"], host.after));
            continue;
        };
        let difference = difference.expect("it is decided");
        for (was, is) in was.iter().zip(is) {
            let probe = &was["probe"];
            let step = if probe["direction"] == "out" { "egress" } else { "ingress" };
            // Flags other than SYN are of other kinds; what goes over lo is not told here.
            let is_plain =
                probe["direction"] != "local" && matches!(probe["flags"].as_str(), None | Some("S"));
            let interface = probe["iface"].as_str().unwrap_or("eth0");
            if !is_plain || was["error"] != Value::Null || is["error"] != Value::Null {
                continue;
            }
            asked += 1;
            let (passed, passes) = (was[step] == "accepted", is[step] == "accepted");
            let found = difference.changes.iter().find(|change| holds(change, probe, interface));
            let said = found.map(|change| (change.before.fate.is_through(), change.after.fate.is_through()));
            let said = said.filter(|(was, is)| was != is);
            differ += usize::from(passed != passes);
            if said != (passed != passes).then_some((passed, passes)) {
                wrong.push(format!(
                    "{probe}: {} then {}, but {said:?}\n{:?}\n{:?}",
                    was[step], is[step], host.before, host.after
                ));
            }
        }
    }
    writer.join().expect("the jobs are written").expect("the oracle takes them");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[0]);
    (asked, differ)
}
