//! Where the host sends packets, as far as it was told of its interfaces.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::packet::axis::kind;
use crate::packet::{Axis, Cube, Family, Ranges, Values, values};

/// An interface of the host and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its addresses, each with the prefix of its network.
    pub addresses: Vec<IpNet>,
}

/// What is known of the host's interfaces. Without any, routes stay unknown.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The first has the best default route.
    pub interfaces: Vec<Interface>,
}

impl Routes {
    /// The host's address on an interface (by default the first) in a family.
    pub fn address(&self, interface: Option<&str>, family: Family) -> Option<IpAddr> {
        let mut named = self.interfaces.iter().filter(|each| interface.is_none_or(|name| each.name == name));
        let addresses = &named.next()?.addresses;
        addresses.iter().map(IpNet::addr).find(|address| address.is_ipv4() == (family == Family::V4))
    }

    /// Is this one of the host's own addresses, as far as known?
    pub fn owns(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || self.interfaces.iter().flat_map(|each| &each.addresses).any(|own| own.addr() == address)
    }

    /// The gateway of an interface as the common convention has it: the first other address of its
    /// prefix.
    pub fn gateway(&self, interface: Option<&str>, family: Family) -> Option<IpAddr> {
        let own = self.address(interface, family)?;
        let mut all = self.interfaces.iter().flat_map(|each| &each.addresses);
        let length = all.find(|each| each.addr() == own)?.prefix_len();
        let (low, _) = values::prefix(own, length);
        let step = if family == Family::V4 { 1 << 96 } else { 1 };
        let first = values::to_address(family, low + step);
        Some(if first == own { values::to_address(family, low + 2 * step) } else { first })
    }

    /// The interface by which packets to an address leave; `None` if that is not known.
    pub fn interface(&self, address: IpAddr) -> Option<&str> {
        if self.owns(address) {
            return Some("lo");
        }
        let is_on_link = |each: &&Interface| each.addresses.iter().any(|own| own.contains(&address));
        let first = self.interfaces.first();
        self.interfaces.iter().find(is_on_link).or(first).map(|each| each.name.as_str())
    }

    /// Does an address lie in a private network that none of the interfaces is in? Then another interface may lead
    /// there, of which nobody has told.
    pub fn may_be_elsewhere(&self, address: IpAddr) -> bool {
        let is_private = match address {
            IpAddr::V4(v4) => v4.is_private(),
            IpAddr::V6(v6) => v6.is_unique_local(),
        };
        let mut own = self.interfaces.iter().flat_map(|each| &each.addresses);
        is_private && !own.any(|own| own.contains(&address))
    }

    /// A cube whose packets all have one destination gets its outgoing interface and the kind of its
    /// destination; others stay as they are.
    pub fn route(&self, cube: Cube) -> Cube {
        let Some(address) = only_destination(&cube) else { return cube };
        let own = if self.owns(address) { kind::LOCAL } else { kind::UNICAST };
        let is_known = !self.interfaces.is_empty() || own == kind::LOCAL;
        let cube = if is_known {
            cube.set(Axis::DestinationKind, Values::single(Axis::DestinationKind, own))
        } else {
            cube
        };
        match self.interface(address).and_then(values::name) {
            Some(name) => cube.set(Axis::OutInterface, Ranges::single(name)),
            None => cube,
        }
    }
}

/// The destination that all packets of a cube have.
pub fn only_destination(cube: &Cube) -> Option<IpAddr> {
    let family = match cube.get(Axis::Family)?.first()? {
        0 => Family::V4,
        _ => Family::V6,
    };
    let (low, high) = cube.get(Axis::Destination)?.ranges()?.as_one()?;
    let address = values::to_address(family, low);
    (values::address(address) == (low, high)).then_some(address)
}
