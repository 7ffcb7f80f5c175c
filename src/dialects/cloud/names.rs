//! Names that a filter looks up, and whose addresses it then lets pass or stops.

use super::{Condition, UNREAD};
use crate::model::{Resolved, Side};
use crate::source::Spanned;

/// That an address is one that any of these names leads to; `None` without names.
pub fn resolved(names: &[Spanned<&str>], side: Side) -> Option<Condition> {
    let leads = |name: &Spanned<&str>| {
        Spanned::new(Resolved { side, name: name.value.to_ascii_lowercase().into() }.into(), name.span)
    };
    let add = |all: Condition, name: &Spanned<&str>| match name.value {
        UNREAD => all.or_unknown("a name", name.span),
        _ => all.or(leads(name)),
    };
    (!names.is_empty()).then(|| names.iter().fold(Condition::none(), add))
}
