//! What many cubes leave of one, piece by piece.

use std::cmp::Reverse;
use std::rc::Rc;

use super::merge::merge_along;
use super::{Cube, TooManyPieces};

/// How many times cuts are held against pieces of one cube before the question is given up: some tenths
/// of a second. Thousands of cuts that each split every piece of a plane come to no useful end.
const MOST_TESTS: usize = 10_000_000;

/// The packets of a cube that none of its cuts takes, as disjoint pieces, found one after another:
/// who needs just one piece pays for one.
///
/// One piece is followed until no cut overlaps it, the largest cut first. Each piece knows the cuts
/// that may still touch it, so that the work shrinks as the pieces do.
#[derive(Debug)]
pub struct Remainder {
    cuts: Vec<Cube>,
    pending: Vec<Piece>,
    /// Has the cut taken anything yet?
    used: Vec<bool>,
    budget: usize,
    /// How many cuts may still be held against pieces.
    tests: usize,
}

/// A piece that is still to be looked at.
#[derive(Debug)]
struct Piece {
    cube: Cube,
    /// The cuts that may touch it; those before `from` do not.
    cuts: Rc<[u32]>,
    from: usize,
}

/// From so many cuts on it pays to merge them first.
const MANY: usize = 16;

impl Remainder {
    /// What these cuts leave of a cube. The budget is the number of pieces that may be looked at.
    pub(super) fn new<'a>(cube: &Cube, cuts: impl IntoIterator<Item = &'a Cube>, budget: usize) -> Self {
        let mut cuts: Vec<Cube> = cuts.into_iter().filter_map(|cut| cut.seen_from(cube)).collect();
        if cuts.len() >= MANY {
            cuts = merged(cuts);
        }
        cuts.sort_by_cached_key(|cut| Reverse(cut.share_of(cube)));
        Self::sorted(cube, cuts, budget)
    }

    /// The same with cuts already seen from the cube, in the order in which to try them.
    pub(super) fn sorted(cube: &Cube, cuts: Vec<Cube>, budget: usize) -> Self {
        let whole = Piece { cube: cube.clone(), cuts: (0..cuts.len() as u32).collect(), from: 0 };
        Remainder { used: vec![false; cuts.len()], cuts, pending: vec![whole], budget, tests: MOST_TESTS }
    }

    /// The next piece, if one is left.
    ///
    /// # Errors
    /// If the budget is used up.
    pub fn next_piece(&mut self) -> Result<Option<Cube>, TooManyPieces> {
        let mut outside = Vec::new();
        let mut touching = Vec::new();
        while let Some(piece) = self.pending.pop() {
            self.budget = self.budget.checked_sub(1).ok_or(TooManyPieces)?;
            let candidates = &piece.cuts[piece.from..];
            self.tests = self.tests.checked_sub(candidates.len()).ok_or(TooManyPieces)?;
            touching.clear();
            touching.extend(candidates.iter().filter(|cut| self.cuts[**cut as usize].overlaps(&piece.cube)));
            let Some(&cut) = touching.first() else { return Ok(Some(piece.cube)) };
            self.used[cut as usize] = true;
            // A list is copied only when it at least halves, so that all lists of one path together
            // are no longer than twice the first.
            let (cuts, from) = if touching.len() * 2 <= candidates.len() {
                (Rc::from(&touching[1..]), 0)
            } else {
                let skipped = candidates.iter().take_while(|&&candidate| candidate != cut).count();
                (piece.cuts.clone(), piece.from + skipped + 1)
            };
            piece.cube.minus(&self.cuts[cut as usize], &mut outside);
            let pieces = outside.drain(..).map(|cube| Piece { cube, cuts: cuts.clone(), from });
            self.pending.extend(pieces);
        }
        Ok(None)
    }

    /// How many cuts there are.
    pub fn cuts(&self) -> usize {
        self.cuts.len()
    }

    /// Leaves packets out of all that is still to come.
    pub fn leave_out(&mut self, gone: &Cube) {
        if !self.pending.iter().any(|piece| piece.cube.overlaps(gone)) {
            return;
        }
        let mut outside = Vec::new();
        for piece in std::mem::take(&mut self.pending) {
            piece.cube.minus(gone, &mut outside);
            let rest = outside.drain(..);
            self.pending.extend(rest.map(|cube| Piece { cube, cuts: piece.cuts.clone(), from: piece.from }));
        }
    }

    /// For each cut, in their order: has it taken anything so far?
    pub(super) fn used(&self) -> &[bool] {
        &self.used
    }
}

/// Cuts that differ on one axis only as one.
fn merged(mut cuts: Vec<Cube>) -> Vec<Cube> {
    let mut axes: Vec<_> = cuts.iter().flat_map(Cube::sides).map(|side| side.0).collect();
    axes.sort_unstable();
    axes.dedup();
    for axis in axes {
        if cuts.len() < MANY {
            break;
        }
        cuts = merge_along(cuts, axis);
    }
    cuts
}
