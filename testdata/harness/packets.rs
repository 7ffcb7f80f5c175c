//! The packet algebra against brute force: on a space that is a coarse grid over axes of real width,
//! each set of packets is also a set of grid cells, and the two must say the same.

use std::collections::BTreeSet;

use fwlint::packet::{Axis, Cover, Cube, Masks, PacketSet, Ranges, Values};
use proptest::collection::vec;
use proptest::prelude::*;

/// The axes of the grid, with the binary logarithm of the number of cells of each.
const GRID: [(Axis, u32); 6] = [
    (Axis::Family, 1),
    (Axis::Destination, 2),
    (Axis::DestinationPort, 2),
    (Axis::Nat, 2),
    (Axis::Mark, 2),
    (Axis::Atom(7), 1),
];

/// How many cells there are in all.
const CELLS: usize = 1 << 10;

/// The cells of a set of packets: the brute force.
type Cells = BTreeSet<usize>;

/// The number of a cell on one axis.
fn place(cell: usize, axis: usize) -> usize {
    let below: u32 = GRID[..axis].iter().map(|side| side.1).sum();
    cell >> below & ((1 << GRID[axis].1) - 1)
}

/// The smallest and the largest value of a cell on one axis.
fn corners(axis: Axis, cells: u32, place: usize) -> (u128, u128) {
    if axis == Axis::Mark {
        return (place as u128, 0xffff_fff0 | place as u128);
    }
    let free = axis.max() >> cells;
    let low = place as u128 * (free + 1);
    (low, low + free)
}

/// The values of some cells of one axis, given as bits.
fn values(axis: Axis, cells: u32, chosen: u32) -> Values {
    let places = (0..1usize << cells).filter(|place| chosen >> place & 1 == 1);
    if axis == Axis::Mark {
        let masks = places.map(|place| Masks::new(3, place as u32));
        return masks.fold(Masks::none(), |sum, mask| sum.or(&mask)).into();
    }
    Ranges::union(places.map(|place| corners(axis, cells, place))).into()
}

/// A cube that is not empty, by the cells that it has on each axis.
fn any_cube() -> impl Strategy<Value = Cube> {
    let side = |at: usize| {
        let (axis, cells) = GRID[at];
        let all = (1u32 << (1 << cells)) - 1;
        prop_oneof![2 => Just(None), 3 => (1..=all).prop_map(move |chosen| Some(values(axis, cells, chosen)))]
    };
    (side(0), side(1), side(2), side(3), side(4), side(5)).prop_map(|sides| {
        let sides = [sides.0, sides.1, sides.2, sides.3, sides.4, sides.5];
        let named = sides.into_iter().zip(GRID).filter_map(|(values, (axis, _))| Some((axis, values?)));
        named.fold(Cube::any(), |cube, (axis, values)| cube.with(axis, values).expect("none is empty"))
    })
}

fn any_set() -> impl Strategy<Value = PacketSet> {
    vec(any_cube(), 0..4).prop_map(PacketSet::from_cubes)
}

/// The cells of a cube, after a look at what must hold of each cube.
fn cells(cube: &Cube) -> Cells {
    assert!(cube.sides().windows(2).all(|pair| pair[0].0 < pair[1].0), "axes ascend: {cube:?}");
    for (axis, values) in cube.sides() {
        assert!(!values.is_empty(), "no side is empty: {cube:?}");
        assert!(!values.is_all(*axis), "no side is full: {cube:?}");
    }
    let has = |cell: usize, high: bool| {
        cube.contains(|axis| {
            let at = GRID.iter().position(|side| side.0 == axis).expect("an axis of the grid");
            let (low_value, high_value) = corners(axis, GRID[at].1, place(cell, at));
            if high { high_value } else { low_value }
        })
    };
    (0..CELLS).filter(|&cell| has(cell, false)).inspect(|&cell| assert!(has(cell, true))).collect()
}

fn cells_of(set: &PacketSet) -> Cells {
    set.cubes().iter().flat_map(cells).collect()
}

/// The cells of cubes that must be disjoint.
fn disjoint_cells(set: &PacketSet) -> Cells {
    let all = cells_of(set);
    let sum: usize = set.cubes().iter().map(|cube| cells(cube).len()).sum();
    assert_eq!(all.len(), sum, "disjoint: {set:?}");
    all
}

/// What a cover of the given cubes takes from number `since` on.
fn taken(cubes: &[Cube], retired: &[usize], since: usize) -> Cells {
    let active = (since..cubes.len()).filter(|number| !retired.contains(number));
    active.flat_map(|number| cells(&cubes[number])).collect()
}

proptest! {
    #[test]
    fn a_cover_answers_as_brute_force(
        cubes in vec(any_cube(), 0..12),
        retired in vec(0usize..12, 0..3),
        since in 0usize..4,
        asked in any_cube(),
    ) {
        let mut cover = Cover::new();
        for (number, cube) in cubes.iter().enumerate() {
            prop_assert_eq!(cover.push(cube.clone(), number as u32 / 2), number);
        }
        let retired: Vec<usize> = retired.into_iter().filter(|&number| number < cubes.len()).collect();
        retired.iter().for_each(|&number| cover.retire(number));
        let since = since.min(cubes.len());
        let left: Cells = cells(&asked).difference(&taken(&cubes, &retired, since)).copied().collect();

        let pieces = cover.uncovered(&asked, since, 10_000).expect("a small space has few pieces");
        prop_assert_eq!(&disjoint_cells(&pieces), &left);
        match cover.escapes(&asked, since, 10_000).expect("a small space has few pieces") {
            Some(piece) => prop_assert!(cells(&piece).is_subset(&left) && !cells(&piece).is_empty()),
            None => prop_assert!(left.is_empty()),
        }

        let owners = cover.coverers(&asked, since);
        prop_assert_eq!(owners.is_empty(), !left.is_empty());
        let covers_without = |left_out: Option<u32>| {
            let numbers = (since..cubes.len()).filter(|number| !retired.contains(number));
            let named = numbers.filter(|&number| {
                owners.contains(&(number as u32 / 2)) && Some(number as u32 / 2) != left_out
            });
            let union: Cells = named.flat_map(|number| cells(&cubes[number])).collect();
            cells(&asked).is_subset(&union)
        };
        if !owners.is_empty() {
            prop_assert!(covers_without(None));
            owners.iter().for_each(|&owner| assert!(!covers_without(Some(owner)), "{owner} is not needed"));
        }
    }

    #[test]
    fn sets_combine_as_their_cells_do(a in any_set(), b in any_set()) {
        let (left, right) = (cells_of(&a), cells_of(&b));
        prop_assert_eq!(cells_of(&a.and(&b)), left.intersection(&right).copied().collect::<Cells>());
        prop_assert_eq!(cells_of(&a.minus(&b).expect("a small space has few pieces")), left.difference(&right).copied().collect::<Cells>());
        prop_assert_eq!(a.overlaps(&b), !left.is_disjoint(&right));
        prop_assert_eq!(a.covers(&b).expect("a small space has few pieces"), right.is_subset(&left));
        prop_assert_eq!(a.minus(&b).expect("a small space has few pieces").is_empty(), left.is_subset(&right));
        let mut both = a.clone();
        both.add(b);
        prop_assert_eq!(cells_of(&both), left.union(&right).copied().collect::<Cells>());
    }
}
