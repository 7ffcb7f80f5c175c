//! A cross product of sets, one for each axis that it names.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::{Axis, Values};

/// A set of packets: those whose value on each named axis is among the given ones. Axes stand in
/// ascending order; none is named with all or no values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Cube {
    sides: SmallVec<[(Axis, Values); 4]>,
}

impl Cube {
    /// All packets.
    pub fn any() -> Self {
        Cube::default()
    }

    /// The named axes and their values, ascending by axis.
    pub fn sides(&self) -> &[(Axis, Values)] {
        &self.sides
    }

    /// The unknowns that it names, ascending.
    pub fn atoms(&self) -> impl Iterator<Item = u32> + '_ {
        self.sides.iter().filter_map(|(axis, _)| match axis {
            Axis::Atom(number) => Some(*number),
            _ => None,
        })
    }

    /// What it allows on an axis; `None` if anything.
    pub fn get(&self, axis: Axis) -> Option<&Values> {
        self.sides.binary_search_by_key(&axis, |side| side.0).ok().map(|at| &self.sides[at].1)
    }

    /// The packets of this cube whose value on an axis is among the given ones; `None` if there are
    /// none.
    pub fn with(mut self, axis: Axis, values: impl Into<Values>) -> Option<Cube> {
        self.narrow(axis, &values.into()).then_some(self)
    }

    /// Keeps the packets whose value on an axis is among the given ones. Are there any? If not, it stays as it was.
    pub(super) fn narrow(&mut self, axis: Axis, values: &Values) -> bool {
        match self.sides.binary_search_by_key(&axis, |side| side.0) {
            Ok(at) => {
                let both = self.sides[at].1.and(values);
                let is_any = !both.is_empty();
                if is_any {
                    self.sides[at].1 = both;
                }
                is_any
            }
            Err(_) if values.is_all(axis) => true,
            Err(_) if values.is_empty() => false,
            Err(at) => {
                debug_assert!(values.are_of(axis), "{axis:?} has no such values: {values:?}");
                self.sides.insert(at, (axis, values.clone()));
                true
            }
        }
    }

    /// The cube with an axis forgotten: its packets, and all that differ from them there only.
    pub fn without(mut self, axis: Axis) -> Cube {
        self.sides.retain(|side| side.0 != axis);
        self
    }

    /// The cube with the axes forgotten for which the test says so.
    pub fn forget(mut self, mut is_forgotten: impl FnMut(Axis) -> bool) -> Cube {
        self.sides.retain(|side| !is_forgotten(side.0));
        self
    }

    /// The cube with each axis called as it is told, or forgotten where that is `None`. No two axes may get one name.
    pub fn relabel(&self, name: impl Fn(Axis) -> Option<Axis>) -> Cube {
        let sides = self.sides.iter().filter_map(|(axis, values)| Some((name(*axis)?, values.clone())));
        let mut sides: SmallVec<_> = sides.collect();
        sides.sort_unstable_by_key(|side: &(Axis, Values)| side.0);
        Cube { sides }
    }

    /// The cube after each of its packets was given these values on an axis, whatever it had there. A packet
    /// cannot be given none: without values it stays as it was.
    pub fn set(mut self, axis: Axis, values: impl Into<Values>) -> Cube {
        let values = values.into();
        if values.is_empty() {
            return self;
        }
        if values.is_all(axis) {
            return self.without(axis);
        }
        self.put(axis, values);
        self
    }

    /// The packets in both; `None` if there are none.
    pub fn and(&self, other: &Cube) -> Option<Cube> {
        // Most pairs have nothing in common, and finding that out needs no memory.
        if !self.overlaps(other) {
            return None;
        }
        let mut sides = SmallVec::with_capacity(self.sides.len().max(other.sides.len()));
        let (mut left, mut right) = (self.sides(), other.sides());
        while let ([one, ours @ ..], [two, theirs @ ..]) = (left, right) {
            match one.0.cmp(&two.0) {
                Ordering::Less => {
                    sides.push(one.clone());
                    left = ours;
                }
                Ordering::Greater => {
                    sides.push(two.clone());
                    right = theirs;
                }
                Ordering::Equal => {
                    sides.push((one.0, one.1.and(&two.1)));
                    (left, right) = (ours, theirs);
                }
            }
        }
        sides.extend(left.iter().chain(right).cloned());
        Some(Cube { sides })
    }

    /// What must hold of a packet of the other cube for it to be in this one: the packets in both,
    /// without the sides that hold for all of the other. `None` if there are none, [`Cube::any`] if
    /// this cube covers the other.
    pub fn seen_from(&self, other: &Cube) -> Option<Cube> {
        if !self.overlaps(other) {
            return None;
        }
        let mut sides = SmallVec::new();
        let mut theirs = other.sides.iter().peekable();
        for (axis, values) in &self.sides {
            while theirs.next_if(|side| side.0 < *axis).is_some() {}
            match theirs.peek() {
                Some(side) if side.0 == *axis => {
                    if !values.covers(&side.1) {
                        sides.push((*axis, values.and(&side.1)));
                    }
                }
                _ => sides.push((*axis, values.clone())),
            }
        }
        Some(Cube { sides })
    }

    /// Is any packet in both?
    pub fn overlaps(&self, other: &Cube) -> bool {
        let mut theirs = other.sides();
        for (axis, values) in self.sides() {
            while let [first, rest @ ..] = theirs
                && first.0 < *axis
            {
                theirs = rest;
            }
            let Some(side) = theirs.first() else { return true };
            if side.0 == *axis && !side.1.overlaps(values) {
                return false;
            }
        }
        true
    }

    /// Is the packet with these values in it? An IPv4 address is any number of its block.
    pub fn contains(&self, mut packet: impl FnMut(Axis) -> u128) -> bool {
        self.sides.iter().all(|(axis, values)| values.contains(packet(*axis)))
    }

    /// Are all packets of the other in this cube?
    pub fn covers(&self, other: &Cube) -> bool {
        self.sides.iter().all(|(axis, values)| other.get(*axis).is_some_and(|theirs| values.covers(theirs)))
    }

    /// How large a part of the other cube it takes, on a logarithmic scale: 0 for all of it, about -8
    /// for a 256th. Only the order of the numbers means something.
    pub fn share_of(&self, other: &Cube) -> i32 {
        let parts = self.sides.iter().map(|(axis, values)| {
            let (both, whole) = match other.get(*axis) {
                Some(theirs) => (values.and(theirs).bits(), theirs.bits()),
                None => (values.bits(), Values::all(*axis).bits()),
            };
            both as i32 - whole as i32
        });
        parts.sum()
    }

    /// The packets of this cube that are not in the other, as disjoint cubes added to `rest`.
    pub fn minus(mut self, other: &Cube, rest: &mut Vec<Cube>) {
        if !self.overlaps(other) {
            rest.push(self);
            return;
        }
        // What is left of this cube lies inside of the other on all axes that were looked at.
        for (axis, values) in &other.sides {
            let (outside, both) = match self.get(*axis) {
                Some(mine) if values.covers(mine) => continue,
                Some(mine) => (mine.minus(values), mine.and(values)),
                None => (Values::all(*axis).minus(values), values.clone()),
            };
            let mut piece = self.clone();
            piece.put(*axis, outside);
            rest.push(piece);
            self.put(*axis, both);
        }
    }

    /// Names an axis, anew or for the first time, with some but not all of its values.
    fn put(&mut self, axis: Axis, values: Values) {
        debug_assert!(values.are_of(axis), "{axis:?} has no such values: {values:?}");
        match self.sides.binary_search_by_key(&axis, |side| side.0) {
            Ok(at) => self.sides[at].1 = values,
            Err(at) => self.sides.insert(at, (axis, values)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Cube, Ranges};

    #[test]
    fn a_cube_that_is_given_no_values_stays_as_it_was() {
        let cube = Cube::any().set(Axis::Protocol, Ranges::single(6));
        assert_eq!(cube.clone().set(Axis::Protocol, Ranges::none()), cube);
        assert_eq!(cube.clone().set(Axis::SourcePort, Ranges::none()), cube);
        assert_eq!(cube.clone().set(Axis::Protocol, Ranges::new(0, 255)), Cube::any());
    }
}
