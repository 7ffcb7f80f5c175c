//! What the program does: one module for each command.

pub mod check;
pub mod diff;
pub mod explain;
mod failure;
pub mod generate;
pub mod init;
pub mod input;
pub mod scan;
pub mod trace;

use std::io::{Read, Write};
use std::path::PathBuf;

pub use failure::Failure;

use crate::report::Look;

/// Where a command runs: its streams, and the directory that relative paths start from.
pub struct World<'w> {
    /// Relative paths start here; empty for the directory of the process.
    pub directory: PathBuf,
    /// What `-` reads.
    pub stdin: &'w mut dyn Read,
    /// Where findings and answers go.
    pub stdout: &'w mut dyn Write,
    /// Where it is said why the command could not do its work.
    pub stderr: &'w mut dyn Write,
    /// How text on standard output is to look.
    pub look: Look,
    /// Is there somebody who reads what is asked on standard error and answers on standard input?
    pub is_attended: bool,
}

/// What came of a command that could do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to complain about.
    Clean,
    /// There are findings at or above the fail level.
    Found,
}
