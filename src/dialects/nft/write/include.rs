//! Rules beside an `include` of lines of a chain: what belongs at either end of those goes into the chain itself, since the
//! lines may be a part of others, too.

use super::place::{Home, Lines, Tree};
use crate::dialects::nft::ast::{Content, Object};
use crate::dialects::nft::text;
use crate::finding::Edit;
use crate::source::Span;

/// An `include` in a chain, on a line of its own.
pub(super) struct Include<'t> {
    tree: &'t Tree<'t>,
    pub home: Home<'t>,
    lines: Lines<'t>,
}

impl<'w> Tree<'w> {
    /// The `include` whose path stands at a place, if that is in the block of a chain.
    pub fn include(&self, path: Span) -> Option<Include<'_>> {
        let front = self.text.get(..path.start as usize)?.trim_end_matches([' ', '\t']);
        let start = front.strip_suffix("include")?.len();
        let home = self.block_around(start)?;
        let lines = Lines::of(self.text, Span::new(self.file, start, path.end as usize))?;
        (!self.is_numbered(home)).then_some(Include { tree: self, home, lines })
    }

    /// The chain in whose block a place is.
    fn block_around(&self, at: usize) -> Option<Home<'_>> {
        for command in &self.content.commands {
            let Object::Table(table) = &command.object else { continue };
            for content in &table.content {
                let Content::Chain(chain) = content else { continue };
                let block = text::braces(self.file, self.text, chain.span.end as usize);
                if block.is_some_and(|(open, end)| open < at && at < end) {
                    let (family, name) = (table.family, &*table.name.value);
                    return Some(Home { family, table: name, chain: &chain.name.value });
                }
            }
        }
        None
    }
}

impl Include<'_> {
    /// New rules in front of what it stands for, or behind it.
    pub fn insertion(&self, said: &[String], is_before: bool) -> Edit {
        let text = said.iter().map(|rule| self.lines.line(rule)).collect();
        let at = if is_before { self.lines.start } else { self.lines.end };
        Edit { span: Span::new(self.tree.file, at, at), text }
    }
}
