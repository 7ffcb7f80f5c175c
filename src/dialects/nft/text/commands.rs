//! Commands: what a file does, one after the other.

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{
    COMMAND_WORDS, Command, Element, Family, Name, Object, Place, Rule, TableName, Verb,
};
use crate::source::Spanned;

impl<'t> Reader<'t> {
    /// All commands of the text.
    pub fn commands(&mut self) {
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(";") {
                continue;
            }
            if self.cursor.byte().is_none() {
                return;
            }
            let before = self.cursor.at;
            if let Err(mistake) = self.command() {
                self.tell(mistake);
                if self.cursor.at == before {
                    self.cursor.skip_token();
                }
                self.cursor.skip_statement();
            }
            if self.take_cut() {
                continue;
            }
            if self.cursor.byte() == Some(b'}') {
                let here = self.cursor.here();
                self.tell(Mistake::new(here, "this `}` closes nothing"));
                self.cursor.eat("}");
            } else if !self.cursor.is_end() {
                let mistake = self.wanted("the end of the line");
                self.tell(mistake);
                self.cursor.skip_statement();
            }
        }
    }

    fn command(&mut self) -> Result<()> {
        let start = self.cursor.at;
        if self.cursor.byte() == Some(b'}') {
            return Ok(());
        }
        let Some(word) = self.cursor.word() else { return Err(self.wanted("a command")) };
        let verb = match word.value {
            "define" | "redefine" | "undefine" => return self.define(word.value),
            "include" => {
                return self.include(&mut |reader: &mut Self| {
                    reader.commands();
                    Ok(())
                });
            }
            "add" => Verb::Add,
            "create" => Verb::Create,
            "insert" => Verb::Insert,
            "replace" => Verb::Replace,
            "delete" => Verb::Delete,
            "destroy" => Verb::Destroy,
            "flush" => Verb::Flush,
            "rename" => return self.rename(start),
            "reset" | "list" | "export" | "monitor" | "describe" | "get" | "import" => {
                self.cursor.skip_statement();
                return Ok(());
            }
            _ => {
                self.cursor.at = start;
                Verb::Add
            }
        };
        let object = self.object(&verb)?;
        self.push(Command { verb, object, span: self.cursor.since(start) });
        Ok(())
    }

    /// What a command is about.
    fn object(&mut self, verb: &Verb<'t>) -> Result<Object<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let here = self.cursor.here();
        let Some(word) = self.cursor.word() else { return Err(self.wanted("what the command is about")) };
        let is_new = matches!(verb, Verb::Add | Verb::Create);
        Ok(match word.value {
            "ruleset" => {
                let family = self.cursor.peek_word().and_then(Family::from_name);
                if family.is_some() {
                    self.cursor.word();
                }
                Object::Ruleset(family)
            }
            "table" if is_new => Object::Table(self.table(start)?),
            "table" => {
                let (table, handle) = self.table_or_handle()?;
                Object::Table(crate::dialects::nft::ast::Table {
                    family: table.family,
                    name: table.name,
                    handle,
                    flags: Vec::new(),
                    comment: None,
                    content: Vec::new(),
                    span: self.cursor.since(start),
                })
            }
            "chain" => {
                let (table, name, handle) = self.name_or_handle()?;
                let (mut chain, result) = self.chain_block(name, self.cursor.since(start));
                chain.handle = handle;
                result?;
                Object::Chain(table, chain)
            }
            "rule" => self.rule_of_chain(verb)?,
            "set" | "map" | "meter" => {
                let (table, name, handle) = self.name_or_handle()?;
                let mut set = self.set_block(name, self.cursor.since(start))?;
                set.handle = handle;
                Object::Set(table, set)
            }
            "element" => {
                let table = self.table_name()?;
                let Some(set) = self.cursor.name() else { return Err(self.wanted("the name of a set")) };
                let elements = self.given_elements()?;
                Object::Elements { table, set, elements }
            }
            "flowtable" => {
                let (table, name, _) = self.name_or_handle()?;
                self.cursor.at -= name.value.len();
                Object::Flowtable(table, self.flowtable(start)?)
            }
            _ => match self.stateful_kind(word.value)? {
                Some(kind) => {
                    let table = self.table_name()?;
                    if self.cursor.eat_word("handle") {
                        self.cursor.word();
                        return Ok(Object::Unknown);
                    }
                    Object::Stateful(table, self.stateful(kind, start)?)
                }
                // `add filter input tcp dport 22 accept`: the word `rule` may be left out.
                None if matches!(verb, Verb::Add | Verb::Insert) && self.begins_rule(word.value) => {
                    self.cursor.at = start;
                    self.rule_of_chain(verb)?
                }
                None => return Err(Mistake::not_among(here, "command", word.value, words())),
            },
        })
    }

    /// May a rule be here without the word `rule`: a table, a chain, and a statement?
    fn begins_rule(&mut self, first: &str) -> bool {
        let mut ahead = self.cursor;
        let count = if Family::from_name(first).is_some() { 2 } else { 1 };
        let has_names = (0..count).all(|_| ahead.word().is_some());
        has_names && !ahead.is_end() && ahead.byte() != Some(b'{') && !words().any(|word| word == first)
    }

    fn rule_of_chain(&mut self, verb: &Verb<'t>) -> Result<Object<'t>> {
        let table = self.table_name()?;
        let Some(chain) = self.cursor.name() else { return Err(self.wanted("the name of a chain")) };
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let place = match self.cursor.peek_word() {
            Some("handle" | "position") => {
                self.cursor.word();
                Some(Place::Handle(self.number("a handle")?))
            }
            Some("index") => {
                self.cursor.word();
                Some(Place::Index(self.number("an index")?))
            }
            _ => None,
        };
        let place = place.map(|place| Spanned::new(place, self.cursor.since(start)));
        let rule = match verb {
            Verb::Delete | Verb::Destroy => {
                let span = self.cursor.since(start);
                Rule { statements: Vec::new(), comment: None, handle: None, span }
            }
            _ => self.rule(),
        };
        Ok(Object::Rule { table, chain, place, rule })
    }

    /// `rename chain t a b`, its first word taken.
    fn rename(&mut self, start: usize) -> Result<()> {
        self.need_word("chain")?;
        let table = self.table_name()?;
        let (Some(old), Some(new)) = (self.cursor.name(), self.cursor.name()) else {
            return Err(self.wanted("the name of a chain"));
        };
        let span = self.cursor.since(start);
        let (chain, _) = self.chain_block(old, span);
        self.push(Command { verb: Verb::Rename(new), object: Object::Chain(table, chain), span });
        Ok(())
    }

    fn given_elements(&mut self) -> Result<Vec<Element<'t>>> {
        if self.cursor.peek() == Some(b'$') {
            let value = self.variable()?;
            return Ok(vec![Element { span: value.span, key: value, value: None, timeout: false }]);
        }
        self.nested(Self::elements)
    }

    /// A table by family and name.
    fn table_name(&mut self) -> Result<TableName<'t>> {
        let family = self.family();
        match self.cursor.name() {
            Some(name) => Ok(TableName { family, name }),
            None => Err(self.wanted("the name of a table")),
        }
    }

    fn table_or_handle(&mut self) -> Result<(TableName<'t>, Option<u64>)> {
        let table = self.table_name()?;
        if table.name.value != "handle" {
            return Ok((table, None));
        }
        let handle = self.number("a handle")?;
        Ok((TableName { name: Spanned::new("".into(), table.name.span), ..table }, Some(handle)))
    }

    /// A table, and the name or handle of what is in it.
    fn name_or_handle(&mut self) -> Result<(TableName<'t>, Name<'t>, Option<u64>)> {
        let table = self.table_name()?;
        let Some(name) = self.cursor.name() else { return Err(self.wanted("a name")) };
        if name.value != "handle" {
            return Ok((table, name, None));
        }
        let handle = self.number("a handle")?;
        Ok((table, Spanned::new("".into(), name.span), Some(handle)))
    }
}

/// What a command may begin with or be about in text alone.
const OWN_WORDS: [&str; 4] = ["ct", "define", "include", "list"];

fn words() -> impl Iterator<Item = &'static str> {
    COMMAND_WORDS.into_iter().chain(OWN_WORDS)
}
