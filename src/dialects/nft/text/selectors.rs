//! What rules look at: the keys of headers and modules, and what takes words of its own.

use std::borrow::Cow;

use super::reader::{Mistake, Reader, Result};
use super::statements;
use crate::dialects::nft::ast::{
    Direction, Expression, ExpressionKind, FibKeys, Group, PayloadBase, Selector,
};

impl<'t> Reader<'t> {
    /// Is a piece of the packet next, `@th,16,16`, rather than a named set?
    pub fn is_payload(&mut self) -> bool {
        self.cursor.skip_blanks();
        let mut ahead = self.cursor;
        ahead.eat("@") && ahead.word().is_some_and(|it| base(it.value).is_some()) && ahead.eat(",")
    }

    /// One property of the packet.
    pub fn selector(&mut self) -> Result<Expression<'t>> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let kind = match self.cursor.byte() {
            Some(b'@') => self.payload()?,
            _ => {
                let Some(word) = self.cursor.word() else { return Err(self.wanted("an expression")) };
                self.keyed(word.value, start)?
            }
        };
        Ok(Expression::new(kind, self.cursor.since(start)))
    }

    /// What begins with this word, which has been taken.
    fn keyed(&mut self, word: &'t str, start: usize) -> Result<ExpressionKind<'t>> {
        if let Some(selector) = Selector::unqualified(word) {
            return Ok(ExpressionKind::Selector(selector));
        }
        match word {
            "ct" => self.conntrack(),
            "fib" => self.fib(),
            "rt" => self.route(),
            "arp" => self.arp(),
            "socket" if self.cursor.eat_word("cgroupv2") => {
                self.need_word("level")?;
                self.number::<u32>("a level")?;
                Ok(self.function(start))
            }
            "numgen" => {
                if !self.cursor.eat_word("inc") && !self.cursor.eat_word("random") {
                    return Err(self.wanted("`inc` or `random`"));
                }
                self.modulus()?;
                Ok(self.function(start))
            }
            "symhash" => {
                self.modulus()?;
                Ok(self.function(start))
            }
            "jhash" => {
                self.concat(Self::selector)?;
                self.modulus()?;
                Ok(self.function(start))
            }
            "osf" => {
                if self.cursor.eat_word("ttl") {
                    self.cursor.word();
                }
                if !self.cursor.eat_word("name") && !self.cursor.eat_word("version") {
                    return Err(self.wanted("`name` or `version`"));
                }
                Ok(self.function(start))
            }
            "ipsec" => self.ipsec(start),
            "exthdr" => {
                let Some(name) = self.cursor.word() else { return Err(self.wanted("a header")) };
                Ok(ExpressionKind::Option(Box::new(("exthdr", Cow::Borrowed(name.value)))))
            }
            "tcp" if self.cursor.eat_word("option") => self.option("tcp option"),
            "ip" if self.cursor.eat_word("option") => self.option("ip option"),
            "dccp" if self.cursor.eat_word("option") => self.option("dccp option"),
            "sctp" if self.cursor.eat_word("chunk") => self.option("sctp chunk"),
            "gre" | "geneve" | "gretap" | "vxlan" | "tunnel" => {
                if let Some(group) = self.group(word) {
                    return Ok(ExpressionKind::Selector(group));
                }
                let Some(inner) = self.cursor.word() else { return Err(self.wanted("a field")) };
                if Group::of_name(inner.value).next().is_some() {
                    self.field(inner.value)?;
                }
                Ok(self.function(start))
            }
            _ if Group::of_name(word).next().is_some() => self.field(word),
            _ => {
                let names = Group::ALL.iter().map(|group| group.name());
                let names = names.chain(UNQUALIFIED).chain(statements::KEYWORDS);
                Err(Mistake::not_among(self.cursor.since(start), "keyword", word, names))
            }
        }
    }

    /// The field of a header, behind its name.
    fn field(&mut self, header: &str) -> Result<ExpressionKind<'t>> {
        if let Some(selector) = self.group(header) {
            return Ok(ExpressionKind::Selector(selector));
        }
        let here = self.cursor.here();
        let Some(word) = self.cursor.word() else { return Err(self.wanted("a field")) };
        let names = Group::of_name(header).flat_map(|group| group.selectors()).map(|it| it.name);
        Err(Mistake::not_among(here, &format!("field of {header}"), word.value, names))
    }

    /// The selector of a header and the next word, if there is one.
    fn group(&mut self, header: &str) -> Option<&'static Selector> {
        let before = self.cursor;
        let found = self.cursor.word().and_then(|word| Selector::find(header, word.value));
        if found.is_none() {
            self.cursor = before;
        }
        found
    }

    /// `ct state`, `ct original ip saddr`, `ct reply bytes`.
    fn conntrack(&mut self) -> Result<ExpressionKind<'t>> {
        let direction = match self.cursor.peek_word() {
            Some("original") => Some(Direction::Original),
            Some("reply") => Some(Direction::Reply),
            _ => None,
        };
        if direction.is_some() {
            self.cursor.word();
        }
        let selector = match self.cursor.peek_word() {
            Some(family @ ("ip" | "ip6")) => self.two_words("ct", family)?,
            _ => match self.field("ct")? {
                ExpressionKind::Selector(selector) => selector,
                other => return Ok(other),
            },
        };
        Ok(match direction {
            Some(direction) => ExpressionKind::Directed(selector, direction),
            None => ExpressionKind::Selector(selector),
        })
    }

    /// `rt classid`, `rt ip nexthop`, and the routing header of IPv6 (`rt type`).
    fn route(&mut self) -> Result<ExpressionKind<'t>> {
        match self.cursor.peek_word() {
            Some(family @ ("ip" | "ip6")) => Ok(ExpressionKind::Selector(self.two_words("rt", family)?)),
            _ => self.field("rt"),
        }
    }

    /// `arp saddr ip`.
    fn arp(&mut self) -> Result<ExpressionKind<'t>> {
        match self.cursor.peek_word() {
            Some(side @ ("saddr" | "daddr")) => Ok(ExpressionKind::Selector(self.two_words("arp", side)?)),
            _ => self.field("arp"),
        }
    }

    /// A key of two words, of which the first is next.
    fn two_words(&mut self, header: &str, first: &str) -> Result<&'static Selector> {
        self.cursor.word();
        let here = self.cursor.here();
        let Some(second) = self.cursor.word() else { return Err(self.wanted("a field")) };
        let found = Selector::find(header, &format!("{first} {}", second.value));
        found.ok_or_else(|| Mistake::new(here, format!("unknown field `{}`", second.value)))
    }

    /// `fib daddr . iif type`.
    fn fib(&mut self) -> Result<ExpressionKind<'t>> {
        let mut keys = FibKeys::default();
        loop {
            let here = self.cursor.here();
            match self.cursor.word().map(|word| word.value) {
                Some("saddr") => keys.saddr = true,
                Some("daddr") => keys.daddr = true,
                Some("mark") => keys.mark = true,
                Some("iif") => keys.iif = true,
                Some("oif") => keys.oif = true,
                _ => return Err(Mistake::new(here, "a lookup is made with saddr, daddr, mark, iif or oif")),
            }
            if !self.cursor.eat(".") {
                break;
            }
        }
        let here = self.cursor.here();
        let result = match self.cursor.word().map(|word| word.value) {
            // The newer word for asking whether there is a route.
            Some("check") => Group::Fib.find("oif"),
            Some(word) => Group::Fib.find(word),
            None => None,
        };
        match result {
            Some(result) => Ok(ExpressionKind::Fib { keys, result }),
            None => Err(Mistake::new(here, "a lookup gives oif, oifname or type")),
        }
    }

    /// `ipsec in spnum 1 ip saddr`.
    fn ipsec(&mut self, start: usize) -> Result<ExpressionKind<'t>> {
        if !self.cursor.eat_word("in") && !self.cursor.eat_word("out") {
            return Err(self.wanted("`in` or `out`"));
        }
        if self.cursor.eat_word("spnum") {
            self.number::<u32>("a number")?;
        }
        match self.cursor.word().map(|word| word.value) {
            Some("reqid" | "spi") => {}
            Some("ip" | "ip6") if self.cursor.eat_word("saddr") || self.cursor.eat_word("daddr") => {}
            _ => return Err(self.wanted("`reqid`, `spi` or an address")),
        }
        Ok(self.function(start))
    }

    /// The name of an option and a field of it, if one follows.
    fn option(&mut self, header: &'static str) -> Result<ExpressionKind<'t>> {
        const FIELDS: [&str; 22] = [
            "kind",
            "length",
            "size",
            "count",
            "left",
            "right",
            "tsval",
            "tsecr",
            "type",
            "ptr",
            "addr",
            "value",
            "flags",
            "tsn",
            "stream",
            "ssn",
            "ppid",
            "init-tag",
            "a-rwnd",
            "num-outbound-streams",
            "num-inbound-streams",
            "initial-tsn",
        ];
        const MORE: [&str; 5] = ["cum-tsn-ack", "num-gap-ack-blocks", "num-dup-tsns", "lowest-tsn", "seqno"];
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        if self.cursor.eat("@") {
            for sign in [",", ",", ""] {
                self.number::<u32>("a number")?;
                self.need(sign)?;
            }
        } else if self.cursor.word().is_none() {
            return Err(self.wanted("an option"));
        }
        if self.cursor.peek_word().is_some_and(|word| FIELDS.contains(&word) || MORE.contains(&word)) {
            self.cursor.word();
        }
        Ok(ExpressionKind::Option(Box::new((header, self.words(start)))))
    }

    /// `@th,16,16`.
    fn payload(&mut self) -> Result<ExpressionKind<'t>> {
        self.need("@")?;
        let base = self.cursor.word().and_then(|word| base(word.value));
        let Some(base) = base else { return Err(self.wanted("`ll`, `nh`, `th` or `ih`")) };
        self.need(",")?;
        let offset = self.number("an offset in bits")?;
        self.need(",")?;
        let length = self.number("a length in bits")?;
        Ok(ExpressionKind::Payload { base, offset, length })
    }

    /// `mod 2 seed 0xfe offset 1`.
    fn modulus(&mut self) -> Result<()> {
        self.need_word("mod")?;
        self.number::<u32>("a number")?;
        for word in ["seed", "offset"] {
            if self.cursor.eat_word(word) && self.cursor.word().is_none() {
                return Err(self.wanted("a number"));
            }
        }
        Ok(())
    }

    /// Takes a word, which must be next.
    pub fn need_word(&mut self, word: &str) -> Result<()> {
        match self.cursor.eat_word(word) {
            true => Ok(()),
            false => Err(self.wanted(&format!("`{word}`"))),
        }
    }

    fn function(&self, start: usize) -> ExpressionKind<'t> {
        ExpressionKind::Function(self.words(start))
    }

    /// What was read since an offset, with one space between words.
    fn words(&self, start: usize) -> Cow<'t, str> {
        let text = self.cursor.text(start);
        let is_folded = !text.contains(['\t', '\n', '\r', '\\', '#']) && !text.contains("  ");
        match is_folded {
            true => Cow::Borrowed(text),
            false => Cow::Owned(text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
}

/// The `meta` keys that most rules begin with, to compare misspelt words with.
const UNQUALIFIED: [&str; 5] = ["mark", "iif", "iifname", "oif", "oifname"];

fn base(word: &str) -> Option<PayloadBase> {
    match word {
        "ll" => Some(PayloadBase::Link),
        "nh" => Some(PayloadBase::Network),
        "th" => Some(PayloadBase::Transport),
        "ih" => Some(PayloadBase::Inner),
        _ => None,
    }
}
