//! What a base chain takes away from flows that stand or fall together.
//!
//! A requirement holds for all ephemeral ports. So a flow that is surely lost for one of them is lost, and
//! what becomes of the others of that address and interface need not be asked. Where ten thousands of
//! rules each take another port of another address, few of them are asked then.

use std::sync::Arc;

use crate::packet::{Axis, Cube, PacketSet, TooManyPieces};

use super::super::flow::is_told_apart;
use super::super::walk::{Decision, Fate, Observer};
use super::{Hop, Passed, Place};

/// So many losses are collected before they are left out of what is followed: it costs as much to leave
/// out many as one. As long as there are few, every rule that loses something is named.
const MANY: usize = 64;

/// Into how many pieces what is still followed may fall before the question stays undecided.
const MOST_PIECES: usize = 1_024;

/// Writes down what is lost, and keeps what is not.
pub(super) struct Losses<'n, 'm> {
    place: Place<'n>,
    /// The axis of the ephemeral port.
    free: Axis,
    /// What is still followed, less what is in `gone`.
    left: PacketSet,
    /// What is lost and has not been left out yet.
    gone: Vec<Cube>,
    /// The losses, in order.
    hops: Vec<Arc<Hop<'m>>>,
    /// Did rules change packets, so that what passes is not what came?
    pub is_changed: bool,
}

impl<'n, 'm> Losses<'n, 'm> {
    pub fn new(place: Place<'n>, free: Axis, packets: PacketSet) -> Self {
        Losses { place, free, left: packets, gone: Vec::new(), hops: Vec::new(), is_changed: false }
    }

    /// What passes the chain, once it has been walked.
    ///
    /// # Errors
    /// If it falls into too many pieces.
    pub fn passed(mut self) -> Result<Passed<'m>, TooManyPieces> {
        self.leave_out()?;
        Ok((self.left, self.hops))
    }

    /// The flows that are lost with a piece, as they are now: all that differ from it in the ephemeral
    /// port only, for the same answers to what is unknown. `None` if others of the same flow have some
    /// property otherwise, so that they may not be lost.
    fn lost_with(&self, piece: &Cube) -> Option<Cube> {
        let tells = |axis: Axis| is_told_apart(axis) || axis.is_unknown();
        let lost = piece.clone().forget(|axis| axis == self.free || !tells(axis));
        let mut others = piece.sides().iter().filter(|(axis, _)| !tells(*axis)).peekable();
        if others.peek().is_none() {
            return Some(lost);
        }
        let touched: Vec<&Cube> = self.left.cubes().iter().filter(|cube| cube.overlaps(&lost)).collect();
        let holds_for_all = others.all(|(axis, values)| {
            let covers = |cube: &&Cube| cube.get(*axis).is_some_and(|known| values.covers(known));
            touched.iter().all(covers)
        });
        holds_for_all.then_some(lost)
    }

    /// Leaves what is lost out of what is followed.
    fn leave_out(&mut self) -> Result<(), TooManyPieces> {
        if !self.gone.is_empty() {
            self.left = self.left.minus(&PacketSet::from_cubes(self.gone.drain(..)))?;
        }
        if self.left.cubes().len() < MANY {
            self.left = self.left.simplify();
        }
        if self.left.cubes().len() > MOST_PIECES { Err(TooManyPieces) } else { Ok(()) }
    }
}

impl<'m> Observer<'m> for Losses<'_, 'm> {
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        if decision.lane != 0 {
            self.is_changed = true;
            return Ok(());
        }
        if !matches!(decision.fate, Fate::Dropped | Fate::Rejected(_)) {
            return Ok(());
        }
        let mut lost = Vec::new();
        for cube in decision.hit.and(&self.left).cubes() {
            let mut pieces = decision.pieces(cube);
            while let Some(piece) = pieces.next_piece()? {
                if let Some(gone) = self.lost_with(&piece) {
                    pieces.leave_out(&gone);
                    self.gone.push(gone);
                } else {
                    self.gone.push(piece.clone());
                }
                lost.push(piece);
            }
            decision.settle(&pieces)?;
            if self.gone.len() >= MANY {
                self.leave_out()?;
            }
        }
        if !lost.is_empty() {
            self.hops.push(Arc::new(self.place.hop(decision, PacketSet::from_cubes(lost))));
        }
        Ok(())
    }

    fn follows(&self, lane: usize, rule: &PacketSet) -> bool {
        lane != 0 || self.left.overlaps(rule)
    }

    fn asks_who_accepts(&self) -> bool {
        false
    }

    fn is_done(&self) -> bool {
        self.left.is_empty() && !self.is_changed
    }
}
