//! The fields of an object of an export. Exports leave fields out or set them to `null`, and write numbers as
//! texts; what has another type than it should is a remark.

use crate::model::{Remark, RemarkKind};
use crate::source::{Span, Spanned};
use crate::tree::{Kind, Node};

/// What is wrong with an export.
#[derive(Debug, Default)]
pub struct Remarks(Vec<Remark>);

/// What stands for an item of a list of texts that is none. No name, address, port or protocol is called so.
pub const UNREAD: &str = "?";

/// The fields of one object.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'n, 't>(pub &'n Node<'t>);

impl Remarks {
    /// The provider would refuse this, or it makes no sense.
    pub fn add(&mut self, span: Span, message: impl Into<String>) {
        self.add_with(span, message, Vec::new());
    }

    /// The same with sentences that explain.
    pub fn add_with(&mut self, span: Span, message: impl Into<String>, notes: Vec<String>) {
        self.0.push(Remark { kind: RemarkKind::Syntax, span, message: message.into(), notes });
    }

    /// Something is there that fwlint does not know.
    pub fn unknown(&mut self, span: Span, message: impl Into<String>) {
        self.0.push(Remark {
            kind: RemarkKind::UnknownMatch,
            span,
            message: message.into(),
            notes: Vec::new(),
        });
    }

    /// All remarks, each once, in the order of their places.
    pub fn finish(mut self) -> Vec<Remark> {
        self.0.sort_by_key(|remark| (remark.span.file, remark.span.start));
        // What is no object lacks all fields, and what is no text is no address: that need not be said.
        let is_odd =
            |said: &str| ["expected an object", "expected a text"].iter().any(|it| said.starts_with(it));
        self.0.dedup_by(|later, first| later == first || later.span == first.span && is_odd(&first.message));
        self.0
    }

    fn expected(&mut self, what: &str, found: &Node) {
        self.add(found.span, format!("expected {what}, found {}", found.kind.describe()));
    }
}

impl<'n, 't> Fields<'n, 't> {
    /// The value of a field; `None` if it is missing or null.
    pub fn get(self, key: &str) -> Option<&'n Node<'t>> {
        self.0.get(key).filter(|node| node.kind != Kind::Null)
    }

    /// Where a field is named, if it is there: its value may be many lines long.
    pub fn place(self, key: &str) -> Option<Span> {
        let Kind::Map(entries) = &self.0.kind else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(name, _)| name.span)
    }

    /// Does one field stand just behind another?
    pub fn are_neighbours(self, [first, second]: [&str; 2]) -> bool {
        let Kind::Map(entries) = &self.0.kind else { return false };
        let is = |entry: Option<&(Node, Node)>, key| entry.is_some_and(|(name, _)| name.text() == Some(key));
        let at = entries.iter().position(|(name, _)| name.text() == Some(first));
        at.is_some_and(|at| is(entries.get(at + 1), second))
    }

    /// The place of the only item of a field that is a list; where there are several, that of its name.
    pub fn place_of_items(self, key: &str) -> Option<Span> {
        match self.get(key)?.items() {
            [only] => Some(only.span),
            _ => self.place(key),
        }
    }

    /// A field that is a text or a number.
    pub fn text(self, key: &str, remarks: &mut Remarks) -> Option<Spanned<&'n str>> {
        text(self.get(key)?, remarks)
    }

    /// A field that is true or false, as such or as a text.
    pub fn flag(self, key: &str, remarks: &mut Remarks) -> Option<Spanned<bool>> {
        let node = self.get(key)?;
        let value = match &node.kind {
            Kind::Bool(value) => Some(*value),
            Kind::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Kind::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        if value.is_none() {
            remarks.expected("true or false", node);
        }
        Some(Spanned::new(value?, node.span))
    }

    /// A field that is a whole number, as such or as a text.
    pub fn number(self, key: &str, remarks: &mut Remarks) -> Option<Spanned<i64>> {
        let node = self.get(key)?;
        let whole = |text: &str| text.trim().parse().ok();
        // JSON and YAML write a thousand as `1e3` and `1000.0`, too.
        let value = match &node.kind {
            Kind::Number(text) => whole(text).or_else(|| text.parse().ok().and_then(truncated)),
            _ => node.text().and_then(whole),
        };
        if value.is_none() {
            match node.text() {
                Some(text) => remarks.add(node.span, format!("`{text}` is no whole number")),
                None => remarks.expected("a number", node),
            }
        }
        Some(Spanned::new(value?, node.span))
    }

    /// The items of a field that is a list; none if it is missing.
    pub fn list(self, key: &str, remarks: &mut Remarks) -> &'n [Node<'t>] {
        match self.get(key) {
            None => &[],
            Some(Node { kind: Kind::List(items), .. }) => items,
            // One item without its list is meant as a list of one.
            Some(other) => {
                remarks.expected("a list", other);
                std::slice::from_ref(other)
            }
        }
    }

    /// The items of a field that is a list of objects. What is none has no fields: it is not lost, so that nothing is taken
    /// for known which hangs on it.
    pub fn objects(self, key: &str, remarks: &mut Remarks) -> Vec<Fields<'n, 't>> {
        let each = self.list(key, remarks).iter();
        each.map(|item| Fields::of(item, remarks).unwrap_or(Fields(item))).collect()
    }

    /// The items of a field that is a list of texts; [`UNREAD`] stands for what is none.
    pub fn texts(self, key: &str, remarks: &mut Remarks) -> Vec<Spanned<&'n str>> {
        let each = self.list(key, remarks).iter();
        each.map(|item| text(item, remarks).unwrap_or(Spanned::new(UNREAD, item.span))).collect()
    }

    /// Is a field there that is no text, number or list of them?
    pub fn is_odd(self, key: &str) -> bool {
        let is_odd = |node: &Node| node.text().is_none();
        self.get(key).is_some_and(|node| match &node.kind {
            Kind::List(items) => items.iter().any(is_odd),
            _ => is_odd(node),
        })
    }

    /// Is an object?
    pub fn is_object(self) -> bool {
        matches!(self.0.kind, Kind::Map(_))
    }

    /// A node that has to be an object.
    pub fn of(node: &'n Node<'t>, remarks: &mut Remarks) -> Option<Self> {
        match node.kind {
            Kind::Map(_) => Some(Fields(node)),
            _ => {
                remarks.expected("an object", node);
                None
            }
        }
    }

    /// Where the object stands.
    pub fn span(self) -> Span {
        self.0.span
    }
}

/// A number without a fraction, of those that are held exactly.
fn truncated(number: f64) -> Option<i64> {
    const MOST: f64 = (1_i64 << f64::MANTISSA_DIGITS) as f64;
    (number.fract() == 0.0 && number.abs() < MOST).then_some(number as i64)
}

/// Takes the items of a field that is a list out of an object, for them to be given up one by one; none if it is missing.
pub fn take_list<'t>(object: &mut Node<'t>, key: &str, remarks: &mut Remarks) -> Vec<Node<'t>> {
    let Kind::Map(entries) = &mut object.kind else { return Vec::new() };
    let found = entries.iter_mut().find(|(name, _)| name.text() == Some(key));
    let Some((_, node)) = found else { return Vec::new() };
    match std::mem::replace(&mut node.kind, Kind::Null) {
        Kind::Null => Vec::new(),
        Kind::List(items) => items.into_vec(),
        // One item without its list is meant as a list of one.
        kind => {
            let one = Node { span: node.span, kind };
            remarks.expected("a list", &one);
            vec![one]
        }
    }
}

/// A node that has to be a text or a number.
pub fn text<'n>(node: &'n Node, remarks: &mut Remarks) -> Option<Spanned<&'n str>> {
    if node.text().is_none() {
        remarks.expected("a text", node);
    }
    Some(Spanned::new(node.text()?, node.span))
}
