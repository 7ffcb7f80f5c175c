//! YAML: the events of granit-parser become nodes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Tag};

use super::{Kind, Mistake, Node};
use crate::source::{FileId, Span};

/// How many nodes aliases may add before a text counts as an attack.
const ALIAS_BUDGET: usize = 1_000_000;

/// The documents of a part of a text.
pub fn documents(file: FileId, text: &str, part: Range<usize>) -> Result<Vec<Node<'_>>, Mistake> {
    let (before, text) = (part.start, &text[part]);
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder { file, ..Builder::default() };
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
            Mistake::at(Span::new(file, before + at, before + end), format!("not YAML: {}", error.info()))
        })?;
        let range = span.byte_range().unwrap_or(0..0);
        builder.take(event, Span::new(file, before + range.start, before + range.end))?;
    }
    Ok(builder.documents)
}

/// What has been read so far.
struct Builder<'text> {
    file: FileId,
    documents: Vec<Node<'text>>,
    /// Collections that are still open, the innermost last.
    open: Vec<Open<'text>>,
    /// What aliases of the document may mean.
    anchors: HashMap<usize, Node<'text>>,
    budget: usize,
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Builder {
            file: FileId(0),
            documents: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            budget: ALIAS_BUDGET,
        }
    }
}

/// A collection that is still open.
struct Open<'text> {
    span: Span,
    anchor: usize,
    content: Content<'text>,
}

enum Content<'text> {
    List(Vec<Node<'text>>),
    /// The entries, and a key that waits for its value.
    Map(Vec<(Node<'text>, Node<'text>)>, Option<Node<'text>>),
}

impl<'text> Builder<'text> {
    fn take(&mut self, event: Event<'text>, span: Span) -> Result<(), Mistake> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let node = Node { span, kind: scalar(value, style, tag.as_deref()) };
                self.finish(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { span, anchor, content: Content::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open { span, anchor, content: Content::Map(Vec::new(), None) });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => {
                let Some(target) = self.anchors.get(&anchor) else {
                    return Err(Mistake::at(span, "not YAML: an alias within what it stands for"));
                };
                self.spend(count(target), span)?;
                let node = Node { span, kind: self.anchors[&anchor].kind.clone() };
                self.finish(node, 0)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Ends the innermost collection. A block collection ends with its last child, a flow collection
    /// with its bracket.
    fn close(&mut self, end: Span) -> Result<(), Mistake> {
        let Some(Open { span, anchor, content }) = self.open.pop() else { return Ok(()) };
        let last = match &content {
            Content::List(items) => items.last().map(|item| item.span),
            Content::Map(entries, _) => entries.last().map(|(_, value)| value.span),
        };
        let bracket = if end.end > end.start { end.end } else { span.end };
        let end = last.map_or(bracket, |last| last.end.max(if end.end > end.start { end.end } else { 0 }));
        let span = Span { file: self.file, start: span.start, end: end.max(span.start) };
        let kind = match content {
            Content::List(items) => Kind::List(items.into()),
            Content::Map(entries, _) => Kind::Map(entries.into()),
        };
        self.finish(Node { span, kind }, anchor)
    }

    /// Puts a node where it belongs.
    fn finish(&mut self, node: Node<'text>, anchor: usize) -> Result<(), Mistake> {
        if anchor != 0 {
            self.spend(count(&node), node.span)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.documents.push(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(entries, key)) => match key.take() {
                None => *key = Some(node),
                Some(key) => entries.push((key, node)),
            },
        }
        Ok(())
    }

    fn spend(&mut self, nodes: usize, span: Span) -> Result<(), Mistake> {
        self.budget = self
            .budget
            .checked_sub(nodes)
            .ok_or_else(|| Mistake::at(span, format!("aliases expand to more than {ALIAS_BUDGET} nodes")))?;
        Ok(())
    }
}

/// How many nodes a tree has.
fn count(node: &Node) -> usize {
    1 + match &node.kind {
        Kind::List(items) => items.iter().map(count).sum(),
        Kind::Map(entries) => entries.iter().map(|(key, value)| count(key) + count(value)).sum(),
        _ => 0,
    }
}

/// What a scalar is, by the core schema of YAML 1.2 (where `yes` and `on` are texts).
fn scalar<'text>(value: Cow<'text, str>, style: ScalarStyle, tag: Option<&Tag>) -> Kind<'text> {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.core_suffix() == Some("str")) {
        return Kind::Text(value);
    }
    match &*value {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::Bool(true),
        "false" | "False" | "FALSE" => Kind::Bool(false),
        text if is_number(text) => match value {
            Cow::Borrowed(text) => Kind::Number(text),
            // The parser writes anew only what spans lines, which no number does.
            Cow::Owned(_) => Kind::Text(value),
        },
        _ => Kind::Text(value),
    }
}

/// Is it a number of the core schema?
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return !hexadecimal.is_empty() && hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return !octal.is_empty() && octal.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<Node<'_>>, Mistake> {
        documents(FileId(0), text, 0..text.len())
    }

    fn one(text: &str) -> Node<'_> {
        all(text).expect("it is YAML").remove(0)
    }

    fn slice<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.start as usize..node.span.end as usize]
    }

    #[test]
    fn spans_are_exact_to_the_byte() {
        let text = "é: \"büro\\tx\"   # tail\nlist:\n  - 10.0.0.0/8\n  - [a, 22]\nlast: ~\n";
        let root = one(text);
        assert_eq!(slice(text, root.get("é").expect("a key")), "\"büro\\tx\"");
        let list = root.get("list").expect("a key");
        assert_eq!(slice(text, list), "- 10.0.0.0/8\n  - [a, 22]");
        assert_eq!(slice(text, &list.items()[0]), "10.0.0.0/8");
        assert_eq!(slice(text, &list.items()[1]), "[a, 22]");
        assert_eq!(list.items()[1].items()[1].kind, Kind::Number("22"));
        assert_eq!(root.get("last").map(|node| &node.kind), Some(&Kind::Null));
    }

    #[test]
    fn an_alias_has_the_value_of_its_anchor_and_its_own_place() {
        let text = "a: &x [1, 2]\nb: *x\n";
        let root = one(text);
        let b = root.get("b").expect("a key");
        assert_eq!((slice(text, b), b.items().len()), ("*x", 2));
    }

    #[test]
    fn billions_of_laughs_are_refused() {
        let mut text = String::from("a0: &a0 [l, o, l]\n");
        for i in 1..30 {
            let p = i - 1;
            text += &format!("a{i}: &a{i} [*a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}, *a{p}]\n");
        }
        let mistake = all(&text).expect_err("too many");
        assert_eq!(mistake.message, "aliases expand to more than 1000000 nodes");
    }

    #[test]
    fn words_and_addresses_are_texts_and_numbers_stay_as_written() {
        let kinds = |text| one(text).kind;
        assert_eq!(kinds("1.1.1.1"), Kind::Text("1.1.1.1".into()));
        assert_eq!(kinds("yes"), Kind::Text("yes".into()));
        assert_eq!(kinds("0644"), Kind::Number("0644"));
        assert_eq!(kinds("'22'"), Kind::Text("22".into()));
        assert_eq!(kinds("!!str 22"), Kind::Text("22".into()));
        assert_eq!(kinds("2001:db8::1"), Kind::Text("2001:db8::1".into()));
    }

    #[test]
    fn what_is_not_yaml_is_pointed_at() {
        let mistake = all("a: [1,\nb: 2\n").expect_err("a bracket is open");
        assert!(mistake.message.starts_with("not YAML: "), "{}", mistake.message);
        assert!(all("").expect("nothing is YAML").is_empty());
        let wide = all("''\u{1772}").expect_err("a text behind a text").span;
        assert_eq!(wide, Some(Span::new(FileId(0), 2, 5)));
    }
}
