//! Which addresses are those of the internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use super::{Family, Ranges, values};

/// What is not routed in the internet, from the IANA IPv4 Special-Purpose Address Registry.
const PRIVATE_V4: [(Ipv4Addr, u8); 8] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// All that is routed there of IPv6: the global unicast addresses.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The addresses of the internet.
pub fn internet(family: Family) -> Ranges {
    static PUBLIC_V4: LazyLock<Ranges> = LazyLock::new(|| {
        let private = PRIVATE_V4.map(|(address, length)| values::prefix(address.into(), length));
        Ranges::union(private).complement(u128::MAX)
    });
    match family {
        Family::V4 => PUBLIC_V4.clone(),
        Family::V6 => Ranges::union([values::prefix(IpAddr::from(GLOBAL_V6.0), GLOBAL_V6.1)]),
    }
}
