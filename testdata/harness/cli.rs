//! The program from the outside: `testdata/cli/<sentence>/` holds a command, its input files, and what
//! comes of it: `stdout`, `status`, and `stderr` when there is any.
//!
//! Commands run in this process, with a copy of the folder as their directory that is in no repository. `command` is one
//! line, with quotes as in a shell; a file `stdin` is what `-` reads.

use std::fs;
use std::path::{Path, PathBuf};

use fwlint::commands::World;

use crate::expected;

/// What a command did.
pub struct Done {
    pub stdout: String,
    pub stderr: String,
    pub status: u8,
}

/// Runs the program in a directory.
pub fn run(directory: &Path, arguments: &[String], stdin: &[u8]) -> Done {
    let (mut stdout, mut stderr, mut input) = (Vec::new(), Vec::new(), stdin);
    let world = World {
        directory: directory.to_path_buf(),
        stdin: &mut input,
        stdout: &mut stdout,
        stderr: &mut stderr,
        look: fwlint::report::Look::default(),
        is_attended: false,
    };
    let arguments = std::iter::once("fwlint".to_string()).chain(arguments.iter().cloned());
    let status = fwlint::cli::run(arguments.map(Into::into), world);
    let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
    Done { stdout: text(stdout), stderr: text(stderr), status }
}

#[test]
fn commands_do_what_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cli");
    let mut wrong = Vec::new();
    let cases = cases(&folder);
    assert!(!cases.is_empty(), "there are no cases in {}", folder.display());
    for case in cases {
        let command = fs::read_to_string(case.join("command")).expect("each case has a command");
        let mut words = words(command.trim_end()).into_iter();
        assert_eq!(words.next().as_deref(), Some("fwlint"), "{}", case.display());
        let stdin = fs::read(case.join("stdin")).unwrap_or_default();
        let copy = tempfile::tempdir().expect("a folder");
        copy_files(&case, copy.path());
        let done = run(copy.path(), &words.collect::<Vec<_>>(), &stdin);
        wrong.extend(expected::compare(&case.join("stdout"), &done.stdout, false));
        wrong.extend(expected::compare(&case.join("stderr"), &done.stderr, false));
        wrong.extend(expected::compare(&case.join("status"), &format!("{}\n", done.status), true));
    }
    expected::report(wrong);
}

/// Copies all that is in a folder.
fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy_files(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}

/// The folders of a folder, by name.
pub fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

/// The words of a command line, as a shell splits them: white space, and both kinds of quotes.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, _) if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(words("a 'b c' \"d\"e  ''"), ["a", "b c", "de", ""]);
}
