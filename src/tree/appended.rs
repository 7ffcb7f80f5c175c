//! What programs append to one file: values of JSON and documents of YAML, one behind the other.

use super::{Mistake, Node, json, yaml};
use crate::source::FileId;

/// The values and documents of a text, in its order.
pub fn values(file: FileId, text: &str) -> Result<Vec<Node<'_>>, Mistake> {
    let mut all = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let start = text.len() - behind_space(&text[at..]).len();
        if text[start..].starts_with(['{', '[']) {
            match json::first(file, text, start) {
                Ok((value, end)) => {
                    all.push(value);
                    at = end;
                }
                // In YAML what stands in brackets need not be JSON.
                Err(mistake) if text[..start].trim_end().ends_with("---") => {
                    let end = end_of_yaml(text, start);
                    all.extend(yaml::documents(file, text, start..end).map_err(|_| mistake)?);
                    at = end;
                    continue;
                }
                Err(mistake) => return Err(mistake),
            }
            if let Some(rest) = rest(&text[at..])
                && !rest.starts_with(['{', '['])
                && !begins_yaml(rest)
            {
                return Err(json::no_end(file, text, at));
            }
        } else {
            let end = end_of_yaml(text, at);
            all.extend(yaml::documents(file, text, at..end)?);
            at = end;
        }
    }
    Ok(all)
}

/// What follows, without the space before it; `None` if nothing does.
fn rest(text: &str) -> Option<&str> {
    Some(behind_space(text)).filter(|rest| !rest.is_empty())
}

/// What follows the space with which a text begins. Where files are joined, a byte order mark may stand in between.
fn behind_space(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// Does YAML begin here, as programs write it: with three dashes, or with a key of an object or of one in a list?
fn begins_yaml(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default().trim_end();
    let key = line.trim_start_matches("- ").split_once(':');
    let is_key = |(key, value): (&str, &str)| {
        let is_name = key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        !key.is_empty() && is_name && (value.is_empty() || value.starts_with(' '))
    };
    line == "---" || line.starts_with("--- ") || key.is_some_and(is_key)
}

/// Where documents of YAML end that begin at a place: before a line that begins as JSON does. In blocks no line does, and
/// what stands in brackets is indented, or closes them.
fn end_of_yaml(text: &str, at: usize) -> usize {
    let mut place = at;
    for line in text[at..].split_inclusive('\n') {
        if place > at && line.starts_with(['{', '[']) {
            return place;
        }
        place += line.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Result<Vec<&str>, (u32, String)> {
        match values(FileId(0), text) {
            Ok(all) => Ok(all.iter().map(|it| &text[it.span.start as usize..it.span.end as usize]).collect()),
            Err(mistake) => Err((mistake.span.map_or(u32::MAX, |span| span.start), mistake.message)),
        }
    }

    #[test]
    fn json_and_yaml_stand_one_behind_the_other() {
        assert_eq!(texts("{\"a\": 1}\n[2]{}"), Ok(vec!["{\"a\": 1}", "[2]", "{}"]));
        assert_eq!(
            texts("\u{feff}{\"a\": 1}\n---\nb: ä\n---\nc: 3\n"),
            Ok(vec!["{\"a\": 1}", "b: ä", "c: 3"])
        );
        assert_eq!(
            texts("---\nb:\n- [x,\n  {y: 1}\n  ]\n{\"a\": 1}\n[]\n"),
            Ok(vec!["b:\n- [x,\n  {y: 1}\n  ]", "{\"a\": 1}", "[]"])
        );
        assert_eq!(texts("[]\nb:\n- 1\n"), Ok(vec!["[]", "b:\n- 1"]));
        assert_eq!(texts("\u{feff}[]\n\u{feff}{}\n\u{feff}"), Ok(vec!["[]", "{}"]));
        assert_eq!(texts(""), Ok(vec![]));
    }

    #[test]
    fn what_is_neither_is_pointed_at() {
        let wrong = |text| texts(text).expect_err(text);
        assert_eq!(wrong("{}\n*filter"), (3, "not JSON: expected the end of the text".to_owned()));
        assert_eq!(wrong("---\na: 1\n{\"b\" 2}").0, 14);
        let (at, message) = wrong("{}\n---\na: [\n");
        assert!(at >= 7 && message.starts_with("not YAML"), "{at}: {message}");
    }
}
