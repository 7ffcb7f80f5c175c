//! The tables of one family while commands change them, as the kernel's do.

use std::collections::HashMap;

use super::command::{Name, Operation};
use super::{places, tables};
use crate::model::{
    Backend, Chain, Families, Match, Policy, Remark, RemarkKind, Removal, Rule, Table, TableId, Verdict,
};
use crate::packet::{Axis, Family};
use crate::source::{Span, Spanned};

/// A program that changes tables: those of its family, and of its kind of iptables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// iptables or ip6tables.
    pub family: Family,
    /// Its kind.
    pub backend: Backend,
}

/// Tables that commands are applied to.
#[derive(Debug)]
pub struct Loader {
    families: Families,
    backend: Backend,
    tables: Vec<Loading>,
    /// What the commands have removed of what was there before the first of them.
    removals: Vec<Removal>,
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
    pub fn new(program: Program) -> Self {
        let families = Families::from(program.family);
        Loader { families, backend: program.backend, tables: Vec::new(), removals: Vec::new() }
    }

    /// Says that nothing is left of a table as it was before.
    pub fn replace(&mut self, table: &str) {
        self.removals.push(Removal::Table(self.id(table)));
    }

    /// Begins a table anew, as `*TABLE` does in a dump: what it held is gone.
    pub fn begin(&mut self, table: &str, span: Span) {
        self.replace(table);
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

    /// Adds rules at the end of a chain.
    pub fn extend(&mut self, table: &str, chain: &str, at: Span, rules: Vec<Rule>) {
        let chain = self.loading(table, at).chain(chain, at);
        if chain.rules.is_empty() {
            chain.rules = rules;
        } else {
            chain.rules.extend(rules);
        }
    }

    /// Does what a command says. If it cannot be done, the error says why, and nothing has changed.
    pub fn apply(&mut self, table: &str, operation: Operation<'_>, span: Span) -> Result<(), Remark> {
        match operation {
            Operation::Append(chain, rule) => self.rules(table, &chain).push(rule),
            Operation::Insert(name, at, rule) => {
                let chain = self.loading(table, name.span).chain(&name.text, name.span);
                let at = at as usize - 1;
                if at > chain.rules.len() {
                    let message = format!("`{}` has only {} rules", name.text, chain.rules.len());
                    return Err(refuse(span, message));
                }
                chain.rules.insert(at, rule);
                chain.in_front += usize::from(at <= chain.in_front);
            }
            Operation::Replace(chain, at, rule) => {
                let rules = &mut self.existing(table, &chain)?.rules;
                let count = rules.len();
                match rules.get_mut(at as usize - 1) {
                    Some(old) => *old = rule,
                    None => return Err(refuse(span, format!("`{}` has only {count} rules", chain.text))),
                }
            }
            Operation::DeleteNumber(name, at) => {
                let chain = self.existing(table, &name)?;
                let at = at as usize - 1;
                if at >= chain.rules.len() {
                    let message = format!("`{}` has only {} rules", name.text, chain.rules.len());
                    return Err(refuse(span, message));
                }
                delete(chain, at);
            }
            Operation::Delete(name, rule) => {
                let chain = self.existing(table, &name)?;
                match chain.rules.iter().position(|old| same(old, &rule)) {
                    Some(at) => delete(chain, at),
                    None => return Err(refuse(span, format!("`{}` has no such rule", name.text))),
                }
            }
            Operation::Check(chain, rule) => {
                if !self.existing(table, &chain)?.rules.iter().any(|old| same(old, &rule)) {
                    return Err(refuse(span, format!("`{}` has no such rule", chain.text)));
                }
            }
            Operation::New(chain) => {
                let loading = self.loading(table, span);
                if loading.index.get(&*chain.text).is_some_and(|at| loading.table.chains[*at].declared) {
                    return Err(refuse(chain.span, format!("`{}` exists already", chain.text)));
                }
                self.declare(table, &chain.text, None, chain.span);
                if let Some(remark) = places::name_refusal(&chain.text, chain.span) {
                    return Err(remark);
                }
            }
            Operation::Flush(chain) => {
                let name = chain.as_ref().map(|chain| &*chain.text);
                // An earlier file may have made the chain, which is then emptied, too.
                self.removals.push(Removal::Rules(self.id(table), name.map(Into::into)));
                if let Some(chain) = &chain {
                    self.existing(table, chain)?;
                }
                self.loading(table, span);
                for chain in self.chains(table, name) {
                    chain.rules.clear();
                    chain.in_front = 0;
                }
            }
            Operation::Erase(chain) => {
                if let Some(chain) = &chain {
                    self.existing(table, chain)?;
                }
                let loading = self.loading(table, span);
                let goes = |it: &Chain| {
                    it.base.is_none() && chain.as_ref().is_none_or(|chain| *it.name == *chain.text)
                };
                // All go or none.
                if let Some(busy) = loading.table.chains.iter().find(|it| goes(it) && loading.is_busy(it)) {
                    return Err(refuse(span, format!("`{}` is still in use", busy.name)));
                }
                loading.table.chains.retain(|it| !goes(it));
                loading.count();
                let name = chain.map(|chain| chain.text.into());
                self.removals.push(Removal::Chains(self.id(table), name));
            }
            Operation::Rename(old, new) => {
                let loading = self.loading(table, span);
                let Some(at) = loading.index.get(&*old.text).copied() else {
                    return Err(refuse(old.span, format!("there is no chain `{}` yet", old.text)));
                };
                if loading.index.contains_key(&*new.text) || loading.table.chains[at].base.is_some() {
                    return Err(refuse(new.span, format!("`{}` cannot become `{}`", old.text, new.text)));
                }
                loading.table.chains[at].name = (&*new.text).into();
                for rule in loading.table.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
                    if let Verdict::Jump(name) | Verdict::Goto(name) = &mut rule.verdict.value
                        && **name == *old.text
                    {
                        *name = (&*new.text).into();
                    }
                }
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

    /// The tables, in the order in which they were first used, and what is gone of those before.
    pub fn finish(self) -> (Vec<Table>, Vec<Removal>) {
        (self.tables.into_iter().map(|loading| loading.table).collect(), self.removals)
    }

    fn id(&self, table: &str) -> TableId {
        TableId { name: table.into(), families: self.families, backend: self.backend }
    }

    /// A chain that must be there: built in, made, or used before.
    fn existing(&mut self, table: &str, chain: &Name<'_>) -> Result<&mut Chain, Remark> {
        let is_built_in = tables::place(table, &chain.text).is_some();
        if !is_built_in && self.chains(table, Some(&chain.text)).next().is_none() {
            return Err(refuse(chain.span, format!("there is no chain `{}` yet", chain.text)));
        }
        Ok(self.loading(table, chain.span).chain(&chain.text, chain.span))
    }

    fn rules(&mut self, table: &str, chain: &Name<'_>) -> &mut Vec<Rule> {
        &mut self.loading(table, chain.span).chain(&chain.text, chain.span).rules
    }

    /// The table of a name, made if need be.
    fn loading(&mut self, name: &str, span: Span) -> &mut Loading {
        let at = self.tables.iter().position(|loading| *loading.table.name == *name);
        let at = at.unwrap_or_else(|| {
            let (families, backend, chains) = (self.families, self.backend, Vec::new());
            let table = Table { name: name.into(), families, chains, dormant: false, span, backend };
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

    /// Does a chain hold rules, or does a rule lead to it?
    fn is_busy(&self, chain: &Chain) -> bool {
        let leads = |rule: &Rule| match &rule.verdict.value {
            Verdict::Jump(name) | Verdict::Goto(name) => *name == chain.name,
            _ => false,
        };
        !chain.rules.is_empty() || self.table.chains.iter().flat_map(|it| &it.rules).any(leads)
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
    let base = tables::built_in(table, name, Spanned::new(Policy::Accept, span));
    Chain { name: name.into(), span, declared: base.is_some(), base, rules: Vec::new(), in_front: 0 }
}

fn delete(chain: &mut Chain, at: usize) {
    chain.rules.remove(at);
    chain.in_front -= usize::from(at < chain.in_front);
}

/// Would the kernel take one rule for the other?
pub fn same(a: &Rule, b: &Rule) -> bool {
    format!("{:?}", keys(a)) == format!("{:?}", keys(b))
}

fn keys(rule: &Rule) -> impl std::fmt::Debug + '_ {
    // The order of `-s`, `-p` and their like does not matter, that of other matches does.
    let order = |it: &Match| match it {
        Match::Field(axis, _) => match axis {
            Axis::Protocol | Axis::InInterface | Axis::OutInterface => Some(*axis),
            Axis::Source | Axis::Destination => Some(*axis),
            _ => None,
        },
        _ => None,
    };
    let mut matches: Vec<_> = rule.matches.iter().map(|it| &it.value).collect();
    matches.sort_by_key(|it| order(it).map_or((1, Axis::Family), |axis| (0, axis)));
    let actions: Vec<_> = rule.actions.iter().map(|it| &it.value).collect();
    (matches, actions, &rule.verdict.value, rule.comment.as_ref().map(|it| &it.value))
}

fn refuse(span: Span, message: String) -> Remark {
    Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() }
}
