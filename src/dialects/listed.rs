//! Addresses of new rules as people list them.

use std::net::IpAddr;

use crate::packet::{Family, Ranges, values};

/// So many addresses that follow each other are listed one by one rather than as what holds them.
const FEW: u128 = 32;

/// One entry of a list of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listed {
    /// One address.
    One(IpAddr),
    /// A prefix: its address and length.
    Prefix(IpAddr, u32),
    /// The first and the last of addresses that are no prefix.
    Range(IpAddr, IpAddr),
}

/// Addresses of a family as a list: few of them one by one, others as prefixes or ranges.
pub(super) fn addresses(family: Family, ranges: &Ranges) -> Vec<Listed> {
    let step = if family == Family::V4 { 1 << 96 } else { 1 };
    let at = |value| values::to_address(family, value);
    let mut list = Vec::new();
    for (low, high) in ranges.iter() {
        let count = (high - low) / step;
        let free = low ^ high;
        if count < FEW {
            list.extend((0..=count).map(|number| Listed::One(at(low + number * step))));
        } else if free.wrapping_add(1) & free == 0 && low & free == 0 {
            list.push(Listed::Prefix(at(low), free.leading_zeros()));
        } else {
            list.push(Listed::Range(at(low), at(high)));
        }
    }
    list
}
