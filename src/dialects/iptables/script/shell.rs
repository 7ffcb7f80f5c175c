//! The state of a shell: variables and arguments; words become arguments of commands.

use std::collections::HashMap;

use super::value::{Field, Piece, Symbol, Symbols, Value, Variable};
use crate::dialects::iptables::words::{self, Change, PartKind, Word};
use crate::source::Span;

/// What a shell knows.
#[derive(Debug)]
pub struct Shell {
    /// Variables that the script has set.
    pub variables: HashMap<String, Variable>,
    /// The arguments of the function that runs, or those of the script, which nobody knows.
    pub arguments: Arguments,
    /// Maker of symbols.
    pub symbols: Symbols,
    /// Variables that the script uses without setting them.
    environment: HashMap<String, Symbol>,
}

/// The arguments of a function or a script.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// The first ones, of which it is known which they are.
    pub values: Vec<Value>,
    /// What stands behind them, from a word on that may be none or several: of use only where all are handed on.
    pub rest: Vec<Value>,
    /// May there be more, which nobody knows?
    pub is_open: bool,
    /// Are they those of a function?
    pub is_function: bool,
    /// Have they been shifted, so that a number means another argument than before?
    pub is_shifted: bool,
}

impl Arguments {
    /// The arguments that a command is given.
    pub fn of(fields: &[Field]) -> Arguments {
        let known = fields.iter().take_while(|it| !it.splits).count();
        let values = |fields: &[Field]| fields.iter().map(|it| it.value.clone()).collect();
        let (values, rest) = (values(&fields[..known]), values(&fields[known..]));
        Arguments { values, rest, is_open: known < fields.len(), ..Arguments::default() }
    }

    /// Drops the first ones; `None` for a number that nobody knows.
    pub fn shift(&mut self, count: Option<usize>) {
        self.is_shifted = true;
        match count {
            Some(count) if count <= self.values.len() => drop(self.values.drain(..count)),
            Some(_) if !self.is_open => self.values.clear(),
            // Which of the words behind a word of several is dropped is not known.
            _ => {
                self.values.clear();
                self.rest.clear();
                self.is_open = true;
            }
        }
    }
}

/// Longest text that a value may grow to: doubling a variable again and again must end.
const LONGEST: usize = 1 << 20;

/// Most arguments that a word may become.
const MOST_FIELDS: usize = 1 << 16;

impl Shell {
    /// A shell that runs as root, with nothing set.
    pub fn new() -> Self {
        let root = || Variable::One("0".into());
        let variables = [("EUID", root()), ("UID", root()), ("IFS", Variable::One(" ".into()))];
        Shell {
            variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
            arguments: Arguments { is_open: true, ..Arguments::default() },
            symbols: Symbols::default(),
            environment: HashMap::new(),
        }
    }

    /// The arguments that words become.
    pub fn fields(&mut self, words: &[Word]) -> Vec<Field> {
        let mut fields = Vec::new();
        for word in words {
            self.expand(word, &mut fields);
            fields.truncate(MOST_FIELDS);
        }
        fields
    }

    /// The value of a word that is not split, as on the right of `=`.
    pub fn value(&mut self, word: &Word) -> Value {
        let mut value = Value::default();
        for part in &word.parts {
            let more = match &part.kind {
                PartKind::Text(text) => text.as_str().into(),
                PartKind::Variable(variable) => join(self.look_up(variable)),
                PartKind::Command(source) => self.substitute(source),
                PartKind::Opaque(source) => self.symbols.fresh(source).into(),
                PartKind::Array(_) => Value::default(),
            };
            value.add(more);
            self.limit(&mut value);
        }
        value
    }

    /// Sets a variable by a word `NAME=VALUE` or `NAME+=VALUE`; `false` if it is none.
    pub fn assign(&mut self, word: &Word) -> bool {
        let Some((name, adds, rest)) = split_assignment(word) else { return false };
        let array = rest.parts.iter().find_map(|part| match &part.kind {
            PartKind::Array(words) => Some(words),
            _ => None,
        });
        let old = self.variables.remove(&name).filter(|_| adds);
        let new = match (array, old) {
            (Some(words), old) => {
                let mut values = match old {
                    Some(Variable::Many(values)) => values,
                    Some(Variable::One(value)) => vec![value],
                    None => Vec::new(),
                };
                values.extend(self.fields(words).into_iter().map(|field| field.value));
                values.truncate(MOST_FIELDS);
                Variable::Many(values)
            }
            (None, Some(Variable::Many(values))) => Variable::Many(values),
            (None, old) => {
                let mut value = old.map(|old| old.one()).unwrap_or_default();
                value.add(self.value(&rest));
                self.limit(&mut value);
                Variable::One(value)
            }
        };
        self.variables.insert(name, new);
        true
    }

    /// A variable gets a value that only a run would tell.
    pub fn forget(&mut self, name: &str) {
        let symbol = self.symbols.changing(&format!("${name}"));
        self.variables.insert(name.to_owned(), Variable::One(symbol.into()));
    }

    /// Joins what two ways through the script have set: where they differ, nobody knows.
    pub fn join(&mut self, other: HashMap<String, Variable>) {
        let names: Vec<String> = self.variables.keys().chain(other.keys()).cloned().collect();
        for name in names {
            if self.variables.get(&name) != other.get(&name) {
                self.forget(&name);
            }
        }
    }

    fn limit(&mut self, value: &mut Value) {
        let length: usize =
            value.0.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum();
        if length > LONGEST {
            *value = self.symbols.changing("a very long text").into();
        }
    }

    fn expand(&mut self, word: &Word, fields: &mut Vec<Field>) {
        if let Some(texts) = word.bare().and_then(braces) {
            fields.extend(texts.iter().map(|text| Field {
                value: text.as_str().into(),
                span: word.span,
                splits: false,
            }));
            return;
        }
        let mut open = Open { span: word.span, value: None, splits: false };
        for part in &word.parts {
            let values = match &part.kind {
                // `"$@"` may be no argument at all, so that its quotes must not count as an empty one.
                PartKind::Text(text) if text.is_empty() && word.parts.len() > 1 => continue,
                PartKind::Text(text) => {
                    // A text in the script is never split; an empty one counts if it is quoted.
                    open.add(text.as_str().into());
                    continue;
                }
                PartKind::Variable(it) if part.quoted && (it.name == "*" || it.source.contains("[*]")) => {
                    vec![join(self.look_up(it))]
                }
                PartKind::Variable(variable) => self.look_up(variable),
                PartKind::Command(source) => vec![self.substitute(source)],
                PartKind::Opaque(source) => vec![self.symbols.fresh(source).into()],
                PartKind::Array(_) => continue,
            };
            for (at, value) in values.into_iter().enumerate() {
                if fields.len() > MOST_FIELDS {
                    return;
                }
                if at > 0 {
                    open.close(fields);
                }
                // `"$@"` and `"${A[@]}"` are as many arguments as there are, even in quotes.
                let is_list = matches!(&part.kind, PartKind::Variable(it) if it.source.contains("[@]") || it.name == "@");
                open.splits |= is_list && value.known().is_none();
                match part.quoted {
                    true => open.add(value),
                    false => open.split(value, fields),
                }
            }
        }
        open.close(fields);
    }

    /// The values of a variable: one, or those of `$@` and arrays.
    fn look_up(&mut self, variable: &words::Variable) -> Vec<Value> {
        let name = variable.name.as_str();
        let found = self.set_values(name, variable.all);
        let is_unset = found.as_ref().is_none_or(|values| values.iter().all(Value::is_empty));
        let is_known = found.as_ref().is_none_or(|values| values.iter().all(|value| value.known().is_some()));
        match (&variable.change, found) {
            (None, Some(values)) => values,
            (Some(Change::Default(_)), Some(values)) if !is_unset => values,
            (Some(Change::Default(word)), _) => {
                let value = self.value(word);
                // `:=` sets it, too.
                if variable.source.contains(":=") {
                    self.variables.insert(name.to_owned(), Variable::One(value.clone()));
                }
                vec![value]
            }
            (Some(Change::Alternative(word)), _) if is_known && !is_unset => vec![self.value(word)],
            (Some(Change::Alternative(_)), _) if is_unset => vec![Value::default()],
            (None, None) => vec![self.outside(name).into()],
            _ => vec![self.symbols.fresh(&variable.source).into()],
        }
    }

    /// What is set for a name; `None` if the script has not set it.
    fn set_values(&mut self, name: &str, all: bool) -> Option<Vec<Value>> {
        let Arguments { values, rest, is_open, .. } = &self.arguments;
        match name {
            "@" | "*" if !is_open => return Some(values.clone()),
            "@" | "*" if !rest.is_empty() => return Some(values.iter().chain(rest).cloned().collect()),
            "@" | "*" if !values.is_empty() => {
                let mut all = values.clone();
                all.push(self.symbols.changing("$@").into());
                return Some(all);
            }
            "#" if !is_open => return Some(vec![values.len().to_string().as_str().into()]),
            _ => {}
        }
        if let Ok(number) = name.parse::<usize>()
            && number > 0
        {
            let value = values.get(number - 1).cloned();
            return value.or_else(|| (!is_open).then(Value::default)).map(|value| vec![value]);
        }
        let variable = self.variables.get(name)?;
        Some(match variable {
            Variable::Many(values) if all => values.clone(),
            _ => vec![variable.one()],
        })
    }

    /// A variable of the surroundings.
    fn outside(&mut self, name: &str) -> Symbol {
        let words = format!("${name}");
        // What is behind the known arguments of a function changes from call to call.
        let changes = self.arguments.is_function || self.arguments.is_shifted;
        let is_argument = changes && !name.starts_with(|char: char| char.is_ascii_alphabetic());
        if is_argument || matches!(name, "?" | "!" | "_" | "RANDOM" | "LINENO" | "SECONDS") {
            return self.symbols.changing(&words);
        }
        if let Some(symbol) = self.environment.get(name) {
            return symbol.clone();
        }
        let symbol = self.symbols.fresh(&words);
        self.environment.insert(name.to_owned(), symbol.clone());
        symbol
    }

    /// What a command prints.
    fn substitute(&mut self, source: &str) -> Value {
        let words: Vec<&str> = source.split_whitespace().take_while(|word| !word.starts_with("2>")).collect();
        let is_plain =
            |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        if words.iter().all(is_plain) {
            match words.as_slice() {
                ["which" | "type" | "where", name]
                | ["command", "-v", name]
                | ["type", "-p" | "-P", name] => {
                    return (*name).into();
                }
                ["id", "-u"] => return "0".into(),
                ["whoami"] | ["id", "-un"] => return "root".into(),
                ["echo", words @ ..] => return words.join(" ").as_str().into(),
                _ => {}
            }
        }
        self.symbols.fresh(&format!("$({})", source.trim())).into()
    }
}

/// A field that is being put together.
struct Open {
    span: Span,
    value: Option<Value>,
    splits: bool,
}

impl Open {
    fn add(&mut self, value: Value) {
        self.value.get_or_insert_default().add(value);
    }

    /// Adds a value outside quotes: white space in its text ends a field.
    fn split(&mut self, value: Value, fields: &mut Vec<Field>) {
        for piece in value.0 {
            match piece {
                Piece::Text(text) => {
                    let mut words = text.split([' ', '\t', '\n', '\r']);
                    if let Some(first) = words.next().filter(|word| !word.is_empty()) {
                        self.add(first.into());
                    }
                    for word in words {
                        self.close(fields);
                        if !word.is_empty() {
                            self.add(word.into());
                        }
                    }
                }
                Piece::Symbol(symbol) => {
                    self.splits = true;
                    self.add(symbol.into());
                }
            }
        }
    }

    fn close(&mut self, fields: &mut Vec<Field>) {
        if let Some(value) = self.value.take() {
            fields.push(Field { value, span: self.span, splits: self.splits });
        }
        self.splits = false;
    }
}

fn join(values: Vec<Value>) -> Value {
    let mut joined = Value::default();
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            joined.add(" ".into());
        }
        joined.add(value);
    }
    joined
}

/// Takes `NAME=VALUE` apart: name, is it `+=`, and the word behind.
pub fn split_assignment(word: &Word) -> Option<(String, bool, Word)> {
    let first = word.parts.first().filter(|part| !part.quoted)?;
    let PartKind::Text(text) = &first.kind else { return None };
    let name = words::name_at(text);
    if name.is_empty() || !name.as_bytes()[0].is_ascii_alphabetic() && !name.starts_with('_') {
        return None;
    }
    let behind = &text[name.len()..];
    let adds = behind.starts_with("+=");
    let value = behind.strip_prefix("+=").or_else(|| behind.strip_prefix('='))?;
    let mut rest = word.clone();
    rest.parts[0].kind = PartKind::Text(value.to_owned());
    Some((name.to_owned(), adds, rest))
}

/// The words that bash makes of `a{b,c}d` or `{1..3}`; `None` if there is nothing to make.
fn braces(text: &str) -> Option<Vec<String>> {
    let (head, rest) = text.split_once('{')?;
    let (inside, tail) = rest.split_once('}')?;
    if inside.contains('{') || tail.contains('{') {
        return None;
    }
    let items: Vec<String> = match inside.split_once("..") {
        Some((first, last)) => {
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            (first..=last.min(first.saturating_add(1000))).map(|number| number.to_string()).collect()
        }
        None if inside.contains(',') => inside.split(',').map(str::to_owned).collect(),
        None => return None,
    };
    Some(items.iter().map(|item| format!("{head}{item}{tail}")).collect())
}
