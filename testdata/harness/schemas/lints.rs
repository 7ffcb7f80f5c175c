//! Formats of others, for runs that have every kind of finding.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fwlint::lints::{LINTS, page};
use fwlint::report::Format;
use fwlint::source::Sources;
use serde_json::Value;

use super::{PUBLISHED, Validator};
use crate::{cli, formats, pages};

/// Fails with what is wrong with files that hold a format.
fn hold((format, validator, schema): &(&str, Validator, &str), files: &[PathBuf]) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    let complaints = validator.complaints(&schema, files).unwrap_or_default();
    assert!(complaints.is_empty(), "{format} against {}:\n{complaints}", schema.display());
}

#[test]
fn a_report_of_every_lint_at_every_level_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = Sources::default();
    let report = formats::every_lint(&mut sources);
    for published in PUBLISHED {
        let format = Format::from_str(published.0, false).expect("it is a format");
        let file = folder.path().join(published.0);
        fs::write(&file, formats::written(format, &sources, &report)).expect("a file");
        hold(published, &[file]);
    }
}

/// What the bad examples of the pages bring about, each in each format, and the lints that struck.
fn reports_of_the_pages(folder: &Path) -> (usize, BTreeSet<String>) {
    let (mut count, mut struck) = (0, BTreeSet::new());
    for lint in LINTS {
        let page = page::read(lint.id, lint.page).expect("it is a page");
        for example in page.examples.iter().filter(|example| !example.is_good) {
            let (place, mut arguments) = pages::laid_out(example).expect("a folder");
            let formats: BTreeSet<&str> = PUBLISHED.iter().map(|published| published.0).collect();
            for format in formats {
                let output = folder.join(format!("{format}-{count}"));
                arguments.push(format!("--output={format}={}", output.display()));
            }
            let done = cli::run(place.path(), &arguments, b"");
            assert_eq!(done.stderr, "", "{}", lint.id);
            let json = fs::read_to_string(folder.join(format!("json-{count}"))).expect("a report");
            let json: Value = serde_json::from_str(&json).expect("it is JSON");
            let findings = json["findings"].as_array().expect("a list");
            struck.extend(findings.iter().filter_map(|it| it["lint"].as_str()).map(str::to_string));
            count += 1;
        }
    }
    (count, struck)
}

#[test]
fn runs_that_have_every_kind_of_finding_are_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let (count, struck) = reports_of_the_pages(folder.path());
    let all: BTreeSet<String> = LINTS.iter().map(|lint| lint.id.to_string()).collect();
    assert_eq!(struck, all, "some lint strikes on no page");
    for published in PUBLISHED {
        let files: Vec<PathBuf> =
            (0..count).map(|number| folder.path().join(format!("{}-{number}", published.0))).collect();
        hold(published, &files);
    }
}
