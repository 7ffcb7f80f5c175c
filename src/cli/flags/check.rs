//! The flags of `fwlint check`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};

use super::mending::MendingFlags;
use super::values::{self, LintName};
use super::{InputFlags, TunnelFlags};
use crate::commands::Failure;
use crate::commands::check::{self, Baseline, Output, Show};
use crate::config::Policy;
use crate::finding::Level;
use crate::report::Format;

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

    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,

    /// Findings alone, without the verdicts, assumptions and figures of `--format text`
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// How often each lint struck, instead of the findings
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    statistics: bool,

    /// The settings that hold for each unit and where they are from, instead of checking it
    #[arg(long, conflicts_with_all = ["format", "outputs", "statistics", "mends", "github_summary", "write_baseline"], help_heading = "Output")]
    show_settings: bool,

    /// Write a report to a file besides: sarif=fwlint.sarif
    ///
    /// May be given several times, for several files.
    #[arg(long = "output", value_name = "FORMAT=FILE", value_parser = values::output, help_heading = "Output")]
    outputs: Vec<Output>,

    /// Add a summary in Markdown to the page of the job, where GITHUB_STEP_SUMMARY says
    #[arg(long, help_heading = "Output")]
    github_summary: bool,

    /// The file of the summary; GitHub Actions sets it.
    #[arg(long, env = "GITHUB_STEP_SUMMARY", hide = true, value_name = "FILE", value_parser = OsStringValueParser::new())]
    step_summary: Option<OsString>,

    /// How strictly to judge what gets in
    ///
    /// `positive` says that this host keeps the positive security model: nothing gets in that
    /// `allow-ingress` in fwlint.yaml does not allow by name, and whatever else does fails the check.
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,

    /// The level from which on findings fail the check
    ///
    /// Without it, `fail-level` in fwlint.yaml says, otherwise it is `warning`.
    #[arg(long, value_name = "LEVEL", conflicts_with = "exit_zero", value_parser = levels())]
    fail_level: Option<Level>,

    /// Exit with 0 whatever is found
    #[arg(long)]
    exit_zero: bool,

    /// Raise each finding to the next level: notes to warnings, warnings to errors
    #[arg(long)]
    strict: bool,

    /// These lints alone
    #[arg(long, value_name = "LINT,…", value_delimiter = ',', value_parser = LintName, hide_possible_values = true)]
    select: Vec<&'static str>,

    /// All lints but these
    #[arg(long, value_name = "LINT,…", value_delimiter = ',', value_parser = LintName, hide_possible_values = true)]
    ignore: Vec<&'static str>,

    /// Leave out the findings that this file knows
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,

    /// Write all findings to this file, as a baseline for later, and leave them out
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,

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
            selection: self.input.selection(Some(&self.tunnel), self.policy),
            show: match (self.show_settings, self.statistics) {
                (true, _) => Show::Settings,
                (_, true) => Show::Statistics,
                _ => Show::Findings(self.format),
            },
            is_quiet: self.quiet,
            outputs: self.outputs.clone(),
            summary: summary.filter(|_| self.github_summary),
            is_quick: self.quick,
            fixes: self.mending.fixes,
            mending: self.mending.mending(),
            takes_unsafe: self.mending.unsafe_fixes,
            fail_level: self.fail_level,
            exit_zero: self.exit_zero,
            is_strict: self.strict,
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            baseline: match (&self.baseline, &self.write_baseline) {
                (Some(path), _) => Some(Baseline::Read(path.clone())),
                (_, Some(path)) => Some(Baseline::Write(path.clone())),
                _ => None,
            },
        })
    }
}

/// The levels, by their names.
fn levels() -> impl TypedValueParser<Value = Level> {
    let names = [Level::Note, Level::Warning, Level::Error].map(Level::name);
    PossibleValuesParser::new(names).try_map(|name| Level::named(&name).ok_or("there is no such level"))
}
