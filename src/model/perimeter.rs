//! Filters that stand around a machine, in the network of a cloud.

use std::net::{IpAddr, Ipv4Addr};

use super::{ChainKind, Ruleset};

/// How a cloud filters around a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perimeter {
    /// Does what belongs to a flow that was let through pass unseen?
    pub is_stateful: bool,
    /// Where it does not: may rules let all that belongs to a flow pass, though?
    pub marks_flows: bool,
    /// Addresses of the cloud itself, its resolver among them: what is from and to them is never filtered.
    pub platform: &'static [IpAddr],
    /// Those of them that resolve names, whether rules filter them or not.
    pub resolvers: &'static [IpAddr],
    /// Is the resolver, which nothing filters, at the third address of the user's network, too? No export of rules tells
    /// which that is.
    pub is_resolver_in_network: bool,
}

/// Who is in a group of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Members {
    /// The user's own machines in the cloud, by their private addresses; nobody of the internet.
    Machines,
    /// Anybody.
    Anybody,
}

impl Ruleset {
    /// Does it all stand around a machine, and not on it?
    pub fn is_perimeter(&self) -> bool {
        let bases =
            || self.tables.iter().flat_map(|table| &table.chains).filter_map(|chain| chain.base.as_ref());
        bases().next().is_some() && bases().all(|base| matches!(base.kind, ChainKind::Perimeter(_)))
    }

    /// Is there a list around the machine that looks at each packet by itself, and has no rules for flows?
    pub fn has_no_memory(&self) -> bool {
        let bases =
            self.tables.iter().flat_map(|table| &table.chains).filter_map(|chain| chain.base.as_ref());
        let mut kinds = bases.map(|base| base.kind);
        kinds.any(|kind| matches!(kind, ChainKind::Perimeter(it) if !it.is_stateful && !it.marks_flows))
    }

    /// The addresses of the cloud itself, which its rules do not filter.
    pub fn platform(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.perimeter().into_iter().flat_map(|perimeter| perimeter.platform.iter().copied())
    }

    /// The addresses of the cloud's own resolver.
    pub fn resolvers(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.perimeter().into_iter().flat_map(|perimeter| perimeter.resolvers.iter().copied())
    }

    /// May an address be one that the cloud's resolver has in the user's network? No network is smaller than 16 addresses;
    /// it may have public ones.
    pub fn may_be_resolver(&self, address: IpAddr) -> bool {
        let may_be_own = |it: Ipv4Addr| {
            !(it.is_loopback()
                || it.is_link_local()
                || it.is_multicast()
                || matches!(it.octets()[0], 0 | 240..))
        };
        let is_third = matches!(address, IpAddr::V4(it) if may_be_own(it) && it.octets()[3] & 0xf == 2);
        is_third && self.perimeter().is_some_and(|perimeter| perimeter.is_resolver_in_network)
    }

    /// How a cloud filters around the machine, by the first of the layers.
    fn perimeter(&self) -> Option<Perimeter> {
        let mut chains = self.tables.iter().flat_map(|table| &table.chains);
        match chains.find_map(|chain| chain.base.as_ref())?.kind {
            ChainKind::Perimeter(perimeter) => Some(perimeter),
            _ => None,
        }
    }
}
