//! Lines no wider than what they are shown on.

use super::escape::{command_free, is_command};

/// What is left for words at least, however narrow the terminal is.
const LEAST: usize = 20;

/// Breaks lines at spaces, so that they are no wider than that. What is indented is to be copied, and stays as it is.
pub fn wrap(text: &str, width: usize) -> String {
    let wrapped: Vec<String> = text
        .split('\n')
        .map(
            |line| {
                if line.starts_with(' ') { line.to_owned() } else { broken(line, width, width, may_begin) }
            },
        )
        .collect();
    command_free(wrapped.join("\n"))
}

/// Words behind a head, the further lines of them below the first.
pub fn hang(head: &str, words: &str, width: usize) -> String {
    let indent = head.chars().count();
    let words = wrap(words, width.saturating_sub(indent));
    format!("{head}{}", words.replace('\n', &format!("\n{}", " ".repeat(indent))))
}

/// One line of words behind so many characters that stand on the line already, the further ones indented.
pub fn hang_behind(head: usize, words: &str, indent: usize, width: usize) -> String {
    let (first, others) = (width.saturating_sub(head), width.saturating_sub(indent));
    let words = broken(words, first, others, may_begin);
    command_free(words.replace('\n', &format!("\n{}", " ".repeat(indent))))
}

/// May a word begin a line? `::1` and what else would be a workflow command there stays behind the word before it.
fn may_begin(word: &str) -> bool {
    !is_command(word)
}

/// A page of Markdown whose paragraphs and items are no wider than that: all else, such as code and tables, stays.
pub fn markdown(page: &str, width: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut open: Option<Paragraph> = None;
    let mut is_code = false;
    for line in page.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let words = line.trim_start();
        let is_set = is_code || is_fence || words.is_empty() || words.starts_with(['#', '|', '>', '<']);
        is_code ^= is_fence;
        if is_set {
            out.extend(open.take().map(|paragraph| paragraph.broken(width)));
            out.push(line.to_owned());
            continue;
        }
        let head = line.len() - words.len() + marker(words);
        match &mut open {
            Some(paragraph) if marker(words) == 0 => paragraph.add(words),
            _ => {
                out.extend(open.take().map(|paragraph| paragraph.broken(width)));
                open = Some(Paragraph { head: line[..head].to_owned(), words: line[head..].to_owned() });
            }
        }
    }
    out.extend(open.map(|paragraph| paragraph.broken(width)));
    out.join("\n") + if page.ends_with('\n') { "\n" } else { "" }
}

/// A paragraph or an item of a list.
struct Paragraph {
    /// The indentation, and the marker of an item.
    head: String,
    words: String,
}

impl Paragraph {
    fn add(&mut self, words: &str) {
        self.words.push(' ');
        self.words.push_str(words);
    }

    fn broken(&self, width: usize) -> String {
        let indent = self.head.chars().count();
        // A word that would begin an item at the beginning of a line stays behind the one before it.
        let may_begin =
            |word: &str| marker(&format!("{word} ")) == 0 && !word.starts_with(['#', '|', '>', '<']);
        let width = width.saturating_sub(indent);
        let words = broken(&self.words, width, width, may_begin);
        format!("{}{}", self.head, words.replace('\n', &format!("\n{}", " ".repeat(indent))))
    }
}

/// How many bytes of a line mark it as an item of a list: `- `, `1. `.
fn marker(line: &str) -> usize {
    let rest = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    match line.len() - rest.len() {
        0 if ["- ", "* ", "+ "].iter().any(|marker| line.starts_with(marker)) => 2,
        digits if digits > 0 && rest.starts_with(". ") => digits + 2,
        _ => 0,
    }
}

/// One line broken at spaces, its first piece no wider than `first`, all others than `others`. A word that may not begin
/// a line stays with the one before it.
fn broken(line: &str, first: usize, others: usize, may_begin: impl Fn(&str) -> bool) -> String {
    let mut pieces: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match pieces.last_mut().filter(|_| !may_begin(word)) {
            Some(piece) => *piece = format!("{piece} {word}"),
            None => pieces.push(word.to_owned()),
        }
    }
    let mut most = first.max(LEAST);
    let mut text = String::with_capacity(line.len());
    let mut width = 0;
    for piece in pieces {
        let length = columns(&piece);
        if width > 0 && width + 1 + length > most {
            text.push('\n');
            (width, most) = (0, others.max(LEAST));
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(&piece);
        width += length;
    }
    text
}

/// How many characters of a text are seen: none of a change of colour.
fn columns(text: &str) -> usize {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().chars().count();
    first
        + parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest).chars().count()).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hang_below_their_head() {
        assert_eq!(
            hang("  help: ", "one two three four five six", 30),
            "  help: one two three four\n        five six"
        );
        let line = "one two three four five six seven";
        assert_eq!(hang_behind(9, line, 2, 30), "one two three four\n  five six seven");
        let colored = line.replace("two", "\x1b[1m\x1b[31mtwo\x1b[0m");
        assert_eq!(hang_behind(9, &colored, 2, 30).lines().nth(1), Some("  five six seven"));
        let addresses = "from fe80::1 to anywhere but ::2-::ff";
        assert_eq!(hang_behind(0, addresses, 2, 30), "from fe80::1 to anywhere\n  but ::2-::ff");
        assert_eq!(wrap(addresses, 30), "from fe80::1 to anywhere\nbut ::2-::ff");
        assert_eq!(hang_behind(0, "::x short", 2, 30), "\\x3a:x short");
        assert_eq!(
            wrap("  to be copied, however long it is\nshort", 20),
            "  to be copied, however long it is\nshort"
        );
    }

    #[test]
    fn a_page_keeps_what_is_not_made_of_words() {
        let page = "# a heading that is longer than that\n\nA paragraph of\nseveral short lines - and a dash.\n\n- an item that is \
                    long\n  and goes on\n- another\n\n```text\ncode that is longer than the width\n```\n| a | table that is \
                    long |\n";
        let expected =
            page.replace("of\nseveral short lines - and a dash", "of several\nshort lines - and a\ndash");
        assert_eq!(markdown(page, 22), expected);
        assert_eq!(markdown("word word word word 53. So\n", 20), "word word word\nword 53. So\n");
    }
}
