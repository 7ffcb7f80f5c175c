//! The words of one iptables command, or of one line of a dump, become an operation.

use std::borrow::Cow;

use super::given::{Given, Parsed};
use super::parse;
use super::rule::{self, Context, Word};
use crate::model::{Policy, Remark, RemarkKind, Rule};
use crate::packet::Family;
use crate::source::{Span, Spanned};

/// One command: `[-t TABLE] -A CHAIN RULE` and its like.
#[derive(Clone, Debug)]
pub struct Command<'t> {
    /// The table that `-t` names.
    pub table: Option<Name<'t>>,
    /// The family that `-4` or `-6` restricts a line of a dump to.
    pub family: Option<Family>,
    /// What to do; `None` when the words do not say, for which there is a remark then.
    pub operation: Option<Operation<'t>>,
    /// All words.
    pub span: Span,
}

/// The name of a chain or table in a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'t> {
    /// The name.
    pub text: Cow<'t, str>,
    /// Where it stands.
    pub span: Span,
    /// Does it hold something that the file does not tell?
    pub unresolved: bool,
}

/// What a command does to a table.
#[derive(Clone, Debug)]
pub enum Operation<'t> {
    /// `-A CHAIN RULE`.
    Append(Name<'t>, Rule),
    /// `-I CHAIN [NUMBER] RULE`, from 1.
    Insert(Name<'t>, u32, Rule),
    /// `-R CHAIN NUMBER RULE`, from 1.
    Replace(Name<'t>, u32, Rule),
    /// `-D CHAIN RULE`.
    Delete(Name<'t>, Rule),
    /// `-D CHAIN NUMBER`, from 1.
    DeleteNumber(Name<'t>, u32),
    /// `-C CHAIN RULE`: asks whether there is such a rule.
    Check(Name<'t>, Rule),
    /// `-N CHAIN`.
    New(Name<'t>),
    /// `-F [CHAIN]`.
    Flush(Option<Name<'t>>),
    /// `-X [CHAIN]`.
    Erase(Option<Name<'t>>),
    /// `-E OLD NEW`.
    Rename(Name<'t>, Name<'t>),
    /// `-P CHAIN POLICY`; `None` for a policy that is not known: there is a remark then, unless it
    /// hangs on something that the file does not tell.
    Policy(Name<'t>, Option<Spanned<Policy>>),
    /// `-L`, `-S`, `-Z`, `-V`, `-h`: changes no rule.
    Nothing,
}

impl<'t> Operation<'t> {
    /// The chain that it speaks of.
    pub fn chain(&self) -> Option<&Name<'t>> {
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
pub fn read<'t>(words: &[Word<'t>], context: &Context, remarks: &mut Vec<Remark>) -> Command<'t> {
    let mut parsed = parse::parse(words, context, remarks);
    let span = parsed.span;
    let mut command = Command { table: None, family: None, operation: None, span };
    let mut main: Option<(char, Given<'_, 't>)> = None;
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
    if matches!(letter, 'A' | 'I' | 'R') {
        check_interfaces(&parsed, name(&given, 0), remarks);
    }
    let mut rule = |remarks: &mut Vec<Remark>| rule::build(&mut parsed, context, remarks);
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

/// A built-in chain that has no interface of a kind takes no rule about it.
fn check_interfaces(parsed: &Parsed<'_, '_>, chain: Option<Name<'_>>, remarks: &mut Vec<Remark>) {
    let Some(chain) = chain.filter(|chain| !chain.unresolved) else { return };
    let missing = match &*chain.text {
        "INPUT" | "PREROUTING" => 'o',
        "OUTPUT" | "POSTROUTING" => 'i',
        _ => return,
    };
    if let Some((_, given)) = parsed.base.iter().find(|(letter, _)| *letter == missing) {
        remark(remarks, given.span, format!("`-{missing}` does not go with {}", chain.text));
    }
}

fn policy<'t>(chain: Name<'t>, given: &Given<'_, 't>, remarks: &mut Vec<Remark>) -> Option<Operation<'t>> {
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
fn number(given: &Given<'_, '_>, remarks: &mut Vec<Remark>) -> Result<Option<u32>, ()> {
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

fn name<'t>(given: &Given<'_, 't>, at: usize) -> Option<Name<'t>> {
    let word = given.owned(at)?;
    Some(Name { text: word.text, span: word.span, unresolved: word.unresolved })
}

fn remark(remarks: &mut Vec<Remark>, span: Span, message: String) {
    remarks.push(Remark { kind: RemarkKind::Syntax, span, message, notes: Vec::new() });
}
