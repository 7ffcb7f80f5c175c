//! Operational errors, one by one: each says what is wrong, where, and what to do about it.
//!
//! Those that a folder of files brings about are in `testdata/cli`; here are those that need more than that.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use fwlint::commands::{Failure, World};
use fwlint::report::Look;

use crate::cli::{cases, run};

const RULES: &str = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n";

/// What a command says that fails in a folder; its words have no quotes.
fn said(folder: &Path, command: &str) -> String {
    let words: Vec<String> = command.split_whitespace().map(str::to_string).collect();
    let done = run(folder, &words, RULES.as_bytes());
    assert_eq!((done.stdout.as_str(), done.status), ("", 2), "{command}");
    done.stderr
}

/// A folder with `rules.v4`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.v4"), RULES).expect("a file");
    folder
}

#[test]
fn every_failure_of_a_command_says_what_to_do() {
    let all = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cli"));
    let mut count = 0;
    for case in all {
        let read = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
        if read("status") != "2\n" {
            continue;
        }
        count += 1;
        for said in read("stderr").split("\nerror: ") {
            let is_placed = said.contains("┌─") && said.contains("  = ");
            let helps =
                said.contains("\n  help: ") || said.contains("For more information, try") || is_placed;
            assert!(helps, "{}: {said}", case.display());
        }
    }
    assert!(count > 20, "{count} failures");
}

#[test]
fn what_the_system_says_comes_with_what_to_do() {
    let said = |failure: Failure| {
        let help = miette::Diagnostic::help(&failure).map(|help| help.to_string()).unwrap_or_default();
        format!("{failure}; {help}")
    };
    let path = Path::new("a/b");
    let reading = |kind: ErrorKind| said(Failure::reading(path, kind.into()));
    let writing = |kind: ErrorKind| said(Failure::writing(path, kind.into()));
    let expected = [
        (
            reading(ErrorKind::NotFound),
            "Is the name right? Paths that do not begin with / start in the current folder.",
        ),
        (reading(ErrorKind::PermissionDenied), "Call fwlint as a user who may read it."),
        (reading(ErrorKind::IsADirectory), "Name a file: this is a folder."),
        (reading(ErrorKind::NotADirectory), "Is the name right? What should be a folder in it is a file."),
        (reading(ErrorKind::Other), "See to what the system says, then call fwlint again."),
    ];
    for (said, help) in expected {
        assert_eq!(said, format!("cannot read `a/b`; {help}"));
    }
    let expected = [
        (writing(ErrorKind::NotFound), "Make the folder first."),
        (
            writing(ErrorKind::PermissionDenied),
            "Name a place that you may write to, or call fwlint as a user who may.",
        ),
        (
            writing(ErrorKind::ReadOnlyFilesystem),
            "Name a place that you may write to, or call fwlint as a user who may.",
        ),
        (writing(ErrorKind::IsADirectory), "Name a file: this is a folder."),
        (writing(ErrorKind::NotADirectory), "Is the name right? What should be a folder in it is a file."),
        (writing(ErrorKind::AlreadyExists), "Move away what is there."),
        (writing(ErrorKind::StorageFull), "Make room on the disk."),
        (writing(ErrorKind::Other), "See to what the system says, then call fwlint again."),
    ];
    for (said, help) in expected {
        assert_eq!(said, format!("cannot write `a/b`; {help}"));
    }
    let full: Failure = io::Error::from(ErrorKind::StorageFull).into();
    assert_eq!(said(full), "cannot write the output; Make room on the disk.");
}

#[test]
fn a_folder_is_no_file() {
    let folder = folder();
    fs::create_dir(folder.path().join("sub")).expect("a folder");
    let read =
        "error: cannot read `sub`: Is a directory (os error 21)\n  help: Name a file: this is a folder.\n";
    for flag in ["--config", "--cloudflared-config"] {
        assert_eq!(said(folder.path(), &format!("check rules.v4 {flag} sub")), read);
    }
    assert_eq!(said(folder.path(), "trace rules.v4 --packets sub"), read);
    assert_eq!(said(folder.path(), "generate --cloudflared-config sub"), read);
    let write = read.replace("read", "write");
    for flag in ["--output=json=sub", "--github-summary --step-summary=sub", "--write-baseline=sub"] {
        assert_eq!(said(folder.path(), &format!("check rules.v4 {flag}")), write);
    }
    let below = said(folder.path(), "check rules.v4/x");
    let expected = "error: cannot read `rules.v4/x`: Not a directory (os error 20)\n  help: Is the name right? What \
                    should be a folder in it is a file.\n";
    assert_eq!(below, expected);
}

#[test]
fn a_summary_needs_a_place() {
    let folder = folder();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_fwlint"));
    let program = program.args(["check", "rules.v4", "--github-summary"]).current_dir(folder.path());
    let done = program.env_remove("GITHUB_STEP_SUMMARY").output().expect("it runs");
    let expected = "error: --github-summary needs GITHUB_STEP_SUMMARY, which is not set\n  help: GitHub Actions sets it \
                    in each step; elsewhere set it to a file, or use --output\n        markdown=FILE.\n";
    assert_eq!((String::from_utf8_lossy(&done.stderr).as_ref(), done.status.code()), (expected, Some(2)));
}

#[test]
fn init_does_not_follow_a_link_that_leads_nowhere() {
    let folder = folder();
    std::os::unix::fs::symlink("nowhere", folder.path().join("fwlint.yaml")).expect("a link");
    let expected =
        "error: cannot write `fwlint.yaml`: File exists (os error 17)\n  help: Move away what is there.\n";
    assert_eq!(said(folder.path(), "init"), expected);
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = folder();
    let file = fs::File::create(folder.path().join("large.v4")).expect("a file");
    file.set_len(u32::MAX.into()).expect("a file with a hole");
    let expected =
        "error: `large.v4` is larger than 4 GiB\n  help: Give fwlint the rules alone, or a part of them.\n";
    assert_eq!(said(folder.path(), "check large.v4"), expected);
}

#[test]
fn what_is_not_utf8_where_it_would_change_is_left_alone() {
    let folder = folder();
    let rules =
        b"*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp --dport 80 \
                  -s 192.0.2.1 -m comment --comment \"\xff\" -j DROP\nCOMMIT\n";
    let path = folder.path().join("rules.v4");
    fs::write(&path, rules).expect("a file");
    let fix = "check rules.v4 --isolated --select shadowed-rule --fix --unsafe-fixes";
    let expected = "error: `rules.v4` is not UTF-8 where it would change\n  help: Change it by hand.\n";
    let said = said(folder.path(), fix).replace(&format!("{}/", folder.path().display()), "");
    assert_eq!(said, expected);
    assert_eq!(fs::read(&path).expect("the rules"), rules);
}

#[test]
fn standard_input_cannot_be_changed() {
    let folder = folder();
    let stdin = RULES.replace("COMMIT", "-A INPUT -p tcp --dport 80 -s 192.0.2.1 -j DROP\nCOMMIT");
    let words = ["check", "-", "--isolated", "--fix", "--unsafe-fixes"].map(str::to_string);
    let done = run(folder.path(), &words, stdin.as_bytes());
    let expected = "error: standard input cannot be changed\n  help: Use --diff to see what would change.\n";
    assert_eq!((done.stderr.as_str(), done.status), (expected, 2));
}

#[test]
fn rules_that_are_too_tangled_are_not_guessed_at() {
    let folder = folder();
    // Sixteen marks that are set at random make 65,536 kinds of packets.
    let marks: String = (0..16)
        .map(|bit| 1 << bit)
        .map(|mark: u32| {
            format!(
                "-A PREROUTING -m statistic --mode random --probability 0.5 -j MARK --or-mark {mark:#x}\n"
            )
        })
        .collect();
    let tangled = format!("*mangle\n:PREROUTING ACCEPT [0:0]\n{marks}COMMIT\n{RULES}");
    fs::write(folder.path().join("tangled.v4"), tangled).expect("a file");
    let help = "  help: `fwlint explain tangled-rules` tells what makes rules so, and what helps.\n";
    let compared = said(folder.path(), "diff rules.v4 tangled.v4");
    assert_eq!(compared, format!("error: these rules are too tangled to be compared\n{help}"));
    let packet = "{\"direction\": \"in\", \"proto\": \"tcp\", \"dst\": \"192.0.2.1\", \"dport\": 22}\n";
    fs::write(folder.path().join("packets"), packet).expect("a file");
    let followed = said(folder.path(), "trace tangled.v4 --packets packets");
    assert_eq!(followed, format!("error: packets:1: these rules are too tangled to be decided\n{help}"));
}

/// A stream that fails.
struct Broken(ErrorKind);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
}

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

/// What is said, and the status, where standard input or standard output fails.
fn broken(command: &str, stdin: &mut dyn Read, stdout: &mut dyn Write) -> (String, u8) {
    let folder = folder();
    let mut stderr = Vec::new();
    let directory = folder.path().to_path_buf();
    let world =
        World { directory, stdin, stdout, stderr: &mut stderr, look: Look::default(), is_attended: false };
    let words = std::iter::once("fwlint").chain(command.split_whitespace()).map(Into::into);
    let status = fwlint::cli::run(words.collect::<Vec<_>>(), world);
    (String::from_utf8(stderr).expect("it is UTF-8"), status)
}

#[test]
fn streams_that_fail_are_named() {
    let read = |command: &str| broken(command, &mut Broken(ErrorKind::Other), &mut Vec::new());
    let expected =
        "error: cannot read `-`: other error\n  help: See to what the system says, then call fwlint again.\n";
    assert_eq!(read("check -"), (expected.to_string(), 2));
    assert_eq!(read("trace rules.v4 --packets -"), (expected.to_string(), 2));
    let write = |command: &str, kind| broken(command, &mut io::empty(), &mut Broken(kind));
    let expected = "error: cannot write the output: no storage space\n  help: Make room on the disk.\n";
    for command in
        ["check rules.v4", "check rules.v4 --show-settings", "explain", "generate", "completions bash", "man"]
    {
        assert_eq!(write(command, ErrorKind::StorageFull), (expected.to_string(), 2), "{command}");
        // Who has read enough is no failure worth a word.
        assert_eq!(write(command, ErrorKind::BrokenPipe), (String::new(), 2), "{command}");
    }
}
