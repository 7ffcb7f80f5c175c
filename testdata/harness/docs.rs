//! The documentation is complete: every flag, key, format and exit status is in it, and the schemas say what
//! the code does.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fwlint::config::{EdgeIpVersion, KEYS, Policy, Protocol, RunsIn};
use fwlint::lints::LINTS;
use fwlint::report::Format;
use fwlint::source::Sources;
use fwlint::{cli, config, profile, web};
use serde_json::{Value, json};

use crate::expected;
use crate::formats::is_valid;

fn docs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

/// The names of an enumeration on the command line, which are those in files too.
fn names<T: ValueEnum>() -> Vec<String> {
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

#[test]
fn every_key_format_and_exit_status_is_explained() {
    let read = |name: &str| fs::read_to_string(docs(name)).expect(name);
    let (config, output) = (read("config.md"), read("output.md"));
    let keys = KEYS.iter().filter(|key| !config.contains(&format!("\n{key}:")));
    let formats = names::<Format>().into_iter().filter(|name| !output.contains(&format!("| `{name}` |")));
    let statuses = [cli::CLEAN, cli::FOUND, cli::FAILED].map(|status| format!("| {status} |"));
    let statuses = statuses.into_iter().filter(|row| !output.contains(row));
    let missing: Vec<String> = keys.map(ToString::to_string).chain(formats).chain(statuses).collect();
    assert!(missing.is_empty(), "docs/config.md or docs/output.md do not explain {missing:?}");
}

/// One of these, or a list of them.
fn one_or_many(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// The JSON schema of fwlint.yaml.
fn config_schema() -> Value {
    let level = json!({ "enum": ["off", "note", "warning", "error"] });
    let levels = LINTS.iter().map(|lint| {
        let by_path = json!({ "type": "object", "additionalProperties": level });
        (lint.id.to_string(), json!({ "anyOf": [level, by_path] }))
    });
    let levels: serde_json::Map<String, Value> = levels.collect();
    let regions = profile::NAMES.iter().filter_map(|name| profile::Profile::named(name));
    let regions: Vec<&str> =
        regions.flat_map(|profile| &profile.endpoints).map(|endpoint| endpoint.name.as_str()).collect();
    let port = json!({ "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": 65535 },
        { "type": "string", "pattern": "^[0-9]+([-:][0-9]+)?$" }
    ] });
    let word = json!({ "type": ["string", "integer"] });
    let address = json!({ "type": "string" });
    let addresses = json!({ "anyOf": [address, { "type": "array", "items": address }, { "type": "null" }] });
    let allow = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": { "type": "string" }, "ports": one_or_many(port.clone()), "port": one_or_many(port.clone()),
            "protocol": one_or_many(word.clone()), "protocols": one_or_many(word.clone()),
            "source": one_or_many(address.clone()), "sources": one_or_many(address.clone()),
            "reason": { "type": "string" }
        }
    });
    let host = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": { "type": "string" }, "files": one_or_many(json!({ "type": "string" })),
            "interfaces": { "type": "object", "additionalProperties": addresses }
        }
    });
    let switch = json!({ "type": "boolean" });
    let version = json!({ "enum": ["auto", "4", "6", 4, 6] });
    assert_eq!(names::<EdgeIpVersion>(), ["auto", "4", "6"]);
    let of = |key: &str| match key {
        "profiles" => json!({ "type": "array", "items": { "enum": profile::NAMES } }),
        "protocol" => json!({ "enum": names::<Protocol>() }),
        "edge-ip-version" => version.clone(),
        "region" => json!({ "enum": regions }),
        "access" | "auto-update" | "quick-tunnel" => switch.clone(),
        "resolvers" => one_or_many(address.clone()),
        "runs-in" => json!({ "enum": names::<RunsIn>() }),
        "user" => word.clone(),
        "policy" => json!({ "enum": names::<Policy>() }),
        "ephemeral-ports" => port.clone(),
        "levels" => json!({ "type": "object", "additionalProperties": false, "properties": levels }),
        "fail-level" => json!({ "enum": ["note", "warning", "error"] }),
        "exclude" | "units" => one_or_many(json!({ "type": "string" })),
        "allow-ingress" => json!({ "type": "array", "items": allow }),
        "hosts" => json!({ "type": "array", "items": host }),
        other => panic!("the schema of fwlint.yaml says nothing of `{other}`"),
    };
    let properties: serde_json::Map<String, Value> =
        KEYS.iter().map(|key| (key.to_string(), of(key))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": "fwlint.yaml",
        "$id": web::document("fwlint.schema.json"),
        "type": ["object", "null"], "additionalProperties": false, "properties": properties
    })
}

/// The JSON schema of `--format json`.
fn output_schema() -> Value {
    let object = |properties: Value| {
        let required: Vec<&String> = properties.as_object().expect("an object").keys().collect();
        json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
    };
    let (text, texts) =
        (json!({ "type": "string" }), json!({ "type": "array", "items": { "type": "string" } }));
    let number = |least: u32| json!({ "type": "integer", "minimum": least });
    let place = object(json!({ "line": number(1), "column": number(1), "offset": number(0) }));
    let or_null = |schema: &Value| json!({ "anyOf": [schema, { "type": "null" }] });
    let unit = object(json!({
        "name": text, "paths": texts, "verdicts": { "type": "object", "additionalProperties": text },
        "assumptions": texts, "chains": number(0), "rules": number(0)
    }));
    let label = object(json!({ "path": text, "start": place, "end": place, "message": text }));
    let change = object(json!({ "path": text, "start": place, "end": place, "text": text }));
    let fix = object(json!({
        "title": text, "safe": { "type": "boolean" }, "opens": texts, "closes": texts, "changes": texts,
        "edits": { "type": "array", "items": change },
        "new_files": { "type": "array", "items": object(json!({ "path": text, "text": text })) },
        "commands": texts
    }));
    let finding = object(json!({
        "lint": text, "level": { "enum": ["note", "warning", "error"] }, "message": text, "unit": text,
        "path": or_null(&text), "start": or_null(&place), "end": or_null(&place), "here": or_null(&text),
        "labels": { "type": "array", "items": label }, "notes": texts,
        "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{16}$" }, "url": { "type": "string", "pattern": "^https://" },
        "fix": or_null(&fix), "unfixed": or_null(&text)
    }));
    let mut schema = object(json!({
        "version": text, "units": { "type": "array", "items": unit },
        "findings": { "type": "array", "items": finding }
    }));
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["$id"] = json!(web::document("output.schema.json"));
    schema["title"] = json!("fwlint check --format json");
    schema
}

#[test]
fn the_schemas_are_made_of_the_code() {
    let schemas = [("fwlint.schema.json", config_schema()), ("output.schema.json", output_schema())];
    let wrong = schemas.iter().filter_map(|(name, schema)| {
        let text = serde_json::to_string_pretty(schema).expect("it is JSON") + "\n";
        expected::compare(&docs(name), &text, true)
    });
    expected::report(wrong.collect());
}

#[test]
fn the_schema_of_the_configuration_takes_what_the_program_takes() {
    let page = fs::read_to_string(docs("config.md")).expect("docs/config.md");
    let example =
        page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let cases = [
        example,
        "",
        "levels: {open-port: off, unused-chain: {'old/**': note}}\n",
        "allow-ingress:\n  - name: web\n    port: [80, 443, 8000-8100]\n    protocol: tcp\n",
        "hosts:\n  - name: x\n    interfaces: {eth0: 192.0.2.1/24, wg0: }\n",
        "edge-ip-version: 4\nuser: 998\n",
        "protcol: quic\n",
        "protocol: tcp\n",
        "region: eu\n",
        "access: sure\n",
        "fail-level: off\n",
        "levels: {open-port: silent}\n",
        "allow-ingress: [{port: 22}]\n",
        "allow-ingress: [{name: x, prot: tcp}]\n",
        "hosts: [{name: x, interfaces: [eth0]}]\n",
    ];
    let schema = config_schema();
    for text in cases {
        let mut sources = Sources::default();
        let file = sources.add("fwlint.yaml", text.into());
        let taken = config::read(&sources, file).is_ok();
        let value: Value = serde_yaml::from_str(text).expect("it is YAML");
        let Some(valid) = is_valid(&schema, &value) else {
            eprintln!("skipped: no validator of JSON schemas");
            return;
        };
        assert_eq!(valid, taken, "by the schema and by the program:\n{text}");
    }
}

#[test]
fn the_schema_of_the_output_takes_every_report_of_the_hosts() {
    let hosts = crate::hosts::reports().into_iter();
    let reports: Vec<Value> =
        hosts.map(|report| serde_json::from_str(&report).expect("a report is JSON")).collect();
    let all = json!({ "type": "array", "items": output_schema() });
    assert_ne!(is_valid(&all, &json!(reports)), Some(false));
}
