//! `check --fix` and `--diff`: proven fixes applied one after another, until there are none left.

use std::collections::HashMap;

use super::fixes::Budget;
use super::{judge, routes};
use crate::commands::input::{Input, Loaded};
use crate::dialects;
use crate::eval::Host;
use crate::eval::difference::Difference;
use crate::finding::{Edit, NewFile, Report, Reported};
use crate::fix;
use crate::model::Ruleset;
use crate::packet::Family;
use crate::source::{FileId, Sources};

/// How often fixes are applied and the result is linted again.
const MOST_ROUNDS: usize = 20;

/// How many fixes are proven in a round.
const MOST_PROOFS: usize = 100;

/// What to do with fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mending {
    /// Show them with their findings.
    Show,
    /// Show what would become of the files.
    Diff,
    /// Change the files.
    Write,
}

/// A fix that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The lint.
    pub lint: &'static str,
    /// The file that was changed first, and the line.
    pub place: String,
    /// What was done, and to which packets.
    pub what: String,
}

/// Applies fixes of wanted findings in memory: those that are safe, or all of them. Returns what was done; the input
/// holds the texts as they are then.
pub fn apply(
    input: &mut Input,
    is_quick: bool,
    takes_unsafe: bool,
    is_wanted: &dyn Fn(&Reported) -> bool,
) -> Vec<Applied> {
    let mut applied = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let mut report = judge(input, is_quick, Budget::new(Some(MOST_PROOFS)));
        report.findings.retain(is_wanted);
        let chosen = choose(input, &report, takes_unsafe);
        if chosen.is_empty() {
            break;
        }
        let (mut edits, mut added): (Vec<Edit>, Vec<(usize, NewFile)>) = (Vec::new(), Vec::new());
        for reported in &chosen {
            let Some(made) = &reported.fix else { continue };
            let line = |edit: &Edit| {
                let name = input.sources.file(edit.span.file).name.display();
                format!("{name}:{}", input.sources.start(edit.span).line)
            };
            let new = made.new_files.first().map(|new| new.path.display().to_string());
            let place = made.edits.first().map(line).or(new);
            applied.extend(place.map(|place| Applied {
                lint: reported.finding.lint,
                place,
                what: made.summary(),
            }));
            for new in &made.new_files {
                added.push((reported.unit, new.clone()));
            }
            edits.extend(made.edits.iter().cloned());
        }
        edits.sort_by_key(|edit| (edit.span.file, edit.span.start));
        if fix::apply(&mut input.sources, &edits).is_none() {
            break;
        }
        for (unit, NewFile { path, text }) in added {
            let dialect = dialects::recognise(&path, &text);
            let file = input.sources.add(path, text.into_bytes());
            input.dialects.extend(dialect.map(|dialect| (file, dialect)));
            input.units[unit].unit.files.push(file);
        }
        read_again(input);
    }
    applied
}

/// The fixes of a round, in the order of places. Those that change the fate of no packet go together, if they do so
/// together, too; any other goes alone.
fn choose<'r>(input: &Input, report: &'r Report, takes_unsafe: bool) -> Vec<&'r Reported> {
    let is_fit = |reported: &&Reported| {
        let fits = |fix: &crate::finding::Fix| {
            let is_text = fix.commands.is_empty() && !(fix.edits.is_empty() && fix.new_files.is_empty());
            is_text && (fix.is_safe || takes_unsafe) && (fix.is_neutral() || !is_shared(input, &fix.edits))
        };
        reported.fix.as_ref().is_some_and(fits)
    };
    let mut fit: Vec<&Reported> = report.findings.iter().filter(is_fit).collect();
    let edits = |reported: &&Reported| reported.fix.as_ref().map_or(&[][..], |fix| &fix.edits).to_vec();
    // What needs a file of its own comes last.
    let place = |reported: &&Reported| edits(reported).first().map(|edit| (edit.span.file, edit.span.start));
    fit.sort_by_key(|reported| (place(reported).is_none(), place(reported)));
    let mut together: Vec<&Reported> = Vec::new();
    let mut all: Vec<Edit> = Vec::new();
    for reported in fit.iter().filter(|it| it.fix.as_ref().is_some_and(crate::finding::Fix::is_neutral)) {
        let mut more = all.clone();
        more.extend(edits(reported));
        more.sort_by_key(|edit| (edit.span.file, edit.span.start));
        // The first by place wins.
        if !fix::overlap(&more) {
            all = more;
            together.push(reported);
        }
    }
    if together.len() > 1 && !changes_nothing(input, &all) {
        together.truncate(1);
    }
    if let [only] = together[..] {
        together.retain(|_| changes_nothing(input, &edits(&only)));
    }
    if together.is_empty() {
        fit.retain(|it| it.fix.as_ref().is_some_and(|fix| !fix.is_neutral()));
        together.extend(fit.first());
    }
    together
}

/// Does any of the files belong to several hosts? What a fix opens and closes was proven of one.
fn is_shared(input: &Input, edits: &[Edit]) -> bool {
    let owners = |file: FileId| input.units.iter().filter(|it| it.unit.files.contains(&file)).count();
    edits.iter().any(|edit| owners(edit.span.file) > 1)
}

/// Does every packet fare as before on every host, once these edits are made?
fn changes_nothing(input: &Input, edits: &[Edit]) -> bool {
    let mut sources = input.sources.clone();
    if fix::apply(&mut sources, edits).is_none() {
        return false;
    }
    let is_touched =
        |loaded: &&Loaded| loaded.unit.files.iter().any(|file| edits.iter().any(|it| it.span.file == *file));
    input.units.iter().filter(is_touched).all(|loaded| {
        let Some(after) = read(&sources, input, loaded) else { return false };
        let (one, other) = (Host::new(&loaded.unit.ruleset), Host::new(&after));
        Difference::of(&one, &other, &routes(loaded), &Family::ALL).is_ok_and(|it| it.is_none())
    })
}

/// Reads the rules of all hosts from the texts as they are now.
fn read_again(input: &mut Input) {
    let mut read_anew = HashMap::new();
    for (at, loaded) in input.units.iter().enumerate() {
        read_anew.extend(read(&input.sources, input, loaded).map(|ruleset| (at, ruleset)));
    }
    for (at, ruleset) in read_anew {
        input.units[at].unit.ruleset = ruleset;
    }
}

/// The rules of a host in other texts; `None` for what is no host.
fn read(sources: &Sources, input: &Input, loaded: &Loaded) -> Option<Ruleset> {
    let ruleset = dialects::read_host(sources, &loaded.unit.files, &input.dialects, &loaded.includes)?;
    Some(ruleset.complete_like(&loaded.unit.ruleset))
}
