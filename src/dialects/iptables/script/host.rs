//! The host that a script changes: its tables, as the commands leave them.
//!
//! Assumption: before the script runs, all tables are empty and all policies ACCEPT.

use std::collections::HashSet;

use crate::dialects::iptables::command::Operation;
use crate::dialects::iptables::loader::{self, Loader, Program};
use crate::dialects::iptables::tables;
use crate::model::{Atom, Chain, Families, Match, Policy, Remark, RemarkKind, Removal, Rule, Table, Verdict};
use crate::source::{Span, Spanned};

/// A host while a script changes it.
pub struct Host {
    /// The tables of each program that was called.
    loaders: Vec<(Program, Loader)>,
    /// The families that commands have spoken of.
    pub families: Families,
    /// Policies that hold only under conditions, in the order in which they were set.
    policies: Vec<LatePolicy>,
    /// The conditions under which rules are there.
    uncertain: HashSet<Box<str>>,
}

struct LatePolicy {
    program: Program,
    table: String,
    chain: String,
    policy: Spanned<Policy>,
    conditions: Vec<Spanned<Atom>>,
    span: Span,
}

impl Host {
    /// A host with empty tables.
    pub fn new() -> Self {
        let (loaders, policies, uncertain) = (Vec::new(), Vec::new(), HashSet::new());
        Host { loaders, families: Families::NONE, policies, uncertain }
    }

    /// Does what a command says, under conditions that may hold or not. If it cannot be done, the
    /// error says why.
    pub fn apply(
        &mut self,
        program: Program,
        table: &str,
        operation: Operation<'_>,
        conditions: &[Spanned<Atom>],
        span: Span,
    ) -> Result<(), Remark> {
        self.families = self.families.or(program.family.into());
        if let Operation::Policy(chain, Some(policy)) = &operation {
            let is_it =
                |it: &LatePolicy| it.program == program && it.table == table && it.chain == *chain.text;
            if !conditions.is_empty() {
                let (table, chain) = (table.to_owned(), chain.text.to_string());
                let (policy, conditions) = (*policy, conditions.to_vec());
                self.policies.push(LatePolicy { program, table, chain, policy, conditions, span });
                return Ok(());
            }
            self.policies.retain(|it| !is_it(it));
        }
        if conditions.is_empty() {
            return self.loader(program).apply(table, operation, span);
        }
        self.uncertain.extend(conditions.iter().map(|condition| condition.value.text.clone()));
        let loader = self.loader(program);
        match operation {
            Operation::Append(chain, rule) => {
                loader.apply(table, Operation::Append(chain, under(rule, conditions)), span)
            }
            Operation::Insert(chain, at, rule) => {
                loader.apply(table, Operation::Insert(chain, at, under(rule, conditions)), span)
            }
            Operation::Replace(chain, at, rule) => {
                let old =
                    loader.chains(table, Some(&chain.text)).flat_map(|it| it.rules.get_mut(at as usize - 1));
                old.for_each(|old| unless(old, conditions));
                loader.apply(table, Operation::Insert(chain, at, under(rule, conditions)), span)
            }
            Operation::Delete(chain, rule) => {
                let mut rules = loader.chains(table, Some(&chain.text)).flat_map(|it| it.rules.iter_mut());
                match rules.find(|old| loader::same(old, &rule)) {
                    Some(old) => unless(old, conditions),
                    None => return Err(not_followed(span, "there is no such rule to delete")),
                }
                Ok(())
            }
            Operation::DeleteNumber(chain, at) => {
                let old =
                    loader.chains(table, Some(&chain.text)).flat_map(|it| it.rules.get_mut(at as usize - 1));
                old.for_each(|old| unless(old, conditions));
                Ok(())
            }
            Operation::Flush(chain) => {
                let name = chain.as_ref().map(|chain| &*chain.text);
                let rules = loader.chains(table, name).flat_map(|it| it.rules.iter_mut());
                rules.for_each(|old| unless(old, conditions));
                Ok(())
            }
            Operation::Rename(..) => Err(not_followed(span, "a chain may get another name here")),
            // A chain without rules that may be there or not decides nothing.
            Operation::Erase(_) => Ok(()),
            other => loader.apply(table, other, span),
        }
    }

    /// Is there a chain of a name?
    pub fn has_chain(&mut self, program: Program, table: &str, chain: &str) -> bool {
        tables::place(table, chain).is_some()
            || self.loader(program).chains(table, Some(chain)).next().is_some()
    }

    /// Is a rule among the first so many of a chain that is there under conditions only, so that the
    /// numbers of those behind it are not known?
    pub fn is_uncertain(&mut self, program: Program, table: &str, chain: &str, first: usize) -> bool {
        let uncertain = std::mem::take(&mut self.uncertain);
        let is_one =
            |it: &Spanned<Match>| matches!(&it.value, Match::Atom(atom) if uncertain.contains(&atom.text));
        let mut rules =
            self.loader(program).chains(table, Some(chain)).flat_map(|it| it.rules.iter().take(first));
        let answer = rules.any(|rule| rule.matches.iter().any(is_one));
        drop(rules);
        self.uncertain = uncertain;
        answer
    }

    /// Loads tables as `iptables-restore` does; `keeps` says that `--noflush` leaves what was there.
    pub fn restore(
        &mut self,
        program: Program,
        loaded: Vec<Table>,
        keeps: bool,
        conditions: &[Spanned<Atom>],
    ) {
        self.families = self.families.or(program.family.into());
        for table in loaded {
            let name = table.name.clone();
            if !keeps {
                let loader = self.loader(program);
                match conditions.is_empty() {
                    true => loader.begin(&name, table.span),
                    false => {
                        let rules = loader.chains(&name, None).flat_map(|it| it.rules.iter_mut());
                        rules.for_each(|old| unless(old, conditions));
                    }
                }
            }
            for chain in table.chains {
                self.restore_chain(program, &name, chain, keeps, conditions);
            }
        }
    }

    fn restore_chain(
        &mut self,
        program: Program,
        table: &str,
        chain: Chain,
        keeps: bool,
        conditions: &[Spanned<Atom>],
    ) {
        let loader = self.loader(program);
        let policy = chain.base.as_ref().filter(|base| base.policy_is_written).map(|base| base.policy);
        if chain.declared {
            if keeps && chain.base.is_none() {
                for old in loader.chains(table, Some(&chain.name)) {
                    match conditions.is_empty() {
                        true => old.rules.clear(),
                        false => old.rules.iter_mut().for_each(|old| unless(old, conditions)),
                    }
                }
            }
            let policy = policy.filter(|_| conditions.is_empty());
            // A built-in chain that rules only use was declared before, if at all.
            if policy.is_some() || chain.base.is_none() {
                loader.declare(table, &chain.name, policy, chain.span);
            }
        }
        if let Some(policy) = policy {
            let same =
                |it: &LatePolicy| it.program == program && it.table == table && it.chain == *chain.name;
            if conditions.is_empty() {
                self.policies.retain(|it| !same(it));
            } else {
                let (table, name) = (table.to_owned(), chain.name.to_string());
                let conditions = conditions.to_vec();
                let span = policy.span;
                self.policies.push(LatePolicy { program, table, chain: name, policy, conditions, span });
            }
        }
        let loader = self.loader(program);
        for rule in chain.rules {
            loader.append(table, &chain.name, chain.span, under(rule, conditions));
        }
    }

    /// The tables at the end of the script, with all their built-in chains, and what is gone of those before.
    pub fn finish(mut self, remarks: &mut Vec<Remark>) -> (Vec<Table>, Vec<Removal>) {
        for late in std::mem::take(&mut self.policies).into_iter().rev() {
            let loader = self.loader(late.program);
            let returns = |rule: &Rule| rule.verdict.value == Verdict::Return;
            if loader.chains(&late.table, Some(&late.chain)).any(|chain| chain.rules.iter().any(returns)) {
                remarks.push(not_followed(late.span, "this policy may hold or not, and RETURN leads to it"));
            }
            let verdict = match late.policy.value {
                Policy::Accept => Verdict::Accept,
                Policy::Drop => Verdict::Drop,
            };
            let rule = Rule {
                span: late.span,
                matches: Vec::new(),
                actions: Vec::new(),
                verdict: Spanned::new(verdict, late.policy.span),
                comment: None,
            };
            loader.append(&late.table, &late.chain, late.span, under(rule, &late.conditions));
        }
        self.loaders.sort_by_key(|(program, _)| program.family);
        let (mut tables, mut removals) = (Vec::new(), Vec::new());
        for (_, loader) in self.loaders {
            let (loaded, removed) = finish(loader);
            tables.extend(loaded);
            removals.extend(removed);
        }
        (tables, removals)
    }

    fn loader(&mut self, program: Program) -> &mut Loader {
        let at = self.loaders.iter().position(|(other, _)| *other == program).unwrap_or_else(|| {
            self.loaders.push((program, Loader::new(program)));
            self.loaders.len() - 1
        });
        &mut self.loaders[at].1
    }
}

/// A remark that something is not followed.
pub fn not_followed(span: Span, message: impl Into<String>) -> Remark {
    Remark { kind: RemarkKind::NotFollowed, span, message: message.into(), notes: Vec::new() }
}

/// The rule, if the conditions hold.
fn under(mut rule: Rule, conditions: &[Spanned<Atom>]) -> Rule {
    rule.matches.extend(conditions.iter().map(|condition| condition.clone().map(Match::from)));
    rule
}

/// The rule from now on holds only unless all conditions hold.
fn unless(rule: &mut Rule, conditions: &[Spanned<Atom>]) {
    let Some(last) = conditions.last() else { return };
    let texts: Vec<&str> = conditions.iter().map(|condition| &*condition.value.text).collect();
    let text = format!("! {{ {}; }}", texts.join(" && "));
    rule.matches.push(Spanned::new(Atom::pure(text).into(), last.span));
}

fn finish(mut loader: Loader) -> (Vec<Table>, Vec<Removal>) {
    let used: Vec<(String, Span)> =
        loader.tables().map(|table| (table.name.to_string(), table.span)).collect();
    for (table, span) in used {
        for chain in ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] {
            if tables::place(&table, chain).is_some() && loader.chains(&table, Some(chain)).next().is_none() {
                loader.declare(&table, chain, None, span);
            }
        }
    }
    loader.finish()
}
