//! What is at hand while JSON is read: the remarks, and how values of it are taken.

use crate::dialects::nearest;
use crate::dialects::nft::ast::Name;
use crate::model::{Remark, RemarkKind};
use crate::source::{Span, Spanned};
use crate::tree::{Kind, Node};

/// Something was not understood; its remark has been made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unread;

pub(super) type Read<T> = Result<T, Unread>;

/// Reads nodes.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub remarks: Vec<Remark>,
}

impl Reader {
    /// Tells of something that the loader refuses.
    pub fn wrong(&mut self, span: Span, message: impl Into<String>) -> Unread {
        self.tell(RemarkKind::Syntax, span, message.into(), None)
    }

    /// Tells of a word that is none of these; a newer nft may know it.
    pub fn unknown<'n>(
        &mut self,
        word: &Node<'_>,
        what: &str,
        names: impl Iterator<Item = &'n str>,
    ) -> Unread {
        let Some(text) = word.text() else {
            return self.wrong(word.span, format!("expected a {what}, found {}", word.kind.describe()));
        };
        let near = nearest::nearest(text, names).map(|near| format!("Perhaps `{near}` is meant."));
        self.tell(RemarkKind::UnknownMatch, word.span, format!("unknown {what} `{text}`"), near)
    }

    /// Tells of something that the text leaves open.
    pub fn not_told(&mut self, span: Span, message: impl Into<String>) -> Unread {
        self.tell(RemarkKind::UnknownMatch, span, message.into(), None)
    }

    fn tell(&mut self, kind: RemarkKind, span: Span, message: String, note: Option<String>) -> Unread {
        self.remarks.push(Remark { kind, span, message, notes: note.into_iter().collect() });
        Unread
    }

    /// The one key of an object and its value.
    pub fn one<'n, 't>(&mut self, node: &'n Node<'t>) -> Read<(&'n Node<'t>, &'n Node<'t>)> {
        match &node.kind {
            Kind::Map(entries) => match &entries[..] {
                [(key, value)] => Ok((key, value)),
                _ => Err(self.wrong(node.span, "this object must have one key")),
            },
            other => Err(self.wrong(node.span, format!("expected an object, found {}", other.describe()))),
        }
    }

    /// The value of a key, which must be there.
    pub fn need<'n, 't>(&mut self, node: &'n Node<'t>, key: &str) -> Read<&'n Node<'t>> {
        node.get(key).ok_or_else(|| self.wrong(node.span, format!("`{key}` is missing")))
    }

    /// The text of a key, which must be there.
    pub fn need_name<'t>(&mut self, node: &Node<'t>, key: &str) -> Read<Name<'t>> {
        let value = self.need(node, key)?;
        name(value).ok_or_else(|| self.wrong(value.span, format!("`{key}` must be a text")))
    }

    /// A whole number.
    pub fn number<N: std::str::FromStr>(&mut self, node: &Node<'_>) -> Read<N> {
        let number = node.text().and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.wrong(node.span, "this must be a whole number"))
    }

    /// The number of a key, which must be there.
    pub fn need_number<N: std::str::FromStr>(&mut self, node: &Node<'_>, key: &str) -> Read<N> {
        let value = self.need(node, key)?;
        self.number(value)
    }

    /// The number of a key, if it is there.
    pub fn number_of<N: std::str::FromStr>(&mut self, node: &Node<'_>, key: &str) -> Read<Option<N>> {
        node.get(key).map(|value| self.number(value)).transpose()
    }
}

/// A text where it stands.
pub(super) fn name<'t>(node: &Node<'t>) -> Option<Name<'t>> {
    match &node.kind {
        Kind::Text(text) => Some(Spanned::new(text.clone(), node.span)),
        Kind::Number(text) => Some(Spanned::new((*text).into(), node.span)),
        _ => None,
    }
}

/// The texts of a value that is one or a list of them.
pub(super) fn names<'t>(node: Option<&Node<'t>>) -> Vec<Name<'t>> {
    node.into_iter().flat_map(one_or_many).filter_map(name).collect()
}

/// The items of a list, or the one value that stands for it.
pub(super) fn one_or_many<'n, 't>(node: &'n Node<'t>) -> &'n [Node<'t>] {
    match &node.kind {
        Kind::List(items) => items,
        Kind::Null => &[],
        _ => std::slice::from_ref(node),
    }
}

/// Is a flag set?
pub(super) fn is_true(node: &Node<'_>, key: &str) -> bool {
    node.get(key).is_some_and(|value| value.kind == Kind::Bool(true))
}
