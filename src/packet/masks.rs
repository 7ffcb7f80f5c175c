//! Sets of 32-bit marks as patterns of bits: what `mark & mask == value` can say.

/// A set of marks: a union of disjoint patterns, each a mask and the value of the bits under it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Masks(Vec<(u32, u32)>);

impl Masks {
    /// All marks.
    pub fn all() -> Self {
        Masks(vec![(0, 0)])
    }

    /// No mark.
    pub fn none() -> Self {
        Masks(Vec::new())
    }

    /// The marks with `mark & mask == value`: none if the value has bits outside of the mask.
    pub fn new(mask: u32, value: u32) -> Self {
        if value & !mask == 0 { Masks(vec![(mask, value)]) } else { Masks::none() }
    }

    /// The patterns, disjoint: mask and value.
    pub fn patterns(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is it all marks?
    pub fn is_all(&self) -> bool {
        Masks::all().minus(self).is_empty()
    }

    /// Some mark of it, the smallest of its first pattern.
    pub fn first(&self) -> Option<u32> {
        self.0.first().map(|pattern| pattern.1)
    }

    /// How many marks.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|pattern| 1 << pattern.0.count_zeros()).sum()
    }

    /// Is the mark in it?
    pub fn contains(&self, mark: u32) -> bool {
        self.0.iter().any(|&(mask, value)| mark & mask == value)
    }

    /// The marks in both.
    pub fn and(&self, other: &Masks) -> Masks {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(move |b| (a, b)));
        Masks(pairs.filter(|(a, b)| meet(**a, **b)).map(|(a, b)| (a.0 | b.0, a.1 | b.1)).collect())
    }

    /// Is any mark in both?
    pub fn overlaps(&self, other: &Masks) -> bool {
        self.0.iter().any(|a| other.0.iter().any(|b| meet(*a, *b)))
    }

    /// The marks in either.
    pub fn or(&self, other: &Masks) -> Masks {
        let mut all = self.minus(other).0;
        all.extend_from_slice(&other.0);
        Masks(all)
    }

    /// The marks of this set that are not in the other.
    pub fn minus(&self, other: &Masks) -> Masks {
        let mut rest = self.0.clone();
        for &cut in &other.0 {
            rest = rest.into_iter().flat_map(|piece| cut_out(piece, cut)).collect();
        }
        Masks(rest)
    }

    /// Are all marks of the other in this set?
    pub fn covers(&self, other: &Masks) -> bool {
        other.minus(self).is_empty()
    }

    /// The set after `mark = (mark & and) ^ xor` was done to each mark.
    pub fn change(&self, and: u32, xor: u32) -> Masks {
        let images = self.0.iter().map(|&(mask, value)| {
            // Bits that `and` clears are known from now on, whatever they were.
            let known = mask | !and;
            (known, (value & and ^ xor) & known)
        });
        images.fold(Masks::none(), |sum, (mask, value)| sum.or(&Masks::new(mask, value)))
    }

    /// The set with some bits forgotten: its marks, and all that differ from them there only.
    pub fn forget(&self, bits: u32) -> Masks {
        let images = self.0.iter().map(|&(mask, value)| Masks::new(mask & !bits, value & !bits));
        images.fold(Masks::none(), |sum, image| sum.or(&image))
    }
}

/// Do two patterns agree on the bits that both fix?
fn meet(a: (u32, u32), b: (u32, u32)) -> bool {
    (a.1 ^ b.1) & a.0 & b.0 == 0
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
