//! Sets of numbers as sorted, disjoint, non-adjacent ranges.

use std::sync::Arc;

/// A set of numbers. Ranges are inclusive at both ends, ascending, and neither overlap nor touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ranges {
    /// One range, the common case, without an allocation.
    One(u128, u128),
    /// None, or two and more.
    Many(Arc<[(u128, u128)]>),
}

impl Ranges {
    /// The empty set.
    pub fn none() -> Self {
        Ranges::Many(Arc::from([]))
    }

    /// One number.
    pub fn single(value: u128) -> Self {
        Ranges::One(value, value)
    }

    /// All numbers from `low` to `high`; none if `low > high`.
    pub fn new(low: u128, high: u128) -> Self {
        if low <= high { Ranges::One(low, high) } else { Ranges::none() }
    }

    /// The union of ranges in any order, overlapping or not; those with `low > high` are empty.
    pub fn union(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if last.1 == u128::MAX || low <= last.1 + 1 => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self::from_sorted(merged)
    }

    /// From ranges that already fulfil the invariant.
    fn from_sorted(ranges: Vec<(u128, u128)>) -> Self {
        match ranges[..] {
            [(low, high)] => Ranges::One(low, high),
            _ => Ranges::Many(ranges.into()),
        }
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u128, u128)> + '_ {
        let (one, many) = match self {
            Ranges::One(low, high) => (Some((*low, *high)), &[][..]),
            Ranges::Many(ranges) => (None, &ranges[..]),
        };
        one.into_iter().chain(many.iter().copied())
    }

    /// Is it the empty set?
    pub fn is_empty(&self) -> bool {
        matches!(self, Ranges::Many(ranges) if ranges.is_empty())
    }

    /// Is the number in it?
    pub fn contains(&self, value: u128) -> bool {
        match self {
            Ranges::One(low, high) => (*low..=*high).contains(&value),
            Ranges::Many(ranges) => {
                let at = ranges.partition_point(|range| range.1 < value);
                ranges.get(at).is_some_and(|range| range.0 <= value)
            }
        }
    }

    /// Its only number, if it has just one.
    pub fn only(&self) -> Option<u128> {
        match self {
            Ranges::One(low, high) if low == high => Some(*low),
            _ => None,
        }
    }

    /// The smallest number, if any.
    pub fn first(&self) -> Option<u128> {
        self.iter().next().map(|range| range.0)
    }

    /// How many numbers, capped at `u128::MAX`.
    pub fn count(&self) -> u128 {
        self.iter().fold(0, |sum: u128, (low, high)| sum.saturating_add((high - low).saturating_add(1)))
    }

    /// The numbers that are in both.
    pub fn and(&self, other: &Ranges) -> Ranges {
        if let (Ranges::One(a, b), Ranges::One(c, d)) = (self, other) {
            return Ranges::new(*a.max(c), *b.min(d));
        }
        let mut both = Vec::new();
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(&(a, b)), Some(&(c, d))) = (left.peek(), right.peek()) {
            if a.max(c) <= b.min(d) {
                both.push((a.max(c), b.min(d)));
            }
            if b < d {
                left.next()
            } else {
                right.next()
            };
        }
        Self::from_sorted(both)
    }

    /// Is any number in both?
    pub fn overlaps(&self, other: &Ranges) -> bool {
        if let (Ranges::One(a, b), Ranges::One(c, d)) = (self, other) {
            return a.max(c) <= b.min(d);
        }
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        while let (Some(&(a, b)), Some(&(c, d))) = (left.peek(), right.peek()) {
            if a.max(c) <= b.min(d) {
                return true;
            }
            if b < d {
                left.next()
            } else {
                right.next()
            };
        }
        false
    }

    /// The numbers that are in either.
    pub fn or(&self, other: &Ranges) -> Ranges {
        Self::union(self.iter().chain(other.iter()))
    }

    /// The numbers of this set that are not in the other.
    pub fn minus(&self, other: &Ranges) -> Ranges {
        let mut rest = Vec::new();
        let mut cuts = other.iter().peekable();
        for (mut low, high) in self.iter() {
            while cuts.next_if(|cut| cut.1 < low).is_some() {}
            let mut used_up = false;
            while let Some(&(from, to)) = cuts.peek() {
                if from > high {
                    break;
                }
                if from > low {
                    rest.push((low, from - 1));
                }
                if to >= high {
                    used_up = true;
                    break;
                }
                low = to + 1;
                cuts.next();
            }
            if !used_up {
                rest.push((low, high));
            }
        }
        Self::from_sorted(rest)
    }

    /// The numbers from 0 to `max` that are not in it.
    pub fn complement(&self, max: u128) -> Ranges {
        Ranges::new(0, max).minus(self)
    }

    /// Are all numbers of the other in this set?
    pub fn covers(&self, other: &Ranges) -> bool {
        match (self, other) {
            (Ranges::One(a, b), Ranges::One(c, d)) => a <= c && d <= b,
            _ => other.minus(self).is_empty(),
        }
    }
}
