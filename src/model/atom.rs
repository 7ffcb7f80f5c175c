//! Conditions that cannot be decided from the file.

/// A condition that cannot be decided from the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// The condition as the file says it, white space folded.
    pub text: Box<str>,
    /// What its answer hangs on.
    pub kind: AtomKind,
}

/// What the answer to a condition hangs on that cannot be decided from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtomKind {
    /// On the packet and the file alone: equal texts of one table have equal answers for one packet.
    Pure,
    /// On what was before, or is elsewhere (`recent`, `time`): each is on its own.
    Free,
    /// On who was noted before (`recent --rcheck`): each is on its own. Who accepts those asks who they are, and who refuses
    /// them how often they came.
    Remembered,
    /// On how often something happens (`limit`): each is on its own, and each holds now and then for everyone.
    Rate,
}

impl Atom {
    /// A condition that the packet and the file alone decide.
    pub fn pure(text: impl Into<Box<str>>) -> Self {
        Atom { text: text.into(), kind: AtomKind::Pure }
    }

    /// A condition of which each use is on its own.
    pub fn free(text: impl Into<Box<str>>) -> Self {
        Atom { text: text.into(), kind: AtomKind::Free }
    }

    /// Is its answer a function of the packet and the file alone?
    pub fn is_pure(&self) -> bool {
        self.kind == AtomKind::Pure
    }
}
