//! Proven fixes: what a finding proposes is written into the texts in memory, read again and evaluated again.
//! Only if the finding is gone, nothing as bad has come, and just those packets fare otherwise that the remedy
//! names, is it a fix.

mod apply;
mod commands;
mod effects;
mod known;
mod outward;
mod unproven;

use std::collections::HashMap;

use crate::dialects::{self, Dialect, Includes, Writing};
use crate::eval::difference::{Change, Difference, Kind};
use crate::eval::{Host, Way};
use crate::finding::{Edit, Finding, Fix, Level};
use crate::lints::{self, Context, Unit};
use crate::model::{Effect, Placed, Remedy, Ruleset, Step};
use crate::packet::Family;
use crate::source::{FileId, Sources, Span};

use commands::Commands;
use known::Known;
use outward::outward;

pub use apply::{apply, between, new_files, overlap};
pub use unproven::Unproven;

/// How often a remedy may show that more is needed: behind the rule that is mended there may be another. On its way out and
/// back a packet meets eight chains that may drop it, and as many in the security table and in files of other programs.
const MOST_ROUNDS: usize = 16;

/// Hosts with more rules that write into packets are not compared: each packet that one of them meets is another from there on.
const MOST_REWRITERS: usize = 32;

/// What nobody may be led into by a fix, how little bad that may be called.
const LOCKOUT: &str = "lockout";

/// Lints that tell what gets in by name, unless everything does: of a fix that lets nothing in they may say what
/// was true before.
const UNCOVERED: [&str; 3] = ["open-port", "ssh-open-to-the-world", "inbound-tunnel-port"];

/// What is told only where the edge is reached. What opens the way there, and closes nothing, may uncover it.
const BEHIND_THE_EDGE: &str = "tunnel-service-blocked";

/// What is told only of a family that works. New rules, which let through what they name, may uncover it.
const OF_WORKING: &str = "unrestricted-egress";

/// What is told, in a note, of ways out that depend on what nobody knows, and of none that are blocked. What opens these, and closes
/// nothing, may uncover it.
const OF_WAYS_OUT: &str = "tunnel-edge-blocked";

/// What is told of packets that get out and are not answered. Lists without memory may let the one through and not the other.
const UNANSWERED: &str = "tunnel-reply-blocked";

/// What rules that go in front of others may lead to: those take nothing any more.
const MOVED: &str = "shadowed-rule";

/// Lints of files that cannot be loaded.
const REFUSED: [&str; 3] = ["undefined-chain", "jump-loop", "syntax-error"];

/// All that it takes to evaluate a unit again.
pub struct Proof<'p, 'c> {
    /// What was found out about the unit as it is.
    pub context: &'p Context<'c>,
    /// The dialect of each of its files.
    pub dialects: &'p HashMap<FileId, Dialect>,
    /// The cloud that keeps the rules, if one does.
    pub cloud: Option<Dialect>,
    /// What they include.
    pub includes: &'p Includes,
    /// The rules that commands for other findings add.
    pub beside: &'p [Placed],
}

impl Proof<'_, '_> {
    /// Proves the remedy of one of the findings of the unit; `None` if it has none.
    ///
    /// # Errors
    /// Why it is no fix.
    pub fn prove(&self, findings: &[Finding], finding: &Finding) -> Option<Result<Fix, Unproven>> {
        let remedy = finding.remedy.as_deref()?;
        let attempt = |fills_sets| self.attempt(findings, finding, remedy.clone(), fills_sets);
        // Sets may be used for other things, too, and rules beside them never are.
        let may_fill =
            self.unit().files.iter().any(|file| self.dialects.get(file).is_some_and(|it| it.has_sets()));
        let made = match attempt(may_fill) {
            Err(why) if may_fill && why.is_mistake(finding.lint) => attempt(false),
            made => made,
        };
        if let Err(why) = &made {
            // A lint that promises more than it holds is to be mended, not only kept quiet about: whoever works on fwlint
            // sees it fail. Rules that the loader refuses hold nothing.
            let is_refused = findings.iter().any(|other| REFUSED.contains(&other.lint));
            // What becomes of packets that rules write into is not followed to the end.
            let is_open = is_refused || self.context.host.rewrites();
            debug_assert!(
                cfg!(fuzzing) || is_open || !why.is_mistake(finding.lint),
                "{}: {}: {}: {}",
                finding.lint,
                finding.message,
                remedy.title,
                why.reason()
            );
        }
        Some(made)
    }

    fn attempt(
        &self,
        findings: &[Finding],
        finding: &Finding,
        remedy: Remedy,
        fills_sets: bool,
    ) -> Result<Fix, Unproven> {
        let mut sources = self.context.sources.clone();
        let (mut files, mut dialects) = (self.unit().files.clone(), self.dialects.clone());
        let mut all = self.removing(remedy)?;
        let mut next = all.clone();
        // What else would be found, without what is added for it.
        let mut found: Option<&'static str> = None;
        for _ in 0..MOST_ROUNDS {
            let unit = if !self.unit().ruleset.recipes.is_empty() {
                self.commands(&all)?;
                // Where a rule stands hangs on the numbers that all of them take.
                let rules = commands::make(&self.unit().ruleset, &all.steps, self.beside)?;
                self.with(rules, &files)
            } else {
                let edits = self.edits(&sources, &next.steps, fills_sets)?;
                apply(&mut sources, &edits).ok_or(Unproven::NotWritable)?;
                for (file, dialect) in
                    apply::files_beside(&mut sources, &next.steps).ok_or(Unproven::NotWritable)?
                {
                    files.push(file);
                    dialects.insert(file, dialect);
                }
                self.read(&sources, &files, &dialects)?
            };
            let context = self.after(&sources, &unit);
            let speaks_of_more = files.len() > self.unit().files.len();
            // Notes do not count against what is worse than they are, nor against what speaks of another family.
            let after = match speaks_of_more || finding.level > Level::Note {
                true => lints::run_for_worse_than_notes(&context, finding.lint),
                false => lints::run(&context),
            };
            let mut left = self.left(findings, finding, speaks_of_more, &after);
            left.retain(|left| !is_uncovered(&all, left));
            let Some(worst) = left.first() else {
                let uncovered = uncovered(findings, &after, finding.level);
                let fix = self.fix(&context, &sources, &all, uncovered);
                return fix.map_err(|why| why.led_to(finding.lint, found));
            };
            // What would have to be moved next is a question of what was meant, not of what is needed.
            let is_needed = |lint: &str, more: &Remedy| lint != MOVED || more.effect == Effect::Nothing;
            let text = |sources: &Sources, it: &Finding| it.span.map(|span| sources.text(span).to_owned());
            let is_same =
                key(worst) == key(finding) && text(&sources, worst) == text(self.context.sources, finding);
            let more = left.iter().filter_map(|left| Some((left.lint, left.remedy.as_deref()?)));
            let more = more.filter(|(lint, more)| is_needed(lint, more)).map(|(_, more)| more);
            let Some(more) = more.cloned().reduce(Remedy::and).map(|more| self.removing(more)).transpose()?
            else {
                let why = if is_same { Unproven::NotGone } else { Unproven::Another(worst.lint) };
                return Err(why.led_to(finding.lint, found));
            };
            let is_again = more.steps == next.steps;
            // What moves may come to take the place of what it moved in front of, which is to move then.
            found = found.or((!is_again || !is_same).then_some(worst.lint));
            if is_again {
                return Err(Unproven::NotGone.led_to(finding.lint, found));
            }
            next = more.clone();
            all = all.and(more);
        }
        Err(Unproven::NotGone.led_to(finding.lint, found))
    }

    /// What steps are in the texts, in the order of places.
    fn edits(&self, sources: &Sources, steps: &[Step], fills_sets: bool) -> Result<Vec<Edit>, Unproven> {
        let writing = Writing::new(sources, fills_sets);
        let mut edits: Vec<Edit> = Vec::new();
        for step in steps.iter().filter(|step| !matches!(step, Step::Beside { .. })) {
            for edit in self.written(&writing, sources, step)? {
                // What a loop or two families say in one line is changed once.
                if !edits.contains(&edit) {
                    edits.push(edit);
                }
            }
        }
        edits.sort_by_key(|edit| (edit.span.file, edit.span.start));
        Ok(edits)
    }

    /// What a step is in the texts: in its own file or, of one that is a part of another, in that other.
    fn written(&self, writing: &Writing, sources: &Sources, step: &Step) -> Result<Vec<Edit>, Unproven> {
        let file = place(step).file;
        // A rule stays in the file that somebody has put it into.
        if matches!(step, Step::Move { before, .. } if before.file != file) {
            return Err(Unproven::NotWritable);
        }
        // nft alone includes others.
        let included = self.includes.is_included(file).then_some(&Dialect::Nft);
        let dialect = self.dialects.get(&file).or(included).ok_or(Unproven::NotWritable)?;
        let write = dialect.entry().write.ok_or(Unproven::OfPrograms(self.cloud.unwrap_or(*dialect)))?;
        if let Some(edits) = write(writing, step) {
            return Ok(edits);
        }
        let outer = outward(step, sources, self.includes).ok_or(Unproven::NotWritable)?;
        self.written(writing, sources, &outer)
    }

    /// A remedy as commands; none where the texts are changed.
    fn commands(&self, remedy: &Remedy) -> Result<Commands, Unproven> {
        if self.unit().ruleset.recipes.is_empty() {
            return Ok(Commands::default());
        }
        commands::of(&self.unit().ruleset, &remedy.steps, self.beside).map_err(|why| self.of_programs(why))
    }

    /// A remedy by commands, which take away what would be left without use.
    fn removing(&self, remedy: Remedy) -> Result<Remedy, Unproven> {
        let ruleset = &self.unit().ruleset;
        if ruleset.recipes.is_empty() {
            return Ok(remedy);
        }
        let steps = commands::removing(&self.context.host, ruleset, &remedy.steps);
        Ok(Remedy { steps: steps.map_err(|why| self.of_programs(why))?, ..remedy })
    }

    /// What cannot be written is kept elsewhere.
    fn of_programs(&self, why: Unproven) -> Unproven {
        match self.cloud {
            Some(cloud) if why == Unproven::NotWritable => Unproven::OfPrograms(cloud),
            _ => why,
        }
    }

    /// The unit with other rules.
    fn with(&self, ruleset: Ruleset, files: &[FileId]) -> Unit {
        let Unit { name, must_serve, .. } = self.unit();
        // What was tried was tried with the rules as they were.
        Unit { name: name.clone(), files: files.to_vec(), ruleset, probed: None, must_serve: *must_serve }
    }

    /// Reads the texts of the unit.
    fn read(
        &self,
        sources: &Sources,
        files: &[FileId],
        dialects: &HashMap<FileId, Dialect>,
    ) -> Result<Unit, Unproven> {
        let ruleset =
            dialects::read_host(sources, files, dialects, self.includes).ok_or(Unproven::NotWritable)?;
        Ok(self.with(ruleset.complete_like(&self.unit().ruleset), files))
    }

    /// The unit as it would be.
    fn after<'s>(&'s self, sources: &'s Sources, unit: &'s Unit) -> Context<'s> {
        let Context { settings, profile, allow_ingress, ref routes, is_quick, .. } = *self.context;
        Context::new(sources, unit, settings, profile, allow_ingress, routes.clone(), is_quick)
            .knowing(self.context)
    }

    fn unit(&self) -> &Unit {
        self.context.unit
    }

    /// What is still, or newly, wrong after a change: the finding itself, and others as bad that were not
    /// there before.
    fn left<'f>(
        &self,
        before: &'f [Finding],
        finding: &Finding,
        speaks_of_more: bool,
        after: &'f [Finding],
    ) -> Vec<&'f Finding> {
        let mut known = Known::of(before.iter().filter(|other| *other != finding));
        let was_locked_out = before.iter().any(|other| other.lint == LOCKOUT);
        // Nobody gives the commands of a cloud again until nothing is left to say.
        let is_by_command = !self.unit().ruleset.recipes.is_empty();
        let counts = |other: &Finding| {
            // Of a family that the rules did not speak of, notes tell what was so before, and what was wrong before is
            // said in other words.
            let is_old = speaks_of_more
                && (other.level < Level::Warning || before.iter().any(|it| it.lint == other.lint));
            other.level >= finding.level && !is_old && !UNCOVERED.contains(&other.lint)
                || key(other) == key(finding)
                || other.lint == LOCKOUT && !was_locked_out
                || [UNANSWERED, finding.lint].contains(&other.lint)
                    && other.level >= Level::Warning
                    && is_by_command
        };
        after.iter().filter(|other| !known.has(other) && counts(other)).collect()
    }

    /// Makes a fix of what turned out well, if it does no more than was said.
    fn fix(
        &self,
        after: &Context,
        sources: &Sources,
        remedy: &Remedy,
        uncovered: Option<&'static str>,
    ) -> Result<Fix, Unproven> {
        let new_files = apply::new_files(self.context.sources, sources);
        let (unit, is_of_more) = (self.unit(), !new_files.is_empty());
        // Where a file for a family comes, nothing said of it before what becomes of that: it was open.
        let families = unit.ruleset.families.or(after.unit.ruleset.families);
        let open = is_of_more.then(|| Ruleset { families, ..unit.ruleset.clone() });
        let open = open.as_ref().map(Host::new);
        let (host, was) = match &open {
            Some(open) => (open, after.unit.ruleset.families),
            None => (&self.context.host, unit.ruleset.families),
        };
        if host.rewriters().count() > MOST_REWRITERS {
            return Err(Unproven::Undecided);
        }
        let is = after.unit.ruleset.families;
        let both: Vec<Family> =
            Family::ALL.into_iter().filter(|family| was.has(*family) && is.has(*family)).collect();
        let difference = Difference::of(host, &after.host, &self.context.routes, &both)
            .map_err(|_| Unproven::Undecided)?;
        match effects::are_named(&difference, &remedy.effect, [host, &after.host]) {
            Ok(true) => {}
            Ok(false) => return Err(Unproven::OtherPackets),
            Err(_) => return Err(Unproven::Undecided),
        }
        if let Some(lint) = uncovered.filter(|_| difference.changes.iter().any(lets_in)) {
            return Err(Unproven::Another(lint));
        }
        let opens_only = matches!(remedy.effect, Effect::Nothing | Effect::Opens(_));
        let (opens, closes, changes) = effects::words(&difference, host, &after.host);
        let Commands { lines, placed, needs } = self.commands(remedy)?;
        Ok(Fix {
            title: remedy.title.clone(),
            wider: remedy.wider.clone(),
            is_safe: new_files.is_empty() && (difference.is_none() || remedy.is_required && opens_only),
            edits: apply::between(self.context.sources, sources, &self.unit().files),
            new_files,
            commands: lines,
            placed,
            needs,
            opens,
            closes,
            changes,
        })
    }
}

/// A lint that tells more of what gets in than before, at this level or above.
fn uncovered(before: &[Finding], after: &[Finding], level: Level) -> Option<&'static str> {
    let count = |findings: &[Finding], lint: &str| {
        findings.iter().filter(|other| other.lint == lint && other.level >= level).count()
    };
    UNCOVERED.into_iter().find(|lint| count(after, lint) > count(before, lint))
}

/// Is what a lint tells something that was so before a remedy, and only comes to light by it?
fn is_uncovered(remedy: &Remedy, finding: &Finding) -> bool {
    let moves = remedy.steps.iter().any(|step| matches!(step, Step::Move { .. }));
    match finding.lint {
        BEHIND_THE_EDGE => matches!(remedy.effect, Effect::Opens(_)),
        OF_WAYS_OUT => finding.level == Level::Note && matches!(remedy.effect, Effect::Opens(_)),
        OF_WORKING => !moves && remedy.effect != Effect::Nothing,
        _ => false,
    }
}

/// Do new connections from other machines get through by a change?
fn lets_in(change: &Change) -> bool {
    let is_from_others = change.way != Way::Out && !change.is_loopback;
    is_from_others && change.opens() && change.kinds.contains(&Kind::First)
}

/// By what the finding that is to be mended is known again.
type Key<'f> = (&'static str, Level, &'f str);

fn key(finding: &Finding) -> Key<'_> {
    (finding.lint, finding.level, &finding.message)
}

/// The place of a step, which tells the file.
fn place(step: &Step) -> Span {
    use crate::model::At;
    match step {
        Step::Insert { at: At::Before(span) | At::After(span) | At::Empty(span), .. } => *span,
        Step::Remove(span) | Step::SetPolicy(span, _) | Step::Modernise(span) => *span,
        Step::Move { rule, .. } | Step::Readdress { rule, .. } => *rule,
        Step::Beside { of, .. } => *of,
    }
}
