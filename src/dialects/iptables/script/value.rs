//! Values of a shell: text, and what only a run would tell.

use std::collections::HashSet;
use std::rc::Rc;

use crate::source::Span;

/// A value: its pieces, joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value(pub Vec<Piece>);

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text.
    Text(String),
    /// What only a run would tell.
    Symbol(Symbol),
}

/// A text that only a run would tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The words that stand for it, such as `$LAN`.
    pub text: Rc<str>,
    /// Does it differ from all other symbols, whatever they are called?
    number: u32,
    /// Is there no other symbol of these words, so that the same words mean the same text?
    pub steady: bool,
}

/// A value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// One text.
    One(Value),
    /// An array.
    Many(Vec<Value>),
}

/// Makes symbols.
#[derive(Debug, Default)]
pub struct Symbols {
    names: HashSet<Rc<str>>,
    count: u32,
}

/// One argument of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its value.
    pub value: Value,
    /// The word that it comes from.
    pub span: Span,
    /// Does it hold a symbol outside quotes, so that it may be no argument or several?
    pub splits: bool,
}

impl Symbols {
    /// A new symbol of these words.
    pub fn fresh(&mut self, words: &str) -> Symbol {
        let text: Rc<str> = words.split_whitespace().collect::<Vec<_>>().join(" ").into();
        self.count += 1;
        Symbol { steady: self.names.insert(text.clone()), number: self.count, text }
    }

    /// A new symbol for a text that changes while the script runs.
    pub fn changing(&mut self, words: &str) -> Symbol {
        Symbol { steady: false, ..self.fresh(words) }
    }
}

impl From<Symbol> for Value {
    fn from(symbol: Symbol) -> Self {
        Value(vec![Piece::Symbol(symbol)])
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value(vec![Piece::Text(text.to_owned())])
    }
}

impl Value {
    /// The text, if all of it is known.
    pub fn known(&self) -> Option<String> {
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Symbol(_) => None,
        });
        texts.collect()
    }

    /// The text, with symbols by their words.
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Symbol(symbol) => &symbol.text,
            })
            .collect()
    }

    /// Its symbols.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Symbol(symbol) => Some(symbol),
            Piece::Text(_) => None,
        })
    }

    /// Is it known to be empty?
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Text(text) if text.is_empty()))
    }

    /// Adds another value at the end.
    pub fn add(&mut self, other: Value) {
        for piece in other.0 {
            match (self.0.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(text)) => last.push_str(&text),
                (_, piece) => self.0.push(piece),
            }
        }
    }
}

impl Variable {
    /// As one text: of an array the first element, as bash takes it.
    pub fn one(&self) -> Value {
        match self {
            Variable::One(value) => value.clone(),
            Variable::Many(values) => values.first().cloned().unwrap_or_default(),
        }
    }
}
