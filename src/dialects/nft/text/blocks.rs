//! Blocks: tables and chains, and what all things in braces have in common.

use super::reader::{Block, Mistake, Reader, Result};
use crate::dialects::nft::ast::{
    Chain, Content, Entry, ExpressionKind, Family, Hook, Name, Priority, Rule, Table,
};
use crate::source::{Span, Spanned};

impl<'t> Reader<'t> {
    /// The lines of a block in braces, of which each begins with a word. A line that is wrong is told
    /// of and left; a block that is never closed ends where another begins that cannot be in it.
    pub fn block(
        &mut self,
        header: Span,
        mut item: impl FnMut(&mut Self, Spanned<&'t str>) -> Result<()>,
    ) -> Result<()> {
        self.nested(|reader| {
            reader.need("{")?;
            reader.lines(Some(header), &mut item)
        })
    }

    /// The lines of a block to its end; of a text that is included in one, to the end of the text.
    fn lines(
        &mut self,
        header: Option<Span>,
        item: &mut dyn FnMut(&mut Self, Spanned<&'t str>) -> Result<()>,
    ) -> Result<()> {
        loop {
            self.cursor.skip_lines();
            if self.cursor.eat(";") {
                continue;
            }
            match header {
                Some(_) if self.cursor.eat("}") => return Ok(()),
                Some(header) if self.cursor.byte().is_none() || self.begins_outer() => {
                    self.cut(header);
                    return Ok(());
                }
                None if self.cursor.byte().is_none() => return Ok(()),
                _ => {}
            }
            let before = self.cursor.at;
            let here = self.cursor.here();
            let word = self.cursor.word().unwrap_or(Spanned::new("", here));
            let result = match word.value {
                "include" => self.include(&mut |reader| reader.lines(None, item)),
                _ => item(self, word),
            };
            if let Err(mistake) = result {
                self.tell(mistake);
                if self.cursor.at == before {
                    self.cursor.skip_token();
                }
                self.cursor.skip_statement();
            }
            if !self.take_cut() {
                self.end_of_line();
            }
        }
    }

    /// Goes to the end of a statement, and tells if something stands before it.
    pub fn end_of_line(&mut self) {
        if !self.cursor.is_end() {
            let mistake = self.wanted("the end of the line");
            self.tell(mistake);
            if self.cursor.byte() == Some(b'}') {
                self.cursor.eat("}");
            }
            self.cursor.skip_statement();
        }
    }

    /// Does a block begin here that cannot stand in one: `table inet x {` in a table, `chain x {` in a chain?
    fn begins_outer(&mut self) -> bool {
        let mut ahead = self.cursor;
        let outer: &[&str] = match self.place {
            Block::Table => &["table"],
            Block::Inner => &["table", "chain", "set", "map", "flowtable"],
        };
        if !ahead.word().is_some_and(|word| outer.contains(&word.value)) {
            return false;
        }
        while ahead.word().is_some() {}
        ahead.peek() == Some(b'{')
    }

    /// The rest of a table: its name, and what is in its braces, if there are any.
    pub fn table(&mut self, start: usize) -> Result<Table<'t>> {
        let family = self.family();
        let Some(name) = self.cursor.name() else { return Err(self.wanted("the name of a table")) };
        let span = self.cursor.since(start);
        let (flags, content) = (Vec::new(), Vec::new());
        let mut table = Table { family, name, handle: None, flags, comment: None, content, span };
        if self.cursor.peek() == Some(b'{') {
            let outer = std::mem::replace(&mut self.place, Block::Table);
            self.at_once = self.early.map(|early| (early, family));
            let result =
                self.scoped(|reader| reader.block(span, |reader, word| reader.table_item(&mut table, word)));
            (self.place, self.at_once) = (outer, None);
            // The table is kept whatever is wrong in it.
            if let Err(mistake) = result {
                self.tell(mistake);
            }
        }
        Ok(table)
    }

    /// Reads what is in braces in a table.
    pub fn inner<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.place, Block::Inner);
        let result = read(self);
        self.place = outer;
        result
    }

    /// A family, if one is written; otherwise it is `ip`.
    pub fn family(&mut self) -> Family {
        let mut ahead = self.cursor;
        let family = ahead.word().and_then(|word| Family::from_name(word.value));
        // A table may be called as a family is.
        match family {
            Some(family) if ahead.word().is_some() => {
                self.cursor.word();
                family
            }
            _ => Family::Ip,
        }
    }

    fn table_item(&mut self, table: &mut Table<'t>, word: Spanned<&'t str>) -> Result<()> {
        let start = word.span.start as usize;
        match word.value {
            "chain" => {
                let Some(name) = self.cursor.name() else { return Err(self.wanted("the name of a chain")) };
                let span = self.cursor.since(start);
                let (chain, result) = self.chain_block(name, span);
                table.content.push(Content::Chain(chain));
                result
            }
            "set" | "map" => {
                let Some(name) = self.cursor.name() else { return Err(self.wanted("the name of a set")) };
                let span = self.cursor.since(start);
                table.content.push(Content::Set(self.set_block(name, span)?));
                Ok(())
            }
            "flags" => loop {
                table.flags.extend(self.cursor.name());
                if !self.cursor.eat(",") {
                    return Ok(());
                }
            },
            "comment" => {
                table.comment = Some(self.comment()?);
                Ok(())
            }
            "flowtable" => {
                table.content.push(Content::Flowtable(self.flowtable(start)?));
                Ok(())
            }
            "define" | "redefine" | "undefine" => self.define(word.value),
            "" => Err(self.wanted("a keyword")),
            _ => match self.stateful_kind(word.value)? {
                Some(kind) => {
                    table.content.push(Content::Stateful(self.stateful(kind, start)?));
                    Ok(())
                }
                None => Err(Mistake::not_among(word.span, "part of a table", word.value, ITEMS.into_iter())),
            },
        }
    }

    /// A chain, its name taken. It is kept whatever is wrong with its end. Where a rule wants the trees of all, and some were
    /// given up already, it is read again.
    pub fn chain_block(&mut self, name: Name<'t>, span: Span) -> (Chain<'t>, Result<()>) {
        let before = (self.cursor, self.file.remarks.len(), self.is_cut, self.ahead);
        // What is in a chain may take the variables of the file away.
        let variables = self.scopes.clone();
        let (chain, result) = self.chain_of_block(name.clone(), span);
        match self.at_once {
            Some((early, _)) if is_mixed(&chain, early.wants_trees) => {
                (self.cursor, self.is_cut, self.ahead) = (before.0, before.2, before.3);
                self.file.remarks.truncate(before.1);
                self.scopes = variables;
                let at_once = self.at_once.take();
                let read = self.chain_of_block(name, span);
                self.at_once = at_once;
                read
            }
            _ => (chain, result),
        }
    }

    fn chain_of_block(&mut self, name: Name<'t>, span: Span) -> (Chain<'t>, Result<()>) {
        let mut chain = Chain::named(name, span);
        let mut result = Ok(());
        if self.cursor.peek() == Some(b'{') {
            result = self.inner(|reader| {
                reader.scoped(|reader| reader.block(span, |reader, word| reader.chain_item(&mut chain, word)))
            });
        }
        chain.entries.shrink_to_fit();
        (chain, result)
    }

    fn chain_item(&mut self, chain: &mut Chain<'t>, word: Spanned<&'t str>) -> Result<()> {
        let start = word.span.start as usize;
        match word.value {
            "type" => chain.hook = Some(self.hook(start)?),
            "policy" => chain.policy = Some(self.chain_policy()?),
            "flags" => loop {
                chain.flags.extend(self.cursor.name());
                if !self.cursor.eat(",") {
                    break;
                }
            },
            "devices" if chain.hook.is_some() => {
                self.need("=")?;
                let devices = self.devices()?;
                chain.hook.iter_mut().for_each(|hook| hook.devices.extend(devices.iter().cloned()));
            }
            "comment" => chain.comment = Some(self.comment()?),
            "define" | "redefine" | "undefine" => return self.define(word.value),
            _ => {
                self.cursor.at = start;
                chain.entries.push(Entry::Rule(self.rule()));
                if self.cursor.is_end() {
                    self.rules_ahead(chain);
                }
            }
        }
        Ok(())
    }

    fn chain_policy(&mut self) -> Result<Name<'t>> {
        if self.cursor.peek() == Some(b'$') {
            let variable = self.variable()?;
            return Ok(match variable.resolved() {
                ExpressionKind::Word(word) => Spanned::new(word.clone(), variable.span),
                _ => Spanned::new("".into(), variable.span),
            });
        }
        let here = self.cursor.here();
        match self.cursor.name() {
            Some(name) if matches!(&*name.value, "accept" | "drop") => Ok(name),
            Some(name) => {
                Err(Mistake::new(here, format!("a policy is accept or drop, not `{}`", name.value)))
            }
            None => Err(self.wanted("a policy")),
        }
    }

    /// `type filter hook input device eth0 priority 0`, its first word taken.
    fn hook(&mut self, start: usize) -> Result<Hook<'t>> {
        let Some(kind) = self.cursor.name() else { return Err(self.wanted("the type of the chain")) };
        self.need_word("hook")?;
        let Some(hook) = self.cursor.name() else { return Err(self.wanted("a hook")) };
        let mut devices = Vec::new();
        if self.cursor.eat_word("device") {
            devices = self.devices()?;
        } else if self.cursor.eat_word("devices") {
            self.need("=")?;
            devices = self.devices()?;
        }
        self.need_word("priority")?;
        let priority = self.priority()?;
        Ok(Hook { kind, hook, devices, priority, span: self.cursor.since(start) })
    }

    /// One device, or several in braces.
    fn devices(&mut self) -> Result<Vec<Name<'t>>> {
        let value = self.value()?;
        let mut names = Vec::new();
        collect_names(&value, value.span, &mut names);
        Ok(names)
    }

    /// `filter - 10`, `-150`, `$priority + 1`.
    fn priority(&mut self) -> Result<Spanned<Priority<'t>>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let value = self.constant()?;
        let word = match value.resolved() {
            ExpressionKind::Word(word) => word.clone(),
            _ => "".into(),
        };
        let sign = if self.cursor.eat("+") {
            1
        } else if self.cursor.eat("-") {
            -1
        } else {
            0
        };
        let more: i32 = if sign == 0 { 0 } else { self.number("a number")? };
        let span = self.cursor.since(start);
        let priority = match word.parse::<i32>() {
            Ok(number) => Priority { name: None, offset: number.saturating_add(sign * more) },
            Err(_) => Priority { name: Some(Spanned::new(word, value.span)), offset: sign * more },
        };
        Ok(Spanned::new(priority, span))
    }
}

/// Are there rules without trees in a chain, and is there one that wants all trees?
fn is_mixed(chain: &Chain<'_>, wants_trees: fn(&Rule<'_>) -> bool) -> bool {
    chain.entries.iter().any(|entry| entry.done() > 0) && chain.rules().any(wants_trees)
}

/// The words of a value and of the sets in it.
fn collect_names<'t>(
    value: &crate::dialects::nft::ast::Expression<'t>,
    span: Span,
    names: &mut Vec<Name<'t>>,
) {
    match value.resolved() {
        ExpressionKind::Word(word) => names.push(Spanned::new(word.clone(), span)),
        ExpressionKind::Set(elements) => {
            elements.iter().for_each(|element| collect_names(&element.key, element.span, names));
        }
        _ => {}
    }
}

const ITEMS: [&str; 11] = [
    "chain",
    "set",
    "map",
    "flags",
    "comment",
    "flowtable",
    "counter",
    "quota",
    "limit",
    "define",
    "secmark",
];
