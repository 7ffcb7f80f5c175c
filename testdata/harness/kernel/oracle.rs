//! The oracle: a program that loads rulesets into a network namespace and sends packets through them.

use serde_json::Value;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs, io};

/// The folder of the oracle, if it is there and the user may ask it (it needs root).
///
/// # Errors
/// Why it cannot be asked.
pub fn folder() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle");
    if !folder.join("oracle.py").exists() {
        return Err("there is no kernel oracle in ../shared/oracle".to_string());
    }
    root().map(|()| folder)
}

/// Is the user root?
///
/// # Errors
/// A sentence that says so if not.
pub fn root() -> Result<(), String> {
    match fs::metadata("/proc/self").map(|process| process.uid()) {
        Ok(0) => Ok(()),
        _ => Err("the kernel can be asked by root only".to_string()),
    }
}

/// Says on the terminal that a test did nothing; `cargo test` swallows what is printed in other ways.
pub fn say_skipped(test: &str, reason: &str) {
    say(&format!("SKIPPED {test}: {reason}"));
}

/// Says something on the terminal, past the capture of `cargo test`.
pub fn say(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

/// A running program that is asked about hosts: jobs go in, answers come out in the same order, one a line.
pub struct Oracle {
    process: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Oracle {
    /// Starts `oracle.py batch`; `backend` is that of the iptables rulesets that leave it open. The second
    /// value takes the jobs, one a line: write them from another thread and then drop it.
    pub fn start(folder: &Path, backend: &str, workers: usize) -> (Oracle, ChildStdin) {
        let arguments = ["batch", "--backend", backend, "--workers", &workers.to_string()];
        Oracle::run(&folder.join("oracle.py"), &arguments)
    }

    /// Starts a Python program that takes jobs in the same way.
    pub fn run(program: &Path, arguments: &[&str]) -> (Oracle, ChildStdin) {
        let mut command = Command::new("python3");
        command.arg("-B").arg(program).args(arguments);
        Oracle::talk_to(command)
    }

    /// Starts any program that takes jobs in the same way.
    pub fn talk_to(mut command: Command) -> (Oracle, ChildStdin) {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 runs");
        let jobs = process.stdin.take().expect("its input is a pipe");
        let answers = BufReader::new(process.stdout.take().expect("its output is a pipe")).lines();
        (Oracle { process, answers }, jobs)
    }

    /// The answer to the next job.
    pub fn next(&mut self) -> Value {
        let line = self.answers.next().expect("the oracle answers each job").expect("it writes text");
        serde_json::from_str(&line).expect("it writes JSON")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
