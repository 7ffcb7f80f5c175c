//! Exports as administrators have them: `testdata/clouds/PROVIDER/SENTENCE.json`, and beside each what `fwlint check` says
//! of it, in `SENTENCE.output`. Further arguments stand in `SENTENCE.arguments`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::{cli, expected};

const PROVIDERS: [&str; 3] = ["aws", "azure", "gcp"];

/// The lints that rules around a machine can strike, with the providers where they cannot.
const APPLY: [(&str, &[&str]); 22] = [
    ("tunnel-edge-blocked", &[]),
    ("tunnel-quic-blocked", &[]),
    ("tunnel-http2-blocked", &[]),
    ("tunnel-region-blocked", &[]),
    ("tunnel-edge-partly-blocked", &[]),
    ("tunnel-ipv6-blocked", &[]),
    // The others keep track of connections.
    ("tunnel-reply-blocked", &["azure", "gcp"]),
    ("tunnel-dns-blocked", &[]),
    ("tunnel-service-blocked", &[]),
    ("tunnel-sni-blocked", &[]),
    ("inbound-tunnel-port", &[]),
    ("stale-tunnel-address", &[]),
    ("ingress-not-denied", &[]),
    ("open-port", &[]),
    ("ssh-open-to-the-world", &[]),
    ("ipv6-open", &[]),
    ("unrestricted-egress", &[]),
    ("lockout", &[]),
    ("shadowed-rule", &[]),
    ("syntax-error", &[]),
    ("unknown-match", &[]),
    ("unused-ignore", &[]),
];

/// The exports of a provider.
fn exports(provider: &str) -> Vec<PathBuf> {
    let folder = crate::read::root().join("clouds").join(provider);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut exports: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    exports.sort();
    assert!(exports.len() > 10, "{provider} has few");
    exports
}

#[test]
fn exports_of_clouds_get_what_is_beside_them() {
    let mut wrong = Vec::new();
    for export in PROVIDERS.iter().flat_map(|provider| exports(provider)) {
        let name = export.file_name().expect("a name").to_string_lossy();
        let arguments = fs::read_to_string(export.with_extension("arguments")).unwrap_or_default();
        let words = cli::words(&format!("check {name} {}", arguments.trim()));
        let done = cli::run(export.parent().expect("a folder"), &words, b"");
        assert_eq!(done.stderr, "", "{}", export.display());
        let said = format!("{}exit status {}\n", done.stdout, done.status);
        wrong.extend(expected::compare(&export.with_extension("output"), &said, true));
    }
    expected::report(wrong);
}

#[test]
fn each_lint_that_applies_strikes_in_each_cloud() {
    for provider in PROVIDERS {
        let outputs = exports(provider).into_iter().map(|path| {
            let path = path.with_extension("output");
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        let outputs: String = outputs.collect();
        let mut struck = BTreeSet::new();
        for line in outputs.lines() {
            let level = ["error[", "warning[", "note["].iter().find_map(|level| line.strip_prefix(level));
            struck.extend(level.and_then(|rest| Some(rest.split_once(']')?.0)));
        }
        let missing = APPLY.iter().filter(|(lint, not)| !not.contains(&provider) && !struck.contains(lint));
        let missing: Vec<&str> = missing.map(|(lint, _)| *lint).collect();
        assert!(missing.is_empty(), "{provider} has no example of {missing:?}");
    }
}
