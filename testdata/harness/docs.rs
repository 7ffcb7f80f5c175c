//! The documentation is complete: every flag, key, format and exit status is in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fwlint::lints::page;
use fwlint::report::Format;
use fwlint::source::FileId;
use fwlint::tree::{self, Kind, Node};
use fwlint::{cli, config};
use serde_json::Value;

use crate::cli::run;
use crate::{expected, schemas};

pub fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// The names of an enumeration on the command line, which are those in files too.
pub fn names<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_string()).collect()
}

#[test]
fn every_flag_is_in_the_reference() {
    let mut text = String::from(
        "# Commands and flags\n\nThis page is made from the flags by `UPDATE=1 cargo test`; `fwlint help COMMAND` \
         prints the same.\n",
    );
    let all = cli::command();
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
        text += &format!("\n## fwlint {}\n\n{}\n", command.get_name(), about.unwrap_or_default());
        let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
        let rows: Vec<String> = arguments.filter_map(row).collect();
        if !rows.is_empty() {
            text += &format!("\n| flag | what it does |\n|---|---|\n{}", rows.concat());
        }
    }
    expected::report(expected::compare(&docs("flags.md"), &text, true).into_iter().collect());
}

/// A row of the table; help and version need none.
fn row(argument: &clap::Arg) -> Option<String> {
    let id = argument.get_id().as_str();
    if ["help", "version"].contains(&id) {
        return None;
    }
    let value = argument.get_value_names().filter(|_| argument.get_action().takes_values());
    let value = value.and_then(|names| names.first()).map(ToString::to_string);
    let name = match (argument.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_else(|| id.to_uppercase()),
    };
    let name = argument.get_short().map_or(name.clone(), |short| format!("-{short}, {name}"));
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let sentences = help.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut help =
        sentences.map(|part| part.trim_end_matches('.').to_string()).collect::<Vec<_>>().join(". ");
    let values = argument.get_possible_values();
    if !values.is_empty() && !argument.is_hide_possible_values_set() && argument.get_action().takes_values() {
        let values: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
        help += &format!(". One of {}", values.join(", "));
    }
    let default = argument.get_default_values().first().filter(|_| argument.get_action().takes_values());
    if let Some(default) = default {
        help += &format!("; by default `{}`", default.to_string_lossy());
    }
    let cell = |text: &str| text.replace('|', "\\|");
    Some(format!("| `{}` | {} |\n", cell(&name), cell(&help)))
}

/// The rules of the examples in docs/output.md.
const EXAMPLE: &str =
    "*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\n-A INPUT -p tcp --dport 22 -j DROP\nCOMMIT\n";

#[test]
fn the_examples_of_output_are_what_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.v4"), EXAMPLE).expect("a file");
    let printed = |flag: &str| {
        let words = format!("check rules.v4 --isolated --select shadowed-rule {flag}");
        run(folder.path(), &words.split(' ').map(str::to_string).collect::<Vec<_>>(), b"").stdout
    };
    let json = printed("--format=json");
    let json = pretty(&tree::json(FileId(0), &json).expect("it is JSON"), 0);
    let mut page = fs::read_to_string(docs("output.md")).expect("the page");
    // The first block of each language.
    for (language, text) in [("text", printed("-q").trim_end()), ("json", &json)] {
        let (before, rest) = page.split_once(&format!("```{language}\n")).expect("there is an example");
        let (_, after) = rest.split_once("\n```").expect("it ends");
        page = format!("{before}```{language}\n{text}\n```{after}");
    }
    expected::report(expected::compare(&docs("output.md"), &page, true).into_iter().collect());
}

#[test]
fn the_example_of_a_probe_is_what_is_printed() {
    let lint = fwlint::lints::LINTS.iter().find(|lint| lint.id == "tunnel-unanswered").expect("it is a lint");
    let example = page::Page::of(lint).examples.into_iter().next().expect("it has an example");
    let (folder, mut arguments) = crate::pages::laid_out(&example).expect("a folder");
    arguments.push("--format=json".to_owned());
    let printed = run(folder.path(), &arguments, b"").stdout;
    let report = tree::json(FileId(0), &printed).expect("it is JSON");
    fn within<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
        match node.kind {
            Kind::Map(entries) => {
                entries.into_iter().find(|(key, _)| key.text() == Some(name)).map(|(_, node)| node)
            }
            Kind::List(items) => items.into_iter().nth(name.parse().expect("a number")),
            _ => None,
        }
    }
    let probe = ["units", "0", "probes", "1"].into_iter().try_fold(report, within).expect("it is there");
    let json = format!("{{\n  \"probes\": [\n    {}\n  ]\n}}", pretty(&probe, 4));
    let page = fs::read_to_string(docs("output.md")).expect("the page");
    let (before, rest) = page.split_once("had `--probe`").expect("it is explained");
    let (words, rest) = rest.split_once("```json\n").expect("there is an example");
    let (_, after) = rest.split_once("\n```").expect("it ends");
    let page = format!("{before}had `--probe`{words}```json\n{json}\n```{after}");
    expected::report(expected::compare(&docs("output.md"), &page, true).into_iter().collect());
}

/// JSON for people: what fits on a line stands on one.
fn pretty(node: &Node, indent: usize) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let name = |key: &Node| text(key.text().expect("keys are texts"));
    let (open, close, parts): (_, _, Vec<(String, &Node)>) = match &node.kind {
        Kind::Null => return "null".to_string(),
        Kind::Bool(value) => return value.to_string(),
        Kind::Number(number) => return number.to_string(),
        Kind::Text(value) => return text(value),
        Kind::List(items) => ("[", "]", items.iter().map(|item| (String::new(), item)).collect()),
        Kind::Map(entries) => {
            ("{", "}", entries.iter().map(|(key, value)| (name(key) + ": ", value)).collect())
        }
    };
    let written = |indent| parts.iter().map(move |(key, value)| format!("{key}{}", pretty(value, indent)));
    let short = written(0).collect::<Vec<_>>().join(", ");
    let space = if open == "{" && !parts.is_empty() { " " } else { "" };
    if indent > 0 && indent + short.len() < 100 && !short.contains('\n') {
        return format!("{open}{space}{short}{space}{close}");
    }
    let line = |part: String| format!("{}{part}", " ".repeat(indent + 2));
    let lines = written(indent + 2).map(line).collect::<Vec<_>>().join(",\n");
    format!("{open}\n{lines}\n{}{close}", " ".repeat(indent))
}

/// The names of all properties of a schema.
fn keys_within(schema: &Value, found: &mut BTreeSet<String>) {
    found.extend(schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
    let parts: Vec<&Value> = match schema {
        Value::Object(parts) => parts.values().collect(),
        Value::Array(parts) => parts.iter().collect(),
        _ => Vec::new(),
    };
    parts.into_iter().for_each(|part| keys_within(part, found));
}

#[test]
fn every_key_format_and_exit_status_is_explained() {
    let read = |name: &str| fs::read_to_string(docs(name)).expect(name);
    let (explained, output) = (read("config.md"), read("output.md"));
    let keys = config::keys().filter(|key| !explained.contains(&format!("\n{key}:")));
    let formats = names::<Format>().into_iter().filter(|name| !output.contains(&format!("| `{name}` |")));
    let statuses = [cli::CLEAN, cli::FOUND, cli::FAILED].map(|status| format!("| {status} |"));
    let statuses = statuses.into_iter().filter(|row| !output.contains(row));
    let (mut within, mut said) = (BTreeSet::new(), BTreeSet::new());
    keys_within(&schemas::config::schema()["properties"]["allow-ingress"], &mut within);
    keys_within(&schemas::config::schema()["properties"]["hosts"], &mut within);
    keys_within(&schemas::output::schema(), &mut said);
    assert!(within.len() > 8 && said.len() > 25, "{within:?} {said:?}");
    let is_explained =
        |key: &String| [" {}:", "`{}`"].iter().any(|form| explained.contains(&form.replace("{}", key)));
    let within = within.into_iter().filter(|key| !is_explained(key));
    let said = said.into_iter().filter(|key| !output.contains(&format!("\"{key}\":")));
    let missing: Vec<String> =
        keys.map(ToString::to_string).chain(within).chain(said).chain(formats).chain(statuses).collect();
    assert!(missing.is_empty(), "docs/config.md or docs/output.md do not explain {missing:?}");
}
