//! Tables, chains, rules, flow tables, and objects with a state.

use super::reader::{Read, Reader, name, names};
use crate::dialects::nft::ast::{
    Chain, Family, Flowtable, Hook, Name, Priority, Rule, Stateful, StatefulKind, Statement, StatementKind,
    Table, TableName,
};
use crate::source::Spanned;
use crate::tree::Node;

impl Reader {
    /// A table without its content.
    pub fn table<'t>(&mut self, node: &Node<'t>) -> Read<Table<'t>> {
        Ok(Table {
            family: self.family(node)?,
            name: self.name_or_handle(node)?,
            handle: self.number_of(node, "handle")?,
            flags: self.flags(node),
            comment: node.get("comment").and_then(name),
            content: Vec::new(),
            span: node.span,
        })
    }

    /// The table that something is in.
    pub fn table_name<'t>(&mut self, node: &Node<'t>) -> Read<TableName<'t>> {
        Ok(TableName { family: self.family(node)?, name: self.need_name(node, "table")? })
    }

    fn family(&mut self, node: &Node<'_>) -> Read<Family> {
        let family = self.need(node, "family")?;
        match family.text().and_then(Family::from_name) {
            Some(family) => Ok(family),
            None => Err(self.unknown(family, "family", Family::ALL.iter().map(|family| family.name()))),
        }
    }

    /// The family of an object that may be about all of them.
    pub fn family_of(&mut self, node: &Node<'_>) -> Read<Option<Family>> {
        match node.get("family") {
            Some(_) => self.family(node).map(Some),
            None => Ok(None),
        }
    }

    /// A name; empty if only a handle stands for it.
    pub fn name_or_handle<'t>(&mut self, node: &Node<'t>) -> Read<Name<'t>> {
        match (node.get("name"), node.get("handle")) {
            (None, Some(handle)) => Ok(Spanned::new("".into(), handle.span)),
            _ => self.need_name(node, "name"),
        }
    }

    /// A chain without its rules. It is kept whatever is wrong with its hook.
    pub fn chain<'t>(&mut self, node: &Node<'t>) -> Read<Chain<'t>> {
        Ok(Chain {
            name: self.name_or_handle(node)?,
            handle: self.number_of(node, "handle")?,
            hook: self.hook(node).ok().flatten(),
            policy: self.policy(node).ok().flatten(),
            flags: self.flags(node),
            comment: node.get("comment").and_then(name),
            entries: Vec::new(),
            span: node.span,
        })
    }

    fn hook<'t>(&mut self, node: &Node<'t>) -> Read<Option<Hook<'t>>> {
        if node.get("hook").is_none() && node.get("type").is_none() {
            return Ok(None);
        }
        let (kind, hook) = (self.need_name(node, "type")?, self.need_name(node, "hook")?);
        let number = self.need(node, "prio")?;
        let priority = Priority { name: None, offset: self.number(number)? };
        let span = kind.span.to(hook.span).to(number.span);
        let priority = Spanned::new(priority, number.span);
        Ok(Some(Hook { kind, hook, devices: names(node.get("dev")), priority, span }))
    }

    fn policy<'t>(&mut self, node: &Node<'t>) -> Read<Option<Name<'t>>> {
        let Some(policy) = node.get("policy") else { return Ok(None) };
        match name(policy) {
            Some(name) if matches!(&*name.value, "accept" | "drop") => Ok(Some(name)),
            _ => Err(self.wrong(policy.span, "a policy is accept or drop")),
        }
    }

    /// A rule. What is not understood stands in it as unknown.
    pub fn rule<'t>(&mut self, node: &Node<'t>) -> Rule<'t> {
        let statements = match self.need(node, "expr") {
            Ok(statements) => self.statements(statements),
            // What is missing may say anything.
            Err(_) => vec![Statement { kind: StatementKind::Unknown, span: node.span }],
        };
        Rule {
            statements,
            comment: node.get("comment").and_then(name).map(Box::new),
            handle: None,
            span: node.span,
        }
    }

    /// A flow table.
    pub fn flowtable<'t>(&mut self, node: &Node<'t>) -> Read<Flowtable<'t>> {
        Ok(Flowtable { name: self.name_or_handle(node)?, span: node.span })
    }

    /// An object with a state.
    pub fn stateful<'t>(&mut self, kind: StatefulKind, node: &Node<'t>) -> Read<Stateful<'t>> {
        Ok(Stateful { kind, name: self.name_or_handle(node)?, span: node.span })
    }
}
