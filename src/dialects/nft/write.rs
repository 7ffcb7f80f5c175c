//! Changes of the rules as changes of nft's text: blocks of tables and chains, commands, and both together. What is
//! not to change stays as it is, byte for byte; what is new is written as its neighbours are, and addresses go into
//! the sets that are there already.

pub mod compose;
mod addresses;
mod include;
mod members;
mod place;
mod words;

use crate::dialects::Writing;
use crate::finding::Edit;
use crate::model::{At, NewRule, Policy, Step};
use crate::source::Span;
use place::{Place, Tree};
use words::Style;

/// What a change is in the text of a file. `None` where the text is not made so that it could be written there.
pub fn write(writing: &Writing, step: &Step) -> Option<Vec<Edit>> {
    match step {
        Step::Insert { at, rules } => insert(writing, *at, rules),
        Step::Remove(span) => {
            let tree = Tree::of(writing, span.file);
            let beside = tree.rule(*span)?;
            let is_whole = beside.rule.span == *span;
            Some(vec![if is_whole { beside.removal()? } else { beside.removal_of_entry(*span)? }])
        }
        Step::Move { rule, before } => {
            let tree = Tree::of(writing, rule.file);
            let (moved, place) = (tree.rule(*rule)?, tree.rule(*before)?);
            // What `insert rule` says stands in front of all that was said before.
            if !moved.appends() || !place.appends() {
                return None;
            }
            if moved.rule.span == *rule {
                return Some(vec![place.before_it(&moved), moved.removal()?]);
            }
            // An entry of a map of verdicts goes there as a rule of its own.
            let said = vec![moved.entry_as_rule(*rule)?];
            Some(vec![place.insertion(said, true), moved.removal_of_entry(*rule)?])
        }
        Step::SetPolicy(span, policy) => set_policy(writing, *span, *policy),
        Step::Readdress { rule, old, new } => {
            addresses::replace(&Tree::of(writing, rule.file), *rule, *old, *new)
        }
        Step::Modernise(_) | Step::Beside { .. } => None,
    }
}

fn insert(writing: &Writing, at: At, rules: &[NewRule]) -> Option<Vec<Edit>> {
    let (At::Before(span) | At::After(span) | At::Empty(span)) = at;
    let tree = Tree::of(writing, span.file);
    let place = match at {
        At::Before(_) | At::After(_) => match tree.rule(span) {
            Some(beside) => Place::Beside(beside),
            None => Place::Include(tree.include(span)?),
        },
        At::Empty(_) => Place::First(tree.chain(span)?),
    };
    let (mut edits, left) = match &place {
        Place::Beside(beside) if writing.fills_sets => {
            members::add(&tree, beside, matches!(at, At::Before(_)), rules)
        }
        _ => (Vec::new(), rules.to_vec()),
    };
    let style = Style::of(writing.source(span.file), place.counter());
    let said: Option<Vec<String>> = words::merged(&left)
        .iter()
        .map(|(packets, verdict)| words::say(packets, verdict, place.family(), &style))
        .collect();
    let said = said?;
    if !said.is_empty() {
        edits.push(match &place {
            Place::Beside(beside) => beside.insertion(said, matches!(at, At::Before(_))),
            Place::Include(include) => include.insertion(&said, matches!(at, At::Before(_))),
            Place::First(chain) => chain.insertion(&said)?,
        });
    }
    Some(edits)
}

/// A policy in other words, or one where none is written.
fn set_policy(writing: &Writing, span: Span, policy: Policy) -> Option<Vec<Edit>> {
    let (old, new) = match policy {
        Policy::Drop => ("accept", "drop"),
        Policy::Accept => ("drop", "accept"),
    };
    if writing.text(span) == old {
        return Some(vec![Edit { span, text: new.into() }]);
    }
    // What accepts without a word about it gets one behind the hook.
    let tree = Tree::of(writing, span.file);
    let hook = tree.hook_without_policy(span)?;
    let behind = &writing.source(span.file)[hook.end as usize..];
    let (at, text) = match behind.trim_start_matches([' ', '\t']).strip_prefix(';') {
        Some(rest) => (hook.end as usize + behind.len() - rest.len(), format!(" policy {new};")),
        None => (hook.end as usize, format!("; policy {new};")),
    };
    (policy == Policy::Drop).then(|| vec![Edit { span: Span::new(span.file, at, at), text }])
}
