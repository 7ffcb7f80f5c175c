//! What many cubes leave of one, piece by piece.

use std::cmp::Reverse;
use std::rc::Rc;

use super::{Cube, TooManyPieces};

/// How many times cuts are held against pieces of one cube before the question is given up: some tenths
/// of a second. Thousands of cuts that each split every piece of a plane come to no useful end.
const MOST_TESTS: usize = 10_000_000;

/// The packets of a cube that none of its cuts takes, as disjoint pieces, found one after another:
/// who needs just one piece pays for one.
///
/// One piece is followed until no cut overlaps it, the largest cut first. Each piece knows the cuts
/// that may still touch it, so that the work shrinks as the pieces do.
pub(super) struct Remainder<'a> {
    cubes: &'a [Cube],
    pending: Vec<Piece>,
    used: Vec<u32>,
    budget: usize,
    /// How many cuts may still be held against pieces.
    tests: usize,
}

/// A piece that is still to be looked at.
struct Piece {
    cube: Cube,
    /// The cuts that may touch it, as numbers of cubes; those before `from` do not.
    cuts: Rc<[u32]>,
    from: usize,
}

impl<'a> Remainder<'a> {
    /// Cuts are numbers of cubes; one that does not overlap the cube does no harm. The budget is the
    /// number of pieces that may be looked at.
    pub(super) fn new(cube: &Cube, cubes: &'a [Cube], mut cuts: Vec<u32>, budget: usize) -> Self {
        cuts.sort_by_cached_key(|&cut| Reverse(cubes[cut as usize].share_of(cube)));
        let whole = Piece { cube: cube.clone(), cuts: cuts.into(), from: 0 };
        Remainder { cubes, pending: vec![whole], used: Vec::new(), budget, tests: MOST_TESTS }
    }

    /// The next piece, if one is left.
    pub(super) fn next_piece(&mut self) -> Result<Option<Cube>, TooManyPieces> {
        let mut outside = Vec::new();
        let mut touching = Vec::new();
        while let Some(piece) = self.pending.pop() {
            self.budget = self.budget.checked_sub(1).ok_or(TooManyPieces)?;
            let candidates = &piece.cuts[piece.from..];
            self.tests = self.tests.checked_sub(candidates.len()).ok_or(TooManyPieces)?;
            let touches = |cut: &&u32| self.cubes[**cut as usize].overlaps(&piece.cube);
            touching.clear();
            touching.extend(candidates.iter().filter(touches));
            let Some(&cut) = touching.first() else { return Ok(Some(piece.cube)) };
            self.used.push(cut);
            // A list is copied only when it at least halves, so that all lists of one path together
            // are no longer than twice the first.
            let (cuts, from) = if touching.len() * 2 <= candidates.len() {
                (Rc::from(&touching[1..]), 0)
            } else {
                let skipped = candidates.iter().take_while(|&&candidate| candidate != cut).count();
                (piece.cuts.clone(), piece.from + skipped + 1)
            };
            piece.cube.minus(&self.cubes[cut as usize], &mut outside);
            let pieces = outside.drain(..).map(|cube| Piece { cube, cuts: cuts.clone(), from });
            self.pending.extend(pieces);
        }
        Ok(None)
    }

    /// The cuts that took something so far, ascending.
    pub(super) fn into_used(mut self) -> Vec<u32> {
        self.used.sort_unstable();
        self.used.dedup();
        self.used
    }
}
