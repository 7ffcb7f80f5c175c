//! Reads words, character by character.

use super::text::{closing, is_end, line_end, name_at};
use super::{Change, Part, PartKind, Variable, Word};
use crate::source::{FileId, Span};

/// Something that a shell would refuse.
pub type Complaint = (Span, &'static str);

/// Reads words at a place of a text.
pub struct Scanner<'t> {
    text: &'t str,
    /// Offset of the next byte.
    pub at: usize,
    file: FileId,
    depth: u8,
    /// How many constructs without an end were found.
    unclosed: u8,
    /// What was wrong.
    pub complaints: Vec<Complaint>,
}

/// What ends a sequence of pieces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// White space or an operator.
    Word,
    /// A double quote.
    Quoted,
    /// The end of the text only; quotes count.
    Slice,
    /// The end of the text only; quotes are ordinary characters.
    Document,
}

/// How deep `${A:-${B:-…}}` may nest before it is kept as it is written.
const DEEPEST: u8 = 16;

/// After this many constructs without an end no more ends are looked for: each search takes the whole
/// text.
const MOST_UNCLOSED: u8 = 20;

impl<'t> Scanner<'t> {
    /// A scanner at the beginning of a text.
    pub fn new(file: FileId, text: &'t str) -> Self {
        Scanner { text, at: 0, file, depth: 0, unclosed: 0, complaints: Vec::new() }
    }

    /// The byte at this distance from the next.
    pub fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// The text that is read.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// A span of the file that is read.
    pub fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// Goes to the next byte that is not white space within a line, nor a continued line.
    pub fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | 0x0b | 0x0c => self.at += 1,
                b'\r' if matches!(self.peek(1), Some(b'\n' | b'\r') | None) => self.at += 1,
                b'\\' => match self.continuation() {
                    0 => return,
                    length => self.at += length,
                },
                _ => return,
            }
        }
    }

    /// Reads the word that begins here, which may be empty if none does.
    pub fn word(&mut self) -> Word {
        let start = self.at;
        let mut parts = Vec::new();
        self.parts(Mode::Word, false, &mut parts);
        Word { span: self.span(start, self.at), parts }
    }

    /// Reads the pieces of a here-document that stands between two offsets.
    pub fn document(&mut self, start: usize, end: usize) -> Word {
        let (parts, _) = self.slice(start, end, Mode::Document, true);
        Word { span: self.span(start, end), parts }
    }

    /// How many bytes a backslash before the end of a line takes here; 0 if there is none.
    fn continuation(&self) -> usize {
        match (self.peek(0), self.peek(1), self.peek(2)) {
            (Some(b'\\'), Some(b'\n'), _) => 2,
            (Some(b'\\'), Some(b'\r'), Some(b'\n')) => 3,
            _ => 0,
        }
    }

    /// Reads a part of the text on its own; `false` if it nests too deeply.
    fn slice(&mut self, start: usize, end: usize, mode: Mode, quoted: bool) -> (Vec<Part>, bool) {
        if self.depth >= DEEPEST {
            return (Vec::new(), false);
        }
        let Some(text) = self.text.get(..end) else { return (Vec::new(), false) };
        let mut inner = Scanner {
            text,
            at: start,
            file: self.file,
            depth: self.depth + 1,
            unclosed: self.unclosed,
            complaints: Vec::new(),
        };
        let mut parts = Vec::new();
        inner.parts(mode, quoted, &mut parts);
        self.complaints.append(&mut inner.complaints);
        (parts, true)
    }

    fn parts(&mut self, mode: Mode, quoted: bool, parts: &mut Vec<Part>) {
        let opening = self.at.saturating_sub(1);
        loop {
            let Some(byte) = self.peek(0) else {
                if mode == Mode::Quoted {
                    self.complaints.push((self.span(opening, opening + 1), "this quote is never closed"));
                }
                return;
            };
            match byte {
                b'"' if mode == Mode::Quoted => {
                    self.at += 1;
                    return;
                }
                b'"' if mode != Mode::Document => {
                    self.at += 1;
                    add_text(parts, "", true);
                    self.parts(Mode::Quoted, true, parts);
                }
                b'\'' if matches!(mode, Mode::Word | Mode::Slice) => self.single_quoted(parts),
                b'\\' => self.escape(mode, quoted, parts),
                b'$' => self.dollar(mode, quoted, parts),
                b'`' => self.backticks(quoted, parts),
                b'(' if mode == Mode::Word && self.depth < DEEPEST && begins_array(parts) => {
                    self.array(parts)
                }
                b'<' | b'>' if mode == Mode::Word && parts.is_empty() && self.peek(1) == Some(b'(') => {
                    self.process(parts);
                }
                _ if mode == Mode::Word && is_end(byte) => return,
                _ => {
                    let rest = &self.text.as_bytes()[self.at..];
                    let is_plain = |byte: &u8| !is_end(*byte) && !b"\"'\\$`".contains(byte);
                    let length = rest.iter().take_while(|byte| is_plain(byte)).count().max(1);
                    add_text(parts, &self.text[self.at..self.at + length], quoted);
                    self.at += length;
                }
            }
        }
    }

    fn single_quoted(&mut self, parts: &mut Vec<Part>) {
        let start = self.at + 1;
        let end = memchr::memchr(b'\'', &self.text.as_bytes()[start..]).map(|length| start + length);
        if end.is_none() {
            self.complaints.push((self.span(self.at, start), "this quote is never closed"));
        }
        let stop = end.unwrap_or(self.text.len());
        add_text(parts, &self.text[start..stop], true);
        self.at = if end.is_some() { stop + 1 } else { stop };
    }

    fn escape(&mut self, mode: Mode, quoted: bool, parts: &mut Vec<Part>) {
        match self.continuation() {
            0 => {}
            length => {
                self.at += length;
                return;
            }
        }
        let next = self.text[self.at + 1..].chars().next();
        let is_bare = matches!(mode, Mode::Word | Mode::Slice) && !quoted;
        match next {
            Some(char) if is_bare || "$`\\".contains(char) || (char == '"' && mode != Mode::Document) => {
                add_text(parts, char.encode_utf8(&mut [0; 4]), true);
                self.at += 1 + char.len_utf8();
            }
            _ => {
                add_text(parts, "\\", quoted);
                self.at += 1;
            }
        }
    }

    fn dollar(&mut self, mode: Mode, quoted: bool, parts: &mut Vec<Part>) {
        let start = self.at;
        let add = |parts: &mut Vec<Part>, kind| parts.push(Part { kind, quoted });
        match self.peek(1) {
            Some(b'(') => {
                let Some(end) = self.closing(start + 2, b')') else { return self.lone_dollar(quoted, parts) };
                let inner = &self.text[start + 2..end];
                self.at = end + 1;
                let is_arithmetic = inner.starts_with('(') && inner.ends_with(')');
                add(
                    parts,
                    match is_arithmetic {
                        true => PartKind::Opaque(self.text[start..self.at].to_owned()),
                        false => PartKind::Command(inner.to_owned()),
                    },
                );
            }
            Some(b'{') => {
                let Some(end) = self.closing(start + 2, b'}') else { return self.lone_dollar(quoted, parts) };
                let kind = self.braces(start, end, quoted);
                self.at = end + 1;
                add(parts, kind);
            }
            Some(b'\'') if matches!(mode, Mode::Word | Mode::Slice) => {
                self.at += 1;
                self.single_quoted(parts);
            }
            Some(b'"') if matches!(mode, Mode::Word | Mode::Slice) => self.at += 1,
            _ => {
                let name = name_at(&self.text[start + 1..]);
                if name.is_empty() {
                    return self.lone_dollar(quoted, parts);
                }
                self.at = start + 1 + name.len();
                let source = self.text[start..self.at].to_owned();
                let name = name.to_owned();
                add(parts, PartKind::Variable(Variable { name, all: false, change: None, source }));
            }
        }
    }

    fn lone_dollar(&mut self, quoted: bool, parts: &mut Vec<Part>) {
        add_text(parts, "$", quoted);
        self.at += 1;
    }

    /// What stands from a `$` at `start` to the brace at `end`.
    fn braces(&mut self, start: usize, end: usize, quoted: bool) -> PartKind {
        let source = self.text[start..=end].to_owned();
        let name = name_at(&self.text[start + 2..end]).to_owned();
        if name.is_empty() {
            return PartKind::Opaque(source);
        }
        let mut at = start + 2 + name.len();
        let mut all = false;
        if let Some(rest) = self.text[at..end].strip_prefix('[') {
            all = rest.starts_with("@]") || rest.starts_with("*]");
            if !all {
                return PartKind::Opaque(source);
            }
            at += 3;
        }
        let rest = &self.text[at..end];
        if rest.is_empty() {
            return PartKind::Variable(Variable { name, all, change: None, source });
        }
        let operator = rest.strip_prefix(':').unwrap_or(rest);
        let word_start = end - operator.len() + 1;
        let change = match operator.as_bytes().first() {
            Some(b'-' | b'=' | b'+') => {
                let (parts, is_read) = self.slice(word_start, end, Mode::Slice, quoted);
                let word = Word { span: self.span(word_start, end), parts };
                match operator.as_bytes()[0] {
                    _ if !is_read => Change::Other,
                    b'+' => Change::Alternative(word),
                    _ => Change::Default(word),
                }
            }
            _ => Change::Other,
        };
        PartKind::Variable(Variable { name, all, change: Some(change), source })
    }

    fn backticks(&mut self, quoted: bool, parts: &mut Vec<Part>) {
        let start = self.at + 1;
        let Some(end) = self.closing(start, b'`') else {
            self.complaints.push((self.span(self.at, start), "this backtick is never closed"));
            add_text(parts, "`", quoted);
            self.at = start;
            return;
        };
        parts.push(Part { kind: PartKind::Command(self.text[start..end].to_owned()), quoted });
        self.at = end + 1;
    }

    /// `<(…)` and `>(…)`.
    fn process(&mut self, parts: &mut Vec<Part>) {
        let start = self.at;
        self.at = self.closing(start + 2, b')').map_or(self.text.len(), |end| end + 1);
        parts.push(Part { kind: PartKind::Opaque(self.text[start..self.at].to_owned()), quoted: true });
    }

    /// Offset of what closes a construct whose inside begins at an offset.
    fn closing(&mut self, from: usize, close: u8) -> Option<usize> {
        if self.unclosed >= MOST_UNCLOSED {
            return None;
        }
        let end = closing(self.text, from, close);
        self.unclosed += u8::from(end.is_none());
        end
    }

    fn array(&mut self, parts: &mut Vec<Part>) {
        let opening = self.at;
        self.at += 1;
        self.depth += 1;
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek(0) {
                None => {
                    self.complaints.push((self.span(opening, opening + 1), "this array is never closed"));
                    break;
                }
                Some(b')') => {
                    self.at += 1;
                    break;
                }
                Some(b'#') => self.at = line_end(self.text, self.at),
                Some(byte) if is_end(byte) => self.at += 1,
                Some(_) => {
                    let start = self.at;
                    let mut inner = Vec::new();
                    self.parts(Mode::Word, false, &mut inner);
                    words.push(Word { span: self.span(start, self.at), parts: inner });
                }
            }
        }
        self.depth -= 1;
        parts.push(Part { kind: PartKind::Array(words), quoted: false });
    }
}

fn add_text(parts: &mut Vec<Part>, text: &str, quoted: bool) {
    if let Some(Part { kind: PartKind::Text(last), quoted: was }) = parts.last_mut()
        && *was == quoted
    {
        last.push_str(text);
        return;
    }
    parts.push(Part { kind: PartKind::Text(text.to_owned()), quoted });
}

/// Is what was read `NAME=` or `NAME+=`, so that a parenthesis begins an array?
fn begins_array(parts: &[Part]) -> bool {
    let [Part { kind: PartKind::Text(text), quoted: false }] = parts else { return false };
    let name = name_at(text);
    !name.is_empty() && matches!(&text[name.len()..], "=" | "+=")
}
