//! Fixes in the kernel: random rulesets are broken, then mended. What the tunnel requires then holds, in fwlint's eyes
//! and in the kernel's, and what the kernel does differently to packets is what fwlint says of before and after.
//!
//! `FWLINT_FIXES_COUNT` (default 24) and `FWLINT_FIXES_SEED` (default 5) choose the rulesets of the oracle's generator;
//! `FWLINT_FIXES_ONLY` (`6/134/nft,6/484/nft`) leaves all others out.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use fwlint::dialects::{self, Dialect};
use fwlint::eval::difference::Difference;
use fwlint::eval::{Host, Routes};
use fwlint::model::Ruleset;
use fwlint::packet::Family;
use fwlint::source::FileId;
use serde_json::{Value, json};

use super::broken::{Dice, broken};
use super::packets::{Packet, holds};
use super::required::{self, Asked};
use crate::cli;
use crate::kernel::oracle::{self, Oracle};

/// How many rulesets are generated, unless `FWLINT_FIXES_COUNT` says otherwise.
const COUNT: usize = 24;

/// How many threads mend; as many ask the kernel at a time.
const WORKERS: usize = 2;

/// How many exceptions are printed in full.
const MOST_PRINTED: usize = 5;

/// A host before and after.
struct Mended {
    flavour: &'static Flavour,
    interfaces: Value,
    sets: Option<String>,
    before: Vec<(&'static str, String)>,
    after: Vec<(&'static str, String)>,
    /// What was done to the files, and what fwlint did.
    story: String,
    probes: Vec<Value>,
    /// What is still wrong in fwlint's eyes.
    left: Vec<String>,
    /// What the kernel is asked of what the tunnel requires.
    asked: Asked,
}

/// A kind of rulesets: what the generator calls it, and what its files are to the oracle, on the disk and to fwlint.
struct Flavour {
    name: &'static str,
    files: &'static [(&'static str, &'static str, Dialect)],
}

static IPTABLES: Flavour = Flavour {
    name: "iptables",
    files: &[("v4", "rules.v4", Dialect::Iptables), ("v6", "rules.v6", Dialect::Ip6tables)],
};

static NFT: Flavour = Flavour { name: "nft", files: &[("nft", "rules.nft", Dialect::Nft)] };

impl Mended {
    /// Breaks a generated host and applies all fixes to it; `None` if it is not of this kind.
    fn of(flavour: &'static Flavour, job: &Value) -> Option<Mended> {
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
        let id = job["id"].as_str().unwrap_or_default().to_owned();
        let (mut dice, mut story, mut before) = (Dice::of(&id), id.clone(), Vec::new());
        for (kind, name, _) in flavour.files {
            let (text, done) = broken(&text(kind)?, &mut dice);
            fs::write(folder.path().join(name), &text).expect("a file");
            write!(story, "; a rule of {name} is {done}").expect("a text");
            before.push((*kind, text));
        }
        let settings = required::settings(job);
        let first = flavour.files[0].1;
        let fix: Vec<String> = ["check", first, "--fix", "--unsafe-fixes", "--exit-zero", "--quick"]
            .map(String::from)
            .into_iter()
            .chain(settings.iter().cloned())
            .collect();
        // A fix that cannot be proven is a failure in debug builds.
        let done = std::panic::catch_unwind(|| cli::run(folder.path(), &fix, b""));
        let Ok(done) = done else {
            let left = vec!["a fix cannot be proven".to_owned()];
            let (interfaces, after, probes) = (job["interfaces"].clone(), before.clone(), Vec::new());
            let asked = Asked::Nothing;
            return Some(Mended { flavour, interfaces, sets, before, after, story, probes, left, asked });
        };
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{id}");
        for line in done.stdout.lines().filter(|line| line.starts_with("fixed[")) {
            write!(story, "\n{line}").expect("a text");
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
        let after: Vec<_> = flavour.files.iter().map(|(kind, name, _)| (*kind, read(name))).collect();
        let (left, asked) = required::left(folder.path(), first, &settings);
        // Where nothing is changed nothing fares otherwise; what is required must hold there, too.
        let mut probes = if before == after { Vec::new() } else { job["probes"].as_array()?.clone() };
        // Left to itself the oracle may choose another port for the same packet after than before.
        for (probe, port) in probes.iter_mut().zip(50_000..) {
            if matches!(probe["proto"].as_str(), Some("tcp" | "udp")) && probe["sport"].is_null() {
                probe["sport"] = json!(port);
            }
        }
        Some(Mended {
            flavour,
            interfaces: job["interfaces"].clone(),
            sets,
            before,
            after,
            story,
            probes,
            left,
            asked,
        })
    }

    /// The job of the oracle for one side. What the tunnel requires is asked of the mended side.
    fn job(&self, side: &[(&'static str, String)], more: &[Value]) -> Value {
        let mut rulesets: Vec<Value> = self.sets.iter().map(|sets| json!(["ipset", sets])).collect();
        rulesets.extend(side.iter().map(|(kind, text)| json!([kind, text])));
        let probes: Vec<&Value> = self.probes.iter().chain(more).collect();
        json!({"rulesets": rulesets, "interfaces": self.interfaces, "probes": probes, "nd": false})
    }

    fn read(&self, side: &[(&'static str, String)]) -> Ruleset {
        let mut ruleset = Ruleset::default();
        if let Some(sets) = &self.sets {
            ruleset.join(dialects::read(Dialect::Ipset, FileId(0), sets));
        }
        for ((_, text), (_, _, dialect)) in side.iter().zip(self.flavour.files) {
            ruleset.join(dialects::read(*dialect, FileId(0), text));
        }
        ruleset
    }

    /// Are all flows known to connection tracking? Then later packets are of one kind, whatever came before.
    fn is_tracked(&self) -> bool {
        self.before.iter().chain(&self.after).all(|(_, text)| {
            ![" CT ", "NOTRACK", "notrack", "ct zone set"].iter().any(|words| text.contains(words))
        })
    }

    /// What went wrong, with all that is needed to see why.
    fn complain(&self, what: &str) -> (String, String) {
        let texts = |side: &[(&str, String)]| side.iter().map(|(_, text)| text.as_str()).collect::<String>();
        let (before, after) = (texts(&self.before), texts(&self.after));
        let id = self.story.split(';').next().unwrap_or_default();
        (format!("{id}: {what}"), format!("{}\n{what}\n-- before\n{before}-- after\n{after}", self.story))
    }
}

/// How often what was compared.
#[derive(Debug, Default)]
struct Tally {
    packets: usize,
    differ: usize,
    required: usize,
    refused: usize,
    given_up: usize,
    without_v6: usize,
    changed: usize,
    /// What is wrong, and the same with all that is needed to see why.
    wrong: Vec<(String, String)>,
}

#[test]
fn the_kernel_does_what_fixes_of_iptables_say() {
    the_kernel_does_what_fixes_say(&IPTABLES);
}

#[test]
fn the_kernel_does_what_fixes_of_nft_say() {
    the_kernel_does_what_fixes_say(&NFT);
}

fn the_kernel_does_what_fixes_say(flavour: &'static Flavour) {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the fixes of random rulesets", &reason),
    };
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<usize>().ok());
    let count = setting("FWLINT_FIXES_COUNT").unwrap_or(COUNT);
    let seed = setting("FWLINT_FIXES_SEED").unwrap_or(5);
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args(["--flavour", flavour.name]);
    generator.args(["--seed", &seed.to_string(), "--count", &count.to_string()]);
    let generated = generator.stderr(Stdio::inherit()).output().expect("python3 runs");
    let lines = BufReader::new(generated.stdout.as_slice()).lines();
    let mut jobs: Vec<Value> =
        lines.map(|line| serde_json::from_str(&line.expect("text")).expect("JSON")).collect();
    assert_eq!(jobs.len(), count);
    if let Ok(only) = std::env::var("FWLINT_FIXES_ONLY") {
        jobs.retain(|job| only.split(',').any(|id| job["id"] == id));
    }
    let mended: Vec<Mended> = thread::scope(|scope| {
        let parts = jobs.chunks(count.div_ceil(WORKERS).max(1));
        let workers: Vec<_> = parts
            .map(|part| {
                scope
                    .spawn(move || part.iter().filter_map(|job| Mended::of(flavour, job)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it mends")).collect()
    });
    let tally = ask(&folder, &mended);
    oracle::say(&format!(
        "fixes of {}: {count} rulesets broken, {} mended; {} packets of before and after, {} of which fare otherwise; {} \
         flows that the tunnel requires, on {} of them over IPv4 alone; {} rulesets that were broken past loading; {} given \
         up; {} exceptions",
        flavour.name,
        tally.changed,
        tally.packets,
        tally.differ,
        tally.required,
        tally.without_v6,
        tally.refused,
        tally.given_up,
        tally.wrong.len()
    ));
    let heads = tally.wrong.iter().map(|(what, _)| format!("{what}\n")).collect::<String>();
    let full = tally.wrong.iter().take(MOST_PRINTED).map(|(_, all)| all.as_str()).collect::<Vec<_>>();
    assert!(full.is_empty(), "{} wrong:\n{heads}In full:\n{}", tally.wrong.len(), full.join("\n"));
    assert!(tally.changed > count / 4, "too few rulesets need mending");
    assert!(tally.differ > 0 && tally.required > 0, "no fix changes anything for these packets");
}

/// Shows both sides of each host to the kernel.
fn ask(folder: &Path, mended: &[Mended]) -> Tally {
    let (mut oracle, mut jobs) = Oracle::start(folder, "nft", WORKERS);
    let texts: Vec<String> = mended
        .iter()
        .flat_map(|host| [host.job(&host.before, &[]), host.job(&host.after, &required::flows(host.asked))])
        .map(|job| format!("{job}\n"))
        .collect();
    let writer = thread::spawn(move || texts.iter().try_for_each(|text| jobs.write_all(text.as_bytes())));
    let mut tally = Tally::default();
    for host in mended {
        let (before, after) = (oracle.next(), oracle.next());
        // Some rules cannot be loaded once they are broken.
        let Some(was) = before["results"].as_array() else {
            tally.refused += 1;
            continue;
        };
        let Some(is) = after["results"].as_array() else {
            tally
                .wrong
                .push(host.complain(&format!("the loader refuses what is mended: {}", after["error"])));
            continue;
        };
        tally.wrong.extend(host.left.iter().map(|left| host.complain(left)));
        let (common, own) = is.split_at(was.len());
        compare(host, was, common, &mut tally);
        tally.given_up += usize::from(host.asked == Asked::Nothing);
        tally.without_v6 += usize::from(host.asked == Asked::V4);
        tally.changed += usize::from(host.before != host.after);
        tally.required += own.len();
        let loopback_depends = |address| {
            let ruleset = host.read(&host.after);
            required::depends(&Host::new(&ruleset), address)
        };
        let blocked = required::blocked(own, &loopback_depends);
        tally.wrong.extend(blocked.iter().map(|what| host.complain(what)));
    }
    writer.join().expect("the jobs are written").expect("the oracle takes them");
    tally
}

/// What becomes of a packet of a flow in the kernel; `None` where it was not sent.
fn passes(result: &Value, packet: Packet) -> Option<bool> {
    let step = match packet {
        Packet::First if result["probe"]["direction"] == "out" => "egress",
        Packet::First => "ingress",
        Packet::Answer => "reply",
        Packet::Followup => "followup",
    };
    result[step].as_str().map(|fate| matches!(fate, "accepted" | "delivered" | "passed"))
}

/// Compares what became of packets before and after with what fwlint says of the two.
fn compare(host: &Mended, was: &[Value], is: &[Value], tally: &mut Tally) {
    let (one, other) = (host.read(&host.before), host.read(&host.after));
    let difference = Difference::of(&Host::new(&one), &Host::new(&other), &Routes::default(), &Family::ALL);
    let difference = difference.expect("it is decided");
    for (was, is) in was.iter().zip(is) {
        let probe = &was["probe"];
        // Flags other than SYN are of other kinds; what goes over lo is not told here, nor what begins with a mark.
        let is_plain = probe["direction"] != "local"
            && matches!(probe["flags"].as_str(), None | Some("S"))
            && matches!(probe["mark"].as_u64(), None | Some(0));
        if !is_plain || was["error"] != Value::Null || is["error"] != Value::Null {
            continue;
        }
        for packet in [Packet::First, Packet::Answer, Packet::Followup] {
            // An echo is answered by a packet of another type, and what comes by another interface than that to the internet
            // may be answered by that.
            let is_by_uplink =
                probe["direction"] == "out" || matches!(probe["iface"].as_str(), None | Some("eth0"));
            let has_ports = matches!(probe["proto"].as_str(), Some("tcp" | "udp"));
            let has_later = host.is_tracked() && has_ports && is_by_uplink;
            if !matches!(packet, Packet::First) && !has_later {
                break;
            }
            let (Some(passed), Some(passes)) = (passes(was, packet), passes(is, packet)) else { break };
            tally.packets += 1;
            let found = difference.changes.iter().find(|change| holds(change, probe, packet));
            let said = found.map(|change| (change.before.fate.is_through(), change.after.fate.is_through()));
            let said = said.filter(|(was, is)| was != is);
            tally.differ += usize::from(passed != passes);
            if said != (passed != passes).then_some((passed, passes)) {
                let what =
                    format!("{packet:?} of {probe}: {passed} then {passes}, but {said:?}\n{was}\n{is}");
                tally.wrong.push(host.complain(&what));
            }
        }
    }
}
