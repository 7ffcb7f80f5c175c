//! `fwlint scan` on real hosts, in network namespaces of their own: with iptables-legacy, iptables-nft and nft loaded at
//! once, what it saved is what the kernel does.

mod edge;
mod probes;
mod recorded;
mod tokens;

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

use crate::kernel::compare::Tally;
use crate::kernel::oracle::{self, Oracle};
use crate::{cli, expected};

/// How many hosts are scanned, and how many packets each is asked about.
const HOSTS: usize = 10;
const PROBES: usize = 60;

const FWLINT: &str = env!("CARGO_BIN_EXE_fwlint");

#[test]
fn what_is_saved_of_a_host_is_what_its_kernel_does() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of scans with the kernel", &reason),
    };
    let jobs = jobs(&folder);
    let place = tempfile::tempdir().expect("a folder for the scans");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/harness/scan/lab.py");
    let arguments =
        [&folder, Path::new(FWLINT), place.path()].map(|path| path.to_string_lossy().into_owned());
    let (mut lab, mut to) = Oracle::run(&program, &arguments.each_ref().map(String::as_str));
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let jobs = &jobs;
        scope.spawn(move || jobs.iter().for_each(|job| writeln!(to, "{job}").expect("the lab takes jobs")));
        for job in jobs {
            compare(job, &lab.next(), &mut tally);
        }
    });
    oracle::say(&format!("scanned hosts: {tally}"));
    expected::report(tally.disagreements.clone());
    assert!(tally.depends_in_100() < 3.0, "fwlint decides too little: {tally}");
}

/// Hosts with rules of all kinds: those of two of the generator's jobs, in an order that changes.
fn jobs(oracle: &Path) -> Vec<Value> {
    let generated = |flavour: &str, first: usize| {
        let mut generator = Command::new("python3");
        generator.arg(oracle.join("genrules.py")).args(["--flavour", flavour, "--seed", "7"]);
        generator.args(["--first", &first.to_string(), "--count", &HOSTS.to_string()]);
        let output = generator.args(["--probes", &PROBES.to_string()]).output().expect("python3 runs");
        let text = String::from_utf8(output.stdout).expect("the generator writes text");
        text.lines().map(|line| serde_json::from_str(line).expect("it writes JSON")).collect::<Vec<Value>>()
    };
    let (first, second) = (generated("both", 0), generated("iptables", 0));
    let jobs = first.iter().zip(&second).enumerate().map(|(number, (one, other))| {
        let rulesets = |job: &Value| job["rulesets"].as_array().cloned().unwrap_or_default();
        let kind = |pair: &Value, backend: &str| match pair[0].as_str() {
            Some(kind @ ("v4" | "v6")) => json!([format!("{kind}-{backend}"), pair[1]]),
            _ => pair.clone(),
        };
        let mut parts: Vec<Value> = rulesets(one).iter().map(|pair| kind(pair, "legacy")).collect();
        // Two jobs may give different members to sets of one name.
        let sets = parts.iter().position(|pair| pair[0] == "ipset").map(|at| parts.remove(at));
        let others: Vec<Value> = rulesets(other).iter().map(|pair| kind(pair, "nft")).collect();
        if !others.iter().any(|pair| pair[0] == "ipset") {
            parts.extend(others);
        }
        let length = parts.len();
        parts.rotate_left(number % length);
        parts.splice(..0, sets);
        json!({"rulesets": parts, "interfaces": one["interfaces"], "probes": one["probes"]})
    });
    jobs.collect()
}

/// Holds what fwlint says of what it saved against what the kernel did.
fn compare(job: &Value, answer: &Value, tally: &mut Tally) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rulesets: Vec<(String, String)> = job["rulesets"]
        .as_array()
        .map_or_else(Vec::new, |pairs| pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect());
    let (id, stderr) = (text(&answer["folder"]), text(&answer["stderr"]));
    let Some(results) = answer["results"].as_array() else {
        return tally.disagreements.push(format!("the loader refuses it: {}", answer["error"]));
    };
    let status = answer["status"].as_u64();
    if !matches!(status, Some(0 | 1)) || !stderr.is_empty() {
        return tally.disagreements.push(format!("{id}: the scan ends with {status:?}: {stderr}"));
    }
    let packets: String = results.iter().map(|result| format!("{}\n", result["probe"])).collect();
    let arguments = ["trace", &id, "--packets", "-"].map(String::from);
    let done = cli::run(Path::new(""), &arguments, packets.as_bytes());
    if done.status != 0 {
        return tally.disagreements.push(format!("{id}: {}", done.stderr));
    }
    let answers: Vec<Value> =
        done.stdout.lines().map(|line| serde_json::from_str(line).expect("it answers in JSON")).collect();
    tally.compare(&id, &rulesets, results, &answers);
}

#[test]
fn who_is_not_root_is_told_what_is_missing() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("the scan by nobody", &reason);
    }
    let rules = "nft add table inet t; iptables-legacy -P INPUT DROP; ip6tables-legacy -P INPUT DROP; \
                 exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" scan";
    // The program may lie where nobody else may look.
    let place = tempfile::tempdir().expect("a folder");
    let program = place.path().join("fwlint");
    std::fs::copy(FWLINT, &program).expect("the program can be copied");
    Command::new("chmod").args(["755".as_ref(), place.path()]).status().expect("chmod runs");
    let output =
        Command::new("unshare").args(["-n", "sh", "-c", rules]).arg(&program).output().expect("unshare runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        stderr,
        "error: no rules could be seen: the tables of nft, the rules of iptables-legacy, the rules of\n       \
         ip6tables-legacy: it needs root (CAP_NET_ADMIN)\n  help: Call it as root: sudo fwlint scan.\n"
    );
    assert_eq!((output.status.code(), &*stdout), (Some(2), ""));
}
