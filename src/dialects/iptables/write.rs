//! Changes of the rules as changes of a text: dumps, listings of commands, scripts. What is not to change stays
//! as it is, byte for byte; what is new is written as its neighbours are.

pub mod compose;
mod lines;
mod matches;

use crate::dialects::Writing;
use crate::finding::Edit;
use crate::model::{At, NewRule, Policy, Step};
use crate::source::Span;
use lines::Line;

/// What a change is in the text of a file. `None` where the text is not made so that it could be written there.
pub fn write(writing: &Writing, step: &Step) -> Option<Vec<Edit>> {
    match step {
        Step::Insert { at, rules } => insert(writing, *at, rules),
        Step::Remove(span) => Some(vec![Line::of(writing, *span)?.removal()]),
        Step::Move { rule, before } => {
            let (moved, place) = (Line::of(writing, *rule)?, Line::of(writing, *before)?);
            // What `-I` says stands in front of all that was said before.
            if !moved.appends() || !place.appends() {
                return None;
            }
            let text = moved.whole(writing);
            Some(vec![place.before(text), moved.removal()])
        }
        Step::SetPolicy(span, policy) => {
            let (old, new) = match policy {
                Policy::Drop => ("ACCEPT", "DROP"),
                Policy::Accept => ("DROP", "ACCEPT"),
            };
            (writing.text(*span) == old).then(|| vec![Edit { span: *span, text: new.into() }])
        }
        Step::Readdress { rule, old, new } => readdress(writing, *rule, &old.to_string(), &new.to_string()),
        Step::Modernise(span) => modernise(writing, *span),
        // That is no change of this text.
        Step::Beside { .. } => None,
    }
}

fn insert(writing: &Writing, at: At, rules: &[NewRule]) -> Option<Vec<Edit>> {
    let place = match at {
        At::Before(span) | At::After(span) => Line::of(writing, span)?,
        At::Empty(span) => Line::for_chain(writing, span, rules.first()?)?,
    };
    let mut text = String::new();
    let mut lines: Vec<String> = Vec::new();
    for rule in rules {
        lines.push(place.rule(writing, rule)?);
    }
    // Each `-I` puts its rule in front: the last one said stands first.
    let is_before = matches!(at, At::Before(_));
    if !place.appends() {
        lines.reverse();
    }
    for line in lines {
        text.push_str(&line);
        text.push_str(place.end_of_line);
    }
    Some(vec![if is_before == place.appends() { place.before(text) } else { place.after(writing, text) }])
}

/// An address in a rule, as a word or a part of a list, with its whole prefix or without.
fn readdress(writing: &Writing, rule: Span, old: &str, new: &str) -> Option<Vec<Edit>> {
    let text = writing.text(rule);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-');
    let mut found = text.match_indices(old).filter(|(at, _)| {
        let (before, after) = (text[..*at].chars().next_back(), text[at + old.len()..].chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    });
    let (at, _) = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let start = rule.start as usize + at;
    Some(vec![Edit { span: Span::new(rule.file, start, start + old.len()), text: new.to_owned() }])
}

/// A `!` that stands behind its option, moved in front of it.
fn put_in_front(writing: &Writing, not: Span) -> Option<Vec<Edit>> {
    let source = writing.source(not.file);
    let before = source.get(..not.start as usize)?;
    let option_ends = before.trim_end_matches([' ', '\t']).len();
    let option = before.get(..option_ends)?.rfind(char::is_whitespace)? + 1;
    // A quoted word, or one that goes on over the end of a line, is not plain enough to be moved over.
    let is_plain = before.get(option..option_ends)?.starts_with('-') && option_ends < before.len();
    let behind = source.get(not.end as usize..)?;
    let gap = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    (is_plain && gap > 0).then(|| {
        vec![
            Edit { span: Span::new(not.file, option, option), text: "! ".to_owned() },
            Edit {
                span: Span::new(not.file, not.start as usize, not.end as usize + gap),
                text: String::new(),
            },
        ]
    })
}

/// Words that were superseded one for one.
fn modernise(writing: &Writing, span: Span) -> Option<Vec<Edit>> {
    let text = writing.text(span);
    if text == "!" {
        return put_in_front(writing, span);
    }
    let word = |old: &str| {
        let mut found = text.match_indices(old).filter(|(at, _)| {
            let ends = text[at + old.len()..].chars().next().is_none_or(char::is_whitespace);
            ends && text[..*at].chars().next_back().is_none_or(char::is_whitespace)
        });
        let at = found.next()?.0;
        found.next().is_none().then_some(at)
    };
    let edit = |old: &str, new: &str| {
        let start = span.start as usize + word(old)?;
        Some(Edit { span: Span::new(span.file, start, start + old.len()), text: new.to_owned() })
    };
    if word("--state").is_some() {
        return Some(vec![edit("state", "conntrack")?, edit("--state", "--ctstate")?]);
    }
    Some(vec![edit("--set", "--match-set")?])
}
