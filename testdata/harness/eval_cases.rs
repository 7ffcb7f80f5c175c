//! The cases of `testdata/eval`: each shows one sentence of the design's section "Meaning".
//!
//! Two tests hold them: fwlint must answer as the file says, everywhere; and the kernel must, where it can be
//! asked. `UPDATE=1` as root writes what the kernel does into the files; fwlint's answers never get there.

pub mod case;
pub mod outcome;
mod packet;

use crate::kernel::{self, oracle, ours};
use case::Case;
use outcome::line;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::{env, thread};

const WORKERS: usize = 4;

/// Cases in which fwlint does not yet answer as the kernel does, each with what is missing. The test fails for one
/// that is mended, so that the list stays true; docs/correctness.md has it too.
const KNOWN_GAPS: [(&str, &str); 0] = [];

#[test]
fn fwlint_answers_each_case_as_the_kernel_does() {
    compare_with_fwlint("eval cases", &Case::all("eval"));
}

#[test]
fn the_kernel_answers_each_case_as_it_says() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the cases of testdata/eval with the kernel", &reason),
    };
    let cases = Case::all("eval");
    let answers = thread::scope(|scope| {
        let asked = ["nft", "legacy"].map(|backend| scope.spawn(|| ask(&folder, backend, &cases)));
        asked.map(|asked| asked.join().expect("the oracle answers"))
    });
    compare_with_kernel("eval cases", &cases, &answers);
}

/// Cases of the same rules with either kind of iptables, by the endings of their names.
const BOTH_KINDS: [[&str; 2]; 2] = [
    [
        "security-input-of-the-nft-backend-comes-after-nat",
        "security-input-of-the-legacy-backend-comes-before-nat",
    ],
    [
        "a-dump-of-iptables-nft-that-is-loaded-again-takes-the-default-policies",
        "a-dump-of-iptables-legacy-that-is-loaded-again-keeps-the-policies-that-it-does-not-name",
    ],
];

#[test]
fn where_the_kinds_of_iptables_differ_and_the_files_do_not_tell_the_answer_depends() {
    let cases = Case::all("eval");
    let named = |name: &str| cases.iter().find(|case| case.name() == name).expect("there is such a case");
    for [nft, legacy] in BOTH_KINDS.map(|pair| pair.map(named)) {
        let untold = |case: &Case| -> Vec<(String, String)> {
            case.rulesets.iter().map(|(_, text)| ("v4".to_string(), text.clone())).collect()
        };
        assert_eq!(untold(nft), untold(legacy), "{}", nft.name());
        let answers = ours::answers(&untold(nft), &nft.interfaces, &nft.probes()).expect("it is read");
        for ((one, other), answer) in nft.packets().zip(legacy.packets()).zip(&answers) {
            let (said, kernel) =
                (line(answer), [&one.kernel, &other.kernel].map(|it| it.as_deref().unwrap_or("")));
            let is_true = match kernel[0] == kernel[1] {
                true => said == kernel[0],
                false => {
                    said.ends_with("depends") && kernel.iter().all(|kernel| outcome::is_weaker(&said, kernel))
                }
            };
            assert!(is_true, "{}\n  {}\n    fwlint   {said}\n    kernel   {kernel:?}", nft.name(), one.text);
        }
    }
}

/// Holds fwlint to the expected outcomes.
pub fn compare_with_fwlint(what: &str, cases: &[Case]) {
    if env::var_os("UPDATE").is_some() {
        return oracle::say_skipped(&format!("fwlint's answers to the {what}"), "the kernel is writing them");
    }
    let mut problems = Vec::new();
    let (mut compared, mut unread) = (0, 0);
    for case in cases {
        problems.extend(malformed(case));
        let (gap, before) = (KNOWN_GAPS.iter().find(|gap| gap.0 == case.name()), problems.len());
        let Some(answers) = ours::answers(&case.rulesets, &case.interfaces, &case.probes()) else {
            unread += 1;
            continue;
        };
        for (packet, answer) in case.packets().zip(&answers) {
            compared += 1;
            let expected = packet.ours.as_ref().or(packet.kernel.as_ref()).map_or("", String::as_str);
            let said = line(answer);
            if said != expected {
                let (name, text) = (case.name(), &packet.text);
                problems.push(format!(
                    "{name}\n  {text}\n    expected {expected}\n    fwlint   {said}\n    {answer}"
                ));
            }
        }
        if let Some((name, missing)) = gap {
            let is_mended = problems.len() == before;
            problems.truncate(before);
            if is_mended {
                problems.push(format!("{name} is mended: take it off the list of gaps ({missing})"));
            }
        }
    }
    oracle::say(&format!("{what}: {compared} packets compared; {unread} files that fwlint cannot read yet"));
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// Holds the expected outcomes to the kernel's answers under both backends of iptables, or with `UPDATE` writes
/// them.
pub fn compare_with_kernel(what: &str, cases: &[Case], answers: &[Vec<Value>; 2]) {
    let update = env::var_os("UPDATE").is_some();
    let mut problems = Vec::new();
    let mut shown = 0;
    for (at, case) in cases.iter().enumerate() {
        let name = case.name();
        let [nft, legacy] = [0, 1].map(|backend| outcomes(&answers[backend][at], case.packets().count()));
        let is_error = nft.iter().any(|outcome| outcome.starts_with("error"));
        if nft != legacy {
            problems.push(format!("{name}: the backends differ\n  nft    {nft:?}\n  legacy {legacy:?}"));
        } else if update && !is_error {
            case.update(&nft).expect("the case can be written");
        }
        for (packet, outcome) in case.packets().zip(&nft) {
            shown += 1;
            if is_error || !update && packet.kernel.as_ref() != Some(outcome) {
                let (text, expected) = (&packet.text, packet.kernel.as_deref());
                let expected = expected.unwrap_or("nothing (run with UPDATE=1)");
                problems.push(format!("{name}\n  {text}\n    expected {expected}\n    kernel   {outcome}"));
            }
        }
    }
    oracle::say(&format!("{what}: {shown} packets of {} files shown to the kernel", cases.len()));
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

/// What is wrong with a file in itself.
fn malformed(case: &Case) -> Vec<String> {
    let missing = case.packets().filter(|packet| packet.kernel.is_none());
    let missing = missing.map(|packet| format!("{}: no outcome for {}", case.name(), packet.text));
    let contradicting = case.packets().filter(|packet| match (&packet.ours, &packet.kernel) {
        (Some(ours), Some(kernel)) => !outcome::is_weaker(ours, kernel),
        _ => false,
    });
    let contradicting =
        contradicting.map(|packet| format!("{}: more than the kernel: {}", case.name(), packet.text));
    missing.chain(contradicting).collect()
}

/// The oracle's answer to each case.
fn ask(folder: &Path, backend: &str, cases: &[Case]) -> Vec<Value> {
    let (mut oracle, mut jobs) = oracle::Oracle::start(folder, backend, WORKERS / 2);
    thread::scope(|scope| {
        scope.spawn(move || {
            for case in cases {
                let job = kernel::job(&case.rulesets, &case.interfaces, &case.probes());
                writeln!(jobs, "{job}").expect("the oracle takes jobs");
            }
        });
        cases.iter().map(|_| oracle.next()).collect()
    })
}

/// One line for each packet; the loader's complaint for all of them if the ruleset was refused.
fn outcomes(answer: &Value, count: usize) -> Vec<String> {
    match answer["results"].as_array() {
        Some(results) => results.iter().map(line).collect(),
        None => vec![line(answer); count],
    }
}
