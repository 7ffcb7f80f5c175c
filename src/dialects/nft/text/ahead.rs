//! Long chains, read side by side.
//!
//! A long run of rules is split at ends of lines, and its parts are read at the same time, each as if a rule began there.
//! Whether one does is known only when the part before has been read: a part counts only if that one ends just where
//! it began. What does not count is read again, one rule after the other.

use rayon::prelude::*;

use super::cursor::Cursor;
use super::reader::{Reader, Surroundings};
use crate::dialects::nft::ast::{Chain, Entry};
use crate::model::{self, Remark};

/// From how many bytes of rules on it pays to read them side by side. The files of a fuzzer are short, and so are the parts
/// of them.
const LONG: usize = if cfg!(fuzzing) { 512 } else { 128 * 1024 };

/// How large a part is, about.
const SIZE: usize = if cfg!(fuzzing) { 64 } else { 16 * 1024 };

/// How many parts for each thread are read at the same time, so that all come to an end at about the same time.
const PARTS: usize = 8;

/// Words that begin something else in a chain than a rule, or that cannot stand in one.
const NO_RULE: [&str; 14] = [
    "type",
    "policy",
    "flags",
    "devices",
    "comment",
    "define",
    "redefine",
    "undefine",
    "include",
    "table",
    "chain",
    "set",
    "map",
    "flowtable",
];

/// A part of a chain that was read as if a rule began at its beginning.
struct Part<'t> {
    entries: Vec<Entry<'t>>,
    remarks: Vec<Remark>,
    /// Where its first rule begins.
    first: usize,
    /// Behind its last rule.
    end: Cursor<'t>,
    /// Where the rule behind it begins, if it was read as a whole.
    next: Option<usize>,
}

/// What counts of the parts so far.
struct Counted<'c, 't> {
    chain: &'c mut Chain<'t>,
    remarks: Vec<Remark>,
    /// Where the next part must begin, if there was one before.
    next: Option<usize>,
    /// Behind the last rule.
    end: Cursor<'t>,
    /// Does nothing count that comes behind?
    is_over: bool,
}

impl<'t> Reader<'t> {
    /// Reads rules of a chain ahead, if many seem to follow. A rule has just been read; the last of these then has.
    pub fn rules_ahead(&mut self, chain: &mut Chain<'t>) {
        if self.cursor.at < self.ahead || self.cursor.rest().len() < LONG {
            return;
        }
        let start = self.cursor.at;
        let end = start + end_of_rules(self.cursor.rest());
        self.ahead = end;
        if end - start < LONG {
            return;
        }
        let cursor = self.cursor;
        let starts = starts(cursor, end);
        let ends = starts.iter().skip(1).copied().chain([end]);
        let parts: Vec<_> = starts.iter().copied().zip(ends).collect();
        let lines = parts.par_iter().map(|&(start, end)| lines(cursor.moved_to(start), end)).sum();
        self.make_room(chain, lines);
        let around = self.surroundings();
        let behind = behind(cursor, &parts);
        let parts: Vec<_> = parts.into_iter().zip(behind).collect();
        let read = |&((start, end), behind): &(_, usize)| part(cursor.moved_to(start), (end, behind), around);
        let mut counted = Counted { chain, remarks: Vec::new(), next: None, end: cursor, is_over: false };
        let mut waiting: Vec<Part> = Vec::new();
        // A few at a time, so that what they were read into is soon free for the next.
        for some in parts.chunks(PARTS * rayon::current_num_threads()) {
            if counted.is_over {
                break;
            }
            let before = std::mem::take(&mut waiting);
            ((), waiting) = rayon::join(|| counted.take(before), || some.par_iter().map(read).collect());
        }
        counted.take(waiting);
        let Counted { remarks, end, .. } = counted;
        self.file.remarks.extend(remarks);
        self.cursor = end;
    }

    /// Makes room in a chain for so many rules more. Where these are worked out at once, its only rule is as well, so that
    /// all of them stand in one list that never moves.
    fn make_room(&self, chain: &mut Chain<'t>, more: usize) {
        let done = match (self.at_once, chain.entries.as_slice()) {
            (Some((at_once, family)), [Entry::Rule(only)]) => (at_once.rule)(family, only),
            (Some(_), _) => return,
            (None, _) => return chain.entries.reserve_exact(more),
        };
        if let Some(done) = done {
            let mut rules = Vec::with_capacity(1 + more);
            rules.push(done);
            chain.entries = vec![Entry::Done(rules)];
        }
    }
}

impl<'t> Counted<'_, 't> {
    /// Takes the parts that count.
    fn take(&mut self, parts: Vec<Part<'t>>) {
        for part in parts {
            self.is_over |= self.next.is_some_and(|next| next != part.first);
            if self.is_over {
                return;
            }
            for entry in part.entries {
                match (self.chain.entries.last_mut(), entry) {
                    (Some(Entry::Done(before)), Entry::Done(mut rules)) => before.append(&mut rules),
                    (_, entry) => self.chain.entries.push(entry),
                }
            }
            self.remarks.extend(part.remarks);
            self.end = part.end;
            self.next = part.next;
            self.is_over = part.next.is_none();
        }
    }
}

/// How many bytes of a text there are before a line that begins with a closing brace.
fn end_of_rules(text: &str) -> usize {
    let begins_line = |at: &usize| text[..*at].trim_end_matches([' ', '\t']).ends_with('\n');
    memchr::memchr_iter(b'}', text.as_bytes()).find(begins_line).unwrap_or(text.len())
}

/// Where parts begin: at the cursor, and at ends of lines behind it.
fn starts(cursor: Cursor<'_>, end: usize) -> Vec<usize> {
    let text = &cursor.rest()[..end - cursor.at];
    let mut starts = vec![cursor.at];
    let mut at = SIZE;
    while let Some(line) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        starts.push(cursor.at + at + line);
        at += line + SIZE;
    }
    starts
}

/// For each part the place behind its end at which something stands again. Empty lines and comments may go on for many
/// parts, and are gone over once.
fn behind(cursor: Cursor<'_>, parts: &[(usize, usize)]) -> Vec<usize> {
    let first = |&(start, end): &(usize, usize)| {
        let mut within = cursor.moved_to(start);
        within.skip_lines_until(end + 1);
        (within.at < end).then_some(within.at)
    };
    let firsts: Vec<Option<usize>> = parts.par_iter().map(first).collect();
    let mut next = cursor.moved_to(parts.last().map_or(cursor.at, |last| last.1));
    next.skip_lines();
    let mut next = next.at;
    let mut places = Vec::with_capacity(parts.len());
    for first in firsts.into_iter().rev() {
        places.push(next);
        next = first.unwrap_or(next);
    }
    places.reverse();
    places
}

/// How many lines begin before a place behind the cursor that are neither empty nor comments.
fn lines(cursor: Cursor<'_>, end: usize) -> usize {
    let text = &cursor.rest().as_bytes()[..end - cursor.at];
    let is_said = |at: &usize| {
        let first = text[at + 1..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        first.is_some_and(|byte| !matches!(byte, b'\n' | b'#'))
    };
    memchr::memchr_iter(b'\n', text).filter(is_said).count()
}

/// Reads the rules of a part; one that begins in it may end behind it. Behind its end something stands again at a place that
/// is known.
fn part<'t>(cursor: Cursor<'t>, (end, behind): (usize, usize), around: Surroundings<'_, 't>) -> Part<'t> {
    let mut reader = Reader::within(cursor, around);
    // Most rules have a line of their own, and what is too much here is too much for all of them.
    let lines = lines(cursor, end);
    let mut entries = Vec::with_capacity(if reader.at_once.is_some() { 1 } else { lines });
    let mut last = cursor;
    let mut first = None;
    loop {
        // In front of the place behind its end, and of the end of the line there, there is nothing but blanks.
        if reader.cursor.at <= end + 1 {
            reader.cursor.skip_lines_until(end + 1);
            if reader.cursor.at >= end {
                reader.cursor.at = behind;
            }
        } else {
            reader.cursor.skip_lines();
        }
        if reader.cursor.eat(";") {
            continue;
        }
        let (at, told) = (reader.cursor.at, reader.file.remarks.len());
        first.get_or_insert(at);
        let is_rule = reader.cursor.byte().is_some_and(|byte| byte != b'}')
            && reader.cursor.peek_word().is_none_or(|word| !NO_RULE.contains(&word));
        let next = (at >= end).then_some(at);
        if next.is_none() && is_rule {
            let mut rule = reader.passing_rule();
            if !reader.is_cut() {
                match reader.at_once.and_then(|(at_once, family)| (at_once.rule)(family, &rule)) {
                    None => {
                        rule.statements.shrink_to_fit();
                        entries.push(Entry::Rule(rule));
                    }
                    Some(done) => {
                        add_done(&mut entries, done, lines);
                        rule.statements.clear();
                        reader.spare = rule.statements;
                    }
                }
                reader.end_of_line();
                last = reader.cursor;
                continue;
            }
            // What was cut off is told where it is read again.
            reader.file.remarks.truncate(told);
        }
        return Part { entries, remarks: reader.file.remarks, first: first.unwrap_or(at), end: last, next };
    }
}

/// Adds a rule that was worked out at once to those before it; if it is the first of a part, with room for as many as the
/// part has lines.
fn add_done(entries: &mut Vec<Entry<'_>>, rule: model::Rule, lines: usize) {
    match entries.last_mut() {
        Some(Entry::Done(before)) => before.push(rule),
        _ => {
            let mut rules = Vec::with_capacity(if entries.is_empty() { lines } else { 1 });
            rules.push(rule);
            entries.push(Entry::Done(rules));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::Dialect;
    use crate::dialects::includes::Texts;
    use crate::source::FileId;

    /// Lines of chains: rules of one line and of several, and what no rule is.
    const LINES: [&str; 16] = [
        "ip daddr 10.0.0.0/8 tcp dport 22 accept",
        "tcp dport { 22, 80 } ct state new accept comment \"} not the end\"",
        "tcp dport {\n\t\t\t22,\n\t\t\t80\n\t\t} drop",
        "ip saddr $here accept",
        "# a comment {",
        "",
        "udp dport 53 accept; udp dport 54 drop",
        "tcp dport 1 jump {\n\t\t\taccept\n\t\t\tcounter\n\t\t}",
        "ip daddr 10.0.0.1 \\\n\t\t\taccept",
        "nonsense 12 accept",
        "tcp dport 22 accept }",
        "define here = 10.0.0.2",
        "include \"nothing.nft\"",
        "tcp dport { 22, 80 accept",
        "ip daddr & 255.0.0.0 == 10.0.0.0 or 1 accept",
        "policy drop;",
    ];

    /// A table with a chain of these lines and another behind it.
    fn text(lines: &[&str]) -> String {
        let lines: String = lines.iter().map(|line| format!("\t\t{line}\n")).collect();
        format!(
            "define here = 10.0.0.1\ntable inet x {{\n\tchain a {{\n{lines}\t}}\n\tchain b {{\n\t\taccept\n\t}}\n}}\n"
        )
    }

    fn read(text: &str, ahead: usize) -> String {
        let texts = Texts { dialect: Dialect::Nft, file: FileId(0), text, included: &|_| None };
        let mut reader = Reader::new(&texts, None);
        reader.ahead = ahead;
        reader.commands();
        format!("{:?}", reader.finish())
    }

    #[test]
    fn what_is_read_side_by_side_is_what_is_read_in_turn() {
        // The first lines are read as a whole, each more makes some parts end where the next does not begin.
        for kinds in [1, 3, 9, 11, 12, 13, 14, 16] {
            let mut state = 1_u32;
            let mut pick = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                // What is rare in real chains is rare here.
                let rare = (state >> 24).is_multiple_of(64);
                LINES[(state >> 8) as usize % if rare { kinds } else { kinds.min(9) }]
            };
            let lines: Vec<&str> = (0..8_000).map(|_| pick()).collect();
            let text = text(&lines);
            assert!(text.len() > LONG);
            assert!(read(&text, 0) == read(&text, usize::MAX), "{kinds} kinds of lines");
        }
    }

    #[test]
    fn comments_and_empty_lines_that_go_on_for_many_parts_are_gone_over_once() {
        let rule = "tcp dport 22 accept";
        for filler in ["# a comment", "", "\\", " \t#", "# one \\"] {
            let mut lines = vec![rule; 3];
            lines.extend(vec![filler; 40_000]);
            lines.extend([rule, "udp dport { 53,\n\t\t\t54 } accept", filler, rule]);
            lines.extend(vec![filler; 40_000]);
            let text = text(&lines);
            assert!(text.len() > LONG || filler.is_empty());
            assert!(read(&text, 0) == read(&text, usize::MAX), "{filler:?}");
            let told = super::lines(Cursor::new(FileId(0), &text), text.len());
            assert!(told < 20 || filler.starts_with('\\'), "room for {told} rules");
        }
    }

    #[test]
    fn all_that_is_left_of_a_plain_chain_is_read_side_by_side() {
        let text = text(&["ip daddr 10.0.0.0/8 tcp dport 22 accept"; 8_000]);
        let texts = Texts { dialect: Dialect::Nft, file: FileId(0), text: &text, included: &|_| None };
        let mut reader = Reader::new(&texts, None);
        reader.cursor = reader.cursor.moved_to(text.find(" accept").expect("a rule") + " accept".len());
        let name = reader.cursor.since(0);
        let mut chain = Chain::named(crate::source::Spanned::new("a".into(), name), name);
        reader.rules_ahead(&mut chain);
        assert_eq!(chain.rules().count(), 7_999);
    }
}
