//! What is going to be sent, before anything is.

use std::net::{IpAddr, Ipv6Addr};

use super::network::TRIES;
use super::quic;
use crate::config::{Answer, EdgeIpVersion, Record, Settings};
use crate::profile::{Dns, Endpoint, Profile, Protocol, Service, Transport};

/// All that probes send, and to whom.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The resolvers that are asked.
    pub resolvers: Vec<IpAddr>,
    /// Those that they ask in turn.
    pub upstream_resolvers: Vec<IpAddr>,
    /// How names are asked for.
    pub dns: &'static Dns,
    /// What is dialled.
    pub endpoint: &'static Endpoint,
    /// At this port.
    pub port: u16,
    /// In these ways.
    pub transports: &'static [Transport],
    /// What else is dialled.
    pub services: Vec<&'static Service>,
    /// From this address of the machine, or from the one that its routes choose.
    pub bound: Option<IpAddr>,
    /// In which families.
    families: EdgeIpVersion,
}

impl Plan {
    /// What would be tried for a profile under these settings; `None` if the profile does not know the region.
    pub fn of(profile: &'static Profile, settings: &Settings) -> Option<Self> {
        let current = profile.services.iter().filter(|service| service.gone_since.is_none());
        Some(Plan {
            resolvers: reachable(&settings.resolvers.value),
            upstream_resolvers: reachable(&settings.upstream_resolvers.value),
            dns: &profile.dns,
            endpoint: profile.endpoint(&settings.region.value)?,
            port: profile.port,
            transports: &profile.transports,
            // The name of a team is nowhere told.
            services: current.filter(|service| !service.host.contains('<')).collect(),
            bound: settings.bound(),
            families: settings.edge_ip_version.value,
        })
    }

    /// The records that tell addresses in the families that are dialled.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> + Clone + use<> {
        let families = self.families;
        let is_dialled = move |record: &Record| match families {
            EdgeIpVersion::Auto => true,
            EdgeIpVersion::V4 => *record == Record::A,
            EdgeIpVersion::V6 => *record == Record::Aaaa,
        };
        [Record::A, Record::Aaaa].into_iter().filter(is_dialled)
    }

    /// What is going to be sent, in sentences.
    pub fn words(&self) -> String {
        let list =
            |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut asked = list(&self.resolvers);
        if !self.upstream_resolvers.is_empty() {
            asked += &format!(" and {}", list(&self.upstream_resolvers));
        }
        let questions = match self.resolvers.is_empty() {
            true => "no questions for names, since no resolver is known".to_owned(),
            false => format!("questions for the names of the edge and the services to {asked}"),
        };
        let regions: Vec<&str> = self.endpoint.regions.iter().map(|region| region.host.as_str()).collect();
        let services: Vec<&str> = self.services.iter().map(|service| service.host.as_str()).collect();
        let fallback = &self.dns.fallback;
        format!(
            "This sends, from this machine: {questions}; a packet of QUIC and a connection of TCP without content to each \
             address of {}, port {}; such a connection to {}, port {}; and to port 443 of {}. {}",
            regions.join(" and "),
            self.port,
            fallback.address,
            fallback.port,
            services.join(", "),
            self.most(),
        )
    }

    /// How much that may become, in a sentence.
    fn most(&self) -> String {
        let over = |protocol| self.dns.protocols.iter().filter(|each| **each == protocol).count();
        let (own, upstream) = (self.resolvers.len(), self.upstream_resolvers.len());
        let records = self.records().count();
        // Each resolver may be asked for each name again over TCP, if it does not answer over UDP.
        let names = (self.endpoint.regions.len() + self.services.len()) * records * own;
        let edge = self.endpoint.regions.len() * records * Answer::MOST;
        let dialled =
            |protocol| edge * self.transports.iter().filter(|each| each.protocol == protocol).count();
        let asked = |protocol| (own + upstream) * over(protocol) + names;
        let udp = TRIES.len() * (asked(Protocol::Udp) + dialled(Protocol::Udp));
        let tcp = asked(Protocol::Tcp) + dialled(Protocol::Tcp) + 1 + self.services.len() * records;
        format!(
            "Not more than {} addresses of a name are dialled in a family: these are at most {udp} packets of UDP with up to \
             {} bytes, and {tcp} connections of TCP.",
            Answer::MOST,
            quic::LEAST,
        )
    }
}

/// The resolvers that an address alone leads to; one that is good on its own link needs the interface, too.
fn reachable(resolvers: &[IpAddr]) -> Vec<IpAddr> {
    let is_local = |address: &Ipv6Addr| address.is_unicast_link_local();
    resolvers.iter().copied().filter(|address| !matches!(address, IpAddr::V6(v6) if is_local(v6))).collect()
}
