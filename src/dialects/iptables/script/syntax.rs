//! Tokens become a tree of commands. What a shell would refuse is complained about and skipped.

use super::tokens::{Document, Redirect, Token, TokenKind, Tokens};
use super::tree::{Command, Join, Kind, List, Pipeline, Statement};
use crate::dialects::iptables::words::Word;
use crate::source::{FileId, Span};

/// A script that was read.
pub struct Script {
    /// Its commands.
    pub list: List,
    /// Its here-documents; `None` for those that never came.
    pub documents: Vec<Option<Document>>,
    /// What a shell would refuse, and why.
    pub complaints: Vec<(Span, String)>,
}

/// Reads a script.
pub fn parse(file: FileId, text: &str) -> Script {
    let mut parser =
        Parser { tokens: Tokens::new(file, text), next: None, complaints: Vec::new(), depth: 0, last: 0 };
    let mut list = Vec::new();
    loop {
        parser.list_until(&[], &mut list);
        let token = parser.take();
        match token.kind {
            TokenKind::End => break,
            kind => parser.complaints.push((token.span, format!("unexpected {}", name_of(&kind)))),
        }
    }
    let mut complaints = parser.complaints;
    complaints
        .extend(parser.tokens.complaints().iter().map(|(span, message)| (*span, (*message).to_owned())));
    complaints.sort_by_key(|complaint| complaint.0);
    Script { list, documents: parser.tokens.documents, complaints }
}

/// Reads commands from tokens.
pub(super) struct Parser<'t> {
    pub(super) tokens: Tokens<'t>,
    pub(super) next: Option<Token>,
    pub(super) complaints: Vec<(Span, String)>,
    depth: u8,
    /// Offset behind the last token that was taken.
    last: u32,
}

/// How deep commands may nest.
const DEEPEST: u8 = 60;

/// Words that end a list when they stand where a command begins.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl Parser<'_> {
    pub(super) fn peek(&mut self) -> &Token {
        let tokens = &mut self.tokens;
        self.next.get_or_insert_with(|| tokens.next())
    }

    pub(super) fn take(&mut self) -> Token {
        let token = self.next.take().unwrap_or_else(|| self.tokens.next());
        if !matches!(token.kind, TokenKind::Newline | TokenKind::End) {
            self.last = token.span.end;
        }
        token
    }

    pub(super) fn peek_operator(&mut self) -> Option<&'static str> {
        match self.peek().kind {
            TokenKind::Operator(operator) => Some(operator),
            _ => None,
        }
    }

    pub(super) fn peek_bare(&mut self) -> Option<&str> {
        match &self.peek().kind {
            TokenKind::Word(word) => word.bare(),
            _ => None,
        }
    }

    /// Takes the next token if it is this word.
    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let is_it = self.peek_bare() == Some(keyword);
        if is_it {
            self.take();
        }
        is_it
    }

    pub(super) fn skip_newlines(&mut self) {
        while matches!(self.peek().kind, TokenKind::Newline) {
            self.take();
        }
    }

    /// Takes this word, or complains that what began at a place has none.
    pub(super) fn expect(&mut self, keyword: &str, opening: Span, opener: &str) -> bool {
        let is_there = self.eat(keyword);
        if !is_there {
            self.complaints.push((opening, format!("`{opener}` without `{keyword}`")));
        }
        is_there
    }

    /// Reads statements until a closing word or operator.
    fn list_until(&mut self, closers: &[&str], list: &mut List) {
        loop {
            let (operator, span) = (self.peek_operator(), self.peek().span);
            match operator {
                Some(";" | "&") => {
                    self.take();
                    continue;
                }
                Some("(") | None => {}
                Some(_) => return,
            }
            if matches!(self.peek().kind, TokenKind::End) {
                return;
            }
            let closer = self.peek_bare().and_then(|word| CLOSERS.iter().find(|closer| **closer == word));
            match closer {
                Some(_) if !closers.is_empty() => return,
                Some(closer) => {
                    self.complaints.push((span, format!("unexpected `{closer}`")));
                    self.take();
                }
                None if matches!(self.peek().kind, TokenKind::Newline) => {
                    self.take();
                }
                None => list.extend(self.statement()),
            }
        }
    }

    pub(super) fn list(&mut self, closers: &[&str]) -> List {
        let mut list = Vec::new();
        self.list_until(closers, &mut list);
        list
    }

    fn statement(&mut self) -> Option<Statement> {
        let mut pipelines = vec![(Join::Always, self.pipeline()?)];
        loop {
            let join = match self.peek_operator() {
                Some("&&") => Join::And,
                Some("||") => Join::Or,
                _ => break,
            };
            let operator = self.take();
            self.skip_newlines();
            match self.pipeline() {
                Some(pipeline) => pipelines.push((join, pipeline)),
                None => {
                    self.complaints.push((operator.span, "nothing follows this operator".to_owned()));
                    break;
                }
            }
        }
        Some(Statement { pipelines })
    }

    fn pipeline(&mut self) -> Option<Pipeline> {
        let mut negated = false;
        while self.eat("!") {
            negated = !negated;
        }
        let first = self.command()?;
        let mut span = first.span;
        let mut commands = vec![first];
        while matches!(self.peek_operator(), Some("|" | "|&")) {
            self.take();
            self.skip_newlines();
            let Some(command) = self.command() else { break };
            span = span.to(command.span);
            commands.push(command);
        }
        Some(Pipeline { negated, commands, span })
    }

    pub(super) fn command(&mut self) -> Option<Command> {
        if self.depth >= DEEPEST {
            let token = self.take();
            self.complaints.push((token.span, "commands nest too deeply here".to_owned()));
            return None;
        }
        self.depth += 1;
        let command = self.shallow_command();
        self.depth -= 1;
        command
    }

    fn shallow_command(&mut self) -> Option<Command> {
        let span = self.peek().span;
        let keyword = self.peek_bare().unwrap_or_default().to_owned();
        let kind = match keyword.as_str() {
            "if" => self.if_command(),
            "for" | "select" => self.for_command(&keyword),
            "while" | "until" => self.while_command(&keyword),
            "case" => self.case_command(),
            "function" => self.function_command(),
            "[[" => self.test_command(),
            "{" => {
                self.take();
                let list = self.list(&["}"]);
                self.expect("}", span, "{");
                Kind::Group(list)
            }
            _ if self.peek_operator() == Some("(") => self.parenthesis(),
            _ => return self.simple(),
        };
        let end = self.last;
        let mut redirects = Vec::new();
        while matches!(self.peek().kind, TokenKind::Redirect(_)) {
            if let TokenKind::Redirect(redirect) = self.take().kind {
                redirects.push(redirect);
            }
        }
        Some(Command { kind, redirects, span: Span { end: end.max(span.end), ..span } })
    }

    fn simple(&mut self) -> Option<Command> {
        let start = self.peek().span;
        let mut span = start;
        let (mut words, mut redirects): (Vec<Word>, Vec<Redirect>) = (Vec::new(), Vec::new());
        loop {
            match &self.peek().kind {
                TokenKind::Word(_) | TokenKind::Redirect(_) => {}
                TokenKind::Operator("(") if words.len() == 1 && redirects.is_empty() => {
                    let name = words[0].bare().unwrap_or_default().to_owned();
                    let kind = self.function_body(name);
                    let end = self.last;
                    return Some(Command { kind, redirects, span: Span { end: end.max(span.end), ..span } });
                }
                _ => break,
            }
            let token = self.take();
            match token.kind {
                TokenKind::Word(word) => {
                    span = span.to(word.span);
                    words.push(word);
                }
                TokenKind::Redirect(redirect) => redirects.push(redirect),
                _ => {}
            }
        }
        if words.is_empty() && redirects.is_empty() {
            return None;
        }
        Some(Command { kind: Kind::Simple(words), redirects, span })
    }
}

fn name_of(kind: &TokenKind) -> String {
    match kind {
        TokenKind::Word(word) => format!("`{}`", word.bare().unwrap_or("word")),
        TokenKind::Operator(operator) => format!("`{operator}`"),
        TokenKind::Redirect(redirect) => format!("`{}`", redirect.operator),
        TokenKind::Newline => "end of line".to_owned(),
        TokenKind::End => "end of file".to_owned(),
    }
}
