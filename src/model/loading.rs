//! What becomes of rules when more are loaded on the same machine.
//!
//! Sources: iptables-restore(8) and nft(8); asked of Linux 6.18 with iptables 1.8.9, of both kinds: loading a dump,
//! iptables-nft deletes the tables that it names and makes them anew, iptables-legacy empties them, so that their
//! hooks stay where they were registered, and policies that the dump does not name stay too.

use super::{Chain, Families, Policy, Ruleset, Table};

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
        self.families = self.families.or(later.families);
        self.has_sets |= later.has_sets;
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

    fn remove(&mut self, removal: &Removal) {
        match removal {
            Removal::Everything => {
                self.tables.retain(|table| table.backend != Backend::Nft);
                let unknown = self.tables.iter_mut().filter(|table| table.backend == Backend::Unknown);
                unknown.for_each(Table::is_left_with_legacy);
            }
            Removal::Table(id) => match id.backend {
                Backend::Nft => self.tables.retain(|table| table.id() != *id),
                backend => {
                    for table in self.tables.iter_mut().filter(|table| table.id() == *id) {
                        table.empty();
                        if backend == Backend::Unknown {
                            // What keeps no packet makes no difference.
                            table.chains.retain(Chain::drops);
                            table.is_left_with_legacy();
                        }
                    }
                }
            },
            Removal::Chains(id, name) => {
                for table in self.tables.iter_mut().filter(|table| table.id() == *id) {
                    table.chains.retain(|chain| chain.base.is_some() || !chain.is(name.as_deref()));
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
    fn backend(&mut self) -> Option<&mut Backend> {
        match self {
            Removal::Everything => None,
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

    /// Empties it as iptables-legacy does: built-in chains and their policies stay.
    fn empty(&mut self) {
        self.chains.retain(|chain| chain.base.is_some());
        self.chains.iter_mut().for_each(|chain| chain.rules.clear());
    }

    /// It is gone if the host's iptables is iptables-nft.
    fn is_left_with_legacy(&mut self) {
        let bases = self.chains.iter_mut().filter_map(|chain| chain.base.as_mut());
        bases.for_each(|base| base.only_with = Some(Backend::Legacy));
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
