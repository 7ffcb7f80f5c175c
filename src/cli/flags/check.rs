//! The flags of `fwlint check`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::OsStringValueParser;

use super::judging::{JudgingFlags, ReportFlags};
use super::mending::MendingFlags;
use super::{InputFlags, TunnelFlags};
use crate::commands::Failure;
use crate::commands::check::{self, Show};

/// Check firewall rules
///
/// Reads the rules, works out which packets each of them decides, and says what is wrong. Files that are
/// loaded on one host are judged together: `rules.v4` with `rules.v6`, `iptables` with `ip6tables`, and
/// an ipset save beside them are found on disk when only one of them is named.
///
/// Exit status: 0 when there is nothing to complain about, 1 when there are findings at or above the fail
/// level, 2 when the check could not be done.
#[derive(Debug, Args)]
pub struct Check {
    /// Leave out the lints that look at every rule against every other
    ///
    /// These are `shadowed-rule`, `redundant-rule` and `accept-is-not-final`. For very large rulesets, and for hooks that must be fast.
    #[arg(long)]
    quick: bool,

    #[command(flatten)]
    mending: MendingFlags,

    #[command(flatten)]
    report: ReportFlags,

    /// The settings that hold for each unit and where they are from, instead of checking it
    #[arg(long, conflicts_with_all = ["format", "outputs", "statistics", "mends", "github_summary", "write_baseline"], help_heading = "Output")]
    show_settings: bool,

    /// Add a summary in Markdown to the page of the job, where GITHUB_STEP_SUMMARY says
    #[arg(long, help_heading = "Output")]
    github_summary: bool,

    /// The file of the summary; GitHub Actions sets it.
    #[arg(long, env = "GITHUB_STEP_SUMMARY", hide = true, value_name = "FILE", value_parser = OsStringValueParser::new())]
    step_summary: Option<OsString>,

    #[command(flatten)]
    judging: JudgingFlags,

    #[command(flatten)]
    input: InputFlags,

    #[command(flatten)]
    tunnel: TunnelFlags,
}

impl Check {
    /// What the flags mean.
    ///
    /// # Errors
    /// A summary that has no place.
    pub fn options(&self) -> Result<check::Options, Failure> {
        // Some shells set what is not there to nothing.
        let summary = self.step_summary.clone().filter(|path| !path.is_empty()).map(PathBuf::from);
        if self.github_summary && summary.is_none() {
            let help = "GitHub Actions sets it in each step; elsewhere set it to a file, or use --output \
                        markdown=FILE.";
            return Err(Failure::new("--github-summary needs GITHUB_STEP_SUMMARY, which is not set", help));
        }
        Ok(check::Options {
            selection: self.input.selection(Some(&self.tunnel), self.judging.policy),
            show: if self.show_settings { Show::Settings } else { self.report.show() },
            is_quiet: self.report.quiet,
            outputs: self.report.outputs.clone(),
            summary: summary.filter(|_| self.github_summary),
            is_quick: self.quick,
            fixes: self.mending.budget.fixes,
            mending: self.mending.mending(),
            takes_unsafe: self.mending.unsafe_fixes,
            fail_level: self.judging.fail_level,
            exit_zero: self.judging.exit_zero,
            is_strict: self.judging.strict,
            select: self.judging.select.clone(),
            ignore: self.judging.ignore.clone(),
            baseline: self.judging.baseline(),
        })
    }
}
