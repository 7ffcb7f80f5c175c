//! Counters, quotas and limits.

use crate::dialects::nft::ast::{LimitUnit, StatefulKind, StatementKind};
use crate::dialects::nft::text::reader::{Mistake, Reader, Result};

impl<'t> Reader<'t> {
    /// `counter packets 0 bytes 0` or `counter name x`, the first word taken.
    pub fn counter(&mut self) -> Result<StatementKind<'t>> {
        if self.cursor.eat_word("name") {
            return Ok(StatementKind::Stateful(StatefulKind::Counter, self.computed()?));
        }
        for word in ["packets", "bytes"] {
            if self.cursor.eat_word(word) {
                self.number::<u64>("a number")?;
            }
        }
        Ok(StatementKind::Passive("counter"))
    }

    /// `quota over 10 mbytes used 0 bytes` or `quota name x`, the first word taken.
    pub fn quota(&mut self) -> Result<StatementKind<'t>> {
        if self.cursor.eat_word("name") {
            return Ok(StatementKind::Stateful(StatefulKind::Quota, self.computed()?));
        }
        let over = self.cursor.eat_word("over");
        self.cursor.eat_word("until");
        let bytes = self.amount()?;
        if self.cursor.eat_word("used") {
            self.amount()?;
        }
        Ok(StatementKind::Quota { over, bytes })
    }

    /// `10 mbytes`, in bytes.
    fn amount(&mut self) -> Result<u64> {
        let number: u64 = self.number("a number")?;
        let here = self.cursor.here();
        match self.cursor.word().and_then(|word| size(word.value)) {
            Some(size) => Ok(number.saturating_mul(size)),
            None => Err(Mistake::new(here, "an amount is in bytes, kbytes or mbytes")),
        }
    }

    /// `limit rate over 10/second burst 5 packets` or `limit name x`, the first word taken.
    pub fn limit(&mut self) -> Result<StatementKind<'t>> {
        if self.cursor.eat_word("name") {
            return Ok(StatementKind::Stateful(StatefulKind::Limit, self.computed()?));
        }
        self.need_word("rate")?;
        let over = self.cursor.eat_word("over");
        self.cursor.eat_word("until");
        let number: u64 = self.number("a rate")?;
        let here = self.cursor.here();
        let (size, per) = if self.cursor.eat("/") {
            (None, self.cursor.word().map_or("", |word| word.value))
        } else {
            // `mbytes/second` is one word.
            let word = self.cursor.word().map_or("", |word| word.value);
            let (unit, per) = word.split_once('/').unwrap_or((word, ""));
            let per = match per {
                "" if self.cursor.eat("/") => self.cursor.word().map_or("", |word| word.value),
                per => per,
            };
            (Some(unit), per)
        };
        let bytes = size.is_some();
        let size = match size.map(self::size) {
            Some(Some(size)) => size,
            Some(None) => return Err(Mistake::new(here, "a rate is in packets, bytes, kbytes or mbytes")),
            None => 1,
        };
        const UNITS: [&str; 5] = ["second", "minute", "hour", "day", "week"];
        let Some(per) = UNITS.into_iter().find(|unit| *unit == per) else {
            return Err(Mistake::new(here, "a rate is per second, minute, hour, day or week"));
        };
        let burst = match self.cursor.eat_word("burst") {
            false => None,
            true => {
                let burst: u64 = self.number("a number")?;
                match self.cursor.peek_word() {
                    Some("packets") => self.cursor.word().map(|_| burst),
                    Some(word) if self::size(word).is_some() => {
                        self.cursor.word();
                        Some(burst.saturating_mul(self::size(word).unwrap_or(1)))
                    }
                    _ => Some(burst),
                }
            }
        };
        let rate = number.saturating_mul(size);
        Ok(StatementKind::Limit { over, rate, unit: LimitUnit { bytes, per }, burst })
    }

    /// `ct count over 10`, the first word taken.
    pub fn ct_count(&mut self) -> Result<StatementKind<'t>> {
        self.need_word("count")?;
        let over = self.cursor.eat_word("over");
        Ok(StatementKind::CtCount { over, count: self.number("a number")? })
    }
}

/// How many bytes a unit has.
fn size(unit: &str) -> Option<u64> {
    match unit {
        "bytes" => Some(1),
        "kbytes" => Some(1 << 10),
        "mbytes" => Some(1 << 20),
        _ => None,
    }
}
