//! The schema of `--format json`. That every report keeps to it, and it asks for no more and no less than the keys that
//! are there, `lints.rs` tests with runs of every kind, here those of hosts do.

use fwlint::web;
use serde_json::{Value, json};

use super::{compare, valid};

/// The JSON schema of `--format json`.
pub fn schema() -> Value {
    let object = |properties: Value| {
        let required: Vec<&String> = properties.as_object().expect("an object").keys().collect();
        json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
    };
    let (text, texts) =
        (json!({ "type": "string" }), json!({ "type": "array", "items": { "type": "string" } }));
    let number = |least: u32| json!({ "type": "integer", "minimum": least });
    let place = object(json!({ "line": number(1), "column": number(1), "offset": number(0) }));
    let or_null = |schema: &Value| json!({ "anyOf": [schema, { "type": "null" }] });
    let piece = object(json!({ "path": text, "start": place, "end": place }));
    let probe = object(json!({
        "what": text, "protocol": { "enum": ["tcp", "udp"] }, "from": or_null(&text), "to": text,
        "came": { "enum": ["answered", "garbled", "refused", "silent", "forbidden", "unreachable", "untried"] },
        "rules": { "enum": ["open", "blocked", "depends", null] },
        "blame": { "enum": ["nobody", "rules", "network", "route", "unclear", "reading"] },
        "places": { "type": "array", "items": piece }
    }));
    let mut unit = object(json!({
        "name": text, "paths": texts, "verdicts": { "type": "object", "additionalProperties": text },
        "assumptions": texts, "chains": number(0), "rules": number(0)
    }));
    // Only where something was tried.
    unit["properties"]["probes"] = json!({ "type": "array", "items": probe });
    let label = object(json!({ "path": text, "start": place, "end": place, "message": text }));
    let change = object(json!({ "path": text, "start": place, "end": place, "text": text }));
    let fix = object(json!({
        "title": text, "safe": { "type": "boolean" }, "opens": texts, "closes": texts, "changes": texts,
        "edits": { "type": "array", "items": change },
        "new_files": { "type": "array", "items": object(json!({ "path": text, "text": text })) },
        "commands": texts, "wider": or_null(&text)
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
        "findings": { "type": "array", "items": finding },
        "unread": { "type": "array", "items": object(json!({ "path": or_null(&text), "message": text, "help": text })) }
    }));
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["$id"] = json!(web::document("output.schema.json"));
    schema["title"] = json!("fwlint check --format json");
    schema
}

#[test]
fn the_schema_of_the_output_is_made_of_the_code() {
    compare("output.schema.json", &schema());
}

#[test]
fn it_takes_every_report_of_the_hosts() {
    let hosts = crate::hosts::reports().into_iter();
    let reports: Vec<Value> =
        hosts.map(|report| serde_json::from_str(&report).expect("a report is JSON")).collect();
    if let Some(valid) = valid(&schema(), &reports) {
        assert!(!valid.is_empty() && valid.iter().all(|valid| *valid), "{valid:?}");
    }
}
