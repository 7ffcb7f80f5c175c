//! What earlier rules have taken, and what that leaves of a cube.

use super::remainder::Remainder;
use super::{Cube, PacketSet, TooManyPieces, set};

/// A growing list of cubes, each with an owner (a rule, say), that answers which packets of another
/// cube none of them takes. Cubes may overlap.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    cubes: Vec<Cube>,
    owners: Vec<u32>,
    is_retired: Vec<bool>,
}

impl Cover {
    /// Takes nothing.
    pub fn new() -> Self {
        Cover::default()
    }

    /// Adds a cube and returns its number: one more than the last.
    pub fn push(&mut self, cube: Cube, owner: u32) -> usize {
        self.cubes.push(cube);
        self.owners.push(owner);
        self.is_retired.push(false);
        self.cubes.len() - 1
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
        self.is_retired[number] = true;
    }

    /// The packets of the cube that no active cube from number `since` on takes, as disjoint cubes.
    /// Undecided if more pieces than the budget would have to be looked at.
    pub fn uncovered(&self, cube: &Cube, since: usize, budget: usize) -> Result<PacketSet, TooManyPieces> {
        let mut left = Vec::new();
        let mut remainder = Remainder::new(cube, &self.cubes, self.overlapping(cube, since), budget);
        while let Some(piece) = remainder.next_piece()? {
            left.push(piece);
        }
        Ok(PacketSet::from_cubes(left))
    }

    /// Some of the packets of the cube that no active cube from number `since` on takes; `None` if
    /// all are taken. Far cheaper than [`Cover::uncovered`] where many pieces are left.
    pub fn escapes(&self, cube: &Cube, since: usize, budget: usize) -> Result<Option<Cube>, TooManyPieces> {
        Remainder::new(cube, &self.cubes, self.overlapping(cube, since), budget).next_piece()
    }

    /// The owners of as few active cubes from number `since` on as can be found that together take
    /// all packets of the cube, ascending; none if some packet escapes, or if that is undecided.
    pub fn coverers(&self, cube: &Cube, since: usize) -> Vec<u32> {
        let candidates = self.overlapping(cube, since);
        let owner = |number: &u32| self.owners[*number as usize];
        if let Some(single) = candidates.iter().find(|&&number| self.cubes[number as usize].covers(cube)) {
            return vec![owner(single)];
        }
        let mut remainder = Remainder::new(cube, &self.cubes, candidates, set::BUDGET);
        if remainder.next_piece() != Ok(None) {
            return Vec::new();
        }
        let mut used = remainder.into_used();
        let mut owners: Vec<u32> = used.iter().map(owner).collect();
        owners.sort_unstable();
        owners.dedup();
        // Leave out one after another: what is covered without it does not need it.
        for left_out in owners.clone() {
            let others: Vec<u32> = used.iter().copied().filter(|number| owner(number) != left_out).collect();
            if Remainder::new(cube, &self.cubes, others.clone(), set::BUDGET).next_piece() == Ok(None) {
                used = others;
                owners.retain(|&owner| owner != left_out);
            }
        }
        owners
    }

    /// The numbers of the active cubes from `since` on that overlap the cube, ascending.
    fn overlapping(&self, cube: &Cube, since: usize) -> Vec<u32> {
        let active = (since..self.cubes.len()).filter(|&number| !self.is_retired[number]);
        active.filter(|&number| self.cubes[number].overlaps(cube)).map(|number| number as u32).collect()
    }
}
