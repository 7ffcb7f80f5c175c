//! The schema of fwlint.yaml, made of the code, and held to what the program takes: both ways, key by key.

use std::collections::BTreeSet;

use fwlint::config::{EdgeIpVersion, EdgeRules, Policy, Protocol, RunsIn};
use fwlint::lints::LINTS;
use fwlint::source::Sources;
use fwlint::{config, profile, web};
use serde_json::{Value, json};

use super::{compare, valid};
use crate::docs::names;

/// One of these, or a list of them.
fn one_or_many(one: Value) -> Value {
    json!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// One of these, or no value at all.
fn or_nothing(mut schema: Value) -> Value {
    let list = |schema: &mut Value, key: &str, nothing: Value| {
        let list = schema.get_mut(key).and_then(Value::as_array_mut);
        list.map(|list| list.push(nothing)).is_some()
    };
    let is_said = list(&mut schema, "enum", Value::Null)
        || list(&mut schema, "anyOf", json!({ "type": "null" }))
        || list(&mut schema, "type", json!("null"));
    if !is_said {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

/// What an address may look like; whether it is one, the program says.
const IPV4: &str = r"[0-9]{1,3}(\.[0-9]{1,3}){3}";
const IPV6: &str = "[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*";
/// The numbers from 0 to 255.
const BYTE: &str = "0*(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";

/// The JSON schema of fwlint.yaml.
pub fn schema() -> Value {
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
    // A word that YAML takes for a number is a name like any other.
    let text = json!({ "type": ["string", "number"] });
    let user = json!({ "type": ["string", "number"], "minLength": 1 });
    let protocols: Vec<&str> = config::PROTOCOLS.iter().map(|(name, _)| *name).collect();
    let either_case = |letter: char| format!("[{}{letter}]", letter.to_ascii_uppercase());
    let spelled: Vec<String> = protocols.iter().map(|name| name.chars().map(either_case).collect()).collect();
    let protocol = json!({ "anyOf": [
        { "enum": protocols },
        { "type": "integer", "minimum": 0, "maximum": 255 },
        { "type": "string", "pattern": format!("^({}|{BYTE})$", spelled.join("|")) }
    ] });
    let address = json!({ "type": "string", "pattern": format!("^({IPV4}(/[0-9]+)?|{IPV6}(/[0-9]+)?)$") });
    let resolver = json!({ "type": "string", "pattern": format!("^({IPV4}|{IPV6})$") });
    let addresses = json!({ "anyOf": [address, { "type": "array", "items": address }, { "type": "null" }] });
    let allow = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": text, "ports": one_or_many(port.clone()), "port": one_or_many(port.clone()),
            "protocol": one_or_many(protocol.clone()), "protocols": one_or_many(protocol.clone()),
            "source": one_or_many(address.clone()), "sources": one_or_many(address.clone()),
            "reason": { "type": ["string", "number", "null"] }
        }
    });
    let unseen = json!({
        "type": ["object", "null"], "additionalProperties": false,
        "properties": { "rules": one_or_many(text.clone()), "settings": one_or_many(text.clone()) }
    });
    let number = json!({ "type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX });
    let came = "answered|garbled|refused|silent|forbidden|unreachable|untried";
    let tried = format!("^[^ ]+ (tcp|udp) [^ ]+ > [^ ]+ ({came})$");
    let probed = json!({
        "type": ["object", "null"], "additionalProperties": false,
        "properties": {
            "day": { "type": ["string", "number", "null"] }, "uid": number, "gid": number,
            "answers": { "type": "array", "items": { "type": "string", "pattern": "^(A|AAAA|SRV) .+:( .*)?$" } },
            "tried": { "type": "array", "items": { "type": "string", "pattern": tried } }
        }
    });
    let host = json!({
        "type": "object", "required": ["name"], "additionalProperties": false,
        "properties": {
            "name": text, "files": one_or_many(text.clone()),
            "interfaces": { "type": "object", "additionalProperties": addresses },
            "unseen": unseen, "probed": probed
        }
    });
    let switch = json!({ "type": "boolean" });
    let version = json!({ "enum": ["auto", "4", "6", 4, 6] });
    assert_eq!(names::<EdgeIpVersion>(), ["auto", "4", "6"]);
    let of = |key: &str| match key {
        "profiles" => one_or_many(json!({ "enum": profile::NAMES })),
        "protocol" => json!({ "enum": names::<Protocol>() }),
        "edge-ip-version" => version.clone(),
        "edge-bind-address" => resolver.clone(),
        "region" => json!({ "enum": regions }),
        "access" | "auto-update" | "quick-tunnel" => switch.clone(),
        "resolvers" | "upstream-resolvers" => one_or_many(resolver.clone()),
        "runs-in" => json!({ "enum": names::<RunsIn>() }),
        "user" => user.clone(),
        "policy" => json!({ "enum": names::<Policy>() }),
        "ephemeral-ports" => port.clone(),
        "edge-rules" => json!({ "enum": names::<EdgeRules>() }),
        "levels" => json!({ "type": "object", "additionalProperties": false, "properties": levels }),
        "fail-level" => json!({ "enum": ["note", "warning", "error"] }),
        "exclude" | "units" => one_or_many(text.clone()),
        "allow-ingress" => json!({ "type": "array", "items": allow }),
        "hosts" => json!({ "type": "array", "items": host }),
        other => panic!("the schema of fwlint.yaml says nothing of `{other}`"),
    };
    let properties: serde_json::Map<String, Value> =
        config::keys().map(|key| (key.to_string(), or_nothing(of(key)))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#", "title": "fwlint.yaml",
        "$id": web::document("fwlint.schema.json"),
        "type": ["object", "null"], "additionalProperties": false, "properties": properties
    })
}

#[test]
fn the_schema_of_the_configuration_is_made_of_the_code() {
    compare("fwlint.schema.json", &schema());
}

/// What may stand anywhere, right here and wrong there.
const VALUES: &[&str] = &[
    "~",
    "true",
    "false",
    "0",
    "4",
    "6",
    "22",
    "65535",
    "65536",
    "-1",
    "1.5",
    "'22'",
    "'4'",
    "''",
    "auto",
    "quic",
    "udp",
    "global",
    "host",
    "positive",
    "'off'",
    "note",
    "error",
    "8000-8100",
    "8000:8100",
    "22-",
    "192.0.2.1",
    "192.0.2.0/24",
    "'2001:db8::1'",
    "'2001:db8::/32'",
    "cloudflare-tunnel",
    "web/rules.v4",
    "two words",
    "[]",
    "[note]",
    "[22, 80]",
    "[192.0.2.1]",
    "[~]",
    "{}",
    "{name: x}",
    "{eth0: ~}",
    "{unknown: 1}",
    "[{name: x}]",
    "[{}]",
];

/// The places of the schema: texts in which `@` stands for a value.
fn places(schema: &Value, around: &str, found: &mut BTreeSet<String>) {
    found.insert(around.to_string());
    for alternative in schema["anyOf"].as_array().into_iter().flatten() {
        places(alternative, around, found);
    }
    if let Some(items) = schema.get("items") {
        places(items, &around.replace('@', "[@]"), found);
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&str> = required.collect();
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let others = required.iter().filter(|other| *other != key);
        let others: String = others.map(|other| format!("{other}: x, ")).collect();
        places(value, &around.replace('@', &format!("{{{others}{key}: @}}")), found);
    }
    if let Some(value) = schema.get("additionalProperties").filter(|value| value.is_object()) {
        places(value, &around.replace('@', "{eth0: @}"), found);
    }
}

#[test]
fn the_schema_of_the_configuration_takes_what_the_program_takes() {
    let schema = schema();
    let mut places = BTreeSet::new();
    self::places(&schema, "@", &mut places);
    let mut texts: Vec<String> = vec![String::new()];
    for place in places {
        texts.extend(VALUES.iter().map(|value| place.replace('@', value)));
    }
    let page = std::fs::read_to_string(crate::docs::docs("config.md")).expect("docs/config.md");
    texts.extend(
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_string),
    );
    let values: Vec<Value> = texts
        .iter()
        .map(|text| serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}")))
        .collect();
    let Some(valid) = valid(&schema, &values) else { return };
    let mut wrong = Vec::new();
    for (text, valid) in texts.iter().zip(valid) {
        let mut sources = Sources::default();
        let file = sources.add("fwlint.yaml", text.clone().into_bytes());
        if config::read(&sources, file).is_ok() != valid {
            wrong.push(format!("{} by the schema only: {text}", if valid { "right" } else { "wrong" }));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}

/// The keys that a part of the file may have, as the program names them when it meets another.
fn keys_of(place: &str) -> BTreeSet<String> {
    let mut sources = Sources::default();
    let file = sources.add("fwlint.yaml", place.replace('@', "{qqqqqqqqqqqqqqqq: 1}").into_bytes());
    let mistakes = config::read(&sources, file).expect_err("there is no such key");
    let help = mistakes.iter().find_map(|mistake| mistake.help.as_deref()).expect("it names the keys");
    let names = help.split_once(" are ").unwrap_or_else(|| help.split_once(" of ").unwrap_or(("", help))).1;
    names.trim_end_matches('.').split(", ").map(|name| name.trim_matches('`').to_string()).collect()
}

#[test]
fn the_schema_of_the_configuration_has_the_keys_that_the_program_has() {
    let schema = schema();
    let properties = &schema["properties"];
    let parts = [
        ("@", &schema),
        ("allow-ingress: [@]", &properties["allow-ingress"]["items"]),
        ("hosts: [@]", &properties["hosts"]["items"]),
    ];
    for (place, part) in parts {
        let known = part["properties"].as_object().expect("it has keys").keys().cloned().collect();
        assert_eq!(keys_of(place), known, "{place}");
    }
}
