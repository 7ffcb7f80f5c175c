//! Where readers point in malformed input: `testdata/broken/DIALECT/SENTENCE.*`, and beside each the
//! remarks on it, in `SENTENCE.remarks`.

use std::process::Command;

use crate::read::{cases, read, root};
use crate::{expected, render};

#[test]
fn remarks_point_at_the_right_place() {
    let cases = cases(&root().join("broken"), "remarks");
    let wrong = cases.iter().filter_map(|(input, dialect)| {
        let (ruleset, sources) = read(input, *dialect);
        let remarks = render::remarks(&ruleset.remarks, &sources);
        if remarks.is_empty() {
            return Some(format!("{} gets no remark", input.display()));
        }
        expected::compare(&input.with_extension("remarks"), &remarks, true)
    });
    expected::report(wrong.collect());
}

/// A pre-commit hook or a job of CI goes by the exit status alone.
#[test]
fn check_refuses_each_broken_file() {
    let taken = cases(&root().join("broken"), "remarks").into_iter().filter_map(|(input, dialect)| {
        let output = Command::new(env!("CARGO_BIN_EXE_fwlint"))
            .args(["check", "--quiet", "--as", dialect.name()])
            .arg(&input)
            .output()
            .unwrap_or_else(|error| panic!("fwlint does not start: {error}"));
        let status = output.status.code();
        (status != Some(1)).then(|| format!("{}: exit status {status:?}", input.display()))
    });
    expected::report(taken.collect());
}
