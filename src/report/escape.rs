//! Makes characters visible that would act on a terminal or change the order of text on it.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with each control character, bidirectional control and invisible character written as an
/// escape: `\x1b`, `\u{202e}`. Tabs stay.
pub fn escape(text: &str) -> Cow<'_, str> {
    escape_unless(text, |character| character == '\t')
}

/// The same for a text of several lines, whose line ends stay.
pub fn escape_lines(text: &str) -> Cow<'_, str> {
    escape_unless(text, |character| character == '\t' || character == '\n')
}

fn escape_unless(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let acts = |character: char| is_active(character) && !stays(character);
    // All that is visible ASCII needs no look at its characters.
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) || !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if acts(character) {
            push_escape(&mut escaped, character);
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Appends the escape of one character.
pub fn push_escape(to: &mut String, character: char) {
    let code = character as u32;
    // Writing to a string cannot fail.
    let _ = if code < 0x100 { write!(to, "\\x{code:02x}") } else { write!(to, "\\u{{{code:x}}}") };
}

/// Does the character act on its surroundings, or hide?
pub fn is_active(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        // Soft hyphen, Arabic and Mongolian marks without a width.
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        // Zero width, direction marks, line and paragraph separators, overrides and isolates.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Byte order mark, interlinear annotations, tags.
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_becomes_visible_and_the_rest_stays() {
        assert_eq!(escape("-A INPUT \"ä 漢\"\t-j DROP"), "-A INPUT \"ä 漢\"\t-j DROP");
        assert_eq!(escape("\u{1b}[2J\u{202e}x\r\n\u{9b}1m"), "\\x1b[2J\\u{202e}x\\x0d\\x0a\\x9b1m");
        assert_eq!(escape_lines("a\nb\u{feff}"), "a\nb\\u{feff}");
    }
}
