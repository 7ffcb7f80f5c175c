//! Rules of iptables-nft are the same rules whoever prints them: what `iptables-save`, `nft list ruleset` and
//! `nft -j list ruleset` print gets the same answers to the same packets.
//!
//! nft names extensions of iptables without what they say (`xt match "owner"`), in JSON nearly all of them. An
//! answer that hangs on one depends; it must not contradict.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::expected;
use crate::kernel::compare::STEPS;
use crate::kernel::{oracle, ours};

/// How many rulesets of the oracle's generator are printed, and how many are generated to choose from.
const COUNT: usize = 30;
const GENERATED: usize = 90;

/// Options that nft prints as something else (iptables 1.8.9, nft 1.0.6); rulesets that have them are left out.
/// A packet without an owner matches `! --uid-owner 1000`, and does not match the `skuid != 1000` that is printed.
/// Of `! --ports` the negation is lost, of `--ports 1:9` what is between.
const MISPRINTED: [&str; 3] = ["! --uid-owner", "! --gid-owner", " --ports"];

/// How many of 100 steps nft's text decides at least.
const LEAST_DECIDED: usize = 95;

#[test]
fn what_three_programs_print_of_the_same_rules_gets_the_same_answers() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of what three programs print", &reason),
    };
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args(["--flavour", "iptables", "--seed", "7"]);
    let generated = generator.args(["--count", &GENERATED.to_string()]).output().expect("python3 runs");
    let jobs = String::from_utf8(generated.stdout).expect("the generator writes text");
    let mut tally = Tally::default();
    let is_printed = |job: &&str| !MISPRINTED.iter().any(|option| job.contains(option));
    for job in jobs.lines().filter(is_printed).take(COUNT) {
        tally.add(&serde_json::from_str(job).expect("the generator writes JSON"));
    }
    let [text, json] = tally.decided;
    oracle::say(&format!(
        "rulesets printed three ways: {} rulesets, {} steps, {text} of them decided by nft's text, {json} by its \
         JSON",
        tally.rulesets, tally.steps
    ));
    expected::report(tally.wrong);
    assert!(text * 100 >= tally.steps * LEAST_DECIDED, "nft's text decides {text} of {} steps", tally.steps);
}

/// How much the answers decide, and where they contradict each other.
#[derive(Default)]
struct Tally {
    rulesets: usize,
    /// How many steps are decided by what `iptables-save` prints.
    steps: usize,
    /// How many by nft's text, and by its JSON.
    decided: [usize; 2],
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, job: &Value) {
        let strings = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(|it| it.as_str().map(String::from)).collect()
        };
        let rulesets: Vec<(String, String)> = job["rulesets"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair[0].as_str()?.to_string(), pair[1].as_str()?.to_string())))
            .collect();
        let (interfaces, probes) = (strings(&job["interfaces"]), job["probes"].as_array().cloned());
        let probes = probes.unwrap_or_default();
        self.rulesets += 1;
        let [saved, text, json] = printed(&rulesets);
        let answers =
            |host: &[(String, String)]| ours::answers(host, &interfaces, &probes).expect("it is read");
        let of_saved = answers(&saved);
        self.steps += told(&of_saved);
        for (decided, host) in self.decided.iter_mut().zip([text, json]) {
            let of_host = answers(&host);
            *decided += told(&of_host);
            for (probe, (saved, other)) in probes.iter().zip(of_saved.iter().zip(&of_host)) {
                if let Some(step) = contradiction(saved, other) {
                    let (kind, text) = &host[host.len() - 1];
                    let answers = format!("  iptables-save {saved}\n  {kind} {other}\n{text}");
                    self.wrong.push(format!("{} {step} of {probe}\n{answers}", job["id"]));
                }
            }
        }
    }
}

/// How many steps are decided.
fn told(answers: &[Value]) -> usize {
    answers.iter().flat_map(|answer| STEPS.map(|step| is_told(&answer[step]))).filter(|told| *told).count()
}

/// The first step at which two answers contradict each other. What follows a step that depends may be there in one
/// of them alone.
fn contradiction(a: &Value, b: &Value) -> Option<&'static str> {
    let mut is_open = false;
    STEPS.into_iter().find(|step| {
        let (a, b) = (&a[*step], &b[*step]);
        is_open |= a == "depends" || b == "depends";
        match (is_told(a), is_told(b)) {
            (true, true) => a != b,
            _ => a != b && !is_open,
        }
    })
}

fn is_told(step: &Value) -> bool {
    step.as_str().is_some_and(|word| word != "depends")
}

/// Kinds and texts of the files of a host.
type Host = Vec<(String, String)>;

/// Loads rulesets by iptables-nft into a network namespace of their own, and prints them: as `iptables-save`, nft's
/// text and nft's JSON do.
fn printed(rulesets: &Host) -> [Host; 3] {
    let folder = tempfile::tempdir().expect("a folder for the rulesets");
    for (kind, text) in rulesets {
        fs::write(folder.path().join(kind), text).expect("the ruleset can be written");
    }
    let script = "set -e
        if [ -e ipset ]; then ipset restore < ipset; fi
        if [ -e v4 ]; then xtables-nft-multi iptables-restore < v4; xtables-nft-multi iptables-save > saved.v4; fi
        if [ -e v6 ]; then xtables-nft-multi ip6tables-restore < v6; xtables-nft-multi ip6tables-save > saved.v6; fi
        nft list ruleset > nft 2> warnings
        nft -j list ruleset > nft-json 2> warnings";
    let mut command = Command::new("unshare");
    let output = command.args(["-n", "sh", "-c", script]).current_dir(folder.path()).output();
    let output = output.expect("unshare runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it was printed");
    let host = |files: &[(&str, &str)]| {
        let sets = rulesets.iter().filter(|(kind, _)| kind == "ipset").cloned();
        let there = files.iter().filter(|(_, name)| folder.path().join(name).exists());
        sets.chain(there.map(|(kind, name)| (kind.to_string(), text(name)))).collect::<Host>()
    };
    [
        host(&[("v4-nft", "saved.v4"), ("v6-nft", "saved.v6")]),
        host(&[("nft", "nft")]),
        host(&[("nft-json", "nft-json")]),
    ]
}
