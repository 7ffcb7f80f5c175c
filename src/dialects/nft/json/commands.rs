//! Commands: what a file does, one after the other.

use super::listing;
use super::reader::{Read, Reader};
use crate::dialects::nft::ast::{COMMAND_WORDS, Command, Object, Place, Rule, StatefulKind, Verb};
use crate::source::Spanned;
use crate::tree::{Kind, Node};

impl Reader {
    /// All commands of a text: those of a listing are its tables, each with its content.
    pub fn commands<'t>(&mut self, root: &Node<'t>) -> Vec<Command<'t>> {
        let Ok(list) = self.need(root, "nftables") else { return Vec::new() };
        let Kind::List(items) = &list.kind else {
            self.wrong(list.span, format!("`nftables` must be a list, not {}", list.kind.describe()));
            return Vec::new();
        };
        match items.iter().all(listing::is_listed) {
            true => self.listing(items),
            false => items.iter().filter_map(|item| self.command(item).ok().flatten()).collect(),
        }
    }

    /// A command; an object alone is added. `None` if it changes nothing.
    fn command<'t>(&mut self, node: &Node<'t>) -> Read<Option<Command<'t>>> {
        let (key, value) = self.one(node)?;
        let verb = match key.text().unwrap_or_default() {
            "add" => Verb::Add,
            "create" => Verb::Create,
            "insert" => Verb::Insert,
            "replace" => Verb::Replace,
            "delete" => Verb::Delete,
            "destroy" => Verb::Destroy,
            "flush" => Verb::Flush,
            "rename" => {
                let (_, chain) = self.one(value)?;
                Verb::Rename(self.need_name(chain, "newname")?)
            }
            "metainfo" | "list" | "reset" | "export" | "monitor" | "describe" | "get" => return Ok(None),
            _ => {
                let object = self.object(&Verb::Add, key, value)?;
                return Ok(Some(Command { verb: Verb::Add, object, span: node.span }));
            }
        };
        let (key, value) = self.one(value)?;
        let object = self.object(&verb, key, value)?;
        Ok(Some(Command { verb, object, span: node.span }))
    }

    /// What a command is about.
    fn object<'t>(&mut self, verb: &Verb<'t>, key: &Node<'t>, value: &Node<'t>) -> Read<Object<'t>> {
        let word = key.text().unwrap_or_default();
        Ok(match word {
            "ruleset" => Object::Ruleset(self.family_of(value)?),
            "table" => Object::Table(self.table(value)?),
            "chain" => Object::Chain(self.table_name(value)?, self.chain(value)?),
            "rule" => self.rule_of_chain(verb, value)?,
            "set" | "map" | "meter" => {
                let (table, _) = (self.table_name(value)?, self.name_or_handle(value)?);
                Object::Set(table, self.set(value))
            }
            "element" => {
                let (table, set) = (self.table_name(value)?, self.need_name(value, "name")?);
                let elements = self.need(value, "elem")?;
                Object::Elements { table, set, elements: self.elements(elements) }
            }
            "flowtable" => Object::Flowtable(self.table_name(value)?, self.flowtable(value)?),
            _ => match StatefulKind::from_name(word) {
                Some(kind) => Object::Stateful(self.table_name(value)?, self.stateful(kind, value)?),
                None => return Err(self.unknown(key, "command", COMMAND_WORDS.into_iter().chain(OWN_WORDS))),
            },
        })
    }

    fn rule_of_chain<'t>(&mut self, verb: &Verb<'t>, node: &Node<'t>) -> Read<Object<'t>> {
        let (table, chain) = (self.table_name(node)?, self.need_name(node, "chain")?);
        let at = |key: &str| node.get(key).filter(|value| value.kind != Kind::Null);
        // To `add`, nft takes a handle for that of the rule itself, as listings have it (nft 1.0.6).
        let place = match (at("handle"), at("index")) {
            (Some(handle), _) if *verb != Verb::Add && *verb != Verb::Create => {
                Some(Spanned::new(Place::Handle(self.number(handle)?), handle.span))
            }
            (_, Some(index)) => Some(Spanned::new(Place::Index(self.number(index)?), index.span)),
            _ => None,
        };
        let rule = match verb {
            Verb::Delete | Verb::Destroy => {
                Rule { statements: Vec::new(), comment: None, handle: None, span: node.span }
            }
            _ => self.rule(node),
        };
        Ok(Object::Rule { table, chain, place, rule })
    }
}

/// What a command may be or be about in JSON alone.
const OWN_WORDS: [&str; 3] = ["ct helper", "ct timeout", "ct expectation"];
