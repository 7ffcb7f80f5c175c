//! Sets of numbers as sorted, disjoint, non-adjacent ranges.

use std::fmt;
use std::sync::Arc;

/// A set of numbers. Cheap to copy; what rules mostly say (a port, a prefix, an interface) stands in
/// 16 bytes without an allocation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Ranges(Form);

/// Each set has one form only, the first that fits, so that equal sets are equal values.
///
/// Copies are made all the time. No field is narrower than 32 bits, so that each form is copied in whole words: bytes
/// beside the tag were copied in parts that overlap, and the processor waited for one part before it read the next.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    None,
    /// From `top << 32 | low` on, `span` numbers more: ports, protocols, users.
    Small {
        top: u32,
        low: u32,
        span: u32,
    },
    /// All numbers that begin with the first `length` bits of `bits << 64`, which has no others:
    /// address prefixes, interface names.
    Prefix {
        length: u32,
        bits: u64,
    },
    /// Inclusive at both ends, ascending, neither overlapping nor touching.
    Many(Arc<Vec<(u128, u128)>>),
}

impl fmt::Debug for Ranges {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl Ranges {
    /// The empty set.
    pub fn none() -> Self {
        Ranges(Form::None)
    }

    /// One number.
    pub fn single(value: u128) -> Self {
        Self::one(value, value)
    }

    /// All numbers from `low` to `high`; none if `low > high`.
    pub fn new(low: u128, high: u128) -> Self {
        if low <= high { Self::one(low, high) } else { Ranges::none() }
    }

    /// The union of ranges in any order, overlapping or not; those with `low > high` are empty.
    pub fn union(ranges: impl IntoIterator<Item = (u128, u128)>) -> Self {
        let mut ranges = ranges.into_iter().filter(|(low, high)| low <= high);
        // Most unions are of one range, and that needs no memory.
        let Some(first) = ranges.next() else { return Ranges::none() };
        let Some(second) = ranges.next() else { return Self::one(first.0, first.1) };
        let mut ranges: Vec<_> = [first, second].into_iter().chain(ranges).collect();
        if !ranges.is_sorted() {
            ranges.sort_unstable();
        }
        ranges.dedup_by(|next, last| {
            let joins = last.1 == u128::MAX || next.0 <= last.1 + 1;
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        Self::from_sorted(ranges)
    }

    /// From one range, which must not be empty.
    fn one(low: u128, high: u128) -> Self {
        let varying = low ^ high;
        Ranges(match u32::try_from(high - low) {
            Ok(span) if low >> 40 == 0 => Form::Small { top: (low >> 32) as u32, low: low as u32, span },
            _ if varying & varying.wrapping_add(1) == 0 && low & varying == 0 && low as u64 == 0 => {
                Form::Prefix { length: varying.leading_zeros(), bits: (low >> 64) as u64 }
            }
            _ => Form::Many(Arc::new(vec![(low, high)])),
        })
    }

    /// From ranges that are in order already.
    fn from_sorted(ranges: Vec<(u128, u128)>) -> Self {
        match ranges[..] {
            [] => Ranges::none(),
            [(low, high)] => Self::one(low, high),
            _ => Ranges(Form::Many(Arc::new(ranges))),
        }
    }

    /// The range, if it is just one.
    pub fn as_one(&self) -> Option<(u128, u128)> {
        match &self.0 {
            Form::None => None,
            Form::Small { top, low, span } => {
                let low = u128::from(*top) << 32 | u128::from(*low);
                Some((low, low + u128::from(*span)))
            }
            Form::Prefix { length, bits } => {
                let low = u128::from(*bits) << 64;
                Some((low, low | u128::MAX.checked_shr(*length).unwrap_or(0)))
            }
            Form::Many(ranges) => match ranges[..] {
                [range] => Some(range),
                _ => None,
            },
        }
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u128, u128)> + '_ {
        let many = self.many();
        let one = if many.is_empty() { self.as_one() } else { None };
        one.into_iter().chain(many.iter().copied())
    }

    /// The ranges where they are stored as such.
    fn many(&self) -> &[(u128, u128)] {
        match &self.0 {
            Form::Many(ranges) => ranges,
            _ => &[],
        }
    }

    /// The stored ranges that begin at a number or later, and the one that holds it.
    fn many_from(&self, low: u128) -> &[(u128, u128)] {
        let many = self.many();
        &many[many.partition_point(|range| range.1 < low)..]
    }

    /// Is it the empty set?
    pub fn is_empty(&self) -> bool {
        self.0 == Form::None
    }

    /// Is the number in it?
    pub fn contains(&self, value: u128) -> bool {
        self.overlaps_range(value, value)
    }

    /// Its only number, if it has just one.
    pub fn only(&self) -> Option<u128> {
        self.as_one().filter(|(low, high)| low == high).map(|range| range.0)
    }

    /// The smallest number and the largest, if there are any.
    pub fn ends(&self) -> Option<(u128, u128)> {
        match self.many() {
            [(low, _), .., (_, high)] => Some((*low, *high)),
            _ => self.as_one(),
        }
    }

    /// The smallest number, if any.
    pub fn first(&self) -> Option<u128> {
        self.ends().map(|ends| ends.0)
    }

    /// The largest number, if any.
    pub fn last(&self) -> Option<u128> {
        self.ends().map(|ends| ends.1)
    }

    /// How many numbers, capped at `u128::MAX`.
    pub fn count(&self) -> u128 {
        self.iter().fold(0, |sum: u128, (low, high)| sum.saturating_add((high - low).saturating_add(1)))
    }

    /// Its ends, where it is one small range: the common case, which needs no more than words of the processor.
    fn small(&self) -> Option<(u64, u64)> {
        match self.0 {
            Form::Small { top, low, span } => {
                let low = u64::from(top) << 32 | u64::from(low);
                Some((low, low + u64::from(span)))
            }
            _ => None,
        }
    }

    /// Is it surely the same set, as told at a glance? Sets that were copied from each other are.
    fn is_same(&self, other: &Ranges) -> bool {
        match (&self.0, &other.0) {
            (Form::Many(one), Form::Many(other)) => Arc::ptr_eq(one, other),
            (Form::Many(_), _) | (_, Form::Many(_)) => false,
            (one, other) => one == other,
        }
    }

    /// The numbers that are in both.
    pub fn and(&self, other: &Ranges) -> Ranges {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            let (low, high) = (a.max(c), b.min(d));
            return Ranges(match high.checked_sub(low) {
                Some(span) => Form::Small { top: (low >> 32) as u32, low: low as u32, span: span as u32 },
                None => Form::None,
            });
        }
        if self.is_same(other) {
            return self.clone();
        }
        if let (Form::Prefix { length: a, .. }, Form::Prefix { length: b, .. }) = (&self.0, &other.0) {
            // Of two prefixes one holds the other, or they have nothing in common.
            let narrower = if a >= b { self } else { other };
            return if self.overlaps(other) { narrower.clone() } else { Ranges::none() };
        }
        match (self.as_one(), other.as_one()) {
            (Some((a, b)), Some((c, d))) => Ranges::new(a.max(c), b.min(d)),
            (Some(range), None) => other.within(range),
            (None, Some(range)) => self.within(range),
            (None, None) => {
                let mut both = Vec::new();
                meet(self.many(), other.many(), |low, high| {
                    both.push((low, high));
                    true
                });
                // What was not narrowed stays a copy, and is known again at a glance.
                match both {
                    both if both == self.many() => self.clone(),
                    both if both == other.many() => other.clone(),
                    both => Self::from_sorted(both),
                }
            }
        }
    }

    /// The numbers of it from `low` to `high`.
    fn within(&self, (low, high): (u128, u128)) -> Ranges {
        let (first, last) = (self.first(), self.last());
        if first.is_some_and(|first| low <= first) && last.is_some_and(|last| last <= high) {
            return self.clone();
        }
        let inside = self.many_from(low).iter().take_while(|range| range.0 <= high);
        Self::from_sorted(inside.map(|&(from, to)| (from.max(low), to.min(high))).collect())
    }

    /// Is any number in both?
    pub fn overlaps(&self, other: &Ranges) -> bool {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            return a <= d && c <= b;
        }
        match (&self.0, &other.0) {
            (Form::Prefix { length: a, bits: one }, Form::Prefix { length: b, bits: two }) => {
                (one ^ two).leading_zeros() >= (*a.min(b)).min(64)
            }
            (Form::Many(a), Form::Many(b)) => Arc::ptr_eq(a, b) || !meet(a, b, |_, _| false),
            (_, Form::Many(_)) => self.as_one().is_some_and(|(low, high)| other.overlaps_range(low, high)),
            _ => other.as_one().is_some_and(|(low, high)| self.overlaps_range(low, high)),
        }
    }

    fn overlaps_range(&self, low: u128, high: u128) -> bool {
        match self.as_one() {
            Some((from, to)) => from <= high && low <= to,
            None => self.many_from(low).first().is_some_and(|range| range.0 <= high),
        }
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
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small()) {
            return a <= c && d <= b;
        }
        if self.is_same(other) {
            return true;
        }
        if let (Form::Prefix { length: a, .. }, Form::Prefix { length: b, .. }) = (&self.0, &other.0) {
            return a <= b && self.overlaps(other);
        }
        // No two ranges touch, so each of the others must be in a single one.
        match self.as_one() {
            Some((low, high)) => other.ends().is_none_or(|(first, last)| first >= low && last <= high),
            None => other.iter().all(|(low, high)| {
                self.many_from(low).first().is_some_and(|range| range.0 <= low && high <= range.1)
            }),
        }
    }
}

/// Calls with what two lists of ranges have in common until the call says no; was it never said?
fn meet(left: &[(u128, u128)], right: &[(u128, u128)], mut found: impl FnMut(u128, u128) -> bool) -> bool {
    let (mut left, mut right) = (left, right);
    while let (Some(&(a, b)), Some(&(c, d))) = (left.first(), right.first()) {
        if a.max(c) <= b.min(d) && !found(a.max(c), b.min(d)) {
            return false;
        }
        // Leave behind what ends before the other begins, in one step where it is much.
        if b < d {
            left = after(left, c);
        } else {
            right = after(right, a);
        }
    }
    true
}

/// The list without its first range and those that end before a number, found by doubling steps.
fn after(list: &[(u128, u128)], bound: u128) -> &[(u128, u128)] {
    let list = &list[1..];
    let mut reach = 1;
    while reach <= list.len() && list[reach - 1].1 < bound {
        reach *= 2;
    }
    let (from, to) = (reach / 2, reach.min(list.len()));
    &list[from + list[from..to].partition_point(|range| range.1 < bound)..]
}
