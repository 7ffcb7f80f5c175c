//! `check --fix` loses nothing: whatever else a file holds, whoever runs it, on a full disk, killed at any moment.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::kernel::oracle::{root, say_skipped};

/// A rule that is said twice: what mends it changes no packet's fate.
const BEFORE: &str = "*filter\r\n:INPUT DROP [3:180]\r\n:OUTPUT ACCEPT [0:0]\r\n# kept \t as it is\r\n[1:60] -A INPUT -p \
                      tcp --dport 22 -j ACCEPT\r\n-A INPUT -p tcp  --dport 22 -j ACCEPT\r\nCOMMIT";
const AFTER: &str = "*filter\r\n:INPUT DROP [3:180]\r\n:OUTPUT ACCEPT [0:0]\r\n# kept \t as it is\r\n[1:60] -A INPUT -p \
                     tcp --dport 22 -j ACCEPT\r\nCOMMIT";

/// Who runs the program.
#[derive(Clone, Copy, Debug)]
enum Who {
    Me,
    /// A user without any rights.
    Nobody,
}

impl Who {
    /// Root can be both.
    fn all() -> &'static [Who] {
        if root().is_ok() { &[Who::Me, Who::Nobody] } else { &[Who::Me] }
    }

    /// The program, in a place where everybody may run it.
    fn fwlint(self, folder: &Path) -> Command {
        let program = folder.join("fwlint");
        if !program.exists() {
            // By another process: while this one writes the file, a child of another test may be born with it open,
            // and no program runs that anybody writes to.
            let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_fwlint")).arg(&program).status();
            assert!(copied.expect("cp runs").success(), "the program can be copied");
        }
        match self {
            Who::Me => Command::new(program),
            Who::Nobody => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program);
                command
            }
        }
    }

    fn fix(self, folder: &Path, file: &Path) -> Command {
        let mut command = self.fwlint(folder);
        command.args(["check", "--fix", "--isolated", "--exit-zero"]).arg(file);
        command
    }

    /// Gives a file or folder to whoever runs the program.
    fn own(self, path: &Path) {
        if let Who::Nobody = self {
            std::os::unix::fs::chown(path, Some(65534), Some(65534)).expect("root gives files away");
        }
    }
}

/// A folder that everybody may look into.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("its mode");
    folder
}

fn run(mut command: Command) -> Output {
    command.output().expect("the program runs")
}

#[test]
fn what_is_not_to_change_stays_as_it_is() {
    for who in Who::all() {
        let folder = folder();
        let work = folder.path().join("work");
        fs::create_dir(&work).expect("a folder");
        let (file, link) = (work.join("rules.v4"), work.join("link.v4"));
        fs::write(&file, BEFORE).expect("a file");
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("its mode");
        symlink("rules.v4", &link).expect("a link");
        who.own(&work);
        who.own(&file);
        let owner = fs::metadata(&file).expect("it is there").uid();
        let done = run(who.fix(folder.path(), &link));
        assert!(done.status.success(), "{who:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), AFTER, "{who:?}");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink(), "{who:?}");
        let metadata = fs::metadata(&file).expect("it is there");
        assert_eq!((metadata.mode() & 0o7777, metadata.uid()), (0o640, owner), "{who:?}");
        assert_eq!(fs::read_dir(&work).expect("the folder").count(), 2, "{who:?}: something is left behind");
    }
}

#[test]
fn a_file_of_another_keeps_its_owner() {
    if let Err(reason) = root() {
        return say_skipped("the fix of a file of another user", &reason);
    }
    let folder = folder();
    let file = folder.path().join("rules.v4");
    fs::write(&file, BEFORE).expect("a file");
    Who::Nobody.own(&file);
    assert!(run(Who::Me.fix(folder.path(), &file)).status.success());
    assert_eq!(fs::read_to_string(&file).expect("it is there"), AFTER);
    assert_eq!(fs::metadata(&file).expect("it is there").uid(), 65534);
    // And who may not write it, does not.
    fs::write(&file, BEFORE).expect("a file");
    let done = run(Who::Nobody.fix(folder.path(), &file));
    assert_eq!(done.status.code(), Some(2), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), BEFORE);
}

#[test]
fn a_full_disk_loses_nothing() {
    if let Err(reason) = root() {
        return say_skipped("the fix on a full disk", &reason);
    }
    let folder = folder();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    let rules = folder.path().join("large.v4");
    fs::write(&rules, large()).expect("a file");
    for who in Who::all() {
        let fix = who.fix(folder.path(), &disk.join("rules.v4"));
        let words: Vec<String> = std::iter::once(fix.get_program())
            .chain(fix.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        // The disk is there for these commands only.
        let script = format!(
            "mount -t tmpfs -o size=64k,mode=777 none {disk} && cp {rules} {disk}/rules.v4 && chmod 666 {disk}/rules.v4 \
             && {fix}; echo status $?; cmp {rules} {disk}/rules.v4 && ls -A {disk}",
            disk = disk.display(),
            rules = rules.display(),
            fix = words.join(" "),
        );
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script]);
        let done = run(command);
        let text = String::from_utf8_lossy(&done.stdout);
        let tail: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(tail, ["rules.v4", "status 2"], "{who:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// More than half of a small disk.
fn large() -> String {
    let comments: String =
        (0..900).map(|line| format!("# line {line} of a long explanation of it all\n")).collect();
    BEFORE.replace("\r\n", "\n").replace("# kept \t as it is\n", &comments)
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_or_the_new_content() {
    let (before, mut is_fixed, mut is_old) = (large(), false, false);
    for who in Who::all() {
        let folder = folder();
        let work = folder.path().join("work");
        fs::create_dir(&work).expect("a folder");
        who.own(&work);
        let file: PathBuf = work.join("rules.v4");
        let after = before.replace("-A INPUT -p tcp  --dport 22 -j ACCEPT\n", "");
        for moment in 0..30 {
            fs::write(&file, &before).expect("a file");
            who.own(&file);
            let mut command = who.fix(folder.path(), &file);
            let mut child =
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
            sleep(Duration::from_millis(moment * 2));
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
            let content = fs::read_to_string(&file).expect("it is there");
            assert!(content == before || content == after, "{who:?}: killed after {moment} steps");
            is_fixed |= content == after;
            is_old |= content == before;
        }
    }
    assert!(is_fixed || is_old);
}

#[test]
fn standard_input_is_not_changed() {
    let folder = folder();
    let done = crate::cli::run(folder.path(), &["check", "--fix", "-"].map(String::from), BEFORE.as_bytes());
    assert_eq!((done.status, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("--diff"), "{}", done.stderr);
}
