//! The hosts of `testdata/hosts`: what people really have, made with the real programs (`make.sh` there).
//!
//! Each folder has the files as a user would have them, a `README` that tells how they were made, and
//! `truth.md`: what this firewall does, in words, with the kernel's own answers in fenced blocks. `UPDATE=1`
//! as root writes those answers. `expected.md` says what fwlint should find there, and `output` is what
//! `fwlint check` prints, which `UPDATE=1` writes too.

mod folder;
mod opinion;
mod questions;
mod truth;

use crate::expected::{compare, report};
use crate::kernel::{self, oracle, ours};
use folder::Folder;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::{fs, thread};

#[test]
fn the_kernel_says_what_the_truth_of_each_host_says() {
    let oracle_folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the hosts of testdata/hosts with the kernel", &reason),
    };
    let folders = Folder::all();
    let answers = thread::scope(|scope| {
        let (oracle_folder, folders) = (&oracle_folder, &folders);
        let asked =
            ["nft", "legacy"].map(|backend| scope.spawn(move || ask(oracle_folder, backend, folders)));
        asked.map(|answers| answers.join().expect("the oracle answers"))
    });
    let [nft, legacy] = answers;
    let mut problems = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        if nft[at] != legacy[at] {
            problems.push(format!("{}: the backends differ\n{:#?}\n{:#?}", folder.name, nft[at], legacy[at]));
        }
        let said = folder.truth.with_answers(&nft[at]);
        problems.extend(compare(&folder.file("truth.md"), &said, true));
    }
    oracle::say(&format!("hosts: {} folders shown to the kernel", folders.len()));
    report(problems);
}

#[test]
fn fwlint_answers_for_each_host_as_the_kernel_does() {
    let mut problems = Vec::new();
    let (mut compared, mut depends, mut unread) = (0, 0, 0);
    for folder in Folder::all() {
        for block in &folder.truth.blocks {
            let questions = questions::all(block, folder.ipv6);
            let probes = questions::probes(&questions);
            let Some(answers) = ours::answers(&folder.rulesets, &block.interfaces, &probes) else {
                unread += 1;
                continue;
            };
            let said = questions::summary(&questions, &answers);
            // Where nobody listens, the kernel resets what nat sends back to this machine. Whether somebody
            // does the rules cannot tell; for fwlint it is gone.
            let redirects = folder.rulesets.iter().any(|(_, text)| text.contains("-j REDIRECT"));
            let truth =
                if redirects { block.answers.replace("rejected", "dropped") } else { block.answers.clone() };
            for (expected, said) in truth.lines().zip(said.lines()) {
                compared += 1;
                if said.contains("depends") {
                    depends += 1;
                } else if said != expected {
                    problems.push(format!("{}\n  expected {expected}\n  fwlint   {said}", folder.name));
                }
            }
        }
    }
    oracle::say(&format!(
        "hosts: {compared} answers compared, {depends} depend; {unread} that fwlint cannot read yet"
    ));
    report(problems);
}

/// Hosts whose dump nft itself does not load, since iptables-nft put things into it that nft has no words for:
/// `testdata/hosts-nft`, by the names of those of which the kernel was asked with what iptables-save prints.
#[test]
fn what_nft_prints_of_a_host_of_iptables_nft_never_contradicts_the_kernel() {
    let nft = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hosts-nft");
    let (mut compared, mut problems) = (0, Vec::new());
    for folder in Folder::all() {
        let Ok(text) = fs::read_to_string(nft.join(&folder.name).join("rules.nft")) else { continue };
        let rulesets = [("nft".to_string(), text)];
        for block in &folder.truth.blocks {
            let questions = questions::all(block, folder.ipv6);
            let answers = ours::answers(&rulesets, &block.interfaces, &questions::probes(&questions));
            let said = questions::summary(&questions, &answers.expect("nft is read"));
            for (expected, said) in block.answers.lines().zip(said.lines()) {
                compared += 1;
                if said != expected && !said.contains("depends") {
                    problems.push(format!("{}\n  expected {expected}\n  fwlint   {said}", folder.name));
                }
            }
        }
    }
    assert!(compared > 0, "no host of testdata/hosts-nft is one of testdata/hosts");
    report(problems);
}

#[test]
fn fwlint_prints_for_each_host_what_it_did() {
    let outputs = Folder::all().into_iter();
    let wrong = outputs.filter_map(|folder| compare(&folder.file("output"), &folder.check("text"), true));
    report(wrong.collect());
}

#[test]
fn fwlint_finds_for_each_host_what_is_true_and_worth_saying() {
    let mut wrong = Vec::new();
    for folder in Folder::all() {
        let opinion = folder.read("expected.md").expect("each host has an expected.md");
        let findings = serde_json::from_str(&folder.check("json")).expect("the report is JSON");
        let found = opinion::problems(&opinion, &findings);
        wrong.extend(found.into_iter().map(|problem| format!("{}: {problem}", folder.name)));
    }
    report(wrong);
}

/// What `fwlint check --format json` says of each host.
pub fn reports() -> Vec<String> {
    Folder::all().iter().map(|folder| folder.check("json")).collect()
}

/// What the kernel says for each block of each host, or why it refuses the rules.
fn ask(oracle_folder: &Path, backend: &str, folders: &[Folder]) -> Vec<Vec<String>> {
    let (mut oracle, mut jobs) = oracle::Oracle::start(oracle_folder, backend, 1);
    thread::scope(|scope| {
        scope.spawn(move || {
            for folder in folders {
                for block in &folder.truth.blocks {
                    let probes = questions::probes(&questions::all(block, folder.ipv6));
                    let job = kernel::job(&as_root(&folder.rulesets), &block.interfaces, &probes);
                    writeln!(jobs, "{job}").expect("the oracle takes jobs");
                }
            }
        });
        let mut answer = |block: &truth::Block, ipv6: bool| {
            let answer = oracle.next();
            match answer["results"].as_array() {
                Some(results) => questions::summary(&questions::all(block, ipv6), results),
                None => format!("{}\n", answer["error"]),
            }
        };
        let blocks =
            |folder: &Folder| folder.truth.blocks.iter().map(|block| answer(block, folder.ipv6)).collect();
        folders.iter().map(blocks).collect()
    })
}

/// The rulesets for the oracle, which runs scripts as root and has no `sudo`.
fn as_root(rulesets: &[(String, String)]) -> Vec<(String, String)> {
    let mut rulesets = rulesets.to_vec();
    for (_, text) in rulesets.iter_mut().filter(|(kind, _)| kind == "script") {
        text.insert_str(0, "sudo() { \"$@\"; }\n");
    }
    rulesets
}

/// A word of an answer; nothing when the step was not due.
fn word<'a>(answer: &'a Value, step: &str) -> &'a str {
    answer[step].as_str().unwrap_or_default()
}
