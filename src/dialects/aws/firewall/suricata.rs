//! Rules as Suricata writes them: an action, a header, options in parentheses
//! (<https://docs.suricata.io/en/suricata-7.0.8/rules/intro.html>).

use crate::source::Spanned;

/// A rule in its parts, each with the offset at which it begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Written<'t> {
    /// Its place: from one offset to another.
    pub range: (usize, usize),
    /// Action, protocol, source, its ports, direction, destination, its ports.
    pub header: Vec<(usize, &'t str)>,
    /// Keyword and value of each option.
    pub options: Vec<Choice<'t>>,
}

/// An option: where it begins, its keyword, its value.
pub type Choice<'t> = (usize, &'t str, Option<&'t str>);

/// An option as readers of rules hand it on.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'t> {
    /// The keyword, with its place.
    pub key: Spanned<&'t str>,
    /// The value, without quotes; `None` if there is none.
    pub value: Option<&'t str>,
}

/// A line that is no rule: where it stands, and what is wrong.
pub type Wrong = ((usize, usize), &'static str);

/// The rules of a text, line by line.
pub fn rules(text: &str) -> Vec<Result<Written<'_>, Wrong>> {
    let mut rules = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let range = (start, start + line.len());
        let read = rule(line, start).map(|(header, options)| Written { range, header, options });
        rules.push(read.map_err(|problem| (range, problem)));
    }
    rules
}

type Parts<'t> = (Vec<(usize, &'t str)>, Vec<Choice<'t>>);

fn rule(line: &str, start: usize) -> Result<Parts<'_>, &'static str> {
    let open = line.find('(').ok_or("the rule has no options in parentheses")?;
    let close = line.rfind(')').filter(|close| *close > open).ok_or("the options of the rule have no end")?;
    let header = header(&line[..open], start);
    if header.len() != 7 {
        return Err(
            "the header of a rule is an action, a protocol, and two ends with a direction between them",
        );
    }
    Ok((header, options(&line[open + 1..close], start + open + 1)))
}

/// The words of a header; what stands in brackets is one.
fn header(text: &str, start: usize) -> Vec<(usize, &str)> {
    let (mut depth, mut begin, mut words) = (0_u32, None, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_gap = letter.is_whitespace() && depth == 0;
        match begin {
            None if !is_gap => begin = Some(at),
            Some(from) if is_gap => {
                words.push((start + from, &text[from..at]));
                begin = None;
            }
            _ => {}
        }
    }
    words.extend(begin.map(|from| (start + from, &text[from..])));
    words
}

/// What stands between the semicolons that are neither quoted nor escaped.
fn options(text: &str, start: usize) -> Vec<Choice<'_>> {
    let (mut begin, mut options) = (0, Vec::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut take = |from: usize, to: usize| {
        let part = &text[from..to];
        let gap = part.len() - part.trim_start().len();
        let part = part.trim();
        if !part.is_empty() {
            let (key, value) = match part.split_once(':') {
                Some((key, value)) => (key.trim_end(), Some(value.trim())),
                None => (part, None),
            };
            options.push((start + from + gap, key, value));
        }
    };
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ';' if !is_quoted => {
                take(begin, at);
                begin = at + 1;
            }
            _ => {}
        }
    }
    take(begin, text.len());
    options
}

/// The bytes that a content in quotes stands for, as text; `None` if they are none. Hexadecimal numbers stand
/// between bars.
pub fn content(text: &str) -> Option<String> {
    let text = text.trim().trim_matches('"');
    let mut bytes = Vec::new();
    for (number, part) in text.split('|').enumerate() {
        if number % 2 == 0 {
            let mut letters = part.bytes();
            while let Some(letter) = letters.next() {
                bytes.push(if letter == b'\\' { letters.next()? } else { letter });
            }
        } else {
            let numbers = part.split_whitespace().map(|number| u8::from_str_radix(number, 16).ok());
            bytes.extend(numbers.collect::<Option<Vec<u8>>>()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_apart_at_the_right_places() {
        let text = "# a list\npass tls [10.0.0.0/8, !10.1.0.0/16] any -> $EXTERNAL_NET 7844 (tls.sni; content:\"a\\;b;c\"; sid:1;)\n";
        let rules = rules(text);
        let [Ok(rule)] = &rules[..] else { panic!("{rules:?}") };
        let words: Vec<&str> = rule.header.iter().map(|word| word.1).collect();
        assert_eq!(
            words,
            ["pass", "tls", "[10.0.0.0/8, !10.1.0.0/16]", "any", "->", "$EXTERNAL_NET", "7844"]
        );
        assert!(rule.header.iter().all(|(at, word)| text[*at..].starts_with(word)));
        let options: Vec<_> = rule.options.iter().map(|option| (option.1, option.2)).collect();
        assert_eq!(options, [("tls.sni", None), ("content", Some("\"a\\;b;c\"")), ("sid", Some("1"))]);
        assert!(rule.options.iter().all(|(at, key, _)| text[*at..].starts_with(key)));
    }

    #[test]
    fn contents_are_bytes() {
        assert_eq!(content("\"|2e|cftunnel.com\"").as_deref(), Some(".cftunnel.com"));
        assert_eq!(content("\"|0d 0a|\"").as_deref(), Some("\r\n"));
        assert_eq!(content("\"|zz|\""), None);
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_place() {
        let wrong = rules("pass tcp any any -> any 443\n");
        assert_eq!(wrong, [Err(((0, 27), "the rule has no options in parentheses"))]);
    }
}
