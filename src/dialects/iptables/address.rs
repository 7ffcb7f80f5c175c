//! Addresses as iptables reads them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::numerals;
use crate::packet::values::prefix;
use crate::packet::{Family, Ranges};

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoAddress {
    /// It may be the name of a host or network, which only the machine knows.
    Name,
    /// Its mask leaves too many separate ranges.
    TooManyRanges,
    /// The loader refuses it, for this reason.
    Wrong(String),
}

/// A mask with gaps may leave this many separate ranges.
const MOST_RANGES: u32 = 1024;

/// `ADDRESS[/MASK]`, as ranges of [`crate::packet::Axis::Source`]. A mask is a length, or written
/// like an address and then may have gaps.
pub(super) fn network(text: &str, family: Family) -> Result<Ranges, NoAddress> {
    if let (Family::V4, Some((address, length))) = (family, plain(text.as_bytes())) {
        return Ok(range(prefix(IpAddr::V4(address), length)));
    }
    let (address, mask) = match text.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (text, None),
    };
    let host = host(address, family)?;
    let width = match family {
        Family::V4 => 32,
        Family::V6 => 128,
    };
    let Some(mask) = mask else { return Ok(range(prefix(host, width))) };
    if let Some(length) = numerals::number(mask, u64::from(width)) {
        return Ok(range(prefix(host, length as u8)));
    }
    let bits = match family {
        Family::V4 => dotted(mask, false).map(|mask| u128::from(mask.to_bits()) << 96),
        Family::V6 => mask.parse().ok().map(Ipv6Addr::to_bits),
    };
    let bits = bits.ok_or_else(|| NoAddress::Wrong(format!("`{mask}` is no mask")))?;
    masked(prefix(host, width).0, bits, width)
}

/// An address as `iptables-save` prints it, `1.2.3.4` or `1.2.3.0/24`, in one go: there are many.
fn plain(text: &[u8]) -> Option<(Ipv4Addr, u8)> {
    let mut parts = [0_u16; 5];
    let (mut part, mut digits) = (0, 0);
    for &byte in text {
        match byte {
            b'0'..=b'9' if digits == 0 || parts[part] != 0 => {
                parts[part] = (parts[part] * 10 + u16::from(byte - b'0')).min(999);
                digits += 1;
            }
            b'.' if part < 3 && digits > 0 => (part, digits) = (part + 1, 0),
            b'/' if part == 3 && digits > 0 => (part, digits) = (4, 0),
            _ => return None,
        }
    }
    let length = if part == 4 { parts[4] } else { 32 };
    let is_plain = part >= 3 && digits > 0 && parts[..4].iter().all(|part| *part < 256) && length <= 32;
    let [a, b, c, d, _] = parts.map(|part| part as u8);
    is_plain.then(|| (Ipv4Addr::new(a, b, c, d), length as u8))
}

/// A single address.
pub(super) fn host(text: &str, family: Family) -> Result<IpAddr, NoAddress> {
    let address = match family {
        Family::V4 => dotted(text, true).map(IpAddr::V4),
        Family::V6 => text.parse().ok().map(IpAddr::V6),
    };
    let is_of_other = || match family {
        Family::V4 => text.parse::<Ipv6Addr>().is_ok(),
        Family::V6 => dotted(text, false).is_some(),
    };
    let version = family_name(family);
    match address {
        Some(address) => Ok(address),
        None if is_of_other() => Err(NoAddress::Wrong(format!("`{text}` is no {version} address"))),
        // RFC 6761 keeps this name for the host itself.
        None if text.eq_ignore_ascii_case("localhost") => Ok(match family {
            Family::V4 => Ipv4Addr::LOCALHOST.into(),
            Family::V6 => Ipv6Addr::LOCALHOST.into(),
        }),
        None if may_be_name(text) => Err(NoAddress::Name),
        None => Err(NoAddress::Wrong(format!("`{text}` is no {version} address and no name"))),
    }
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// Four numbers of a byte each, in C's notation: a leading zero makes them octal. Where it may be
/// short, missing ones at the end are zero.
fn dotted(text: &str, may_be_short: bool) -> Option<Ipv4Addr> {
    let mut bytes = [0; 4];
    let mut count = 0;
    for part in text.split('.') {
        *bytes.get_mut(count)? = numerals::number(part, 255)? as u8;
        count += 1;
    }
    (count == 4 || may_be_short).then(|| bytes.into())
}

/// A name has a letter somewhere and nothing that names do not have.
fn may_be_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.chars().all(fits) && text.chars().any(char::is_alphabetic)
}

fn range((low, high): (u128, u128)) -> Ranges {
    Ranges::new(low, high)
}

/// The addresses that agree with one on the bits of a mask, in the upper `width` bits.
fn masked(address: u128, mask: u128, width: u8) -> Result<Ranges, NoAddress> {
    let beyond = u128::MAX.checked_shr(u32::from(width)).unwrap_or(0);
    let mask = mask | beyond;
    // The bits behind the last fixed one make up each range; free bits before it number them.
    let tail = (mask & !beyond).trailing_zeros().min(128);
    let run = u128::MAX.checked_shr(128 - tail).unwrap_or(0);
    let gaps = !mask & !run;
    if gaps.count_ones() >= MOST_RANGES.ilog2() {
        return Err(NoAddress::TooManyRanges);
    }
    let low = address & mask & !beyond;
    let mut ranges = Vec::new();
    let mut choice = 0_u128;
    loop {
        ranges.push((low | choice, low | choice | run));
        // The next subset of the free bits.
        choice = choice.wrapping_sub(gaps) & gaps;
        if choice == 0 {
            return Ok(Ranges::union(ranges));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(text: &str) -> Result<Vec<(u32, u32)>, NoAddress> {
        let ranges = network(text, Family::V4)?;
        Ok(ranges.iter().map(|(low, high)| ((low >> 96) as u32, (high >> 96) as u32)).collect())
    }

    #[test]
    fn leading_zeros_are_octal() {
        assert_eq!(v4("010.0.0.1"), Ok(vec![(0x0800_0001, 0x0800_0001)]));
    }

    #[test]
    fn short_addresses_end_in_zeros() {
        assert_eq!(v4("10.1/16"), Ok(vec![(0x0a01_0000, 0x0a01_ffff)]));
        assert_eq!(v4("10"), Ok(vec![(0x0a00_0000, 0x0a00_0000)]));
    }

    #[test]
    fn masks_may_have_gaps() {
        assert_eq!(v4("1.2.3.4/255.255.255.254"), Ok(vec![(0x0102_0304, 0x0102_0305)]));
        assert_eq!(
            v4("1.2.3.4/255.255.255.253"),
            Ok(vec![(0x0102_0304, 0x0102_0304), (0x0102_0306, 0x0102_0306)])
        );
        assert_eq!(v4("1.2.3.4/0.0.0.255"), Err(NoAddress::TooManyRanges));
        assert_eq!(v4("1.2.3.4/0.0.0.0"), Ok(vec![(0, u32::MAX)]));
        assert!(matches!(v4("1.2.3.4/33"), Err(NoAddress::Wrong(_))));
    }

    #[test]
    fn masks_of_ipv6_may_be_addresses() {
        let ranges =
            network("2001:db8::1/ffff::", Family::V6).map(|ranges| ranges.iter().collect::<Vec<_>>());
        assert_eq!(ranges, Ok(vec![(0x2001 << 112, (0x2002 << 112) - 1)]));
        assert_eq!(network("2001:db8::1/::ffff", Family::V6), Err(NoAddress::TooManyRanges));
    }

    #[test]
    fn names_are_not_guessed() {
        assert_eq!(v4("example.com"), Err(NoAddress::Name));
        assert_eq!(v4("localhost"), Ok(vec![(0x7f00_0001, 0x7f00_0001)]));
        assert!(matches!(v4("1.2.3.256"), Err(NoAddress::Wrong(_))));
        assert!(matches!(v4("2001:db8::1"), Err(NoAddress::Wrong(_))));
    }
}
