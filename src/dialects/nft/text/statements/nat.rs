//! Address translation, and other ways to send a packet elsewhere.

use crate::dialects::nft::ast::{Expression, Family, Name, NatKind, StatementKind, TranslatedTo};
use crate::dialects::nft::text::reader::{Reader, Result};

impl<'t> Reader<'t> {
    /// `snat`, `dnat`, `masquerade` or `redirect`, the word taken.
    pub fn nat(&mut self, word: &str) -> Result<StatementKind<'t>> {
        let kind = match word {
            "snat" => NatKind::Snat,
            "dnat" => NatKind::Dnat,
            "masquerade" => NatKind::Masquerade,
            _ => NatKind::Redirect,
        };
        let family = self.family_word();
        let mut flags = Vec::new();
        // `addr . port`, `interval` and `prefix` say what the values are.
        if self.cursor.eat_word("addr") && self.cursor.eat(".") {
            self.need_word("port")?;
        }
        self.cursor.eat_word("interval");
        if self.cursor.peek_word() == Some("prefix") {
            flags.extend(self.cursor.name());
        }
        let is_told = self.cursor.eat_word("to");
        let to = match kind {
            NatKind::Snat | NatKind::Dnat => Some(self.address_and_port()?),
            NatKind::Masquerade | NatKind::Redirect if is_told => Some(self.port_alone()?),
            NatKind::Masquerade | NatKind::Redirect => None,
        };
        flags.extend(self.nat_flags());
        Ok(StatementKind::Nat { kind, family, to: to.map(Box::new), flags })
    }

    /// `ip` or `ip6` in front of `to`.
    fn family_word(&mut self) -> Option<Family> {
        let mut ahead = self.cursor;
        let family = ahead.word().and_then(|word| match word.value {
            "ip" => Some(Family::Ip),
            "ip6" => Some(Family::Ip6),
            _ => None,
        })?;
        // Otherwise it begins an expression such as `ip saddr map …`.
        if !matches!(ahead.peek_word(), Some("to" | "addr" | "interval" | "prefix")) {
            return None;
        }
        self.cursor = ahead;
        Some(family)
    }

    fn address_and_port(&mut self) -> Result<TranslatedTo<'t>> {
        let mut to = TranslatedTo::default();
        if self.cursor.peek() != Some(b':') {
            to.address = Some(self.computed()?);
        }
        if self.cursor.eat(":") {
            to.port = Some(self.computed()?);
        }
        Ok(to)
    }

    fn port_alone(&mut self) -> Result<TranslatedTo<'t>> {
        self.cursor.eat(":");
        let port: Expression<'t> = self.computed()?;
        Ok(TranslatedTo { address: None, port: Some(port) })
    }

    fn nat_flags(&mut self) -> Vec<Name<'t>> {
        let mut flags = Vec::new();
        while matches!(self.cursor.peek_word(), Some("random" | "fully-random" | "persistent")) {
            flags.extend(self.cursor.name());
            self.cursor.eat(",");
        }
        flags
    }

    /// `tproxy ip to 127.0.0.1:8080`, the word taken.
    pub fn tproxy(&mut self) -> Result<StatementKind<'t>> {
        self.family_word();
        self.need_word("to")?;
        self.address_and_port()?;
        Ok(StatementKind::Tproxy)
    }

    /// `dup to 10.0.0.1 device "eth0"` and `fwd ip to …`, the first word taken.
    pub fn send(&mut self) -> Result<()> {
        self.family_word();
        self.need_word("to")?;
        self.computed()?;
        if self.cursor.eat_word("device") {
            self.computed()?;
        }
        Ok(())
    }
}
