//! Rules of iptables-nft are the same rules whoever prints them: what `iptables-save`, `nft list ruleset` and
//! `nft -j list ruleset` print gets the same answers to the same packets.
//!
//! nft names extensions of iptables without what they say (`xt match "owner"`), in JSON nearly all of them. An
//! answer that hangs on one depends; it must not contradict.

mod matches;

use std::process::Command;
use std::{env, fs};

use serde_json::Value;

use crate::expected;
use crate::kernel::compare::STEPS;
use crate::kernel::{oracle, ours};
use matches::Random;

/// How many rulesets of the oracle's generator are printed.
const COUNT: usize = 30;

/// How many rulesets of all that iptables has are printed, unless `FWLINT_TRIPLES_COUNT` says otherwise.
const OF_ALL_MATCHES: usize = 10;

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
    let generated = generator.args(["--count", &COUNT.to_string()]).output().expect("python3 runs");
    let jobs = String::from_utf8(generated.stdout).expect("the generator writes text");
    let mut tally = Tally::default();
    for job in jobs.lines() {
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

#[test]
fn what_nft_prints_of_any_match_of_iptables_is_believed_no_further_than_it_is_true() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("what nft prints of all matches of iptables", &reason),
    };
    let count = env::var("FWLINT_TRIPLES_COUNT").ok().and_then(|count| count.parse().ok());
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args([
        "--flavour",
        "iptables",
        "--seed",
        "3",
        "--probes",
        "40",
    ]);
    let generated = generator.args(["--count", &count.unwrap_or(OF_ALL_MATCHES).to_string()]).output();
    let jobs = String::from_utf8(generated.expect("python3 runs").stdout).expect("the generator writes text");
    let mut tally = Tally::default();
    let mut random =
        Random(env::var("FWLINT_TRIPLES_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1));
    for job in jobs.lines() {
        let mut job: Value = serde_json::from_str(job).expect("the generator writes JSON");
        let rulesets =
            [("v4", false), ("v6", true)].map(|(kind, is_v6)| [kind.to_string(), random.ruleset(is_v6)]);
        job["rulesets"] = serde_json::json!(rulesets);
        tally.add(&job);
    }
    let [text, json] = tally.decided;
    oracle::say(&format!(
        "all matches of iptables printed three ways: {} rulesets, {} steps, {text} of them decided by nft's text, \
         {json} by its JSON; {} refused by iptables-nft",
        tally.rulesets, tally.steps, tally.refused
    ));
    expected::report(tally.wrong);
    assert!(tally.refused * 2 < tally.rulesets, "{} of {} refused", tally.refused, tally.rulesets);
}

/// How much the answers decide, and where they contradict each other.
#[derive(Default)]
struct Tally {
    rulesets: usize,
    /// How many of them iptables-nft does not load.
    refused: usize,
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
        let Some([saved, text, json]) = printed(&rulesets) else {
            self.refused += 1;
            return;
        };
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
/// of them alone. Where so much is unknown that an answer is given up, nothing is contradicted.
fn contradiction(a: &Value, b: &Value) -> Option<&'static str> {
    let is_given_up =
        |answer: &Value| answer["error"].as_str().is_some_and(|why| why.contains("too tangled"));
    if is_given_up(a) || is_given_up(b) {
        return None;
    }
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
/// text and nft's JSON do. `None` where they are refused. `None` where it refuses them.
fn printed(rulesets: &Host) -> Option<[Host; 3]> {
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
    if !output.status.success() {
        return None;
    }
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it was printed");
    let host = |files: &[(&str, &str)]| {
        let sets = rulesets.iter().filter(|(kind, _)| kind == "ipset").cloned();
        let there = files.iter().filter(|(_, name)| folder.path().join(name).exists());
        sets.chain(there.map(|(kind, name)| (kind.to_string(), text(name)))).collect::<Host>()
    };
    Some([
        host(&[("v4-nft", "saved.v4"), ("v6-nft", "saved.v6")]),
        host(&[("nft", "nft")]),
        host(&[("nft-json", "nft-json")]),
    ])
}
