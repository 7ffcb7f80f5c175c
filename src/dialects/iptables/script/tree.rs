//! What a script is made of.

use super::tokens::Redirect;
use crate::dialects::iptables::words::Word;
use crate::source::Span;

/// Commands one after the other.
pub type List = Vec<Statement>;

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The pipelines, each with how it is joined to those before it.
    pub pipelines: Vec<(Join, Pipeline)>,
}

/// How a pipeline follows those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// It is the first, or it always runs.
    Always,
    /// It runs if the last that ran succeeded.
    And,
    /// It runs if the last that ran failed.
    Or,
}

/// Commands joined by `|`.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Does `!` stand in front?
    pub negated: bool,
    /// The commands, at least one.
    pub commands: Vec<Command>,
    /// Its place.
    pub span: Span,
}

/// A command.
#[derive(Clone, Debug)]
pub struct Command {
    /// What it is.
    pub kind: Kind,
    /// Its redirections.
    pub redirects: Vec<Redirect>,
    /// Its place, without the redirections behind it.
    pub span: Span,
}

/// Kinds of commands.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Words: assignments, a name, arguments.
    Simple(Vec<Word>),
    /// `{ …; }`.
    Group(List),
    /// `( … )`: what it assigns is forgotten.
    Subshell(List),
    /// `if …; then …; elif …; else …; fi`.
    If {
        /// Conditions and what they lead to.
        arms: Vec<(List, List)>,
        /// What stands behind `else`; empty if nothing.
        otherwise: List,
    },
    /// `for NAME in WORDS; do …; done`.
    For {
        /// The variable.
        name: String,
        /// The words; `None` for the arguments of the script.
        words: Option<Vec<Word>>,
        /// What is done with each.
        body: List,
    },
    /// `while …; do …; done`, or `until`.
    While {
        /// Is it `until`?
        until: bool,
        /// What is asked before each turn.
        condition: List,
        /// What is done in each.
        body: List,
    },
    /// `case WORD in …) …;; esac`.
    Case {
        /// What is compared.
        subject: Word,
        /// Patterns and what they lead to.
        arms: Vec<(Vec<Word>, List)>,
    },
    /// `NAME() …`.
    Function {
        /// Its name.
        name: String,
        /// What it does.
        body: Box<Command>,
    },
    /// `[[ … ]]`: the words within.
    Test(Vec<Word>),
    /// `(( … ))`, or `for (( … ))` with its body: only a shell can tell.
    Arithmetic(List),
}

impl Pipeline {
    /// The only command of a pipeline that has no others.
    pub fn only(&self) -> Option<&Command> {
        match self.commands.as_slice() {
            [command] => Some(command),
            _ => None,
        }
    }
}
