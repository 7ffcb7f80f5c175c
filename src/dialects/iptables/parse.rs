//! The words of a command are told apart: options, the extensions that they belong to, values.

use std::borrow::Cow;

use super::given::{Given, Instance, Parsed, Protocol, Target, Values};
use super::matches::Extension;
use super::options::{self, Opt, Takes};
use super::rule::{Context, Word};
use super::{matches, protocols, targets};
use crate::dialects::nearest;
use crate::model::{Remark, RemarkKind};
use crate::source::Span;

/// Takes the words of a command or rule apart. Options may stand in any order.
pub(super) fn parse<'w, 't>(
    words: &'w [Word<'t>],
    context: &Context,
    remarks: &mut Vec<Remark>,
) -> Parsed<'w, 't> {
    let first = words.first().map_or(Span::new(context.file, 0, 0), |word| word.span);
    let span = words.last().map_or(first, |word| first.to(word.span));
    let parsed = Parsed::empty(span);
    let mut parser = Parser { words, at: 0, not: None, open: None, context, remarks, parsed };
    while parser.at < words.len() {
        parser.step();
    }
    if let Some(not) = parser.not {
        parser.refuse(not, "nothing follows the `!`".into());
    }
    parser.parsed
}

struct Parser<'w, 't, 'r> {
    words: &'w [Word<'t>],
    at: usize,
    /// A `!` that waits for its option.
    not: Option<Span>,
    /// The extension that was loaded last, if its options are not known: it takes those that
    /// nobody else knows.
    open: Option<Owner>,
    context: &'r Context,
    remarks: &'r mut Vec<Remark>,
    parsed: Parsed<'w, 't>,
}

/// To whom an option belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Base(char),
    Instance(usize),
    Target,
}

impl<'w, 't> Parser<'w, 't, '_> {
    /// Takes one option with its values, or a `!`.
    fn step(&mut self) {
        let word = &self.words[self.at];
        self.at += 1;
        let text: &'w str = &word.text;
        // Bytes are compared, since every word of a long dump comes by here.
        match text.as_bytes() {
            [b'!'] if !word.unresolved => {
                if let Some(not) = self.not.replace(word.span) {
                    self.refuse(not.to(word.span), "`!` stands twice".into());
                }
            }
            [b'-', b'-', _, ..] => {
                let long = &text[2..];
                let name_end = memchr::memchr(b'=', long.as_bytes()).unwrap_or(long.len());
                let attached = (name_end < long.len()).then_some(2 + name_end + 1);
                match self.find(&long[..name_end], word) {
                    Some((owner, option)) => self.take(owner, option, word, attached),
                    None => self.unknown(word),
                }
            }
            [b'-', _, ..] => self.letters(word),
            _ => self.unknown(word),
        }
    }

    /// Takes `-n`, `-nvL` or `-ptcp`.
    fn letters(&mut self, word: &'w Word<'t>) {
        let text: &'w str = &word.text;
        if let [_, letter] = text.as_bytes() {
            return match options::short(char::from(*letter)) {
                Some(option) => self.take(Owner::Base(char::from(*letter)), option, word, None),
                None => self.unknown(word),
            };
        }
        for (at, letter) in text.char_indices().skip(1) {
            let Some(option) = options::short(letter) else {
                return self.unknown(word);
            };
            if option.takes == Takes::Words(0) {
                self.take(Owner::Base(letter), option, word, None);
                continue;
            }
            let rest = at + letter.len_utf8();
            return self.take(Owner::Base(letter), option, word, (rest < text.len()).then_some(rest));
        }
    }

    /// Finds the option of a long name, or of the beginning of just one.
    fn find(&mut self, name: &str, word: &Word<'_>) -> Option<(Owner, &'static Opt)> {
        // The usual case, quickly: an option of the match that was loaded last.
        if let Some((at, last)) = self.parsed.instances.iter().enumerate().next_back()
            && self.parsed.target.is_none()
            && let Some(option) = last.extension.options.iter().find(|option| option.name == name)
        {
            return Some((Owner::Instance(at), option));
        }
        if let Some(found) = self.options().find(|(_, option)| option.name == name) {
            return Some(found);
        }
        // `-p tcp --dport` needs no `-m tcp`.
        if let Some(option) = self.option_of_protocol(|option| option.name == name, word) {
            return Some(option);
        }
        let mut found: Option<(Owner, &'static Opt)> = None;
        for (owner, option) in self.options().filter(|(_, option)| option.name.starts_with(name)) {
            match found {
                Some((first, other)) if first != owner && other.name != option.name => return None,
                Some((Owner::Instance(_) | Owner::Target, other)) if other.name != option.name => {
                    return None;
                }
                _ => found = found.or(Some((owner, option))),
            }
        }
        found.or_else(|| self.option_of_protocol(|option| option.name.starts_with(name), word))
    }

    /// Loads the match that goes with the protocol if it has an option that is wanted.
    fn option_of_protocol(
        &mut self,
        is_wanted: impl Fn(&Opt) -> bool,
        word: &Word<'_>,
    ) -> Option<(Owner, &'static Opt)> {
        let (extension, loaded) = self.of_protocol()?;
        let option = extension.options.iter().find(|option| is_wanted(option))?;
        self.parsed.instances.push(Instance::new(extension, Cow::Borrowed(loaded), word.span));
        Some((Owner::Instance(self.parsed.instances.len() - 1), option))
    }

    /// All options that can stand here: those of the target and of the matches, the latest first,
    /// then what every command knows.
    fn options(&self) -> impl Iterator<Item = (Owner, &'static Opt)> + use<'_, 'w, 't> {
        let target = self.parsed.target.as_ref().and_then(|target| target.kind);
        let of_target =
            target.into_iter().flat_map(|kind| kind.options).map(|option| (Owner::Target, option));
        let instances = self.parsed.instances.iter().enumerate().rev();
        let of_matches = instances.flat_map(|(at, instance)| {
            instance.extension.options.iter().map(move |option| (Owner::Instance(at), option))
        });
        let base = options::BASE.iter().map(|(letter, option)| (Owner::Base(*letter), option));
        of_target.chain(of_matches).chain(base)
    }

    /// The match that goes with the protocol, and its name, unless it is loaded already. A protocol
    /// that the file does not tell may be any that has ports.
    fn of_protocol(&self) -> Option<(&'static Extension, &'static str)> {
        let name = match self.parsed.protocol {
            Protocol::Is(number) | Protocol::IsNot(number) => {
                protocols::extension(number, self.context.family)?
            }
            Protocol::Unresolved => "tcp",
            Protocol::Any => return None,
        };
        let extension = matches::find(name, self.context.family).ok()?;
        let is_loaded = self.parsed.instances.iter().any(|it| std::ptr::eq(it.extension, extension));
        (!is_loaded).then_some((extension, name))
    }

    /// Takes an option's values and puts it where it belongs. The value may hang on the option's
    /// own word, from the byte at `attached`.
    fn take(&mut self, owner: Owner, option: &'static Opt, word: &'w Word<'t>, attached: Option<usize>) {
        let not = self.not.take();
        let mut negated = not.is_some();
        let mut span = not.map_or(word.span, |not| not.to(word.span));
        if attached.is_none() && self.has_not_behind(owner, option) {
            let at = self.words[self.at].span;
            self.at += 1;
            let message = "`!` stands behind the option".into();
            let notes = vec!["Today's iptables takes it in front of the option only.".into()];
            self.remarks.push(Remark { kind: RemarkKind::Outdated, span: at, message, notes });
            negated = !negated;
        }
        let values = match attached {
            Some(at) => Values::Attached(Box::new(tail(word, at))),
            None => Values::Behind(self.values(option.takes, word, option)),
        };
        if let Values::Behind([.., last]) = &values {
            span = span.to(last.span);
        }
        let is_short = matches!(owner, Owner::Base('p' | 's' | 'd' | 'i' | 'o' | 'f' | 'j' | 'g' | 'm'));
        let name = match owner {
            Owner::Base(letter) if is_short => options::spelling(letter),
            _ => option.name,
        };
        self.put(owner, Given { name, is_spelled_out: is_short, negated, values, span });
    }

    /// Does a `!` stand where the value should be, and a value behind it, as before iptables 1.4?
    fn has_not_behind(&self, owner: Owner, option: &Opt) -> bool {
        let [not, next, ..] = &self.words[self.at..] else { return false };
        if not.text.as_bytes() != b"!" || next.text.starts_with('-') || option.takes == Takes::Words(0) {
            return false;
        }
        let is_text = |name: &str| name == "comment" || name.contains("string") || name.contains("prefix");
        match owner {
            Owner::Base(letter) => matches!(letter, 'p' | 's' | 'd' | 'i' | 'o'),
            Owner::Instance(_) => !is_text(option.name),
            Owner::Target => false,
        }
    }

    /// The words that an option takes.
    fn values(&mut self, takes: Takes, word: &Word<'_>, option: &Opt) -> &'w [Word<'t>] {
        let rest = &self.words[self.at..];
        let wanted = match takes {
            Takes::Words(wanted) => wanted,
            Takes::UpTo(most) => rest.iter().take(most).take_while(|next| !looks_like_option(next)).count(),
            Takes::OneOrTwo => 1 + usize::from(rest.get(1).is_some_and(|next| !looks_like_option(next))),
        };
        let got = wanted.min(rest.len());
        if got < wanted {
            let missing = if wanted == 1 { "a value" } else { "more values" };
            self.refuse(word.span, format!("`--{}` needs {missing}", option.name));
        }
        self.at += got;
        &rest[..got]
    }

    fn put(&mut self, owner: Owner, given: Given<'w, 't>) {
        match owner {
            Owner::Base('m') => self.load(given),
            Owner::Base(letter @ ('j' | 'g')) => self.jump(given, letter == 'g'),
            Owner::Base(letter @ ('p' | 's' | 'd' | 'i' | 'o' | 'f')) => {
                if self.parsed.base.iter().any(|(other, _)| *other == letter) {
                    self.refuse(given.span, format!("`-{letter}` stands twice"));
                }
                if letter == 'p' {
                    self.parsed.protocol = protocol(&given);
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
            Owner::Instance(at) => self.parsed.instances[at].push(given),
            Owner::Target => {
                if let Some(target) = &mut self.parsed.target {
                    target.span = target.span.to(given.span);
                    target.given.push(given);
                }
            }
        }
    }

    fn load(&mut self, given: Given<'w, 't>) {
        if given.negated {
            self.refuse(given.span, "`!` stands in front of `-m`".into());
        }
        let Some(word) = given.owned(0) else { return };
        let extension = match matches::find(&word.text, self.context.family) {
            _ if word.unresolved => &matches::UNRESOLVED,
            Ok(extension) => extension,
            Err(unknown) => {
                self.remarks.push(unknown.remark(&word.text, word.span));
                &matches::UNKNOWN
            }
        };
        if extension.is_open {
            self.open = Some(Owner::Instance(self.parsed.instances.len()));
        }
        self.parsed.instances.push(Instance::new(extension, word.text, given.span));
    }

    fn jump(&mut self, given: Given<'w, 't>, goto: bool) {
        if given.negated {
            self.refuse(given.span, "`!` stands in front of the target".into());
        }
        if self.parsed.target.is_some() {
            return self.refuse(given.span, "a second target".into());
        }
        let span = given.span;
        let Some(word) = given.owned(0) else { return };
        let kind = if goto || word.unresolved { None } else { targets::find(&word.text) };
        if kind.is_none_or(|kind| kind.is_open) && !goto {
            self.open = Some(Owner::Target);
        }
        self.parsed.target = Some(Target { word, goto, kind, given: Default::default(), span });
    }

    /// A word that is no option, or an option that nobody knows.
    fn unknown(&mut self, word: &'w Word<'t>) {
        let not = self.not.take();
        let from = self.at;
        if word.text.starts_with('-') || word.unresolved {
            let behind = self.words[from..].iter().take_while(|next| !looks_like_option(next));
            self.at += behind.count();
        }
        let values = &self.words[from..self.at];
        let span = values.last().map_or(word.span, |last| word.span.to(last.span));
        let span = not.map_or(span, |not| not.to(span));
        let values = Values::Behind(values);
        let given = Given { name: &word.text, is_spelled_out: true, negated: not.is_some(), values, span };
        match self.open {
            Some(owner) if word.text.starts_with("--") => self.put(owner, given),
            _ => {
                if let Some(last) = self.parsed.instances.last_mut() {
                    last.is_blamed = true;
                }
                if !word.unresolved {
                    self.blame(word);
                }
                self.parsed.base.push(('?', given));
            }
        }
    }

    /// Says that a word is not understood, and what may have been meant.
    fn blame(&mut self, word: &Word<'_>) {
        let Some(name) = word.text.strip_prefix("--") else {
            let what = if word.text.starts_with('-') { "unknown option" } else { "unexpected" };
            return self.refuse(word.span, format!("{what} `{}`", word.text));
        };
        let of_protocol = self.of_protocol().into_iter().flat_map(|(extension, _)| extension.options);
        let all = self.options().map(|(_, option)| option).chain(of_protocol);
        let near = nearest::nearest(name, all.map(|option| option.name));
        let notes = near.map(|near| format!("Perhaps `--{near}` is meant."));
        let message = format!("unknown option `{}`", word.text);
        let notes = notes.into_iter().collect();
        self.remarks.push(Remark { kind: RemarkKind::Syntax, span: word.span, message, notes });
    }

    fn refuse(&mut self, span: Span, message: String) {
        self.remarks.push(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() });
    }
}

fn protocol(given: &Given<'_, '_>) -> Protocol {
    match given.value() {
        Some(word) if word.unresolved => Protocol::Unresolved,
        Some(word) => match protocols::number(&word.text) {
            Some(0) | None => Protocol::Any,
            Some(number) if given.negated => Protocol::IsNot(number),
            Some(number) => Protocol::Is(number),
        },
        None => Protocol::Any,
    }
}

fn looks_like_option(word: &Word<'_>) -> bool {
    word.text.starts_with(['-', '!'])
}

/// The end of a word, from a byte of its text, as a word of its own.
fn tail<'t>(word: &Word<'t>, at: usize) -> Word<'t> {
    let text = match &word.text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[at..]),
        Cow::Owned(text) => Cow::Owned(text[at..].to_owned()),
    };
    let is_plain = (word.span.end - word.span.start) as usize == word.text.len();
    let start = if is_plain { word.span.start + at as u32 } else { word.span.start };
    Word { text, span: Span { start, ..word.span }, unresolved: word.unresolved }
}
