//! The owner of the socket: `owner`.

use super::super::given::{Given, Instance};
use super::super::numerals;
use super::super::options::{flag, one};
use super::super::rule::Builder;
use super::{Extension, both};
use crate::model::{AtomKind, Owner};
use crate::packet::axis::NO_OWNER;
use crate::packet::{Axis, Ranges};
use crate::source::Spanned;

pub(super) const ALL: &[Extension] = &[both(
    "owner",
    &[one("uid-owner"), one("gid-owner"), flag("socket-exists"), flag("suppl-groups")],
    |builder, instance| {
        let has_more_groups = instance.given.iter().any(|given| given.name == "suppl-groups");
        for given in &instance.given {
            read(builder, instance, given, has_more_groups);
        }
    },
)];

/// A packet without a socket matches only what is negated: it has no owner.
fn read(
    builder: &mut Builder<'_>,
    instance: &Instance<'_, '_>,
    given: &Given<'_, '_>,
    has_more_groups: bool,
) {
    let owned = Ranges::new(0, NO_OWNER - 1);
    let axis = match given.name {
        "uid-owner" => Axis::Uid,
        "gid-owner" => Axis::Gid,
        "socket-exists" => {
            return builder.field(Axis::Uid, Ranges::single(NO_OWNER), !given.negated, given.span);
        }
        _ => return,
    };
    if axis == Axis::Gid && has_more_groups {
        if !given.negated {
            builder.field(Axis::Gid, owned, false, given.span);
        }
        return builder.atom(instance.text(), AtomKind::Pure, instance.span);
    }
    let text = given.value().map_or("", |word| &word.text);
    match numbers(text) {
        Some((low, high)) if low <= high => {
            builder.field(axis, Ranges::new(low, high), given.negated, given.span);
        }
        Some(_) => builder.refuse(given, format!("the range `{text}` begins behind its end")),
        None if text.is_empty() => builder.refuse(given, "the owner is missing"),
        None => {
            let owner = Owner { axis, name: text.into(), negated: given.negated }.into();
            builder.matches.push(Spanned::new(owner, given.span));
        }
    }
}

/// `NUMBER`, `LOW-HIGH`, or the one name that has the same number everywhere.
fn numbers(text: &str) -> Option<(u128, u128)> {
    if text == "root" {
        return Some((0, 0));
    }
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let number = |text| numerals::number(text, NO_OWNER as u64 - 2).map(u128::from);
    Some((number(low)?, number(high)?))
}
