//! Random rulesets: fwlint and the kernel must say the same about each step of each packet.
//!
//! `FWLINT_KERNEL_COUNT` (default 300) and `FWLINT_KERNEL_SEED` (default 1) choose the rulesets of the
//! oracle's generator, for a long run for instance
//! `FWLINT_KERNEL_COUNT=5000 cargo test --release kernel:: -- --nocapture`.

pub mod compare;
mod mixtures;
pub mod oracle;
pub mod ours;
mod rewrites;
mod sockets;

use compare::Tally;
use oracle::Oracle;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::{env, thread};

/// In how many of 100 steps fwlint may say "depends".
const MOST_DEPENDS: f64 = 2.0;

/// How many disagreements are printed in full.
const MOST_PRINTED: usize = 10;

/// Each mix of the generator's flavour and the backend, and its share of the rulesets in twelfths.
const PORTIONS: [(&str, &str, usize); 7] = [
    ("iptables", "nft", 2),
    ("iptables", "legacy", 2),
    ("script", "nft", 1),
    ("script", "legacy", 1),
    ("nft", "nft", 4),
    ("both", "nft", 1),
    ("both", "legacy", 1),
];

#[test]
fn fwlint_and_the_kernel_agree_on_random_rulesets() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of random rulesets", &reason),
    };
    let (seed, count) = (setting("FWLINT_KERNEL_SEED", 1), setting("FWLINT_KERNEL_COUNT", 300));
    let tally = thread::scope(|scope| {
        let mut first = 0;
        let mut running = Vec::new();
        for (flavour, backend, twelfths) in PORTIONS {
            let portion = Portion { flavour, backend, seed, first, count: (count * twelfths).div_ceil(12) };
            first += portion.count;
            let folder = &folder;
            running.push(scope.spawn(move || portion.run(folder)));
        }
        running.into_iter().fold(Tally::default(), |mut all, each| {
            all.add(each.join().expect("the comparison of a portion ends"));
            all
        })
    });
    oracle::say(&tally.to_string());
    let printed: Vec<String> = tally.disagreements.iter().take(MOST_PRINTED).cloned().collect();
    assert!(printed.is_empty(), "{} disagreements\n{}", tally.disagreements.len(), printed.join("\n"));
    assert!(tally.depends_in_100() < MOST_DEPENDS, "fwlint decides too little: {tally}");
}

/// Rulesets of one flavour, shown to one backend.
struct Portion {
    flavour: &'static str,
    backend: &'static str,
    seed: usize,
    first: usize,
    count: usize,
}

impl Portion {
    /// Generates the rulesets, and asks both while they come.
    fn run(&self, folder: &Path) -> Tally {
        let (mut oracle, mut jobs) = Oracle::start(folder, self.backend, 2);
        let (sender, asked) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut generator = self.generator(folder);
                let mut generated = generator.spawn().expect("python3 runs");
                let lines = BufReader::new(generated.stdout.take().expect("its output is a pipe")).lines();
                for line in lines {
                    let line = line.expect("the generator writes text");
                    writeln!(jobs, "{line}").expect("the oracle takes jobs");
                    sender.send(line).expect("the answers are awaited");
                }
                generated.wait().expect("the generator ends");
            });
            let mut tally = Tally::default();
            for line in asked {
                let job: Value = serde_json::from_str(&line).expect("the generator writes JSON");
                self.compare(&job, &oracle.next(), &mut tally);
            }
            tally
        })
    }

    fn generator(&self, folder: &Path) -> Command {
        let mut generator = Command::new("python3");
        generator.arg(folder.join("genrules.py")).args(["--flavour", self.flavour]).stdout(Stdio::piped());
        for (option, value) in [("--seed", self.seed), ("--first", self.first), ("--count", self.count)] {
            generator.args([option, &value.to_string()]);
        }
        generator
    }

    fn compare(&self, job: &Value, answer: &Value, tally: &mut Tally) {
        let texts = |key: &str| -> Vec<Value> { job[key].as_array().cloned().unwrap_or_default() };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let rulesets: Vec<(String, String)> =
            texts("rulesets").iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
        let interfaces: Vec<String> = texts("interfaces").iter().map(text).collect();
        let id = format!("{} ({})", text(&job["id"]), self.backend);
        let Some(results) = answer["results"].as_array() else {
            tally.disagreements.push(format!("{id}: the loader refuses it: {}", answer["error"]));
            return;
        };
        let probes: Vec<Value> = results.iter().map(|result| result["probe"].clone()).collect();
        match ours::answers(&rulesets, &interfaces, &probes) {
            Some(answers) => tally.compare(&id, &rulesets, results, &answers),
            None => tally.unread += 1,
        }
    }
}

fn setting(name: &str, default: usize) -> usize {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// The job of the oracle for one host.
pub fn job(rulesets: &[(String, String)], interfaces: &[String], probes: &[Value]) -> Value {
    json!({"rulesets": rulesets, "interfaces": interfaces, "probes": probes})
}
