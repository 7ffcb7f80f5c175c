//! Schemas: those of others hold the formats of the report to what they are, our own say what the code does.

pub mod config;
mod lints;
pub mod output;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::expected;

/// A format with a schema: its name, who holds documents against it, and the schema.
const PUBLISHED: &[(&str, Validator, &str)] = &[
    ("gitlab", Validator::Json, "testdata/schemas/gitlab.json"),
    ("rdjson", Validator::Json, "testdata/schemas/rdjson.json"),
    ("sarif", Validator::Json, "testdata/schemas/github-sarif.json"),
    ("sarif", Validator::Json, "target/schemas/sarif-2.1.0.json"),
    ("junit", Validator::Xml, "testdata/schemas/junit.xsd"),
    ("json", Validator::Json, "docs/output.schema.json"),
];

/// What holds documents against a schema.
#[derive(Clone, Copy, Debug)]
enum Validator {
    /// Python's `jsonschema`.
    Json,
    /// `xmllint`.
    Xml,
}

impl Validator {
    /// What is wrong with files, in words; `None` where that cannot be told here.
    fn complaints(self, schema: &Path, files: &[PathBuf]) -> Option<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = match self {
            Validator::Json => Command::new("python3"),
            Validator::Xml => Command::new("xmllint"),
        };
        match self {
            Validator::Json => command.arg(root.join("testdata/harness/validate.py")),
            Validator::Xml => command.args(["--noout", "--schema"]),
        };
        let done = command.arg(schema).args(files).output();
        let done = done.ok().filter(|done| done.status.code() != Some(77) && schema.exists());
        if done.is_none() {
            expected::skip(&format!(
                "{}: {self:?} cannot be validated, or the schema is missing",
                schema.display()
            ));
        }
        let done = done?;
        let text = [done.stdout, done.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(done.status.success() || !text.is_empty(), "{}: {self:?} failed", schema.display());
        Some(if done.status.success() { String::new() } else { text })
    }
}

/// Which of these values keep to a JSON schema; `None` where that cannot be told here.
fn valid(schema: &Value, values: &[Value]) -> Option<Vec<bool>> {
    let folder = tempfile::tempdir().expect("a folder");
    let all = json!({ "type": "array", "items": schema });
    let [schema, document] = [("schema", all), ("document", json!(values))].map(|(name, json)| {
        let path = folder.path().join(name);
        fs::write(&path, json.to_string()).expect("a file");
        path
    });
    let complaints = Validator::Json.complaints(&schema, &[document])?;
    let mut valid = vec![true; values.len()];
    for line in complaints.lines() {
        // `document: 12/key: what is wrong`.
        let index = line.split(": ").nth(1).and_then(|place| place.split('/').next());
        let index = index.and_then(|index| index.parse::<usize>().ok());
        valid[index.unwrap_or_else(|| panic!("{line}"))] = false;
    }
    Some(valid)
}

/// Compares a schema of ours with the file in `docs/`.
fn compare(name: &str, schema: &Value) {
    let text = serde_json::to_string_pretty(schema).expect("it is JSON") + "\n";
    let wrong = expected::compare(&crate::docs::docs(name), &text, true);
    expected::report(wrong.into_iter().collect());
}
