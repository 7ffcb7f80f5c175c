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

struct Parser<'t> {
    tokens: Tokens<'t>,
    next: Option<Token>,
    complaints: Vec<(Span, String)>,
    depth: u8,
    /// Offset behind the last token that was taken.
    last: u32,
}

/// How deep commands may nest.
const DEEPEST: u8 = 60;

/// Words that end a list when they stand where a command begins.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl Parser<'_> {
    fn peek(&mut self) -> &Token {
        let tokens = &mut self.tokens;
        self.next.get_or_insert_with(|| tokens.next())
    }

    fn take(&mut self) -> Token {
        let token = self.next.take().unwrap_or_else(|| self.tokens.next());
        if !matches!(token.kind, TokenKind::Newline | TokenKind::End) {
            self.last = token.span.end;
        }
        token
    }

    fn peek_operator(&mut self) -> Option<&'static str> {
        match self.peek().kind {
            TokenKind::Operator(operator) => Some(operator),
            _ => None,
        }
    }

    fn peek_bare(&mut self) -> Option<&str> {
        match &self.peek().kind {
            TokenKind::Word(word) => word.bare(),
            _ => None,
        }
    }

    /// Takes the next token if it is this word.
    fn eat(&mut self, keyword: &str) -> bool {
        let is_it = self.peek_bare() == Some(keyword);
        if is_it {
            self.take();
        }
        is_it
    }

    fn skip_newlines(&mut self) {
        while matches!(self.peek().kind, TokenKind::Newline) {
            self.take();
        }
    }

    /// Takes this word, or complains that what began at a place has none.
    fn expect(&mut self, keyword: &str, opening: Span, opener: &str) -> bool {
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

    fn list(&mut self, closers: &[&str]) -> List {
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

    fn command(&mut self) -> Option<Command> {
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

    fn parenthesis(&mut self) -> Kind {
        let opening = self.take().span;
        if self.next.is_none() && self.tokens.is_next(b'(') {
            self.tokens.skip_arithmetic();
            return Kind::Arithmetic(Vec::new());
        }
        let list = self.list(&[")"]);
        match self.peek_operator() {
            Some(")") => {
                self.take();
            }
            _ => self.complaints.push((opening, "`(` without `)`".to_owned())),
        }
        Kind::Subshell(list)
    }

    fn if_command(&mut self) -> Kind {
        let opening = self.take().span;
        let mut arms = Vec::new();
        let mut otherwise = Vec::new();
        loop {
            let condition = self.list(&["then"]);
            if !self.expect("then", opening, "if") {
                return Kind::If { arms, otherwise };
            }
            let body = self.list(&["elif", "else", "fi"]);
            arms.push((condition, body));
            if self.eat("elif") {
                continue;
            }
            if self.eat("else") {
                otherwise = self.list(&["fi"]);
            }
            self.expect("fi", opening, "if");
            return Kind::If { arms, otherwise };
        }
    }

    fn for_command(&mut self, keyword: &str) -> Kind {
        let opening = self.take().span;
        if self.peek_operator() == Some("(") {
            self.take();
            self.tokens.skip_arithmetic();
            return Kind::Arithmetic(self.do_group(opening, keyword));
        }
        let name = self.peek_bare().unwrap_or_default().to_owned();
        self.take();
        self.skip_newlines();
        let words = self.eat("in").then(|| self.words());
        while matches!(self.peek().kind, TokenKind::Operator(";") | TokenKind::Newline) {
            self.take();
        }
        let body = self.do_group(opening, keyword);
        Kind::For { name, words, body }
    }

    fn while_command(&mut self, keyword: &str) -> Kind {
        let opening = self.take().span;
        let condition = self.list(&["do"]);
        let body = self.do_group(opening, keyword);
        Kind::While { until: keyword == "until", condition, body }
    }

    fn do_group(&mut self, opening: Span, keyword: &str) -> List {
        while matches!(self.peek().kind, TokenKind::Operator(";") | TokenKind::Newline) {
            self.take();
        }
        if !self.expect("do", opening, keyword) {
            return Vec::new();
        }
        let body = self.list(&["done"]);
        self.expect("done", opening, keyword);
        body
    }

    fn words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        while let TokenKind::Word(_) = self.peek().kind {
            if let TokenKind::Word(word) = self.take().kind {
                words.push(word);
            }
        }
        words
    }

    fn case_command(&mut self) -> Kind {
        let opening = self.take().span;
        let subject = match self.take() {
            Token { kind: TokenKind::Word(word), .. } => word,
            token => Word { span: token.span, parts: Vec::new() },
        };
        self.skip_newlines();
        let mut arms = Vec::new();
        if !self.expect("in", opening, "case") {
            return Kind::Case { subject, arms };
        }
        loop {
            self.skip_newlines();
            if self.eat("esac") {
                break;
            }
            if self.peek_operator() == Some("(") {
                self.take();
            }
            let mut patterns = self.words();
            while self.peek_operator() == Some("|") {
                self.take();
                patterns.extend(self.words());
            }
            if patterns.is_empty() || self.peek_operator() != Some(")") {
                self.complaints.push((opening, "`case` without `esac`".to_owned()));
                break;
            }
            self.take();
            let body = self.list(&["esac"]);
            arms.push((patterns, body));
            if matches!(self.peek_operator(), Some(";;" | ";&" | ";;&")) {
                self.take();
            }
        }
        Kind::Case { subject, arms }
    }

    fn function_command(&mut self) -> Kind {
        self.take();
        let name = self.peek_bare().unwrap_or_default().to_owned();
        self.take();
        self.function_body(name)
    }

    fn function_body(&mut self, name: String) -> Kind {
        let opening = self.peek().span;
        if self.peek_operator() == Some("(") {
            self.take();
            if self.peek_operator() == Some(")") {
                self.take();
            }
        }
        self.skip_newlines();
        match self.command() {
            Some(body) => Kind::Function { name, body: Box::new(body) },
            None => {
                self.complaints.push((opening, "a function without a body".to_owned()));
                Kind::Group(Vec::new())
            }
        }
    }

    fn test_command(&mut self) -> Kind {
        let opening = self.take().span;
        let mut words = Vec::new();
        loop {
            let token = self.peek();
            let span = token.span;
            match &token.kind {
                TokenKind::Word(word) if word.bare() == Some("]]") => {
                    self.take();
                    return Kind::Test(words);
                }
                TokenKind::End => {
                    self.complaints.push((opening, "`[[` without `]]`".to_owned()));
                    return Kind::Test(words);
                }
                TokenKind::Word(word) => words.push(word.clone()),
                TokenKind::Operator(operator) => words.push(Word::text(operator, span)),
                TokenKind::Redirect(redirect) => {
                    words.push(Word::text(redirect.operator, span));
                    words.push(redirect.target.clone());
                }
                TokenKind::Newline => {}
            }
            self.take();
        }
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
