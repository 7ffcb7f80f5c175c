//! Fewer cubes for the same packets.

use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault};

use rustc_hash::{FxHashMap, FxHasher};

use super::{Axis, Cube, Hull, Values};

/// The same packets in fewer cubes: those that differ on one axis only become one, and what another
/// cube covers is left out. Not the fewest possible. The order stays that of the first of each.
pub(super) fn merge(cubes: Vec<Cube>) -> Vec<Cube> {
    let mut merging = Merging::new(cubes);
    while merging.len() > 1 {
        let before = merging.len();
        for axis in axes(&merging.cubes) {
            merging.along(axis);
        }
        let mut cubes = merging.into_cubes();
        drop_covered(&mut cubes);
        merging = Merging::new(cubes);
        if merging.len() == before {
            break;
        }
    }
    merging.into_cubes()
}

/// Cubes of which those that differ on one axis only become one.
///
/// The hash of a cube is that of all its sides, put together so that one side can be taken out again. So most
/// cubes without a partner are told by a number.
pub(super) struct Merging {
    cubes: Vec<Cube>,
    hashes: Vec<u64>,
}

impl Merging {
    /// Nothing is merged yet.
    pub fn new(cubes: Vec<Cube>) -> Self {
        let hashes = cubes.iter().map(hash).collect();
        Merging { cubes, hashes }
    }

    /// How many cubes there are.
    pub fn len(&self) -> usize {
        self.cubes.len()
    }

    /// The cubes.
    pub fn into_cubes(self) -> Vec<Cube> {
        self.cubes
    }

    /// Merges the cubes that differ on this axis only.
    pub fn along(&mut self, axis: Axis) {
        let mut firsts: FxHashMap<u64, usize> = FxHashMap::default();
        let mut pairs = Vec::new();
        for (at, (cube, hash)) in self.cubes.iter().zip(&self.hashes).enumerate() {
            match firsts.entry(hash ^ side_hash(axis, cube.get(axis))) {
                Entry::Vacant(entry) => {
                    entry.insert(at);
                }
                Entry::Occupied(first) if is_same_but(axis, &self.cubes[*first.get()], cube) => {
                    pairs.push((*first.get(), at));
                }
                // Different cubes of one hash are no partners.
                Entry::Occupied(_) => {}
            }
        }
        if pairs.is_empty() {
            return;
        }
        pairs.sort_unstable();
        let mut stays = vec![true; self.cubes.len()];
        for group in pairs.chunk_by(|one, other| one.0 == other.0) {
            let first = group[0].0;
            let others = group.iter().map(|pair| pair.1);
            let values: Option<Vec<&Values>> =
                [first].into_iter().chain(others).map(|at| self.cubes[at].get(axis)).collect();
            let values = values.map(|values| Values::union(axis, values));
            let rest = std::mem::take(&mut self.cubes[first]).without(axis);
            self.cubes[first] = match values {
                Some(values) => rest.set(axis, values),
                None => rest,
            };
            self.hashes[first] = hash(&self.cubes[first]);
            group.iter().for_each(|pair| stays[pair.1] = false);
        }
        let mut stays_here = stays.iter();
        self.cubes.retain(|_| stays_here.next() == Some(&true));
        let mut stays_here = stays.iter();
        self.hashes.retain(|_| stays_here.next() == Some(&true));
    }
}

fn hash(cube: &Cube) -> u64 {
    cube.sides().iter().fold(0, |all, (axis, values)| all ^ side_hash(*axis, Some(values)))
}

fn side_hash(axis: Axis, values: Option<&Values>) -> u64 {
    values.map_or(0, |values| BuildHasherDefault::<FxHasher>::default().hash_one((axis, values)))
}

/// Do two cubes allow the same on all other axes?
fn is_same_but(axis: Axis, one: &Cube, other: &Cube) -> bool {
    let sides = |cube: &'_ Cube| cube.sides().len() - usize::from(cube.get(axis).is_some());
    sides(one) == sides(other)
        && one.sides().iter().all(|(each, values)| *each == axis || other.get(*each) == Some(values))
}

/// The axes that any of the cubes names, the last first: what splits late in a subtraction leaves
/// the most alike pieces behind.
fn axes(cubes: &[Cube]) -> Vec<Axis> {
    let mut axes: Vec<Axis> = cubes.iter().flat_map(Cube::sides).map(|side| side.0).collect();
    axes.sort_unstable_by(|a, b| b.cmp(a));
    axes.dedup();
    axes
}

/// Above this many cubes, looking for those that others cover takes longer than it is worth.
const FEW: usize = 2_000;

fn drop_covered(cubes: &mut Vec<Cube>) {
    if cubes.len() > FEW {
        return;
    }
    // What covers a cube lies about some of it at least; hulls tell that of most in a few nanoseconds.
    let mut hulls: Vec<Hull> = cubes.iter().map(Hull::of_cube).collect();
    let mut at = 0;
    while at < cubes.len() {
        let covers =
            |other: usize| other != at && hulls[other].meets(&hulls[at]) && cubes[other].covers(&cubes[at]);
        if (0..cubes.len()).any(covers) {
            cubes.remove(at);
            hulls.remove(at);
        } else {
            at += 1;
        }
    }
}
