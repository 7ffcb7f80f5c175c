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

/// The longest text that is shown whole, in bytes.
const LONGEST: usize = 1000;

/// The same, and of a text that is too long only its beginning: for messages, which may name what a
/// file holds.
pub fn shorten(text: &str) -> String {
    escape(&cut(text)).into_owned()
}

/// The same for a text of several lines, each of which may be that long.
pub fn shorten_lines(text: &str) -> String {
    let lines: Vec<Cow<str>> = text.split('\n').map(cut).collect();
    escape_lines(&lines.join("\n")).into_owned()
}

fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

/// The text without a workflow command of GitHub Actions at the beginning of any of its lines: a report is
/// often printed in a job's log, and its runner obeys lines that begin with `::` or `##[`, white space
/// before it or not.
pub fn command_free(text: String) -> String {
    if !text.lines().any(|line| is_command(line.trim_start())) {
        return text;
    }
    let mut free = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let words = line.trim_start();
        free.push_str(&line[..line.len() - words.len()]);
        match words.chars().next() {
            Some(first) if is_command(words) => {
                push_escape(&mut free, first);
                free.push_str(&words[first.len_utf8()..]);
            }
            _ => free.push_str(words),
        }
    }
    free
}

/// Does a line begin with a workflow command of GitHub Actions?
pub fn is_command(line: &str) -> bool {
    line.starts_with("::") || line.starts_with("##[")
}

/// The text for HTML and XML, between tags and in attributes. XML has no way at all to write the two last
/// code points of the basic plane.
pub fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => push_escape(&mut escaped, character),
            _ if is_active(character) => push_escape(&mut escaped, character),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The text for Markdown, GitHub's and GitLab's: nothing becomes a heading, a link, HTML or a mention.
pub fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in shorten(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // An empty comment keeps names and addresses from becoming mentions and links.
            '@' => escaped.push_str("@<!-- -->"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~'
            | '$' | '=' | '^' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    let links = [("://", ":<!-- -->//"), ("www.", "www<!-- -->.")];
    links.iter().fold(escaped, |text, (link, harmless)| text.replace(link, harmless))
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

    #[test]
    fn of_long_texts_the_beginning_is_shown() {
        assert_eq!(shorten("a\n"), "a\\x0a");
        assert_eq!(shorten(&"é".repeat(600)), format!("{}…", "é".repeat(500)));
        assert_eq!(shorten(&format!("a{}", "é".repeat(600))), format!("a{}…", "é".repeat(499)));
    }

    #[test]
    fn no_line_begins_with_a_command() {
        assert_eq!(command_free("a ::b\n::c\n".into()), "a ::b\n\\x3a:c\n");
        assert_eq!(command_free("  ##[x]\n\n##".into()), "  \\x23#[x]\n\n##");
    }

    #[test]
    fn markup_and_markdown_have_no_meaning_left() {
        let text = "]]><script a='\"'>&\u{ffff}\u{202e}";
        assert_eq!(markup(text), "]]&gt;&lt;script a=&#39;&quot;&#39;&gt;&amp;\\u{ffff}\\u{202e}");
        assert_eq!(
            markdown("<b> `x` [a](http://b) @me www.c\n# d|"),
            "&lt;b&gt; \\`x\\` \\[a\\]\\(http:<!-- -->//b\\) @<!-- -->me www<!-- -->.c\\\\x0a\\# d\\|"
        );
    }
}
