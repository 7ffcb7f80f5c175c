//! What the `ipset` commands of a script leave.

use std::collections::HashSet;

use super::host::not_followed;
use super::rewritten::Rewritten;
use crate::dialects::iptables::ipset;
use crate::model::{Elements, Remark, Ruleset};
use crate::source::{FileId, Span};

/// The sets while a script changes them.
#[derive(Debug, Default)]
pub struct Sets {
    /// `create` and `add` commands that are in force.
    lines: Vec<Line>,
    /// Sets of which it is not known what is in them.
    unknown: HashSet<String>,
    /// Has a set been made?
    used: bool,
}

#[derive(Debug)]
struct Line {
    set: String,
    creates: bool,
    words: Vec<(String, Span)>,
    span: Span,
}

impl Sets {
    /// Does what a command says; `words` are those behind `ipset`. What is done under conditions, or
    /// with words that are not known, leaves the set unknown.
    pub fn command(
        &mut self,
        words: Vec<(String, Span)>,
        span: Span,
        conditional: bool,
        is_known: bool,
        remarks: &mut Vec<Remark>,
    ) {
        let mut words: Vec<(String, Span)> = words
            .into_iter()
            .filter(|word| !matches!(word.0.as_str(), "-exist" | "--exist" | "-!" | "-q" | "-quiet"))
            .collect();
        let Some(command) = words.first().map(|word| word.0.clone()) else { return };
        let set = words.get(1).map(|word| word.0.clone());
        let is_sure = is_known && !conditional;
        match (command.as_str(), set) {
            ("create" | "-N" | "--create" | "new", Some(set)) => {
                self.used = true;
                words[0].0 = "create".to_owned();
                if !is_known {
                    self.unknown.insert(set.clone());
                }
                if !self.lines.iter().any(|line| line.creates && line.set == set) {
                    self.lines.push(Line { set, creates: true, words, span });
                }
            }
            ("add" | "-A" | "--add", Some(set)) => {
                words[0].0 = "add".to_owned();
                match is_sure {
                    true => self.lines.push(Line { set, creates: false, words, span }),
                    false => drop(self.unknown.insert(set)),
                }
            }
            ("del" | "-D" | "--del", Some(set)) => {
                let member = words.get(2).map(|word| word.0.clone());
                let same = |line: &Line| {
                    !line.creates
                        && line.set == set
                        && line.words.get(2).map(|word| &word.0) == member.as_ref()
                };
                match self.lines.iter().position(same) {
                    Some(at) if is_sure => drop(self.lines.remove(at)),
                    _ => drop(self.unknown.insert(set)),
                }
            }
            ("flush" | "-F" | "--flush", set) if is_sure => {
                let is_it = |name: &str| set.as_deref().is_none_or(|set| set == name);
                self.lines.retain(|line| line.creates || !is_it(&line.set));
                self.unknown.retain(|name| !is_it(name));
            }
            ("destroy" | "-X" | "--destroy" | "x", set) if is_sure => {
                let is_it = |name: &str| set.as_deref().is_none_or(|set| set == name);
                self.lines.retain(|line| !is_it(&line.set));
                self.unknown.retain(|name| !is_it(name));
            }
            (
                "list" | "-L" | "save" | "-S" | "test" | "-T" | "version" | "-v" | "help" | "-h" | "COMMIT",
                _,
            ) => {}
            (_, set) => {
                self.unknown.extend(set);
                self.unknown.extend(words.get(2).map(|word| word.0.clone()));
                remarks.push(not_followed(span, format!("`ipset {command}` is not followed")));
            }
        }
    }

    /// The sets at the end of the script, in a ruleset that has nothing else.
    pub fn finish(self, file: FileId) -> Ruleset {
        if !self.used {
            return Ruleset::default();
        }
        let mut text = Rewritten::default();
        for line in &self.lines {
            for (at, (word, span)) in line.words.iter().enumerate() {
                let before = if at > 0 { " " } else { "" };
                text.push(before, Span { end: span.start, ..*span });
                match word.contains(char::is_whitespace) || word.is_empty() {
                    true => text.push(&format!("\"{word}\""), *span),
                    false => text.push(word, *span),
                }
            }
            text.push("\n", Span { start: line.span.end, ..line.span });
        }
        let mut read = ipset::read(file, &text.text);
        text.restore(&mut read);
        for set in &mut read.sets {
            if self.unknown.contains(&*set.name) {
                set.elements = Elements::Unknown;
            }
        }
        read.has_sets = true;
        read
    }
}
