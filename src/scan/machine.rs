//! The one door to the machine: programs are run and files are read here, and nowhere else in a scan.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where administrators' programs are that other users do not have on their path.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A machine that can be asked.
pub trait Machine {
    /// Runs a program to its end, without any input.
    ///
    /// # Errors
    /// `NotFound` if there is no such program, and what else keeps it from running.
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Ran>;

    /// The content of a file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The names in a folder, in alphabetical order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// What the system says.
    fn link(&self, path: &Path) -> io::Result<PathBuf>;
}

/// What came of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Did it exit with 0?
    pub succeeded: bool,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: String,
}

/// The machine on which this program runs.
#[derive(Clone, Copy, Debug)]
pub struct Here;

impl Machine for Here {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Ran> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(SYSTEM.map(PathBuf::from));
        let path = std::env::join_paths(folders).unwrap_or_else(|_| OsString::from(SYSTEM[1]));
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", path).env("LC_ALL", "C").stdin(Stdio::null());
        let output = command.output()?;
        Ok(Ran { succeeded: output.status.success(), stdout: output.stdout, stderr: text(output.stderr) })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(folder)?.flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(path)
    }
}

impl Ran {
    /// Was it refused for want of a right?
    pub fn is_refused(&self) -> bool {
        const WORDS: [&str; 3] = ["Permission denied", "Operation not permitted", "must be root"];
        !self.succeeded && WORDS.iter().any(|words| self.stderr.contains(words))
    }

    /// The first thing that it complained about.
    pub fn complaint(&self) -> String {
        let line = self.stderr.lines().find(|line| !line.trim().is_empty());
        line.unwrap_or("it exits with an error").trim().to_owned()
    }
}

/// Bytes as text.
pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
