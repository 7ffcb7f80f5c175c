//! From the syntax tree to the model.
//!
//! First the commands are done one after the other, as the kernel does ([`load`]); then each chain
//! that is left is worked out, rule by rule.

mod actions;
mod bits;
mod chains;
mod compare;
mod concat;
mod frames;
mod load;
mod maps;
mod merges;
mod misprints;
mod nat;
mod priority;
mod reject;
mod rules;
mod sets;
mod subject;
mod uses;
mod values;
mod written;
mod xtables;

pub use chains::at_once;
pub use merges::is_delicate;

use super::ast::File;
use crate::model::Ruleset;

/// What files that are loaded one after the other make of the rules of a machine.
pub fn lower<'t>(files: impl Iterator<Item = File<'t>>) -> Ruleset {
    let mut loaded = load::load(files);
    let mut ruleset = Ruleset { families: loaded.families(), ..Ruleset::default() };
    ruleset.removals = loaded.removals;
    ruleset.remarks.append(&mut loaded.remarks);
    for table in loaded.tables {
        let mut lowered = chains::table(table);
        ruleset.remarks.append(&mut lowered.remarks);
        ruleset.tables.push(lowered.table);
        ruleset.table_sets.push(lowered.sets);
        ruleset.merges.append(&mut lowered.merges);
    }
    ruleset.remarks.sort_by_key(|remark| remark.span);
    ruleset
}
