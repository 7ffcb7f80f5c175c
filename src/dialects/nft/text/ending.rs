//! Ends of files that the loader refuses (nft 1.0.6): a last line without an end, where one is needed.

use super::reader::{Mistake, Reader};
use crate::source::{FileId, Span};

/// What nft sees next at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The end of a statement: that of its line, or `;`.
    Ended,
    /// Something else.
    More,
    /// The end of the text.
    Nothing,
}

impl Reader<'_> {
    /// Tells of the end of a text that no other includes.
    pub fn end_of_text(&mut self, file: FileId, text: &str) {
        let Some(last) = last_line(file, text) else { return };
        if last.has_comment || self.is_needy(text) {
            self.tell(Mistake::new(last.span, "nft wants an end of the line behind this"));
        }
    }

    /// Tells of the end of a text that another includes.
    pub fn end_of_part(&mut self, file: FileId, text: &str) {
        let Some(last) = last_line(file, text) else { return };
        let mistake = Mistake::new(last.span, "nft wants an end of the line behind this");
        let mut found = self.behind.iter().rev().map(|place| next(place.rest(), place.begins_line()));
        let next = found.find(|next| *next != Next::Nothing).unwrap_or(Next::Nothing);
        if last.has_comment || !last.is_ended() && next == Next::More {
            self.tell(mistake.note(
                "What includes this file goes on in the same line, as far as nft sees: end the file with a newline.",
            ));
        } else if next == Next::Nothing && self.is_needy(text) {
            self.tell(mistake);
        }
    }

    /// Does the text end with what wants an end of its line even there: a definition, or what includes a file?
    fn is_needy(&self, text: &str) -> bool {
        self.needy.and_then(|end| text.get(end..)).is_some_and(|rest| next(rest, false) == Next::Nothing)
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

/// What comes next. A comment that fills its line takes the end of that line with it, one behind something else does not.
fn next(mut rest: &str, mut begins_line: bool) -> Next {
    loop {
        let behind = rest.trim_start_matches(BLANKS);
        let line = behind.split_once('\n');
        match (behind.bytes().next(), line) {
            (None, _) => return Next::Nothing,
            (Some(b'\n' | b';'), _) => return Next::Ended,
            // Of a comment that ends with its text is told there.
            (Some(b'#'), None) => return Next::Nothing,
            (Some(b'#'), Some((_, below))) if begins_line => rest = below,
            (Some(b'#'), _) => return Next::Ended,
            (Some(b'\\'), Some((line, below))) if line.trim_end_matches('\r') == "\\" => {
                (rest, begins_line) = (below, true);
            }
            _ => return Next::More,
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

    #[test]
    fn only_a_comment_that_fills_its_line_takes_the_end_of_it() {
        assert_eq!(next(" # sets\ntable", false), Next::Ended);
        assert_eq!(next(" # sets\ntable", true), Next::More);
        assert_eq!(next("# a\n\t# b\n\ntable", true), Next::Ended);
        assert_eq!(next(" \\\n# a\ntable", false), Next::More);
        assert_eq!(next(" \\\n\ntable", false), Next::Ended);
        assert_eq!(next("# a\n ", true), Next::Nothing);
        assert_eq!(next("# a", false), Next::Nothing);
    }
}
