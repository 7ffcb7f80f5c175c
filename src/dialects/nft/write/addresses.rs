//! Addresses that rules name, in braces, in variables and in sets of the table, each where it is written.

use std::net::IpAddr;

use super::place::{Beside, Tree};
use crate::dialects::nft::ast::{Content, Element, Expression, ExpressionKind, Group, Object, StatementKind};
use crate::finding::Edit;
use crate::packet::{Family, values};
use crate::source::Span;

/// A list of members as it is written in braces: each with its place, and its addresses if it is some.
pub(super) struct Written {
    pub members: Vec<(Span, Option<(u128, u128)>)>,
}

/// One address of a rule in place of another; `None` unless it is written once.
pub(super) fn replace(tree: &Tree, rule: Span, old: IpAddr, new: IpAddr) -> Option<Vec<Edit>> {
    let beside = tree.rule(rule)?;
    let mut places = Vec::new();
    for statement in &beside.rule.statements {
        if let StatementKind::Match { right, .. } = &statement.kind {
            visit(tree, &beside, right, &mut |expression| {
                if word(expression) == Some(old) && !places.contains(&expression.span) {
                    places.push(expression.span);
                }
            });
        }
    }
    let [span] = places[..] else { return None };
    Some(vec![Edit { span, text: new.to_string() }])
}

/// The lists with which a rule compares destinations of a family, whatever stands between.
pub(super) fn destinations(tree: &Tree, beside: &Beside, family: Family) -> Vec<Written> {
    let group = if family == Family::V4 { Group::Ip } else { Group::Ip6 };
    let mut all = Vec::new();
    for statement in &beside.rule.statements {
        let StatementKind::Match { left, right, .. } = &statement.kind else { continue };
        let ExpressionKind::Selector(selector) = left.resolved() else { continue };
        if selector.group == group && selector.name == "daddr" {
            lists(tree, beside, right, &mut all);
        }
    }
    all
}

/// The lists in braces that an expression leads to.
fn lists(tree: &Tree, beside: &Beside, expression: &Expression, all: &mut Vec<Written>) {
    match &expression.kind {
        ExpressionKind::Variable(value) => lists(tree, beside, value, all),
        ExpressionKind::Set(elements) => list(tree, beside, elements, all),
        ExpressionKind::Named(name) => {
            sets(tree, beside, name).into_iter().for_each(|elements| list(tree, beside, elements, all));
        }
        _ => {}
    }
}

/// A list, and those that it has from variables.
fn list(tree: &Tree, beside: &Beside, elements: &[Element], all: &mut Vec<Written>) {
    elements.iter().for_each(|element| lists(tree, beside, &element.key, all));
    let is_variable = |element: &Element| matches!(element.key.kind, ExpressionKind::Variable(_));
    // A list that is one variable has no braces of its own.
    let is_plain = elements.iter().all(|element| element.value.is_none() && !element.timeout);
    if is_plain && !elements.iter().all(is_variable) {
        let members = elements.iter().map(|element| (element.span, addresses(&element.key))).collect();
        all.push(Written { members });
    }
}

/// The members of a set of the rule's table, command by command.
fn sets<'t>(tree: &'t Tree, beside: &Beside, name: &str) -> Vec<&'t [Element<'t>]> {
    let home = beside.home;
    let is_home = |family, table: &str| family == home.family && table == home.table;
    let mut all: Vec<&[Element]> = Vec::new();
    for command in &tree.content.commands {
        match &command.object {
            Object::Table(table) if is_home(table.family, &table.name.value) => {
                let sets = table.content.iter().filter_map(|content| match content {
                    Content::Set(set) if set.name.value == name => Some(&set.elements[..]),
                    _ => None,
                });
                all.extend(sets);
            }
            Object::Set(table, set) if is_home(table.family, &table.name.value) && set.name.value == name => {
                all.push(&set.elements);
            }
            Object::Elements { table, set, elements }
                if is_home(table.family, &table.name.value) && set.value == name =>
            {
                all.push(elements);
            }
            _ => {}
        }
    }
    all
}

/// Every constant that an expression leads to.
fn visit(tree: &Tree, beside: &Beside, expression: &Expression, see: &mut dyn FnMut(&Expression)) {
    match &expression.kind {
        ExpressionKind::Variable(value) => visit(tree, beside, value, see),
        ExpressionKind::Set(elements) => elements.iter().for_each(|it| visit(tree, beside, &it.key, see)),
        ExpressionKind::Named(name) => {
            for elements in sets(tree, beside, name) {
                elements.iter().for_each(|it| visit(tree, beside, &it.key, see));
            }
        }
        ExpressionKind::Prefix(address, _) => see(address),
        ExpressionKind::Range(ends) => {
            see(&ends.0);
            see(&ends.1);
        }
        ExpressionKind::Concat(parts) => parts.iter().for_each(|part| visit(tree, beside, part, see)),
        ExpressionKind::Word(_) => see(expression),
        _ => {}
    }
}

fn word(expression: &Expression) -> Option<IpAddr> {
    match &expression.kind {
        ExpressionKind::Word(word) => word.parse().ok(),
        _ => None,
    }
}

/// The addresses of a member.
fn addresses(key: &Expression) -> Option<(u128, u128)> {
    match &key.kind {
        ExpressionKind::Word(_) => Some(values::address(word(key)?)),
        ExpressionKind::Prefix(address, length) => {
            let address = word(address)?;
            let longest = if address.is_ipv4() { 32 } else { 128 };
            Some(values::prefix(address, (*length).min(longest)))
        }
        ExpressionKind::Range(ends) => Some(values::address_range(word(&ends.0)?, word(&ends.1)?)),
        _ => None,
    }
}
