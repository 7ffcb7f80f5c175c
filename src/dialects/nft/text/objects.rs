//! Flow tables and objects with a state: their names; what is in their braces decides nothing.

use super::reader::{Mistake, Reader, Result};
use crate::dialects::nft::ast::{Flowtable, Stateful, StatefulKind};
use crate::source::Span;

impl<'t> Reader<'t> {
    /// The kind of object of a keyword, which has been taken; `ct` has a second word.
    pub fn stateful_kind(&mut self, word: &str) -> Result<Option<StatefulKind>> {
        Ok(Some(match word {
            "counter" => StatefulKind::Counter,
            "quota" => StatefulKind::Quota,
            "limit" => StatefulKind::Limit,
            "secmark" => StatefulKind::Secmark,
            "synproxy" => StatefulKind::Synproxy,
            "tunnel" => StatefulKind::Tunnel,
            "ct" => {
                let here = self.cursor.here();
                match self.cursor.word().map(|word| word.value) {
                    Some("helper") => StatefulKind::CtHelper,
                    Some("timeout") => StatefulKind::CtTimeout,
                    Some("expectation") => StatefulKind::CtExpectation,
                    _ => return Err(Mistake::new(here, "there are ct helpers, timeouts and expectations")),
                }
            }
            _ => return Ok(None),
        }))
    }

    /// An object in a table, its kind taken.
    pub fn stateful(&mut self, kind: StatefulKind, start: usize) -> Result<Stateful<'t>> {
        let Some(name) = self.cursor.name() else { return Err(self.wanted("a name")) };
        let span = self.cursor.since(start);
        self.body(span)?;
        Ok(Stateful { kind, name, span })
    }

    /// A flow table, its keyword taken.
    pub fn flowtable(&mut self, start: usize) -> Result<Flowtable<'t>> {
        let Some(name) = self.cursor.name() else { return Err(self.wanted("the name of a flow table")) };
        let span = self.cursor.since(start);
        self.body(span)?;
        Ok(Flowtable { name, span })
    }

    /// What is in braces, or on the rest of the line.
    fn body(&mut self, header: Span) -> Result<()> {
        if self.cursor.peek() != Some(b'{') {
            self.cursor.skip_statement();
            return Ok(());
        }
        match self.cursor.skip_braces() {
            true => Ok(()),
            false => Err(Mistake::new(header, "the `{` of this is never closed")),
        }
    }
}
