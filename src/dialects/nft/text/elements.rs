//! Members of sets and maps.

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{Element, Expression, ExpressionKind, Statement};

impl<'t> Reader<'t> {
    /// A set in braces.
    pub fn set(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let elements = self.nested(Self::elements)?;
        Ok(Expression::new(ExpressionKind::Set(elements.into()), self.cursor.since(start)))
    }

    /// Members in braces. One that is wrong is told of and kept as unknown; none of them ends the set early.
    pub fn elements(&mut self) -> Result<Vec<Element<'t>>> {
        let open = self.cursor.here();
        self.need("{")?;
        let mut elements = Vec::new();
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat("}") {
                return Ok(elements);
            }
            if self.cursor.byte().is_none() {
                return Err(Mistake::new(open, "this `{` is never closed"));
            }
            let start = self.cursor.at;
            match self.element() {
                Ok(element) => elements.push(element),
                Err(mistake) => {
                    self.tell(mistake);
                    while !matches!(self.cursor.peek(), None | Some(b',' | b'}' | b'\n')) {
                        self.cursor.skip_token();
                    }
                    let span = self.cursor.since(start);
                    let key = Expression::new(ExpressionKind::Unknown, span);
                    elements.push(Element { key, value: None, timeout: false, span });
                }
            }
            if self.cursor.eat_on_lines("}") {
                return Ok(elements);
            }
            if self.cursor.eat_on_lines(",") {
                continue;
            }
            let before = self.cursor;
            let mistake = self.wanted("`,` or `}`");
            while !matches!(self.cursor.peek(), None | Some(b',' | b'}' | b'\n' | b';')) {
                self.cursor.skip_token();
            }
            if !matches!(self.cursor.byte(), Some(b',' | b'}')) {
                // What follows is no member any more.
                self.cursor = before;
                return Err(Mistake::new(open, "this `{` is not closed before the end of the line"));
            }
            self.tell(mistake);
            self.cursor.eat(",");
        }
    }

    /// One member: key, options, and in a map its value.
    fn element(&mut self) -> Result<Element<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let key = self.concat(Self::range)?;
        let (mut timeout, _) = self.options()?;
        let mut value = None;
        if self.cursor.eat_on_lines(":") {
            self.cursor.skip_lines();
            value = Some(self.element_value()?);
            timeout |= self.options()?.0;
        }
        Ok(Element { key, value, timeout, span: self.cursor.since(start) })
    }

    /// What a member of a map leads to.
    fn element_value(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let before = self.cursor;
        match self.cursor.word().map_or("", |word| word.value) {
            word @ ("accept" | "drop" | "continue" | "return" | "jump" | "goto")
                if !self.cursor.text(start).starts_with('"') =>
            {
                let kind = ExpressionKind::Verdict(Box::new(self.verdict(word)?));
                Ok(Expression::new(kind, self.cursor.since(start)))
            }
            _ => {
                self.cursor = before;
                self.concat(Self::range)
            }
        }
    }

    /// The member that a rule adds to a set: what is looked at, and what is done for it.
    pub fn element_parts(&mut self) -> Result<(Element<'t>, Vec<Statement<'t>>)> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let key = self.computed()?;
        let (mut timeout, mut statements) = self.options()?;
        let mut value = None;
        if self.cursor.eat(":") {
            value = Some(self.computed()?);
            let (more, others) = self.options()?;
            timeout |= more;
            statements.extend(others);
        }
        Ok((Element { key, value, timeout, span: self.cursor.since(start) }, statements))
    }

    /// `timeout 1h expires 59m comment "x" counter packets 0 bytes 0`. Has it a time to go?
    fn options(&mut self) -> Result<(bool, Vec<Statement<'t>>)> {
        let mut timeout = false;
        let mut statements = Vec::new();
        loop {
            match self.cursor.peek_word() {
                Some(word @ ("timeout" | "expires")) => {
                    self.cursor.word();
                    self.constant()?;
                    timeout |= word == "timeout";
                }
                Some("comment") => {
                    self.cursor.word();
                    self.comment()?;
                }
                Some("counter" | "quota" | "limit" | "last") => statements.push(self.statement()?),
                Some("ct") => statements.push(self.statement()?),
                _ => return Ok((timeout, statements)),
            }
        }
    }
}
