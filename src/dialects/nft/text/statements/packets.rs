//! Logging, queues, and answers in the place of a server.

use crate::dialects::nft::ast::{StatefulKind, StatementKind};
use crate::dialects::nft::text::reader::{Reader, Result};

impl<'t> Reader<'t> {
    /// `log prefix "x" level warn`, the word taken.
    pub fn log(&mut self) -> Result<StatementKind<'t>> {
        loop {
            match self.cursor.peek_word() {
                Some("prefix") => {
                    self.cursor.word();
                    self.constant()?;
                }
                Some("group" | "snaplen" | "queue-threshold" | "level") => {
                    self.cursor.word();
                    self.constant()?;
                }
                Some("flags") => {
                    self.cursor.word();
                    self.log_flags()?;
                }
                _ => return Ok(StatementKind::Passive("log")),
            }
        }
    }

    fn log_flags(&mut self) -> Result<()> {
        loop {
            match self.cursor.word().map(|word| word.value) {
                Some("tcp" | "ip") => loop {
                    self.cursor.word();
                    if !self.cursor.eat(",") {
                        break;
                    }
                },
                Some(_) => {}
                None => return Err(self.wanted("a flag")),
            }
            if !self.cursor.eat(",") {
                return Ok(());
            }
        }
    }

    /// `queue flags bypass to 1-3` or `queue num 1 bypass`, the word taken.
    pub fn queue(&mut self) -> Result<StatementKind<'t>> {
        let mut bypass = false;
        loop {
            if self.cursor.eat_word("num") || self.cursor.eat_word("to") {
                self.computed()?;
            } else if self.cursor.eat_word("bypass") {
                bypass = true;
            } else if !(self.cursor.eat_word("fanout")
                || self.cursor.eat_word("flags")
                || self.cursor.eat(","))
            {
                return Ok(StatementKind::Queue { bypass });
            }
        }
    }

    /// `synproxy mss 1460 wscale 7 timestamp sack-perm` or `synproxy name x`, the word taken.
    pub fn synproxy(&mut self) -> Result<StatementKind<'t>> {
        if self.cursor.eat_word("name") {
            return Ok(StatementKind::Stateful(StatefulKind::Synproxy, self.computed()?));
        }
        loop {
            if self.cursor.eat_word("mss") || self.cursor.eat_word("wscale") {
                self.number::<u16>("a number")?;
            } else if !self.cursor.eat_word("timestamp") && !self.cursor.eat_word("sack-perm") {
                return Ok(StatementKind::Synproxy);
            }
        }
    }
}
