//! Conditions and loops of a script.

use super::run::{Leave, Outcome, Runner, Status, negate};
use super::scan;
use super::shell::Arguments;
use super::test;
use super::tree::List;
use super::value::{Field, Value, Variable};
use crate::dialects::iptables::words::Word;
use crate::model::Atom;
use crate::source::{Span, Spanned};

/// Most turns of a `while` that are followed.
const MOST_TURNS: u32 = 64;

impl Runner<'_> {
    pub(super) fn choose(&mut self, arms: &[(List, List)], otherwise: &List) -> Outcome {
        let mut before: Vec<Spanned<Atom>> = Vec::new();
        for (condition, body) in arms {
            match self.list(condition, true)? {
                Status::Success => return self.branch(before, |runner| runner.list(body, false)),
                Status::Failure => {}
                Status::Unknown if scan::ends_script(body, &self.functions) => {
                    let touches = scan::touches(body, self.text, &self.functions);
                    self.skip(touches, scan::span(body).unwrap_or(Span::new(self.file, 0, 0)));
                }
                Status::Unknown => {
                    let span = scan::span(condition).unwrap_or(Span::new(self.file, 0, 0));
                    let atom = self.condition(&self.source(span), span);
                    let mut conditions = before.clone();
                    conditions.push(atom.clone());
                    self.branch(conditions, |runner| runner.list(body, false))?;
                    before.push(negate(&atom));
                }
            }
        }
        self.branch(before, |runner| runner.list(otherwise, false))
    }

    pub(super) fn each(&mut self, name: &str, words: Option<&[Word]>, body: &List, span: Span) -> Outcome {
        let values = match words {
            Some(words) => Some(self.shell.fields(words)),
            None => {
                let Arguments { values, is_open, .. } = self.shell.arguments.clone();
                let fields = values.into_iter().map(|value| Field { value, span, splits: false }).collect();
                (!is_open).then_some(fields)
            }
        };
        let Some(values) = values.filter(|values| !values.iter().any(|value| value.splits)) else {
            self.shell.forget(name);
            return self.some_turns(body, &self.head(span), span);
        };
        let leaves = self.leaves.len();
        let mut status = Status::Success;
        for value in values {
            self.shell.variables.insert(name.to_owned(), Variable::One(value.value));
            match self.list(body, false) {
                Ok(last) => status = last,
                Err(Leave::Turn) => {}
                Err(Leave::Loop) => break,
                Err(other) => return Err(other),
            }
            self.end(leaves, &[Leave::Turn]);
        }
        self.end(leaves, &[Leave::Turn, Leave::Loop]);
        Ok(status)
    }

    /// Behind a turn or a loop it does not matter any more what would have left it.
    fn end(&mut self, leaves: usize, kinds: &[Leave]) {
        let mut at = 0;
        self.leaves.retain(|leave| {
            at += 1;
            at <= leaves || !kinds.contains(&leave.1)
        });
    }

    pub(super) fn repeat(&mut self, until: bool, condition: &List, body: &List, span: Span) -> Outcome {
        // `while iptables -D …; do :; done` ends when the rule is gone; any other loop may turn as
        // often as it likes.
        if !scan::touches(condition, self.text, &self.functions) {
            scan::assigned(condition).iter().for_each(|name| self.shell.forget(name));
            let answer = self.list(condition, true)?;
            if answer == Status::from(until) {
                return Ok(Status::Success);
            }
            return self.some_turns(body, &self.head(span), span);
        }
        for _ in 0..MOST_TURNS {
            match self.list(condition, true)? {
                Status::Unknown => return self.some_turns(body, &self.head(span), span),
                answer if answer == Status::from(until) => return Ok(Status::Success),
                _ => match self.list(body, false) {
                    Err(Leave::Turn) => Status::Success,
                    Err(Leave::Loop) => return Ok(Status::Success),
                    other => other?,
                },
            };
        }
        self.not_followed(span, "this loop turns too often to be followed");
        Ok(Status::Unknown)
    }

    /// Runs the body of a loop that turns nobody knows how often.
    pub(super) fn some_turns(&mut self, body: &List, text: &str, span: Span) -> Outcome {
        let names = scan::assigned(body);
        names.iter().for_each(|name| self.shell.forget(name));
        let atom = self.condition(text, span);
        let leaves = self.leaves.len();
        let outcome = self.branch(vec![atom], |runner| runner.list(body, false));
        self.end(leaves, &[Leave::Turn, Leave::Loop]);
        names.iter().for_each(|name| self.shell.forget(name));
        outcome
    }

    /// The first line of a command, as the name of a loop.
    pub(super) fn head(&self, span: Span) -> String {
        let text = self.text.get(span.start as usize..span.end as usize).unwrap_or("");
        let line = text.lines().next().unwrap_or("");
        let line = line.split_once("; do").map_or(line, |halves| halves.0);
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub(super) fn case(&mut self, subject: &Word, arms: &[(Vec<Word>, List)], span: Span) -> Outcome {
        let value = self.shell.value(subject);
        let known = value.known().or_else(|| {
            let is_start = |word: &Word| word.bare() == Some("start");
            arms.iter().any(|arm| arm.0.iter().any(is_start)).then(|| "start".to_owned())
        });
        let is_assumed = value.known().is_none() && known.is_some();
        let mut is_decided = false;
        for (patterns, body) in arms {
            let patterns: Vec<Value> = patterns.iter().map(|pattern| self.shell.value(pattern)).collect();
            let answers = patterns.iter().map(|pattern| test::fits(&pattern.known()?, known.as_deref()?));
            let answers: Vec<Option<bool>> = answers.collect();
            if is_decided || answers.iter().all(|answer| *answer == Some(false)) {
                if is_assumed && scan::touches(body, self.text, &self.functions) {
                    let place = scan::span(body).unwrap_or(span);
                    self.not_followed(
                        place,
                        "this is not followed: the script is read as called with `start`",
                    );
                }
                continue;
            }
            if answers.contains(&Some(true)) {
                is_decided = true;
                if !is_assumed {
                    return self.list(body, false);
                }
                self.list(body, false)?;
                continue;
            }
            if scan::ends_script(body, &self.functions) {
                self.skip(scan::touches(body, self.text, &self.functions), scan::span(body).unwrap_or(span));
                continue;
            }
            let texts: Vec<String> = patterns.iter().map(Value::text).collect();
            let text = format!("case {} in {}", self.source(subject.span), texts.join("|"));
            let atom = self.condition(&text, subject.span);
            self.branch(vec![atom], |runner| runner.list(body, false))?;
        }
        Ok(Status::Unknown)
    }
}
