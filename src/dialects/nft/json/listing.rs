//! What `nft -j list ruleset` prints: objects one after the other, each with the names of those it is in.
//!
//! They are put together as the text has them, so that a listing is known for one.

use std::borrow::Cow;
use std::collections::HashMap;

use super::reader::{Read, Reader};
use crate::dialects::nft::ast::{
    Chain, Command, Content, Entry, Family, Name, Object, Rule, StatefulKind, Table, TableName, Verb,
};
use crate::source::Span;
use crate::tree::{Kind, Node};

/// Can an entry stand in a listing: is it an object, not a command?
pub(super) fn is_listed(node: &Node<'_>) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    let [(key, _)] = &entries[..] else { return false };
    key.text().is_some_and(|word| {
        matches!(word, "metainfo" | "table" | "chain" | "rule" | "set" | "map" | "meter" | "flowtable")
            || StatefulKind::from_name(word).is_some()
    })
}

/// Is it what nft prints, which says first by which version it was printed?
pub(super) fn is_printed(root: &Node<'_>) -> bool {
    match root.get("nftables").map(|list| &list.kind) {
        Some(Kind::List(items)) => items.first().is_some_and(|first| first.get("metainfo").is_some()),
        _ => false,
    }
}

/// The tables of a listing.
#[derive(Default)]
struct Listing<'t> {
    tables: Vec<(Table<'t>, Span)>,
    /// Where tables are among them.
    places: HashMap<(Family, Cow<'t, str>), usize>,
    /// Where chains are in the content of a table.
    chains: HashMap<(usize, Cow<'t, str>), usize>,
}

impl Reader {
    /// The tables of a listing, in order, each as a command that adds it. An entry that is wrong is told of
    /// and left.
    pub fn listing<'t>(&mut self, items: &[Node<'t>]) -> Vec<Command<'t>> {
        let mut listing = Listing::default();
        for item in items {
            // What is wrong with it has been told.
            let _told = self.listed(&mut listing, item);
        }
        let as_command = |(table, span)| Command { verb: Verb::Add, object: Object::Table(table), span };
        listing.tables.into_iter().map(as_command).collect()
    }

    fn listed<'t>(&mut self, listing: &mut Listing<'t>, node: &Node<'t>) -> Read<()> {
        let (key, value) = self.one(node)?;
        let word = key.text().unwrap_or_default();
        match word {
            "metainfo" => {}
            "table" => {
                let table = self.table(value)?;
                listing.add_table(table, node.span);
            }
            "chain" => {
                let (table, chain) = (self.table_name(value)?, self.chain(value)?);
                listing.add_chain(&table, chain);
            }
            "rule" => {
                let (table, chain) = (self.table_name(value)?, self.need_name(value, "chain")?);
                let handle = self.number_of(value, "handle")?;
                let rule = Rule { handle, ..self.rule(value) };
                listing.add_rule(&table, &chain, rule);
            }
            "set" | "map" | "meter" => {
                let (table, _) = (self.table_name(value)?, self.need_name(value, "name")?);
                let set = self.set(value);
                listing.table(&table).content.push(Content::Set(set));
            }
            "flowtable" => {
                let (table, flowtable) = (self.table_name(value)?, self.flowtable(value)?);
                listing.table(&table).content.push(Content::Flowtable(flowtable));
            }
            _ => {
                let table = self.table_name(value)?;
                if let Some(kind) = StatefulKind::from_name(word) {
                    let object = self.stateful(kind, value)?;
                    listing.table(&table).content.push(Content::Stateful(object));
                }
            }
        }
        Ok(())
    }
}

impl<'t> Listing<'t> {
    fn add_table(&mut self, table: Table<'t>, span: Span) {
        let key = (table.family, table.name.value.clone());
        match self.places.get(&key) {
            Some(at) => self.tables[*at].0.flags.extend(table.flags),
            None => {
                self.places.insert(key, self.tables.len());
                self.tables.push((table, span));
            }
        }
    }

    /// Where a table is; one that is not listed is made where it is named first.
    fn place(&mut self, name: &TableName<'t>) -> usize {
        let key = (name.family, name.name.value.clone());
        if let Some(at) = self.places.get(&key) {
            return *at;
        }
        let span = name.name.span;
        let (flags, content) = (Vec::new(), Vec::new());
        let (family, name) = (name.family, name.name.clone());
        self.add_table(Table { family, name, handle: None, flags, comment: None, content, span }, span);
        self.tables.len() - 1
    }

    fn table(&mut self, name: &TableName<'t>) -> &mut Table<'t> {
        let at = self.place(name);
        &mut self.tables[at].0
    }

    fn add_chain(&mut self, table: &TableName<'t>, chain: Chain<'t>) {
        let at = self.place(table);
        let content = &mut self.tables[at].0.content;
        self.chains.insert((at, chain.name.value.clone()), content.len());
        content.push(Content::Chain(chain));
    }

    fn add_rule(&mut self, table: &TableName<'t>, chain: &Name<'t>, rule: Rule<'t>) {
        let at = self.place(table);
        let key = (at, chain.value.clone());
        if !self.chains.contains_key(&key) {
            self.add_chain(table, Chain::named(chain.clone(), chain.span));
        }
        if let Some(Content::Chain(known)) =
            self.chains.get(&key).and_then(|place| self.tables[at].0.content.get_mut(*place))
        {
            known.entries.push(Entry::Rule(rule));
        }
    }
}
