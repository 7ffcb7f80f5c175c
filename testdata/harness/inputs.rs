//! What a call reads: paths as reports and fingerprints have them, wherever the call is made; and what cannot be read.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::{Done, run};

const RULES: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\n\
                     -A INPUT -p tcp --dport 80 -s 192.0.2.1 -j DROP\nCOMMIT\n";

/// Runs a command in a folder, its words without quotes.
fn call(folder: &Path, command: &str) -> Done {
    run(folder, &command.split_whitespace().map(str::to_string).collect::<Vec<_>>(), RULES.as_bytes())
}

/// A repository with `hosts/web/rules.v4`.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for path in [".git", "hosts/web"] {
        fs::create_dir_all(folder.path().join(path)).expect("a folder");
    }
    fs::write(folder.path().join("hosts/web/rules.v4"), RULES).expect("a file");
    folder
}

#[test]
fn who_looks_in_the_repository_finds_paths_and_fingerprints_the_same_from_every_folder() {
    let repository = repository();
    let root = repository.path();
    let absolute = root.join("hosts/web/rules.v4").display().to_string();
    let calls = [
        (root.to_path_buf(), "hosts/web/rules.v4"),
        (root.to_path_buf(), "./hosts//web/./rules.v4"),
        (root.join("hosts/web"), "rules.v4"),
        (root.join("hosts/web"), "./rules.v4"),
        (root.join("hosts/web"), "../web/rules.v4"),
        (root.join("hosts"), "web"),
        (root.to_path_buf(), absolute.as_str()),
        (root.join("hosts/web"), absolute.as_str()),
    ];
    let all = |format: &str| -> Vec<String> {
        let said = |(folder, path): &(std::path::PathBuf, &str)| {
            call(folder, &format!("check {path} --format {format}")).stdout
        };
        let mut said: Vec<String> = calls.iter().map(said).collect();
        said.dedup();
        said
    };
    for format in ["github", "gitlab", "sarif"] {
        let said = all(format);
        assert!(said.len() == 1 && said[0].contains("hosts/web/rules.v4"), "{format}: {said:#?}");
    }
    let classes: Vec<bool> =
        all("junit").iter().map(|text| text.contains("classname=\"hosts/web/rules.v4\"")).collect();
    assert!(!classes.contains(&false), "{classes:?}");
    // A baseline of one folder holds in any other.
    let known = root.join("known.json").display().to_string();
    call(root, &format!("check hosts --write-baseline {known}"));
    for (folder, path) in &calls {
        let done = call(folder, &format!("check {path} --format concise --baseline {known}"));
        assert_eq!((done.stdout.as_str(), done.stderr.as_str(), done.status), ("", "", 0), "{path}");
    }
}

#[test]
fn reviewdog_is_told_paths_from_the_current_folder() {
    let repository = repository();
    let done = call(&repository.path().join("hosts"), "check ./web --format rdjson");
    let said: Value = serde_json::from_str(&done.stdout).expect("it is JSON");
    assert_eq!(said["diagnostics"][0]["location"]["path"], "web/rules.v4");
}

#[test]
fn a_list_of_files_to_ignore_counts_without_a_repository_too() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["kept.v4", "left.v4", "out.v4"] {
        fs::write(folder.path().join(name), RULES).expect("a file");
    }
    fs::write(folder.path().join(".gitignore"), "left.v4\n").expect("a file");
    fs::write(folder.path().join(".ignore"), "out.v4\n").expect("a file");
    let said = call(folder.path(), "check --format concise").stdout;
    let has = |name: &str| said.lines().any(|line| line.starts_with(name));
    assert!(has("kept.v4") && !has("left.v4") && !has("out.v4"), "{said}");
}

/// Takes all rights to something away; false where that means nothing, as for root.
#[cfg(unix)]
fn lock(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("it is ours");
    let is_locked = if path.is_dir() { fs::read_dir(path).is_err() } else { fs::read(path).is_err() };
    if !is_locked {
        eprintln!("skipped: who runs the tests may read everything");
    }
    is_locked
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told_wherever_it_was_found() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("closed")).expect("a folder");
    for name in ["open.v4", "rules.v4", "rules.v6", "closed/iptables"] {
        fs::write(folder.path().join(name), RULES).expect("a file");
    }
    if !lock(&folder.path().join("rules.v6")) || !lock(&folder.path().join("closed")) {
        return;
    }
    let expected = |name: &str| {
        format!(
            "error: cannot read `{name}`: Permission denied (os error 13)\n  help: Call fwlint as a user who may read it.\n"
        )
    };
    let done = call(folder.path(), "check --format concise");
    assert!(done.stdout.contains("open.v4:") && done.stdout.contains("rules.v4:"), "{}", done.stdout);
    assert_eq!((done.stderr, done.status), (expected("closed") + &expected("rules.v6"), 2));
    // The sibling of a file that is named is read, too.
    let done = call(folder.path(), "check rules.v4 --format concise");
    assert!(done.stdout.contains("rules.v4:"), "{}", done.stdout);
    assert_eq!((done.stderr, done.status), (expected("rules.v6"), 2));
    // What follows a packet must know all of the rules.
    let done = call(folder.path(), "trace rules.v4 --packets -");
    assert_eq!((done.stdout, done.stderr, done.status), (String::new(), expected("rules.v6"), 2));
    // So that the folder can be taken away.
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path().join("closed"), fs::Permissions::from_mode(0o700)).expect("it is ours");
}

#[cfg(unix)]
#[test]
fn names_that_are_no_utf_8_are_shown_and_written_to() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"r\xfc.v4"));
    if fs::write(&path, RULES).is_err() {
        return;
    }
    let done = call(folder.path(), "check --format concise --select shadowed-rule");
    assert!(done.stdout.starts_with("r\u{fffd}.v4:4:1: "), "{}", done.stdout);
    for format in ["text", "json", "sarif", "github", "gitlab", "rdjson", "junit", "markdown", "html"] {
        let done = call(folder.path(), &format!("check --format {format}"));
        assert!(done.status == 1 && done.stderr.is_empty(), "{format}: {}", done.stderr);
    }
    call(folder.path(), "check --select shadowed-rule --fix --unsafe-fixes");
    assert!(fs::read_to_string(&path).expect("it is there") != RULES);
}
