//! `fwlint check`: reads, decides, reports.

use std::collections::HashSet;

use crate::commands::input::{self, Input, Loaded, Selection};
use crate::commands::{Failure, Outcome, World};
use crate::config::Config;
use crate::eval::{Interface, Routes};
use crate::finding::{Finding, Level, Report, Reported, UnitReport};
use crate::lints::{self, Context};
use crate::profile::{self, Profile};
use crate::report;
use crate::source::{FileId, Sources};

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is checked.
    pub selection: Selection,
    /// How it is reported.
    pub format: Format,
    /// Leave out the lints that look at the whole ruleset?
    pub is_quick: bool,
    /// From which level on a finding fails the run; `None` when nothing does.
    pub fail_level: Option<Level>,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: findings with their lines.
    Text,
    /// For programs: one JSON object.
    Json,
}

/// Checks what the options name.
///
/// # Errors
/// What could not be read, or written.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    let input = input::load(world, &options.selection)?;
    let report = judge(&input, options.is_quick);
    let mut out = std::io::BufWriter::new(&mut *world.stdout);
    match options.format {
        Format::Text => report::write_text(&mut out, &input.sources, &report, world.is_colored)?,
        Format::Json => report::write_json(&mut out, &input.sources, &report)?,
    }
    std::io::Write::flush(&mut out)?;
    let worst = report.findings.iter().map(|reported| reported.finding.level).max();
    let fails = worst.zip(options.fail_level).is_some_and(|(worst, limit)| worst >= limit);
    Ok(if fails { Outcome::Found } else { Outcome::Clean })
}

/// Runs all lints over all units.
pub fn judge(input: &Input, is_quick: bool) -> Report {
    let mut report = Report::default();
    let mut seen: HashSet<FileId> = HashSet::new();
    for (index, loaded) in input.units.iter().enumerate() {
        let (unit, findings) = judge_unit(&input.sources, loaded, is_quick);
        report.units.push(unit);
        let earlier = report.findings.len();
        for finding in findings {
            // Two hosts may share a file, and what is wrong with that file is said once.
            let is_shared = finding.span.is_some_and(|span| seen.contains(&span.file));
            if !is_shared || !report.findings[..earlier].iter().any(|other| other.finding == finding) {
                report.findings.push(Reported { unit: index, finding });
            }
        }
        seen.extend(&loaded.unit.files);
    }
    let struck =
        |lint: &&lints::Lint| report.findings.iter().any(|reported| reported.finding.lint == lint.id);
    report.lints = lints::LINTS.iter().filter(struck).map(lints::Lint::info).collect();
    report
}

/// Runs all lints over one unit.
fn judge_unit(sources: &Sources, loaded: &Loaded, is_quick: bool) -> (UnitReport, Vec<Finding>) {
    let unit = &loaded.unit;
    let (config, settings) = (&loaded.config, &loaded.settings);
    let profile = profile(config);
    let context =
        Context::new(sources, unit, settings, profile, &config.allow_ingress, routes(loaded), is_quick);
    let mut findings = lints::run(&context);
    set_levels(&mut findings, config);
    let chains = || unit.ruleset.tables.iter().flat_map(|table| &table.chains);
    let path = |file: &FileId| sources.file(*file).name.display().to_string();
    let report = UnitReport {
        name: unit.name.clone(),
        paths: unit.files.iter().map(path).collect(),
        verdicts: lints::verdicts(&context),
        assumptions: lints::assumptions(&context),
        chains: chains().count(),
        rules: chains().map(|chain| chain.rules.len()).sum(),
    };
    (report, findings)
}

/// What was said about the interfaces, in the engine's terms.
pub fn routes(loaded: &Loaded) -> Routes {
    let interface = |each: &crate::config::Interface| Interface {
        name: each.name.clone(),
        addresses: each.addresses.clone(),
    };
    Routes { interfaces: loaded.interfaces.iter().map(interface).collect() }
}

/// What must get out: the first profile named, by default the first there is.
fn profile(config: &Config) -> Option<&'static Profile> {
    match &config.profiles {
        Some(profiles) => profiles.first().copied(),
        None => profile::NAMES.first().and_then(|name| Profile::named(name)),
    }
}

/// Gives findings the levels that fwlint.yaml wants; the last word on a lint counts.
fn set_levels(findings: &mut Vec<Finding>, config: &Config) {
    if config.levels.is_empty() {
        return;
    }
    findings.retain_mut(|finding| {
        let wanted = config.levels.iter().rev().find(|(lint, _)| lint.value == finding.lint);
        match wanted {
            None => true,
            Some((_, None)) => false,
            Some((_, Some(level))) => {
                finding.level = *level;
                true
            }
        }
    });
}
