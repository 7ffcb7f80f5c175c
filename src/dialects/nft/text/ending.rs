//! Ends of files that the loader refuses (nft 1.0.6): a last line without an end, where one is needed.

use super::cursor::Cursor;
use super::reader::{Mistake, Reader};
use crate::source::{FileId, Span};

/// What wants an end of its line even where the text ends with it.
const NEEDY: [&str; 4] = ["define", "redefine", "undefine", "include"];

impl Reader<'_> {
    /// Tells of the end of a text that no other includes.
    pub fn end_of_text(&mut self, file: FileId, text: &str) {
        let Some(last) = last_line(file, text) else { return };
        let statement = last.words.rsplit(';').next().unwrap_or_default().trim_start();
        let is_needy = statement.split_ascii_whitespace().next().is_some_and(|word| NEEDY.contains(&word));
        if last.has_comment || is_needy {
            self.tell(Mistake::new(last.span, "nft wants an end of the line behind this"));
        }
    }

    /// Tells of the end of a text that another includes; behind it comes what stands at this place.
    pub fn end_of_part(&mut self, file: FileId, text: &str, behind: Cursor<'_>) {
        let Some(last) = last_line(file, text) else { return };
        if last.has_comment || !last.is_ended() && goes_on(behind) {
            let mistake = Mistake::new(last.span, "nft wants an end of the line behind this");
            self.tell(mistake.note(
                "What includes this file goes on in the same line, as far as nft sees: end the file with a newline.",
            ));
        }
    }
}

/// The last line of a text that has no end, as far as there is something in it.
struct Last<'t> {
    /// Without its comment.
    words: &'t str,
    has_comment: bool,
    span: Span,
}

impl Last<'_> {
    /// Is its last statement ended by a sign?
    fn is_ended(&self) -> bool {
        self.words.trim_end().ends_with(';')
    }
}

fn last_line(file: FileId, text: &str) -> Option<Last<'_>> {
    let mut whole = text.trim_end_matches(BLANKS);
    // A backslash at the end of a line takes that end away, unless it stands in a comment.
    while let Some(before) = whole.strip_suffix('\n') {
        let before = before.trim_end_matches('\r').strip_suffix('\\')?;
        let line = &before[line_start(before)..];
        if comment(line).is_some() {
            return None;
        }
        whole = before.trim_end_matches(BLANKS);
    }
    let start = line_start(whole);
    let line = &whole[start..];
    if line.is_empty() {
        return None;
    }
    let comment = comment(line);
    let begin = start + (line.len() - line.trim_start_matches(BLANKS).len());
    Some(Last {
        words: &line[..comment.unwrap_or(line.len())],
        has_comment: comment.is_some(),
        span: Span::new(file, begin, whole.len()),
    })
}

const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Where the last line of a text begins.
fn line_start(text: &str) -> usize {
    text.rfind('\n').map_or(0, |at| at + 1)
}

/// Where a line's comment begins.
fn comment(line: &str) -> Option<usize> {
    let mut is_quoted = false;
    line.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'#' && !is_quoted
    })
}

/// Does something stand at a place before the line ends, or the text? A comment takes the end of its line with it.
fn goes_on(behind: Cursor<'_>) -> bool {
    let mut rest = behind.rest();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        match rest.bytes().next() {
            None | Some(b'\n' | b';') => return false,
            Some(b'#') => match rest.split_once('\n') {
                Some((_, next)) => rest = next,
                None => return false,
            },
            Some(b'\\') => match rest[1..].trim_start_matches('\r').strip_prefix('\n') {
                Some(next) => rest = next,
                None => return true,
            },
            Some(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_takes_the_end_of_a_line_away_but_not_of_a_comment() {
        let open = |text| last_line(FileId(0), text).map(|last| (last.words, last.has_comment));
        assert_eq!(open("add table t\n"), None);
        assert_eq!(open("add table t"), Some(("add table t", false)));
        assert_eq!(open("add table t \\\n"), Some(("add table t", false)));
        assert_eq!(open("add table t # \\\n"), None);
        assert_eq!(open("# \"a\" # b"), Some(("", true)));
        assert_eq!(open("}\n\t"), None);
        assert_eq!(open(""), None);
    }
}
