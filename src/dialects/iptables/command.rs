//! The words of one iptables command, or of one line of a dump, become an operation.

use std::borrow::Cow;

use super::parse::{self, Given};
use super::rule::{self, Context, Word};
use crate::model::{Policy, Remark, RemarkKind, Rule};
use crate::packet::Family;
use crate::source::{Span, Spanned};

/// One command: `[-t TABLE] -A CHAIN RULE` and its like.
#[derive(Clone, Debug)]
pub struct Command<'w> {
    /// The table that `-t` names.
    pub table: Option<Name<'w>>,
    /// The family that `-4` or `-6` restricts a line of a dump to.
    pub family: Option<Family>,
    /// What to do; `None` when the words do not say, for which there is a remark then.
    pub operation: Option<Operation<'w>>,
    /// All words.
    pub span: Span,
}

/// The name of a chain or table in a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'w> {
    /// The name.
    pub text: Cow<'w, str>,
    /// Where it stands.
    pub span: Span,
    /// Does it hold something that the file does not tell?
    pub unresolved: bool,
}

/// What a command does to a table.
#[derive(Clone, Debug)]
pub enum Operation<'w> {
    /// `-A CHAIN RULE`.
    Append(Name<'w>, Rule),
    /// `-I CHAIN [NUMBER] RULE`, from 1.
    Insert(Name<'w>, u32, Rule),
    /// `-R CHAIN NUMBER RULE`, from 1.
    Replace(Name<'w>, u32, Rule),
    /// `-D CHAIN RULE`.
    Delete(Name<'w>, Rule),
    /// `-D CHAIN NUMBER`, from 1.
    DeleteNumber(Name<'w>, u32),
    /// `-C CHAIN RULE`: asks whether there is such a rule.
    Check(Name<'w>, Rule),
    /// `-N CHAIN`.
    New(Name<'w>),
    /// `-F [CHAIN]`.
    Flush(Option<Name<'w>>),
    /// `-X [CHAIN]`.
    Erase(Option<Name<'w>>),
    /// `-E OLD NEW`.
    Rename(Name<'w>, Name<'w>),
    /// `-P CHAIN POLICY`; `None` for a policy that is not known: there is a remark then, unless it
    /// hangs on something that the file does not tell.
    Policy(Name<'w>, Option<Spanned<Policy>>),
    /// `-L`, `-S`, `-Z`, `-V`, `-h`: changes no rule.
    Nothing,
}

impl<'w> Operation<'w> {
    /// The chain that it speaks of.
    pub fn chain(&self) -> Option<&Name<'w>> {
        use Operation::*;
        match self {
            Append(chain, _)
            | Insert(chain, ..)
            | Replace(chain, ..)
            | Delete(chain, _)
            | DeleteNumber(chain, _) => Some(chain),
            Check(chain, _) | New(chain) | Rename(chain, _) | Policy(chain, _) => Some(chain),
            Flush(chain) | Erase(chain) => chain.as_ref(),
            Nothing => None,
        }
    }
}

/// Reads the words behind `iptables`, or those of a line of a dump. Options may stand in any order.
pub fn read<'w>(words: &'w [Word<'w>], context: &Context, remarks: &mut Vec<Remark>) -> Command<'w> {
    let mut parsed = parse::parse(words, context, remarks);
    let span = parsed.span;
    let mut command = Command { table: None, family: None, operation: None, span };
    let mut main: Option<(char, Given<'w>)> = None;
    for (letter, given) in std::mem::take(&mut parsed.commands) {
        match letter {
            't' => command.table = name(&given, 0),
            '4' => command.family = Some(Family::V4),
            '6' => command.family = Some(Family::V6),
            // `-L -Z` and `-C -v` go together; otherwise the loader takes one command only.
            'Z' | 'L' | 'S' if main.is_some() => {}
            _ if matches!(main, None | Some(('Z', _))) => main = Some((letter, given)),
            _ => remark(remarks, given.span, format!("a second command, `--{}`", given.name)),
        }
    }
    let Some((letter, given)) = main else {
        remark(remarks, span, "no command such as `-A`".into());
        return command;
    };
    let mut rule = |remarks: &mut Vec<Remark>| rule::build(parsed_take(&mut parsed, span), context, remarks);
    command.operation = match (letter, name(&given, 0)) {
        ('A', Some(chain)) => Some(Operation::Append(chain, rule(remarks))),
        ('I', Some(chain)) => match number(&given, remarks) {
            Ok(at) => Some(Operation::Insert(chain, at.unwrap_or(1), rule(remarks))),
            Err(()) => None,
        },
        ('R', Some(chain)) => match number(&given, remarks) {
            Ok(Some(at)) => Some(Operation::Replace(chain, at, rule(remarks))),
            _ => None,
        },
        ('D', Some(chain)) => match number(&given, remarks) {
            Ok(Some(at)) => Some(Operation::DeleteNumber(chain, at)),
            Ok(None) => Some(Operation::Delete(chain, rule(remarks))),
            Err(()) => None,
        },
        ('C', Some(chain)) => Some(Operation::Check(chain, rule(remarks))),
        ('N', Some(chain)) => Some(Operation::New(chain)),
        ('P', Some(chain)) => policy(chain, &given, remarks),
        ('E', Some(old)) => name(&given, 1).map(|new| Operation::Rename(old, new)),
        ('F', chain) => Some(Operation::Flush(chain)),
        ('X', chain) => Some(Operation::Erase(chain)),
        ('L' | 'S' | 'Z' | 'V' | 'h', _) => Some(Operation::Nothing),
        _ => None,
    };
    command
}

fn parsed_take<'w>(parsed: &mut parse::Parsed<'w>, span: Span) -> parse::Parsed<'w> {
    std::mem::replace(parsed, parse::Parsed::empty(span))
}

fn policy<'w>(chain: Name<'w>, given: &Given<'w>, remarks: &mut Vec<Remark>) -> Option<Operation<'w>> {
    let word = given.values().get(1)?;
    let policy = match &*word.text {
        "ACCEPT" => Some(Policy::Accept),
        "DROP" => Some(Policy::Drop),
        _ if word.unresolved => None,
        other => {
            remark(remarks, word.span, format!("a policy is ACCEPT or DROP, not `{other}`"));
            None
        }
    };
    Some(Operation::Policy(chain, policy.map(|policy| Spanned::new(policy, word.span))))
}

/// The rule's number behind the chain, if there is one.
fn number(given: &Given<'_>, remarks: &mut Vec<Remark>) -> Result<Option<u32>, ()> {
    let Some(word) = given.values().get(1) else { return Ok(None) };
    match word.text.parse::<u32>() {
        Ok(at) if at > 0 => Ok(Some(at)),
        _ if word.unresolved => Err(()),
        _ => {
            remark(remarks, word.span, format!("`{}` is not the number of a rule, from 1", word.text));
            Err(())
        }
    }
}

fn name<'w>(given: &Given<'w>, at: usize) -> Option<Name<'w>> {
    let word = given.borrowed(at)?;
    Some(Name { text: word.text, span: word.span, unresolved: word.unresolved })
}

fn remark(remarks: &mut Vec<Remark>, span: Span, message: String) {
    remarks.push(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() });
}
