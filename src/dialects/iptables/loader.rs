//! The tables of one family while commands change them, as the kernel's do.

use std::collections::HashMap;

use super::command::{Name, Operation};
use super::tables;
use crate::model::{Base, Chain, Families, Policy, Remark, RemarkKind, Rule, Table};
use crate::packet::Family;
use crate::source::{Span, Spanned};

/// Tables that commands are applied to.
#[derive(Debug)]
pub struct Loader {
    families: Families,
    tables: Vec<Loading>,
}

#[derive(Debug)]
struct Loading {
    table: Table,
    /// Where each chain stands among the table's.
    index: HashMap<Box<str>, usize>,
    /// The chain that was used last.
    last: usize,
}

impl Loader {
    /// Nothing is loaded yet.
    pub fn new(family: Family) -> Self {
        let families = match family {
            Family::V4 => Families::V4,
            Family::V6 => Families::V6,
        };
        Loader { families, tables: Vec::new() }
    }

    /// Begins a table anew, as `*TABLE` does in a dump: what it held is gone.
    pub fn begin(&mut self, table: &str, span: Span) {
        self.tables.retain(|loading| *loading.table.name != *table);
        self.loading(table, span);
    }

    /// Declares a chain, as `:CHAIN POLICY` does in a dump. `None` leaves the policy of a built-in
    /// chain as it is.
    pub fn declare(&mut self, table: &str, chain: &str, policy: Option<Spanned<Policy>>, span: Span) {
        let chain = self.loading(table, span).chain(chain, span);
        chain.declared = true;
        chain.span = span;
        if let (Some(base), Some(policy)) = (&mut chain.base, policy) {
            base.policy = policy;
            base.policy_is_written = true;
        }
    }

    /// Adds a rule at the end of a chain.
    pub fn append(&mut self, table: &str, chain: &str, at: Span, rule: Rule) {
        self.loading(table, at).chain(chain, at).rules.push(rule);
    }

    /// Does what a command says. If it cannot be done, the error says why, and nothing has changed.
    pub fn apply(&mut self, table: &str, operation: Operation<'_>, span: Span) -> Result<(), Remark> {
        match operation {
            Operation::Append(chain, rule) => self.append(table, &chain.text, chain.span, rule),
            Operation::Insert(chain, at, rule) => {
                let rules = self.rules(table, &chain);
                let at = at as usize - 1;
                if at > rules.len() {
                    return Err(refuse(span, format!("`{}` has only {} rules", chain.text, rules.len())));
                }
                rules.insert(at, rule);
            }
            Operation::Replace(chain, at, rule) => {
                let rules = self.rules(table, &chain);
                let count = rules.len();
                match rules.get_mut(at as usize - 1) {
                    Some(old) => *old = rule,
                    None => return Err(refuse(span, format!("`{}` has only {count} rules", chain.text))),
                }
            }
            Operation::DeleteNumber(chain, at) => {
                let rules = self.rules(table, &chain);
                let at = at as usize - 1;
                if at >= rules.len() {
                    return Err(refuse(span, format!("`{}` has only {} rules", chain.text, rules.len())));
                }
                rules.remove(at);
            }
            Operation::Delete(chain, rule) => {
                let rules = self.rules(table, &chain);
                match rules.iter().position(|old| same(old, &rule)) {
                    Some(at) => drop(rules.remove(at)),
                    None => return Err(refuse(span, format!("`{}` has no such rule", chain.text))),
                }
            }
            Operation::Check(chain, rule) => {
                if !self.rules(table, &chain).iter().any(|old| same(old, &rule)) {
                    return Err(refuse(span, format!("`{}` has no such rule", chain.text)));
                }
            }
            Operation::New(chain) => {
                let loading = self.loading(table, span);
                if loading.index.get(&*chain.text).is_some_and(|at| loading.table.chains[*at].declared) {
                    return Err(refuse(chain.span, format!("`{}` exists already", chain.text)));
                }
                self.declare(table, &chain.text, None, chain.span);
            }
            Operation::Flush(Some(chain)) => self.rules(table, &chain).clear(),
            Operation::Flush(None) => {
                self.loading(table, span).table.chains.iter_mut().for_each(|chain| chain.rules.clear());
            }
            Operation::Erase(chain) => {
                let loading = self.loading(table, span);
                let goes = |it: &Chain| chain.as_ref().is_none_or(|chain| *it.name == *chain.text);
                loading.table.chains.retain(|it| it.base.is_some() || !goes(it) || !it.rules.is_empty());
                loading.count();
            }
            Operation::Rename(old, new) => {
                let loading = self.loading(table, span);
                let Some(at) = loading.index.get(&*old.text).copied() else {
                    return Err(refuse(old.span, format!("there is no chain `{}`", old.text)));
                };
                loading.table.chains[at].name = (&*new.text).into();
                loading.count();
            }
            Operation::Policy(chain, policy) => {
                let base = &mut self.loading(table, chain.span).chain(&chain.text, chain.span).base;
                match (base, policy) {
                    (Some(base), Some(policy)) => {
                        base.policy = policy;
                        base.policy_is_written = true;
                    }
                    (None, _) => return Err(refuse(chain.span, format!("`{}` has no policy", chain.text))),
                    _ => {}
                }
            }
            Operation::Nothing => {}
        }
        Ok(())
    }

    /// The tables as they are now.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().map(|loading| &loading.table)
    }

    /// The chains of a table, or just one, as they are now; none if there are none.
    pub fn chains(&mut self, table: &str, chain: Option<&str>) -> impl Iterator<Item = &mut Chain> {
        let loading = self.tables.iter_mut().find(|loading| *loading.table.name == *table);
        let chains = loading.into_iter().flat_map(|loading| loading.table.chains.iter_mut());
        chains.filter(move |it| chain.is_none_or(|chain| *it.name == *chain))
    }

    /// The tables, in the order in which they were first used.
    pub fn finish(self) -> Vec<Table> {
        self.tables.into_iter().map(|loading| loading.table).collect()
    }

    fn rules(&mut self, table: &str, chain: &Name<'_>) -> &mut Vec<Rule> {
        &mut self.loading(table, chain.span).chain(&chain.text, chain.span).rules
    }

    /// The table of a name, made if need be.
    fn loading(&mut self, name: &str, span: Span) -> &mut Loading {
        let at = self.tables.iter().position(|loading| *loading.table.name == *name);
        let at = at.unwrap_or_else(|| {
            let (name, families, chains) = (name.into(), self.families, Vec::new());
            let table = Table { name, families, chains, dormant: false, span };
            self.tables.push(Loading { table, index: HashMap::new(), last: 0 });
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }
}

impl Loading {
    /// The chain of a name, made if need be.
    fn chain(&mut self, name: &str, span: Span) -> &mut Chain {
        if self.table.chains.get(self.last).is_none_or(|last| *last.name != *name) {
            self.last = match self.index.get(name) {
                Some(at) => *at,
                None => {
                    self.table.chains.push(chain(&self.table.name, name, span));
                    self.index.insert(name.into(), self.table.chains.len() - 1);
                    self.table.chains.len() - 1
                }
            };
        }
        &mut self.table.chains[self.last]
    }

    /// Counts the chains anew after some went or changed their names.
    fn count(&mut self) {
        let chains = self.table.chains.iter().enumerate();
        self.index = chains.map(|(at, chain)| (chain.name.clone(), at)).collect();
        self.last = 0;
    }
}

/// A chain without rules. A built-in one has the policy ACCEPT.
fn chain(table: &str, name: &str, span: Span) -> Chain {
    let base = tables::built_in(table, name).map(|(hook, priority, kind)| {
        let policy = Spanned::new(Policy::Accept, span);
        Base { hook, priority, kind, policy, policy_is_written: false }
    });
    Chain { name: name.into(), span, declared: base.is_some(), base, rules: Vec::new() }
}

/// Would the kernel take one rule for the other?
pub fn same(a: &Rule, b: &Rule) -> bool {
    format!("{:?}", keys(a)) == format!("{:?}", keys(b))
}

fn keys(rule: &Rule) -> impl std::fmt::Debug + '_ {
    let matches: Vec<_> = rule.matches.iter().map(|it| &it.value).collect();
    let actions: Vec<_> = rule.actions.iter().map(|it| it.value).collect();
    (matches, actions, &rule.verdict.value, rule.comment.as_ref().map(|it| &it.value))
}

fn refuse(span: Span, message: String) -> Remark {
    Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() }
}
