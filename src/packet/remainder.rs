//! What many cubes leave of one, piece by piece.

use std::cmp::Reverse;
use std::rc::Rc;

use super::merge::Merging;
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
    looked_at: usize,
}

/// A piece that is still to be looked at.
#[derive(Debug)]
struct Piece {
    cube: Cube,
    /// The cuts that may touch it; those before `from` do not.
    cuts: Rc<[u32]>,
    from: usize,
}

/// To look for a partner to merge with costs as much as to look at so many cuts.
const MERGE: usize = 4;

/// From so many cuts on it pays to merge them first.
const MANY: usize = 16;

impl Remainder {
    /// What these cuts leave of a cube. The budget is the number of pieces that may be looked at.
    pub(super) fn new<'a>(cube: &Cube, cuts: impl IntoIterator<Item = &'a Cube>, budget: usize) -> Self {
        let mut seen = Vec::new();
        for cut in cuts.into_iter().filter_map(|cut| cut.seen_from(cube)) {
            // One that takes everything makes the others needless.
            if cut.sides().is_empty() {
                return Self::sorted(cube, vec![cut], budget);
            }
            seen.push(cut);
        }
        let (mut cuts, looked_at) = merged(seen);
        if cuts.len() > 1 {
            cuts.sort_by_cached_key(|cut| Reverse(cut.share_of(cube)));
        }
        Remainder { looked_at, ..Self::sorted(cube, cuts, budget) }
    }

    /// The same with cuts already seen from the cube, in the order in which to try them.
    pub(super) fn sorted(cube: &Cube, cuts: Vec<Cube>, budget: usize) -> Self {
        let whole = Piece { cube: cube.clone(), cuts: (0..cuts.len() as u32).collect(), from: 0 };
        let (used, looked_at) = (vec![false; cuts.len()], cuts.len());
        Remainder { used, cuts, pending: vec![whole], budget, tests: MOST_TESTS, looked_at }
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

    /// The same, whose cuts were found among so many cubes.
    pub(super) fn found_among(self, cubes: usize) -> Self {
        Remainder { looked_at: self.looked_at + cubes, ..self }
    }

    /// How many cubes were looked at so far: those among which the cuts were found, and the cuts as often as they
    /// were held against something.
    pub fn looked_at(&self) -> usize {
        self.looked_at + MOST_TESTS - self.tests
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

/// Many cuts that differ on one axis only as one, and how much work that was, in cuts that were looked at.
fn merged(cuts: Vec<Cube>) -> (Vec<Cube>, usize) {
    let mut looked_at = cuts.len();
    if cuts.len() < MANY {
        return (cuts, looked_at);
    }
    let mut axes: Vec<_> = cuts.iter().flat_map(Cube::sides).map(|side| side.0).collect();
    axes.sort_unstable();
    axes.dedup();
    let mut cuts = Merging::new(cuts);
    for axis in axes {
        if cuts.len() < MANY {
            break;
        }
        looked_at += cuts.len() * MERGE;
        cuts.along(axis);
    }
    (cuts.into_cubes(), looked_at)
}
