//! How much finding out about one host may cost before it is given up.
//!
//! Most rulesets cost little. But what rules ask can cross each other so often, and chains can call each other so
//! many times, that no answer comes in reasonable time; then "not decided" is the answer.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::packet::cover::Cover;
use crate::packet::{PacketSet, TooManyPieces};

/// How many cubes may be looked at in one walk before the question stays undecided. Where so many unknowns
/// or lists cross each other, no answer is of use to anybody.
const MOST_IN_A_WALK: usize = 2_000_000;

/// How many cubes may be looked at in all walks through one host: some seconds.
const MOST_IN_ALL: usize = 20_000_000;

/// A piece that packets fall into costs as much as looking at so many cubes: what follows looks at it again.
const PIECE: usize = 16;

/// What all walks through one host have cost so far, in cubes that were looked at.
#[derive(Debug, Default)]
pub struct Spent(AtomicUsize);

impl Spent {
    /// Notes further cubes.
    ///
    /// # Errors
    /// If that is more than may be.
    pub(super) fn add(&self, cubes: usize) -> Result<(), TooManyPieces> {
        let before = self.0.fetch_add(cubes, Ordering::Relaxed);
        if before.saturating_add(cubes) > MOST_IN_ALL { Err(TooManyPieces) } else { Ok(()) }
    }

    /// May as much as until now be spent so many times again?
    pub fn allows(&self, times: usize) -> bool {
        self.0.load(Ordering::Relaxed).saturating_mul(times + 1) <= MOST_IN_ALL
    }
}

/// How much a walk may still cost.
#[derive(Debug)]
pub(super) struct Effort<'h> {
    left: Cell<usize>,
    all: &'h Spent,
}

impl<'h> Effort<'h> {
    /// For a new walk through a host.
    pub fn new(all: &'h Spent) -> Self {
        Effort { left: Cell::new(MOST_IN_A_WALK), all }
    }

    /// How many pieces packets may still fall into.
    pub fn rest(&self) -> usize {
        self.left.get() / PIECE
    }

    /// Takes so many cubes that were looked at off.
    pub fn spend(&self, cubes: usize) -> Result<(), TooManyPieces> {
        self.left.set(self.left.get().checked_sub(cubes).ok_or(TooManyPieces)?);
        self.all.add(cubes)
    }

    /// Takes so many cubes off from what all walks together may look at, not from what this one may: it is long.
    pub fn note(&self, cubes: usize) -> Result<(), TooManyPieces> {
        self.all.add(cubes)
    }

    /// The packets that no rule has taken.
    pub fn left(&self, cover: &Cover, packets: &PacketSet) -> Result<PacketSet, TooManyPieces> {
        let mut all = Vec::new();
        for cube in packets.cubes() {
            let mut pieces = cover.pieces(cube, 0, self.rest());
            while let Some(piece) = pieces.next_piece()? {
                self.spend(PIECE)?;
                all.push(piece);
            }
            self.spend(1 + pieces.looked_at())?;
        }
        Ok(PacketSet::from_cubes(all))
    }
}
