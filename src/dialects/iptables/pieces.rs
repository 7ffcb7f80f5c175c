//! A part of a dump becomes pieces: rules that follow each other in a chain, and whatever stands
//! between them. Parts can be read side by side.

use super::command::{self, Command, Name, Operation};
use super::line::{Line, Place, line, words};
use super::rule::{Context, Word};
use super::save::policy;
use crate::model::{Policy, Remark, RemarkKind, Rule};
use crate::source::{Span, Spanned};

/// A piece of a dump.
#[derive(Debug)]
pub(super) enum Piece<'t> {
    /// `*TABLE`.
    Table(&'t str, Span),
    /// `COMMIT`.
    Commit(Span),
    /// `:CHAIN POLICY`.
    Chain {
        /// Its name.
        name: &'t str,
        /// `None` for `-`.
        policy: Option<Spanned<Policy>>,
        /// The declaration, without counters.
        span: Span,
    },
    /// `-A CHAIN`, several times.
    Rules(Name<'t>, Vec<Rule>),
    /// Any other command.
    Command(Command<'t>),
    /// A line that is not understood.
    Unknown(&'t str, Span),
}

impl Piece<'_> {
    /// Where it stands; only the beginning of several rules.
    pub fn span(&self) -> Span {
        match self {
            Piece::Table(_, span) | Piece::Commit(span) | Piece::Unknown(_, span) => *span,
            Piece::Chain { span, .. } => *span,
            Piece::Rules(name, rules) => rules.first().map_or(name.span, |rule| rule.span),
            Piece::Command(command) => command.span,
        }
    }
}

/// Reads lines.
pub(super) fn pieces<'t>(text: &'t str, place: Place, context: &Context) -> (Vec<Piece<'t>>, Vec<Remark>) {
    let (mut pieces, mut remarks) = (Vec::new(), Vec::new());
    let mut buffer: Vec<Word<'t>> = Vec::with_capacity(32);
    for text in text.lines() {
        match line(text) {
            Line::Blank => {}
            Line::Table(name) => pieces.push(Piece::Table(name, place.span(text.trim_ascii()))),
            Line::Commit => pieces.push(Piece::Commit(place.span(text.trim_ascii()))),
            Line::Chain { name, policy: written } => {
                let policy = policy(written, place.span(written)).unwrap_or_else(|remark| {
                    remarks.push(remark);
                    None
                });
                let colon = place.span(name);
                let span = Span { start: colon.start - 1, ..colon }.to(place.span(written));
                pieces.push(Piece::Chain { name, policy, span });
            }
            Line::Command(line) => {
                buffer.clear();
                if let Some(span) = words(line, place, &mut buffer) {
                    let message = "the quote is never closed".into();
                    remarks.push(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() });
                }
                add(&mut pieces, command::read(&buffer, context, &mut remarks));
            }
            Line::Other => pieces.push(Piece::Unknown(text, place.span(text.trim_ascii()))),
        }
    }
    (pieces, remarks)
}

/// Adds a command; a rule for the chain of the rules before goes to them.
fn add<'t>(pieces: &mut Vec<Piece<'t>>, command: Command<'t>) {
    match command {
        Command { table: None, family: None, operation: Some(Operation::Append(chain, rule)), .. } => {
            match pieces.last_mut() {
                Some(Piece::Rules(last, rules)) if last.text == chain.text => rules.push(rule),
                _ => pieces.push(Piece::Rules(chain, vec![rule])),
            }
        }
        command => pieces.push(Piece::Command(command)),
    }
}

/// The pieces of parts that follow each other, as one. Rules of a chain that goes on from part to part are moved once.
pub(super) fn joined(parts: Vec<Vec<Piece<'_>>>) -> Vec<Piece<'_>> {
    let mut all: Vec<Piece> = Vec::new();
    let mut runs: Vec<Vec<Rule>> = Vec::new();
    for piece in parts.into_iter().flatten() {
        match (all.last(), piece) {
            (Some(Piece::Rules(last, _)), Piece::Rules(name, rules)) if last.text == name.text => {
                runs.push(rules)
            }
            (_, piece) => {
                join_up(&mut all, &mut runs);
                all.push(piece);
            }
        }
    }
    join_up(&mut all, &mut runs);
    all
}

/// Adds rules to those of the last piece.
fn join_up(all: &mut [Piece<'_>], runs: &mut Vec<Vec<Rule>>) {
    if let Some(Piece::Rules(_, rules)) = all.last_mut() {
        rules.reserve_exact(runs.iter().map(Vec::len).sum());
        runs.drain(..).for_each(|run| rules.extend(run));
    }
}
