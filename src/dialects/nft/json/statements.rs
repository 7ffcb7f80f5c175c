//! Statements of rules.

use std::borrow::Cow;

use super::reader::{Read, Reader, Unread, one_or_many};
use crate::dialects::nft::ast::{
    Comparison, Element, Expression, ExpressionKind, Family, NatKind, Reject, SetOperation, StatefulKind,
    Statement, StatementKind, TranslatedTo,
};
use crate::source::Spanned;
use crate::tree::{Kind, Node};

/// What the object of a statement may be called.
const KEYS: [&str; 37] = [
    "accept",
    "drop",
    "continue",
    "return",
    "jump",
    "goto",
    "match",
    "counter",
    "mangle",
    "quota",
    "limit",
    "fwd",
    "notrack",
    "dup",
    "snat",
    "dnat",
    "masquerade",
    "redirect",
    "reject",
    "set",
    "map",
    "log",
    "ct helper",
    "ct timeout",
    "ct expectation",
    "ct count",
    "meter",
    "queue",
    "vmap",
    "xt",
    "flow",
    "tproxy",
    "synproxy",
    "secmark",
    "tunnel",
    "last",
    "reset",
];

impl Reader {
    /// Statements in a row, or the one that stands for them.
    pub fn statements<'t>(&mut self, node: &Node<'t>) -> Vec<Statement<'t>> {
        one_or_many(node).iter().map(|node| self.statement(node)).collect()
    }

    fn statement<'t>(&mut self, node: &Node<'t>) -> Statement<'t> {
        let kind = self.one(node).and_then(|(key, value)| self.statement_kind(key, value));
        Statement { kind: kind.unwrap_or(StatementKind::Unknown), span: node.span }
    }

    fn statement_kind<'t>(&mut self, key: &Node<'t>, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let word = key.text().unwrap_or_default();
        if let Some(verdict) = self.verdict(word, value)? {
            return Ok(StatementKind::Verdict(verdict));
        }
        // Names of objects stand in the place of what the statement would say itself.
        if let Some(kind) = StatefulKind::from_name(word) {
            let is_always_named = !matches!(word, "counter" | "quota" | "limit" | "synproxy");
            if is_always_named || is_reference(value) {
                return Ok(StatementKind::Stateful(kind, self.expression(value)));
            }
        }
        Ok(match word {
            "match" => self.comparison(value)?,
            "vmap" => StatementKind::VerdictMap(Box::new((
                self.need_expression(value, "key")?,
                self.need_expression(value, "data")?,
            ))),
            "reject" => StatementKind::Reject(self.reject(value)?),
            "mangle" => self.mangle(value)?,
            "snat" => self.nat(NatKind::Snat, value)?,
            "dnat" => self.nat(NatKind::Dnat, value)?,
            "masquerade" => self.nat(NatKind::Masquerade, value)?,
            "redirect" => self.nat(NatKind::Redirect, value)?,
            "tproxy" => StatementKind::Tproxy,
            "notrack" => StatementKind::Notrack,
            "queue" => {
                StatementKind::Queue { bypass: self.flags(value).iter().any(|flag| flag.value == "bypass") }
            }
            "set" | "map" => self.update(word, value)?,
            "meter" => self.meter(value)?,
            "limit" => self.limit(value)?,
            "quota" => self.quota(value)?,
            "ct count" => self.ct_count(value)?,
            "counter" => StatementKind::Passive("counter"),
            "log" => StatementKind::Passive("log"),
            "last" => StatementKind::Passive("last"),
            "dup" => StatementKind::Passive("dup"),
            "flow" => StatementKind::Passive("flow add"),
            "reset" => StatementKind::Passive("reset tcp option"),
            "fwd" => StatementKind::Forward,
            "synproxy" => StatementKind::Synproxy,
            "xt" => self.xtables(value)?,
            _ => return Err(self.unknown(key, "statement", KEYS.into_iter())),
        })
    }

    fn comparison<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let sign = self.need(value, "op")?;
        let comparison = match sign.text() {
            Some("in") => Comparison::Implicit,
            Some("==") => Comparison::Equal,
            Some("!=") => Comparison::NotEqual,
            Some("<") => Comparison::Less,
            Some("<=") => Comparison::LessOrEqual,
            Some(">") => Comparison::Greater,
            Some(">=") => Comparison::GreaterOrEqual,
            Some("!") => Comparison::NoneOf,
            _ => return Err(self.unknown(sign, "comparison", ["==", "!=", "in"].into_iter())),
        };
        let left = self.need_expression(value, "left")?;
        Ok(StatementKind::Match { left, comparison, right: self.need_expression(value, "right")? })
    }

    /// Something that is set. What is not known may be anything.
    fn mangle<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let key = self.need_expression(value, "key")?;
        match key.kind {
            ExpressionKind::Unknown => Err(Unread),
            _ => Ok(StatementKind::Set(Box::new((key, self.need_expression(value, "value")?)))),
        }
    }

    fn reject<'t>(&mut self, value: &Node<'t>) -> Read<Option<Reject<'t>>> {
        let Some(kind) = value.get("type") else { return Ok(None) };
        let code = match value.get("expr") {
            Some(code) => self.expression(code),
            None => Expression::new(ExpressionKind::Word("port-unreachable".into()), kind.span),
        };
        Ok(Some(match kind.text() {
            Some("tcp reset") => Reject::TcpReset,
            Some("icmp") => Reject::Icmp(code),
            Some("icmpv6") => Reject::Icmpv6(code),
            Some("icmpx") => Reject::Icmpx(code),
            _ => {
                let names = ["tcp reset", "icmp", "icmpv6", "icmpx"];
                return Err(self.unknown(kind, "answer of a reject", names.into_iter()));
            }
        }))
    }

    fn nat<'t>(&mut self, kind: NatKind, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let family = match value.get("family") {
            None => None,
            Some(node) => match node.text().and_then(Family::from_name) {
                Some(family) => Some(family),
                None => return Err(self.unknown(node, "family", ["ip", "ip6"].into_iter())),
            },
        };
        let address = value.get("addr").map(|address| self.expression(address));
        let port = value.get("port").map(|port| self.expression(port));
        let is_told = matches!(kind, NatKind::Snat | NatKind::Dnat) || address.is_some() || port.is_some();
        let to = is_told.then(|| Box::new(TranslatedTo { address, port }));
        // Of what says how values are meant, only `prefix` changes what packets become.
        let mut flags = super::reader::names(value.get("type_flags"));
        flags.retain(|flag| flag.value == "prefix");
        flags.extend(self.flags(value));
        Ok(StatementKind::Nat { kind, family, to, flags })
    }

    /// Members that a rule adds, changes or removes.
    fn update<'t>(&mut self, word: &str, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let verb = self.need(value, "op")?;
        let operation = match verb.text() {
            Some("add") => SetOperation::Add,
            Some("update") => SetOperation::Update,
            Some("delete") => SetOperation::Delete,
            _ => return Err(self.unknown(verb, "operation", ["add", "update", "delete"].into_iter())),
        };
        let set = self.need_name(value, word)?;
        let set = set.map(|name| match name {
            Cow::Borrowed(name) => Cow::Borrowed(name.strip_prefix('@').unwrap_or(name)),
            Cow::Owned(name) => Cow::Owned(name.strip_prefix('@').unwrap_or(&name).to_string()),
        });
        let element = self.added(value, "elem")?;
        let statements = value.get("stmt").map(|node| self.statements(node)).unwrap_or_default();
        Ok(StatementKind::Update { operation, set, element: Box::new(element), statements })
    }

    fn meter<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let name = value.get("name").and_then(super::reader::name);
        let name = name.unwrap_or(Spanned::new("".into(), value.span));
        let element = self.added(value, "key")?;
        let statements = value.get("stmt").map(|node| self.statements(node)).unwrap_or_default();
        Ok(StatementKind::Meter { name, element: Box::new(element), statements })
    }

    /// The member that a rule adds, and what it leads to in a map.
    fn added<'t>(&mut self, value: &Node<'t>, key: &str) -> Read<Element<'t>> {
        let node = self.need(value, key)?;
        let (key, timeout) = self.member(node);
        let data = value.get("data").map(|data| self.expression(data));
        Ok(Element { key, value: data, timeout, span: node.span })
    }

    /// A match or target of iptables that nft has no words for. Old versions do not name it.
    fn xtables<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        if value.kind == Kind::Null {
            return Err(
                self.not_told(value.span, "which match or target of iptables stands here is not told")
            );
        }
        Ok(StatementKind::Xt { kind: self.need_name(value, "type")?, name: self.need_name(value, "name")? })
    }
}

/// Is an object meant, by its name or by a map that has it?
fn is_reference(node: &Node<'_>) -> bool {
    matches!(node.kind, Kind::Text(_)) || node.get("map").is_some()
}
