//! Named sets of a table: what is in them, as far as the file tells.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::load::LoadedTable;
use super::values::{Numbers, Unresolved};
use crate::dialects::nft::ast::{Element, Expression, Rule, Set, StatementKind, Verdict};
use crate::dialects::nft::ast::{ExpressionKind, Target};
use crate::model::Remark;
use crate::packet::Ranges;

/// The named sets and maps of a table.
pub(super) struct Sets<'s, 't> {
    sets: &'s HashMap<Box<str>, Set<'t>>,
    /// Those to which rules add members, or from which they remove them.
    updated: HashSet<Box<str>>,
    /// What was worked out, by name and type: a set may be used by many rules.
    numbers: Mutex<Worked>,
}

/// The members of sets, by name and type.
type Worked = HashMap<(Box<str>, Numbers), Result<Ranges, Unresolved>>;

impl<'s, 't> Sets<'s, 't> {
    /// The sets of a table.
    pub fn of(table: &'s LoadedTable<'t>) -> Self {
        let mut updated = HashSet::new();
        for chain in &table.chains {
            chain.chain.rules.iter().for_each(|rule| find_updates(rule, &mut updated));
        }
        Sets { sets: &table.sets, updated, numbers: Mutex::default() }
    }

    /// Is there a set of this name?
    pub fn has(&self, name: &str) -> bool {
        self.sets.contains_key(name)
    }

    /// The members of a set, if they are known from the file.
    pub fn elements(&self, name: &str) -> Result<&'s [Element<'t>], Unresolved> {
        let set = self.sets.get(name).ok_or(Unresolved)?;
        let is_changing = set.flags.dynamic || set.flags.timeout || self.updated.contains(name);
        if is_changing || set.elements.iter().any(|element| element.timeout) {
            return Err(Unresolved);
        }
        Ok(&set.elements)
    }

    /// The members of a set of one part, as numbers.
    pub fn numbers(
        &self,
        name: &str,
        numbers: Numbers,
        remarks: &mut Vec<Remark>,
    ) -> Result<Ranges, Unresolved> {
        let elements = self.elements(name)?;
        let key = (Box::from(name), numbers);
        let lock = || self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        let mut told = Vec::new();
        let found = numbers.keys(elements, &mut told);
        // Of several rules that ask at once, one tells what is wrong with the members.
        if lock().insert(key, found.clone()).is_none() {
            remarks.append(&mut told);
        }
        found
    }
}

fn find_updates(rule: &Rule<'_>, updated: &mut HashSet<Box<str>>) {
    for statement in &rule.statements {
        match &statement.kind {
            StatementKind::Update { set, .. } => drop(updated.insert(set.value.as_ref().into())),
            StatementKind::Meter { name, .. } => drop(updated.insert(name.value.as_ref().into())),
            StatementKind::Verdict(verdict) => inner_rules(verdict, updated),
            StatementKind::VerdictMap(sides) => in_map(&sides.1, updated),
            _ => {}
        }
    }
}

fn in_map(map: &Expression<'_>, updated: &mut HashSet<Box<str>>) {
    if let ExpressionKind::Set(elements) = map.resolved() {
        for element in elements {
            if let Some(ExpressionKind::Verdict(verdict)) = element.value.as_ref().map(|value| &value.kind) {
                inner_rules(verdict, updated);
            }
        }
    }
}

fn inner_rules(verdict: &Verdict<'_>, updated: &mut HashSet<Box<str>>) {
    if let Verdict::Jump(Target::Rules(rules)) | Verdict::Goto(Target::Rules(rules)) = verdict {
        rules.value.iter().for_each(|rule| find_updates(rule, updated));
    }
}
