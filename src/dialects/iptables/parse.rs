//! The words of a command are told apart: options, the extensions that they belong to, values.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::extensions::{self, Extension};
use super::options::{self, Opt, Takes};
use super::protocols;
use super::rule::{Context, Word};
use super::targets::{self, TargetKind};
use crate::model::{Remark, RemarkKind};
use crate::source::Span;

/// A command or rule, taken apart.
#[derive(Debug)]
pub(super) struct Parsed<'w> {
    /// All words.
    pub span: Span,
    /// Matches that need no extension, by letter: `p s d i o f`, and `?` for what is not known.
    pub base: SmallVec<[(char, Given<'w>); 4]>,
    /// Matches in the order of their `-m`.
    pub instances: SmallVec<[Instance<'w>; 2]>,
    /// What `-j` or `-g` names.
    pub target: Option<Target<'w>>,
    /// The protocol that `-p` names, when it names one and is not negated.
    pub protocol: Option<u8>,
    /// The options that are commands (capital letters) or go with one: `t 4 6`.
    pub commands: SmallVec<[(char, Given<'w>); 1]>,
}

/// An option as it was given.
#[derive(Clone, Debug)]
pub(super) struct Given<'w> {
    /// The option's long name.
    pub name: &'static str,
    /// Does a `!` go with it?
    pub negated: bool,
    values: Values<'w>,
    /// The option, the `!` and its values.
    pub span: Span,
}

#[derive(Clone, Debug)]
enum Values<'w> {
    /// The words behind the option.
    Behind(&'w [Word<'w>]),
    /// A value that hangs on the option itself (`--dport=80`, `-ptcp`).
    Attached(Box<Word<'w>>),
}

/// A match extension in use.
#[derive(Debug)]
pub(super) struct Instance<'w> {
    pub extension: &'static Extension,
    /// The name that stands behind `-m`, or the extension's own.
    pub name: Cow<'w, str>,
    pub given: SmallVec<[Given<'w>; 2]>,
    pub span: Span,
}

/// A target in use.
#[derive(Debug)]
pub(super) struct Target<'w> {
    pub word: Word<'w>,
    pub goto: bool,
    pub kind: Option<&'static TargetKind>,
    pub given: SmallVec<[Given<'w>; 2]>,
    pub span: Span,
}

impl<'w> Given<'w> {
    /// The words that the option takes.
    pub fn values(&self) -> &[Word<'w>] {
        match &self.values {
            Values::Behind(words) => words,
            Values::Attached(word) => std::slice::from_ref(word),
        }
    }

    /// One of its values, borrowed from the words of the command.
    pub fn borrowed(&self, at: usize) -> Option<Word<'w>> {
        match &self.values {
            Values::Behind(words) => {
                let word = words.get(at)?;
                Some(Word { text: Cow::Borrowed(&word.text), span: word.span, unresolved: word.unresolved })
            }
            Values::Attached(word) if at == 0 => Some((**word).clone()),
            Values::Attached(_) => None,
        }
    }

    /// Its first value.
    pub fn value(&self) -> Option<&Word<'w>> {
        self.values().first()
    }

    /// The option as a condition in words, white space folded.
    pub fn text(&self) -> String {
        let mut text = String::from(if self.negated { "! --" } else { "--" });
        text.push_str(self.name);
        for word in self.values() {
            text.push(' ');
            text.push_str(&word.text);
        }
        text
    }
}

impl Instance<'_> {
    /// The match as a condition in words, white space folded.
    pub fn text(&self) -> String {
        let mut text = format!("-m {}", self.name);
        for given in &self.given {
            text.push(' ');
            text.push_str(&given.text());
        }
        text
    }
}

impl Parsed<'_> {
    /// Of no words.
    pub fn empty(span: Span) -> Self {
        Parsed {
            span,
            base: SmallVec::new(),
            instances: SmallVec::new(),
            target: None,
            protocol: None,
            commands: SmallVec::new(),
        }
    }
}

/// Takes the words of a command or rule apart. Options may stand in any order.
pub(super) fn parse<'w>(words: &'w [Word<'w>], context: &Context, remarks: &mut Vec<Remark>) -> Parsed<'w> {
    let first = words.first().map_or(Span::new(context.file, 0, 0), |word| word.span);
    let span = words.last().map_or(first, |word| first.to(word.span));
    let mut parser = Parser { words, at: 0, not: None, context, remarks, parsed: Parsed::empty(span) };
    while parser.at < words.len() {
        parser.step();
    }
    if let Some(not) = parser.not {
        parser.refuse(not, "nothing follows the `!`".into());
    }
    parser.parsed
}

struct Parser<'w, 'r> {
    words: &'w [Word<'w>],
    at: usize,
    /// A `!` that waits for its option.
    not: Option<Span>,
    context: &'r Context,
    remarks: &'r mut Vec<Remark>,
    parsed: Parsed<'w>,
}

/// To whom an option belongs.
#[derive(Clone, Copy)]
enum Owner {
    Base(char),
    Instance(usize),
    Target,
}

impl<'w> Parser<'w, '_> {
    /// Takes one option with its values, or a `!`.
    fn step(&mut self) {
        let word = &self.words[self.at];
        self.at += 1;
        let text: &'w str = &word.text;
        if text == "!" {
            self.not = Some(word.span);
        } else if let Some(long) = text.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            match self.find(name) {
                Some((owner, option)) => self.take(owner, option, word, attached),
                None => self.unknown(word),
            }
        } else if text.len() > 1 && text.starts_with('-') {
            self.letters(word);
        } else {
            self.unknown(word);
        }
    }

    /// Takes `-n`, `-nvL` or `-ptcp`.
    fn letters(&mut self, word: &'w Word<'w>) {
        let text: &'w str = &word.text;
        for (at, letter) in text.char_indices().skip(1) {
            let Some(option) = options::short(letter) else {
                return self.unknown(word);
            };
            if option.takes == Takes::Words(0) {
                self.take(Owner::Base(letter), option, word, None);
                continue;
            }
            let rest = &text[at + letter.len_utf8()..];
            return self.take(Owner::Base(letter), option, word, Some(rest).filter(|rest| !rest.is_empty()));
        }
    }

    /// Finds the option of a long name, or of the beginning of just one: the extensions' own, the
    /// latest first, then what every command knows, as getopt does.
    fn find(&mut self, name: &str) -> Option<(Owner, &'static Opt)> {
        if let Some((letter, option)) = options::BASE.iter().find(|entry| entry.1.name == name) {
            return Some((Owner::Base(*letter), option));
        }
        if let Some(found) = self.find_in_extensions(|option| option.name == name) {
            return Some(found);
        }
        // `-p tcp --dport` needs no `-m tcp`.
        if self.load_protocol()
            && let Some(found) = self.find_in_extensions(|option| option.name == name)
        {
            return Some(found);
        }
        if name.is_empty() {
            return None;
        }
        let base = options::BASE.iter().filter(|entry| entry.1.name.starts_with(name));
        let mut letters = base.map(|(letter, option)| (Owner::Base(*letter), option));
        self.find_in_extensions(|option| option.name.starts_with(name)).or_else(|| letters.next())
    }

    fn find_in_extensions(&self, fits: impl Fn(&Opt) -> bool) -> Option<(Owner, &'static Opt)> {
        let target = self.parsed.target.as_ref().and_then(|target| target.kind);
        let of_target = target.and_then(|kind| kind.options.iter().find(|option| fits(option)));
        if let Some(option) = of_target {
            return Some((Owner::Target, option));
        }
        let mut instances = self.parsed.instances.iter().enumerate().rev();
        instances.find_map(|(at, instance)| {
            let option = instance.extension.options.iter().find(|option| fits(option))?;
            Some((Owner::Instance(at), option))
        })
    }

    /// Loads the match that is named like the protocol, if there is one and it is not loaded yet.
    fn load_protocol(&mut self) -> bool {
        let Some(name) =
            self.parsed.protocol.and_then(|number| protocols::extension(number, self.context.family))
        else {
            return false;
        };
        let Some(extension) = extensions::find(name) else { return false };
        if self.parsed.instances.iter().any(|instance| std::ptr::eq(instance.extension, extension)) {
            return false;
        }
        let span = self.words[self.at - 1].span;
        self.parsed.instances.push(Instance { extension, name: name.into(), given: SmallVec::new(), span });
        true
    }

    /// Takes an option's values and puts it where it belongs.
    fn take(&mut self, owner: Owner, option: &'static Opt, word: &'w Word<'w>, attached: Option<&'w str>) {
        let not = self.not.take();
        let mut negated = not.is_some();
        let mut span = not.map_or(word.span, |not| not.to(word.span));
        if attached.is_none()
            && option.takes == Takes::Words(1)
            && self.words.get(self.at).is_some_and(is_not)
        {
            let at = self.words[self.at].span;
            self.at += 1;
            self.remark(RemarkKind::Deprecated, at, "`!` behind the option instead of in front of it".into());
            negated = !negated;
        }
        let values = match (attached, option.takes) {
            (Some(value), _) => {
                let text = Cow::Borrowed(value);
                Values::Attached(Box::new(Word {
                    text,
                    span: tail(word, value),
                    unresolved: word.unresolved,
                }))
            }
            (None, takes) => Values::Behind(self.values(takes, word, option)),
        };
        if let Values::Behind([.., last]) = &values {
            span = span.to(last.span);
        }
        let given = Given { name: option.name, negated, values, span };
        self.put(owner, given);
    }

    /// The words that an option takes.
    fn values(&mut self, takes: Takes, word: &Word<'_>, option: &Opt) -> &'w [Word<'w>] {
        let rest = &self.words[self.at..];
        let wanted = match takes {
            Takes::Words(wanted) => wanted,
            Takes::UpTo(most) => rest.iter().take(most).take_while(|next| !looks_like_option(next)).count(),
            Takes::OneOrTwo => 1 + usize::from(rest.get(1).is_some_and(|next| !looks_like_option(next))),
        };
        let got = wanted.min(rest.len());
        if got < wanted {
            self.refuse(word.span, format!("`--{}` needs a value", option.name));
        }
        self.at += got;
        &rest[..got]
    }

    fn put(&mut self, owner: Owner, given: Given<'w>) {
        match owner {
            Owner::Base('m') => self.load(given),
            Owner::Base(letter @ ('j' | 'g')) => self.jump(given, letter == 'g'),
            Owner::Base(letter @ ('p' | 's' | 'd' | 'i' | 'o' | 'f')) => {
                if letter == 'p' {
                    let value = given.value().filter(|value| !value.unresolved && !given.negated);
                    self.parsed.protocol =
                        value.and_then(|value| protocols::number(&value.text)).filter(|n| *n > 0);
                }
                self.parsed.base.push((letter, given));
            }
            Owner::Base('c') => {
                // Two numbers, or one word `packets,bytes`.
                let next = self.words.get(self.at).is_some_and(|next| !looks_like_option(next));
                let has_both = given.value().is_some_and(|value| value.text.contains(','));
                self.at += usize::from(next && !has_both);
            }
            Owner::Base('n' | 'v' | 'x' | '0' | 'w' | 'W' | 'M') => {}
            Owner::Base(letter) => self.parsed.commands.push((letter, given)),
            Owner::Instance(at) => {
                let instance = &mut self.parsed.instances[at];
                instance.span = instance.span.to(given.span);
                instance.given.push(given);
            }
            Owner::Target => {
                if let Some(target) = &mut self.parsed.target {
                    target.span = target.span.to(given.span);
                    target.given.push(given);
                }
            }
        }
    }

    fn load(&mut self, given: Given<'w>) {
        let name = match &given.values {
            Values::Behind([word, ..]) => Cow::Borrowed(&*word.text),
            Values::Behind([]) => return,
            Values::Attached(word) => word.text.clone(),
        };
        let extension = extensions::find(&name).unwrap_or(&extensions::UNKNOWN);
        self.parsed.instances.push(Instance { extension, name, given: SmallVec::new(), span: given.span });
    }

    fn jump(&mut self, given: Given<'w>, goto: bool) {
        let span = given.span;
        let Some(word) = given.borrowed(0) else { return };
        let kind = if goto || word.unresolved { None } else { targets::find(&word.text) };
        self.parsed.target = Some(Target { word, goto, kind, given: SmallVec::new(), span });
    }

    /// A word that is no option, or one that nobody knows.
    fn unknown(&mut self, word: &'w Word<'w>) {
        let not = self.not.take();
        let first = word.span;
        let from = self.at;
        if word.text.starts_with('-') || word.unresolved {
            while self.words.get(self.at).is_some_and(|next| !looks_like_option(next)) {
                self.at += 1;
            }
        }
        let values = &self.words[from..self.at];
        let span = values.last().map_or(first, |last| first.to(last.span));
        let span = not.map_or(span, |not| not.to(span));
        if !word.unresolved {
            self.refuse(word.span, format!("unknown option `{}`", word.text));
        }
        let given = Given {
            name: "",
            negated: not.is_some(),
            values: Values::Behind(&self.words[from - 1..self.at]),
            span,
        };
        self.parsed.base.push(('?', given));
    }

    fn refuse(&mut self, span: Span, message: String) {
        self.remark(RemarkKind::Syntax, span, message);
    }

    fn remark(&mut self, kind: RemarkKind, span: Span, message: String) {
        self.remarks.push(Remark { kind, span, message, notes: Vec::new() });
    }
}

fn is_not(word: &Word<'_>) -> bool {
    word.text == "!"
}

fn looks_like_option(word: &Word<'_>) -> bool {
    word.text.starts_with(['-', '!'])
}

/// The place of the end of a word.
fn tail(word: &Word<'_>, end: &str) -> Span {
    let is_plain = (word.span.end - word.span.start) as usize == word.text.len();
    let start = if is_plain { word.span.end - end.len() as u32 } else { word.span.start };
    Span { start, ..word.span }
}
