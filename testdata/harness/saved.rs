//! What `iptables-save` prints of a ruleset is read as the ruleset itself: the real loader and fwlint
//! understand the same.
//!
//! `FWLINT_KERNEL_COUNT` and `FWLINT_KERNEL_SEED` choose the rulesets of the oracle's generator.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use fwlint::dialects::{self, Dialect};
use fwlint::model::Ruleset;
use fwlint::source::Sources;
use serde_json::Value;

use crate::kernel::oracle;
use crate::{expected, render};

#[test]
fn what_iptables_saves_is_what_it_loaded() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison with iptables-save", &reason),
    };
    let setting = |name, default: &str| std::env::var(name).unwrap_or(default.into());
    let (count, seed) = (setting("FWLINT_KERNEL_COUNT", "20"), setting("FWLINT_KERNEL_SEED", "1"));
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args(["--flavour", "iptables", "--probes", "1"]);
    let generated = generator.args(["--seed", &seed, "--count", &count]).output().expect("python3 runs");
    let jobs = String::from_utf8(generated.stdout).expect("the generator writes text");
    let mut wrong = Vec::new();
    for (number, job) in jobs.lines().enumerate() {
        let job: Value = serde_json::from_str(job).expect("the generator writes JSON");
        let backend = if number % 2 == 0 { "nft" } else { "legacy" };
        wrong.extend(compare(&job, backend));
    }
    expected::report(wrong);
}

/// Loads each ruleset of a job and holds what is saved of it against it.
fn compare(job: &Value, backend: &str) -> Vec<String> {
    let rulesets = job["rulesets"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let of = |kind: &str| rulesets.iter().find(|pair| pair[0] == kind).map(|pair| text(&pair[1]));
    let sets = of("ipset").unwrap_or_default();
    let kinds = [("v4", "iptables", Dialect::Iptables), ("v6", "ip6tables", Dialect::Ip6tables)];
    let mut wrong = Vec::new();
    for (kind, program, dialect) in kinds {
        let Some(rules) = of(kind) else { continue };
        let saved = saved(&sets, &rules, &format!("xtables-{backend}-multi {program}"));
        let (loaded, saved) = (chains(&rules, dialect), chains(&saved, dialect));
        for (name, loaded) in &loaded {
            let saved = saved.get(name).map(String::as_str).unwrap_or_default();
            if loaded != saved {
                wrong.push(format!(
                    "{} {kind} {name} ({backend})\n{}",
                    job["id"],
                    expected::diff(loaded, saved)
                ));
            }
        }
    }
    wrong
}

/// What the program saves after it has loaded rules, in a network namespace of its own.
fn saved(sets: &str, rules: &str, program: &str) -> String {
    let script =
        format!("ipset restore <<'END-OF-SETS'\n{sets}END-OF-SETS\n{program}-restore && {program}-save");
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("unshare runs");
    let mut input = process.stdin.take().expect("its input is a pipe");
    input.write_all(rules.as_bytes()).expect("iptables-restore takes rules");
    drop(input);
    let output = process.wait_with_output().expect("iptables-save ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The rules of each chain that has any, one a line, the words of a rule in alphabetical order.
fn chains(text: &str, dialect: Dialect) -> BTreeMap<String, String> {
    let mut sources = Sources::default();
    let file = sources.add("rules", text.as_bytes().to_vec());
    let ruleset: Ruleset = dialects::read(dialect, file, &sources.file(file).text);
    let mut chains = BTreeMap::new();
    for table in &ruleset.tables {
        for chain in table.chains.iter().filter(|chain| !chain.rules.is_empty()) {
            let rules = chain.rules.iter().map(|rule| {
                let rule = render::rule(rule, table.families);
                let mut words: Vec<&str> = rule.split(' ').collect();
                words.sort_unstable();
                words.join(" ") + "\n"
            });
            chains.insert(format!("{} {}", table.name, chain.name), rules.collect());
        }
    }
    chains
}
