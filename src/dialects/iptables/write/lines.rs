//! The line, or lines, in which a rule stands, and how it is written there.

use super::super::script;
use super::matches::{self, Style};
use crate::dialects::Writing;
use crate::finding::Edit;
use crate::model::NewRule;
use crate::source::Span;

/// The lines that hold one command and nothing else.
pub(super) struct Line {
    file: crate::source::FileId,
    /// Offset of their first byte.
    start: usize,
    /// Offset behind their last line's end.
    end: usize,
    /// What stands in front of what a rule says: blanks, `sudo iptables -w -A INPUT`.
    front: String,
    /// Does its command put the rule at the end of the chain (`-A`), not at the beginning (`-I`)?
    appends: bool,
    pub end_of_line: &'static str,
}

impl Line {
    /// The line of a rule. `None` if other things stand there, or if it is no `-A` or `-I`.
    pub fn of(writing: &Writing, rule: Span) -> Option<Line> {
        let (text, words) = (writing.source(rule.file), writing.text(rule));
        let start = text[..rule.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let behind = &text[rule.end as usize..];
        let end = rule.end as usize + behind.find('\n').map_or(behind.len(), |at| at + 1);
        let before = &text[start..rule.start as usize];
        let after = text[rule.end as usize..end].trim();
        if !is_plain_front(before) || !after.is_empty() && !after.starts_with('#') {
            return None;
        }
        let mut tokens = tokens(words);
        let (_, command) = tokens.find(|(_, word)| {
            matches!(*word, "-A" | "--append" | "-I" | "--insert") || word.starts_with("-P") || *word == "-N"
        })?;
        let appends = match command {
            "-A" | "--append" => true,
            "-I" | "--insert" => false,
            _ => return None,
        };
        let (at, chain) = tokens.next()?;
        // The number of a place says another place once something stands before it.
        if !appends && tokens.next().is_some_and(|(_, word)| word.parse::<u32>().is_ok()) {
            return None;
        }
        let front = format!("{}{}", before, &words[..at + chain.len()]);
        if front.contains(['\n', '\r', '\\']) {
            return None;
        }
        let front = without_counters(&front);
        if is_command(&front) && !script::runs_straight(rule, text) {
            return None;
        }
        Some(Line { file: rule.file, start, end, front, appends, end_of_line: end_of_line(text, start) })
    }

    /// The line behind which the first rule of a chain goes: in a dump the last line of its table, in a script
    /// that which sets the policy.
    pub fn for_chain(writing: &Writing, place: Span, rule: &NewRule) -> Option<Line> {
        let text = writing.source(place.file);
        let start = text[..place.start as usize].rfind('\n').map_or(0, |at| at + 1);
        let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |found| at + found + 1);
        let line = &text[start..line_end(start)];
        let ends = end_of_line(text, start);
        let file = place.file;
        if line.starts_with(':') {
            let commit = text[start..].find("\nCOMMIT").map(|at| start + at + 1)?;
            let has_counters = text[start..commit].lines().any(|line| line.starts_with('['));
            let front = format!("{}-A {}", if has_counters { "[0:0] " } else { "" }, rule.chain);
            return Some(Line { file, start, end: commit, front, appends: true, end_of_line: ends });
        }
        let at = line.find("-P ").filter(|at| is_plain_front(&line[..*at]) || *at == 0)?;
        let behind: Vec<&str> = line[at..].split_whitespace().collect();
        if !matches!(&behind[..], ["-P", chain, "ACCEPT" | "DROP"] if *chain == &*rule.chain) {
            return None;
        }
        let front = format!("{}-A {}", &line[..at], rule.chain);
        if is_command(&front) && !script::runs_straight(place, text) {
            return None;
        }
        // What `iptables -S` prints begins with policies and chains, which a rule may not stand among.
        let mut end = line_end(start);
        while at == 0 && text[end..].starts_with(['-']) && !text[end..].starts_with("-A") {
            end = line_end(end);
        }
        Some(Line { file, start, end, front, appends: true, end_of_line: ends })
    }

    pub fn appends(&self) -> bool {
        self.appends
    }

    /// A rule as a line like this one, without its end.
    pub fn rule(&self, writing: &Writing, rule: &NewRule) -> Option<String> {
        let words = || self.front.split_whitespace();
        let is_v6 = words().any(|word| word.contains("ip6tables"));
        let is_both = words().any(|word| word.contains("ip46tables"));
        let is_named = words().any(|word| word.ends_with("iptables"));
        let family = rule.family;
        if is_both
            || is_v6 && family == crate::packet::Family::V4
            || is_named && family == crate::packet::Family::V6
        {
            return None;
        }
        let style = Style::of(writing.source(self.file));
        let said = matches::say(rule, style)?;
        let is_script = is_command(&self.front);
        let has_table = words().any(|word| matches!(word, "-t" | "--table"));
        let table = match &*rule.table {
            "filter" => String::new(),
            table if is_script && !has_table => format!(" -t {table}"),
            _ => String::new(),
        };
        Some(format!("{}{table}{said}", self.front))
    }

    /// The lines as they are.
    pub fn whole(&self, writing: &Writing) -> String {
        let mut text = writing.source(self.file)[self.start..self.end].to_owned();
        if !text.ends_with('\n') {
            text.push_str(self.end_of_line);
        }
        text
    }

    pub fn removal(&self) -> Edit {
        Edit { span: Span::new(self.file, self.start, self.end), text: String::new() }
    }

    /// New lines in front of these.
    pub fn before(&self, text: String) -> Edit {
        Edit { span: Span::new(self.file, self.start, self.start), text }
    }

    /// New lines behind these.
    pub fn after(&self, writing: &Writing, mut text: String) -> Edit {
        // A last line without an end gets one, and its new neighbour has none.
        if !writing.source(self.file)[..self.end].ends_with('\n') {
            text = format!("{}{}", self.end_of_line, text.trim_end_matches(['\n', '\r']));
        }
        Edit { span: Span::new(self.file, self.end, self.end), text }
    }
}

/// How lines end around a place.
fn end_of_line(text: &str, at: usize) -> &'static str {
    match text[at..].find('\n').or_else(|| text[..at].rfind('\n').map(|end| end.wrapping_sub(at))) {
        Some(_)
            if text[at..].lines().next().is_some_and(|line| text[at + line.len()..].starts_with("\r\n")) =>
        {
            "\r\n"
        }
        _ => "\n",
    }
}

/// Does nothing but the beginning of one command stand in front of a rule: blanks, counters, `sudo`, options, a
/// path, a variable?
fn is_plain_front(text: &str) -> bool {
    const KEYWORDS: [&str; 12] =
        ["if", "then", "else", "elif", "do", "while", "until", "for", "case", "function", "time", "!"];
    let counters = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if counters.is_some_and(|counts| counts.chars().all(|c| c.is_ascii_digit() || c == ':')) {
        return true;
    }
    let is_word = |word: &str| {
        !KEYWORDS.contains(&word)
            && !word.contains([';', '|', '&', '(', ')', '`', '<', '>', '=', '\\', '*', '?'])
    };
    text.split_whitespace().count() <= 6 && text.split_whitespace().all(is_word)
}

/// Words that were counted are new, and were met by no packet yet.
fn without_counters(front: &str) -> String {
    match front.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => format!("[0:0]{rest}"),
        None => front.to_owned(),
    }
}

/// Words and where they begin.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Does a line begin with a command, as in a script, rather than with what a dump says?
fn is_command(front: &str) -> bool {
    front.split_whitespace().next().is_some_and(|word| !word.starts_with(['-', '[']))
}
