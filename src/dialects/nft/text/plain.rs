//! Matches as nearly all of long rulesets are, a field and a number or an address (`tcp dport 22`), read at once.

use std::borrow::Cow;

use super::reader::Reader;
use crate::dialects::nft::ast::{Comparison, Expression, ExpressionKind, Group, StatementKind};

impl<'t> Reader<'t> {
    /// The match that begins with this word, which has been taken, where nothing in it or behind it could be read in
    /// another way. Otherwise `None`, and the place is as before.
    pub fn plain_match(&mut self, header: &str, start: usize) -> Option<StatementKind<'t>> {
        let group = match header {
            "ip" => Group::Ip,
            "ip6" => Group::Ip6,
            "tcp" => Group::Tcp,
            "udp" => Group::Udp,
            "th" => Group::Th,
            _ => return None,
        };
        let before = self.cursor;
        let read = self.plain_sides(group, start);
        if read.is_none() {
            self.cursor = before;
        }
        read
    }

    fn plain_sides(&mut self, group: Group, start: usize) -> Option<StatementKind<'t>> {
        let field = self.cursor.word()?;
        let selector = group.find(field.value)?;
        let left = Expression::new(ExpressionKind::Selector(selector), self.cursor.since(start));
        if !self.cursor.peek()?.is_ascii_digit() {
            return None;
        }
        let start = self.cursor.at;
        let value = self.cursor.word()?;
        let mut right = Expression::new(ExpressionKind::Word(Cow::Borrowed(value.value)), value.span);
        if self.cursor.byte() == Some(b'/') {
            self.cursor.at += 1;
            let length = self.cursor.word()?.value.parse().ok()?;
            let prefix = ExpressionKind::Prefix(Box::new(right), length);
            right = Expression::new(prefix, self.cursor.since(start));
        }
        let ends = match self.cursor.peek() {
            None | Some(b'\n' | b';' | b'}') => true,
            Some(b'a' | b'l' | b'o' | b'r' | b'x') => {
                !matches!(self.cursor.peek_word()?, "and" | "or" | "xor" | "lshift" | "rshift")
            }
            Some(byte) => byte.is_ascii_alphabetic(),
        };
        ends.then_some(StatementKind::Match { left, comparison: Comparison::Implicit, right })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dialects::Dialect;
    use crate::dialects::includes::Texts;
    use crate::source::FileId;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn what_is_read_at_once_is_what_is_read_step_by_step(
            text in "(ip|ip6|tcp|udp|th) (saddr|daddr|dport|flags|option|ttl) (10[.]0[.]0[.]1|22|0x16|1:2::|8|-)(/[0-9a]{1,2})?[ ,.:/&\n-]{0,2}(accept|and 1|or 2|xor 3|rshift 1|map|set 5|#|\\\\\n)?",
        ) {
            let texts = Texts { dialect: Dialect::Nft, file: FileId(0), text: &text, included: &|_| None };
            let (mut plain, mut all) = (Reader::new(&texts, None), Reader::new(&texts, None));
            let word = plain.cursor.word().map_or("", |word| word.value);
            if let Some(kind) = plain.plain_match(word, 0) {
                let wanted = all.comparison().map_err(|mistake| format!("{mistake:?}"));
                plain.cursor.skip_blanks();
                all.cursor.skip_blanks();
                prop_assert_eq!(Ok(format!("{kind:?}")), wanted.map(|kind| format!("{kind:?}")));
                prop_assert_eq!(format!("{:?}", plain.cursor), format!("{:?}", all.cursor));
            }
        }
    }
}
