//! Files that are loaded on the same host as a file, found beside it: the other address family, and the
//! sets that its rules use.
//!
//! A pre-commit hook passes only the files that changed, so they are looked for on disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::read::{self, Text};
use crate::commands::Failure;
use crate::dialects::Dialect;
use crate::dialects::iptables::family::{twins, word};

/// Names that a file of sets has when it is not named after a file of rules.
const SETS: [&str; 5] = ["ipset", "ipsets", "ipset.conf", "ipset.save", "ipset.rules"];

/// A text and its siblings on disk, in the order of loading; and why others could not be read.
pub fn of(directory: &Path, text: Text) -> (Vec<Text>, Vec<Failure>) {
    let mut failures = Vec::new();
    if text.path.as_os_str() == "-" {
        return (vec![text], failures);
    }
    let mut texts = vec![text];
    if texts[0].dialect == Dialect::Ipset {
        texts.extend(rules_beside(directory, &texts[0].path));
    }
    // The twin of any of them, then the sets of any of them; each file once.
    for paths in [twins, sets] {
        let candidates: Vec<PathBuf> = texts.iter().flat_map(|text| paths(&text.path)).collect();
        for path in candidates {
            let is_known = texts.iter().any(|text| text.path == path);
            if !is_known && directory.join(&path).is_file() {
                match read::file(directory, &path, None) {
                    Ok(text) => texts.push(text),
                    Err(failure) if failure.is_of_the_system() => failures.push(failure),
                    // It only has the name of a sibling.
                    Err(_) => {}
                }
            }
        }
    }
    (in_order(texts), failures)
}

/// Texts in the order of loading: sets before the rules that use them, IPv4 before IPv6, otherwise as
/// they were named.
fn in_order(mut texts: Vec<Text>) -> Vec<Text> {
    texts.sort_by_key(|text| match text.dialect {
        Dialect::Ipset => 0,
        Dialect::Ip6tables => 2,
        _ => 1,
    });
    texts
}

/// Where the sets of a file of rules would be: `web.ipset` for `web.v4`, or a common name.
fn sets(path: &Path) -> Vec<PathBuf> {
    let mut paths = vec![path.with_extension("ipset")];
    paths.extend(SETS.iter().map(|name| path.with_file_name(name)));
    paths
}

/// The files of rules beside a file of sets: those named after it, or, if it has a common name, all.
fn rules_beside(directory: &Path, path: &Path) -> Vec<Text> {
    let parent = path.parent().unwrap_or(Path::new(""));
    // The dot stands for a directory that is none: the one in which the program runs.
    let Ok(entries) = fs::read_dir(directory.join(parent).join(".")) else { return Vec::new() };
    let mut names: Vec<PathBuf> = entries.flatten().map(|entry| parent.join(entry.file_name())).collect();
    names.sort();
    let belongs = |other: &PathBuf| other != path && sets(other).iter().any(|sets| sets == path);
    let is_named_like_rules = |other: &PathBuf| {
        let name = other.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.contains("tables") || word(name, "v4").is_some() || word(name, "v6").is_some()
    };
    let names = names.into_iter().filter(|name| belongs(name) && is_named_like_rules(name));
    let texts = names.filter_map(|name| read::file(directory, &name, None).ok());
    texts.filter(|text| text.dialect != Dialect::Ipset).collect()
}
