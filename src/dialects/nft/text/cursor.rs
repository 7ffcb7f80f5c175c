//! A place in a text, and what can be read from it.

use std::borrow::Cow;

use super::words;
use crate::dialects::nft::ast::Name;
use crate::source::{FileId, Span, Spanned};

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    file: FileId,
    text: &'t str,
    /// Offset of the next byte.
    pub at: usize,
    /// Where the last thing that was read ended.
    pub end: usize,
}

impl<'t> Cursor<'t> {
    /// The beginning of a text.
    pub fn new(file: FileId, text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Cursor { file, text, at, end: at }
    }

    /// The same text at another place.
    pub fn moved_to(self, at: usize) -> Self {
        Cursor { at, end: at, ..self }
    }

    /// What is left.
    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Does a line begin at this place?
    pub fn begins_line(&self) -> bool {
        self.at.checked_sub(1).is_none_or(|before| self.byte_at(before) == Some(b'\n'))
    }

    /// The text from an offset to the end of what was read last.
    pub fn text(&self, start: usize) -> &'t str {
        &self.text[start.min(self.end)..self.end]
    }

    /// The next byte, at the place itself.
    pub fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn byte_at(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Goes over white space, comments and continued lines, not over the end of a line.
    pub fn skip_blanks(&mut self) {
        while let Some(byte) = self.byte() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' => self.at += memchr::memchr(b'\n', self.rest().as_bytes()).unwrap_or(self.rest().len()),
                b'\\' if self.byte_at(self.at + 1) == Some(b'\n') => self.at += 2,
                b'\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
                _ => return,
            }
        }
    }

    /// Goes over ends of lines too.
    pub fn skip_lines(&mut self) {
        loop {
            self.skip_blanks();
            match self.byte() {
                Some(b'\n') => self.at += 1,
                _ => return,
            }
        }
    }

    /// The same, but not past this place.
    pub fn skip_lines_until(&mut self, place: usize) {
        let mut near = Cursor { text: &self.text[..place.min(self.text.len())], ..*self };
        near.skip_lines();
        self.at = near.at;
    }

    /// The next byte that is not blank.
    pub fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.byte()
    }

    /// Is a statement at its end here: by the end of the line, of the block or of the text, or by `;`?
    pub fn is_end(&mut self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b';' | b'}'))
    }

    /// Takes a sign if it is next.
    pub fn eat(&mut self, sign: &str) -> bool {
        self.skip_blanks();
        let is_next = self.rest().starts_with(sign);
        if is_next {
            self.at += sign.len();
            self.end = self.at;
        }
        is_next
    }

    /// Takes a sign if it is next, be it on one of the next lines.
    pub fn eat_on_lines(&mut self, sign: &str) -> bool {
        let before = *self;
        self.skip_lines();
        let is_next = self.eat(sign);
        if !is_next {
            *self = before;
        }
        is_next
    }

    /// Takes the next word, if it is one.
    pub fn word(&mut self) -> Option<Spanned<&'t str>> {
        self.skip_blanks();
        let start = self.at;
        let (rest, word) = words::word(self.rest()).ok()?;
        self.at = self.text.len() - rest.len();
        self.end = self.at;
        Some(Spanned::new(word, self.since(start)))
    }

    /// Takes the next word as a name.
    pub fn name(&mut self) -> Option<Name<'t>> {
        self.word().map(|word| word.map(Cow::Borrowed))
    }

    /// The next word, without taking it.
    pub fn peek_word(&self) -> Option<&'t str> {
        self.clone().word().map(|word| word.value)
    }

    /// Takes the next word if it is this one and stands without quotes.
    pub fn eat_word(&mut self, wanted: &str) -> bool {
        self.skip_blanks();
        let before = *self;
        let is_next = self.rest().starts_with(wanted) && self.word().is_some_and(|it| it.value == wanted);
        if !is_next {
            *self = before;
        }
        is_next
    }

    /// The span from an offset to the end of what was read last.
    pub fn since(&self, start: usize) -> Span {
        Span::new(self.file, start.min(self.end), self.end)
    }

    /// The place of the next thing: a word or a sign; the end of the line where there is none.
    pub fn here(&mut self) -> Span {
        self.skip_blanks();
        let mut ahead = *self;
        match ahead.word() {
            Some(word) => word.span,
            None => {
                let length = match self.rest().chars().next() {
                    None | Some('\n') => 0,
                    Some(sign) => sign.len_utf8(),
                };
                Span::new(self.file, self.at, self.at + length)
            }
        }
    }

    /// Goes to the end of the statement: braces and quotes are taken as a whole, so that none of them
    /// ends a block early.
    pub fn skip_statement(&mut self) {
        while !self.is_end() {
            self.skip_token();
        }
    }

    /// Goes over one word or sign, or all between a brace and the one that closes it.
    pub fn skip_token(&mut self) {
        match self.peek() {
            Some(b'{') => drop(self.skip_braces()),
            Some(b'"') if self.word().is_some() => {}
            // A quote that is never closed takes the rest of its line.
            Some(b'"') => {
                self.at += memchr::memchr(b'\n', self.rest().as_bytes()).unwrap_or(self.rest().len());
                self.end = self.at;
            }
            Some(byte) if words::begins_word(byte) && self.word().is_some() => {}
            Some(_) => {
                self.at += self.rest().chars().next().map_or(0, char::len_utf8);
                self.end = self.at;
            }
            None => {}
        }
    }

    /// Goes behind the brace that closes the one that is next; to the end of the text if there is none,
    /// and then says so.
    pub fn skip_braces(&mut self) -> bool {
        let mut depth = 0_usize;
        loop {
            self.skip_lines();
            match self.byte() {
                None => return false,
                Some(b'{') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b'}') => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                    self.end = self.at;
                    if depth == 0 {
                        return true;
                    }
                }
                Some(_) => self.skip_token(),
            }
        }
    }
}
