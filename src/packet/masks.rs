//! Sets of 32-bit marks as patterns of bits: what `mark & mask == value` can say.

use std::fmt;
use std::sync::Arc;

/// A set of marks: a union of disjoint patterns, each a mask and the value of the bits under it.
/// Equal sets may be made of different patterns.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Masks(Form);

/// One pattern, the common case, stands without an allocation.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Form {
    One((u32, u32)),
    Many(Arc<Vec<(u32, u32)>>),
}

/// Above this many patterns nobody looks for pairs that are one.
const FEW: usize = 64;

impl fmt::Debug for Masks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.patterns().iter();
        formatter.debug_list().entries(patterns.map(|(mask, value)| format!("{value:#x}/{mask:#x}"))).finish()
    }
}

impl FromIterator<(u32, u32)> for Masks {
    /// From disjoint patterns.
    fn from_iter<T: IntoIterator<Item = (u32, u32)>>(patterns: T) -> Self {
        let patterns: Vec<_> = patterns.into_iter().collect();
        match patterns[..] {
            [pattern] => Masks(Form::One(pattern)),
            _ => Masks(Form::Many(Arc::new(patterns))),
        }
    }
}

impl Masks {
    /// All marks.
    pub fn all() -> Self {
        Masks(Form::One((0, 0)))
    }

    /// No mark.
    pub fn none() -> Self {
        Masks::from_iter([])
    }

    /// The marks with `mark & mask == value`: none if the value has bits outside of the mask.
    pub fn new(mask: u32, value: u32) -> Self {
        if value & !mask == 0 { Masks(Form::One((mask, value))) } else { Masks::none() }
    }

    /// The patterns, disjoint: mask and value.
    pub fn patterns(&self) -> &[(u32, u32)] {
        match &self.0 {
            Form::One(pattern) => std::slice::from_ref(pattern),
            Form::Many(patterns) => patterns,
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.patterns().is_empty()
    }

    /// Is it all marks?
    pub fn is_all(&self) -> bool {
        self.count() == 1 << 32
    }

    /// Some mark of it, the smallest of its first pattern.
    pub fn first(&self) -> Option<u32> {
        self.patterns().first().map(|pattern| pattern.1)
    }

    /// How many marks.
    pub fn count(&self) -> u64 {
        self.patterns().iter().map(|pattern| 1 << pattern.0.count_zeros()).sum()
    }

    /// Is the mark in it?
    pub fn contains(&self, mark: u32) -> bool {
        self.patterns().iter().any(|&(mask, value)| mark & mask == value)
    }

    /// The marks in both.
    pub fn and(&self, other: &Masks) -> Masks {
        let pairs = self.patterns().iter().flat_map(|a| other.patterns().iter().map(move |b| (a, b)));
        pairs.filter(|(a, b)| meet(**a, **b)).map(|(a, b)| (a.0 | b.0, a.1 | b.1)).collect()
    }

    /// Is any mark in both?
    pub fn overlaps(&self, other: &Masks) -> bool {
        self.patterns().iter().any(|a| other.patterns().iter().any(|b| meet(*a, *b)))
    }

    /// The marks in either.
    pub fn or(&self, other: &Masks) -> Masks {
        let mut all: Vec<_> = self.minus(other).patterns().iter().chain(other.patterns()).copied().collect();
        while let Some((kept, gone, bit)) = pair(&all) {
            all[kept] = (all[kept].0 & !bit, all[kept].1 & !bit);
            all.swap_remove(gone);
        }
        all.into_iter().collect()
    }

    /// The marks of this set that are not in the other.
    pub fn minus(&self, other: &Masks) -> Masks {
        let mut rest = self.patterns().to_vec();
        // The largest first: what a range falls into, from small to large, would cut the rest into pieces without number.
        let mut cuts = other.patterns().to_vec();
        cuts.sort_by_key(|cut| cut.0.count_ones());
        for cut in cuts {
            rest = rest.into_iter().flat_map(|piece| cut_out(piece, cut)).collect();
        }
        rest.into_iter().collect()
    }

    /// Are all marks of the other in this set?
    pub fn covers(&self, other: &Masks) -> bool {
        other.minus(self).is_empty()
    }

    /// The set after `mark = (mark & and) ^ xor` was done to each mark.
    pub fn change(&self, and: u32, xor: u32) -> Masks {
        let images = self.patterns().iter().map(|&(mask, value)| {
            // Bits that `and` clears are known from now on, whatever they were.
            let known = mask | !and;
            Masks::new(known, (value & and ^ xor) & known)
        });
        images.fold(Masks::none(), |sum, image| sum.or(&image))
    }

    /// The set with some bits forgotten: its marks, and all that differ from them there only.
    pub fn forget(&self, bits: u32) -> Masks {
        let images = self.patterns().iter().map(|&(mask, value)| Masks::new(mask & !bits, value & !bits));
        images.fold(Masks::none(), |sum, image| sum.or(&image))
    }
}

/// Do two patterns agree on the bits that both fix?
fn meet(a: (u32, u32), b: (u32, u32)) -> bool {
    (a.1 ^ b.1) & a.0 & b.0 == 0
}

/// Two patterns that differ in one bit only, and the bit.
fn pair(patterns: &[(u32, u32)]) -> Option<(usize, usize, u32)> {
    if patterns.len() > FEW {
        return None;
    }
    (0..patterns.len()).flat_map(|b| (0..b).map(move |a| (a, b))).find_map(|(a, b)| {
        let differs = patterns[a].1 ^ patterns[b].1;
        (patterns[a].0 == patterns[b].0 && differs.is_power_of_two()).then_some((a, b, differs))
    })
}

/// The pieces of a pattern that lie outside of another: one for each bit that only the other fixes.
fn cut_out(piece: (u32, u32), cut: (u32, u32)) -> Vec<(u32, u32)> {
    if !meet(piece, cut) {
        return vec![piece];
    }
    let (mut mask, mut value) = piece;
    let mut rest = Vec::new();
    for bit in (0..32).map(|at| 1 << at).filter(|bit| cut.0 & !piece.0 & bit != 0) {
        rest.push((mask | bit, value | (!cut.1 & bit)));
        mask |= bit;
        value |= cut.1 & bit;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_range_falls_into_is_cut_out_in_few_pieces() {
        // All but 1, as the prefixes of the ranges below and above it, and as its bits from the lowest on.
        let above = (1..32).map(|bit| Masks::new(u32::MAX << bit, 1 << bit));
        let below = (0..32)
            .map(|bit| Masks::new(u32::MAX >> (31 - bit), (1 & (u32::MAX >> (31 - bit))) ^ (1 << bit)));
        for parts in
            [std::iter::once(Masks::new(u32::MAX, 0)).chain(above).collect::<Vec<_>>(), below.collect()]
        {
            let others: Masks = parts.iter().flat_map(|part| part.patterns().to_vec()).collect();
            let rest = Masks::all().minus(&others);
            assert_eq!(rest.patterns(), [(u32::MAX, 1)]);
        }
    }
}
