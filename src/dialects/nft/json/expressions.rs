//! Expressions: values, and what is made of them.

use std::borrow::Cow;

use super::reader::{Read, Reader};
use crate::dialects::nft::ast::{Binary, Expression, ExpressionKind, Target, Verdict};
use crate::tree::{Kind, Node};

/// How many operands one operator may have; beyond it a text is an attack on the stack.
const MOST_OPERANDS: usize = 64;

impl Reader {
    /// An expression; what is not understood of it stands as unknown.
    pub fn expression<'t>(&mut self, node: &Node<'t>) -> Expression<'t> {
        let kind = self.expression_kind(node).unwrap_or(ExpressionKind::Unknown);
        Expression::new(kind, node.span)
    }

    /// The expression of a key, which must be there.
    pub fn need_expression<'t>(&mut self, node: &Node<'t>, key: &str) -> Read<Expression<'t>> {
        let value = self.need(node, key)?;
        Ok(self.expression(value))
    }

    fn expression_kind<'t>(&mut self, node: &Node<'t>) -> Read<ExpressionKind<'t>> {
        Ok(match &node.kind {
            Kind::Text(word) => self::word(word),
            Kind::Number(number) => ExpressionKind::Word((*number).into()),
            Kind::Bool(true) => ExpressionKind::Word("exists".into()),
            Kind::Bool(false) => ExpressionKind::Word("missing".into()),
            Kind::List(parts) => ExpressionKind::List(self.expressions(parts)),
            Kind::Map(_) => {
                let (key, value) = self.one(node)?;
                self.keyed(key, value)?
            }
            Kind::Null => return Err(self.wrong(node.span, "an expression is missing")),
        })
    }

    fn expressions<'t>(&mut self, nodes: &[Node<'t>]) -> Box<[Expression<'t>]> {
        nodes.iter().map(|node| self.expression(node)).collect()
    }

    /// `{ key: value }`.
    fn keyed<'t>(&mut self, key: &Node<'t>, value: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let word = key.text().unwrap_or_default();
        Ok(match word {
            "concat" => ExpressionKind::Concat(self.expressions(value.items())),
            "set" => ExpressionKind::Set(self.elements(value).into()),
            "map" => ExpressionKind::Map(Box::new((
                self.need_expression(value, "key")?,
                self.need_expression(value, "data")?,
            ))),
            "prefix" => {
                let address = self.need_expression(value, "addr")?;
                ExpressionKind::Prefix(Box::new(address), self.need_number(value, "len")?)
            }
            "range" => match value.items() {
                [first, last] => {
                    ExpressionKind::Range(Box::new((self.expression(first), self.expression(last))))
                }
                _ => return Err(self.wrong(value.span, "a range has two ends")),
            },
            "elem" => {
                let inner = self.need(value, "val")?;
                self.expression_kind(inner)?
            }
            "|" => self.binary(Binary::Or, value)?,
            "^" => self.binary(Binary::Xor, value)?,
            "&" => self.binary(Binary::And, value)?,
            "<<" => self.binary(Binary::ShiftLeft, value)?,
            ">>" => self.binary(Binary::ShiftRight, value)?,
            _ => match self.verdict(word, value)? {
                Some(verdict) => ExpressionKind::Verdict(Box::new(verdict)),
                None => self.selector(key, value)?,
            },
        })
    }

    /// Two operands; newer versions write more, of which the first are closest.
    fn binary<'t>(&mut self, operator: Binary, operands: &Node<'t>) -> Read<ExpressionKind<'t>> {
        let all = operands.items();
        let ([first, second, rest @ ..], true) = (all, all.len() <= MOST_OPERANDS) else {
            let message = format!("`{}` has two operands, and {MOST_OPERANDS} at most", operator.sign());
            return Err(self.wrong(operands.span, message));
        };
        let mut made =
            ExpressionKind::Binary(operator, Box::new((self.expression(first), self.expression(second))));
        for operand in rest {
            let left = Expression::new(made, operands.span);
            made = ExpressionKind::Binary(operator, Box::new((left, self.expression(operand))));
        }
        Ok(made)
    }

    /// The verdict of a word; `None` if it is none.
    pub fn verdict<'t>(&mut self, word: &str, value: &Node<'t>) -> Read<Option<Verdict<'t>>> {
        Ok(Some(match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(Target::Chain(self.need_name(value, "target")?)),
            "goto" => Verdict::Goto(Target::Chain(self.need_name(value, "target")?)),
            _ => return Ok(None),
        }))
    }
}

/// A constant; `@name` is a set, `*` all else.
fn word<'t>(word: &Cow<'t, str>) -> ExpressionKind<'t> {
    match word {
        _ if word == "*" => ExpressionKind::Any,
        Cow::Borrowed(text) => match text.strip_prefix('@') {
            Some(name) => ExpressionKind::Named(name.into()),
            None => ExpressionKind::Word(word.clone()),
        },
        Cow::Owned(text) => match text.strip_prefix('@') {
            Some(name) => ExpressionKind::Named(name.to_string().into()),
            None => ExpressionKind::Word(word.clone()),
        },
    }
}
