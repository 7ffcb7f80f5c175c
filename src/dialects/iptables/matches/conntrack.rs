//! Connection tracking: `conntrack`, `state` and `connmark`.
//!
//! What xt_conntrack does without a conntrack entry (state INVALID or UNTRACKED): it holds if there
//! is a `--ctstate` and it holds; all other options are not looked at.

use super::super::given::{Given, Instance};
use super::super::numerals;
use super::super::options::one;
use super::super::rule::Builder;
use super::{Extension, both};
use crate::model::{AtomKind, Match, RemarkKind};
use crate::packet::axis::{direction, state};
use crate::packet::{Axis, Cube, Masks, PacketSet, Ranges, Values};
use crate::source::Spanned;

pub(super) const ALL: &[Extension] = &[
    both(
        "conntrack",
        &[
            one("ctstate"),
            one("ctproto"),
            one("ctorigsrc"),
            one("ctorigdst"),
            one("ctreplsrc"),
            one("ctrepldst"),
            one("ctorigsrcport"),
            one("ctorigdstport"),
            one("ctreplsrcport"),
            one("ctrepldstport"),
            one("ctstatus"),
            one("ctexpire"),
            one("ctdir"),
        ],
        conntrack,
    ),
    both("state", &[one("state")], |builder, instance| {
        builder.remark(RemarkKind::Deprecated, instance.span, "match `state` is superseded by `conntrack`");
        instance.given.iter().for_each(|given| read_state(builder, given));
    }),
    both("connmark", &[one("mark")], connmark),
];

/// The states of packets that have a conntrack entry.
const TRACKED: (u128, u128) = (state::NEW, state::RELATED);
/// Bits of [`Axis::Nat`].
const SNAT: u128 = 1;
const DNAT: u128 = 2;

fn conntrack(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let (states, others): (Vec<_>, Vec<_>) = instance.given.iter().partition(|given| given.name == "ctstate");
    states.iter().for_each(|given| read_state(builder, given));
    if others.is_empty() {
        return;
    }
    // Does the state say that there is an entry?
    let untracked = Ranges::union([(state::INVALID, state::INVALID), (state::UNTRACKED, state::UNTRACKED)]);
    let says_tracked = builder.matches.iter().any(|found| {
        matches!(&found.value, Match::Field(Axis::State, values) if !values.overlaps(&untracked.clone().into()))
    });
    if !states.is_empty() && !says_tracked {
        let changes = others.iter().any(|given| matches!(given.name, "ctexpire" | "ctstatus"));
        let kind = if changes { AtomKind::Free } else { AtomKind::Pure };
        return builder.atom(instance.text(), kind, instance.span);
    }
    if states.is_empty() {
        builder.field(Axis::State, Ranges::new(TRACKED.0, TRACKED.1), false, instance.span);
    }
    for given in others {
        match given.name {
            "ctdir" => read_direction(builder, given),
            "ctstatus" => read_status(builder, given),
            // The time that is left is another one for each packet.
            "ctexpire" => builder.atom(given.text(), AtomKind::Free, given.span),
            _ => builder.pure(given),
        }
    }
}

/// Reads a list of states. SNAT and DNAT are not states but bits, which may stand beside one.
fn read_state(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let Some(word) = given.value() else { return builder.pure(given) };
    let knows_nat = given.name == "ctstate";
    let (mut states, mut nat) = (Vec::new(), 0);
    for name in word.text.split(',') {
        match flag(name) {
            Some(Flag::State(state)) => states.push((state, state)),
            Some(Flag::Nat(bit)) if knows_nat => nat |= bit,
            _ => return builder.refuse(given, format!("unknown state `{name}`")),
        }
    }
    let translated = (1..=3).filter(|bits| bits & nat != 0).map(|bits| (bits, bits));
    let (states, translated) = (Ranges::union(states), Ranges::union(translated));
    match (states.is_empty(), translated.is_empty()) {
        (_, true) => builder.field(Axis::State, states, given.negated, given.span),
        (true, _) => builder.field(Axis::Nat, translated, given.negated, given.span),
        _ if given.negated => {
            builder.field(Axis::State, states, true, given.span);
            builder.field(Axis::Nat, translated, true, given.span);
        }
        _ => {
            let states = Values::from(states);
            let others = Values::all(Axis::State).minus(&states);
            let cubes = [
                Cube::any().with(Axis::State, states),
                Cube::any().with(Axis::State, others).and_then(|cube| cube.with(Axis::Nat, translated)),
            ];
            let packets = PacketSet::from_cubes(cubes.into_iter().flatten());
            builder.matches.push(Spanned::new(Match::Packets(Box::new(packets)), given.span));
        }
    }
}

enum Flag {
    State(u128),
    Nat(u128),
}

/// A state by name or by the beginning of its name, in either case, as iptables takes it.
fn flag(name: &str) -> Option<Flag> {
    const FLAGS: [(&str, Flag); 7] = [
        ("INVALID", Flag::State(state::INVALID)),
        ("NEW", Flag::State(state::NEW)),
        ("ESTABLISHED", Flag::State(state::ESTABLISHED)),
        ("RELATED", Flag::State(state::RELATED)),
        ("UNTRACKED", Flag::State(state::UNTRACKED)),
        ("SNAT", Flag::Nat(SNAT)),
        ("DNAT", Flag::Nat(DNAT)),
    ];
    let starts = |full: &str| full.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    FLAGS.into_iter().find(|flag| !name.is_empty() && starts(flag.0)).map(|flag| flag.1)
}

fn read_direction(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let name = given.value().map_or("", |word| &word.text);
    let way = match name {
        _ if given.negated => return builder.refuse(given, "`--ctdir` cannot be negated"),
        _ if name.eq_ignore_ascii_case("ORIGINAL") => direction::ORIGINAL,
        _ if name.eq_ignore_ascii_case("REPLY") => direction::REPLY,
        _ => return builder.refuse(given, format!("a direction is ORIGINAL or REPLY, not `{name}`")),
    };
    builder.field(Axis::Direction, Ranges::single(way), false, given.span);
}

/// Reads a list of status bits. `NONE` is no bit: it never holds, and its negation always does.
fn read_status(builder: &mut Builder<'_>, given: &Given<'_, '_>) {
    let text = given.value().map_or("", |word| &word.text);
    let known = ["NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"];
    let unknown = text.split(',').find(|name| !known.iter().any(|known| known.eq_ignore_ascii_case(name)));
    if let Some(name) = unknown {
        return builder.refuse(given, format!("unknown status `{name}`"));
    }
    if text.split(',').all(|name| name.eq_ignore_ascii_case("NONE")) {
        return builder.field(Axis::State, Ranges::none(), given.negated, given.span);
    }
    // The status changes while a packet is on its way.
    builder.atom(given.text(), AtomKind::Free, given.span);
}

/// A packet without an entry never matches, negated or not.
fn connmark(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for given in &instance.given {
        let text = given.value().map_or("", |word| &word.text);
        match numerals::masked(text) {
            Some((value, mask)) => {
                builder.field(Axis::State, Ranges::new(TRACKED.0, TRACKED.1), false, given.span);
                builder.field(Axis::ConnMark, Masks::new(mask, value), given.negated, given.span);
            }
            None => builder.refuse(given, format!("`{text}` is no mark")),
        }
    }
}
