//! What fwlint says about the same rulesets and packets.

use fwlint::cli;
use fwlint::commands::World;
use serde_json::{Value, json};
use std::fs;

/// The kinds of rulesets that fwlint reads so far, and the names of files of that kind.
const READABLE: [(&str, &str); 8] = [
    ("ipset", "ipset.conf"),
    ("v4", "rules.v4"),
    ("v4-nft", "rules.v4"),
    ("v4-legacy", "rules.v4"),
    ("v6", "rules.v6"),
    ("v6-nft", "rules.v6"),
    ("v6-legacy", "rules.v6"),
    ("script", "firewall.sh"),
];

/// The answers of `fwlint trace --packets`, one for each probe; `None` when it cannot read the rulesets yet. Where
/// the program has no answer, each is `{"error": why}`.
///
/// `rulesets` are kinds of the oracle and texts, in the order of loading; `interfaces` is what `--interface`
/// takes.
pub fn answers(rulesets: &[(String, String)], interfaces: &[String], probes: &[Value]) -> Option<Vec<Value>> {
    let folder = tempfile::tempdir().expect("a folder for the rulesets");
    let mut arguments: Vec<String> =
        ["fwlint", "trace", "--together", "--packets", "-"].map(String::from).into();
    arguments.extend(interfaces.iter().map(|interface| format!("--interface={interface}")));
    for (number, (kind, text)) in rulesets.iter().enumerate() {
        let (_, name) = READABLE.iter().find(|(readable, _)| readable == kind)?;
        let path = folder.path().join(format!("{number}-{name}"));
        fs::write(&path, text).expect("the ruleset can be written");
        arguments.push(path.to_string_lossy().into_owned());
    }
    let packets: String = probes.iter().map(|probe| format!("{probe}\n")).collect();
    let (mut answers, mut complaint) = (Vec::new(), Vec::new());
    let world = World {
        directory: folder.path().to_path_buf(),
        stdin: &mut packets.as_bytes(),
        stdout: &mut answers,
        stderr: &mut complaint,
        is_colored: false,
    };
    let status = cli::run(arguments.into_iter().map(Into::into), world);
    if status != cli::CLEAN {
        return Some(vec![json!({"error": String::from_utf8_lossy(&complaint)}); probes.len()]);
    }
    let answers = String::from_utf8_lossy(&answers);
    Some(answers.lines().map(|line| serde_json::from_str(line).expect("it answers in JSON")).collect())
}
