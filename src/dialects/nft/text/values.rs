//! Right-hand sides: constants, ranges, prefixes, lists, sets, and arithmetic of constants.

use std::borrow::Cow;

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{Binary, Expression, ExpressionKind, Selector};

/// How many operands signs of one level may join.
const MOST_OPERANDS: usize = 64;

impl<'t> Reader<'t> {
    /// A value, or several with commas between them.
    pub fn list(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let first = self.value()?;
        if self.cursor.peek() != Some(b',') {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.cursor.eat(",") {
            self.cursor.skip_lines();
            all.push(self.value()?);
        }
        Ok(Expression::new(ExpressionKind::List(all.into()), self.cursor.since(start)))
    }

    /// A value of a match: a set, or constants with dots between them.
    pub fn value(&mut self) -> Result<Expression<'t>> {
        if self.cursor.peek() == Some(b'{') {
            return self.set();
        }
        self.concat(Self::range)
    }

    /// `a . b`, each read in the same way.
    pub fn concat(&mut self, part: impl Fn(&mut Self) -> Result<Expression<'t>>) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let first = part(self)?;
        if !self.is_dot() {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.is_dot() {
            self.cursor.eat(".");
            self.cursor.skip_lines();
            parts.push(part(self)?);
        }
        Ok(Expression::new(ExpressionKind::Concat(parts.into()), self.cursor.since(start)))
    }

    fn is_dot(&mut self) -> bool {
        self.cursor.peek() == Some(b'.')
    }

    /// `a`, `a-b` or `a/length`.
    pub fn range(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let first = self.arithmetic(&Self::constant)?;
        let before = self.cursor;
        if self.cursor.eat("-") {
            let last = self.arithmetic(&Self::constant)?;
            let ends = Box::new((first, last));
            return Ok(Expression::new(ExpressionKind::Range(ends), self.cursor.since(start)));
        }
        if self.cursor.eat("/") {
            // Behind flags stands a mask, not a length.
            let length = self.cursor.word().and_then(|word| word.value.parse().ok());
            let Some(length) = length else {
                self.cursor = before;
                return Ok(first);
            };
            let kind = ExpressionKind::Prefix(Box::new(first), length);
            return Ok(Expression::new(kind, self.cursor.since(start)));
        }
        Ok(first)
    }

    /// Operands with `|`, `^`, `&`, `<<` and `>>` between them; the later in this list, the closer.
    pub fn arithmetic(
        &mut self,
        operand: &impl Fn(&mut Self) -> Result<Expression<'t>>,
    ) -> Result<Expression<'t>> {
        self.operands(0, operand)
    }

    /// Operands that are joined by signs as close as this, or closer.
    fn operands(
        &mut self,
        closest: u8,
        operand: &impl Fn(&mut Self) -> Result<Expression<'t>>,
    ) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let mut left = operand(self)?;
        let mut operands = 1;
        while let Some((level, operator)) = self.operator(closest) {
            operands += 1;
            // Each makes the tree one deeper, and whoever walks the tree goes as deep.
            if operands > MOST_OPERANDS {
                return Err(Mistake::new(self.cursor.here(), "these are too many operands"));
            }
            let right = self.operands(level + 1, operand)?;
            let kind = ExpressionKind::Binary(operator, Box::new((left, right)));
            left = Expression::new(kind, self.cursor.since(start));
        }
        Ok(left)
    }

    /// Takes the sign of an operation if one is next that joins as closely as this, or more closely.
    fn operator(&mut self, closest: u8) -> Option<(u8, Binary)> {
        use Binary::{And, Or, ShiftLeft, ShiftRight, Xor};
        const SIGNS: [(&str, u8, Binary); 10] = [
            ("|", 0, Or),
            ("or", 0, Or),
            ("^", 1, Xor),
            ("xor", 1, Xor),
            ("&", 2, And),
            ("and", 2, And),
            ("<<", 3, ShiftLeft),
            (">>", 3, ShiftRight),
            ("lshift", 3, ShiftLeft),
            ("rshift", 3, ShiftRight),
        ];
        let next = self.cursor.peek()?;
        let may_be = |sign: &str| sign.as_bytes()[0] == next;
        let found =
            SIGNS.iter().filter(|(sign, level, _)| *level >= closest && may_be(sign)).find(|(sign, ..)| {
                match next.is_ascii_alphabetic() {
                    true => self.cursor.eat_word(sign),
                    false => self.cursor.eat(sign),
                }
            });
        found.map(|(_, level, operator)| (*level, *operator))
    }

    /// One constant, variable, named set, or a value in parentheses.
    pub fn constant(&mut self) -> Result<Expression<'t>> {
        match self.cursor.peek() {
            Some(b'$') => self.variable(),
            Some(b'@') => self.named(),
            Some(b'(') => self.parentheses(Self::range),
            Some(b'[') => self.bracketed(),
            Some(b'{') => self.set(),
            Some(b'-') => self.negative(),
            Some(b'*') => {
                let span = self.cursor.here();
                self.cursor.eat("*");
                Ok(Expression::new(ExpressionKind::Any, span))
            }
            _ => match self.cursor.word() {
                Some(word) => {
                    let kind = ExpressionKind::Word(Cow::Borrowed(word.value));
                    Ok(Expression::new(kind, word.span))
                }
                None => Err(self.wanted("a value")),
            },
        }
    }

    /// `(…)`.
    pub fn parentheses(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Expression<'t>>,
    ) -> Result<Expression<'t>> {
        self.nested(|reader| {
            reader.need("(")?;
            let inner = inner(reader)?;
            reader.need(")")?;
            Ok(inner)
        })
    }

    /// `[fe80::1]`, as addresses with a port stand.
    fn bracketed(&mut self) -> Result<Expression<'t>> {
        self.need("[")?;
        let Some(word) = self.cursor.word() else { return Err(self.wanted("an address")) };
        self.need("]")?;
        Ok(Expression::new(ExpressionKind::Word(Cow::Borrowed(word.value)), word.span))
    }

    /// A number below zero, as only priorities are.
    fn negative(&mut self) -> Result<Expression<'t>> {
        let start = self.cursor.at;
        self.cursor.eat("-");
        let Some(word) = self.cursor.word() else { return Err(self.wanted("a number")) };
        let kind = ExpressionKind::Word(Cow::Owned(format!("-{}", word.value)));
        Ok(Expression::new(kind, self.cursor.since(start)))
    }

    /// `@NAME`.
    pub fn named(&mut self) -> Result<Expression<'t>> {
        let start = self.cursor.at;
        self.cursor.eat("@");
        if self.cursor.peek() == Some(b'$') {
            return self.variable();
        }
        let Some(word) = self.cursor.word() else { return Err(self.wanted("the name of a set")) };
        let kind = ExpressionKind::Named(Cow::Borrowed(word.value));
        Ok(Expression::new(kind, self.cursor.since(start)))
    }

    /// What a statement gives something: values, and what can be looked at in the packet.
    pub fn computed(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        if self.cursor.byte() == Some(b'{') {
            return self.set();
        }
        let key = self.concat(Self::computed_part)?;
        self.mapped(key, start)
    }

    /// What an expression leads to in a map, if one follows.
    pub fn mapped(&mut self, key: Expression<'t>, start: usize) -> Result<Expression<'t>> {
        if !self.cursor.eat_word("map") {
            return Ok(key);
        }
        let map = self.map()?;
        Ok(Expression::new(ExpressionKind::Map(Box::new((key, map))), self.cursor.since(start)))
    }

    /// A map: in braces, by name, or by variable.
    pub fn map(&mut self) -> Result<Expression<'t>> {
        match self.cursor.peek() {
            Some(b'{') => self.set(),
            Some(b'@') => self.named(),
            Some(b'$') => self.variable(),
            _ => Err(self.wanted("a map")),
        }
    }

    fn computed_part(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let first = self.arithmetic(&Self::computed_operand)?;
        if self.cursor.eat("-") {
            let last = self.arithmetic(&Self::computed_operand)?;
            let ends = Box::new((first, last));
            return Ok(Expression::new(ExpressionKind::Range(ends), self.cursor.since(start)));
        }
        if self.cursor.eat("/") {
            let length = self.cursor.word().and_then(|word| word.value.parse().ok());
            let Some(length) = length else { return Err(self.wanted("the length of a prefix")) };
            let kind = ExpressionKind::Prefix(Box::new(first), length);
            return Ok(Expression::new(kind, self.cursor.since(start)));
        }
        Ok(first)
    }

    fn computed_operand(&mut self) -> Result<Expression<'t>> {
        match self.cursor.peek() {
            Some(b'(') => self.parentheses(|reader| reader.arithmetic(&Self::computed_operand)),
            Some(b'@') if !self.is_payload() => self.named(),
            Some(b'@') => self.selector(),
            Some(byte) if byte.is_ascii_alphabetic() && self.begins_selector() => self.selector(),
            _ => self.constant(),
        }
    }

    /// Does something begin here that looks at the packet, rather than a constant of the same name?
    fn begins_selector(&mut self) -> bool {
        let mut ahead = self.cursor;
        let (Some(first), second) = (ahead.word(), ahead.peek_word()) else { return false };
        let second = second.unwrap_or("");
        match first.value {
            "meta" | "ct" | "fib" | "numgen" | "jhash" | "symhash" | "socket" | "osf" | "ipsec" | "rt"
            | "exthdr" => true,
            "ip" | "tcp" | "dccp" | "sctp" if matches!(second, "option" | "chunk") => true,
            name => {
                Selector::find(name, second).is_some()
                    || Selector::unqualified(name).is_some()
                    || (name == "arp" && matches!(second, "saddr" | "daddr"))
            }
        }
    }

    /// A whole number.
    pub fn number<N: std::str::FromStr>(&mut self, what: &str) -> Result<N> {
        let before = self.cursor;
        let word = self.cursor.word();
        match word.and_then(|word| word.value.parse().ok()) {
            Some(number) => Ok(number),
            None => {
                self.cursor = before;
                Err(match word {
                    Some(word) => Mistake::new(word.span, format!("`{}` is not {what}", word.value)),
                    None => self.wanted(what),
                })
            }
        }
    }
}
