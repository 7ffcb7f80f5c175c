//! What the kernel makes of a script, and how it lists what it has, must be read to the same model.

use crate::kernel::oracle;
use crate::read::{cases, root};
use fwlint::dialects::Dialect;
use fwlint::dialects::iptables::{list, save, script};
use fwlint::model::{Action, Match, Policy, Rule, Ruleset, Verdict};
use fwlint::source::FileId;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How many rulesets are tried; each takes a few dozen milliseconds.
const COUNT: usize = 16;

const FIRST: FileId = FileId(0);

/// Prints all rules of a family both ways.
const PRINT: &str = r#"
for tool in iptables ip6tables; do
    for table in raw mangle nat filter; do
        echo "@ $tool $table"
        $tool -t $table -S
        echo "@@"
        $tool -t $table -L -n -v
    done
done
"#;

#[test]
fn lists_and_dumps_of_the_kernel_are_read_to_the_same_model() {
    let Some(scripts) = scripts("the comparison of lists with dumps") else { return };
    let mut problems = Vec::new();
    let mut compared = 0;
    for (id, sets, script) in &scripts {
        let shown = run(&format!("{}{script}{PRINT}", restored(sets)));
        for part in shown.split("@ ").skip(1) {
            let Some((head, rest)) = part.split_once('\n') else { continue };
            let Some((dump, list)) = rest.split_once("@@\n") else { continue };
            let table = head.split_whitespace().nth(1).unwrap_or_default();
            let dump = format!("*{table}\n{dump}COMMIT\n");
            let (dumped, listed) = match head.starts_with("ip6") {
                true => (
                    save::read_v6(FIRST, &dump),
                    list::read(FIRST, &format!("# {head} -t {table} -L\n{list}")),
                ),
                false => (
                    save::read_v4(FIRST, &dump),
                    list::read(FIRST, &format!("# {head} -t {table} -L\n{list}")),
                ),
            };
            compared += 1;
            compare(&format!("{id} {head}"), &dumped, &listed, &mut problems);
        }
    }
    finish("lists", compared, &problems);
}

#[test]
fn scripts_and_what_the_kernel_then_has_are_read_to_the_same_model() {
    let Some(scripts) = scripts("the comparison of scripts with dumps") else { return };
    let mut problems = Vec::new();
    for (id, sets, text) in &scripts {
        let shown = run(&format!("{}{text}\niptables-save\necho @@\nip6tables-save\n", restored(sets)));
        let Some((v4, v6)) = shown.split_once("@@\n") else { continue };
        let mut dumped = save::read_v4(FIRST, v4);
        dumped.join(save::read_v6(FIRST, v6));
        compare(id, &dumped, &script::read(FIRST, text), &mut problems);
    }
    finish("scripts", scripts.len(), &problems);
}

/// Stands in for what a test machine need not have.
const PRELUDE: &str = r#"
IPTABLES=iptables IP6TABLES=ip6tables
sudo() {
    while [ "${1#-}" != "$1" ]; do
        if [ "$1" = -u ]; then shift; fi
        shift
    done
    "$@"
}
"#;

#[test]
fn cases_without_unknowns_leave_the_kernel_what_they_are_read_to() {
    if let Err(reason) = oracle::folder() {
        return oracle::say_skipped("the comparison of script cases with dumps", &reason);
    }
    let mut problems = Vec::new();
    let mut compared = 0;
    for (path, dialect) in cases(&root().join("read"), "model") {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let is_typed = text.lines().any(|line| line.starts_with("$ ") || line.contains("@host"));
        if dialect != Dialect::IptablesScript || is_typed || text.contains('\r') {
            continue;
        }
        let understood = script::read(FIRST, &text);
        if !is_all_known(&understood) {
            continue;
        }
        let shown = run(&format!("{PRELUDE}(\n{text}\n)\niptables-save\necho @@\nip6tables-save\n"));
        let Some((v4, v6)) = shown.split_once("@@\n") else { continue };
        let mut dumped = save::read_v4(FIRST, v4);
        dumped.join(save::read_v6(FIRST, v6));
        compare(&path.display().to_string(), &dumped, &understood, &mut problems);
        compared += 1;
    }
    assert!(compared > 8, "only {compared} cases can be run");
    finish("cases of scripts", compared, &problems);
}

/// Does a script mean the same wherever it runs?
fn is_all_known(ruleset: &Ruleset) -> bool {
    let mut rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    let is_open = |rule: &Rule| {
        let has_atom = rule.matches.iter().any(|it| matches!(it.value, Match::Atom(_)));
        has_atom || matches!(rule.verdict.value, Verdict::Unknown(_))
    };
    ruleset.remarks.is_empty() && ruleset.sets.is_empty() && !rules.any(is_open)
}

/// Random scripts, each with its name and the sets that it needs; `None` where that is not possible.
fn scripts(what: &str) -> Option<Vec<(String, String, String)>> {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => {
            oracle::say_skipped(what, &reason);
            return None;
        }
    };
    let text = generate(&folder);
    let jobs = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut scripts: Vec<_> = jobs.map(|job| host(&job)).collect();
    scripts.push(("all matches".into(), "create x hash:ip\n".into(), include_str!("matches.sh").into()));
    Some(scripts)
}

fn generate(folder: &Path) -> String {
    let mut generator = Command::new("python3");
    generator.arg(folder.join("genrules.py"));
    generator.args(["--flavour", "script", "--seed", "7", "--count", &COUNT.to_string()]);
    let output = generator.output().expect("python3 runs");
    String::from_utf8(output.stdout).expect("the generator writes text")
}

fn host(job: &Value) -> (String, String, String) {
    let (mut sets, mut script) = (String::new(), String::new());
    for pair in job["rulesets"].as_array().into_iter().flatten() {
        let text = pair[1].as_str().unwrap_or_default();
        match pair[0].as_str() {
            Some("ipset") => sets.push_str(text),
            _ => script.push_str(text),
        }
    }
    (job["id"].to_string(), sets, script)
}

fn restored(sets: &str) -> String {
    if sets.is_empty() { String::new() } else { format!("ipset restore <<'END'\n{sets}END\n") }
}

/// What a script prints in a network of its own.
fn run(script: &str) -> String {
    let mut shell = Command::new("unshare");
    shell.args(["-n", "bash", "-s"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut shell = shell.spawn().expect("unshare runs");
    let mut input = shell.stdin.take().expect("its input is a pipe");
    input.write_all(script.as_bytes()).expect("the shell reads its script");
    drop(input);
    let output = shell.wait_with_output().expect("the shell ends");
    String::from_utf8(output.stdout).expect("iptables prints text")
}

fn compare(what: &str, expected: &Ruleset, got: &Ruleset, problems: &mut Vec<String>) {
    let (expected, got) = (chains(expected), chains(got));
    for line in &expected {
        if !got.contains(line) {
            problems.push(format!("{what}: missing\n    {line}"));
        }
    }
    for line in &got {
        if !expected.contains(line) {
            problems.push(format!("{what}: too much\n    {line}"));
        }
    }
}

/// Each chain with its rules as text, without places; without those that have none.
fn chains(ruleset: &Ruleset) -> Vec<String> {
    let mut texts = Vec::new();
    for table in &ruleset.tables {
        for chain in &table.chains {
            let policy = chain.base.as_ref().map(|base| base.policy.value);
            let mut text = format!("{:?} {} {} {policy:?}", table.families, table.name, chain.name);
            for rule in &chain.rules {
                let mut matches: Vec<String> = rule.matches.iter().map(|it| words(&it.value)).collect();
                matches.sort();
                let actions: Vec<String> = rule.actions.iter().map(|it| deed(&it.value)).collect();
                let comment = rule.comment.as_ref().map(|it| &it.value);
                text += &format!("\n      {matches:?} {actions:?} {:?} {comment:?}", rule.verdict.value);
            }
            let is_bare = chain.rules.is_empty() && policy == Some(Policy::Accept);
            if !is_bare {
                texts.push(text);
            }
        }
    }
    texts.sort();
    texts
}

/// A match without its place. A list leaves out what a match has by default: how an unknown of its own is
/// called does not count.
fn words(found: &Match) -> String {
    match found {
        Match::Atom(atom) if !atom.is_pure() => "unknown".to_owned(),
        Match::Noted(_) => "noted".to_owned(),
        other => format!("{other:?}"),
    }
}

/// An action. What a list says of a value that is written has words of its own.
fn deed(action: &Action) -> String {
    match action {
        Action::Mangle(mangle) => format!("writes {:?}", mangle.axes),
        other => format!("{other:?}"),
    }
}

fn finish(what: &str, compared: usize, problems: &[String]) {
    oracle::say(&format!("{what}: {compared} compared with the kernel's"));
    let shown: Vec<&str> = problems.iter().take(10).map(String::as_str).collect();
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), shown.join("\n"));
}
