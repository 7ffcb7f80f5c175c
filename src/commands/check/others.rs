//! What is said of several units that share a list of rules: no two of their commands take one place in it.

use std::collections::HashMap;

use crate::finding::Fix;
use crate::model::{Placed, Ruleset};

/// The commands that are said of other units.
#[derive(Default)]
pub struct Others {
    /// What they take, by the lists.
    placed: HashMap<Box<str>, Vec<(String, Placed)>>,
    /// The unit of which each was said first.
    units: HashMap<String, String>,
}

impl Others {
    /// Takes in what is said of a unit.
    pub fn add(&mut self, unit: &str, said: Vec<(String, Placed)>) {
        for (command, placed) in said {
            self.units.entry(command.clone()).or_insert_with(|| unit.to_owned());
            self.placed.entry(placed.list.clone()).or_default().push((command, placed));
        }
    }

    /// Is this said, or does it hang on what is?
    pub fn concern(&self, (command, new): &(String, Placed)) -> bool {
        let mut all = self.placed.get(&new.list).into_iter().flatten();
        self.units.contains_key(command) || all.any(|(_, other)| new.hangs_on(other))
    }

    /// What is taken in the lists of a unit, but for what these commands take.
    pub fn beside(&self, ruleset: &Ruleset, but: &[String]) -> Vec<Placed> {
        let mut lists: Vec<&str> = ruleset.recipes.iter().map(|recipe| &*recipe.list).collect();
        lists.sort_unstable();
        lists.dedup();
        let all = lists.into_iter().filter_map(|list| self.placed.get(list)).flatten();
        let all = all.filter(|(command, _)| !but.contains(command));
        all.map(|(_, placed)| placed.clone()).collect()
    }

    /// Those commands of a fix that are said already.
    pub fn said(&self, fix: &Fix) -> Vec<String> {
        fix.commands.iter().filter(|command| self.units.contains_key(*command)).cloned().collect()
    }

    /// Of which unit was the first of those commands said?
    pub fn first(&self, commands: &[String]) -> Option<&str> {
        commands.iter().find_map(|command| self.units.get(command)).map(String::as_str)
    }

    /// Can a fix be made behind what is said, if it was proven without it? What is said of both is done once.
    pub fn leave(&self, fix: &Fix) -> bool {
        let mut new = fix.commands.iter().zip(&fix.placed);
        let is_apart = |placed: &Placed| {
            self.placed.get(&placed.list).is_none_or(|all| !all.iter().any(|(_, it)| placed.hangs_on(it)))
        };
        new.all(|(command, placed)| self.units.contains_key(command) || is_apart(placed))
    }

    /// The same of one that was proven beside what is said, and so with as much room as that leaves.
    pub fn leave_place(&self, fix: &Fix) -> bool {
        let mut new = fix.commands.iter().zip(&fix.placed);
        let is_apart = |placed: &Placed| {
            self.placed.get(&placed.list).is_none_or(|all| !all.iter().any(|(_, it)| placed.is_like(it)))
        };
        new.all(|(command, placed)| self.units.contains_key(command) || is_apart(placed))
    }
}
