//! Sets: what `ipset save` prints and `ipset restore` reads.

mod member;

use std::collections::HashMap;

use member::{Parts, Wrong};

use super::line::{self, Place};
use super::numerals;
use super::rule::Word;
use crate::model::{Element, Elements, Families, NamedSet, Remark, RemarkKind, Ruleset};
use crate::packet::Family;
use crate::source::{FileId, Span};

/// Is a text a list of sets? Its first line that is neither blank nor a comment tells.
pub fn is_ipset(text: &str) -> bool {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_ascii);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<_> = line.split_ascii_whitespace().filter(|word| !is_option(word)).take(3).collect();
        match words[..] {
            ["flush" | "destroy", ..] => {}
            ["create" | "-N", _, kind] => return kind.contains(':'),
            ["add", _, _] => return true,
            _ => return false,
        }
    }
    false
}

/// Reads what `ipset save` printed.
pub fn read(file: FileId, text: &str) -> Ruleset {
    let place = Place::of(file, text);
    let mut reader = Reader::default();
    let mut words = Vec::new();
    for text in text.trim_start_matches('\u{feff}').lines() {
        if text.trim_ascii_start().starts_with('#') {
            continue;
        }
        words.clear();
        if let Some(span) = line::words(text.trim_ascii(), place, &mut words) {
            reader.refuse(span, "the quote is never closed".into());
        }
        words.retain(|word| !is_option(&word.text));
        reader.line(&words);
    }
    let sets = reader.sets.into_iter().map(|set| set.set).collect();
    Ruleset { sets, has_sets: true, remarks: reader.remarks, ..Ruleset::default() }
}

/// Options that change nothing about what is in a set.
fn is_option(word: &str) -> bool {
    matches!(word, "-exist" | "--exist" | "-!" | "-quiet" | "-q")
}

#[derive(Default)]
struct Reader {
    sets: Vec<Reading>,
    /// Where each set stands among them.
    index: HashMap<Box<str>, usize>,
    remarks: Vec<Remark>,
}

/// A set that is being read.
struct Reading {
    set: NamedSet,
    /// What its members are made of; `None` for a type that is not read.
    parts: Option<Parts>,
}

impl Reader {
    fn line(&mut self, words: &[Word<'_>]) {
        let [command, rest @ ..] = words else { return };
        match (&*command.text, rest) {
            ("create" | "-N", [name, kind, options @ ..]) => self.create(name, kind, options),
            ("add" | "-A", [name, member, options @ ..]) => self.add(name, member, options),
            ("flush" | "-F", []) => self.sets.iter_mut().for_each(|set| clear(&mut set.set)),
            ("flush" | "-F", [name]) => match self.index.get(&*name.text) {
                Some(at) => clear(&mut self.sets[*at].set),
                None => self.refuse(name.span, format!("there is no set `{}`", name.text)),
            },
            ("destroy" | "-X", []) => {
                self.sets.clear();
                self.index.clear();
            }
            ("destroy" | "-X", [name]) => {
                self.sets.retain(|set| *set.set.name != *name.text);
                self.count();
            }
            ("COMMIT", []) => {}
            // What these do to the members is not followed.
            ("del" | "-D" | "swap" | "-W" | "rename" | "-E", names) => {
                for name in names.iter().take(2) {
                    if let Some(at) = self.index.get(&*name.text) {
                        self.sets[*at].set.elements = Elements::Unknown;
                    }
                }
            }
            _ => {
                let span = words.last().map_or(command.span, |last| command.span.to(last.span));
                self.refuse(span, "this is no line of an ipset dump".into());
            }
        }
    }

    fn count(&mut self) {
        self.index = self.sets.iter().enumerate().map(|(at, set)| (set.set.name.clone(), at)).collect();
    }

    fn create(&mut self, name: &Word<'_>, kind: &Word<'_>, options: &[Word<'_>]) {
        if self.index.contains_key(&*name.text) {
            return;
        }
        let value = |wanted: &str| {
            let at = options.iter().position(|word| *word.text == *wanted)?;
            options.get(at + 1)
        };
        let family = match value("family").map(|word| &*word.text) {
            Some("inet6" | "ipv6") => Family::V6,
            _ => Family::V4,
        };
        let number =
            |wanted: &str, most: u64| value(wanted).and_then(|word| numerals::number(&word.text, most));
        let netmask = number("netmask", 128).map(|length| length as u8);
        let markmask = number("markmask", u32::MAX.into()).map_or(u32::MAX, |mask| mask as u32);
        let parts = Parts::of(&kind.text, family, netmask, markmask);
        let families = match &parts {
            Some(parts) if !parts.has_addresses() => Families::BOTH,
            None if *kind.text == *"list:set" => Families::BOTH,
            _ if family == Family::V6 => Families::V6,
            _ => Families::V4,
        };
        // With timeouts members vanish, and it is programs that add them while packets pass. A mask
        // with gaps changes what a member stands for.
        let is_kept_by_programs = value("timeout").is_some() || value("bitmask").is_some();
        let elements = match &*kind.text {
            _ if is_kept_by_programs => Elements::Unknown,
            "list:set" => Elements::Sets(Vec::new()),
            _ if parts.is_some() => Elements::Listed(Vec::new()),
            _ => Elements::Unknown,
        };
        let is_type = |text: &str| matches!(text.split_once(':'), Some(("hash" | "bitmap" | "list", _)));
        if !is_type(&kind.text) {
            self.refuse(kind.span, format!("unknown type of set `{}`", kind.text));
        }
        let span = options.last().map_or(kind.span, |last| last.span).to(name.span);
        let (name, kind): (Box<str>, _) = (name.text.as_ref().into(), kind.text.as_ref().into());
        self.index.insert(name.clone(), self.sets.len());
        self.sets.push(Reading { set: NamedSet { name, span, families, kind, elements }, parts });
    }

    fn add(&mut self, name: &Word<'_>, member: &Word<'_>, options: &[Word<'_>]) {
        let Some(at) = self.index.get(&*name.text).copied() else {
            return self.refuse(name.span, format!("there is no set `{}`", name.text));
        };
        let has = |wanted: &str| options.iter().any(|word| *word.text == *wanted);
        let Reading { set, parts } = &mut self.sets[at];
        match (&mut set.elements, parts) {
            (Elements::Sets(names), _) => names.push((member.text.as_ref().into(), member.span)),
            (Elements::Listed(elements), Some(parts)) => {
                match parts.read(&member.text, has("nomatch"), has("wildcard")) {
                    Ok(read) => {
                        let nomatch = has("nomatch");
                        elements.extend(read.into_iter().map(|keys| Element {
                            keys,
                            nomatch,
                            span: member.span,
                        }));
                        if !parts.nomatch_is_exact(nomatch) {
                            set.elements = Elements::Unknown;
                        }
                    }
                    Err(wrong) => {
                        set.elements = Elements::Unknown;
                        if let Wrong::Refused(message) = wrong {
                            self.refuse(member.span, message);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn refuse(&mut self, span: Span, message: String) {
        self.remarks.push(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() });
    }
}

fn clear(set: &mut NamedSet) {
    match &mut set.elements {
        Elements::Listed(elements) => elements.clear(),
        Elements::Sets(names) => names.clear(),
        Elements::Unknown => {}
    }
}
