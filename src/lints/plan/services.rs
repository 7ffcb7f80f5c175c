//! Services that settings require.

use std::net::IpAddr;

use super::{Planner, of_family, service};
use crate::model::Part;
use crate::packet::{Axis, Ranges, values};
use crate::profile::{Requirement, Service};

/// Who is reached at some addresses, and at no others.
struct Reached {
    purposes: Vec<String>,
    addresses: Ranges,
}

impl Planner<'_> {
    /// The services that a setting requires: at the addresses that they had, or at any where none are known. What is
    /// reached by a rule for others gets none of its own.
    pub(super) fn services(&self) -> Vec<Part> {
        let mut all: Vec<Reached> = Vec::new();
        for service in self.profile.services.iter().filter(|service| self.requires(service)) {
            let purpose = format!("{}: {} {}.", service.host, self.profile.program, service.why);
            let addresses = self.addresses(service);
            if let Some(wider) = all.iter_mut().find(|other| other.addresses.covers(&addresses)) {
                wider.purposes.push(purpose);
                continue;
            }
            let is_within = |other: &mut Reached| addresses.covers(&other.addresses);
            let within: Vec<Reached> = all.extract_if(.., is_within).collect();
            let purposes = within.into_iter().flat_map(|other| other.purposes).chain([purpose]).collect();
            all.push(Reached { purposes, addresses });
        }
        all.into_iter().map(|reached| self.reach(reached)).collect()
    }

    fn requires(&self, service: &Service) -> bool {
        service.required_by.is_some_and(|requirement| match requirement {
            Requirement::Access => self.settings.access.value,
            Requirement::AutoUpdate => self.settings.auto_update.value,
            Requirement::QuickTunnel => self.settings.quick_tunnel.value,
        })
    }

    fn addresses(&self, service: &Service) -> Ranges {
        let v4 = service.v4.iter().map(|address| IpAddr::from(*address));
        let all = v4.chain(service.v6.iter().map(|address| IpAddr::from(*address)));
        let own = Ranges::union(of_family(self.family, all).map(values::address));
        if own.is_empty() { Ranges::new(0, Axis::Destination.max()) } else { own }
    }

    fn reach(&self, reached: Reached) -> Part {
        let packets = service(6, 443);
        let is_any = reached.addresses.as_one() == Some((0, Axis::Destination.max()));
        let packets = if is_any { packets } else { packets.set(Axis::Destination, reached.addresses) };
        let rules = vec![self.rule(self.way_out(), packets)];
        Part { purpose: reached.purposes.join(" "), owner: self.owner(), rules }
    }
}
