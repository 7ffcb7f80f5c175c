//! A script is run in mind: straight through, functions and loops followed where they are plain.
//!
//! Assumptions: the script runs as root, with the tools that it calls in place; it runs to its end, so a
//! branch that ends it early is not taken; an init script is asked to `start`; what it does not set is not
//! set, where it names a default.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::host::{Host, not_followed};
use super::scan;
use super::sets::Sets;
use super::shell::{Arguments, Shell};
use super::test;
use super::tokens::Document;
use super::tree::{Command, Join, Kind, Pipeline, Statement};
use super::value::{Field, Variable};
use crate::model::{Atom, Remark};
use crate::source::{FileId, Span, Spanned};

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It succeeds.
    Success,
    /// It fails.
    Failure,
    /// Only a run would tell.
    Unknown,
}

/// What makes the shell leave a list of commands before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The turn of a loop.
    Turn,
    /// The loop.
    Loop,
    /// The function, with this status.
    Function(Status),
    /// The script.
    Script,
}

/// How a command ends, or what it leaves.
pub type Outcome = Result<Status, Leave>;

/// Runs a script in mind.
pub struct Runner<'t> {
    /// The script.
    pub text: &'t str,
    /// Its file.
    pub file: FileId,
    /// Its here-documents.
    pub documents: Vec<Option<Document>>,
    /// Variables.
    pub shell: Shell,
    /// The tables.
    pub host: Host,
    /// The sets.
    pub sets: Sets,
    /// What must hold for the commands that run now; each may hold or not.
    conditions: Vec<Spanned<Atom>>,
    /// Likewise: that what would have left this loop or function has not happened.
    pub(super) leaves: Vec<(Spanned<Atom>, Leave)>,
    /// What was noticed.
    pub remarks: Vec<Remark>,
    /// Commands that were said not to be followed.
    pub suspects: HashSet<String>,
    /// Was a file read in that may define anything?
    pub has_sourced: bool,
    /// Functions that were defined.
    pub functions: HashMap<String, Rc<Command>>,
    /// Variables of functions that run now, with what they hide.
    locals: Vec<Vec<(String, Option<Variable>)>>,
    /// How often each condition was met.
    met: HashMap<String, u32>,
    /// Simple commands that were run.
    steps: u32,
    /// Commands within commands.
    depth: u32,
}

/// Most commands that are run, so that nested loops come to an end.
const MOST_STEPS: u32 = 200_000;

/// How deep commands and function calls nest.
const DEEPEST: u32 = 120;

impl<'t> Runner<'t> {
    /// A runner that has run nothing yet.
    pub fn new(file: FileId, text: &'t str, documents: Vec<Option<Document>>) -> Self {
        Runner {
            text,
            file,
            documents,
            shell: Shell::new(),
            host: Host::new(),
            sets: Sets::default(),
            conditions: Vec::new(),
            leaves: Vec::new(),
            remarks: Vec::new(),
            suspects: HashSet::new(),
            has_sourced: false,
            functions: HashMap::new(),
            locals: Vec::new(),
            met: HashMap::new(),
            steps: 0,
            depth: 0,
        }
    }

    /// Runs a list. `minded` says that the script itself minds whether it fails.
    pub fn list(&mut self, list: &[Statement], minded: bool) -> Outcome {
        let mut status = Status::Success;
        for statement in list {
            status = self.statement(statement, minded)?;
        }
        Ok(status)
    }

    /// Says that something is not followed.
    pub fn not_followed(&mut self, span: Span, message: impl Into<String>) {
        self.remarks.push(not_followed(span, message));
    }

    /// Counts a simple command; `false` when there were too many.
    pub fn step(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps == MOST_STEPS {
            self.not_followed(span, "the script takes too many steps to be followed to its end");
        }
        self.steps < MOST_STEPS
    }

    /// Hides a variable until the function that runs returns.
    pub fn hide(&mut self, name: &str) {
        let old = self.shell.variables.get(name).cloned();
        if let Some(frame) = self.locals.last_mut() {
            frame.push((name.to_owned(), old));
        }
    }

    /// What must hold for the commands that run now.
    pub fn conditions(&self) -> Vec<Spanned<Atom>> {
        self.conditions.iter().chain(self.leaves.iter().map(|leave| &leave.0)).cloned().collect()
    }

    /// Calls a function.
    pub fn call(&mut self, body: &Rc<Command>, arguments: &[Field]) -> Outcome {
        let arguments = Arguments { is_function: true, ..Arguments::of(arguments) };
        let outer = std::mem::replace(&mut self.shell.arguments, arguments);
        let leaves = self.leaves.len();
        self.locals.push(Vec::new());
        let outcome = self.command(&body.clone(), true);
        for (name, old) in self.locals.pop().unwrap_or_default().into_iter().rev() {
            match old {
                Some(old) => self.shell.variables.insert(name, old),
                None => self.shell.variables.remove(&name),
            };
        }
        self.shell.arguments = outer;
        let is_sure = self.leaves.len() == leaves;
        self.leaves.truncate(leaves);
        match outcome {
            Ok(status) | Err(Leave::Function(status)) if is_sure => Ok(status),
            Err(Leave::Script) => outcome,
            _ => Ok(Status::Unknown),
        }
    }

    /// The text of a place, white space folded.
    pub fn source(&self, span: Span) -> String {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        text.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
    }

    fn statement(&mut self, statement: &Statement, minded: bool) -> Outcome {
        let mut status = Status::Success;
        let Some(first) = statement.pipelines.first() else { return Ok(status) };
        for (at, (join, pipeline)) in statement.pipelines.iter().enumerate() {
            let is_due = match (join, status) {
                (Join::Always, _) | (Join::And, Status::Success) | (Join::Or, Status::Failure) => true,
                (_, Status::Unknown) => {
                    let span = first.1.span.to(statement.pipelines[at - 1].1.span);
                    status = self.perhaps(pipeline, span, *join == Join::Or)?;
                    continue;
                }
                _ => false,
            };
            if is_due {
                let is_last = at + 1 == statement.pipelines.len();
                status = self.pipeline(pipeline, minded || !is_last)?;
            }
        }
        Ok(status)
    }

    /// Runs a pipeline that runs only if what stands at a place succeeds (or fails).
    fn perhaps(&mut self, pipeline: &Pipeline, before: Span, negated: bool) -> Outcome {
        if scan::pipeline_ends_script(pipeline, &self.functions) {
            self.skip(scan::pipeline_touches(pipeline, self.text, &self.functions), pipeline.span);
            // The script goes on, so what stands before has gone well (or, before `&&`, not).
            return Ok(if negated { Status::Success } else { Status::Failure });
        }
        let text = self.source(before);
        let atom = self.condition(&text, before);
        let atom = if negated { negate(&atom) } else { atom };
        self.branch(vec![atom], |runner| runner.pipeline(pipeline, true))?;
        Ok(Status::Unknown)
    }

    /// Says that a branch is not taken since it ends the script.
    pub(super) fn skip(&mut self, touches: bool, span: Span) {
        if touches {
            self.not_followed(span, "this ends the script early, and is taken not to happen");
        }
    }

    /// An unknown of its own for a condition.
    pub(super) fn condition(&mut self, text: &str, span: Span) -> Spanned<Atom> {
        let count = self.met.entry(text.to_owned()).or_default();
        *count += 1;
        let text = if *count == 1 { text.to_owned() } else { format!("{text} ({count})") };
        Spanned::new(Atom::pure(text), span)
    }

    /// Runs something under conditions. What it sets is unknown afterwards.
    pub(super) fn branch(
        &mut self,
        conditions: Vec<Spanned<Atom>>,
        run: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        if conditions.is_empty() {
            return run(self);
        }
        let Some(last) = conditions.last().cloned() else { return run(self) };
        let variables = self.shell.variables.clone();
        let (outer, leaves) = (self.conditions.len(), self.leaves.len());
        self.conditions.extend(conditions);
        let outcome = run(self);
        self.conditions.truncate(outer);
        self.shell.join(variables);
        let not = negate(&last);
        for (leave, _) in &mut self.leaves[leaves..] {
            leave.value.text = format!("{} || {}", leave.value.text, not.value.text).into();
        }
        match outcome {
            // What follows happens only if the branch was not taken.
            Err(leave @ (Leave::Function(_) | Leave::Loop | Leave::Turn)) => self.leaves.push((not, leave)),
            Err(Leave::Script) => {
                self.not_followed(last.span, "this may end the script early, and is taken not to")
            }
            Ok(_) => {}
        }
        Ok(Status::Unknown)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, minded: bool) -> Outcome {
        let status = match pipeline.only() {
            Some(command) => self.command(command, minded)?,
            None if self.piped_document(pipeline) => Status::Success,
            None => {
                let variables = self.shell.variables.clone();
                for command in &pipeline.commands {
                    // Each runs in a shell of its own: leaving that is not leaving the script.
                    let _ = self.command(command, minded);
                    self.shell.variables.clone_from(&variables);
                }
                Status::Unknown
            }
        };
        Ok(match (pipeline.negated, status) {
            (true, Status::Success) => Status::Failure,
            (true, Status::Failure) => Status::Success,
            _ => status,
        })
    }

    /// Runs a command. All that nests goes through here: lists in commands, and calls of functions.
    fn command(&mut self, command: &Command, minded: bool) -> Outcome {
        if self.depth >= DEEPEST {
            self.not_followed(command.span, "calls nest too deeply to be followed");
            return Ok(Status::Unknown);
        }
        self.depth += 1;
        let outcome = self.shallow_command(command, minded);
        self.depth -= 1;
        outcome
    }

    fn shallow_command(&mut self, command: &Command, minded: bool) -> Outcome {
        match &command.kind {
            Kind::Simple(words) => self.simple(words, &command.redirects, command.span, minded),
            Kind::Group(list) => self.list(list, minded),
            Kind::Subshell(list) => {
                let variables = self.shell.variables.clone();
                let outcome = self.list(list, minded);
                self.shell.variables = variables;
                Ok(outcome.unwrap_or(Status::Unknown))
            }
            Kind::If { arms, otherwise } => self.choose(arms, otherwise),
            Kind::For { name, words, body } => self.each(name, words.as_deref(), body, command.span),
            Kind::While { until, condition, body } => self.repeat(*until, condition, body, command.span),
            Kind::Case { subject, arms } => self.case(subject, arms, command.span),
            Kind::Function { name, body } => {
                self.functions.insert(name.clone(), Rc::new((**body).clone()));
                Ok(Status::Success)
            }
            Kind::Test(words) => {
                let fields = self.shell.fields(words);
                Ok(test::evaluate(&fields).map_or(Status::Unknown, Status::from))
            }
            Kind::Arithmetic(body) => {
                self.some_turns(body, &self.head(command.span), command.span)?;
                Ok(Status::Unknown)
            }
        }
    }
}

impl From<bool> for Status {
    fn from(answer: bool) -> Self {
        if answer { Status::Success } else { Status::Failure }
    }
}

/// An unknown for the opposite. The engine takes both for independent, which is less than is known,
/// never more.
pub fn negate(condition: &Spanned<Atom>) -> Spanned<Atom> {
    Spanned::new(Atom::pure(format!("! {}", condition.value.text)), condition.span)
}
