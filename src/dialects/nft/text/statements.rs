//! Statements of rules.

mod amounts;
mod changes;
mod nat;
mod packets;

use std::borrow::Cow;

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{
    Comparison, ExpressionKind, Flags, Reject, StatefulKind, Statement, StatementKind, Target, Verdict,
};
use crate::source::Spanned;

/// The words that begin statements that are no matches.
pub(super) const KEYWORDS: [&str; 31] = [
    "accept",
    "drop",
    "continue",
    "return",
    "jump",
    "goto",
    "reject",
    "queue",
    "counter",
    "quota",
    "limit",
    "last",
    "log",
    "notrack",
    "snat",
    "dnat",
    "masquerade",
    "redirect",
    "tproxy",
    "dup",
    "fwd",
    "synproxy",
    "flow",
    "add",
    "update",
    "delete",
    "set",
    "meter",
    "reset",
    "xt",
    "comment",
];

impl<'t> Reader<'t> {
    /// One statement.
    pub fn statement(&mut self) -> Result<Statement<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let before = self.cursor;
        let word = match self.cursor.byte() {
            Some(byte) if byte.is_ascii_alphabetic() => self.cursor.word().map_or("", |word| word.value),
            _ => "",
        };
        let plain = self.plain_match(word, start);
        let kind = match plain.map_or_else(|| self.keyword(word), |kind| Ok(Some(kind)))? {
            Some(kind) => kind,
            None => {
                self.cursor = before;
                self.comparison()?
            }
        };
        Ok(Statement { kind, span: self.cursor.since(start) })
    }

    /// The statement that begins with a keyword, which has been taken; `None` if it is a match.
    fn keyword(&mut self, word: &str) -> Result<Option<StatementKind<'t>>> {
        use StatementKind::{Forward, Notrack, Passive};
        Ok(Some(match word {
            "accept" | "drop" | "continue" | "return" | "jump" | "goto" => {
                StatementKind::Verdict(self.verdict(word)?)
            }
            "reject" => StatementKind::Reject(self.reject()?),
            "queue" => self.queue()?,
            "counter" => self.counter()?,
            "quota" => self.quota()?,
            "limit" => self.limit()?,
            "last" => {
                if self.cursor.eat_word("used") {
                    self.cursor.word();
                }
                Passive("last")
            }
            "log" => self.log()?,
            "notrack" => Notrack,
            "snat" | "dnat" | "masquerade" | "redirect" => self.nat(word)?,
            "tproxy" => self.tproxy()?,
            "dup" => {
                self.send()?;
                Passive("dup")
            }
            "fwd" => {
                self.send()?;
                Forward
            }
            "synproxy" => self.synproxy()?,
            "flow" if self.cursor.eat_word("table") => self.meter()?,
            "flow" => {
                if !self.cursor.eat_word("add") && !self.cursor.eat_word("offload") {
                    return Err(self.wanted("`add`"));
                }
                self.cursor.skip_blanks();
                self.named()?;
                Passive("flow add")
            }
            "add" | "update" | "delete" => self.update(word)?,
            "set" => self.old_update()?,
            "meter" => self.meter()?,
            "reset" => {
                self.need_word("tcp")?;
                self.need_word("option")?;
                if self.cursor.word().is_none() {
                    return Err(self.wanted("an option"));
                }
                Passive("reset tcp option")
            }
            "xt" => {
                let (Some(kind), Some(name)) = (self.cursor.name(), self.cursor.name()) else {
                    return Err(self.wanted("the name of a match or target"));
                };
                StatementKind::Xt { kind, name }
            }
            "ct" => match self.cursor.peek_word() {
                Some("count") => self.ct_count()?,
                Some("helper") => return self.assigned(StatefulKind::CtHelper),
                Some("timeout") => return self.assigned(StatefulKind::CtTimeout),
                Some("expectation") => return self.assigned(StatefulKind::CtExpectation),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// A verdict, its first word taken.
    pub fn verdict(&mut self, word: &str) -> Result<Verdict<'t>> {
        Ok(match word {
            "accept" => Verdict::Accept,
            "drop" => Verdict::Drop,
            "continue" => Verdict::Continue,
            "return" => Verdict::Return,
            "jump" => Verdict::Jump(self.target()?),
            _ => Verdict::Goto(self.target()?),
        })
    }

    fn target(&mut self) -> Result<Target<'t>> {
        match self.cursor.peek() {
            Some(b'$') => {
                let variable = self.variable()?;
                Ok(match variable.resolved() {
                    ExpressionKind::Word(name) => Target::Chain(Spanned::new(name.clone(), variable.span)),
                    _ => Target::Unknown(variable.span),
                })
            }
            Some(b'{') => {
                let start = self.cursor.at;
                let rules = self.nested(|reader| reader.scoped(Self::rules_in_braces))?;
                Ok(Target::Rules(Spanned::new(rules.into(), self.cursor.since(start))))
            }
            _ => match self.cursor.name() {
                Some(name) => Ok(Target::Chain(name)),
                None => Err(self.wanted("the name of a chain")),
            },
        }
    }

    /// A match, a lookup in a map of verdicts, or something that is set.
    pub fn comparison(&mut self) -> Result<StatementKind<'t>> {
        let here = self.cursor.here();
        let left = self.concat(|reader| reader.arithmetic(&Self::looked_at))?;
        if let ExpressionKind::Word(word) = &left.kind {
            return Err(Mistake::not_among(here, "keyword", word, KEYWORDS.into_iter()));
        }
        if self.cursor.eat_word("vmap") {
            return Ok(StatementKind::VerdictMap(Box::new((left, self.map()?))));
        }
        if self.cursor.eat_word("set") {
            return Ok(StatementKind::Set(Box::new((left, self.given()?))));
        }
        let comparison = self.sign();
        // A comparison that is printed without its right side is none with the verdict behind it.
        let is_statement =
            |word| matches!(word, "accept" | "drop" | "return" | "jump" | "goto" | "counter" | "reject");
        if self.cursor.peek() != Some(b'"') && self.cursor.peek_word().is_some_and(is_statement) {
            return Err(self.wanted("what this is compared with"));
        }
        let right = self.list()?;
        if self.cursor.eat("/") {
            let negated = comparison == Comparison::NotEqual;
            let mask = self.list()?;
            return Ok(StatementKind::Flags(Box::new(Flags { left, negated, value: right, mask })));
        }
        Ok(StatementKind::Match { left, comparison, right })
    }

    /// What a match looks at: a selector, or constants of its arithmetic.
    fn looked_at(&mut self) -> Result<crate::dialects::nft::ast::Expression<'t>> {
        match self.cursor.peek() {
            Some(b'(') => self.parentheses(|reader| reader.arithmetic(&Self::looked_at)),
            Some(b'@') => self.selector(),
            Some(byte) if byte.is_ascii_alphabetic() && !self.is_constant() => self.selector(),
            Some(_) => self.constant(),
            None => Err(self.wanted("an expression")),
        }
    }

    /// Is a constant next, such as the `syn` of `tcp flags & (syn | ack)`?
    fn is_constant(&mut self) -> bool {
        let mut ahead = self.cursor;
        let Some(word) = ahead.word() else { return true };
        let is_flag = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"].contains(&word.value);
        let is_operand = matches!(ahead.peek(), Some(b'|' | b')' | b'^' | b'&' | b'<' | b'>' | b'=' | b'!'));
        let is_key = crate::dialects::nft::ast::Selector::unqualified(word.value).is_some();
        is_flag || is_operand && !is_key
    }

    fn sign(&mut self) -> Comparison {
        let signs = [
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("!", Comparison::NoneOf),
        ];
        let words = [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("le", Comparison::LessOrEqual),
            ("ge", Comparison::GreaterOrEqual),
            ("lt", Comparison::Less),
            ("gt", Comparison::Greater),
            ("not", Comparison::NoneOf),
        ];
        let found = match self.cursor.peek() {
            Some(b'=' | b'!' | b'<' | b'>') => signs.iter().find(|(sign, _)| self.cursor.eat(sign)),
            Some(b'e' | b'n' | b'l' | b'g') => words.iter().find(|(word, _)| self.cursor.eat_word(word)),
            _ => None,
        };
        found.map_or(Comparison::Implicit, |found| found.1)
    }

    fn reject(&mut self) -> Result<Option<Reject<'t>>> {
        if !self.cursor.eat_word("with") {
            return Ok(None);
        }
        let here = self.cursor.here();
        let word = self.cursor.word().map_or("", |word| word.value);
        if word == "tcp" {
            self.need_word("reset")?;
            return Ok(Some(Reject::TcpReset));
        }
        let with: fn(_) -> _ = match word {
            "icmp" => Reject::Icmp,
            "icmpv6" => Reject::Icmpv6,
            "icmpx" => Reject::Icmpx,
            _ => return Err(Mistake::new(here, "a reject answers with icmp, icmpv6, icmpx or tcp reset")),
        };
        self.cursor.eat_word("type");
        Ok(Some(with(self.constant()?)))
    }

    /// `comment "…"` at the end of a rule, chain, table or set, its keyword taken.
    pub fn comment(&mut self) -> Result<Spanned<Cow<'t, str>>> {
        match self.cursor.peek() {
            Some(b'$') => {
                let variable = self.variable()?;
                let text = match variable.resolved() {
                    ExpressionKind::Word(word) => word.clone(),
                    _ => Cow::Borrowed(""),
                };
                Ok(Spanned::new(text, variable.span))
            }
            _ => self.cursor.name().ok_or_else(|| self.wanted("the text of a comment")),
        }
    }
}
