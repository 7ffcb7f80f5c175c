//! How findings are judged and reported: flags of all commands that check.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::values::{self, LintName};
use crate::commands::check::{Baseline, Output, Show};
use crate::config::Policy;
use crate::finding::Level;
use crate::report::Format;

/// How findings are reported.
#[derive(Debug, Args)]
pub struct ReportFlags {
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: Format,

    /// Findings alone, without the verdicts, assumptions and figures of `--format text`
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,

    /// Write a report to a file besides: sarif=fwlint.sarif
    ///
    /// May be given several times, for several files.
    #[arg(long = "output", value_name = "FORMAT=FILE", value_parser = values::output, help_heading = "Output")]
    pub outputs: Vec<Output>,

    /// How often each lint struck, instead of the findings
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    statistics: bool,
}

impl ReportFlags {
    /// What standard output gets.
    pub fn show(&self) -> Show {
        if self.statistics { Show::Statistics } else { Show::Findings(self.format) }
    }
}

/// Which findings there are, and which of them fail the check.
#[derive(Debug, Args)]
pub struct JudgingFlags {
    /// How strictly to judge what gets in
    ///
    /// `positive` says that this host keeps the positive security model: nothing gets in that
    /// `allow-ingress` in fwlint.yaml does not allow by name, and whatever else does fails the check.
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<Policy>,

    /// The level from which on findings fail the check
    ///
    /// Without it, `fail-level` in fwlint.yaml says, otherwise it is `warning`.
    #[arg(long, value_name = "LEVEL", conflicts_with = "exit_zero", value_parser = levels())]
    pub fail_level: Option<Level>,

    /// Exit with 0 whatever is found
    #[arg(long)]
    pub exit_zero: bool,

    /// Raise each finding to the next level: notes to warnings, warnings to errors
    #[arg(long)]
    pub strict: bool,

    /// These lints alone
    #[arg(long, value_name = "LINT,…", value_delimiter = ',', value_parser = LintName, hide_possible_values = true)]
    pub select: Vec<&'static str>,

    /// All lints but these
    #[arg(long, value_name = "LINT,…", value_delimiter = ',', value_parser = LintName, hide_possible_values = true)]
    pub ignore: Vec<&'static str>,

    /// Leave out the findings that this file knows
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,

    /// Write all findings to this file, as a baseline for later, and leave them out
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

impl JudgingFlags {
    /// What is known already.
    pub fn baseline(&self) -> Option<Baseline> {
        match (&self.baseline, &self.write_baseline) {
            (Some(path), _) => Some(Baseline::Read(path.clone())),
            (_, Some(path)) => Some(Baseline::Write(path.clone())),
            _ => None,
        }
    }
}

/// The levels, by their names.
fn levels() -> impl TypedValueParser<Value = Level> {
    let names = [Level::Note, Level::Warning, Level::Error].map(Level::name);
    PossibleValuesParser::new(names).try_map(|name| Level::named(&name).ok_or("there is no such level"))
}
