//! SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), as GitHub's code scanning reads it
//! (docs.github.com, "SARIF support for code scanning").

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::place::{self, Columns};
use super::{ascii, shorten};
use crate::finding::{Edit, Fix, Level, LintInfo, Report, Reported, Unread};
use crate::source::{Sources, Span};
use crate::web;

/// Writes the report as one run.
///
/// # Errors
/// When the stream cannot be written.
pub fn write(to: &mut dyn Write, sources: &Sources, report: &Report) -> io::Result<()> {
    let driver = Driver {
        name: "fwlint",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: web::REPOSITORY,
        rules: report.lints.iter().map(rule).collect(),
    };
    let run = Run {
        tool: Tool { driver },
        invocations: [Invocation {
            execution_successful: report.unread.is_empty(),
            tool_execution_notifications: report.unread.iter().map(notification).collect(),
        }],
        column_kind: "utf16CodeUnits",
        results: report.findings.iter().map(|reported| result(sources, report, reported)).collect(),
    };
    ascii::write(to, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })
}

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'a str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    semantic_version: &'a str,
    information_uri: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

/// What went wrong, and is no result.
#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

fn notification(unread: &Unread) -> Notification {
    let text = [&unread.message, &unread.help].map(|text| shorten(text)).join("\n\n");
    Notification { level: "error", message: message(text) }
}

/// A lint; "rule" is SARIF's word.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Text<'a>,
    full_description: Text<'a>,
    help: Help<'a>,
    help_uri: String,
    default_configuration: Configuration<'a>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration<'a> {
    level: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    tags: &'a [&'a str],
    precision: &'a str,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<String>,
}

fn rule(info: &LintInfo) -> Rule<'_> {
    let tags: &[&str] =
        if info.security_severity.is_some() { &["firewall", "security"] } else { &["firewall"] };
    Rule {
        id: info.id,
        short_description: Text { text: &info.summary },
        full_description: Text { text: &info.summary },
        help: Help { text: info.help, markdown: info.help },
        help_uri: web::page(info.id),
        default_configuration: Configuration { level: info.level.name() },
        properties: Properties {
            tags,
            precision: "very-high",
            security_severity: info.security_severity.map(|severity| format!("{severity:.1}")),
        },
    }
}

/// A finding; "result" is SARIF's word.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'a str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<SarifFix<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifFix<'a> {
    description: Message,
    artifact_changes: Vec<Change<'a>>,
}

/// What is done to one file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    artifact_location: Artifact,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Text<'a>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

fn result<'a>(sources: &Sources, report: &'a Report, reported: &'a Reported) -> SarifResult<'a> {
    let finding = &reported.finding;
    let words = std::iter::once(&finding.message).chain(&finding.here).chain(&finding.notes);
    let text = words.map(|text| shorten(text)).collect::<Vec<_>>().join("\n\n");
    let related = finding.labels.iter().enumerate().map(|(index, label)| Location {
        id: Some(index + 1),
        message: Some(message(shorten(&label.message))),
        physical_location: physical(sources, label.span),
    });
    let whole_file = || PhysicalLocation {
        artifact_location: Artifact { uri: uri(&place::path_in_repository(sources, report, reported)) },
        region: Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 },
    };
    let physical_location = finding.span.map_or_else(whole_file, |span| physical(sources, span));
    SarifResult {
        rule_id: finding.lint,
        rule_index: report.lints.iter().position(|info| info.id == finding.lint),
        level: match finding.level {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        },
        message: message(text),
        locations: [Location { id: None, physical_location, message: None }],
        related_locations: related.collect(),
        // GitHub tells findings apart by the second alone, and appends how many there were before.
        partial_fingerprints: BTreeMap::from([
            ("fwlint/v1", reported.fingerprint.clone()),
            ("primaryLocationLineHash", format!("{}:1", reported.fingerprint)),
        ]),
        fixes: reported.fix.iter().filter_map(|made| fix(sources, made)).collect(),
    }
}

/// A fix that changes texts; SARIF has no words for commands.
fn fix<'a>(sources: &Sources, fix: &'a Fix) -> Option<SarifFix<'a>> {
    let replacement = |edit: &'a Edit| Replacement {
        deleted_region: physical(sources, edit.span).region,
        inserted_content: Text { text: &edit.text },
    };
    let of_file = |edits: &'a [Edit]| Change {
        artifact_location: Artifact { uri: uri(&sources.path_in_repository(edits[0].span.file)) },
        replacements: edits.iter().map(replacement).collect(),
    };
    let by_file = fix.edits.chunk_by(|one, other| one.span.file == other.span.file);
    let changes: Vec<Change> = by_file.map(of_file).collect();
    let is_all_said = fix.new_files.is_empty() && fix.commands.is_empty() && !changes.is_empty();
    is_all_said.then(|| SarifFix { description: message(shorten(&fix.summary())), artifact_changes: changes })
}

/// A text in which brackets make no link (section 3.11.6 of the standard).
fn message(text: String) -> Message {
    if !text.contains("](") {
        return Message { text };
    }
    Message { text: text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]") }
}

fn physical(sources: &Sources, span: Span) -> PhysicalLocation {
    let region = place::region(sources, span, Columns::Utf16);
    PhysicalLocation {
        artifact_location: Artifact { uri: uri(&sources.path_in_repository(span.file)) },
        region: Region {
            start_line: region.start.0,
            start_column: region.start.1,
            end_line: region.end.0,
            end_column: region.end.1,
        },
    }
}

/// A path as a URI: relative ones to the root of the repository, absolute ones with their scheme.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris_and_brackets_no_links() {
        assert_eq!(uri("a b/rules.v4\n:é"), "a%20b/rules.v4%0A%3A%C3%A9");
        assert_eq!(uri("/etc/rules.v4"), "file:///etc/rules.v4");
        assert_eq!(message("[::1]:22".into()).text, "[::1]:22");
        assert_eq!(message("[x](http://y) \\".into()).text, "\\[x\\](http://y) \\\\");
    }
}
