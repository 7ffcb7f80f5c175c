//! The pages of the lints are true: each example is checked, and what the page shows is what fwlint says.
//!
//! Of the output of `fwlint check` only the findings of the page's own lint are shown. An example under a
//! heading that begins with "Good" must have none, every other example at least one.

use std::fs;
use std::path::{Path, PathBuf};

use fwlint::lints::page::{self, Example};
use fwlint::lints::{LINTS, Lint};
use fwlint::web;

use tempfile::TempDir;

use crate::{cli, expected};

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

#[test]
fn pages_show_what_fwlint_says() {
    let mut wrong = Vec::new();
    for lint in LINTS {
        let path = rules().join(format!("{}.md", lint.id));
        match check_page(lint) {
            Err(problem) => wrong.push(format!("{}: {problem}", path.display())),
            Ok(actual) => wrong.extend(expected::compare(&path, &actual, true)),
        }
    }
    expected::report(wrong);
}

/// The page with the outputs that its examples really have.
fn check_page(lint: &Lint) -> Result<String, String> {
    let page = page::read(lint.id, lint.page)?;
    if !page.examples.iter().any(|example| example.is_good)
        || page.examples.iter().all(|example| example.is_good)
    {
        return Err("it needs a bad and a good example".to_string());
    }
    let mut text = lint.page.to_string();
    // From the last to the first, so that offsets stay true.
    for example in page.examples.iter().rev() {
        let actual = findings_of(lint, &check_example(example)?);
        match (example.is_good, actual.is_empty()) {
            (true, true) => {}
            (true, false) => return Err(format!("a good example is not silent:\n{actual}")),
            (false, true) => {
                let first = example.files.first().map_or("", |file| file.text);
                return Err(format!("a bad example has no findings:\n{first}"));
            }
            (false, false) => match example.output {
                Some(old) => text.replace_range(example.output_at..example.output_at + old.len(), &actual),
                None => text.insert_str(example.output_at, &format!("\n```text\n{actual}```\n")),
            },
        }
    }
    Ok(text)
}

/// What `fwlint check` prints for an example.
fn check_example(example: &Example) -> Result<String, String> {
    let (folder, arguments) = laid_out(example)?;
    let done = cli::run(folder.path(), &arguments, b"");
    if done.stderr.is_empty() { Ok(done.stdout) } else { Err(done.stderr) }
}

/// An example in a folder, and the arguments that check it.
pub fn laid_out(example: &Example) -> Result<(TempDir, Vec<String>), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut arguments = vec!["check".to_string()];
    for file in &example.files {
        fs::write(folder.path().join(file.name), file.text).map_err(|error| error.to_string())?;
        if file.name != fwlint::config::FILE_NAME && !arguments.contains(&file.name.to_string()) {
            arguments.push(file.name.to_string());
        }
    }
    arguments.extend(example.arguments.iter().map(|argument| argument.to_string()));
    Ok((folder, arguments))
}

/// The findings of one lint in an output, without the line that says where the page is on which they are shown.
fn findings_of(lint: &Lint, output: &str) -> String {
    let heads = ["error", "warning", "note"].map(|level| format!("{level}[{}]: ", lint.id));
    let findings = output.split_inclusive("\n\n");
    let own = findings.filter(|finding| heads.iter().any(|head| finding.starts_with(head)));
    let page = format!("= see {}", web::page(lint.id));
    let text = own.map(|finding| match finding.split_once(&page) {
        // A bar stands between the lines of the file and what is said of them.
        Some((before, after)) => before.trim_end().trim_end_matches('│').trim_end().to_owned() + after,
        None => finding.to_owned(),
    });
    let text = text.collect::<String>();
    if text.is_empty() { text } else { format!("{}\n", text.trim_end()) }
}

#[test]
fn every_page_belongs_to_a_lint() {
    let entries = fs::read_dir(rules()).expect("the folder of the pages");
    let names = entries.filter_map(|entry| entry.expect("an entry").file_name().into_string().ok());
    let ids = names.filter_map(|name| name.strip_suffix(".md").map(str::to_string));
    let stray: Vec<String> =
        ids.filter(|id| id != "README" && !LINTS.iter().any(|lint| lint.id == *id)).collect();
    assert!(stray.is_empty(), "pages without a lint in LINTS: {stray:?}");
}

#[test]
fn the_table_of_lints_is_true() {
    let mut table = String::from(
        "# The lints\n\nThis table is made from the pages by `UPDATE=1 cargo test`. `fwlint explain LINT` \
         prints a page.\n\n| lint | level | what it finds |\n|---|---|---|\n",
    );
    for lint in LINTS {
        let page = page::Page::of(lint);
        let id = lint.id;
        table += &format!("| [{id}]({id}.md) | {} | {} |\n", page.level, page.summary);
    }
    expected::report(expected::compare(&rules().join("README.md"), &table, true).into_iter().collect());
}
