//! Keys that an object has twice: programs differ in which of the values they take.

use std::collections::HashSet;

use super::{Kind, Node};
use crate::source::Span;

/// A key that its object has had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twin {
    /// The key.
    pub name: String,
    /// Where it stands again.
    pub span: Span,
}

impl Twin {
    /// What is wrong.
    pub fn message(&self) -> String {
        format!("the key `{}` is there twice", self.name)
    }
}

impl Node<'_> {
    /// All keys that an object in it has twice, in the order of the text.
    pub fn twins(&self) -> Vec<Twin> {
        let mut twins = Vec::new();
        self.find_twins(&mut twins);
        twins
    }

    fn find_twins(&self, twins: &mut Vec<Twin>) {
        match &self.kind {
            Kind::List(items) => items.iter().for_each(|item| item.find_twins(twins)),
            Kind::Map(entries) => {
                let mut seen = Seen::default();
                for (key, value) in entries {
                    if let Some(name) = key.text()
                        && !seen.insert(name)
                    {
                        twins.push(Twin { name: name.to_string(), span: key.span });
                    }
                    value.find_twins(twins);
                }
            }
            _ => {}
        }
    }

    /// Leaves of each key that an object has twice the last.
    pub fn keep_last(&mut self) {
        match &mut self.kind {
            Kind::List(items) => items.iter_mut().for_each(Node::keep_last),
            Kind::Map(entries) => {
                let mut seen = Seen::default();
                let mut last = Vec::with_capacity(entries.len());
                for (key, _) in entries.iter().rev() {
                    last.push(key.text().is_none_or(|name| seen.insert(name)));
                }
                let mut last = last.into_iter().rev();
                let kept = std::mem::take(entries).into_iter().filter(|_| last.next() == Some(true));
                *entries = kept.collect();
                entries.iter_mut().for_each(|(_, value)| value.keep_last());
            }
            _ => {}
        }
    }
}

/// Names that were there. Most objects have a few, which are found sooner one by one.
#[derive(Default)]
struct Seen<'n> {
    few: Vec<&'n str>,
    many: HashSet<&'n str>,
}

impl<'n> Seen<'n> {
    /// Is it there for the first time?
    fn insert(&mut self, name: &'n str) -> bool {
        const FEW: usize = 16;
        if self.few.contains(&name) {
            return false;
        }
        match self.few.len() < FEW {
            true => {
                self.few.push(name);
                true
            }
            false => self.many.insert(name),
        }
    }
}
