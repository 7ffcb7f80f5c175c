//! Targets: what `-j` knows.

use super::options::{Opt, one};
use super::parse::Target;
use super::rule::Builder;
use crate::model::{Reject, Verdict};
use crate::source::Spanned;

/// A target.
#[derive(Debug)]
pub(super) struct TargetKind {
    pub name: &'static str,
    pub options: &'static [Opt],
    pub read: fn(&mut Builder<'_>, &Target<'_>) -> Verdict,
}

const ALL: &[TargetKind] = &[
    TargetKind { name: "ACCEPT", options: &[], read: |_, _| Verdict::Accept },
    TargetKind { name: "DROP", options: &[], read: |_, _| Verdict::Drop },
    TargetKind { name: "RETURN", options: &[], read: |_, _| Verdict::Return },
    TargetKind {
        name: "REJECT",
        options: &[one("reject-with")],
        read: |_, _| Verdict::Reject(Reject::Icmp { kind: 3, code: 3 }),
    },
];

/// The target of a name.
pub(super) fn find(name: &str) -> Option<&'static TargetKind> {
    ALL.iter().find(|target| target.name == name)
}

/// What a target decides.
pub(super) fn read(builder: &mut Builder<'_>, target: &Target<'_>) -> Spanned<Verdict> {
    let name = || target.word.text.as_ref().into();
    let verdict = match target.kind {
        _ if target.word.unresolved => Verdict::Unknown(name()),
        Some(kind) => (kind.read)(builder, target),
        None if target.goto => Verdict::Goto(name()),
        None => Verdict::Jump(name()),
    };
    Spanned::new(verdict, target.span)
}
