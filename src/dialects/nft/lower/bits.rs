//! Arithmetic of bits, backwards: which values become such that a comparison holds.

use crate::dialects::nft::ast::Binary;
use crate::packet::{Masks, Ranges};

/// One step of arithmetic: the operator and its constant.
pub(super) type Step = (Binary, u128);

/// Fields of so many bits are tried value by value.
const FEW_BITS: u32 = 16;

/// So many ranges may come of one mask.
const MOST_RANGES: u32 = 10;

/// What becomes of a value.
pub(super) fn forward(steps: &[Step], bits: u32, value: u128) -> u128 {
    let all = all_bits(bits);
    steps.iter().fold(value, |value, (operator, constant)| {
        let shift = u32::try_from(*constant).unwrap_or(u32::MAX);
        let value = match operator {
            Binary::And => value & constant,
            Binary::Or => value | constant,
            Binary::Xor => value ^ constant,
            Binary::ShiftLeft => value.checked_shl(shift).unwrap_or(0),
            Binary::ShiftRight => value.checked_shr(shift).unwrap_or(0),
        };
        value & all
    })
}

/// The largest number of so many bits.
pub(super) fn all_bits(bits: u32) -> u128 {
    u128::MAX.checked_shr(128 - bits.min(128)).unwrap_or(0)
}

/// The values of a field that become one of these; `None` if there are too many ranges of them.
pub(super) fn backward(steps: &[Step], bits: u32, wanted: &Ranges) -> Option<Ranges> {
    match steps {
        [] if wanted.last().is_none_or(|last| last <= all_bits(bits)) => Some(wanted.clone()),
        [] => Some(wanted.and(&Ranges::new(0, all_bits(bits)))),
        _ if bits <= FEW_BITS => {
            let values = (0..=all_bits(bits)).filter(|value| wanted.contains(forward(steps, bits, *value)));
            Some(Ranges::union(values.map(|value| (value, value))))
        }
        [(Binary::And, mask)] => masked(*mask, bits, wanted),
        _ => None,
    }
}

/// The values that under a mask are one of these.
fn masked(mask: u128, bits: u32, wanted: &Ranges) -> Option<Ranges> {
    let all = all_bits(bits);
    let mask = mask & all;
    let low_bits = if mask == 0 { all } else { (1 << mask.trailing_zeros()) - 1 };
    let holes = all & !mask & !low_bits;
    if holes == 0 {
        // A prefix: each block of addresses becomes its first.
        let step = low_bits.checked_add(1)?;
        let blocks = wanted.iter().filter_map(|(low, high)| {
            let first = low.div_ceil(step).checked_mul(step)?;
            let last = high.min(all) / step * step;
            (first <= last).then_some((first, last | low_bits))
        });
        return Some(Ranges::union(blocks));
    }
    if holes.count_ones() > MOST_RANGES {
        return None;
    }
    let values: Vec<u128> =
        wanted.iter().map(|(low, high)| (low == high).then_some(low)).collect::<Option<_>>()?;
    let fits = values.into_iter().filter(|value| value & !mask == 0);
    let mut ranges = Vec::new();
    for value in fits {
        // All ways to fill the holes.
        let mut filling = 0;
        loop {
            ranges.push((value | filling, value | filling | low_bits));
            filling = filling.wrapping_sub(holes) & holes;
            if filling == 0 {
                break;
            }
        }
    }
    Some(Ranges::union(ranges))
}

/// The marks that become one of these; `None` for arithmetic that is not one of bits.
pub(super) fn marks(steps: &[Step], wanted: &Ranges) -> Option<Masks> {
    let (and, xor) = as_and_xor(steps)?;
    let wanted = masks(wanted);
    // `(mark & and) ^ xor` has the bits of a pattern if the mark has them under `and`, and if those
    // that `and` clears are as `xor` makes them.
    let images = wanted.patterns().iter().filter(|(mask, value)| (value ^ xor) & mask & !and == 0);
    let images = images.map(|(mask, value)| Masks::new(mask & and, (value ^ xor) & mask & and));
    Some(images.fold(Masks::none(), |all, one| all.or(&one)))
}

/// Arithmetic of bits as one step: `(value & and) ^ xor`, of 32 bits.
pub(super) fn as_and_xor(steps: &[Step]) -> Option<(u32, u32)> {
    let (mut and, mut xor) = (u32::MAX, 0);
    for (operator, constant) in steps {
        let constant = *constant as u32;
        match operator {
            Binary::And => (and, xor) = (and & constant, xor & constant),
            Binary::Or => (and, xor) = (and & !constant, (xor & !constant) | constant),
            Binary::Xor => xor ^= constant,
            Binary::ShiftLeft | Binary::ShiftRight => return None,
        }
    }
    Some((and, xor))
}

/// Numbers of 32 bits as patterns of bits.
pub(super) fn masks(numbers: &Ranges) -> Masks {
    let mut patterns = Vec::new();
    for (low, high) in numbers.iter() {
        let (mut low, high) = (low, high.min(u128::from(u32::MAX)));
        while low <= high {
            // The largest aligned block that begins here and ends in the range.
            let aligned = if low == 0 { 32 } else { low.trailing_zeros().min(32) };
            let fitting = (high - low + 1).ilog2();
            let size = aligned.min(fitting);
            let free = ((1_u64 << size) - 1) as u32;
            patterns.push((!free, low as u32));
            low += 1 << size;
        }
    }
    patterns.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_addresses_are_prefixes_or_few_ranges() {
        let wanted = Ranges::single(0x0a00_0000);
        assert_eq!(
            backward(&[(Binary::And, 0xffff_ff00)], 32, &wanted),
            Some(Ranges::new(0x0a00_0000, 0x0a00_00ff))
        );
        let odd = backward(&[(Binary::And, 0xffff_ff01)], 32, &Ranges::single(1)).unwrap_or(Ranges::none());
        assert_eq!(odd.count(), 128);
        assert!(odd.contains(0xff) && !odd.contains(0xfe) && !odd.contains(0x101));
        assert_eq!(backward(&[(Binary::And, 0xff)], 32, &Ranges::single(1)), None);
    }

    #[test]
    fn marks_are_compared_under_masks() {
        let marks = marks(&[(Binary::And, 0xf0)], &Ranges::single(0x10)).unwrap_or(Masks::none());
        assert!(marks.contains(0x1f) && marks.contains(0x310) && !marks.contains(0x20));
        let none = super::marks(&[(Binary::And, 0xf0)], &Ranges::single(1));
        assert_eq!(none, Some(Masks::none()));
        let range = masks(&Ranges::new(3, 12));
        assert!((0..20).all(|mark| range.contains(mark) == (3..=12).contains(&mark)));
    }
}
