//! nft's JSON says what its text says: nft's own tests have each dump as both, where they are to be had.

use std::fs;
use std::path::Path;
use std::process::Command;

use fwlint::dialects::{self, Dialect};
use fwlint::model::Ruleset;
use fwlint::source::Sources;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::kernel::oracle;
use crate::{expected, nft, render, spans};

#[test]
fn json_means_what_the_text_beside_it_means() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/nftables");
    let mut files = Vec::new();
    nft::walk(&corpus, &mut files);
    if files.is_empty() {
        return eprintln!("skipped: there is no {}", corpus.display());
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for json in files.iter().filter(|path| path.extension().is_some_and(|ending| ending == "json-nft")) {
        let text = json.with_extension("nft");
        if !text.exists() {
            said(json, Dialect::NftJson);
            continue;
        }
        let (of_text, of_json) = (said(&text, Dialect::Nft), said(json, Dialect::NftJson));
        compared += 1;
        if of_text != of_json {
            let path = json.strip_prefix(&corpus).unwrap_or(json);
            wrong.push(format!("{}\n{}", path.display(), expected::diff(&of_text, &of_json)));
        }
    }
    eprintln!("nft: {compared} dumps as text and as JSON");
    expected::report(wrong);
}

/// How many rulesets of the oracle's generator are listed.
const COUNT: usize = 40;

#[test]
fn what_nft_lists_as_json_means_what_it_lists_as_text() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the comparison of nft's listings", &reason),
    };
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py")).args(["--flavour", "nft", "--probes", "1", "--seed", "5"]);
    let generated = generator.args(["--count", &COUNT.to_string()]).output().expect("python3 runs");
    let jobs = String::from_utf8(generated.stdout).expect("the generator writes text");
    let mut wrong = Vec::new();
    for job in jobs.lines() {
        let job: Value = serde_json::from_str(job).expect("the generator writes JSON");
        let rulesets = job["rulesets"].as_array().into_iter().flatten();
        let rules: String = rulesets.filter_map(|pair| pair[1].as_str()).collect();
        let folder = tempfile::tempdir().expect("a folder for the listings");
        list(&rules, folder.path());
        let of_text = model(&folder.path().join("listed.nft"), Dialect::Nft);
        let of_json = model(&folder.path().join("listed.json"), Dialect::NftJson);
        if of_text != of_json {
            wrong.push(format!("{}\n{}\n{rules}", job["id"], expected::diff(&of_text, &of_json)));
        }
    }
    expected::report(wrong);
}

/// Loads rules into a network namespace of their own, and lists them as text and as JSON.
fn list(rules: &str, folder: &Path) {
    fs::write(folder.join("rules.nft"), rules).expect("the rules can be written");
    let script = "set -e
        ip link add eth0 type veth peer name eth1
        nft -f rules.nft; nft list ruleset > listed.nft; nft -j list ruleset > listed.json";
    let mut command = Command::new("unshare");
    let output = command.args(["-n", "sh", "-c", script]).current_dir(folder).output().expect("unshare runs");
    assert!(output.status.success(), "{}\n{rules}", String::from_utf8_lossy(&output.stderr));
}

/// All of the model of a file, without the places.
fn model(path: &Path, dialect: Dialect) -> String {
    let (ruleset, _) = read(path, dialect);
    let all = format!("{:#?}\n{:#?}\n{:?}", ruleset.tables, ruleset.remarks, ruleset.families);
    let is_place = |line: &&str| ["start: ", "end: "].iter().any(|name| line.trim_start().starts_with(name));
    all.lines().filter(|line| !is_place(line)).map(|line| decimal(line) + "\n").collect()
}

/// What a file says, without the places.
fn said(path: &Path, dialect: Dialect) -> String {
    let (ruleset, sources) = read(path, dialect);
    let words = render::ruleset(&ruleset, &sources);
    words
        .lines()
        .map(|line| decimal(line.trim_start_matches(|c: char| c == ' ' || c.is_ascii_digit())) + "\n")
        .collect()
}

fn read(path: &Path, dialect: Dialect) -> (Ruleset, Sources) {
    let mut sources = Sources::default();
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = sources.add(path, bytes);
    let text = &sources.file(file).text;
    if dialect == Dialect::NftJson {
        assert_eq!(dialects::recognise(path, text), Some(dialect), "{}", path.display());
    }
    let ruleset = dialects::read(dialect, file, text);
    spans::assert_inside(&ruleset, sources.file(file));
    (ruleset, sources)
}

/// A line with all numbers in decimal digits: JSON has no others, and what cannot be decided is told as it is
/// written.
fn decimal(line: &str) -> String {
    let mut pieces = line.split("0x");
    let mut said = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let end = piece.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(piece.len());
        match u128::from_str_radix(&piece[..end], 16) {
            Ok(number) => said += &format!("{number}{}", &piece[end..]),
            Err(_) => said += &format!("0x{piece}"),
        }
    }
    said
}

/// What rulesets in JSON are made of.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "nftables", "metainfo", "add", "insert", "replace", "delete", "flush", "rename", "ruleset", "table", "chain", "rule",
    "set", "map", "element", "flowtable", "counter", "quota", "limit", "ct helper", "family", "name", "newname", "handle",
    "index", "type", "hook", "prio", "policy", "dev", "flags", "elem", "comment", "expr", "typeof", "timeout", "ip", "inet",
    "netdev", "filter", "nat", "input", "prerouting", "drop", "accept", "jump", "goto", "target", "match", "op", "left",
    "right", "==", "!=", "in", "<", "payload", "protocol", "field", "base", "offset", "len", "th", "tcp", "dport", "saddr",
    "meta", "key", "mark", "iifname", "ct", "state", "established", "dir", "original", "concat", "prefix", "addr", "range",
    "|", "&", "<<", "vmap", "data", "mangle", "value", "dnat", "snat", "masquerade", "port", "reject", "icmpx", "xt", "log",
    "stmt", "val", "fib", "result", "exthdr", "tcp option", "numgen", "mode", "mod", "jhash", "meter", "queue", "verdict",
    "@s", "*", "eth*", "10.0.0.0", "::1", "x", "ipv4_addr", "inet_service", "interval", "constant", "tproxy", "synproxy",
];

/// Any value made of these words.
fn values() -> impl Strategy<Value = Value> {
    let word = || select(WORDS).prop_map(str::to_string);
    let leaf = prop_oneof![
        4 => word().prop_map(Value::from),
        2 => any::<u16>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(8, 64, 4, move |inner| {
        let map = prop::collection::vec((word(), inner.clone()), 0..4);
        prop_oneof![
            2 => map.prop_map(|entries| Value::Object(Map::from_iter(entries))),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read(entries in prop::collection::vec(values(), 0..4)) {
        read_all(&json!({ "nftables": entries }));
    }

    #[test]
    fn any_statement_of_a_rule_is_read(statements in prop::collection::vec(values(), 1..4), listed in any::<bool>()) {
        let name = |more: Value| {
            let mut all = json!({ "family": "inet", "table": "t" });
            all.as_object_mut().expect("it is one").extend(more.as_object().expect("it is one").clone());
            all
        };
        let hook = json!({ "name": "c", "type": "filter", "hook": "input", "prio": 0, "policy": "drop" });
        let rule = json!({ "rule": name(json!({ "chain": "c", "expr": statements })) });
        let rule = if listed { rule } else { json!({ "insert": rule }) };
        let entries = [json!({ "table": { "family": "inet", "name": "t" } }), json!({ "chain": name(hook) }), rule];
        let rules = read_all(&json!({ "nftables": entries }));
        // Whatever it says, the rule is there.
        prop_assert!(rules > 0);
    }
}

/// Reads a value as a ruleset, and counts the rules.
fn read_all(value: &Value) -> usize {
    let mut sources = Sources::default();
    let file = sources.add("text", value.to_string().into_bytes());
    let ruleset = dialects::read(Dialect::NftJson, file, &sources.file(file).text);
    spans::assert_inside(&ruleset, sources.file(file));
    ruleset.tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum()
}

#[test]
fn deep_and_wide_json_comes_to_an_end() {
    let nested = |depth: usize| format!("{}1{}", "{\"|\": [1, ".repeat(depth), "]}".repeat(depth));
    for right in [nested(40), nested(100_000), format!("{{\"|\": [{}1]}}", "1, ".repeat(100_000))] {
        let rule = format!(
            "{{\"family\": \"ip\", \"table\": \"t\", \"chain\": \"c\", \"expr\": [{{\"match\": {{\"op\": \"==\", \"left\": \
             {{\"meta\": {{\"key\": \"mark\"}}}}, \"right\": {right}}}}}]}}"
        );
        let mut sources = Sources::default();
        let file = sources.add("text", format!("{{\"nftables\": [{{\"rule\": {rule}}}]}}").into_bytes());
        let ruleset = dialects::read(Dialect::NftJson, file, &sources.file(file).text);
        spans::assert_inside(&ruleset, sources.file(file));
    }
}
