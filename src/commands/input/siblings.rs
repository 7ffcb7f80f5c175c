//! Files that are loaded on the same host as a file, found beside it: the other address family, and the
//! sets that its rules use.
//!
//! A pre-commit hook passes only the files that changed, so they are looked for on disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::read::{self, Text};
use crate::commands::Failure;
use crate::dialects::Dialect;

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

/// Where the rules for the other address family would be: `rules.v6` for `rules.v4`, `ip6tables` for
/// `iptables`.
fn twins(path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let twin = |name: String| path.with_file_name(name);
    let mut names = Vec::new();
    if name.contains("ip6tables") {
        names.push(twin(name.replacen("ip6tables", "iptables", 1)));
    } else if name.contains("iptables") {
        names.push(twin(name.replacen("iptables", "ip6tables", 1)));
    }
    for (this, other) in [("v4", "v6"), ("v6", "v4")] {
        if let Some(at) = word(name, this) {
            names.push(twin(format!("{}{other}{}", &name[..at], &name[at + 2..])));
        }
    }
    names
}

/// Where a version stands in a name as a word of its own, `ip` in front allowed: `rules.v4`,
/// `v4.rules`, `ipv4-filter`.
fn word(name: &str, version: &str) -> Option<usize> {
    let is_end = |text: &str| !text.starts_with(|next: char| next.is_ascii_alphanumeric());
    let is_start = |text: &str| {
        let text = text.strip_suffix("ip").unwrap_or(text);
        !text.ends_with(|last: char| last.is_ascii_alphanumeric())
    };
    let mut found = name.match_indices(version).map(|(at, _)| at);
    found.find(|at| is_start(&name[..*at]) && is_end(&name[at + version.len()..]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_family_has_the_other_number() {
        let names = |name: &str| {
            let paths = twins(Path::new(name)).into_iter();
            paths.map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names("etc/rules.v4"), ["etc/rules.v6"]);
        assert_eq!(names("rules.v6"), ["rules.v4"]);
        assert_eq!(names("ipv4-filter.rules"), ["ipv6-filter.rules"]);
        assert_eq!(names("etc/sysconfig/iptables"), ["etc/sysconfig/ip6tables"]);
        assert_eq!(names("ip6tables.rules"), ["iptables.rules"]);
        assert!(names("dev4.rules").is_empty());
        assert!(names("firewall.sh").is_empty());
    }
}
