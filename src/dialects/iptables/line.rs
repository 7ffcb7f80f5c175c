//! Lines of a dump, and how iptables-restore splits them into words.

use std::borrow::Cow;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1};
use nom::character::complete::{char, space0, space1};
use nom::combinator::{all_consuming, map, recognize, rest, verify};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::rule::Word;
use crate::source::{FileId, Span};

/// Tells where the pieces of a text stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    file: FileId,
    /// Where the text begins in memory.
    origin: usize,
}

/// A line of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// Nothing, or a comment.
    Blank,
    /// `*TABLE`.
    Table(&'t str),
    /// `:CHAIN POLICY`.
    Chain {
        /// Its name.
        name: &'t str,
        /// `ACCEPT`, `DROP`, or `-` for a chain that only others call.
        policy: &'t str,
    },
    /// `COMMIT`.
    Commit,
    /// `-A CHAIN RULE` and the like, without counters in front.
    Command(&'t str),
    /// Anything else.
    Other,
}

impl Place {
    /// For pieces of this text.
    pub fn of(file: FileId, text: &str) -> Self {
        Place { file, origin: text.as_ptr() as usize }
    }

    /// The place of a piece.
    pub fn span(self, piece: &str) -> Span {
        let start = piece.as_ptr() as usize - self.origin;
        Span::new(self.file, start, start + piece.len())
    }
}

/// What a line of a dump is, without its end.
pub(super) fn line(text: &str) -> Line<'_> {
    let text = text.trim_ascii();
    // Nearly all lines are rules.
    if text.as_bytes().first() == Some(&b'-') {
        return Line::Command(text);
    }
    let blank = map(alt((preceded(char('#'), rest), verify(rest, str::is_empty))), |_| Line::Blank);
    let commit = map(verify(rest, |text: &str| text == "COMMIT"), |_| Line::Commit);
    // What stands behind is not looked at.
    let table = map(delimited((char('*'), space0), name, rest), Line::Table);
    let declaration = (preceded(char(':'), name), preceded(space1, name), rest);
    let chain = map(declaration, |(name, policy, _)| Line::Chain { name, policy });
    let counted = preceded((counters, space0), rest);
    let command = map(verify(alt((counted, rest)), |text: &str| text.starts_with(['-', '!'])), Line::Command);
    let mut line = all_consuming(terminated(alt((blank, commit, table, chain, command)), space0));
    let read: IResult<&str, Line<'_>> = line.parse(text);
    read.map_or(Line::Other, |(_, line)| line)
}

fn name(text: &str) -> IResult<&str, &str> {
    take_till1(is_space).parse(text)
}

/// `[PACKETS:BYTES]`, of which only the brackets are looked at.
fn counters(text: &str) -> IResult<&str, &str> {
    recognize(delimited(char('['), take_till(|c| c == ']'), char(']'))).parse(text)
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Splits a line into words as iptables-restore does: at blanks; between double quotes a backslash
/// takes the next character as it is, and the closing quote ends the word. Gives the place of a
/// quote that is never closed; then the rest of the line is a word.
pub(super) fn words<'t>(line: &'t str, place: Place, words: &mut Vec<Word<'t>>) -> Option<Span> {
    let mut left = line;
    loop {
        left = left.trim_ascii_start();
        let Ok((after, start)) = bare(left) else { return None };
        if after.as_bytes().first() == Some(&b'"') {
            let Ok((after, raw)) = quoted(left, start) else { return None };
            words.push(Word { text: raw.text, span: place.span(raw.all), unresolved: false });
            if raw.is_open {
                return Some(place.span(raw.all));
            }
            left = after;
        } else if start.is_empty() {
            return None;
        } else {
            words.push(Word { text: Cow::Borrowed(start), span: place.span(start), unresolved: false });
            left = after;
        }
    }
}

/// A word as it stands there, and what it says.
struct Raw<'t> {
    all: &'t str,
    text: Cow<'t, str>,
    is_open: bool,
}

/// A word that begins with `start`, behind which comes a quote.
fn quoted<'t>(input: &'t str, start: &'t str) -> IResult<&'t str, Raw<'t>> {
    let (inner, _) = preceded(tag(start), char('"')).parse(input)?;
    let mut text = Cow::Borrowed("");
    let mut from = 0;
    loop {
        let stop = inner[from..].find(['"', '\\']).map_or(inner.len(), |at| from + at);
        add(&mut text, &inner[from..stop]);
        let Some(found) = inner[stop..].chars().next() else {
            return Ok(("", Raw { all: input, text: join(start, text), is_open: true }));
        };
        if found == '"' {
            let after = &inner[stop + 1..];
            let all = &input[..input.len() - after.len()];
            return Ok((after, Raw { all, text: join(start, text), is_open: false }));
        }
        let escaped = inner[stop + 1..].chars().next().map_or(0, char::len_utf8);
        add(&mut text, &inner[stop + 1..stop + 1 + escaped]);
        from = stop + 1 + escaped;
    }
}

/// What stands before the next blank or quote. Looks at bytes, as this is where most time goes.
fn bare(input: &str) -> IResult<&str, &str> {
    let bytes = input.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != b' ' && bytes[end] != b'\t' && bytes[end] != b'"' {
        end += 1;
    }
    let (word, after) = input.split_at(end);
    Ok((after, word))
}

/// Adds a piece; the first is only borrowed.
fn add<'t>(text: &mut Cow<'t, str>, piece: &'t str) {
    match text {
        _ if piece.is_empty() => {}
        text if text.is_empty() => *text = Cow::Borrowed(piece),
        text => text.to_mut().push_str(piece),
    }
}

fn join<'t>(start: &str, text: Cow<'t, str>) -> Cow<'t, str> {
    if start.is_empty() { text } else { Cow::Owned(format!("{start}{text}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> (Vec<String>, bool) {
        let mut found = Vec::new();
        let open = words(line, Place::of(FileId(0), line), &mut found);
        (found.into_iter().map(|word| word.text.into_owned()).collect(), open.is_some())
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split(r#"--comment "a \"b\" \\c" -j X"#).0, ["--comment", r#"a "b" \c"#, "-j", "X"]);
        assert_eq!(split(r#"-m comment --comment """#).0.last().map(String::as_str), Some(""));
    }

    #[test]
    fn a_closing_quote_ends_a_word() {
        assert_eq!(split(r#"a"b"c d"#).0, ["ab", "c", "d"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_the_rest() {
        assert_eq!(
            split(r#"--comment "never closed"#),
            (vec!["--comment".into(), "never closed".into()], true)
        );
    }

    #[test]
    fn single_quotes_are_ordinary_characters() {
        assert_eq!(split("'a b'").0, ["'a", "b'"]);
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(line("*filter\r"), Line::Table("filter"));
        assert_eq!(line(":INPUT ACCEPT [12:34]"), Line::Chain { name: "INPUT", policy: "ACCEPT" });
        assert_eq!(line(":-A - [0:0] "), Line::Chain { name: "-A", policy: "-" });
        assert_eq!(line(":X -"), Line::Chain { name: "X", policy: "-" });
        assert_eq!(line("[1:2] -A INPUT -j DROP"), Line::Command("-A INPUT -j DROP"));
        assert_eq!(line("# comment"), Line::Blank);
        assert_eq!(line("   "), Line::Blank);
        assert_eq!(line("COMMIT"), Line::Commit);
        assert_eq!(line("commit"), Line::Other);
        assert_eq!(line(":X"), Line::Other);
        assert_eq!(line("* filter # words"), Line::Table("filter"));
        assert_eq!(line(":X - words"), Line::Chain { name: "X", policy: "-" });
        assert_eq!(line("[1:] -A INPUT -j DROP"), Line::Command("-A INPUT -j DROP"));
    }
}
