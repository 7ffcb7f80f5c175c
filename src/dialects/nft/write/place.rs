//! Where rules and chains stand in a text, and how new rules are put beside them.

use super::include::Include;
use crate::dialects::nft::ast::{
    Chain, Content, Element, Expression, ExpressionKind, Family, File, Object, Rule, StatementKind,
    TableName, Verb,
};
use crate::dialects::nft::text;
use crate::dialects::{Dialect, Texts, Writing};
use crate::finding::Edit;
use crate::source::{FileId, Span};

/// A text and what it says.
pub(super) struct Tree<'w> {
    pub text: &'w str,
    pub file: FileId,
    pub content: File<'w>,
}

/// The chain that a rule is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home<'t> {
    pub family: Family,
    pub table: &'t str,
    pub chain: &'t str,
}

/// A rule where it stands.
pub(super) struct Beside<'t> {
    tree: &'t Tree<'t>,
    pub home: Home<'t>,
    pub rule: &'t Rule<'t>,
    /// What stands there: the rule in a block, or the whole command.
    item: Span,
    /// The verb of the command, if it is one.
    verb: Option<&'t Verb<'t>>,
    lines: Option<Lines<'t>>,
}

/// A chain without rules where it stands.
pub(super) struct First<'t> {
    tree: &'t Tree<'t>,
    home: Home<'t>,
    chain: &'t Chain<'t>,
    /// The command that makes the chain, if it does not stand in a table.
    command: Option<Span>,
}

/// Where new rules go.
pub(super) enum Place<'t> {
    Beside(Beside<'t>),
    Include(Include<'t>),
    First(First<'t>),
}

/// The lines in which one thing stands and nothing else but a comment.
#[derive(Clone, Copy)]
pub(super) struct Lines<'t> {
    pub start: usize,
    pub end: usize,
    indent: &'t str,
    end_of_line: &'static str,
    /// Does `;` end it?
    has_semicolon: bool,
}

impl<'w> Tree<'w> {
    /// Reads a text.
    pub fn of(writing: &Writing<'w>, file: FileId) -> Tree<'w> {
        let text = writing.source(file);
        let content =
            text::read_piece(&Texts { dialect: Dialect::Nft, file, text, included: &|_| None }, None);
        Tree { text, file, content }
    }

    /// Are rules of a chain told by numbers? Those would not be theirs any more.
    pub fn is_numbered(&self, chain: Home<'_>) -> bool {
        self.content.commands.iter().any(|command| match &command.object {
            Object::Rule { table, chain: name, place, .. } => {
                let is_plain =
                    place.is_none() && matches!(command.verb, Verb::Add | Verb::Create | Verb::Insert);
                !is_plain && home(table, &name.value) == chain
            }
            _ => false,
        })
    }

    /// All rules in the order of the text, each with its chain, its command if it stands in one, and whether it
    /// is put in front of what is there.
    pub fn rules(&self) -> Vec<Beside<'_>> {
        let mut all = Vec::new();
        for command in &self.content.commands {
            let verb = &command.verb;
            match &command.object {
                Object::Table(table) => {
                    for content in &table.content {
                        let Content::Chain(chain) = content else { continue };
                        let (family, table, name) = (table.family, &*table.name.value, &*chain.name.value);
                        let home = Home { family, table, chain: name };
                        all.extend(chain.rules().map(|rule| self.beside(home, rule, rule.span, None)));
                    }
                }
                Object::Rule { table, chain, rule, .. } => {
                    let home = home(table, &chain.value);
                    all.push(self.beside(home, rule, command.span, Some(verb)));
                }
                _ => {}
            }
        }
        all
    }

    fn beside<'t>(
        &'t self,
        home: Home<'t>,
        rule: &'t Rule<'t>,
        item: Span,
        verb: Option<&'t Verb<'t>>,
    ) -> Beside<'t> {
        Beside { tree: self, home, rule, item, verb, lines: Lines::of(self.text, item) }
    }

    /// The rule of a place, which may be one entry of its map.
    pub fn rule(&self, span: Span) -> Option<Beside<'_>> {
        let holds = |rule: &Rule<'_>| rule.span.start <= span.start && span.end <= rule.span.end;
        let found = self.rules().into_iter().find(|beside| holds(beside.rule))?;
        (!self.is_numbered(found.home)).then_some(found)
    }

    /// The chain that is declared, or has its policy, at a place.
    pub fn chain(&self, span: Span) -> Option<First<'_>> {
        let is_it = |chain: &Chain<'_>| {
            chain.span == span || chain.policy.as_ref().is_some_and(|policy| policy.span == span)
        };
        for command in &self.content.commands {
            match &command.object {
                Object::Table(table) => {
                    for content in &table.content {
                        if let Content::Chain(chain) = content
                            && is_it(chain)
                        {
                            let (family, table) = (table.family, &*table.name.value);
                            let home = Home { family, table, chain: &chain.name.value };
                            return Some(First { tree: self, home, chain, command: None });
                        }
                    }
                }
                Object::Chain(table, chain) if is_it(chain) => {
                    let home = home(table, &chain.name.value);
                    return Some(First { tree: self, home, chain, command: Some(command.span) });
                }
                _ => {}
            }
        }
        None
    }

    /// The hook of a chain that is declared at a place, and that says no policy.
    pub fn hook_without_policy(&self, span: Span) -> Option<Span> {
        let First { chain, .. } = self.chain(span)?;
        let hook = chain.hook.as_ref().filter(|_| chain.policy.is_none())?;
        Some(hook.span)
    }
}

fn home<'t>(table: &'t TableName<'_>, chain: &'t str) -> Home<'t> {
    Home { family: table.family, table: &table.name.value, chain }
}

impl Place<'_> {
    /// The family of the table.
    pub fn family(&self) -> Family {
        match self {
            Place::Beside(beside) => beside.home.family,
            Place::Include(include) => include.home.family,
            Place::First(first) => first.home.family,
        }
    }

    /// What a rule there counts with.
    pub fn counter(&self) -> &'static str {
        match self {
            Place::Beside(beside) => beside.counter(),
            Place::Include(_) | Place::First(_) => "",
        }
    }
}

impl<'t> Beside<'t> {
    /// Does its command, or its block, put the rule at the end of the chain?
    pub fn appends(&self) -> bool {
        self.verb.is_none_or(|verb| *verb != Verb::Insert)
    }

    fn counter(&self) -> &'static str {
        let is_counter = |kind: &StatementKind<'_>| matches!(kind, StatementKind::Passive("counter"));
        match self.rule.statements.iter().find(|statement| is_counter(&statement.kind)) {
            Some(counter) if self.slice(counter.span).contains("packets") => "counter packets 0 bytes 0 ",
            Some(_) => "counter ",
            None => "",
        }
    }

    fn slice(&self, span: Span) -> &'t str {
        self.tree.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// What stands in front of each rule there: `add rule inet filter output `, or nothing.
    fn front(&self) -> &'t str {
        self.slice(Span { end: self.rule.span.start, ..self.item })
    }

    /// New rules in front of this one in its chain, or behind it.
    pub fn insertion(&self, said: Vec<String>, is_before: bool) -> Edit {
        let mut rules: Vec<String> = said.iter().map(|rule| format!("{}{rule}", self.front())).collect();
        // Each `insert rule` puts its rule in front: the last one said stands first.
        if !self.appends() {
            rules.reverse();
        }
        let goes_before = is_before == self.appends();
        let (at, text) = match &self.lines {
            Some(lines) => {
                let each = |rule: &String| lines.line(rule);
                let mut text: String = rules.iter().map(each).collect();
                let at = if goes_before { lines.start } else { lines.end };
                // A last line without an end gets one, and its new neighbour has none.
                if !goes_before && !self.tree.text[..at].ends_with('\n') {
                    text = format!("{}{}", lines.end_of_line, text.trim_end_matches(['\n', '\r']));
                }
                (at, text)
            }
            None if goes_before => (self.item.start as usize, rules.join("; ") + "; "),
            None => (self.item.end as usize, format!("; {}", rules.join("; "))),
        };
        Edit { span: Span::new(self.tree.file, at, at), text }
    }

    /// Another rule of the chain put in front of this one, as it is.
    pub fn before_it(&self, moved: &Beside<'_>) -> Edit {
        match (&self.lines, &moved.lines) {
            (Some(here), Some(lines)) if self.verb.is_some() == moved.verb.is_some() => {
                let mut text = moved.tree.text[lines.start..lines.end].to_owned();
                if !text.ends_with('\n') {
                    text.push_str(here.end_of_line);
                }
                Edit { span: Span::new(self.tree.file, here.start, here.start), text }
            }
            _ => self.insertion(vec![moved.slice(moved.rule.span).to_owned()], true),
        }
    }

    /// What removes the rule; `None` where it stands in the middle of something.
    pub fn removal(&self) -> Option<Edit> {
        let file = self.tree.file;
        let span = match &self.lines {
            Some(lines) => Span::new(file, lines.start, lines.end),
            None => {
                let behind = &self.tree.text[self.item.end as usize..];
                let rest = behind.trim_start_matches([' ', '\t']).strip_prefix(';')?;
                let end = behind.len() - rest.trim_start_matches([' ', '\t']).len();
                Span::new(file, self.item.start as usize, self.item.end as usize + end)
            }
        };
        Some(Edit { span, text: String::new() })
    }

    /// The map of verdicts in the rule: what is looked up, and the entries.
    fn verdicts(&self) -> Option<(&'t Expression<'t>, &'t [Element<'t>])> {
        self.rule.statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::VerdictMap(sides) => match &sides.1.kind {
                ExpressionKind::Set(entries) => Some((&sides.0, &entries[..])),
                _ => None,
            },
            _ => None,
        })
    }

    /// What removes an entry of the map of verdicts in the rule; with the last one the rule goes.
    pub fn removal_of_entry(&self, span: Span) -> Option<Edit> {
        let (_, entries) = self.verdicts()?;
        let at = entries.iter().position(|entry| entry.span == span)?;
        let (start, end) = match (entries.get(at + 1), at.checked_sub(1).and_then(|at| entries.get(at))) {
            (Some(next), _) => (span.start, next.span.start),
            (None, Some(before)) => (before.span.end, span.end),
            (None, None) => return self.removal(),
        };
        Some(Edit { span: Span { file: span.file, start, end }, text: String::new() })
    }

    /// An entry of the map of verdicts as a rule: `tcp dport vmap { 53 : accept, … }` as `tcp dport 53 accept`.
    pub fn entry_as_rule(&self, span: Span) -> Option<String> {
        let (subject, entries) = self.verdicts()?;
        let entry = entries.iter().find(|entry| entry.span == span)?;
        let front = self.slice(Span { end: subject.span.end, ..self.rule.span });
        let (key, verdict) = (self.slice(entry.key.span), self.slice(entry.value.as_ref()?.span));
        Some(format!("{front} {key} {verdict}"))
    }
}

impl First<'_> {
    /// The first rules of the chain.
    pub fn insertion(&self, said: &[String]) -> Option<Edit> {
        match self.command {
            Some(command) => {
                let Home { family, table, chain } = self.home;
                let front = format!("add rule {} {table} {chain} ", family.name());
                let lines = Lines::of(self.tree.text, command)?;
                let mut text: String =
                    said.iter().map(|rule| lines.line(&format!("{front}{rule}"))).collect();
                if !self.tree.text[..lines.end].ends_with('\n') {
                    text = format!("{}{}", lines.end_of_line, text.trim_end_matches(['\n', '\r']));
                }
                Some(Edit { span: Span::new(self.tree.file, lines.end, lines.end), text })
            }
            None => self.in_block(said),
        }
    }

    /// In front of the brace that closes the chain.
    fn in_block(&self, said: &[String]) -> Option<Edit> {
        let text = self.tree.text;
        let (open, end) = text::braces(self.tree.file, text, self.chain.span.end as usize)?;
        let close = end - 1;
        let line_start = text[..close].rfind('\n').map_or(0, |at| at + 1);
        if line_start > open && text[line_start..close].trim().is_empty() {
            let known = self.chain.hook.as_ref().and_then(|hook| Lines::indent_at(text, hook.span.start));
            let indent = known.map_or_else(|| format!("{}\t", &text[line_start..close]), str::to_owned);
            let end_of_line = if text[..line_start].ends_with("\r\n") { "\r\n" } else { "\n" };
            let lines: String = said.iter().map(|rule| format!("{indent}{rule}{end_of_line}")).collect();
            return Some(Edit { span: Span::new(self.tree.file, line_start, line_start), text: lines });
        }
        let inner = text[open + 1..close].trim_end();
        let at = open + 1 + inner.len();
        let front = if inner.is_empty() || inner.ends_with(';') { " " } else { "; " };
        let behind = if at == close { " " } else { "" };
        let text = format!("{front}{};{behind}", said.join("; "));
        (!inner.contains('#')).then(|| Edit { span: Span::new(self.tree.file, at, at), text })
    }
}

impl<'t> Lines<'t> {
    /// The lines of a thing; `None` if others stand there, too.
    pub fn of(text: &'t str, item: Span) -> Option<Lines<'t>> {
        let (from, to) = (item.start as usize, item.end as usize);
        let start = text[..from].rfind('\n').map_or(0, |at| at + 1);
        let behind = &text[to..];
        let end = to + behind.find('\n').map_or(behind.len(), |at| at + 1);
        let indent = &text[start..from];
        let after = text[to..end].trim();
        let rest = after.strip_prefix(';').map(str::trim_start);
        let has_semicolon = rest.is_some();
        let rest = rest.unwrap_or(after);
        let is_alone = indent.trim().is_empty() && (rest.is_empty() || rest.starts_with('#'));
        let end_of_line = if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
        is_alone.then_some(Lines { start, end, indent, end_of_line, has_semicolon })
    }

    /// The blanks in front of what begins a line at a place.
    fn indent_at(text: &'t str, at: u32) -> Option<&'t str> {
        let start = text[..at as usize].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[start..at as usize];
        indent.trim().is_empty().then_some(indent)
    }

    /// A rule as a line like these.
    pub fn line(&self, rule: &str) -> String {
        let semicolon = if self.has_semicolon { ";" } else { "" };
        format!("{}{rule}{semicolon}{}", self.indent, self.end_of_line)
    }
}
