//! What becomes of rules when more are loaded on the same machine.
//!
//! Sources: iptables-restore(8) and nft(8); asked of Linux 6.18 with iptables 1.8.9, of both kinds: loading a dump,
//! iptables-nft deletes the tables that it names and makes them anew, iptables-legacy empties them, so that their
//! hooks stay where they were registered, and policies that the dump does not name stay too.

use std::collections::HashSet;

use super::{Atom, Chain, Families, Policy, Rule, Ruleset, Table, TableSets, Verdict};
use crate::source::{Span, Spanned};

/// What keeps a table. Each has tables of its own, all of which are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Backend {
    /// iptables, of which the files do not tell what kind it is.
    #[default]
    Unknown,
    /// x_tables, which iptables-legacy fills.
    Legacy,
    /// nf_tables, which nft and iptables-nft fill.
    Nft,
    /// A cloud, around the machine.
    Cloud,
}

/// What a file removes of all that was loaded before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// All that nf_tables keeps (`flush ruleset`).
    Everything,
    /// All that nf_tables keeps in one of its families (`flush ruleset ip`).
    Family {
        /// Whose packets its tables see.
        families: Families,
        /// The family's name, if its tables see frames: they have it in front of their own.
        frames: Option<Box<str>>,
    },
    /// A table (`*TABLE` in a dump, `delete table`).
    Table(TableId),
    /// The chains of a table that are not built in, or one of them (`-X`).
    Chains(TableId, Option<Box<str>>),
    /// The rules of a table, or of one of its chains (`-F`, `flush table`, `flush chain`).
    Rules(TableId, Option<Box<str>>),
}

/// By what a table is told from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableId {
    /// Its name.
    pub name: Box<str>,
    /// Whose packets it sees.
    pub families: Families,
    /// What keeps it.
    pub backend: Backend,
}

impl Ruleset {
    /// Adds what another file loads on the same machine, after this.
    pub fn join(&mut self, mut later: Ruleset) {
        self.settle(&mut later);
        for removal in &later.removals {
            self.remove(removal);
        }
        self.share(&mut later);
        let bases =
            self.tables.iter().flat_map(|table| &table.chains).filter_map(|chain| chain.base.as_ref());
        let first = bases.map(|base| base.registered + 1).max().unwrap_or(0);
        for mut table in later.tables {
            let bases = table.chains.iter_mut().filter_map(|chain| chain.base.as_mut());
            bases.for_each(|base| base.registered += first);
            match self.tables.iter_mut().find(|old| old.id() == table.id()) {
                Some(old) => old.add(table),
                None => self.tables.push(table),
            }
        }
        self.removals.extend(later.removals);
        self.sets.extend(later.sets);
        later.table_sets.into_iter().for_each(|sets| self.add_sets(sets));
        self.merges.extend(later.merges);
        self.families = self.families.or(later.families);
        self.has_sets |= later.has_sets;
        self.recipes.extend(later.recipes);
        self.remarks.extend(later.remarks);
    }

    /// Of what kind the host's iptables is, one file may tell for all that do not.
    fn settle(&mut self, later: &mut Ruleset) {
        if self.iptables == Backend::Unknown {
            self.iptables = later.iptables;
        }
        let told = |backend: &mut Backend| {
            if *backend == Backend::Unknown {
                *backend = self.iptables;
            }
        };
        let tables = self.tables.iter_mut().chain(&mut later.tables).map(|table| &mut table.backend);
        tables.for_each(told);
        later.removals.iter_mut().filter_map(Removal::backend).for_each(told);
    }

    /// A table of nft and one of iptables of an unknown kind are one if they are called alike and it is iptables-nft.
    fn share(&mut self, later: &mut Ruleset) {
        let are_alike = |own: &Table, other: &Table| {
            (own.backend, other.backend) == (Backend::Unknown, Backend::Nft)
                && (&own.name, own.families) == (&other.name, other.families)
        };
        let made_anew = |own: &Table| later.removals.contains(&Removal::Table(own.id()));
        for table in &mut later.tables {
            for old in &mut self.tables {
                if are_alike(old, table) {
                    old.is_perhaps_one_with(table, true);
                } else if are_alike(table, old) && !made_anew(table) {
                    table.is_perhaps_one_with(old, false);
                }
            }
        }
    }

    /// Adds the sets of a table, and what names them.
    fn add_sets(&mut self, later: TableSets) {
        let Some(old) = self.table_sets.iter_mut().find(|old| old.table == later.table) else {
            return self.table_sets.push(later);
        };
        // A set that both fill has other members than either knew when its rules were worked out.
        let filled = later.uses.iter().filter(|name| name.changes).map(|name| &*name.set);
        let filled: HashSet<&str> = filled.chain(later.declared.iter().map(|set| &*set.value)).collect();
        let both = old.declared.iter().map(|set| &*set.value).filter(|set| filled.contains(set));
        let both: HashSet<&str> = both.collect();
        let uses = old.uses.iter().chain(&later.uses).filter(|name| both.contains(&*name.set));
        for table in self.tables.iter_mut().filter(|table| table.id() == later.table) {
            uses.clone().for_each(|name| table.leave_open(name.rule));
        }
        old.declared.extend(later.declared);
        old.uses.extend(later.uses);
    }

    fn remove(&mut self, removal: &Removal) {
        self.table_sets.retain(|sets| !removal.takes(&sets.table));
        // What iptables of an unknown kind keeps is gone if it is iptables-nft, and stays if it is not.
        let unsure = self.tables.iter_mut().filter(|table| removal.may_concern(table));
        unsure.for_each(|table| table.is_left_with_legacy(removal));
        match removal {
            Removal::Everything | Removal::Family { .. } => {
                self.tables.retain(|table| !removal.takes(&table.id()));
            }
            Removal::Table(id) => match id.backend {
                Backend::Nft => self.tables.retain(|table| table.id() != *id),
                backend => {
                    for table in self.tables.iter_mut().filter(|table| table.id() == *id) {
                        table.empty();
                        if backend == Backend::Unknown {
                            // What keeps no packet makes no difference.
                            table.chains.retain(Chain::drops);
                            table.is_left_with_legacy(removal);
                        }
                    }
                }
            },
            Removal::Chains(id, name) => {
                let is_kept = |chain: &Chain| match name {
                    // nft has no chains that are built in.
                    Some(name) if id.backend == Backend::Nft => chain.name != *name,
                    name => chain.base.is_some() || !chain.is(name.as_deref()),
                };
                for table in self.tables.iter_mut().filter(|table| table.id() == *id) {
                    table.chains.retain(is_kept);
                }
            }
            Removal::Rules(id, name) => {
                let tables = self.tables.iter_mut().filter(|table| table.id() == *id);
                let chains = tables.flat_map(|table| &mut table.chains);
                chains.filter(|chain| chain.is(name.as_deref())).for_each(|chain| chain.rules.clear());
            }
        }
    }
}

impl Removal {
    /// Does it take this table away as a whole?
    pub fn takes(&self, table: &TableId) -> bool {
        match self {
            Removal::Everything => table.backend == Backend::Nft,
            Removal::Family { families, frames } => {
                let of_frames = table.name.split_once(' ').map(|(family, _)| family);
                table.backend == Backend::Nft && table.families == *families && of_frames == frames.as_deref()
            }
            Removal::Table(id) => table == id,
            Removal::Chains(..) | Removal::Rules(..) => false,
        }
    }

    /// Is it about a table, if the host's iptables is iptables-nft, and not otherwise?
    fn may_concern(&self, table: &Table) -> bool {
        let turned = match table.backend {
            Backend::Unknown => Backend::Nft,
            // What iptables makes anew or empties nft may have made.
            Backend::Nft => Backend::Unknown,
            Backend::Legacy | Backend::Cloud => return false,
        };
        let turned = TableId { backend: turned, ..table.id() };
        match self {
            Removal::Everything | Removal::Family { .. } => self.takes(&turned),
            Removal::Table(id) | Removal::Chains(id, _) | Removal::Rules(id, _) => turned == *id,
        }
    }

    fn backend(&mut self) -> Option<&mut Backend> {
        match self {
            Removal::Everything | Removal::Family { .. } => None,
            Removal::Table(id) | Removal::Chains(id, _) | Removal::Rules(id, _) => Some(&mut id.backend),
        }
    }
}

impl Table {
    /// By what it is told from others.
    pub fn id(&self) -> TableId {
        TableId { name: self.name.clone(), families: self.families, backend: self.backend }
    }

    /// Adds what a later file gives it.
    fn add(&mut self, later: Table) {
        self.dormant |= later.dormant;
        for mut chain in later.chains {
            let Some(old) = self.chains.iter_mut().find(|old| old.name == chain.name) else {
                self.chains.push(chain);
                continue;
            };
            let behind = chain.rules.split_off(chain.in_front.min(chain.rules.len()));
            old.rules.splice(..0, chain.rules);
            old.rules.extend(behind);
            if chain.declared {
                (old.declared, old.span) = (true, chain.span);
            }
            match (&mut old.base, chain.base) {
                (Some(old), Some(base)) => {
                    if base.policy_is_written {
                        (old.policy, old.policy_is_written) = (base.policy, true);
                    }
                    // What was there for one kind of iptables only is there for all now.
                    if old.only_with.take().is_some() {
                        old.registered = base.registered;
                    }
                }
                (old @ None, base) => *old = base,
                (Some(_), None) => {}
            }
        }
    }

    /// The chains that both have are one if the host's iptables is iptables-nft: then rules of the other stand in this, behind
    /// its own or in front, and its policy may be this one's.
    fn is_perhaps_one_with(&mut self, other: &mut Table, is_later: bool) {
        for chain in &mut self.chains {
            let Some(shared) = other.chains.iter_mut().find(|shared| shared.name == chain.name) else {
                continue;
            };
            let has_policy = shared.base.as_ref().is_some_and(|base| base.policy_is_written);
            if shared.rules.is_empty() && !has_policy {
                continue;
            }
            if let Some(base) = &mut shared.base {
                base.only_with = Some(Backend::Legacy);
            }
            let span = shared.rules.first().map_or(shared.span, |rule| rule.span);
            if !is_later || shared.in_front > 0 {
                chain.rules.insert(0, Rule::of_another(span));
            }
            if is_later {
                chain.rules.push(Rule::of_another(span));
            }
        }
    }

    /// Takes the rules of a place for something that may do anything or nothing.
    fn leave_open(&mut self, place: Span) {
        let is_inside =
            |span: Span| span.file == place.file && place.start <= span.start && span.end <= place.end;
        let rules = self.chains.iter_mut().flat_map(|chain| &mut chain.rules);
        for rule in rules.filter(|rule| is_inside(rule.span)) {
            let text: Box<str> = "a set that other files change".into();
            rule.matches = vec![Spanned::new(Atom::free(text.clone()).into(), rule.span)];
            rule.verdict.value = Verdict::Unknown(text);
        }
    }

    /// Empties it as iptables-legacy does: built-in chains and their policies stay.
    fn empty(&mut self) {
        self.chains.retain(|chain| chain.base.is_some());
        self.chains.iter_mut().for_each(|chain| chain.rules.clear());
    }

    /// What is removed of it is gone if the host's iptables is iptables-nft.
    fn is_left_with_legacy(&mut self, removal: &Removal) {
        match removal {
            Removal::Rules(_, name) => {
                let chains = self.chains.iter_mut().filter(|chain| chain.is(name.as_deref()));
                for rule in chains.flat_map(|chain| &mut chain.rules) {
                    let legacy = Atom::pure("the host's iptables is iptables-legacy").into();
                    rule.matches.push(Spanned::new(legacy, rule.span));
                }
            }
            Removal::Chains(_, name) => {
                let chains = self.chains.iter_mut().filter(|chain| chain.is(name.as_deref()));
                let bases = chains.filter_map(|chain| chain.base.as_mut());
                bases.for_each(|base| base.only_with = Some(Backend::Legacy));
            }
            _ => {
                let bases = self.chains.iter_mut().filter_map(|chain| chain.base.as_mut());
                bases.for_each(|base| base.only_with = Some(Backend::Legacy));
            }
        }
    }
}

/// What is said of rules that are perhaps in a table.
const OF_ANOTHER: &str = "rules of nft in the table of iptables, if that is iptables-nft";

impl Rule {
    /// Does it stand for rules of another table, which are perhaps here?
    pub fn is_of_another(&self) -> bool {
        matches!(&self.verdict.value, Verdict::Unknown(text) if **text == *OF_ANOTHER)
    }

    /// What stands for rules that are perhaps here, and may do anything.
    fn of_another(span: Span) -> Self {
        let text: Box<str> = OF_ANOTHER.into();
        Rule {
            span,
            matches: vec![Spanned::new(Atom::free(text.clone()).into(), span)],
            actions: Vec::new(),
            verdict: Spanned::new(Verdict::Unknown(text), span),
            comment: None,
        }
    }
}

impl Chain {
    /// Does it have this name, or any?
    fn is(&self, name: Option<&str>) -> bool {
        name.is_none_or(|name| *self.name == *name)
    }

    fn drops(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.policy.value == Policy::Drop)
    }
}
