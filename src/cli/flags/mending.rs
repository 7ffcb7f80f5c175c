//! What is done with fixes.

use clap::Args;

use crate::commands::check::Mending;

/// What is done with fixes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fixes")]
pub struct MendingFlags {
    /// Change the files: apply fixes until there are none left
    ///
    /// Fixes that change no packet's fate, and those that open only what the tunnel requires by name. What remains is
    /// reported, and decides the exit status.
    #[arg(long, group = "mends")]
    fix: bool,

    /// Show what --fix would change, as a diff, and change nothing
    ///
    /// Exit status: 0 when nothing would change, 1 otherwise. Nothing is reported besides.
    #[arg(long, group = "mends", conflicts_with_all = ["format", "outputs", "statistics", "github_summary", "write_baseline"])]
    diff: bool,

    /// Apply fixes that open or close anything else, too
    #[arg(long, requires = "mends")]
    pub unsafe_fixes: bool,

    #[command(flatten)]
    pub budget: BudgetFlags,
}

/// How much work goes into fixes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fixes")]
pub struct BudgetFlags {
    /// How many fixes to work out at most
    ///
    /// Each is proven: it is written in memory, read again and evaluated again. Without a number it is 20, and fewer
    /// on very large rulesets.
    #[arg(long, value_name = "NUMBER")]
    pub fixes: Option<usize>,
}

impl MendingFlags {
    /// What is done.
    pub fn mending(&self) -> Mending {
        match (self.fix, self.diff) {
            (true, _) => Mending::Write,
            (_, true) => Mending::Diff,
            _ => Mending::Show,
        }
    }
}
