//! A small reduced ordered binary decision diagram: a second, wholly different way to compute with
//! packet sets, slow and simple, to hold the cubes against.

use std::collections::HashMap;

use fwlint::packet::{Axis, Cube, Masks, Ranges, Values};

/// A set of packets: the number of a node. Equal sets have equal numbers.
pub type Set = u32;

/// No packet.
pub const NONE: Set = 0;

/// All packets.
pub const ALL: Set = 1;

/// The axes in the order of their variables, with their widths in bits.
const AXES: [(Axis, u32); 9] = [
    (Axis::Family, 1),
    (Axis::Protocol, 8),
    (Axis::DestinationPort, 16),
    (Axis::Destination, 128),
    (Axis::Source, 128),
    (Axis::SourcePort, 16),
    (Axis::State, 3),
    (Axis::InInterface, 128),
    (Axis::Mark, 32),
];

/// All nodes that were ever made.
#[derive(Default)]
pub struct Bdd {
    /// Variable, and the set where it is 0 and where it is 1.
    nodes: Vec<(u32, Set, Set)>,
    unique: HashMap<(u32, Set, Set), Set>,
    done: HashMap<(Operation, Set, Set), Set>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
    Minus,
}

impl Bdd {
    pub fn new() -> Self {
        let end = (u32::MAX, NONE, NONE);
        Bdd { nodes: vec![end, end], ..Bdd::default() }
    }

    pub fn and(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::And, a, b)
    }

    pub fn or(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::Or, a, b)
    }

    pub fn minus(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::Minus, a, b)
    }

    /// The packets of a cube. Axes that have fewer values than their bits allow are kept to those.
    pub fn cube(&mut self, cube: &Cube) -> Set {
        let mut set = ALL;
        let mut first = 0;
        for (axis, width) in AXES {
            let values = cube.get(axis).cloned().or_else(|| (axis == Axis::State).then(|| Values::all(axis)));
            let here = match values {
                Some(Values::Ranges(ranges)) => self.ranges(first, width, &ranges),
                Some(marks) => self.masks(first, &marks.marks()),
                None => ALL,
            };
            set = self.and(set, here);
            first += width;
        }
        let known = |axis: Axis| AXES.iter().any(|entry| entry.0 == axis);
        assert!(cube.sides().iter().all(|side| known(side.0)), "an axis that is not modelled: {cube:?}");
        set
    }

    fn ranges(&mut self, first: u32, width: u32, ranges: &Ranges) -> Set {
        let mut set = NONE;
        for (low, high) in ranges.iter() {
            let from = self.bound(first, width, low, true);
            let to = self.bound(first, width, high, false);
            let range = self.and(from, to);
            set = self.or(set, range);
        }
        set
    }

    /// The numbers from a bound on, or up to it, built from the last bit to the first.
    fn bound(&mut self, first: u32, width: u32, bound: u128, from: bool) -> Set {
        (0..width).fold(ALL, |set, bit| {
            let variable = first + width - 1 - bit;
            match (bound >> bit & 1 == 1, from) {
                (true, true) => self.node(variable, NONE, set),
                (false, true) => self.node(variable, set, ALL),
                (true, false) => self.node(variable, ALL, set),
                (false, false) => self.node(variable, set, NONE),
            }
        })
    }

    fn masks(&mut self, first: u32, masks: &Masks) -> Set {
        let mut all = NONE;
        for &(mask, value) in masks.patterns() {
            let pattern = (0..32).filter(|bit| mask >> bit & 1 == 1).fold(ALL, |set, bit| {
                let (zero, one) = if value >> bit & 1 == 1 { (NONE, set) } else { (set, NONE) };
                self.node(first + 31 - bit, zero, one)
            });
            all = self.or(all, pattern);
        }
        all
    }

    fn node(&mut self, variable: u32, zero: Set, one: Set) -> Set {
        if zero == one {
            return zero;
        }
        let Bdd { nodes, unique, .. } = self;
        *unique.entry((variable, zero, one)).or_insert_with(|| {
            nodes.push((variable, zero, one));
            nodes.len() as Set - 1
        })
    }

    fn apply(&mut self, operation: Operation, a: Set, b: Set) -> Set {
        match (operation, a, b) {
            (Operation::And, NONE, _) | (Operation::And, _, NONE) => return NONE,
            (Operation::And, ALL, other) | (Operation::And, other, ALL) => return other,
            (Operation::Or, ALL, _) | (Operation::Or, _, ALL) => return ALL,
            (Operation::Or, NONE, other) | (Operation::Or, other, NONE) => return other,
            (Operation::Minus, NONE, _) | (Operation::Minus, _, ALL) => return NONE,
            (Operation::Minus, _, NONE) => return a,
            (Operation::Minus, _, _) if a == b => return NONE,
            (_, _, _) if a == b => return a,
            _ => {}
        }
        if let Some(&known) = self.done.get(&(operation, a, b)) {
            return known;
        }
        let (left, right) = (self.nodes[a as usize], self.nodes[b as usize]);
        let variable = left.0.min(right.0);
        let (a0, a1) = if left.0 == variable { (left.1, left.2) } else { (a, a) };
        let (b0, b1) = if right.0 == variable { (right.1, right.2) } else { (b, b) };
        let zero = self.apply(operation, a0, b0);
        let one = self.apply(operation, a1, b1);
        let set = self.node(variable, zero, one);
        self.done.insert((operation, a, b), set);
        set
    }
}
