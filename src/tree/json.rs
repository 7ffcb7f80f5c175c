//! JSON: text to nodes, by RFC 8259.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Kind, Mistake, Node};
use crate::source::{FileId, Span};

/// How deep values may nest; beyond it a text is an attack on the stack.
const DEPTH: usize = 255;

/// So many entries or items are gathered without asking for memory.
const FEW: usize = 8;

/// The value of a text.
pub fn value(file: FileId, text: &str) -> Result<Node<'_>, Mistake> {
    let mut cursor = Cursor::new(file, text);
    let node = cursor.value()?;
    cursor.skip_space();
    if cursor.at < text.len() { Err(cursor.wrong("the end of the text")) } else { Ok(node) }
}

/// The value that begins at a place of a text, and where it ends.
pub fn first(file: FileId, text: &str, at: usize) -> Result<(Node<'_>, usize), Mistake> {
    let mut cursor = Cursor { at, ..Cursor::new(file, text) };
    let node = cursor.value()?;
    Ok((node, cursor.at))
}

/// What is wrong with a text that goes on behind its last value.
pub fn no_end(file: FileId, text: &str, at: usize) -> Mistake {
    let mut cursor = Cursor { at, ..Cursor::new(file, text) };
    cursor.skip_space();
    cursor.wrong("the end of the text")
}

/// A place in the text that moves forward.
struct Cursor<'text> {
    file: FileId,
    text: &'text str,
    at: usize,
    depth: usize,
}

impl<'text> Cursor<'text> {
    /// The beginning of a text, behind a byte order mark.
    fn new(file: FileId, text: &'text str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Cursor { file, text, at, depth: 0 }
    }

    fn value(&mut self) -> Result<Node<'text>, Mistake> {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek() {
            Some(b'{') => self.nested(Self::map)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ if self.eat("true") => Kind::Bool(true),
            _ if self.eat("false") => Kind::Bool(false),
            _ if self.eat("null") => Kind::Null,
            _ => return Err(self.wrong("a value")),
        };
        Ok(Node { span: Span::new(self.file, start, self.at), kind })
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Kind<'text>, Mistake>,
    ) -> Result<Kind<'text>, Mistake> {
        if self.depth == DEPTH {
            return Err(Mistake::at(self.here(), format!("nested deeper than {DEPTH}")));
        }
        self.depth += 1;
        let kind = read(self);
        self.depth -= 1;
        kind
    }

    fn map(&mut self) -> Result<Kind<'text>, Mistake> {
        self.at += 1;
        let mut entries = SmallVec::<[_; FEW]>::new();
        if self.eat_after_space("}") {
            return Ok(Kind::Map(entries.into_boxed_slice()));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in quotes"));
            }
            let kind = Kind::Text(self.string()?);
            let key = Node { span: Span::new(self.file, start, self.at), kind };
            if !self.eat_after_space(":") {
                return Err(self.wrong("a colon"));
            }
            entries.push((key, self.value()?));
            if self.eat_after_space("}") {
                return Ok(Kind::Map(entries.into_boxed_slice()));
            }
            if !self.eat(",") {
                return Err(self.wrong("a comma or the end of the object"));
            }
        }
    }

    fn list(&mut self) -> Result<Kind<'text>, Mistake> {
        self.at += 1;
        let mut items = SmallVec::<[_; FEW]>::new();
        if self.eat_after_space("]") {
            return Ok(Kind::List(items.into_boxed_slice()));
        }
        loop {
            items.push(self.value()?);
            if self.eat_after_space("]") {
                return Ok(Kind::List(items.into_boxed_slice()));
            }
            if !self.eat(",") {
                return Err(self.wrong("a comma or the end of the array"));
            }
        }
    }

    fn number(&mut self) -> Result<Kind<'text>, Mistake> {
        let start = self.at;
        self.eat("-");
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.text.as_bytes()[self.at - whole] == b'0') {
            return Err(self.wrong("a number without leading zeros"));
        }
        if self.eat(".") && self.digits() == 0 {
            return Err(self.wrong("a digit"));
        }
        if self.eat("e") || self.eat("E") {
            let _sign = self.eat("+") || self.eat("-");
            if self.digits() == 0 {
                return Err(self.wrong("a digit"));
            }
        }
        Ok(Kind::Number(&self.text[start..self.at]))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    /// A string, borrowed if nothing in it is escaped.
    fn string(&mut self) -> Result<Cow<'text, str>, Mistake> {
        self.at += 1;
        let mut owned: Option<String> = None;
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < b' ');
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(self.wrong("the end of the string"));
            };
            let piece = &rest[..plain];
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match owned {
                        None => Cow::Borrowed(piece),
                        Some(text) => Cow::Owned(text + piece),
                    });
                }
                Some(b'\\') => {
                    let text = owned.get_or_insert_default();
                    text.push_str(piece);
                    let character = self.escape()?;
                    text.push(character);
                }
                _ => return Err(self.wrong("an escape for the control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Mistake> {
        self.at += 1;
        let letter = self.peek();
        self.at += usize::from(letter.is_some_and(|letter| letter.is_ascii()));
        Ok(match letter {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hexadecimal()?;
                // A surrogate that has no partner stands for no character.
                let low = (0xd800..0xdc00).contains(&first) && self.eat("\\u");
                let code = if low { join_surrogates(first, self.hexadecimal()?) } else { first };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.wrong("an escape")),
        })
    }

    fn hexadecimal(&mut self) -> Result<u32, Mistake> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += if code.is_some() { 4 } else { 0 };
        code.ok_or_else(|| self.wrong("four hexadecimal digits"))
    }

    fn skip_space(&mut self) {
        self.at += self.rest().bytes().take_while(|byte| b" \t\r\n".contains(byte)).count();
    }

    fn eat_after_space(&mut self, word: &str) -> bool {
        self.skip_space();
        self.eat(word)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'text str {
        &self.text[self.at..]
    }

    /// The next character.
    fn here(&self) -> Span {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        Span::new(self.file, self.at, self.at + length)
    }

    fn wrong(&self, expected: &str) -> Mistake {
        Mistake::at(self.here(), format!("not JSON: expected {expected}"))
    }
}

fn join_surrogates(high: u32, low: u32) -> u32 {
    if (0xdc00..0xe000).contains(&low) { 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00) } else { low }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_places_are_exact() {
        let text = "{\"a\": [1, -2.5e3, \"x\\u00e9\\n\", \"\\ud83d\\ude00\"], \"b\": null}";
        let root = value(FileId(0), text).expect("it is JSON");
        let list = root.get("a").expect("a key").items();
        assert_eq!(list[1].kind, Kind::Number("-2.5e3"));
        assert_eq!(list[2].kind, Kind::Text("xé\n".into()));
        assert_eq!(list[3].kind, Kind::Text("😀".into()));
        let span = list[2].span;
        assert_eq!(&text[span.start as usize..span.end as usize], "\"x\\u00e9\\n\"");
    }

    #[test]
    fn what_is_not_json_is_pointed_at() {
        for (text, at, message) in [
            ("", 0, "not JSON: expected a value"),
            ("{\"a\" 1}", 5, "not JSON: expected a colon"),
            ("[1,]", 3, "not JSON: expected a value"),
            ("[1] 2", 4, "not JSON: expected the end of the text"),
            ("01", 2, "not JSON: expected a number without leading zeros"),
            ("\"a", 2, "not JSON: expected the end of the string"),
            ("\"\\é\"", 2, "not JSON: expected an escape"),
        ] {
            let mistake = value(FileId(0), text).expect_err(text);
            assert_eq!(
                (mistake.span.map(|span| span.start), &*mistake.message),
                (Some(at), message),
                "{text}"
            );
        }
        assert!(value(FileId(0), &"[".repeat(100_000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn it_agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a-ftrunl.\\\\ -]{0,12}") {
            let ours = value(FileId(0), &text).is_ok();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            proptest::prop_assert_eq!(ours, theirs, "{}", text);
        }
    }
}
