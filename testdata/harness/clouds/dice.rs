//! Random choices that are the same each time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A source of random choices (xorshift).
pub struct Dice(u64);

/// Networks that overlap in many ways, and with whose addresses packets are made.
const NETWORKS_V4: [(Ipv4Addr, u8); 10] = [
    (Ipv4Addr::new(0, 0, 0, 0), 0),
    (Ipv4Addr::new(0, 0, 0, 0), 1),
    (Ipv4Addr::new(128, 0, 0, 0), 1),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 1, 0, 0), 16),
    (Ipv4Addr::new(10, 1, 2, 0), 23),
    (Ipv4Addr::new(198, 41, 192, 0), 24),
    (Ipv4Addr::new(198, 41, 192, 7), 32),
    (Ipv4Addr::new(198, 41, 192, 4), 30),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
];
const NETWORKS_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::UNSPECIFIED, 0),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 7), 128),
];

/// Ports that rules and packets have.
pub const PORTS: [u16; 10] = [0, 1, 22, 53, 80, 443, 1024, 7844, 40_000, 65_535];

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below another.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A network in the words of an export.
    pub fn network(&mut self, is_v6: bool) -> String {
        if is_v6 {
            let (address, length) = *self.pick(&NETWORKS_V6);
            format!("{address}/{length}")
        } else {
            let (address, length) = *self.pick(&NETWORKS_V4);
            format!("{address}/{length}")
        }
    }

    /// An address in one of the networks.
    pub fn address(&mut self, is_v6: bool) -> IpAddr {
        if is_v6 {
            let (address, length) = *self.pick(&NETWORKS_V6[1..]);
            let free = u128::MAX.checked_shr(length.into()).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() | self.below(1 << 20) as u128 & free).into()
        } else {
            let (address, length) = *self.pick(&NETWORKS_V4[3..]);
            let free = u32::MAX.checked_shr(length.into()).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() | self.below(1 << 30) as u32 & free).into()
        }
    }

    /// Two ports, the lower first.
    pub fn ports(&mut self) -> (u16, u16) {
        let (a, b) = (*self.pick(&PORTS), *self.pick(&PORTS));
        if self.once_in(2) { (a, a) } else { (a.min(b), a.max(b)) }
    }
}

/// Is an address in a network of an export?
pub fn is_in(address: IpAddr, network: &str) -> bool {
    let (base, length) = network.split_once('/').expect("a prefix");
    let length: u32 = length.parse().expect("a length");
    match (address, base.parse().expect("an address")) {
        (IpAddr::V4(address), IpAddr::V4(base)) => {
            length == 0 || (address.to_bits() ^ base.to_bits()) >> (32 - length) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(base)) => {
            length == 0 || (address.to_bits() ^ base.to_bits()) >> (128 - length) == 0
        }
        _ => false,
    }
}
