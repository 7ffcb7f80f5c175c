//! Does the commands of a file, one after the other: what is in the kernel in the end.

use std::collections::{HashMap, HashSet};

use super::merges::{self, Merge};
use super::uses;
use crate::dialects::nft::ast::{
    Chain, Command, Content, Element, Entry, Family, File, Name, Object, Place, Rule, Set, Table, TableName,
    Verb,
};
use crate::model::{Backend, Families, Remark, RemarkKind, Removal, SetUse, TableId};
use crate::source::{Span, Spanned};

/// All that a file loads.
#[derive(Debug, Default)]
pub(super) struct Loaded<'t> {
    /// Tables in the order in which they were made.
    pub tables: Vec<LoadedTable<'t>>,
    /// Does nothing else exist: was all there was before flushed, or is it a dump of everything?
    pub is_whole: bool,
    /// What is removed of all that was loaded before the file.
    pub removals: Vec<Removal>,
    /// What was noticed.
    pub remarks: Vec<Remark>,
    /// How many base chains were registered.
    registered: u32,
    /// Is the file that is being loaded a listing, as nft prints it?
    is_listing: bool,
    /// Is it JSON?
    is_json: bool,
}

/// A table as it is in the end.
#[derive(Debug)]
pub(super) struct LoadedTable<'t> {
    pub family: Family,
    pub name: Name<'t>,
    pub span: Span,
    pub dormant: bool,
    pub chains: Vec<LoadedChain<'t>>,
    pub sets: HashMap<Box<str>, LoadedSet<'t>>,
    /// Is it made anew, where no table of its name was before?
    pub is_new: bool,
    /// Does a listing say what is in it?
    pub is_listed: bool,
    /// Commands that change sets which the files do not declare.
    pub changes: Vec<SetUse>,
    /// Rules of its blocks that nft may put together.
    pub merges: Vec<Merge<'t>>,
}

/// A set as it is in the end.
#[derive(Debug)]
pub(super) struct LoadedSet<'t> {
    pub set: Set<'t>,
    /// Does a listing tell what is in it?
    pub is_listed: bool,
    /// Has something been done to it that is not followed?
    pub is_open: bool,
}

/// A chain as it is in the end.
#[derive(Debug)]
pub(super) struct LoadedChain<'t> {
    pub chain: Chain<'t>,
    /// The how manieth base chain it was when it was made.
    pub registered: u32,
    /// How many of its rules, from the first, stand in front of those that were there before the file.
    pub in_front: usize,
}

/// Does all commands of all files.
pub(super) fn load<'t>(files: impl Iterator<Item = File<'t>>) -> Loaded<'t> {
    let mut loaded = Loaded::default();
    for File { commands, mut remarks, is_listing, is_json } in files {
        let is_dump = is_dump(&commands);
        loaded.is_whole |= is_dump;
        (loaded.is_listing, loaded.is_json) = (is_dump && is_listing, is_json);
        loaded.remarks.append(&mut remarks);
        commands.into_iter().for_each(|command| loaded.command(command));
    }
    loaded
}

/// Is it what `nft list ruleset` prints: tables and nothing else, none of them twice?
fn is_dump(commands: &[Command<'_>]) -> bool {
    let is_table =
        |command: &Command<'_>| matches!((&command.verb, &command.object), (Verb::Add, Object::Table(_)));
    !commands.is_empty() && commands.iter().all(is_table)
}

impl<'t> Loaded<'t> {
    /// The families that the file speaks for.
    pub fn families(&self) -> Families {
        if self.is_whole {
            return Families::BOTH;
        }
        let has_base = |table: &&LoadedTable<'t>| table.chains.iter().any(|it| it.chain.hook.is_some());
        let families = self.tables.iter().filter(has_base).map(|table| families(table.family));
        families.fold(Families::NONE, Families::or)
    }

    fn command(&mut self, command: Command<'t>) {
        let Command { verb, object, span } = command;
        match (verb, object) {
            (Verb::Flush, Object::Ruleset(family)) => self.flush_ruleset(family),
            (Verb::Add | Verb::Create, Object::Table(table)) => self.add_table(table),
            (Verb::Delete | Verb::Destroy, Object::Table(table)) => {
                self.removals.push(Removal::Table(id(table.family, &table.name)));
                self.tables.retain(|it| it.family != table.family || it.name.value != table.name.value);
            }
            (Verb::Flush, Object::Table(table)) => {
                self.removals.push(Removal::Rules(id(table.family, &table.name), None));
                if let Some(known) = self.find(table.family, &table.name) {
                    known.chains.iter_mut().for_each(LoadedChain::flush);
                }
            }
            (Verb::Add | Verb::Create, Object::Chain(name, chain)) => {
                let at = self.place_of(name.family, &name.name, name.name.span);
                self.add_chain(at, chain);
            }
            (Verb::Delete | Verb::Destroy, Object::Chain(name, chain)) => {
                let removed = Some(chain.name.value.as_ref().into());
                self.removals.push(Removal::Chains(id(name.family, &name.name), removed));
                let table = self.table(&name);
                table.chains.retain(|it| it.chain.name.value != chain.name.value);
            }
            (Verb::Flush, Object::Chain(name, chain)) => {
                let all = chain.name.value.is_empty();
                let flushed = (!all).then(|| chain.name.value.as_ref().into());
                self.removals.push(Removal::Rules(id(name.family, &name.name), flushed));
                let chains = self.table(&name).chains.iter_mut();
                chains
                    .filter(|it| all || it.chain.name.value == chain.name.value)
                    .for_each(LoadedChain::flush);
            }
            (Verb::Rename(new), Object::Chain(name, chain)) => {
                let mut chains = self.table(&name).chains.iter_mut();
                let renamed = chains.find(|it| it.chain.name.value == chain.name.value);
                renamed.into_iter().for_each(|it| it.chain.name = new.clone());
            }
            (verb, Object::Rule { table, chain, place, rule }) => {
                self.rule(&verb, &table, &chain, place, rule, span);
            }
            (Verb::Add | Verb::Create, Object::Set(name, set)) => self.table(&name).add_set(set, false),
            (Verb::Delete | Verb::Destroy, Object::Set(name, set)) => {
                self.table(&name).sets.remove(&*set.name.value);
            }
            (Verb::Flush, Object::Set(name, set)) => {
                if let Some(known) = self.table(&name).set(&set.name, span) {
                    known.set.elements.clear();
                    known.is_open = false;
                }
            }
            (verb, Object::Elements { table, set, elements }) => {
                if let Some(known) = self.table(&table).set(&set, span) {
                    known.change(&verb, elements);
                }
            }
            _ => {}
        }
    }

    fn flush_ruleset(&mut self, family: Option<Family>) {
        match family {
            None => {
                self.tables.clear();
                self.removals.push(Removal::Everything);
                self.is_whole = true;
            }
            Some(family) => {
                self.tables.retain(|table| table.family != family);
                let frames = frames(family).map(Into::into);
                self.removals.push(Removal::Family { families: families(family), frames });
            }
        }
    }

    fn find(&mut self, family: Family, name: &Name<'_>) -> Option<&mut LoadedTable<'t>> {
        self.tables.iter_mut().find(|table| table.family == family && table.name.value == name.value)
    }

    /// The table of a name; one that the file does not make was there before.
    fn table(&mut self, name: &TableName<'t>) -> &mut LoadedTable<'t> {
        let at = self.place_of(name.family, &name.name, name.name.span);
        &mut self.tables[at]
    }

    fn place_of(&mut self, family: Family, name: &Name<'t>, span: Span) -> usize {
        let known = self.tables.iter().position(|it| it.family == family && it.name.value == name.value);
        known.unwrap_or_else(|| {
            let id = id(family, name);
            let is_new = self.is_listing || self.removals.iter().any(|removal| removal.takes(&id));
            self.tables.push(LoadedTable {
                family,
                name: name.clone(),
                span,
                dormant: false,
                chains: Vec::new(),
                sets: HashMap::new(),
                is_new,
                is_listed: self.is_listing,
                changes: Vec::new(),
                merges: Vec::new(),
            });
            self.tables.len() - 1
        })
    }

    fn add_table(&mut self, table: Table<'t>) {
        let at = self.place_of(table.family, &table.name, table.span);
        self.tables[at].dormant |= table.flags.iter().any(|flag| flag.value == "dormant");
        for content in table.content {
            match content {
                Content::Chain(chain) => {
                    if !self.is_json {
                        self.tables[at].merges.extend(merges::of(&chain));
                    }
                    self.add_chain(at, chain);
                }
                Content::Set(set) => self.tables[at].add_set(set, self.is_listing),
                Content::Flowtable(_) | Content::Stateful(_) => {}
            }
        }
    }

    fn add_chain(&mut self, at: usize, chain: Chain<'t>) {
        let number = self.registered;
        let known = self.tables[at].chain(&chain.name, number);
        if known.chain.hook.is_none() && chain.hook.is_some() {
            known.registered = number;
            known.chain.hook = chain.hook;
            self.registered += 1;
        }
        known.chain.span = chain.span;
        known.chain.policy = chain.policy.or(known.chain.policy.take());
        match known.chain.entries.is_empty() {
            true => known.chain.entries = chain.entries,
            false => known.chain.entries.extend(chain.entries),
        }
    }

    fn rule(
        &mut self,
        verb: &Verb<'t>,
        table: &TableName<'t>,
        chain: &Name<'t>,
        place: Option<Spanned<Place>>,
        rule: Rule<'t>,
        span: Span,
    ) {
        let number = self.registered;
        let known = self.table(table).chain(chain, number);
        let rule = Entry::Rule(rule);
        if matches!((verb, place), (Verb::Add, None)) {
            return known.chain.entries.push(rule);
        }
        known.unroll();
        let rules = &mut known.chain.entries;
        let has = |entry: &Entry<'_>, handle| entry.tree().is_some_and(|rule| rule.handle == Some(handle));
        let by_place = |place: Spanned<Place>| match place.value {
            Place::Handle(handle) => rules.iter().position(|rule| has(rule, handle)),
            Place::Index(index) => Some(index as usize).filter(|at| *at < rules.len()),
        };
        let at = place.map(by_place);
        let before = (rules.len(), at.flatten().is_none_or(|at| at < known.in_front));
        match (verb, at) {
            (Verb::Insert, None) => rules.insert(0, rule),
            (Verb::Add, Some(Some(at))) => rules.insert(at + 1, rule),
            (Verb::Insert, Some(Some(at))) => rules.insert(at, rule),
            (Verb::Replace, Some(Some(at))) => rules[at] = rule,
            (Verb::Delete | Verb::Destroy, Some(Some(at))) => drop(rules.remove(at)),
            // A rule that was there before the file: where it stands among these is not known.
            (_, Some(None)) => {
                let message = "which rule this is about is not known from the file".into();
                let (kind, notes) = (RemarkKind::NotFollowed, Vec::new());
                return self.remarks.push(Remark { kind, span, message, notes });
            }
            _ => {}
        }
        if before.1 {
            known.in_front = (known.in_front + rules.len()).saturating_sub(before.0);
        }
    }
}

impl<'t> LoadedTable<'t> {
    /// The chain of a name, made if it is not there.
    fn chain(&mut self, name: &Name<'t>, registered: u32) -> &mut LoadedChain<'t> {
        let known = self.chains.iter().position(|it| it.chain.name.value == name.value);
        let at = known.unwrap_or_else(|| {
            let chain = Chain::named(name.clone(), name.span);
            self.chains.push(LoadedChain { chain, registered, in_front: 0 });
            self.chains.len() - 1
        });
        &mut self.chains[at]
    }

    fn add_set(&mut self, set: Set<'t>, is_listed: bool) {
        match self.sets.get_mut(&*set.name.value) {
            Some(known) => known.set.elements.extend(set.elements),
            None => {
                let name = set.name.value.clone().into();
                self.sets.insert(name, LoadedSet { set, is_listed, is_open: false });
            }
        }
    }

    /// The set of a name, to be changed by a command; `None` if it was there before the files.
    fn set(&mut self, name: &Name<'_>, command: Span) -> Option<&mut LoadedSet<'t>> {
        let known = self.sets.get_mut(&*name.value);
        if known.is_none() {
            self.changes.push(uses::at(name, command, true));
        }
        known
    }
}

impl<'t> LoadedSet<'t> {
    /// Adds members or removes them. One that is there by other words, or as a part of another, is not found.
    fn change(&mut self, verb: &Verb<'_>, elements: Vec<Element<'t>>) {
        let known = &mut self.set.elements;
        match verb {
            Verb::Add | Verb::Create => known.extend(elements),
            Verb::Delete | Verb::Destroy => {
                let gone: HashSet<String> = elements.iter().map(|it| it.key.to_string()).collect();
                let before = known.len();
                known.retain(|it| !gone.contains(&it.key.to_string()));
                self.is_open |= before - known.len() != gone.len();
            }
            _ => {}
        }
    }
}

impl LoadedChain<'_> {
    /// Lets each rule be an entry of its own, so that they can be counted and moved.
    fn unroll(&mut self) {
        if self.chain.entries.iter().any(|entry| entry.done() > 1) {
            let each = |entry| match entry {
                Entry::Done(rules) => rules.into_iter().map(|rule| Entry::Done(vec![rule])).collect(),
                rule => vec![rule],
            };
            self.chain.entries = std::mem::take(&mut self.chain.entries).into_iter().flat_map(each).collect();
        }
    }

    fn flush(&mut self) {
        self.chain.entries.clear();
        self.in_front = 0;
    }
}

/// By what the model tells a table from others. Tables of frames have their family in their name, since
/// they see the same packets as `inet`.
pub(super) fn id(family: Family, name: &Name<'_>) -> TableId {
    let name = match frames(family) {
        None => name.value.as_ref().into(),
        Some(family) => format!("{family} {}", name.value).into(),
    };
    TableId { name, families: families(family), backend: Backend::Nft }
}

/// The name of a family whose tables see frames.
fn frames(family: Family) -> Option<&'static str> {
    match family {
        Family::Ip | Family::Ip6 | Family::Inet => None,
        Family::Arp | Family::Bridge | Family::Netdev => Some(family.name()),
    }
}

/// The families whose packets a table sees.
pub(super) fn families(family: Family) -> Families {
    match family {
        // Without address resolution there is no IPv4.
        Family::Ip | Family::Arp => Families::V4,
        Family::Ip6 => Families::V6,
        Family::Inet | Family::Bridge | Family::Netdev => Families::BOTH,
    }
}
