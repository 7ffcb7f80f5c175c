//! What a cube allows on one axis, and how the field's words become numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Axis, Family, Masks, Ranges};

/// A set of values of one axis. There are some for each rule and each step of a walk, so they are kept in 16 bytes, and each
/// set has one form only, the first that fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// Ranges of numbers: every axis but marks.
    Ranges(Ranges),
    /// Marks of one pattern of bits, the common case: a mask and the value under it.
    Pattern(u32, u32),
    /// Marks of several patterns, or of none.
    Patterns(Box<Masks>),
}

const _: () = assert!(size_of::<Values>() == 16);

impl From<Ranges> for Values {
    fn from(ranges: Ranges) -> Self {
        Values::Ranges(ranges)
    }
}

impl From<Masks> for Values {
    fn from(masks: Masks) -> Self {
        match masks.patterns() {
            &[(mask, value)] => Values::Pattern(mask, value),
            _ => Values::Patterns(Box::new(masks)),
        }
    }
}

/// An address as a range of [`Axis::Source`] or [`Axis::Destination`]: one number for IPv6, a block
/// of 2^96 for IPv4.
pub fn address(address: IpAddr) -> (u128, u128) {
    match address {
        IpAddr::V4(v4) => prefix(IpAddr::V4(v4), 32),
        IpAddr::V6(v6) => (v6.to_bits(), v6.to_bits()),
    }
}

/// A prefix as a range of [`Axis::Source`] or [`Axis::Destination`]; bits behind the length do not
/// count. The length must fit the family.
pub fn prefix(address: IpAddr, length: u8) -> (u128, u128) {
    let bits = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    let free = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    (bits & !free, bits | free)
}

/// The address at the beginning of a value of [`Axis::Source`] or [`Axis::Destination`].
pub fn to_address(family: Family, value: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits((value >> 96) as u32)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(value)),
    }
}

/// Flags of TCP packets that open no connection, as `! --syn` has it: all but those with SYN alone among FIN, SYN, RST and
/// ACK, whatever else they have.
pub fn opens_nothing() -> Ranges {
    let opens = (0..=0xff).filter(|flags| flags & 0x17 == 0x02).map(|flags| (flags, flags));
    Ranges::union(opens).complement(Axis::TcpFlags.max())
}

/// All addresses between two of one family, both included.
pub fn address_range(low: IpAddr, high: IpAddr) -> (u128, u128) {
    (address(low).0, address(high).1)
}

/// An interface name as a number; names compare like their bytes. `None` if it is empty or longer
/// than the kernel's 15 bytes.
pub fn name(name: &str) -> Option<u128> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.len() > 15 {
        return None;
    }
    let mut padded = [0; 16];
    padded[..bytes.len()].copy_from_slice(bytes);
    Some(u128::from_be_bytes(padded))
}

/// All interface names that begin so (never the missing interface). `None` if it is longer than
/// the kernel's 15 bytes.
pub fn names_with_prefix(start: &str) -> Option<(u128, u128)> {
    if start.is_empty() {
        return Some((1, u128::MAX));
    }
    let low = name(start)?;
    Some((low, low | u128::MAX >> (8 * start.len())))
}

/// The interface name of a number; empty for the missing interface.
pub fn to_name(value: u128) -> String {
    let bytes = value.to_be_bytes();
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

impl Values {
    /// All values of an axis.
    pub fn all(axis: Axis) -> Values {
        match axis {
            Axis::Mark | Axis::ConnMark => Masks::all().into(),
            _ => Values::Ranges(Ranges::new(0, axis.max())),
        }
    }

    /// One value of an axis.
    pub fn single(axis: Axis, value: u128) -> Values {
        match axis {
            Axis::Mark | Axis::ConnMark => Values::Pattern(u32::MAX, value as u32),
            _ => Values::Ranges(Ranges::single(value)),
        }
    }

    /// The values in both. Both must be of the same axis, as for all that follow.
    pub fn and(&self, other: &Values) -> Values {
        match (self, other) {
            (Values::Ranges(a), Values::Ranges(b)) => Values::Ranges(a.and(b)),
            (&Values::Pattern(mask, value), &Values::Pattern(other_mask, other))
                if (value ^ other) & mask & other_mask == 0 =>
            {
                Values::Pattern(mask | other_mask, value | other)
            }
            _ => self.marks().and(&other.marks()).into(),
        }
    }

    /// The values in either.
    pub fn or(&self, other: &Values) -> Values {
        match (self, other) {
            (Values::Ranges(a), Values::Ranges(b)) => Values::Ranges(a.or(b)),
            _ => self.marks().or(&other.marks()).into(),
        }
    }

    /// The values that are in any of these sets of an axis.
    pub fn union<'a>(axis: Axis, sets: impl IntoIterator<Item = &'a Values>) -> Values {
        let mut ranges = Vec::new();
        let mut masks = Masks::none();
        for set in sets {
            match set {
                Values::Ranges(set) => ranges.extend(set.iter()),
                marks => masks = masks.or(&marks.marks()),
            }
        }
        match axis {
            Axis::Mark | Axis::ConnMark => masks.into(),
            _ => Values::Ranges(Ranges::union(ranges)),
        }
    }

    /// The values of this set that are not in the other.
    pub fn minus(&self, other: &Values) -> Values {
        match (self, other) {
            (Values::Ranges(a), Values::Ranges(b)) => Values::Ranges(a.minus(b)),
            _ => self.marks().minus(&other.marks()).into(),
        }
    }

    /// Is any value in both?
    pub fn overlaps(&self, other: &Values) -> bool {
        match (self, other) {
            (Values::Ranges(a), Values::Ranges(b)) => a.overlaps(b),
            (&Values::Pattern(mask, value), &Values::Pattern(other_mask, other)) => {
                (value ^ other) & mask & other_mask == 0
            }
            _ => self.marks().overlaps(&other.marks()),
        }
    }

    /// Are all values of the other in this set?
    pub fn covers(&self, other: &Values) -> bool {
        match (self, other) {
            (Values::Ranges(a), Values::Ranges(b)) => a.covers(b),
            (&Values::Pattern(mask, value), &Values::Pattern(other_mask, other)) => {
                mask & !other_mask == 0 && (value ^ other) & mask == 0
            }
            _ => self.marks().covers(&other.marks()),
        }
    }

    /// Is the value in it?
    pub fn contains(&self, value: u128) -> bool {
        match self {
            Values::Ranges(ranges) => ranges.contains(value),
            marks => u32::try_from(value).is_ok_and(|mark| marks.marks().contains(mark)),
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        match self {
            Values::Ranges(ranges) => ranges.is_empty(),
            Values::Pattern(..) => false,
            Values::Patterns(masks) => masks.is_empty(),
        }
    }

    /// Is it all values of the axis?
    pub fn is_all(&self, axis: Axis) -> bool {
        match self {
            Values::Ranges(ranges) => ranges.as_one() == Some((0, axis.max())),
            Values::Pattern(mask, _) => *mask == 0,
            Values::Patterns(masks) => masks.is_all(),
        }
    }

    /// Are there any, and does the axis have them all? A set that holds more than all values is never found to be all of them,
    /// and what it leaves of them would be a piece without packets.
    pub(super) fn are_of(&self, axis: Axis) -> bool {
        let is_mark = matches!(axis, Axis::Mark | Axis::ConnMark);
        match self {
            Values::Ranges(ranges) => !is_mark && ranges.last().is_some_and(|last| last <= axis.max()),
            Values::Pattern(..) => is_mark,
            Values::Patterns(masks) => is_mark && !masks.is_empty(),
        }
    }

    /// How many values there are, as the number of binary digits of that; 0 for none.
    pub fn bits(&self) -> u32 {
        match self {
            Values::Ranges(ranges) => u128::BITS - ranges.count().leading_zeros(),
            marks => u64::BITS - marks.marks().count().leading_zeros(),
        }
    }

    /// The ranges of an axis that has them.
    pub fn ranges(&self) -> Option<&Ranges> {
        match self {
            Values::Ranges(ranges) => Some(ranges),
            _ => None,
        }
    }

    /// The marks of an axis that has them; of any other axis none.
    pub fn marks(&self) -> Masks {
        match self {
            Values::Ranges(_) => Masks::none(),
            Values::Pattern(mask, value) => Masks::new(*mask, *value),
            Values::Patterns(masks) => masks.as_ref().clone(),
        }
    }

    /// The smallest value, if any.
    pub fn first(&self) -> Option<u128> {
        match self {
            Values::Ranges(ranges) => ranges.first(),
            marks => marks.marks().first().map(u128::from),
        }
    }
}
