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
        let bases =
            self.tables.iter().flat_map(|table| &table.chains).filter_map(|chain| chain.base.as_ref());
        bases.take(1).flat_map(|base| match base.kind {
            ChainKind::Perimeter(perimeter) => perimeter.platform.iter().copied(),
            _ => [].iter().copied(),
        })
    }
}
