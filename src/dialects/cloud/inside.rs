//! Places within a text that an export holds in quotes.

use crate::source::{FileId, Span};
use crate::tree::Node;

/// The texts of the files that are read.
pub type Texts<'t> = &'t [(FileId, &'t str)];

/// Where each part of a text stands in its file.
#[derive(Debug)]
pub struct Inside {
    whole: Span,
    /// The place of each byte, and of the end; none where the text is written in a form in which its parts cannot be
    /// found.
    places: Vec<u32>,
}

impl Inside {
    /// The places within a text in double quotes, or without any.
    pub fn of(node: &Node, texts: Texts) -> Self {
        let file = texts.iter().find(|(file, _)| *file == node.span.file);
        let written = file.and_then(|file| file.1.get(node.span.start as usize..node.span.end as usize));
        let places = match (written, node.text()) {
            (Some(written), Some(text)) => places(written, text, node.span.start),
            _ => None,
        };
        Inside { whole: node.span, places: places.unwrap_or_default() }
    }

    /// The place of the bytes from one offset to another; the whole text where that cannot be told.
    pub fn span(&self, start: usize, end: usize) -> Span {
        match (self.places.get(start), self.places.get(end)) {
            (Some(&start), Some(&end)) => Span { start, end, ..self.whole },
            _ => self.whole,
        }
    }
}

/// The place of each byte of a text as it is written, and of its end.
fn places(written: &str, text: &str, start: u32) -> Option<Vec<u32>> {
    if written == text {
        return Some((start..=start + text.len() as u32).collect());
    }
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut letters = text.chars();
    let mut at = 0;
    while at < inner.len() {
        let letter = letters.next()?;
        let length = match inner.as_bytes().get(at..)? {
            // A letter beyond the first plane is written as two escapes.
            [b'\\', b'u', ..] if letter.len_utf16() == 2 => 12,
            [b'\\', b'u', ..] => 6,
            [b'\\', _, ..] => 2,
            _ => inner[at..].chars().next()?.len_utf8(),
        };
        places.extend(std::iter::repeat_n(start + 1 + at as u32, letter.len_utf8()));
        at += length;
    }
    places.push(start + 1 + inner.len() as u32);
    (places.len() == text.len() + 1).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_escapes() {
        assert_eq!(
            places(r#""a\n\"é\u00e9b""#, "a\n\"ééb", 10),
            Some(vec![11, 12, 14, 16, 16, 18, 18, 24, 25])
        );
        assert_eq!(places("a b", "a b", 3), Some(vec![3, 4, 5, 6]));
        assert_eq!(places("'it''s'", "it's", 0), None);
    }
}
