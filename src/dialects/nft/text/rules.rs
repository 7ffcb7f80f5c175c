//! Rules: statements in a row.

use super::reader::{Reader, Result};
use super::statements::KEYWORDS;
use crate::dialects::nft::ast::{Rule, Statement, StatementKind};

impl<'t> Reader<'t> {
    /// One rule, to the end of its statement. What is not understood stands in it as unknown.
    pub fn rule(&mut self) -> Rule<'t> {
        let mut rule = self.passing_rule();
        rule.statements.shrink_to_fit();
        rule
    }

    /// The same for a rule that is not kept for long: its list has room to spare, and may be had from one before.
    pub fn passing_rule(&mut self) -> Rule<'t> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        self.cursor.end = start;
        let mut statements = std::mem::take(&mut self.spare);
        let mut comment = None;
        while !self.cursor.is_end() {
            let here = self.cursor.at;
            let read = match self.cursor.eat_word("comment") {
                true => self.comment().map(|text| comment = Some(Box::new(text))),
                false => self.statement().map(|statement| statements.push(statement)),
            };
            if let Err(mistake) = read {
                self.tell(mistake);
                self.skip_unknown(here);
                statements.push(Statement { kind: StatementKind::Unknown, span: self.cursor.since(here) });
            }
        }
        Rule { statements, comment, handle: None, span: self.cursor.since(start) }
    }

    /// Goes from a statement that is not understood to the next that may be: to a keyword that decides.
    fn skip_unknown(&mut self, start: usize) {
        if self.cursor.at == start {
            self.cursor.skip_token();
        }
        while !self.cursor.is_end() {
            if self.cursor.peek_word().is_some_and(|word| KEYWORDS.contains(&word) && word != "set") {
                break;
            }
            self.cursor.skip_token();
        }
    }

    /// `{ rules }`, as a jump may have them.
    pub fn rules_in_braces(&mut self) -> Result<Vec<Rule<'t>>> {
        self.need("{")?;
        let mut rules = Vec::new();
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(";") {
                continue;
            }
            if self.cursor.eat("}") {
                return Ok(rules);
            }
            if self.cursor.byte().is_none() {
                return Err(self.wanted("`}`"));
            }
            rules.push(self.rule());
        }
    }
}
