//! What a list shows of matches becomes the options that they were made of.

use super::line::{Token, Words, negation};
use crate::packet::Family;
use crate::source::Span;

/// Turns tokens into words for the reader of rules. What is not understood ends it: what it returns is
/// the rest, of which nobody knows what it means.
pub fn read<'t>(tokens: &[Token<'t>], family: Family, words: &mut Words) -> Vec<Token<'t>> {
    let mut reader = Reader { tokens, at: 0, family };
    while reader.at < tokens.len() {
        let (from, before) = (reader.at, words.list.len());
        if reader.step(words).is_none() {
            words.list.truncate(before);
            return tokens[from..].iter().filter(|token| !token.is_comment).copied().collect();
        }
    }
    Vec::new()
}

struct Reader<'r, 't> {
    tokens: &'r [Token<'t>],
    at: usize,
    family: Family,
}

impl<'t> Reader<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied().filter(|token| !token.is_comment)
    }

    fn next(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Takes these words, or nothing.
    fn eat(&mut self, texts: &[&str]) -> bool {
        let rest = self.tokens.get(self.at..self.at + texts.len()).unwrap_or_default();
        let is_there = !rest.is_empty()
            && rest.iter().zip(texts).all(|(token, text)| !token.is_comment && token.text == *text);
        if is_there {
            self.at += texts.len();
        }
        is_there
    }

    /// The next word, with a `!` in front that stands alone or with it.
    fn value(&mut self) -> Option<(bool, &'t str, Span)> {
        let first = self.next()?;
        if first.text == "!" {
            let second = self.next()?;
            return Some((true, second.text, first.span.to(second.span)));
        }
        let (negated, text) = negation(first.text);
        Some((negated, text, first.span))
    }

    /// Reads one match; `None` if it is not understood.
    fn step(&mut self, words: &mut Words) -> Option<()> {
        let first = *self.tokens.get(self.at)?;
        if first.is_comment {
            self.at += 1;
            words.put("-m", first.span);
            words.put("comment", first.span);
            words.option(false, "--comment", first.text, first.span);
            return Some(());
        }
        let not = self.eat(&["!"]);
        let start = self.next()?;
        let mut option = |module: &str, negated: bool, name: &str, value: &str, span: Span| {
            words.put("-m", span);
            words.put(module, span);
            words.option(negated, name, value, span);
        };
        match start.text {
            "tcp" | "udp" | "udplite" | "sctp" | "dccp" if !not => {
                self.ports(start.text, start.span, words)?
            }
            "icmp" | "ipv6-icmp" | "icmpv6" if !not => self.icmp(None, words)?,
            "icmptype" | "ipv6-icmptype" | "icmpv6type" if !not => self.icmp(Some(start), words)?,
            "ctstate" | "ctproto" | "ctorigsrc" | "ctorigdst" | "ctreplsrc" | "ctrepldst"
            | "ctorigsrcport" | "ctorigdstport" | "ctreplsrcport" | "ctrepldstport" | "ctstatus"
            | "ctexpire" | "ctdir" => {
                let value = self.next()?;
                let name = format!("--{}", start.text);
                option("conntrack", not, &name, value.text, start.span.to(value.span));
            }
            "state" => {
                let value = self.next()?;
                option("state", not, "--state", value.text, start.span.to(value.span));
            }
            "multiport" if !not => {
                let side = self.next()?;
                let name = format!("--{}", side.text);
                matches!(side.text, "dports" | "sports" | "ports").then_some(())?;
                let (negated, list, span) = self.value()?;
                option("multiport", negated, &name, list, start.span.to(span));
            }
            side @ ("source" | "destination") if !not => {
                self.eat(&["IP", "range"]).then_some(())?;
                let (negated, range, span) = self.value()?;
                let name = if side == "source" { "--src-range" } else { "--dst-range" };
                option("iprange", negated, name, range, start.span.to(span));
            }
            module @ ("mark" | "connmark") if !not => {
                self.eat(&["match"]).then_some(())?;
                let (negated, mark, span) = self.value()?;
                option(module, negated, "--mark", mark, start.span.to(span));
            }
            "owner" | "OWNER" => self.owner(not, start, words)?,
            "match-set" => {
                let (set, sides) = (self.next()?, self.next()?);
                words.put("-m", start.span);
                words.put("set", start.span);
                words.option(not, "--match-set", set.text, start.span.to(set.span));
                words.put(sides.text, sides.span);
            }
            "ADDRTYPE" if !not => self.address_type(start.span, words)?,
            "PKTTYPE" if !not => {
                let negated = self.eat(&["!="]);
                (negated || self.eat(&["="])).then_some(())?;
                let kind = self.next()?;
                option("pkttype", negated, "--pkt-type", kind.text, start.span.to(kind.span));
            }
            "MAC" if !not => {
                let (negated, mac, span) = self.value()?;
                option("mac", negated, "--mac-source", mac, start.span.to(span));
            }
            field @ ("TTL" | "HL") if !not => {
                self.eat(&["match", field]).then_some(())?;
                let (operator, value) = (self.next()?, self.next()?);
                let (module, prefix) = if field == "TTL" { ("ttl", "--ttl") } else { ("hl", "--hl") };
                let (negated, suffix) = match operator.text {
                    "==" => (false, "eq"),
                    "!=" => (true, "eq"),
                    "<" => (false, "lt"),
                    ">" => (false, "gt"),
                    _ => return None,
                };
                option(module, negated, &format!("{prefix}-{suffix}"), value.text, start.span.to(value.span));
            }
            "length" if !not => {
                let (negated, range, span) = self.value()?;
                option("length", negated, "--length", range, start.span.to(span));
            }
            "DSCP" if !not => {
                self.eat(&["match"]).then_some(())?;
                let (negated, value, span) = self.value()?;
                option("dscp", negated, "--dscp", value, start.span.to(span));
            }
            "limit:" if !not => {
                self.eat(&["avg"]).then_some(())?;
                let rate = self.next()?;
                option("limit", false, "--limit", rate.text, start.span.to(rate.span));
                if self.eat(&["burst"]) {
                    let burst = self.next()?;
                    words.option(false, "--limit-burst", burst.text, burst.span);
                }
            }
            "PHYSDEV" if !not => {
                self.eat(&["match"]).then_some(())?;
                self.physical(start.span, words)?;
            }
            "recent:" => self.recent(not, start.span, words)?,
            "socket" if !not => {
                words.put("-m", start.span);
                words.put("socket", start.span);
                while let Some(token) = self.peek().filter(|token| token.text.starts_with("--")) {
                    self.at += 1;
                    words.put(token.text, token.span);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// `recent: UPDATE seconds: 60 hit_count: 3 name: x side: source mask: 255.255.255.255`, its first word taken.
    fn recent(&mut self, not: bool, span: Span, words: &mut Words) -> Option<()> {
        let verb = self.next()?;
        let verb = match verb.text {
            "SET" => "--set",
            "UPDATE" => "--update",
            "CHECK" => "--rcheck",
            "REMOVE" => "--remove",
            _ => return None,
        };
        words.put("-m", span);
        words.put("recent", span);
        if not {
            words.put("!", span);
        }
        words.put(verb, span);
        loop {
            let option = match self.peek().map(|token| token.text) {
                Some("seconds:") => "--seconds",
                Some("hit_count:") => "--hitcount",
                Some("name:") => "--name",
                Some("mask:") => "--mask",
                Some("side:") => "side",
                Some("reap") => "--reap",
                Some("TTL-Match") => "--rttl",
                _ => return Some(()),
            };
            let token = self.next()?;
            match option {
                "--reap" | "--rttl" => words.put(option, token.span),
                "side" => {
                    let side = self.next()?;
                    words.put(if side.text == "dest" { "--rdest" } else { "--rsource" }, side.span);
                }
                _ => {
                    let value = self.next()?;
                    words.option(false, option, value.text, value.span);
                }
            }
        }
    }

    /// `spt:`, `dpts:` and so on behind the name of a protocol.
    fn ports(&mut self, module: &str, span: Span, words: &mut Words) -> Option<()> {
        words.put("-m", span);
        words.put(module, span);
        while let Some(token) = self.peek() {
            let (name, value) = match token.text.split_once([':', '=']) {
                Some(halves) => halves,
                None => return Some(()),
            };
            let (negated, value) = negation(value);
            match name {
                "spt" | "spts" => words.option(negated, "--sport", value, token.span),
                "dpt" | "dpts" => words.option(negated, "--dport", value, token.span),
                "flags" if module == "tcp" => {
                    let (mask, compared) = value.split_once('/')?;
                    words.option(negated, "--tcp-flags", &flags(mask)?, token.span);
                    words.put(&flags(compared)?, token.span);
                }
                "option" if module == "tcp" => words.option(negated, "--tcp-option", value, token.span),
                _ => return Some(()),
            }
            self.at += 1;
        }
        Some(())
    }

    /// A name of an ICMP type, or `icmptype 8 code 0`.
    fn icmp(&mut self, numeric: Option<Token<'t>>, words: &mut Words) -> Option<()> {
        let (module, name) = match self.family {
            Family::V4 => ("icmp", "--icmp-type"),
            Family::V6 => ("icmp6", "--icmpv6-type"),
        };
        let (negated, shown, span) = self.value()?;
        let mut kind = shown.to_owned();
        if numeric.is_some() || shown == "type" {
            let number = if numeric.is_some() { shown } else { self.next()?.text };
            kind = if number == "255" && self.family == Family::V4 {
                "any".to_owned()
            } else {
                number.to_owned()
            };
            if self.eat(&["code"]) {
                kind = format!("{number}/{}", self.next()?.text);
            } else if self.peek().is_some_and(|token| token.text == "codes") {
                return None;
            }
        }
        words.put("-m", span);
        words.put(module, span);
        words.option(negated, name, &kind, span);
        Some(())
    }

    fn owner(&mut self, not: bool, start: Token<'t>, words: &mut Words) -> Option<()> {
        words.put("-m", start.span);
        words.put("owner", start.span);
        if self.eat(&["socket", "exists"]) {
            if not {
                words.put("!", start.span);
            }
            words.put("--socket-exists", start.span);
            return Some(());
        }
        let side = self.next()?;
        self.eat(&["match"]).then_some(())?;
        let name = match side.text {
            "UID" => "--uid-owner",
            "GID" => "--gid-owner",
            _ => return None,
        };
        let (negated, owner, span) = self.value()?;
        words.option(not || negated, name, owner, start.span.to(span));
        Some(())
    }

    fn address_type(&mut self, span: Span, words: &mut Words) -> Option<()> {
        self.eat(&["match"]).then_some(())?;
        words.put("-m", span);
        words.put("addrtype", span);
        while let Some(token) = self.peek() {
            let name = match token.text {
                "src-type" => "--src-type",
                "dst-type" => "--dst-type",
                "limit-in" => "--limit-iface-in",
                "limit-out" => "--limit-iface-out",
                _ => break,
            };
            self.at += 1;
            if name.starts_with("--limit") {
                words.put(name, token.span);
                continue;
            }
            let (negated, kinds, place) = self.value()?;
            words.option(negated, name, kinds, token.span.to(place));
        }
        Some(())
    }

    fn physical(&mut self, span: Span, words: &mut Words) -> Option<()> {
        words.put("-m", span);
        words.put("physdev", span);
        loop {
            let from = self.at;
            let not = self.eat(&["!"]);
            let Some(option) = self.peek().filter(|token| token.text.starts_with("--physdev-")) else {
                self.at = from;
                return Some(());
            };
            self.at += 1;
            if not {
                words.put("!", option.span);
            }
            words.put(option.text, option.span);
            if matches!(option.text, "--physdev-in" | "--physdev-out") {
                let name = self.next()?;
                words.put(name.text, name.span);
            }
        }
    }
}

/// TCP flags by name; hexadecimal where the list was made with `-n`.
fn flags(shown: &str) -> Option<String> {
    let Some(digits) = shown.strip_prefix("0x") else { return Some(shown.to_owned()) };
    let bits = u8::from_str_radix(digits, 16).ok()?;
    if bits == 0 {
        return Some("NONE".to_owned());
    }
    if bits > 0x3f {
        return None;
    }
    let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    let set = names.iter().enumerate().filter(|(bit, _)| bits & (1 << bit) != 0).map(|(_, name)| *name);
    Some(set.collect::<Vec<_>>().join(","))
}
