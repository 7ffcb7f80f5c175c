//! Runs the lints over what was read, unit by unit.

use std::collections::HashMap;

use rayon::prelude::*;

use super::fixes::{self, Budget};
use super::others::Others;
use crate::commands::input::{Input, Loaded};
use crate::config::Config;
use crate::eval::{Interface, Routes};
use crate::finding::{Facts, Finding, Fix, Level, Report, UnitReport};
use crate::fix::Unproven;
use crate::lints::{self, Context, Unit};
use crate::model::{NewRule, Placed, Step, Verdict};
use crate::packet::{Axis, Cube, PacketSet, Words};
use crate::profile::Profile;
use crate::source::{FileId, Sources, Span};

/// Runs all lints over all units.
pub fn judge(input: &Input, is_quick: bool, budget: Budget) -> Report {
    judge_and_tell(input, is_quick, budget, &|| {})
}

/// The same, and calls a function after each unit. Units are judged side by side, each with its share of the
/// proofs.
pub fn judge_and_tell(input: &Input, is_quick: bool, budget: Budget, done: &(dyn Fn() + Sync)) -> Report {
    let share = budget.share(input.units.len());
    let judge = |loaded: &Loaded| {
        let judged = judge_unit(input, loaded, &Others::default(), is_quick, share);
        done();
        judged
    };
    // Starting threads for one unit would cost more than it brings.
    let judged: Vec<_> = match input.units.as_slice() {
        [] => Vec::new(),
        [one] => vec![judge(one)],
        // Some take ten times as long as others, so none waits behind another that nobody else may take.
        units => units.par_iter().with_max_len(1).map(judge).collect(),
    };
    let mut report = Report::default();
    let mut known: HashMap<Span, Vec<usize>> = HashMap::new();
    let mut exports: Vec<Served> = Vec::new();
    let mut others = Others::default();
    for (index, (loaded, judged)) in input.units.iter().zip(judged).enumerate() {
        // Units may share lists, and what is said of one counts for those behind it, in whatever order they were judged.
        let judged = match judged.said.iter().any(|said| others.concern(said)) {
            true => judge_unit(input, loaded, &others, is_quick, share),
            false => judged,
        };
        let Judged { unit, findings, serves, said } = judged;
        others.add(&unit.name, said);
        report.units.push(unit);
        if let Some(number) = loaded.export {
            match exports.last_mut().filter(|export| export.number == number) {
                Some(export) => export.add(serves),
                None => exports.push(Served { number, first: index, count: 1, serves }),
            }
        }
        for (finding, fix) in findings {
            // Two hosts may share a file, and what is wrong with that file is said once.
            let earlier = finding.span.map(|span| known.entry(span).or_default());
            let is_said = |at: &usize| report.findings[*at].finding == finding;
            if earlier.as_ref().is_some_and(|earlier| earlier.iter().any(is_said)) {
                continue;
            }
            earlier.into_iter().for_each(|earlier| earlier.push(report.findings.len()));
            let fix = fix.map(|fix| fix.map_err(|why| why.reason()));
            report.add_with(&input.sources, index, finding, fix);
        }
    }
    for export in exports.iter().filter(|export| export.serves == Some(false)) {
        let loaded = &input.units[export.first];
        let span = loaded.unit.ruleset.tables.first().map(|table| table.span);
        let missing =
            profile(&loaded.config).map(|profile| lints::served_by_none(profile, export.count, span));
        if let Some(finding) = missing
            && let Some(level) = level(&input.sources, loaded, &finding)
        {
            report.add(&input.sources, export.first, Finding { level, ..finding });
        }
    }
    let struck =
        |lint: &&lints::Lint| report.findings.iter().any(|reported| reported.finding.lint == lint.id);
    report.lints = lints::LINTS.iter().filter(struck).map(lints::Lint::info).collect();
    report
}

/// A fix, or why there is none; `None` where nothing was proposed.
type MaybeFix = Option<Result<Fix, Unproven>>;

/// What was found out of a unit.
struct Judged {
    unit: UnitReport,
    findings: Vec<(Finding, MaybeFix)>,
    /// Does it serve the tunnel? `None` when it has no say.
    serves: Option<bool>,
    /// The commands among its findings, with what each takes away from others.
    said: Vec<(String, Placed)>,
}

/// Does any unit of an export serve the tunnel?
struct Served {
    number: usize,
    /// Its first unit, an index into those of the report.
    first: usize,
    count: usize,
    /// `None` where no unit has a say in it.
    serves: Option<bool>,
}

impl Served {
    /// Takes a further unit in.
    fn add(&mut self, serves: Option<bool>) {
        self.count += 1;
        self.serves = self.serves.max(serves);
    }
}

/// Runs all lints over one unit, of which others have been judged before.
fn judge_unit(input: &Input, loaded: &Loaded, others: &Others, is_quick: bool, mut budget: Budget) -> Judged {
    let (sources, unit) = (&input.sources, &loaded.unit);
    let (config, settings) = (&loaded.config, &loaded.settings);
    let profile = profile(config);
    let context =
        Context::new(sources, unit, settings, profile, &config.allow_ingress, routes(loaded), is_quick);
    let findings = lints::run(&context);
    let level = |finding: &Finding| level(sources, loaded, finding);
    let shown: Vec<_> =
        findings.iter().enumerate().filter_map(|(at, finding)| Some((at, level(finding)?))).collect();
    let mut fixes = fixes::prove(input, loaded, others, &context, &findings, &shown, &mut budget);
    // What stands for rules that nobody saw is in none of its files.
    let tables = || unit.ruleset.tables.iter().filter(|table| unit.files.contains(&table.span.file));
    let chains = || tables().flat_map(|table| &table.chains);
    let path = |file: &FileId| sources.file(*file).name.display().to_string();
    let report = UnitReport {
        name: unit.name.clone(),
        identity: loaded.identity.clone(),
        paths: unit.files.iter().map(path).collect(),
        verdicts: lints::verdicts(&context),
        assumptions: lints::assumptions(&context),
        picture: lints::picture(&context),
        probes: lints::probes(&context),
        facts: profile.map(|profile| Facts {
            of: profile.title.clone(),
            as_of: profile.as_of.clone(),
            source: profile.source.clone(),
        }),
        chains: chains().count(),
        rules: chains().flat_map(|chain| &chain.rules).filter(|rule| !rule.is_of_another()).count(),
        fail_level: config.fail_level,
    };
    let serves = context.judged_tunnel().map(|tunnel| !tunnel.is_cut_off(&context));
    let said =
        fixes.values().flatten().flat_map(|fix| fix.commands.iter().cloned().zip(fix.placed.iter().cloned()));
    let said = said.collect();
    let mut levels = shown.into_iter().peekable();
    let shown = |(at, finding): (usize, Finding)| {
        let (_, level) = levels.next_if(|shown| shown.0 == at)?;
        Some(by_command(unit, Finding { level, ..finding }, fixes.remove(&at), others))
    };
    let findings = findings.into_iter().enumerate().filter_map(shown).collect();
    context.give_up();
    Judged { unit: report, findings, serves, said }
}

/// A fix that is made by commands, and changes no file, is what a finding says to do.
fn by_command(unit: &Unit, finding: Finding, fix: MaybeFix, others: &Others) -> (Finding, MaybeFix) {
    match fix {
        Some(Ok(Fix { edits, new_files, commands, needs, .. }))
            if edits.is_empty() && new_files.is_empty() && !commands.is_empty() =>
        {
            // What is indented is to be copied.
            let lines = commands.join("\n").replace('\n', "\n    ");
            let once = others.first(&commands).map_or_else(String::new, |first| {
                format!("; what is said of {first} as well is to be done once")
            });
            let note = format!(
                "Proven to mend it, and to change nothing else for {}{once}:\n    {lines}",
                unit.name
            );
            let finding = finding.note(note);
            (needs.into_iter().fold(finding, Finding::note), None)
        }
        Some(Err(ref why)) if unit.ruleset.is_perimeter() => {
            (said_what_to_let_through(unit, finding, why), fix)
        }
        fix => (finding, fix),
    }
}

/// Says in words what has to be let through where there is no command that does it, for this reason.
fn said_what_to_let_through(unit: &Unit, finding: Finding, why: &Unproven) -> Finding {
    let steps = finding.remedy.iter().flat_map(|remedy| &remedy.steps);
    let rules = steps.flat_map(|step| match step {
        Step::Insert { rules, .. } => rules.as_slice(),
        _ => &[],
    });
    let rules = rules.filter(|rule| rule.verdict == Verdict::Accept);
    // Answers are told by where they come from.
    let asks_for_answers =
        unit.ruleset.has_no_memory() && rules.clone().any(|rule| rule.packets.get(Axis::Source).is_none());
    let let_through = rules.map(NewRule::matched);
    let packets = PacketSet::from_cubes(let_through);
    // A list without memory knows nothing of states.
    let has_state = packets.cubes().iter().any(|cube| cube.get(Axis::State).is_some());
    if packets.is_empty() || has_state {
        return finding;
    }
    let text = Words::within(&Cube::any()).set(&packets);
    let why = match why {
        Unproven::NotWorkedOut
        | Unproven::NoNumber
        | Unproven::FewNumbers
        | Unproven::NoRoom
        | Unproven::Beside => format!("No command: {}.", why.reason()),
        Unproven::Another(lint) => {
            format!("No command: one that mends it would bring another finding, `{lint}`.")
        }
        _ => "No command is known that mends it.".to_owned(),
    };
    let answers = match asks_for_answers {
        true => {
            " A network ACL knows nothing of connections: the answers have to be let in as well, from there to the ports that connections are opened from."
        }
        false => "",
    };
    finding.note(format!("{why} To be let through before anything takes it away: {text}.{answers}"))
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
pub fn profile(config: &Config) -> Option<&'static Profile> {
    match &config.profiles {
        Some(profiles) => profiles.first().copied(),
        None => Profile::all().next(),
    }
}

/// The level of a finding that fwlint.yaml wants; `None` if it is switched off. A finding without a place is about
/// the first file of its unit.
fn level(sources: &Sources, loaded: &Loaded, finding: &Finding) -> Option<Level> {
    let config = &loaded.config;
    if config.levels.0.is_empty() {
        return Some(finding.level);
    }
    let file = finding.span.map(|span| span.file).or(loaded.unit.files.first().copied());
    let path = file.map(|file| config.root.below(&sources.file(file).name)).unwrap_or_default();
    config.levels.of(finding.lint, &path).map_or(Some(finding.level), |said| said.level)
}
