//! The packet algebra against brute force: on a space that is a coarse grid over axes of real width,
//! each set of packets is also a set of grid cells, and the two must say the same.

use std::collections::BTreeSet;

use fwlint::packet::{Axis, Cover, Cube, Masks, PacketSet, Ranges, Values, Words};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

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

    #[test]
    fn a_set_stays_the_same_in_other_cubes(set in any_set()) {
        let all = cells_of(&set);
        prop_assert_eq!(&disjoint_cells(&set.disjoint().expect("a small space has few pieces")), &all);
        let simple = set.simplify();
        prop_assert_eq!(&cells_of(&simple), &all);
        prop_assert!(simple.cubes().len() <= set.cubes().len());
        prop_assert_eq!(set.sample().is_none(), all.is_empty());
        if let Some(packet) = set.sample() {
            prop_assert!(set.covers(&packet.into()).expect("a small space has few pieces"));
        }
        let one_by_one = set.clone().map(|cube| cube.with(Axis::Nat, Ranges::new(0, 1)));
        let low = |cell: &usize| place(*cell, 3) <= 1;
        prop_assert_eq!(cells_of(&one_by_one), all.iter().copied().filter(low).collect::<Cells>());
        let forgotten = cells_of(&set.forget(|axis| axis == Axis::Destination));
        let alike = |cell: usize| (0..4).map(move |place| cell & !0b110 | place << 1);
        prop_assert_eq!(forgotten, all.iter().copied().flat_map(alike).collect::<Cells>());
    }

    #[test]
    fn cubes_combine_as_their_cells_do(a in any_cube(), b in any_cube()) {
        let (left, right) = (cells(&a), cells(&b));
        let both: Cells = left.intersection(&right).copied().collect();
        prop_assert_eq!(a.and(&b).map(|cube| cells(&cube)).unwrap_or_default(), both.clone());
        prop_assert_eq!(a.overlaps(&b), !both.is_empty());
        prop_assert_eq!(a.covers(&b), right.is_subset(&left));
        prop_assert_eq!(a.seen_from(&b).is_none(), both.is_empty());
        if let Some(seen) = a.seen_from(&b) {
            prop_assert_eq!(cells(&seen).intersection(&right).copied().collect::<Cells>(), both);
            prop_assert_eq!(seen == Cube::any(), a.covers(&b));
        }
        let mut rest = Vec::new();
        a.clone().minus(&b, &mut rest);
        let rest = disjoint_cells(&PacketSet::from_cubes(rest));
        prop_assert_eq!(rest, left.difference(&right).copied().collect::<Cells>());
        prop_assert_eq!(Words::within(&Cube::any()).cube(&a) == "everything", a == Cube::any());
    }

    #[test]
    fn ranges_combine_as_bitmaps_do(scale in select(vec![0u32, 1, 7, 28, 29, 33, 37, 60, 64, 92, 96, 120, 124]), a: u16, b: u16) {
        let (left, right) = (from_bitmap(scale, a), from_bitmap(scale, b));
        prop_assert_eq!(left.and(&right), from_bitmap(scale, a & b));
        prop_assert_eq!(left.or(&right), from_bitmap(scale, a | b));
        prop_assert_eq!(left.minus(&right), from_bitmap(scale, a & !b));
        let all = from_bitmap(scale, u16::MAX);
        prop_assert_eq!(left.complement(all.last().unwrap_or(0)), from_bitmap(scale, !a));
        prop_assert_eq!(left.overlaps(&right), a & b != 0);
        prop_assert_eq!(left.covers(&right), b & !a == 0);
        prop_assert_eq!(left.is_empty(), a == 0);
        prop_assert_eq!(left.first(), (a != 0).then(|| u128::from(a.trailing_zeros()) << scale));
        prop_assert_eq!(left.last(), (a != 0).then(|| end(scale, 15 - a.leading_zeros())));
        prop_assert_eq!(left.count(), left.iter().map(|(low, high)| (high - low).saturating_add(1)).fold(0, u128::saturating_add));
        let whole = (u128::from(a.count_ones()) << scale).max(if a == u16::MAX { end(scale, 15) } else { 0 });
        prop_assert_eq!(left.count(), whole);
        for cell in 0..16 {
            let is_in = a >> cell & 1 == 1;
            prop_assert_eq!(left.contains(u128::from(cell) << scale), is_in);
            prop_assert_eq!(left.contains(end(scale, cell)), is_in);
        }
        // The same numbers, put together in another way, are the same value.
        let again = (0..16).rev().filter(|cell| a >> cell & 1 == 1).fold(Ranges::none(), |sum, cell| {
            sum.or(&Ranges::new(u128::from(cell) << scale, end(scale, cell)))
        });
        prop_assert_eq!(&left, &again);
        prop_assert_eq!(left.as_one(), if left.iter().count() == 1 { left.iter().next() } else { None });
        prop_assert_eq!(left.only(), left.as_one().filter(|(low, high)| low == high).map(|range| range.0));
    }

    #[test]
    fn masks_combine_as_sets_of_marks_do(
        a in any_masks(),
        b in any_masks(),
        and in 0u32..16,
        xor in 0u32..16,
        bits in 0u32..16,
    ) {
        let (left, right) = (marks(&a), marks(&b));
        prop_assert_eq!(marks(&a.and(&b)), left.intersection(&right).copied().collect::<Cells>());
        prop_assert_eq!(marks(&a.or(&b)), left.union(&right).copied().collect::<Cells>());
        prop_assert_eq!(marks(&a.minus(&b)), left.difference(&right).copied().collect::<Cells>());
        prop_assert_eq!(a.overlaps(&b), !left.is_disjoint(&right));
        prop_assert_eq!(a.covers(&b), right.is_subset(&left));
        prop_assert_eq!(a.is_empty(), left.is_empty());
        prop_assert_eq!(a.is_all(), left.len() == 16);
        prop_assert_eq!(a.count(), (left.len() as u64) << 28);
        prop_assert_eq!(a.first().is_some_and(|mark| left.contains(&(mark as usize & 15))), !left.is_empty());
        // The high bits stay as they are, unknown.
        let changed = a.change(!0xf | and, xor);
        let expected = left.iter().map(|mark| mark & and as usize ^ xor as usize);
        prop_assert_eq!(marks(&changed), expected.collect::<Cells>());
        let alike = (0..16).filter(|mark| left.iter().any(|kept| (kept ^ mark) & !bits as usize & 15 == 0));
        prop_assert_eq!(marks(&a.forget(bits)), alike.collect::<Cells>());
    }
}

/// Sixteen cells of a size that is a power of two, as bits.
fn from_bitmap(scale: u32, cells: u16) -> Ranges {
    let chosen = (0..16u32).filter(|cell| cells >> cell & 1 == 1);
    Ranges::union(chosen.map(|cell| (u128::from(cell) << scale, end(scale, cell))))
}

/// The last number of a cell.
fn end(scale: u32, cell: u32) -> u128 {
    (u128::from(cell) << scale) + ((1 << scale) - 1)
}

/// Masks that look at the lowest four bits only.
fn any_masks() -> impl Strategy<Value = Masks> {
    let patterns = vec((0u32..16, 0u32..16), 0..5);
    patterns.prop_map(|patterns| {
        patterns.into_iter().fold(Masks::none(), |sum, (mask, value)| sum.or(&Masks::new(mask, value & mask)))
    })
}

/// The marks by their lowest four bits, after a look at what must hold of masks.
fn marks(masks: &Masks) -> Cells {
    let holding = |mark: u32| masks.patterns().iter().filter(|(mask, value)| mark & mask == *value).count();
    let marks: Cells = (0..16).filter(|&mark| masks.contains(mark)).map(|mark| mark as usize).collect();
    for mark in 0..16 {
        assert!(holding(mark) <= 1, "patterns are disjoint: {masks:?}");
        assert_eq!(masks.contains(mark), masks.contains(mark | 0x5a5a_5a50), "{masks:?}");
    }
    marks
}
