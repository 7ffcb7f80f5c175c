//! What MARK, CONNMARK and HMARK do to marks.

use super::super::given::{Given, Target};
use super::super::numerals;
use super::super::options::{flag, one};
use super::super::rule::Builder;
use super::{Kind, kind};
use crate::model::{Action, Verdict};
use crate::source::Spanned;

pub(super) const ALL: &[Kind] = &[
    kind(
        "MARK",
        &[one("set-xmark"), one("set-mark"), one("and-mark"), one("or-mark"), one("xor-mark")],
        |builder, target| {
            for given in &target.given {
                let action = match change(builder, given) {
                    Some((and, xor)) => Action::Mark { and, xor },
                    None => Action::ForgetMark,
                };
                builder.actions.push(Spanned::new(action, given.span));
            }
            needs_option(builder, target)
        },
    ),
    kind(
        "CONNMARK",
        &[
            one("set-xmark"),
            one("set-mark"),
            flag("save-mark"),
            flag("restore-mark"),
            one("and-mark"),
            one("or-mark"),
            one("xor-mark"),
            one("mask"),
            one("nfmask"),
            one("ctmask"),
        ],
        connmark,
    ),
    kind(
        "HMARK",
        &[
            one("hmark-tuple"),
            one("hmark-mod"),
            one("hmark-offset"),
            one("hmark-rnd"),
            one("hmark-src-prefix"),
            one("hmark-dst-prefix"),
            one("hmark-sport-mask"),
            one("hmark-dport-mask"),
            one("hmark-spi-mask"),
            one("hmark-sport"),
            one("hmark-dport"),
            one("hmark-spi"),
            one("hmark-proto-mask"),
        ],
        |builder, target| {
            builder.actions.push(Spanned::new(Action::ForgetMark, target.span));
            Verdict::Continue
        },
    ),
];

fn connmark(builder: &mut Builder<'_>, target: &Target<'_, '_>) -> Verdict {
    let mut mask_of = |names: [&str; 2]| {
        let given = target.given.iter().find(|given| names.contains(&given.name));
        given.map_or(Some(u32::MAX), |given| value(builder, given).map(|(value, _)| value))
    };
    let masks = (mask_of(["nfmask", "mask"]), mask_of(["ctmask", "mask"]));
    for given in &target.given {
        let mut add = |action| builder.actions.push(Spanned::new(action, given.span));
        match (given.name, masks) {
            ("mask" | "nfmask" | "ctmask", _) => {}
            ("save-mark", (Some(mark_mask), Some(connmark_mask))) => {
                add(Action::SaveMark { mark_mask, connmark_mask });
            }
            ("restore-mark", (Some(mark_mask), Some(connmark_mask))) => {
                add(Action::RestoreMark { mark_mask, connmark_mask });
            }
            ("restore-mark", _) => add(Action::ForgetMark),
            ("save-mark", _) => forget(&mut add),
            _ => match change(builder, given) {
                Some((and, xor)) => {
                    builder.actions.push(Spanned::new(Action::ConnMark { and, xor }, given.span));
                }
                None => forget(|action| builder.actions.push(Spanned::new(action, given.span))),
            },
        }
    }
    needs_option(builder, target)
}

/// Makes the flow's mark something that the file cannot tell. It takes the packet's mark along,
/// which says less than could be said, but nothing wrong.
fn forget(mut add: impl FnMut(Action)) {
    add(Action::ForgetMark);
    add(Action::SaveMark { mark_mask: u32::MAX, connmark_mask: u32::MAX });
}

/// What an option does to a mark: the bits that stay, and those that are flipped then. `None` if
/// the file does not tell.
fn change(builder: &mut Builder<'_>, given: &Given<'_, '_>) -> Option<(u32, u32)> {
    let (value, mask) = value(builder, given)?;
    Some(match given.name {
        "set-mark" => (!(value | mask), value),
        "and-mark" => (value, 0),
        "or-mark" => (!value, value),
        "xor-mark" => (u32::MAX, value),
        _ => (!mask, value),
    })
}

fn value(builder: &mut Builder<'_>, given: &Given<'_, '_>) -> Option<(u32, u32)> {
    let word = given.value().filter(|word| !word.unresolved)?;
    let value = match given.name {
        "set-mark" | "set-xmark" => numerals::masked(&word.text),
        _ => numerals::word(&word.text).map(|value| (value, u32::MAX)),
    };
    if value.is_none() {
        builder.syntax(word.span, format!("`{}` is no mark", word.text));
    }
    value
}

fn needs_option(builder: &mut Builder<'_>, target: &Target<'_, '_>) -> Verdict {
    if target.given.is_empty() {
        builder.syntax(target.span, format!("`-j {}` needs an option", target.word.text));
    }
    Verdict::Continue
}

/// The mark that TPROXY sets.
pub(super) fn of_tproxy(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let value = given.value().filter(|word| !word.unresolved).and_then(|word| numerals::masked(&word.text));
    let action = match value {
        Some((value, mask)) => Action::Mark { and: !mask, xor: value },
        None => Action::ForgetMark,
    };
    builder.actions.push(Spanned::new(action, given.span));
}
