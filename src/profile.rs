//! What a program needs of the network, as `rules/profiles/*.yaml` say it.
//!
//! All names, addresses and reasons live in those files. A profile is read when it is first asked
//! for, since a run without it should not pay for it.

mod names;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;

use crate::packet::Family;

pub use names::names;

/// What a program needs of the network.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// Its id, as in fwlint.yaml: `cloudflare-tunnel`.
    pub name: String,
    /// Its name in running text: `Cloudflare Tunnel`.
    pub title: String,
    /// The program: `cloudflared`.
    pub program: String,
    /// A day on which the facts were still what the source says, `2026-09-20`.
    pub as_of: String,
    /// Where the facts are from: a URL.
    pub source: String,
    /// The port of the endpoints, for each transport.
    pub port: u16,
    /// What carries the connections; one of them is enough.
    pub transports: Vec<Transport>,
    /// The names that a firewall which looks into TLS must let pass.
    pub server_names: Vec<ServerName>,
    /// What is dialled, by setting; the first is the default.
    pub endpoints: Vec<Endpoint>,
    /// Name resolution.
    pub dns: Dns,
    /// What else is dialled, over TCP 443.
    pub services: Vec<Service>,
    /// Addresses that people allow in vain.
    pub stale: Vec<Stale>,
    /// Ranges of the same company that are something else.
    pub published_ranges: PublishedRanges,
}

/// A way to carry the connections.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Transport {
    /// Its name in the settings: `quic`.
    pub name: String,
    /// The protocol under it.
    pub protocol: Protocol,
    /// The name in its TLS handshake.
    pub server_name: String,
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A name in a TLS handshake.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServerName {
    /// The name.
    pub name: String,
    /// The transports that may send it.
    pub transports: Vec<String>,
    /// Does the program stand still without it?
    pub required: bool,
    /// Does the program ever send it?
    pub sent: bool,
    /// What it is for: a phrase.
    pub why: String,
}

/// What is dialled under one setting: one address of each region, any of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// The setting: `global`, `us`, `fedramp`.
    pub name: String,
    /// How the program comes to dial it: a phrase.
    pub chosen: String,
    /// The name whose SRV record tells the hosts of the regions, and the port.
    pub srv: String,
    /// Where the list is from: a URL.
    pub source: String,
    /// When it was still that.
    pub as_of: String,
    /// The regions over which connections are spread.
    pub regions: Vec<Region>,
}

/// One region of an endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Region {
    /// A short name: `region1`.
    pub name: String,
    /// The host name that is looked up.
    pub host: String,
    /// Its IPv4 addresses.
    pub v4: Vec<Ipv4Addr>,
    /// Its IPv6 addresses.
    pub v6: Vec<Ipv6Addr>,
}

impl Region {
    /// Its addresses of a family.
    pub fn addresses(&self, family: Family) -> impl Iterator<Item = IpAddr> + '_ {
        let v4 = self.v4.iter().filter(move |_| family == Family::V4).map(|address| IpAddr::from(*address));
        let v6 = self.v6.iter().filter(move |_| family == Family::V6).map(|address| IpAddr::from(*address));
        v4.chain(v6)
    }

    /// The smallest prefix that holds all of its addresses of a family; `None` if it has none.
    pub fn prefix(&self, family: Family) -> Option<IpNet> {
        let mut nets = self.addresses(family).map(IpNet::from);
        let mut prefix = nets.next()?;
        for net in nets {
            while !prefix.contains(&net) {
                prefix = prefix.supernet()?;
            }
        }
        Some(prefix.trunc())
    }
}

/// Name resolution.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Dns {
    /// The port of resolvers.
    pub port: u16,
    /// Over these; the later ones carry answers that do not fit the first.
    pub protocols: Vec<Protocol>,
    /// The names that are asked for.
    pub names: Vec<String>,
    /// What is asked when the resolver does not answer.
    pub fallback: Fallback,
    /// Where this is from: a URL.
    pub source: String,
    /// When it was still that.
    pub as_of: String,
}

/// A second way to ask for a part of the names.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fallback {
    /// Who is asked.
    pub address: IpAddr,
    /// At this port.
    pub port: u16,
    /// Over this.
    pub protocol: Protocol,
    /// The name in its TLS handshake.
    pub server_name: String,
}

/// Something else that is dialled, over TCP 443.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// A short name: `access`.
    pub name: String,
    /// The host name; `<…>` stands for a part that each user has his own.
    pub host: String,
    /// What the program does there: a phrase that follows its name.
    pub why: String,
    /// The setting that makes it required; none for what is never required.
    pub required_by: Option<Requirement>,
    /// The first version of the program that no longer dials it.
    pub gone_since: Option<String>,
    /// IPv4 addresses that it had; they move.
    #[serde(default)]
    pub v4: Vec<Ipv4Addr>,
    /// IPv6 addresses that it had; they move.
    #[serde(default)]
    pub v6: Vec<Ipv6Addr>,
    /// Where this is from: a URL.
    pub source: String,
    /// When it was still that.
    pub as_of: String,
}

/// A setting that makes a service required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// `access: true`.
    Access,
    /// `auto-update: true`.
    AutoUpdate,
    /// `quick-tunnel: true`.
    QuickTunnel,
}

/// Addresses that people allow for the program, and that do not serve it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stale {
    /// In which way they are wrong.
    pub kind: StaleKind,
    /// Why: a phrase.
    pub why: String,
    /// IPv4 addresses.
    #[serde(default)]
    pub v4: Vec<Ipv4Addr>,
    /// IPv6 addresses.
    #[serde(default)]
    pub v6: Vec<Ipv6Addr>,
    /// For [`StaleKind::Typo`]: what was meant, address for address (IPv4 first).
    #[serde(default)]
    pub meant: Vec<IpAddr>,
    /// Where this is from: a URL.
    pub source: String,
    /// When it was still that.
    pub as_of: String,
}

/// In which way addresses are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleKind {
    /// Each of them serves, but they are not all: wrong when allowed without the rest.
    OldList,
    /// A slip of the pen.
    Typo,
    /// Never were what they are taken for.
    NeverEdge,
}

/// Ranges of the same company that are something else than the endpoints.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedRanges {
    /// What they are: a phrase.
    pub why: String,
    /// IPv4 prefixes.
    pub v4: Vec<Ipv4Net>,
    /// IPv6 prefixes.
    pub v6: Vec<Ipv6Net>,
    /// Where they are from: a URL.
    pub source: String,
    /// When they were still that.
    pub as_of: String,
}

/// The names of all profiles.
pub const NAMES: &[&str] = &["cloudflare-tunnel"];

impl Profile {
    /// The profile of a name; `None` if there is none.
    pub fn named(name: &str) -> Option<&'static Profile> {
        static CLOUDFLARE_TUNNEL: OnceLock<Profile> = OnceLock::new();
        let (text, cell) = match name {
            "cloudflare-tunnel" => {
                (include_str!("../rules/profiles/cloudflare-tunnel.yaml"), &CLOUDFLARE_TUNNEL)
            }
            _ => return None,
        };
        Some(
            cell.get_or_init(|| serde_yaml::from_str(text).expect("each built-in profile is read by a test")),
        )
    }

    /// All profiles, read when they are come to.
    pub fn all() -> impl Iterator<Item = &'static Profile> {
        NAMES.iter().filter_map(|name| Profile::named(name))
    }

    /// What is dialled under a setting (`global`, `us`, …); `None` if the profile does not know it.
    pub fn endpoint(&self, setting: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == setting)
    }

    /// The way of a name (`quic`, …).
    pub fn transport(&self, name: &str) -> Option<&Transport> {
        self.transports.iter().find(|transport| transport.name == name)
    }
}

impl Protocol {
    /// Its name: `tcp`, `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    /// Its number in the IP header.
    pub const fn number(self) -> u8 {
        match self {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_can_be_read() {
        for name in NAMES {
            assert_eq!(Profile::named(name).map(|profile| profile.name.as_str()), Some(*name));
        }
        assert!(Profile::named("nobody").is_none());
    }

    #[test]
    fn each_region_has_ten_addresses_of_each_family_and_the_tenth_is_sixteen() {
        let profile = Profile::named("cloudflare-tunnel").expect("there is one");
        let regions: Vec<_> = profile.endpoints.iter().flat_map(|endpoint| &endpoint.regions).collect();
        assert_eq!(regions.len(), 6);
        for region in regions {
            assert_eq!((region.v4.len(), region.v6.len()), (10, 10), "{}", region.name);
            let last = region.v6[9].segments()[7];
            assert_eq!(last, 16, "{}", region.name);
        }
    }

    #[test]
    fn stale_addresses_are_no_endpoints_unless_only_the_list_is_old() {
        let profile = Profile::named("cloudflare-tunnel").expect("there is one");
        let regions: Vec<_> = profile.endpoints.iter().flat_map(|endpoint| &endpoint.regions).collect();
        for stale in &profile.stale {
            for address in &stale.v4 {
                let serves = regions.iter().any(|region| region.v4.contains(address));
                assert_eq!(serves, stale.kind == StaleKind::OldList, "{address}");
            }
            for address in &stale.v6 {
                assert!(!regions.iter().any(|region| region.v6.contains(address)), "{address}");
            }
            if stale.kind == StaleKind::Typo {
                assert_eq!(stale.meant.len(), stale.v4.len() + stale.v6.len());
            }
        }
    }

    #[test]
    fn published_ranges_hold_every_endpoint() {
        let profile = Profile::named("cloudflare-tunnel").expect("there is one");
        for region in profile.endpoints.iter().flat_map(|endpoint| &endpoint.regions) {
            for address in &region.v4 {
                assert!(profile.published_ranges.v4.iter().any(|net| net.contains(address)), "{address}");
            }
            for address in &region.v6 {
                assert!(profile.published_ranges.v6.iter().any(|net| net.contains(address)), "{address}");
            }
        }
    }
}
