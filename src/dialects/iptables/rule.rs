//! What the words of a rule are made of, and what they become.

use std::borrow::Cow;

use super::given::{Given, Instance, Parsed, Protocol};
use super::matches::Reading;
use super::{base, parse, targets};
use crate::model::{Action, Atom, AtomKind, Match, Remark, RemarkKind, Rule, Verdict};
use crate::packet::{Axis, Family, Values};
use crate::source::{FileId, Span, Spanned};

/// A word of a command, as the shell or iptables-restore hands it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'t> {
    /// Its text, quotes and escapes resolved.
    pub text: Cow<'t, str>,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Does it hold something that the file does not tell, such as an unset `$VARIABLE`? Such a
    /// value becomes a pure atom, never a guess.
    pub unresolved: bool,
}

/// Where a rule stands, as far as its meaning hangs on it.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The file.
    pub file: FileId,
    /// iptables or ip6tables.
    pub family: Family,
}

/// Reads the words of a rule alone: matches and target, without `-A CHAIN`. What is wrong becomes a
/// remark, and an atom in its place.
pub fn read(words: &[Word<'_>], context: &Context, remarks: &mut Vec<Remark>) -> Rule {
    let mut parsed = parse::parse(words, context, remarks);
    if let Some((_, given)) = parsed.commands.iter().find(|(letter, _)| !matches!(letter, '4' | '6')) {
        let message = format!("`--{}` is no part of a rule", given.name);
        remarks.push(Remark { kind: RemarkKind::Syntax, span: given.span, message, notes: Vec::new() });
    }
    build(&mut parsed, context, remarks)
}

/// A rule that is being put together.
pub(super) struct Builder<'r> {
    pub family: Family,
    pub remarks: &'r mut Vec<Remark>,
    pub matches: Vec<Spanned<Match>>,
    pub actions: Vec<Spanned<Action>>,
    pub comment: Option<Spanned<Box<str>>>,
    /// What `-p` says.
    pub protocol: Protocol,
}

/// Puts together what the words say.
pub(super) fn build(parsed: &mut Parsed<'_, '_>, context: &Context, remarks: &mut Vec<Remark>) -> Rule {
    let mut builder = Builder {
        family: context.family,
        remarks,
        matches: Vec::with_capacity(parsed.base.len() + parsed.instances.len()),
        actions: Vec::new(),
        comment: None,
        protocol: parsed.protocol,
    };
    for (letter, given) in &parsed.base {
        base::read(&mut builder, *letter, given);
    }
    for instance in &mut parsed.instances {
        builder.instance(instance);
    }
    let verdict = match &parsed.target {
        Some(target) => targets::read(&mut builder, target),
        None => Spanned::new(Verdict::Continue, parsed.span),
    };
    let Builder { matches, actions, comment, .. } = builder;
    Rule { span: parsed.span, matches, actions, verdict, comment: comment.map(Box::new) }
}

impl Builder<'_> {
    /// Adds what a match says.
    fn instance(&mut self, instance: &mut Instance<'_, '_>) {
        match instance.extension.reading {
            _ if instance.extension.needs_option && instance.given.is_empty() => {
                if !instance.is_blamed {
                    self.syntax(instance.span, format!("`-m {}` needs an option", instance.name));
                }
                self.atom(instance.text(), AtomKind::Pure, instance.span);
            }
            Reading::Atom(kind) => self.atom(instance.text(), kind, instance.span),
            Reading::Exact(read) => {
                if instance.given.iter().any(Given::is_unresolved) {
                    instance.given.retain(|given| {
                        let unresolved = given.is_unresolved();
                        if unresolved {
                            self.pure(given);
                        }
                        !unresolved
                    });
                }
                read(self, instance);
            }
        }
    }

    /// Adds a condition on one axis; if it is negated, that it is none of these.
    pub fn field(&mut self, axis: Axis, values: impl Into<Values>, negated: bool, span: Span) {
        let values = values.into();
        let values = if negated { Values::all(axis).minus(&values) } else { values };
        self.matches.push(Spanned::new(Match::Field(axis, values), span));
    }

    /// Adds a condition that cannot be decided.
    pub fn atom(&mut self, text: impl Into<Box<str>>, kind: AtomKind, span: Span) {
        self.matches.push(Spanned::new(Atom { text: text.into(), kind }.into(), span));
    }

    /// Adds what an option says as a condition that the packet and the file alone decide.
    pub fn pure(&mut self, given: &Given<'_, '_>) {
        self.atom(given.text(), AtomKind::Pure, given.span);
    }

    /// Says that the loader would refuse an option, and keeps it as an atom.
    pub fn refuse(&mut self, given: &Given<'_, '_>, message: impl Into<String>) {
        let at = given.value().map_or(given.span, |word| word.span);
        self.syntax(at, message);
        self.pure(given);
    }

    /// Says that the loader would refuse something.
    pub fn syntax(&mut self, at: Span, message: impl Into<String>) {
        self.remark(RemarkKind::Syntax, at, message);
    }

    /// Adds a remark.
    pub fn remark(&mut self, kind: RemarkKind, span: Span, message: impl Into<String>) {
        self.remarks.push(Remark { kind, span, message: message.into(), notes: Vec::new() });
    }
}
