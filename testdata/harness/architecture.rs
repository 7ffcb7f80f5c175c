//! The house is in order: modules depend only on those before them in lib.rs, and files stay short.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that may use less than all before them: lints do not know dialects, reports only findings.
const NARROW: &[(&str, &[&str])] = &[
    ("probe", &["profile", "config", "probe"]),
    ("scan", &["source", "tree", "config", "probe", "scan"]),
    ("dialects", &["source", "tree", "packet", "model", "finding", "dialects"]),
    ("eval", &["source", "packet", "model", "eval"]),
    ("report", &["web", "source", "tree", "finding", "report"]),
];

/// Modules that one module may never use.
const NEVER: &[(&str, &str)] = &[("lints", "dialects")];

/// The longest a file may be.
const LONGEST: usize = 400;

#[test]
fn modules_depend_only_on_those_before_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let map = fs::read_to_string(root.join("lib.rs")).expect("src/lib.rs");
    let names = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let order: Vec<&str> = names.collect();
    let place = |name: &str| order.iter().position(|other| *other == name);
    let mut wrong = Vec::new();
    for path in files(&root) {
        let short = path.strip_prefix(&root).expect("it is below src");
        let module = short.components().next().expect("a name").as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs");
        let Some(here) = place(module) else { continue };
        for used in uses(&fs::read_to_string(&path).expect("a file of src")) {
            let Some(there) = place(&used) else { continue };
            let narrow = NARROW.iter().find(|(name, _)| *name == module);
            let is_allowed = there <= here
                && narrow.is_none_or(|(_, allowed)| allowed.contains(&used.as_str()))
                && !NEVER.contains(&(module, used.as_str()));
            if !is_allowed {
                wrong.push(format!("{} uses {used}", short.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "modules that depend on what they must not:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [root.join("src"), root.join("testdata/harness")];
    let length = |path: &PathBuf| fs::read_to_string(path).expect("a file").lines().count();
    let long = all.iter().flat_map(|folder| files(folder)).filter(|path| length(path) >= LONGEST);
    let long: Vec<String> =
        long.map(|path| format!("{} has {} lines", path.display(), length(&path))).collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The modules that a file names after `crate::`, one by one or in braces. Comments do not count.
fn uses(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        let rest = &code[at + word.len()..];
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(list) => {
                // The names at the first level of the braces.
                let mut depth = 0;
                let mut is_start = true;
                for (at, character) in list.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => is_start = true,
                        _ if is_start && depth == 0 && character.is_alphabetic() => {
                            found.push(name(&list[at..]));
                            is_start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn names_after_crate_are_found() {
    let text = "use crate::source::Span;\nuse crate::{tree, model::{Rule, Base}, eval};\n// crate::lints\nlet x = crate::cli::run;";
    assert_eq!(uses(text), ["source", "tree", "model", "eval", "cli"]);
}
