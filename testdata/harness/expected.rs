//! Expected outputs that lie beside their inputs: compared, or with `UPDATE=1` rewritten.

use std::fs;
use std::path::Path;

/// Are expected outputs to be rewritten?
pub fn is_update() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Holds an output against the file that expects it. Nothing is expected by no file at all, unless the
/// file must be there.
///
/// Returns what is wrong, as a diff.
pub fn compare(file: &Path, actual: &str, must_exist: bool) -> Option<String> {
    let expected = fs::read_to_string(file).ok();
    if expected.as_deref() == Some(actual) || (expected.is_none() && actual.is_empty() && !must_exist) {
        return None;
    }
    if is_update() {
        let done =
            if actual.is_empty() && !must_exist { fs::remove_file(file) } else { fs::write(file, actual) };
        return done.err().map(|error| format!("{}: {error}", file.display()));
    }
    let name = file.display();
    Some(match expected {
        None => format!("{name} is missing; UPDATE=1 cargo test makes it. It would say:\n{actual}"),
        Some(expected) => format!("{name} expects something else:\n{}", diff(&expected, actual)),
    })
}

/// The lines that differ.
pub fn diff(expected: &str, actual: &str) -> String {
    similar::TextDiff::from_lines(expected, actual).unified_diff().header("expected", "actual").to_string()
}

/// Fails with all that is wrong.
pub fn report(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Says that something is not tested here; in CI it must be.
pub fn skip(what: &str) {
    eprintln!("skipped: {what}");
    assert!(std::env::var_os("CI").is_none(), "{what}");
}
