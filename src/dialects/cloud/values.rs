//! Addresses, ports and protocols as exports write them.

use std::net::IpAddr;

use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, values};

/// Addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    v4: Vec<(u128, u128)>,
    v6: Vec<(u128, u128)>,
}

impl Addresses {
    /// Adds a prefix.
    pub fn add(&mut self, (family, range): (Family, (u128, u128))) {
        match family {
            Family::V4 => self.v4.push(range),
            Family::V6 => self.v6.push(range),
        }
    }

    /// Adds all of others.
    pub fn join(&mut self, others: Addresses) {
        self.v4.extend(others.v4);
        self.v6.extend(others.v6);
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Are there any of IPv6?
    pub fn has_v6(&self) -> bool {
        !self.v6.is_empty()
    }

    /// The packets with these on an axis.
    pub fn packets(self, axis: Axis) -> PacketSet {
        let of = |family: Family, ranges: Vec<(u128, u128)>| {
            let cube = Cube::any().with(axis, Ranges::union(ranges))?;
            cube.with(Axis::Family, Ranges::single(family.number()))
        };
        PacketSet::from_cubes(of(Family::V4, self.v4).into_iter().chain(of(Family::V6, self.v6)))
    }
}

/// All packets of a family.
pub fn any_address(family: Family) -> PacketSet {
    PacketSet::from(Cube::any().with(Axis::Family, Ranges::single(family.number())))
}

/// A prefix, or a single address, as a range of [`Axis::Source`] or [`Axis::Destination`].
///
/// # Errors
/// What is wrong with it.
pub fn prefix(text: &str) -> Result<(Family, (u128, u128)), String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let wrong = || format!("`{text}` is no address and no prefix");
    let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
    let (family, width) = if address.is_ipv4() { (Family::V4, 32) } else { (Family::V6, 128) };
    let length: u8 = length.map_or(Ok(width), |length| length.trim().parse()).map_err(|_| wrong())?;
    if length > width {
        return Err(format!("`{text}` is longer than an address"));
    }
    let range = values::prefix(address, length);
    if values::address(address).0 != range.0 {
        let network = values::to_address(family, range.0);
        return Err(format!("`{text}` has bits set behind its length: the prefix is {network}/{length}"));
    }
    Ok((family, range))
}

/// Two addresses of one family with a dash between them, the lower first.
pub fn address_range(text: &str) -> Option<(Family, (u128, u128))> {
    let (low, high) = text.split_once('-')?;
    let (low, high): (IpAddr, IpAddr) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    let family = if low.is_ipv4() { Family::V4 } else { Family::V6 };
    (low.is_ipv4() == high.is_ipv4() && low <= high).then(|| (family, values::address_range(low, high)))
}

/// A port, or two with a dash between them.
///
/// # Errors
/// What is wrong with it.
pub fn port_range(text: &str) -> Result<(u16, u16), String> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let port = |part: &str| {
        part.trim().parse::<u16>().map_err(|_| format!("`{text}` is no port and no range of ports"))
    };
    let (low, high) = (port(low)?, port(high)?);
    if low > high {
        return Err(format!("the range of ports `{text}` is upside down"));
    }
    Ok((low, high))
}

/// The number of a protocol that the clouds have a name for, or that is given as a number.
pub fn protocol_number(text: &str) -> Option<u8> {
    const NAMES: [(&str, u8); 10] = [
        ("icmp", 1),
        ("ipip", 4),
        ("tcp", 6),
        ("udp", 17),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("icmpv6", 58),
        ("ipv6-icmp", 58),
        ("sctp", 132),
    ];
    let named = NAMES.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|named| named.1);
    named.or_else(|| text.parse().ok())
}
