//! What rules do to packets besides deciding: marks, exemption from connection tracking, and what they write into them.

use crate::model::Action;
use crate::packet::axis::{direction, state, zone};
use crate::packet::{Axis, Cube, Masks, Ranges, Values};

use super::{conntrack, rewrite};

/// A cube after an action.
pub(super) fn act(cube: &Cube, action: &Action) -> Vec<Cube> {
    let masks = |axis: Axis| cube.get(axis).map_or_else(Masks::all, Values::marks);
    match *action {
        Action::Mark { and, xor } => vec![cube.clone().set(Axis::Mark, masks(Axis::Mark).change(and, xor))],
        Action::ConnMark { and, xor } => with_entry(cube, |cube| {
            vec![cube.clone().set(Axis::ConnMark, masks(Axis::ConnMark).change(and, xor))]
        }),
        Action::SaveMark { mark_mask, connmark_mask } => {
            with_entry(cube, |cube| copy(cube, (Axis::Mark, mark_mask), (Axis::ConnMark, connmark_mask)))
        }
        Action::RestoreMark { mark_mask, connmark_mask } => {
            with_entry(cube, |cube| copy(cube, (Axis::ConnMark, connmark_mask), (Axis::Mark, mark_mask)))
        }
        Action::ForgetMark => vec![cube.clone().without(Axis::Mark)],
        Action::ForgetConnMark => with_entry(cube, |cube| vec![cube.clone().without(Axis::ConnMark)]),
        Action::NoTrack => {
            before_tracking(cube, |cube| cube.set(Axis::State, Ranges::single(state::UNTRACKED)))
        }
        Action::Track { original, reply } => before_tracking(cube, |cube| match (original, reply) {
            (Some(original), Some(reply)) => {
                let number = zone::GIVEN | u128::from(original) << 16 | u128::from(reply);
                cube.set(Axis::Zone, Ranges::single(number))
            }
            _ => cube.set(Axis::Zone, Ranges::new(zone::GIVEN, Axis::Zone.max())),
        }),
        Action::Rewrite(ref written) => rewrite::write(cube, written),
        // What rules ask of what is written so has no place in a cube (`mangled.rs`).
        Action::Fill { .. } | Action::Mangle(_) => vec![cube.clone()],
    }
}

/// Does something to the packets of which it is not settled how they are tracked; the others stay as they are.
fn before_tracking(cube: &Cube, change: impl Fn(Cube) -> Cube) -> Vec<Cube> {
    let (new, seen) = conntrack::split(cube.clone(), Axis::Direction, Ranges::single(direction::NONE));
    let (free, given) = match new {
        Some(new) => conntrack::split(new, Axis::Zone, Ranges::single(0)),
        None => (None, None),
    };
    let (open, untracked) = match free {
        Some(free) => {
            let (untracked, open) = conntrack::split(free, Axis::State, Ranges::single(state::UNTRACKED));
            (open, untracked)
        }
        None => (None, None),
    };
    open.map(change).into_iter().chain(seen).chain(given).chain(untracked).collect()
}

/// What is still known of a packet when an action may or may not have been done to it.
pub(super) fn blur(packet: Cube, action: &Action) -> Cube {
    match action {
        Action::Mark { .. } | Action::RestoreMark { .. } | Action::ForgetMark => packet.without(Axis::Mark),
        Action::ConnMark { .. } | Action::SaveMark { .. } | Action::ForgetConnMark => {
            packet.without(Axis::ConnMark)
        }
        // What was written into packets ends their way before (`Run::change`).
        Action::NoTrack
        | Action::Track { .. }
        | Action::Fill { .. }
        | Action::Mangle(_)
        | Action::Rewrite(_) => packet,
    }
}

/// Does something to the packets that have a conntrack entry; the others stay as they are.
fn with_entry(cube: &Cube, change: impl Fn(&Cube) -> Vec<Cube>) -> Vec<Cube> {
    let none = Ranges::single(direction::NONE);
    let (without, with) = conntrack::split(cube.clone(), Axis::Direction, none);
    without.into_iter().chain(with.iter().flat_map(change)).collect()
}

/// Copies bits of one mark into another: `to = (to & !to_mask) ^ (from & from_mask)`, pattern by
/// pattern, so that what is known of one stays tied to the other.
fn copy(cube: &Cube, from: (Axis, u32), to: (Axis, u32)) -> Vec<Cube> {
    let masks = |axis: Axis| cube.get(axis).map_or_else(Masks::all, Values::marks);
    let mut images = Vec::new();
    for &(mask, value) in masks(from.0).patterns() {
        let mut image = masks(to.0).change(!to.1, value & from.1);
        // Bits of the source that are not known make the copied bits unknown.
        if from.1 & !mask != 0 {
            image = image.forget(from.1 & !mask);
        }
        let cube = cube.clone().set(from.0, Masks::new(mask, value)).set(to.0, image);
        images.push(cube);
    }
    images
}
