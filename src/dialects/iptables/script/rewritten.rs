//! A text put together from pieces of a script, read by another reader: its places go back to the script.

use crate::model::{Elements, Ruleset};
use crate::source::Span;

/// A text that remembers where its pieces come from.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// The text.
    pub text: String,
    /// For each piece: where it begins in the text, and its place in the script.
    pieces: Vec<(usize, Span)>,
}

impl Rewritten {
    /// Adds a piece that stands at a place of the script, as it is or changed.
    pub fn push(&mut self, text: &str, span: Span) {
        self.pieces.push((self.text.len(), span));
        self.text.push_str(text);
    }

    /// Its lines, each as words with their places, and the place of the line.
    pub fn lines(&self) -> Vec<(Vec<(String, Span)>, Span)> {
        let mut lines = Vec::new();
        for (number, (start, span)) in self.pieces.iter().enumerate() {
            let end = self.pieces.get(number + 1).map_or(self.text.len(), |next| next.0);
            for line in self.text.get(*start..end).unwrap_or("").lines() {
                lines.push((line.split_whitespace().map(|word| (word.to_owned(), *span)).collect(), *span));
            }
        }
        lines
    }

    /// Where a place of the text comes from.
    fn origin(&self, place: Span) -> Span {
        let start = self.piece(place.start as usize);
        let end = self.piece((place.end.max(place.start + 1) - 1) as usize);
        let (Some((from, first)), Some((to, last))) = (start, end) else { return place };
        let start = match from.copied {
            true => first.start + (place.start - from.start),
            false => first.start,
        };
        let end = match to.copied {
            true => (last.start + (place.end.max(to.start) - to.start)).min(last.end),
            false => last.end,
        };
        Span { file: first.file, start, end: end.max(start) }
    }

    fn piece(&self, at: usize) -> Option<(Place, Span)> {
        let number = self.pieces.partition_point(|piece| piece.0 <= at).checked_sub(1)?;
        let (start, span) = self.pieces[number];
        let end = self.pieces.get(number + 1).map_or(self.text.len(), |next| next.0);
        let copied = end - start == (span.end - span.start) as usize;
        Some((Place { start: start as u32, copied }, span))
    }

    /// Gives all that was read from the text its places in the script.
    pub fn restore(&self, ruleset: &mut Ruleset) {
        for table in &mut ruleset.tables {
            table.span = self.origin(table.span);
            for chain in &mut table.chains {
                chain.span = self.origin(chain.span);
                if let Some(base) = &mut chain.base {
                    base.policy.span = self.origin(base.policy.span);
                }
                for rule in &mut chain.rules {
                    rule.span = self.origin(rule.span);
                    rule.matches.iter_mut().for_each(|it| it.span = self.origin(it.span));
                    rule.actions.iter_mut().for_each(|it| it.span = self.origin(it.span));
                    rule.comment.iter_mut().for_each(|it| it.span = self.origin(it.span));
                    rule.verdict.span = self.origin(rule.verdict.span);
                }
            }
        }
        for set in &mut ruleset.sets {
            set.span = self.origin(set.span);
            match &mut set.elements {
                Elements::Listed(list) => list.iter_mut().for_each(|it| it.span = self.origin(it.span)),
                Elements::Sets(list) => list.iter_mut().for_each(|it| it.1 = self.origin(it.1)),
                Elements::Unknown => {}
            }
        }
        ruleset.remarks.iter_mut().for_each(|it| it.span = self.origin(it.span));
    }
}

/// A piece of the text.
struct Place {
    start: u32,
    /// Is it letter by letter what stands in the script?
    copied: bool,
}
