//! What earlier rules have taken, and what that leaves of a cube.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::index::Index;
use super::remainder::Remainder;
use super::{Axis, Cube, PacketSet, Ranges, TooManyPieces, Values, set};

/// A growing list of cubes, each with an owner (a rule, say), that answers which packets of another
/// cube none of them takes. Cubes may overlap.
#[derive(Debug, Default)]
pub struct Cover {
    cubes: Vec<Cube>,
    owners: Vec<u32>,
    is_retired: Vec<bool>,
    /// How many retired cubes the index still finds.
    still_filed: usize,
    index: Index,
    /// How many cubes were looked at to answer questions.
    looked_at: AtomicUsize,
}

/// So many cubes are tried one by one rather than looked up.
const SHORT: usize = 16;

/// From so many cubes on that may overlap, [`Cover::escapes`] looks into corners first. There it may
/// look at so many pieces more than there are cuts.
const MANY: usize = 16;

/// IPv4 addresses are blocks of so many numbers.
const BLOCK: u128 = 1 << 96;

impl Cover {
    /// Takes nothing.
    pub fn new() -> Self {
        Cover::default()
    }

    /// Adds a cube and returns its number: one more than the last.
    pub fn push(&mut self, cube: Cube, owner: u32) -> usize {
        let number = self.cubes.len();
        self.cubes.push(cube);
        self.owners.push(owner);
        self.is_retired.push(false);
        self.index.insert(number as u32, &self.cubes);
        number
    }

    /// The cube of a number.
    pub fn cube(&self, number: usize) -> &Cube {
        &self.cubes[number]
    }

    /// How many cubes were added, retired ones included: the number that the next will have.
    pub fn len(&self) -> usize {
        self.cubes.len()
    }

    /// Was none added?
    pub fn is_empty(&self) -> bool {
        self.cubes.is_empty()
    }

    /// Switches a cube off for all coming questions: its packets come back.
    pub fn retire(&mut self, number: usize) {
        self.still_filed += usize::from(!std::mem::replace(&mut self.is_retired[number], true));
        if self.still_filed > SHORT && self.still_filed * 2 > self.index.len() {
            self.index = Index::default();
            self.still_filed = 0;
            let active = (0..self.cubes.len()).filter(|&number| !self.is_retired[number]);
            active.for_each(|number| self.index.insert(number as u32, &self.cubes));
        }
    }

    /// The packets of the cube that no active cube from number `since` on takes, as disjoint cubes.
    /// Undecided if more pieces than the budget would have to be looked at.
    pub fn uncovered(&self, cube: &Cube, since: usize, budget: usize) -> Result<PacketSet, TooManyPieces> {
        let mut remainder = self.pieces(cube, since, budget);
        let pieces: Result<Vec<Cube>, _> =
            std::iter::from_fn(|| remainder.next_piece().transpose()).collect();
        self.note(&remainder);
        Ok(PacketSet::from_cubes(pieces?))
    }

    /// The same piece by piece: who then leaves out what he does not ask for any more pays less.
    pub fn pieces(&self, cube: &Cube, since: usize, budget: usize) -> Remainder {
        let found = self.found(cube, since, usize::MAX).unwrap_or_default();
        // Whether they overlap the cube shows when they are seen from it.
        let active = found.iter().copied().filter(|number| !self.is_retired[*number as usize]);
        let active: Vec<u32> = active.collect();
        self.remainder(cube, &active, budget).found_among(found.len())
    }

    /// Some of the packets of the cube that no active cube from number `since` on takes; `None` if
    /// all are taken. Far cheaper than [`Cover::uncovered`] where many pieces are left.
    pub fn escapes(&self, cube: &Cube, since: usize, budget: usize) -> Result<Option<Cube>, TooManyPieces> {
        let first_of = |mut remainder: Remainder| {
            let piece = remainder.next_piece();
            self.note(&remainder);
            piece
        };
        if let Some(few) = self.few_candidates(cube, since) {
            return first_of(self.remainder(cube, &few, budget));
        }
        // Most rules are not shadowed, and then a small part of a wide one mostly shows it already.
        for corner in corners(cube) {
            let candidates = self.candidates(&corner, since);
            let budget = budget.min(candidates.len() + MANY);
            if let Ok(Some(piece)) = first_of(self.remainder(&corner, &candidates, budget)) {
                return Ok(Some(piece));
            }
        }
        first_of(self.pieces(cube, since, budget))
    }

    /// How many cubes were looked at to answer all questions but those for pieces, which count themselves.
    pub fn looked_at(&self) -> usize {
        self.looked_at.load(Ordering::Relaxed)
    }

    fn note(&self, remainder: &Remainder) {
        self.looked_at.fetch_add(remainder.looked_at(), Ordering::Relaxed);
    }

    /// The owners of as few active cubes from number `since` on as can be found that together take
    /// all packets of the cube, ascending; none if some packet escapes, or if that is undecided.
    pub fn coverers(&self, cube: &Cube, since: usize) -> Vec<u32> {
        let candidates = self.candidates(cube, since);
        if let Some(&number) = candidates.iter().find(|&&number| self.cubes[number as usize].covers(cube)) {
            return vec![self.owners[number as usize]];
        }
        let seen = |&number: &u32| {
            Some((self.cubes[number as usize].seen_from(cube)?, self.owners[number as usize]))
        };
        let mut cuts: Vec<(Cube, u32)> = candidates.iter().filter_map(seen).collect();
        cuts.sort_by_cached_key(|(cut, _)| Reverse(cut.share_of(cube)));
        let all = cuts.clone();
        if !self.keep_used(cube, &mut cuts) {
            return Vec::new();
        }
        let mut known = HashSet::new();
        // The one that takes least is the first to be left out.
        let tried: Vec<u32> =
            cuts.iter().rev().map(|cut| cut.1).filter(|owner| known.insert(*owner)).collect();
        let mut needed = known;
        for left_out in tried {
            // What this proof did not need of another owner may be what makes this one needless.
            let is_other = |cut: &&(Cube, u32)| cut.1 != left_out && needed.contains(&cut.1);
            let mut others: Vec<_> = all.iter().filter(is_other).cloned().collect();
            if needed.contains(&left_out) && self.keep_used(cube, &mut others) {
                needed = others.iter().map(|cut| cut.1).collect();
            }
        }
        let mut owners: Vec<u32> = needed.into_iter().collect();
        owners.sort_unstable();
        owners
    }

    /// Do the cuts cover the cube? If so, keeps those that a proof needs.
    fn keep_used(&self, cube: &Cube, cuts: &mut Vec<(Cube, u32)>) -> bool {
        let each = cuts.iter().map(|cut| cut.0.clone()).collect();
        let mut remainder = Remainder::sorted(cube, each, set::BUDGET);
        let first = remainder.next_piece();
        self.note(&remainder);
        if first != Ok(None) {
            return false;
        }
        let mut used = remainder.used().iter();
        cuts.retain(|_| used.next() == Some(&true));
        true
    }

    fn remainder(&self, cube: &Cube, cuts: &[u32], budget: usize) -> Remainder {
        Remainder::new(cube, cuts.iter().map(|&cut| &self.cubes[cut as usize]), budget)
    }

    /// The numbers of the active cubes that overlap a cube, ascending.
    pub fn overlapping(&self, cube: &Cube) -> Vec<u32> {
        self.candidates(cube, 0)
    }

    /// The numbers of the active cubes from `since` on that overlap the cube, ascending.
    fn candidates(&self, cube: &Cube, since: usize) -> Vec<u32> {
        self.candidates_up_to(cube, since, usize::MAX).unwrap_or_default()
    }

    /// The same; `None` if they may be many.
    fn few_candidates(&self, cube: &Cube, since: usize) -> Option<Vec<u32>> {
        self.candidates_up_to(cube, since, MANY)
    }

    /// The same; `None` if more than so many have to be looked at.
    fn candidates_up_to(&self, cube: &Cube, since: usize, most: usize) -> Option<Vec<u32>> {
        let mut found = self.found(cube, since, most)?;
        found.retain(|number| self.is_in(number, cube));
        Some(found)
    }

    /// Is a cube active, and does it overlap the other?
    fn is_in(&self, number: &u32, cube: &Cube) -> bool {
        let number = *number as usize;
        !self.is_retired[number] && self.cubes[number].overlaps(cube)
    }

    /// The numbers of all cubes from `since` on that may overlap the cube, ascending; `None` if these are many.
    fn found(&self, cube: &Cube, since: usize, most: usize) -> Option<Vec<u32>> {
        if self.cubes.len().saturating_sub(since) <= SHORT {
            return Some((since as u32..self.cubes.len() as u32).collect());
        }
        self.index.candidates(cube, since as u32, most, &self.cubes)
    }
}

/// Small parts of a cube, in which there are few cubes to look at: its first and its last protocol,
/// address and port.
fn corners(cube: &Cube) -> Vec<Cube> {
    let ends: [fn(&Ranges) -> Option<u128>; 2] = [Ranges::first, Ranges::last];
    let corner = |end: fn(&Ranges) -> Option<u128>| {
        let axes = [Axis::Protocol, Axis::Destination, Axis::Source, Axis::DestinationPort];
        axes.into_iter().try_fold(cube.clone(), |corner, axis| {
            let all = Values::all(axis);
            let value = end(cube.get(axis).unwrap_or(&all).ranges()?)?;
            let size = if matches!(axis, Axis::Destination | Axis::Source) { BLOCK } else { 1 };
            corner.with(axis, Ranges::new(value & !(size - 1), value | (size - 1)))
        })
    };
    ends.into_iter().filter_map(corner).collect()
}
