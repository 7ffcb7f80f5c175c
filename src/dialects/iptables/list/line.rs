//! One line of a list: its columns, and the rule that it stands for.

use std::borrow::Cow;

use super::{matches, targets};
use crate::dialects::iptables::rule::{self, Context, Word};
use crate::model::{Atom, Remark, RemarkKind, Rule, Verdict};
use crate::packet::Family;
use crate::source::{FileId, Span, Spanned};

/// Which columns there are.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// Numbers of lines come first.
    has_number: bool,
    /// Counters of packets and bytes.
    has_counters: bool,
    /// Interfaces.
    has_interfaces: bool,
    /// Offset of the target.
    target: usize,
}

/// A piece of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// Its text; of a comment or a quoted text, what stands within.
    pub text: &'t str,
    /// Its place.
    pub span: Span,
    /// Is it a comment `/* … */`?
    pub is_comment: bool,
}

/// A rule as the list shows it.
#[derive(Debug)]
pub struct Line<'t> {
    /// From the target, or from the protocol if there is none, to the end.
    span: Span,
    target: Option<Token<'t>>,
    protocol: Token<'t>,
    options: Option<Token<'t>>,
    interfaces: Option<[Token<'t>; 2]>,
    addresses: [Token<'t>; 2],
    /// What stands behind the addresses.
    rest: Vec<Token<'t>>,
}

impl Columns {
    /// The columns that a header names; `None` if the line is none.
    pub fn of(line: &str) -> Option<Columns> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if !words.ends_with(&["source", "destination"])
            || !words.contains(&"target")
            || !words.contains(&"prot")
        {
            return None;
        }
        Some(Columns {
            has_number: words[0] == "num",
            has_counters: words.contains(&"pkts"),
            has_interfaces: words.contains(&"in") && words.contains(&"out"),
            target: line.find("target")?,
        })
    }
}

impl<'t> Line<'t> {
    /// Reads a line that begins at an offset of a text; `None` if it does not fit the columns.
    pub fn read(
        file: FileId,
        text: &'t str,
        start: usize,
        line: &str,
        columns: &Columns,
    ) -> Option<Line<'t>> {
        let line = text.get(start..start + line.len())?;
        let all = tokens(file, line, start);
        let mut fields = all.iter().copied();
        let in_front = usize::from(columns.has_number) + if columns.has_counters { 2 } else { 0 };
        for _ in 0..in_front {
            fields.next().filter(|token| token.text.starts_with(|char: char| char.is_ascii_digit()))?;
        }
        let ahead: Vec<Token<'t>> = fields.clone().take(3).collect();
        let is_options =
            |at: usize| ahead.get(at).is_some_and(|token| matches!(token.text, "--" | "-f" | "!f" | "!-f"));
        let has_options = is_options(1) || is_options(2);
        let has_target = match has_options {
            true => !is_options(1),
            false => line.as_bytes().get(columns.target).is_some_and(|byte| !byte.is_ascii_whitespace()),
        };
        let target = if has_target { fields.next() } else { None };
        let protocol = fields.next()?;
        let options = if has_options { fields.next() } else { None };
        let interfaces = match columns.has_interfaces {
            true => Some([fields.next()?, fields.next()?]),
            false => None,
        };
        let addresses = [fields.next()?, fields.next()?];
        let first = target.unwrap_or(protocol).span;
        let span = Span::new(file, first.start as usize, start + line.len());
        Some(Line { span, target, protocol, options, interfaces, addresses, rest: fields.collect() })
    }

    /// The family that the line shows, if it does.
    pub fn family(&self) -> Option<Family> {
        let address = |token: &Token<'_>| {
            let text = token.text.trim_start_matches('!');
            let text = text.split('/').next().unwrap_or(text);
            text.parse::<std::net::IpAddr>().ok()
        };
        if let Some(address) = self.addresses.iter().find_map(address) {
            return Some(if address.is_ipv4() { Family::V4 } else { Family::V6 });
        }
        let shows_v6 =
            |text: &str| text.contains("ipv6-icmp") || text.starts_with("icmp6-") || text.starts_with("to:[");
        if shows_v6(self.protocol.text)
            || self.rest.iter().any(|token| !token.is_comment && shows_v6(token.text))
        {
            return Some(Family::V6);
        }
        let shows_v4 = |text: &str| text.starts_with("icmp-") || text == "icmp";
        if self.rest.iter().any(|token| !token.is_comment && shows_v4(token.text)) {
            return Some(Family::V4);
        }
        // Older versions of ip6tables have nothing to show as options.
        self.options.is_none().then_some(Family::V6)
    }

    /// The rule.
    pub fn rule(&self, family: Family, remarks: &mut Vec<Remark>) -> Rule {
        let mut words = Words { list: Vec::new() };
        self.columns(family, &mut words);
        let (goto, rest) = match self.rest.split_first() {
            Some((first, rest)) if first.text == "[goto]" && !first.is_comment => (true, rest),
            _ => (false, self.rest.as_slice()),
        };
        let name = self.target.map_or("", |target| target.text);
        let suffix = if goto { targets::Suffix::none(rest) } else { targets::split(name, rest) };
        let unread = matches::read(&rest[..suffix.start], family, &mut words);
        if let Some(target) = self.target.filter(|_| !suffix.forgets_mark) {
            words.put(if goto { "-g" } else { "-j" }, target.span);
            words.put(target.text, target.span);
            suffix.options.iter().for_each(|(text, span)| words.put(text, *span));
        }
        let context = Context { file: self.span.file, family };
        let mut noticed = Vec::new();
        let mut rule = rule::read(&words.list, &context, &mut noticed);
        // The kernel has taken the rule: what the loader would say of these words is not to the point.
        remarks.extend(noticed.into_iter().filter(|remark| remark.kind == RemarkKind::UnknownMatch));
        rule.span = self.span;
        if suffix.forgets_mark {
            let span = self.target.map_or(self.span, |target| target.span);
            rule.verdict = Spanned::new(Verdict::Continue, span);
            rule.actions.push(Spanned::new(crate::model::Action::ForgetMark, span));
        }
        for action in &mut rule.actions {
            // What is written stands in the list in words of its own.
            if let crate::model::Action::Mangle(mangle) = &mut action.value {
                let texts: Vec<&str> = rest[suffix.start..].iter().map(|token| token.text).collect();
                mangle.text = texts.join(" ").into();
            }
        }
        if self.target.is_none() {
            rule.verdict.span = self.span;
        }
        let mut add = |text: String, span: Span| {
            rule.matches.push(Spanned::new(Atom::free(text).into(), span));
        };
        if let (Some(first), Some(last)) = (unread.first(), unread.last()) {
            let texts: Vec<&str> = unread.iter().map(|token| token.text).collect();
            add(texts.join(" "), first.span.to(last.span));
        }
        if self.interfaces.is_none() {
            add("interfaces, which the list does not show".into(), self.span);
        }
        rule
    }

    /// What the columns say.
    fn columns(&self, family: Family, words: &mut Words) {
        let (negated, protocol) = negation(self.protocol.text);
        if !matches!(protocol, "all" | "0") {
            words.option(negated, "-p", protocol, self.protocol.span);
        }
        match self.options {
            Some(token) if token.text == "-f" => words.put("-f", token.span),
            Some(token) if token.text.starts_with('!') => {
                words.put("!", token.span);
                words.put("-f", token.span);
            }
            _ => {}
        }
        for (option, token) in ["-i", "-o"].into_iter().zip(self.interfaces.into_iter().flatten()) {
            let (negated, name) = negation(token.text);
            if !matches!(name, "*" | "any") || negated {
                words.option(negated, option, name, token.span);
            }
        }
        for (option, token) in ["-s", "-d"].into_iter().zip(self.addresses) {
            let (negated, shown) = negation(token.text);
            if matches!(shown, "anywhere" | "0.0.0.0/0" | "::/0") && !negated {
                continue;
            }
            let known = well_known(shown, family);
            let is_address = known.split('/').next().is_some_and(|it| it.parse::<std::net::IpAddr>().is_ok());
            words.option(negated, option, known, token.span);
            if let Some(last) = words.list.last_mut() {
                // Which addresses a name had when the list was made, nobody knows.
                last.unresolved = !is_address;
            }
        }
    }
}

/// Words for the reader of rules.
pub struct Words {
    /// The words.
    pub list: Vec<Word<'static>>,
}

impl Words {
    /// Adds a word that is shown at a place.
    pub fn put(&mut self, text: &str, span: Span) {
        self.list.push(Word { text: Cow::Owned(text.to_owned()), span, unresolved: false });
    }

    /// Adds an option with its value, maybe negated.
    pub fn option(&mut self, negated: bool, name: &str, value: &str, span: Span) {
        if negated {
            self.put("!", span);
        }
        self.put(name, span);
        self.put(value, span);
    }
}

/// Takes a `!` in front off.
pub fn negation(text: &str) -> (bool, &str) {
    match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// The address of a name that is the same everywhere.
fn well_known(name: &str, family: Family) -> &str {
    match (name, family) {
        ("anywhere", Family::V4) => "0.0.0.0/0",
        ("anywhere", Family::V6) => "::/0",
        ("localhost", Family::V4) => "127.0.0.1",
        ("localhost" | "ip6-localhost", Family::V6) => "::1",
        ("loopback/8", Family::V4) => "127.0.0.0/8",
        ("link-local/16", Family::V4) => "169.254.0.0/16",
        ("base-address.mcast.net/4" | "BASE-ADDRESS.MCAST.NET/4", Family::V4) => "224.0.0.0/4",
        _ => name,
    }
}

/// The words of a line; a comment is one, and so is a quoted text.
fn tokens<'t>(file: FileId, line: &'t str, offset: usize) -> Vec<Token<'t>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(skipped) = line[at..].find(|char: char| !char.is_whitespace()) {
        at += skipped;
        let rest = &line[at..];
        let (inside, length) = if let Some(comment) = rest.strip_prefix("/* ") {
            // A comment may hold anything, `*/` too: it ends at the first that stands as a word.
            let end = comment
                .find(" */ ")
                .or_else(|| comment.len().checked_sub(3).filter(|_| comment.ends_with(" */")));
            let end = end.unwrap_or(comment.len());
            (&comment[..end], (3 + end + 3).min(rest.len()))
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            (&quoted[..end], (1 + end + 1).min(rest.len()))
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (&rest[..end], end)
        };
        let span = Span::new(file, offset + at, offset + at + length);
        tokens.push(Token { text: inside, span, is_comment: rest.starts_with("/* ") });
        at += length;
    }
    tokens
}
