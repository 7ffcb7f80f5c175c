//! Commands that hold others: `if`, `for`, `case`, functions.

use super::syntax::Parser;
use super::tokens::{Token, TokenKind};
use super::tree::{Kind, List};
use crate::dialects::iptables::words::Word;
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn parenthesis(&mut self) -> Kind {
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

    pub(super) fn if_command(&mut self) -> Kind {
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

    pub(super) fn for_command(&mut self, keyword: &str) -> Kind {
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

    pub(super) fn while_command(&mut self, keyword: &str) -> Kind {
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

    pub(super) fn case_command(&mut self) -> Kind {
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

    pub(super) fn function_command(&mut self) -> Kind {
        self.take();
        let name = self.peek_bare().unwrap_or_default().to_owned();
        self.take();
        self.function_body(name)
    }

    pub(super) fn function_body(&mut self, name: String) -> Kind {
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

    pub(super) fn test_command(&mut self) -> Kind {
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
}
