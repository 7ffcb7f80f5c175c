//! Sets and maps: their declarations and their members.

use super::reader::{Read, Reader, name, names, one_or_many};
use crate::dialects::nft::ast::{
    Datatype, Element, Expression, KeyType, Set, SetFlags, StatefulKind, ValueType,
};
use crate::source::Spanned;
use crate::tree::{Kind, Node};

impl Reader {
    /// A set or map as it is declared, or only named.
    pub fn set<'t>(&mut self, node: &Node<'t>) -> Set<'t> {
        let key = node.get("type").and_then(|node| self.key_type(node).ok());
        let value = node.get("map").and_then(|node| self.value_type(node).ok());
        Set {
            name: node.get("name").and_then(name).unwrap_or(Spanned::new("".into(), node.span)),
            handle: self.number_of(node, "handle").ok().flatten(),
            key,
            value,
            flags: self.set_flags(node),
            elements: node.get("elem").map(|elements| self.elements(elements)).unwrap_or_default(),
            comment: node.get("comment").and_then(name),
            span: node.span,
        }
    }

    fn set_flags(&mut self, node: &Node<'_>) -> SetFlags {
        let mut flags = SetFlags { timeout: node.get("timeout").is_some(), ..SetFlags::default() };
        for flag in node.get("flags").into_iter().flat_map(one_or_many) {
            match flag.text() {
                Some("constant") => flags.constant = true,
                Some("interval") => flags.interval = true,
                Some("timeout") => flags.timeout = true,
                Some("dynamic") => flags.dynamic = true,
                _ => {
                    self.unknown(flag, "flag", ["constant", "interval", "timeout", "dynamic"].into_iter());
                }
            }
        }
        flags
    }

    fn key_type<'t>(&mut self, node: &Node<'t>) -> Read<KeyType<'t>> {
        match node.get("typeof") {
            Some(expression) => Ok(KeyType::Of(self.expression(expression))),
            None => Ok(KeyType::Types(self.types(node)?)),
        }
    }

    /// What the members of a map lead to: verdicts, objects, or values.
    fn value_type<'t>(&mut self, node: &Node<'t>) -> Read<ValueType<'t>> {
        if let Some(expression) = node.get("typeof") {
            return Ok(ValueType::Of(self.expression(expression)));
        }
        let object = match node.text() {
            Some("verdict") => return Ok(ValueType::Verdict),
            Some(word) => StatefulKind::from_name(word),
            None => None,
        };
        match object {
            Some(kind) => Ok(ValueType::Objects(kind)),
            None => Ok(ValueType::Types(self.types(node)?)),
        }
    }

    /// `"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, and for what maps lead to `"ipv4_addr . inet_service"`.
    fn types(&mut self, node: &Node<'_>) -> Read<Vec<Datatype>> {
        let mut types = Vec::new();
        for part in one_or_many(node) {
            for word in part.text().unwrap_or_default().split(" . ") {
                match Datatype::from_name(word) {
                    Some(datatype) => types.push(datatype),
                    None => {
                        let names = Datatype::ALL.iter().map(|datatype| datatype.name());
                        return Err(self.unknown(part, "type", names));
                    }
                }
            }
        }
        Ok(types)
    }

    /// Members: a list of them, or one.
    pub fn elements<'t>(&mut self, node: &Node<'t>) -> Vec<Element<'t>> {
        one_or_many(node).iter().map(|node| self.element(node)).collect()
    }

    /// A member; in a map a pair of it and what it leads to.
    fn element<'t>(&mut self, node: &Node<'t>) -> Element<'t> {
        let (key, value) = match &node.kind {
            Kind::List(pair) => match &pair[..] {
                [key, value] => (key, Some(value)),
                _ => (node, None),
            },
            _ => (node, None),
        };
        let (key, mut timeout) = self.member(key);
        let value = value.map(|value| {
            let (value, goes) = self.member(value);
            timeout |= goes;
            value
        });
        Element { key, value, timeout, span: node.span }
    }

    /// A member itself, which may stand in an object that tells more of it. Does it go after a time?
    pub fn member<'t>(&mut self, node: &Node<'t>) -> (Expression<'t>, bool) {
        let Some(inner) = node.get("elem") else { return (self.expression(node), false) };
        let value = inner.get("val").unwrap_or(node);
        (self.expression(value), inner.get("timeout").is_some())
    }

    /// The flags of a statement or table.
    pub fn flags<'t>(&mut self, node: &Node<'t>) -> Vec<crate::dialects::nft::ast::Name<'t>> {
        names(node.get("flags"))
    }
}
