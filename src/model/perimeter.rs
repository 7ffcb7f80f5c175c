//! Filters that stand around a machine, in the network of a cloud.

use std::net::IpAddr;

use super::{ChainKind, Ruleset};

/// How a cloud filters around a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perimeter {
    /// Does what belongs to a flow that was let through pass unseen?
    pub is_stateful: bool,
    /// Addresses of the cloud itself, its resolver among them: what is from and to them is never filtered.
    pub platform: &'static [IpAddr],
    /// Those of them that resolve names, whether rules filter them or not.
    pub resolvers: &'static [IpAddr],
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

    /// The addresses of the cloud itself, which its rules do not filter.
    pub fn platform(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.perimeter().into_iter().flat_map(|perimeter| perimeter.platform.iter().copied())
    }

    /// The addresses of the cloud's own resolver.
    pub fn resolvers(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.perimeter().into_iter().flat_map(|perimeter| perimeter.resolvers.iter().copied())
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
