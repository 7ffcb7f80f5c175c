//! A script as a sequence of words, operators, redirections and ends of lines.

use crate::dialects::iptables::words::{Scanner, Word, line_end};
use crate::source::{FileId, Span};

/// A token and where it stands.
#[derive(Clone, Debug)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of tokens.
#[derive(Clone, Debug)]
pub enum TokenKind {
    /// A word.
    Word(Word),
    /// `;`, `;;`, `&`, `&&`, `|`, `||`, `(`, `)`, `|&` or one of bash's ends of a case.
    Operator(&'static str),
    /// A redirection with its target.
    Redirect(Redirect),
    /// The end of a line.
    Newline,
    /// The end of the text.
    End,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The operator, such as `>` or `<<`.
    pub operator: &'static str,
    /// The word behind it: a file, a descriptor, the string of `<<<`, the delimiter of `<<`.
    pub target: Word,
    /// For `<<`: which of [`Tokens::documents`] it is.
    pub document: Option<usize>,
}

/// The text behind a line with `<<`.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its lines, without the delimiter.
    pub span: Span,
    /// Is it taken as it stands, since the delimiter is quoted?
    pub is_raw: bool,
}

/// A here-document whose text is still to come.
struct Awaited {
    delimiter: String,
    is_raw: bool,
    strips_tabs: bool,
    number: usize,
}

/// Reads tokens one by one.
pub struct Tokens<'t> {
    scanner: Scanner<'t>,
    awaited: Vec<Awaited>,
    /// The here-documents that were read; `None` for those that never came.
    pub documents: Vec<Option<Document>>,
}

const REDIRECTS: &[&str] = &["<<<", "<<-", "&>>", "<<", "<&", "<>", ">>", ">&", ">|", "&>", "<", ">"];
const OPERATORS: &[&str] = &[";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")"];

impl<'t> Tokens<'t> {
    /// The tokens of a text.
    pub fn new(file: FileId, text: &'t str) -> Self {
        Tokens { scanner: Scanner::new(file, text), awaited: Vec::new(), documents: Vec::new() }
    }

    /// What was wrong within words.
    pub fn complaints(&self) -> &[(Span, &'static str)] {
        &self.scanner.complaints
    }

    /// The next token; ends of the text for ever at the end.
    pub fn next(&mut self) -> Token {
        self.scanner.skip_blanks();
        let start = self.scanner.at;
        let kind = match self.scanner.peek(0) {
            None => TokenKind::End,
            Some(b'\n') => {
                self.scanner.at += 1;
                self.read_documents();
                return Token { kind: TokenKind::Newline, span: self.scanner.span(start, start + 1) };
            }
            Some(b'#') => {
                self.scanner.at = line_end(self.scanner.text(), start);
                return self.next_after_comment();
            }
            Some(_) => self.redirect().or_else(|| self.operator()).unwrap_or_else(|| self.word()),
        };
        Token { kind, span: self.scanner.span(start, self.scanner.at) }
    }

    /// Goes behind `))` that closes the `((` of an arithmetic command, or to the end of the line.
    pub fn skip_arithmetic(&mut self) {
        let text = self.scanner.text();
        let end = line_end(text, self.scanner.at);
        let line = &text[self.scanner.at..end];
        self.scanner.at = line.find("))").map_or(end, |length| self.scanner.at + length + 2);
    }

    /// Is this what comes next, with nothing between?
    pub fn is_next(&self, byte: u8) -> bool {
        self.scanner.peek(0) == Some(byte)
    }

    /// A comment reaches to the end of its line, so that what follows is no comment.
    fn next_after_comment(&mut self) -> Token {
        let start = self.scanner.at;
        if self.scanner.peek(0).is_some() {
            self.scanner.at += 1;
            self.read_documents();
            return Token { kind: TokenKind::Newline, span: self.scanner.span(start, start + 1) };
        }
        Token { kind: TokenKind::End, span: self.scanner.span(start, start) }
    }

    fn redirect(&mut self) -> Option<TokenKind> {
        let start = self.scanner.at;
        let rest = &self.scanner.text()[start..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let behind = &rest[digits..];
        if digits == 0 && (behind.starts_with("<(") || behind.starts_with(">(")) {
            return None;
        }
        let operator = REDIRECTS.iter().find(|operator| behind.starts_with(**operator))?;
        if digits > 0 && operator.starts_with('&') {
            return None;
        }
        self.scanner.at = start + digits + operator.len();
        self.scanner.skip_blanks();
        let target = self.scanner.word();
        let document = (operator.starts_with("<<") && *operator != "<<<").then(|| {
            let number = self.documents.len();
            self.documents.push(None);
            let is_raw = target.parts.iter().any(|part| part.quoted);
            let delimiter = target.literal().unwrap_or_default();
            self.awaited.push(Awaited { delimiter, is_raw, strips_tabs: *operator == "<<-", number });
            number
        });
        Some(TokenKind::Redirect(Redirect { operator, target, document }))
    }

    fn operator(&mut self) -> Option<TokenKind> {
        let rest = &self.scanner.text()[self.scanner.at..];
        let operator = OPERATORS.iter().find(|operator| rest.starts_with(**operator))?;
        self.scanner.at += operator.len();
        Some(TokenKind::Operator(operator))
    }

    fn word(&mut self) -> TokenKind {
        let start = self.scanner.at;
        let word = self.scanner.word();
        if self.scanner.at == start {
            // A carriage return within a line: nothing that a word is made of.
            self.scanner.at += self.scanner.text()[start..].chars().next().map_or(1, char::len_utf8);
        }
        TokenKind::Word(word)
    }

    /// Reads the here-documents that the line just ended has asked for.
    fn read_documents(&mut self) {
        for awaited in std::mem::take(&mut self.awaited) {
            let text = self.scanner.text();
            let start = self.scanner.at;
            let mut at = start;
            let mut end = text.len();
            while at < text.len() {
                let stop = line_end(text, at);
                let line = text[at..stop].trim_end_matches('\r');
                let line = if awaited.strips_tabs { line.trim_start_matches('\t') } else { line };
                let next = (stop + 1).min(text.len());
                if line == awaited.delimiter {
                    end = at;
                    at = next;
                    break;
                }
                at = next;
            }
            let document = Document { span: self.scanner.span(start, end), is_raw: awaited.is_raw };
            if let Some(place) = self.documents.get_mut(awaited.number) {
                *place = Some(document);
            }
            self.scanner.at = at;
        }
    }
}
