//! Does the commands of a file, one after the other: what is in the kernel in the end.

use std::collections::HashMap;

use crate::dialects::nft::ast::{
    Chain, Command, Content, Element, Family, Name, Object, Place, Rule, Set, Table, TableName, Verb,
};
use crate::model::{Families, Remark, RemarkKind};
use crate::source::{Span, Spanned};

/// All that a file loads.
#[derive(Debug, Default)]
pub(super) struct Loaded<'t> {
    /// Tables in the order in which they were made.
    pub tables: Vec<LoadedTable<'t>>,
    /// Does nothing else exist: was all there was before flushed, or is it a dump of everything?
    pub is_whole: bool,
    /// What was noticed.
    pub remarks: Vec<Remark>,
    /// Tables that existed before the file, whatever is in them, and that it adds to.
    foreign: bool,
}

/// A table as it is in the end.
#[derive(Debug)]
pub(super) struct LoadedTable<'t> {
    pub family: Family,
    pub name: Name<'t>,
    pub span: Span,
    pub dormant: bool,
    pub chains: Vec<Chain<'t>>,
    pub sets: HashMap<Box<str>, Set<'t>>,
    /// Was it there before the file, as far as the file tells: things in it may be missing here.
    pub is_foreign: bool,
}

/// Does all commands.
pub(super) fn load(commands: Vec<Command<'_>>) -> Loaded<'_> {
    let mut loaded = Loaded { is_whole: is_dump(&commands), ..Loaded::default() };
    for command in commands {
        loaded.command(command);
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
        let has_base = |table: &&LoadedTable<'t>| table.chains.iter().any(|chain| chain.hook.is_some());
        let families = self.tables.iter().filter(has_base).map(|table| families(table.family));
        families.fold(Families::NONE, Families::or)
    }

    fn command(&mut self, command: Command<'t>) {
        let Command { verb, object, span } = command;
        match (verb, object) {
            (Verb::Flush, Object::Ruleset(family)) => {
                self.tables.retain(|table| family.is_some_and(|family| family != table.family));
                self.is_whole |= family.is_none();
            }
            (Verb::Add | Verb::Create, Object::Table(table)) => self.add_table(table),
            (Verb::Delete | Verb::Destroy, Object::Table(table)) => {
                self.tables.retain(|it| it.family != table.family || it.name.value != table.name.value);
            }
            (Verb::Flush, Object::Table(table)) => {
                if let Some(known) = self.find(table.family, &table.name) {
                    known.chains.iter_mut().for_each(|chain| chain.rules.clear());
                }
            }
            (Verb::Add | Verb::Create, Object::Chain(name, chain)) => self.table(&name).add_chain(chain),
            (Verb::Delete | Verb::Destroy, Object::Chain(name, chain)) => {
                let table = self.table(&name);
                table.chains.retain(|it| it.name.value != chain.name.value);
            }
            (Verb::Flush, Object::Chain(name, chain)) => {
                let table = self.table(&name);
                let all = chain.name.value.is_empty();
                let flushed = table.chains.iter_mut().filter(|it| all || it.name.value == chain.name.value);
                flushed.for_each(|chain| chain.rules.clear());
            }
            (Verb::Rename(new), Object::Chain(name, chain)) => {
                let table = self.table(&name);
                let renamed = table.chains.iter_mut().find(|it| it.name.value == chain.name.value);
                renamed.into_iter().for_each(|chain| chain.name = new.clone());
            }
            (verb, Object::Rule { table, chain, place, rule }) => {
                self.rule(&verb, &table, &chain, place, rule, span);
            }
            (Verb::Add | Verb::Create, Object::Set(name, set)) => self.table(&name).add_set(set),
            (Verb::Delete | Verb::Destroy, Object::Set(name, set)) => {
                self.table(&name).sets.remove(&*set.name.value);
            }
            (Verb::Flush, Object::Set(name, set)) => {
                let known = self.table(&name).sets.get_mut(&*set.name.value);
                known.into_iter().for_each(|set| set.elements.clear());
            }
            (verb, Object::Elements { table, set, elements }) => {
                self.elements(&verb, &table, &set, elements);
            }
            _ => {}
        }
    }

    fn find(&mut self, family: Family, name: &Name<'_>) -> Option<&mut LoadedTable<'t>> {
        self.tables.iter_mut().find(|table| table.family == family && table.name.value == name.value)
    }

    /// The table of a name; one that the file does not make was there before.
    fn table(&mut self, name: &TableName<'t>) -> &mut LoadedTable<'t> {
        let is_foreign = !self.is_whole;
        let at = self.place_of(name.family, &name.name, name.name.span);
        self.foreign |= is_foreign;
        &mut self.tables[at]
    }

    fn place_of(&mut self, family: Family, name: &Name<'t>, span: Span) -> usize {
        let known = self.tables.iter().position(|it| it.family == family && it.name.value == name.value);
        known.unwrap_or_else(|| {
            self.tables.push(LoadedTable {
                family,
                name: name.clone(),
                span,
                dormant: false,
                chains: Vec::new(),
                sets: HashMap::new(),
                is_foreign: !self.is_whole,
            });
            self.tables.len() - 1
        })
    }

    fn add_table(&mut self, table: Table<'t>) {
        let at = self.place_of(table.family, &table.name, table.span);
        let known = &mut self.tables[at];
        known.dormant |= table.flags.iter().any(|flag| flag.value == "dormant");
        for content in table.content {
            match content {
                Content::Chain(chain) => known.add_chain(chain),
                Content::Set(set) => known.add_set(set),
                Content::Flowtable(_) | Content::Stateful(_) => {}
            }
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
        let chain = self.table(table).chain(chain);
        let by_place = |place: Spanned<Place>| match place.value {
            Place::Handle(handle) => chain.rules.iter().position(|rule| rule.handle == Some(handle)),
            Place::Index(index) => Some(index as usize).filter(|at| *at < chain.rules.len()),
        };
        let at = place.map(by_place);
        match (verb, at) {
            (Verb::Add, None) => chain.rules.push(rule),
            (Verb::Insert, None) => chain.rules.insert(0, rule),
            (Verb::Add, Some(Some(at))) => chain.rules.insert(at + 1, rule),
            (Verb::Insert, Some(Some(at))) => chain.rules.insert(at, rule),
            (Verb::Replace, Some(Some(at))) => chain.rules[at] = rule,
            (Verb::Delete | Verb::Destroy, Some(Some(at))) => drop(chain.rules.remove(at)),
            // A rule that was there before the file: where it stands among these is not known.
            (_, Some(None)) => {
                let message = "which rule this is about is not known from the file".into();
                let (kind, notes) = (RemarkKind::NotFollowed, Vec::new());
                self.remarks.push(Remark { kind, span, message, notes });
            }
            _ => {}
        }
    }

    fn elements(
        &mut self,
        verb: &Verb<'t>,
        table: &TableName<'t>,
        set: &Name<'t>,
        elements: Vec<Element<'t>>,
    ) {
        let Some(known) = self.table(table).sets.get_mut(&*set.value) else { return };
        match verb {
            Verb::Add | Verb::Create => known.elements.extend(elements),
            Verb::Delete | Verb::Destroy => {
                known.elements.retain(|it| !elements.iter().any(|gone| gone.key.says_as(&it.key)));
            }
            _ => {}
        }
    }
}

impl<'t> LoadedTable<'t> {
    /// The chain of a name, made if it is not there.
    fn chain(&mut self, name: &Name<'t>) -> &mut Chain<'t> {
        let known = self.chains.iter().position(|chain| chain.name.value == name.value);
        let at = known.unwrap_or_else(|| {
            self.chains.push(Chain {
                name: name.clone(),
                handle: None,
                hook: None,
                policy: None,
                flags: Vec::new(),
                comment: None,
                rules: Vec::new(),
                span: name.span,
            });
            self.chains.len() - 1
        });
        &mut self.chains[at]
    }

    fn add_chain(&mut self, chain: Chain<'t>) {
        let Some(known) = self.chains.iter_mut().find(|it| it.name.value == chain.name.value) else {
            return self.chains.push(chain);
        };
        known.hook = known.hook.take().or(chain.hook);
        known.policy = chain.policy.or(known.policy.take());
        known.rules.extend(chain.rules);
    }

    fn add_set(&mut self, set: Set<'t>) {
        match self.sets.get_mut(&*set.name.value) {
            Some(known) => known.elements.extend(set.elements),
            None => drop(self.sets.insert(set.name.value.clone().into(), set)),
        }
    }
}

/// The families whose packets a table sees.
pub(super) fn families(family: Family) -> Families {
    match family {
        Family::Ip => Families::V4,
        Family::Ip6 => Families::V6,
        Family::Inet | Family::Bridge | Family::Netdev => Families::BOTH,
        Family::Arp => Families::NONE,
    }
}
