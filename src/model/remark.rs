//! What readers notice.

use crate::source::Span;

/// Something that the reader noticed, for lints to speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What kind of thing.
    pub kind: RemarkKind,
    /// Where.
    pub span: Span,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Sentences that explain.
    pub notes: Vec<String>,
}

/// Kinds of remarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemarkKind {
    /// The loader would refuse this, or it makes no sense here. What it stands in is not lost: the
    /// rule is kept with an atom, as far as it was understood.
    Syntax,
    /// A way of saying something that loaders took once and refuse today. What was said is known.
    Outdated,
    /// A match or target that fwlint does not know.
    UnknownMatch,
    /// A match or option that is superseded, or goes in coming versions.
    Deprecated,
    /// A line of a script that fwlint does not follow and that may change the rules.
    NotFollowed,
    /// Rules that are in force and were not seen.
    UnseenRules,
    /// Something else that was not seen, and would have told more of the machine.
    UnseenSettings,
}
