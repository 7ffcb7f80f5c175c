//! What the files themselves say is to be ignored: `fwlint: ignore[open-port] the printer`, in a comment of
//! its own on the line above, at the end of a line, or in a rule's own comment.

use std::collections::HashSet;

use super::Context;
use crate::model::{Rule, Ruleset};
use crate::source::{DIRECTIVE, FileId, Sources, Span};

/// An ignore and what it is about.
#[derive(Debug)]
pub(super) struct Ignore {
    /// The words from `fwlint:` to the closing bracket.
    pub span: Span,
    /// The lints that it names, each at its place; `None` where it is not written as it should be.
    pub lints: Option<Vec<(String, Span)>>,
    /// What it is about.
    scope: Scope,
}

/// What an ignore is about.
#[derive(Debug)]
enum Scope {
    /// Whatever begins on this line.
    Line(u32),
    /// Whatever is within a rule, or within one of its fields.
    Rule(Vec<Span>),
}

impl Ignore {
    /// Is it about this place?
    pub fn covers(&self, sources: &Sources, place: Span) -> bool {
        place.file == self.span.file
            && match self.scope {
                Scope::Line(line) => sources.start(place).line == line,
                Scope::Rule(ref places) => {
                    places.iter().any(|own| own.start <= place.start && place.start < own.end)
                }
            }
    }
}

/// The ignores in the files of a unit, in their order.
pub(super) fn of(sources: &Sources, files: &[FileId], ruleset: &Ruleset) -> Vec<Ignore> {
    let places = |file: FileId| sources.file(file).directives().iter().map(move |at| (file, *at));
    let places: Vec<(FileId, usize)> = files.iter().flat_map(|file| places(*file)).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let comments = comments(ruleset);
    places.into_iter().filter_map(|(file, at)| read(sources, file, at, &comments)).collect()
}

/// Does an ignore in the files of the unit name a lint?
pub(super) fn any_names(context: &Context, lint: &str) -> bool {
    ignored(context, lint).is_some()
}

/// At which places it is said that a lint is to be ignored; `None` if nowhere.
pub(super) fn ignored<'c, 'm>(
    context: &'c Context<'m>,
    lint: &str,
) -> Option<impl Fn(Span) -> bool + use<'c, 'm>> {
    let unit = context.unit;
    let mut ignores = of(context.sources, &unit.files, &unit.ruleset);
    ignores.retain(|ignore| ignore.lints.iter().flatten().any(|(named, _)| named == lint));
    let is_any = !ignores.is_empty();
    is_any.then_some(move |place| ignores.iter().any(|ignore| ignore.covers(context.sources, place)))
}

/// The comments of rules, and where the rules stand, in the order of their places. What a rule has in common with one that
/// ignores nothing, as permissions of AWS have their ports, is not ignored for the sake of the one.
fn comments(ruleset: &Ruleset) -> Vec<(Span, Vec<Span>)> {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    let rules = || chains.clone().flat_map(|chain| &chain.rules);
    let ignores = |rule: &Rule| rule.comment.as_ref().is_some_and(|it| it.value.contains(DIRECTIVE));
    let heeded: HashSet<Span> = rules().filter(|rule| !ignores(rule)).flat_map(Rule::places).collect();
    let own = |rule: &Rule| rule.places().filter(|place| !heeded.contains(place)).collect();
    let mut comments: Vec<(Span, Vec<Span>)> = rules()
        .filter(|rule| ignores(rule))
        .filter_map(|rule| Some((rule.comment.as_ref()?.span, own(rule))))
        .collect();
    comments.sort_unstable();
    comments
}

/// The ignore at an offset, if one may stand there.
fn read(sources: &Sources, file: FileId, at: usize, comments: &[(Span, Vec<Span>)]) -> Option<Ignore> {
    let source = sources.file(file);
    let number = source.position(at as u32).line;
    let line = source.line(number);
    let before = source.text[line.start..at].trim_start();
    let words = source.text[at + DIRECTIVE.len()..line.end].trim_start();
    // Other words after `fwlint:` are none of ours.
    let list = words.strip_prefix("ignore")?;
    let scope = match before.strip_prefix('#') {
        Some(_) => Scope::Line(next_line(sources, file, number)?),
        None => rule_around(comments, Span::new(file, at, at)).map(Scope::Rule).or_else(|| {
            // The comment at the end of a line.
            before.contains(" #").then_some(Scope::Line(number))
        })?,
    };
    let list_at = line.end - list.len();
    let inner = list.strip_prefix('[').and_then(|list| list.split_once(']')).map(|(inner, _)| inner);
    let names = inner.map(|inner| names(file, inner, list_at + 1));
    let end = list_at + inner.map_or(0, |inner| inner.len() + 2);
    Some(Ignore { span: Span::new(file, at, end), lints: names.filter(|names| !names.is_empty()), scope })
}

/// Names with commas between them, each at its place.
fn names(file: FileId, list: &str, start: usize) -> Vec<(String, Span)> {
    let mut names = Vec::new();
    let mut at = start;
    for word in list.split(',') {
        let name = word.trim();
        if !name.is_empty() {
            let from = at + (word.len() - word.trim_start().len());
            names.push((name.to_owned(), Span::new(file, from, from + name.len())));
        }
        at += word.len() + 1;
    }
    names
}

/// The next line that is neither empty nor a comment.
fn next_line(sources: &Sources, file: FileId, after: u32) -> Option<u32> {
    let source = sources.file(file);
    let last = source.position(source.text.len() as u32).line;
    (after + 1..=last).find(|number| {
        let text = source.text[source.line(*number)].trim_start();
        !text.is_empty() && !text.starts_with('#')
    })
}

/// Where the rule stands in whose own comment a place is.
fn rule_around(comments: &[(Span, Vec<Span>)], place: Span) -> Option<Vec<Span>> {
    let before =
        comments.partition_point(|(comment, _)| (comment.file, comment.start) <= (place.file, place.start));
    let (comment, rule) = comments[..before].last()?;
    (comment.file == place.file && place.start < comment.end).then(|| rule.clone())
}
