//! Fewer cubes for the same packets.

use std::collections::HashMap;

use super::{Axis, Cube, Values};

/// The same packets in fewer cubes: those that differ on one axis only become one, and what another
/// cube covers is left out. Not the fewest possible. The order stays that of the first of each.
pub(super) fn merge(mut cubes: Vec<Cube>) -> Vec<Cube> {
    while cubes.len() > 1 {
        let before = cubes.len();
        for axis in axes(&cubes) {
            cubes = merge_along(cubes, axis);
        }
        drop_covered(&mut cubes);
        if cubes.len() == before {
            break;
        }
    }
    cubes
}

/// Merges the cubes that differ on this axis only.
pub(super) fn merge_along(cubes: Vec<Cube>, axis: Axis) -> Vec<Cube> {
    let mut groups: Vec<(Cube, Vec<Option<Values>>)> = Vec::new();
    let mut known = HashMap::new();
    for cube in cubes {
        let values = cube.get(axis).cloned();
        let rest = cube.without(axis);
        let at = *known.entry(rest.clone()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.1.push(values),
            None => groups.push((rest, vec![values])),
        }
    }
    let merged = groups.into_iter().map(|(rest, values)| {
        let named: Option<Vec<Values>> = values.into_iter().collect();
        match named {
            Some(values) => rest.set(axis, Values::union(axis, &values)),
            None => rest,
        }
    });
    merged.collect()
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
    let mut at = 0;
    while at < cubes.len() {
        let covers = |(other, cube): (usize, &Cube)| other != at && cube.covers(&cubes[at]);
        if cubes.iter().enumerate().any(covers) {
            cubes.remove(at);
        } else {
            at += 1;
        }
    }
}
