//! A picture of a host tells its rules program by program, and not in which order they were loaded.

use super::{does, effective};
use crate::model::{Base, Chain, Policy, Rule, Ruleset, Table, Verdict};
use crate::source::FileId;

/// Which turn takes a chain that meets others of its time of which an earlier file tells; `None` where it makes no
/// difference whether it comes before or after them, or where the files are loaded in their order.
pub(super) fn turn(ruleset: &Ruleset, table: &Table, chain: &Chain, base: &Base) -> Option<i32> {
    ruleset.unseen.as_ref()?;
    let mut files: Vec<FileId> = Vec::new();
    for other in &ruleset.tables {
        if !files.contains(&other.span.file) {
            files.push(other.span.file);
        }
    }
    let place = |table: &Table| files.iter().position(|file| *file == table.span.file);
    let own = place(table)?;
    let meets = |other: &Table| {
        let bases = other.chains.iter().filter_map(|chain| Some((chain, chain.base.as_ref()?)));
        let mut at_once =
            bases.filter(|(_, at)| at.hook == base.hook && effective(other, at) == effective(table, base));
        let (ours, theirs) = (table.families, other.families);
        (ours.v4 && theirs.v4 || ours.v6 && theirs.v6)
            && at_once.any(|(its, at)| does(its, at) && does(chain, base))
            && matters(table, other)
    };
    let mut earlier = ruleset.tables.iter().filter(|other| place(other).is_some_and(|other| other < own));
    earlier.any(meets).then(|| i32::try_from(own).ok()).flatten()
}

/// Does it matter which of two tables is asked first? Not where both only accept and drop: a drop by either counts.
fn matters(one: &Table, other: &Table) -> bool {
    let changes = |rule: &Rule| {
        !rule.actions.is_empty()
            || matches!(rule.verdict.value, Verdict::Nat(_) | Verdict::Queue | Verdict::Unknown(_))
    };
    let rejects = |rule: &Rule| matches!(rule.verdict.value, Verdict::Reject(_));
    let any = |table: &Table, is_it: &dyn Fn(&Rule) -> bool| {
        table.chains.iter().flat_map(|chain| &chain.rules).any(is_it)
    };
    let drops = |table: &Table| {
        let mut bases = table.chains.iter().filter_map(|chain| chain.base.as_ref());
        bases.any(|base| base.policy.value == Policy::Drop)
            || any(table, &|rule| matches!(rule.verdict.value, Verdict::Drop))
    };
    any(one, &changes)
        || any(other, &changes)
        || any(one, &rejects) && drops(other)
        || any(other, &rejects) && drops(one)
}
