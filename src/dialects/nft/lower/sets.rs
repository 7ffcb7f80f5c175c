//! Named sets of a table: what is in them, as far as the file tells.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::load::{self, LoadedChain, LoadedSet, LoadedTable};
use super::values::{Numbers, Unresolved};
use super::{misprints, uses};
use crate::dialects::nft::ast::{Element, Entry};
use crate::model::{Remark, SetUse, TableSets};
use crate::packet::Ranges;
use crate::source::Spanned;

/// So few rules are looked through one after the other.
const MANY: usize = 4_096;

/// The named sets and maps of a table.
pub(super) struct Sets<'s, 't> {
    sets: &'s HashMap<Box<str>, LoadedSet<'t>>,
    /// Where rules name them.
    uses: Vec<SetUse>,
    /// Those to which rules add members, or from which they remove them.
    updated: HashSet<Box<str>>,
    /// May nft have printed what stands in the table without understanding it?
    pub is_doubtful: bool,
    /// What was worked out, by name and type: a set may be used by many rules.
    numbers: Mutex<Worked>,
}

/// The members of sets, by name and type.
type Worked = HashMap<(Box<str>, Numbers), Result<Ranges, Unresolved>>;

impl<'s, 't> Sets<'s, 't> {
    /// The sets of a table, of which these are the chains.
    pub fn of(table: &'s LoadedTable<'t>, chains: &[LoadedChain<'t>]) -> Self {
        let of_rule = |mut uses: Vec<SetUse>, rule| {
            uses::of_rule(rule, &mut uses);
            uses
        };
        let entries = chains.par_iter().flat_map(|chain| chain.chain.entries.par_iter().with_min_len(MANY));
        let rules = entries.filter_map(Entry::tree);
        let uses: Vec<Vec<SetUse>> = rules.fold(Vec::new, of_rule).collect();
        let uses = uses.concat();
        let updates = uses.iter().filter(|found| found.changes);
        let updated = updates.map(|found| found.set.clone()).collect();
        let is_doubtful = misprints::may_be_in(table, chains);
        Sets { sets: &table.sets, uses, updated, is_doubtful, numbers: Mutex::default() }
    }

    /// Of a table of which nothing is known, where no rule names a set. None is given here.
    pub fn none(sets: &'s HashMap<Box<str>, LoadedSet<'t>>) -> Self {
        let (uses, updated, numbers) = (Vec::new(), HashSet::new(), Mutex::default());
        Sets { sets, uses, updated, is_doubtful: true, numbers }
    }

    /// The sets of the table and all that names them.
    pub fn finish(self, table: &LoadedTable<'t>) -> TableSets {
        let name = |set: &LoadedSet<'_>| Spanned::new(set.set.name.value.as_ref().into(), set.set.span);
        let mut declared: Vec<Spanned<Box<str>>> = self.sets.values().map(name).collect();
        declared.sort_by_key(|set| set.span);
        let uses = table.changes.iter().cloned().chain(self.uses).collect();
        TableSets { table: load::id(table.family, &table.name), is_new: table.is_new, declared, uses }
    }

    /// Is the answer the same whenever a packet is looked up in a set of this name?
    pub fn is_steady(&self, name: &str) -> bool {
        self.sets.contains_key(name) && !self.updated.contains(name)
    }

    /// The members of a set, if they are known from the file. One that is empty there is meant to be filled by
    /// programs, unless the file is a listing of what there is.
    pub fn elements(&self, name: &str) -> Result<&'s [Element<'t>], Unresolved> {
        let LoadedSet { set, is_listed, is_open } = self.sets.get(name).ok_or(Unresolved)?;
        let is_changing = set.flags.dynamic || set.flags.timeout || self.updated.contains(name);
        let is_to_be_filled = set.elements.is_empty() && !set.flags.constant && !is_listed;
        if *is_open || is_changing || is_to_be_filled || set.elements.iter().any(|element| element.timeout) {
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
