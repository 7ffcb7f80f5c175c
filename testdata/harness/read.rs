//! What readers understand: `testdata/read/DIALECT/SENTENCE.*`, and beside each what the model says of
//! it, in `SENTENCE.model`.

use std::fs;
use std::path::{Path, PathBuf};

use fwlint::dialects::{self, Dialect, Export, Named, Read};
use fwlint::model::Ruleset;
use fwlint::source::Sources;

use crate::{expected, render, spans};

#[test]
fn what_is_read_is_what_was_understood() {
    let cases = cases(&root().join("read"), "model");
    let wrong = cases.iter().filter_map(|(input, dialect)| {
        let (ruleset, sources) = read(input, *dialect);
        let actual = match dialect.entry().read {
            Read::Host(_) | Read::Including { .. } => render::ruleset(&ruleset, &sources),
            Read::Units(_) => units(*dialect, &sources),
        };
        expected::compare(&input.with_extension("model"), &actual, true)
    });
    expected::report(wrong.collect());
}

/// An export in words, unit by unit.
fn units(dialect: Dialect, sources: &Sources) -> String {
    let texts: Vec<_> = sources.ids().map(|id| (dialect, id, sources.file(id).text.as_str())).collect();
    let unit = |unit: &Named| format!("unit {}\n{}\n", unit.name, render::ruleset(&unit.ruleset, sources));
    let exports = dialects::read_exports(&texts).into_iter().map(|it| it.export);
    let told = |export: Export| {
        let units: String = export.units.iter().map(unit).collect();
        units + &render::remarks(&export.remarks, sources)
    };
    exports.map(told).collect()
}

/// Where the test data is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The inputs below a folder, which has a folder for each dialect, without the expected outputs of
/// this ending.
pub fn cases(folder: &Path, ending: &str) -> Vec<(PathBuf, Dialect)> {
    let mut cases = Vec::new();
    for folder in list(folder) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(dialect) = Dialect::from_name(&name) else { panic!("`{name}` is no dialect") };
        let inputs = list(&folder).into_iter().filter(|path| path.extension().is_none_or(|it| it != ending));
        cases.extend(inputs.map(|path| (path, dialect)));
    }
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    cases
}

/// Reads a file as a dialect.
pub fn read(path: &Path, dialect: Dialect) -> (Ruleset, Sources) {
    let mut sources = Sources::default();
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = sources.add(path, bytes);
    let ruleset = dialects::read(dialect, file, &sources.file(file).text);
    spans::assert_inside(&ruleset, sources.file(file));
    (ruleset, sources)
}

/// What is in a folder, sorted.
fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}
