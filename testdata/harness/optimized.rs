//! What `nft -o` makes of rules, held against nft itself: the lint must speak of just those rules that mean something
//! else in the form in which nft would load them.

use std::cell::Cell;
use std::fs;
use std::process::{Command, Output};

use fwlint::dialects::{self, Dialect};
use fwlint::eval;
use fwlint::lints;
use fwlint::model::Ruleset;
use fwlint::source::FileId;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::kernel::oracle;

/// How many chains nft is asked about.
const CASES: u32 = 150;

/// What stands in front of the rules.
const HEAD: &str = "table inet t {\n\tchain j {\n\t}\n\tchain c {\n\
    \t\ttype filter hook input priority filter; policy drop;\n";
/// What stands behind them.
const TAIL: &str = "\t}\n}\n";

/// What rules ask: kinds of conditions, of which neighbours often have the same.
const CONDITIONS: [&[&str]; 7] = [
    &["ct state new", "ct state established,related", "ct state invalid", "ct state { new, untracked }"],
    &["tcp flags syn", "tcp flags ack", "tcp flags syn,ack", "tcp flags == syn", "tcp flags == syn,ack"],
    &["tcp flags & (fin | syn) == syn", "tcp flags & (fin | rst) == 0", "tcp flags & (fin | syn) == 0"],
    &["meta mark & 0xff == 1", "meta mark & 0xff == 2", "meta mark & 0xf0 == 0x10", "meta mark 3"],
    &[
        "tcp dport 22",
        "tcp dport 20-30",
        "tcp dport { 80, 443 }",
        "tcp dport 22 tcp dport 20-30",
        "tcp dport != 5",
    ],
    &["ip saddr 192.0.2.1", "ip saddr 192.0.2.0/24", "ip saddr 198.51.100.0/24"],
    &["counter"],
];

/// What rules do.
const VERDICTS: [&str; 5] = ["accept", "drop", "jump j", "reject", "return"];

/// Rules of one chain: two or three, of the same kinds of conditions.
fn rules() -> impl Strategy<Value = Vec<String>> {
    let kinds = prop::sample::subsequence((0..CONDITIONS.len()).collect::<Vec<_>>(), 1..=2);
    (kinds, 2..=3usize, any::<bool>()).prop_flat_map(|(kinds, count, is_same)| {
        let rule = kinds.iter().map(|kind| select(CONDITIONS[*kind])).collect::<Vec<_>>();
        let verdict = if is_same { select(&VERDICTS[..1]) } else { select(&VERDICTS[..]) };
        let rule =
            (rule, verdict).prop_map(|(conditions, verdict)| format!("{} {verdict}", conditions.join(" ")));
        prop::collection::vec(rule, count)
    })
}

#[test]
fn the_lint_of_merged_rules_agrees_with_what_nft_makes_of_them() {
    let is_root = Command::new("unshare").args(["-n", "nft", "--version"]).output();
    if !is_root.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("v1.0.6")) {
        return oracle::say_skipped("what nft merges", "there is no nft 1.0.6, or no right to ask it");
    }
    let (merged, unsafe_ones) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let result = runner.run(&rules(), |rules| {
        let text = file(&rules);
        let [Some(before), Some(after)] = ["", "-o"].map(|option| load(&text, option)) else { return Ok(()) };
        let differs = differ(&read(&before), &read(&after));
        if before == after {
            prop_assert!(!says_unsafe(&read(&text)), "{}", text);
            return Ok(());
        }
        merged.set(merged.get() + 1);
        unsafe_ones.set(unsafe_ones.get() + u32::from(differs));
        prop_assert_eq!(says_unsafe(&read(&text)), differs, "{}\nbecomes\n{}", text, after);
        Ok(())
    });
    let (merged, unsafe_ones) = (merged.get(), unsafe_ones.get());
    oracle::say(&format!("nft -o: {merged} chains merged, {unsafe_ones} of them into something else"));
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(unsafe_ones > 0 && unsafe_ones < merged, "{unsafe_ones} of {merged} are unsafe");
}

fn file(rules: &[String]) -> String {
    let rules: String = rules.iter().map(|rule| format!("\t\t{rule}\n")).collect();
    format!("{HEAD}{rules}{TAIL}")
}

fn read(text: &str) -> Ruleset {
    dialects::read(Dialect::Nft, FileId(0), text)
}

/// Does the lint say something?
fn says_unsafe(ruleset: &Ruleset) -> bool {
    ruleset.merges.iter().any(|merge| lints::changes_meaning(ruleset, merge))
}

/// Does the chain mean something else?
fn differ(before: &Ruleset, after: &Ruleset) -> bool {
    let [one, other] = [before, after].map(|ruleset| ruleset.tables[0].chain("c").expect("it is there"));
    eval::fare_otherwise(&before.tables[0], one, 0..one.rules.len(), &other.rules)
}

/// What there is after the file was loaded with an option; `None` if nft refuses what it has made, or cannot print it.
fn load(text: &str, option: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder for the rules");
    fs::write(folder.path().join("rules.nft"), text).expect("the rules can be written");
    let script = format!("nft {option} -f rules.nft > merged && nft list ruleset");
    let asked = Command::new("unshare").args(["-n", "sh", "-c", &script]).current_dir(folder.path()).output();
    let Output { status, stdout, .. } = asked.expect("nft runs");
    status.success().then(|| String::from_utf8_lossy(&stdout).into_owned())
}
