//! Statements that set something: marks, helpers, members of sets.

use crate::dialects::nft::ast::{
    Expression, ExpressionKind, SetOperation, StatefulKind, Statement, StatementKind,
};
use crate::dialects::nft::text::reader::{Reader, Result};
use crate::source::{Span, Spanned};

impl<'t> Reader<'t> {
    /// What something is set to: one value, or flags with commas between them.
    pub fn given(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let mut first = self.computed()?;
        // `1:2`, a class of traffic control.
        if self.cursor.eat(":") {
            self.computed()?;
            first = Expression::new(ExpressionKind::Unknown, self.cursor.since(start));
        }
        if self.cursor.peek() != Some(b',') {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.cursor.eat(",") {
            all.push(self.computed()?);
        }
        Ok(Expression::new(ExpressionKind::List(all.into()), self.cursor.since(start)))
    }

    /// `ct helper set "ftp"`; `None` for the match `ct helper "ftp"`.
    pub fn assigned(&mut self, kind: StatefulKind) -> Result<Option<StatementKind<'t>>> {
        self.cursor.word();
        if !self.cursor.eat_word("set") {
            return Ok(None);
        }
        Ok(Some(StatementKind::Stateful(kind, self.computed()?)))
    }

    /// `add @set { ip saddr limit rate 1/second }`, the first word taken.
    pub fn update(&mut self, word: &str) -> Result<StatementKind<'t>> {
        let operation = match word {
            "add" => SetOperation::Add,
            "update" => SetOperation::Update,
            _ => SetOperation::Delete,
        };
        self.cursor.skip_blanks();
        if !self.cursor.eat("@") {
            return Err(self.wanted("`@` and the name of a set"));
        }
        let Some(set) = self.cursor.name() else { return Err(self.wanted("the name of a set")) };
        let (element, statements) = self.one_element()?;
        Ok(StatementKind::Update { operation, set, element: Box::new(element), statements })
    }

    /// `set add ip saddr @set`, as nft before 0.9 has it, the first word taken.
    pub fn old_update(&mut self) -> Result<StatementKind<'t>> {
        let operation = match self.cursor.word().map(|word| word.value) {
            Some("add") => SetOperation::Add,
            Some("update") => SetOperation::Update,
            Some("delete") => SetOperation::Delete,
            _ => return Err(self.wanted("`add`, `update` or `delete`")),
        };
        let (element, statements) = self.element_parts()?;
        self.cursor.skip_blanks();
        if !self.cursor.eat("@") {
            return Err(self.wanted("`@` and the name of a set"));
        }
        let Some(set) = self.cursor.name() else { return Err(self.wanted("the name of a set")) };
        Ok(StatementKind::Update { operation, set, element: Box::new(element), statements })
    }

    /// `meter name { ip saddr limit rate 1/second }`, the first word taken.
    pub fn meter(&mut self) -> Result<StatementKind<'t>> {
        let start = self.cursor.end;
        let nameless = Spanned::new("".into(), Span { start: start as u32, ..self.cursor.since(start) });
        let name = match self.cursor.peek() {
            Some(b'{') => nameless,
            _ => self.cursor.name().unwrap_or(nameless),
        };
        if self.cursor.eat_word("size") {
            self.number::<u32>("a number")?;
        }
        let (element, statements) = self.one_element()?;
        Ok(StatementKind::Meter { name, element: Box::new(element), statements })
    }

    /// The member that a rule adds, in braces, and what is done for it.
    fn one_element(&mut self) -> Result<(crate::dialects::nft::ast::Element<'t>, Vec<Statement<'t>>)> {
        self.nested(|reader| {
            reader.need("{")?;
            reader.cursor.skip_lines();
            let parts = reader.element_parts()?;
            reader.cursor.skip_lines();
            reader.need("}")?;
            Ok(parts)
        })
    }
}
