//! Service tags: names for groups of addresses that Azure keeps.

use std::net::{IpAddr, Ipv4Addr};

use crate::dialects::cloud::Addresses;
use crate::packet::{Family, Ranges, internet, values};

/// The resolver, the agent and the probes of load balancers, by the address of the host node
/// (<https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16>).
pub const HOST_NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16));

/// The instance metadata service.
pub const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

/// What a service tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The virtual network and all that is connected to it.
    VirtualNetwork,
    /// All public addresses, Azure's own among them.
    Internet,
    /// The probes of load balancers, which come from the host node.
    LoadBalancer,
    /// A service of the platform, by its address, which only rules that name its tag filter.
    Platform(IpAddr),
    /// A list that Azure keeps, and no export tells.
    Other,
}

impl Tag {
    /// The tag of a name; `None` for what is written as addresses are. The older names are those of the classic
    /// deployment model.
    pub fn of(name: &str) -> Option<Tag> {
        const KNOWN: [(&str, Tag); 8] = [
            ("VirtualNetwork", Tag::VirtualNetwork),
            ("VIRTUAL_NETWORK", Tag::VirtualNetwork),
            ("Internet", Tag::Internet),
            ("AzureLoadBalancer", Tag::LoadBalancer),
            ("AZURE_LOADBALANCER", Tag::LoadBalancer),
            ("AzurePlatformDNS", Tag::Platform(HOST_NODE)),
            ("AzurePlatformIMDS", Tag::Platform(METADATA)),
            ("AzurePlatformLKM", Tag::Other),
        ];
        let known = KNOWN.iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        let is_word = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter));
        known.map(|known| known.1).or(is_word.then_some(Tag::Other))
    }
}

/// The addresses of the internet, without the one that is the platform's.
pub fn public() -> Addresses {
    let mut addresses = Addresses::default();
    for family in Family::ALL {
        let mut ranges = internet(family);
        if family == Family::V4 {
            ranges = ranges.minus(&Ranges::union([values::address(HOST_NODE)]));
        }
        ranges.iter().for_each(|range| addresses.add((family, range)));
    }
    addresses
}

/// One address.
pub fn only(address: IpAddr) -> Addresses {
    let mut addresses = Addresses::default();
    let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
    addresses.add((family, values::address(address)));
    addresses
}
