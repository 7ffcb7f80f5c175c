//! What a host that runs the tunnel lets through, and nothing else.

mod basics;
mod services;

use std::net::IpAddr;

use ipnet::IpNet;

use super::Context;
use crate::config::{EdgeIpVersion, EdgeRules, Protocol, RunsIn, Settings, User};
use crate::eval::Way;
use crate::eval::exposure::Kind;
use crate::model::{Bridge, NewRule, Part, Plan, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, values};
use crate::profile::{Endpoint, Profile};

/// The built-in chains, and which way packets come there.
const CHAINS: [(&str, Way); 3] = [("INPUT", Way::In), ("FORWARD", Way::Forward), ("OUTPUT", Way::Out)];

/// What the machine lets through besides what the program needs.
#[derive(Clone, Debug, Default)]
pub struct Besides {
    /// The networks from which SSH is let in.
    pub ssh: Vec<IpNet>,
    /// The networks in which it asks for the time.
    pub time: Vec<IpNet>,
    /// Does it get its addresses by DHCP?
    pub has_dhcp: bool,
    /// The interfaces of the networks in which the program's container may be; empty for those that Docker makes.
    pub bridges: Vec<Bridge>,
}

/// The plan for one family.
pub fn of(
    profile: &Profile,
    endpoint: &Endpoint,
    settings: &Settings,
    besides: &Besides,
    family: Family,
) -> Plan {
    let planner = Planner { profile, settings, family, of: Of::Host };
    let mut parts = planner.basics();
    parts.extend(planner.dhcp(besides.has_dhcp));
    parts.extend(planner.ssh(&besides.ssh));
    parts.extend(planner.time(&besides.time));
    parts.extend(planner.dns());
    let mut plan = planner.plan(parts, endpoint);
    let reached = if planner.is_in_container() {
        plan.bridges = besides.bridges();
        "on the container's own network; those elsewhere, as those of the host, need rules of their own."
    } else {
        let instead = "They take the place of the rules that are there: start programs again that add their own (Docker, libvirt).";
        plan.about.push(instead.to_owned());
        "on this host; those elsewhere need rules of their own."
    };
    let (lease, time) = ("a lease that is renewed (--dhcp)", "the time (--ntp-to)");
    let asked = [(besides.has_dhcp, lease), (!besides.time.is_empty(), time)];
    let missing: Vec<&str> =
        asked.into_iter().filter(|it| !it.0).map(|it| it.1).chain(["packages"]).collect();
    plan.about.extend([
        format!("Services that the tunnel leads to are reached {reached}"),
        format!("What else the host asks for does not get out: {}, and so on.", missing.join(", ")),
    ]);
    if besides.ssh.is_empty() {
        plan.about
            .push("SSH is not let in: the host is reached through the tunnel, or by its console.".to_owned());
    }
    plan
}

/// The plan for one family of what is around a machine, and knows connections: no packet of a machine to itself comes
/// there, answers pass, and so do those of the cloud's own resolver. No user is seen from there.
pub fn around(
    profile: &Profile,
    endpoint: &Endpoint,
    settings: &Settings,
    besides: &Besides,
    family: Family,
) -> Plan {
    let planner = Planner { profile, settings, family, of: Of::Around };
    let mut parts: Vec<Part> = planner.ssh(&besides.ssh).into_iter().collect();
    parts.extend(planner.time(&besides.time));
    if planner.resolvers().iter().any(|resolver| !resolver.is_loopback()) {
        parts.extend(planner.dns());
    }
    planner.plan(parts, endpoint)
}

/// What rules for IPv6 would be beside those of a host that speaks of IPv4 alone: they deny by default what those deny,
/// and let in what those let in from anywhere. `None` where those deny nothing.
pub fn twin(context: &Context) -> Option<Plan> {
    let (family, settings) = (Family::V6, context.settings);
    let denies = |way| context.exposure(way, Family::V4).is_some_and(|exposure| exposure.default.is_none());
    let (closed, open): (Vec<_>, Vec<_>) = CHAINS.into_iter().partition(|(_, way)| denies(*way));
    if closed.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    let profile =
        context.profile.and_then(|profile| Some((profile, profile.endpoint(&settings.region.value)?)));
    if let Some((profile, endpoint)) = profile {
        let planner = Planner { profile, settings, family, of: Of::Twin };
        parts.extend(planner.basics());
        parts.push(planner.as_over_ipv4(context));
        parts.extend(planner.dns());
        if serves(settings, family) {
            parts.extend(planner.edge(endpoint));
            parts.extend(planner.services());
        }
    }
    let is_closed = |rule: &NewRule| closed.iter().any(|(chain, _)| **chain == *rule.chain);
    parts.iter_mut().for_each(|part| part.rules.retain(is_closed));
    parts.retain(|part| !part.rules.is_empty());
    let about = vec!["IPv6 as the rules beside this file have IPv4.".to_owned()];
    let open = open.into_iter().map(|(chain, _)| chain.into()).collect();
    (!parts.is_empty()).then_some(Plan { family, about, open, parts, bridges: Vec::new() })
}

/// May the edge be dialled over this family?
fn serves(settings: &Settings, family: Family) -> bool {
    match settings.edge_ip_version.value {
        EdgeIpVersion::Auto => true,
        EdgeIpVersion::V4 => family == Family::V4,
        EdgeIpVersion::V6 => family == Family::V6,
    }
}

/// Of what the rules are.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// All of a host.
    Host,
    /// What is around a machine.
    Around,
    /// The second family of a host whose rules for the first are there.
    Twin,
}

struct Planner<'s> {
    profile: &'s Profile,
    settings: &'s Settings,
    family: Family,
    of: Of,
}

impl Planner<'_> {
    fn rule(&self, chain: &str, packets: Cube) -> NewRule {
        let (table, chain) = ("filter".into(), chain.into());
        NewRule { family: self.family, table, chain, packets, verdict: Verdict::Accept }
    }

    /// The plan of some parts, and of what the program needs.
    fn plan(&self, mut parts: Vec<Part>, endpoint: &Endpoint) -> Plan {
        if serves(self.settings, self.family) {
            parts.extend(self.edge(endpoint));
            parts.extend(self.services());
        }
        parts.retain(|part| !part.rules.is_empty());
        let profile = self.profile;
        let mut about = vec![
            format!("Rules for a host that runs {}: nothing passes but what is named.", profile.program),
            format!("Addresses as published on {}: {}", profile.as_of, profile.source),
        ];
        about.extend(self.about_owner());
        Plan { family: self.family, about, open: Vec::new(), parts, bridges: Vec::new() }
    }

    /// The chain through which the program's packets leave.
    fn way_out(&self) -> &'static str {
        match self.of {
            Of::Host if self.is_in_container() => Plan::CONTAINER,
            Of::Twin if self.is_in_container() => "FORWARD",
            _ => "OUTPUT",
        }
    }

    /// Do the program's packets come from a container? Around a machine they are the machine's own.
    fn is_in_container(&self) -> bool {
        self.settings.runs_in.value == RunsIn::Container && self.of != Of::Around
    }

    /// The user whose packets alone are let out to the edge; of what comes from a container none is known.
    fn owner(&self) -> Option<Box<str>> {
        let is_seen = self.of == Of::Host && !self.is_in_container();
        self.settings.user.value.as_ref().filter(|_| is_seen).map(|user| match user {
            User::Name(name) => name.as_str().into(),
            User::Id(id) => id.to_string().into(),
        })
    }

    /// What is to be known of the user, if one is told.
    fn about_owner(&self) -> Option<String> {
        match (self.settings.user.value.as_ref()?, self.owner()) {
            (_, None) => {
                Some("Whose packets they are is not seen here: the tunnel gets out for any user.".to_owned())
            }
            (User::Name(name), Some(_)) => {
                Some(format!("The user {name} must be there before they are loaded."))
            }
            (User::Id(_), Some(_)) => None,
        }
    }

    /// What rules for IPv4 let in by protocol and port, from anywhere.
    fn as_over_ipv4(&self, context: &Context) -> Part {
        let openings = context.exposure(Way::In, Family::V4).map_or(&[][..], |exposure| &exposure.openings);
        let mut rules = Vec::new();
        for opening in openings.iter().filter(|opening| opening.kind == Kind::Inside && opening.is_sure) {
            for cube in context.host.rule(opening.rule).packets.cubes() {
                use Axis::{DestinationPort, Family, InInterface, Protocol, State};
                let is_plain =
                    |axis: Axis| matches!(axis, Family | Protocol | DestinationPort | InInterface | State);
                let protocol = cube.get(Protocol).and_then(|values| values.ranges()?.only());
                let names_port = matches!(protocol, Some(6 | 17)) && cube.get(DestinationPort).is_some();
                let rule = self.rule("INPUT", cube.clone().without(Family));
                if names_port && cube.sides().iter().all(|side| is_plain(side.0)) && !rules.contains(&rule) {
                    rules.push(rule);
                }
            }
        }
        Part::of_anyone("What is let in over IPv4 from anywhere, too.", rules)
    }

    fn ssh(&self, from: &[IpNet]) -> Option<Part> {
        let packets = service(6, 22).with(Axis::Source, self.networks(from))?;
        Some(Part::of_anyone("Administration.", vec![self.rule("INPUT", packets)]))
    }

    /// The servers that are asked for the time.
    fn time(&self, to: &[IpNet]) -> Option<Part> {
        let packets = service(17, 123).with(Axis::Destination, self.networks(to))?;
        Some(Part::of_anyone("The time.", vec![self.rule("OUTPUT", packets)]))
    }

    /// The addresses of networks that are of the family.
    fn networks(&self, networks: &[IpNet]) -> Ranges {
        let own = networks.iter().filter(|net| net.addr().is_ipv4() == (self.family == Family::V4));
        Ranges::union(own.map(|net| values::prefix(net.addr(), net.prefix_len())))
    }

    /// The resolvers that are set or, of one on the host, those that it asks in its turn; none where any is asked.
    fn resolvers(&self) -> &[IpAddr] {
        let Settings { resolvers, upstream_resolvers, .. } = self.settings;
        let is_stub = resolvers.value.iter().all(IpAddr::is_loopback);
        if is_stub { &upstream_resolvers.value } else { &resolvers.value }
    }

    /// Name resolution by these.
    fn dns(&self) -> Vec<Part> {
        let set = self.resolvers();
        let remote: Vec<IpAddr> =
            of_family(self.family, set.iter().copied()).filter(|it| !it.is_loopback()).collect();
        let is_any = set.iter().all(IpAddr::is_loopback);
        if !is_any && remote.is_empty() {
            return Vec::new();
        }
        let part = |purpose, chain| {
            let packets = self
                .profile
                .dns
                .protocols
                .iter()
                .map(|protocol| to(protocol.number(), self.profile.dns.port, remote.iter().copied()));
            Part::of_anyone(purpose, packets.map(|packets| self.rule(chain, packets)).collect())
        };
        let mut parts = vec![part("Name resolution.", self.way_out())];
        if self.of == Of::Host && self.is_in_container() {
            parts.push(part("Name resolution by the host, which may ask for its containers.", "OUTPUT"));
        }
        parts
    }

    /// The edge, region by region, over the transports that are wanted.
    fn edge(&self, endpoint: &Endpoint) -> Vec<Part> {
        let wanted = |name: &str| match self.settings.protocol.value {
            Protocol::Auto => true,
            Protocol::Quic => name == "quic",
            Protocol::Http2 => name == "http2",
        };
        let part = |region: &crate::profile::Region| {
            let v4 = region.v4.iter().map(|address| IpAddr::from(*address));
            let all = v4.chain(region.v6.iter().map(|address| IpAddr::from(*address)));
            let addresses: Vec<IpAddr> = of_family(self.family, all).collect();
            let prefix = region.prefix(self.family);
            let prefix = prefix.filter(|_| self.settings.edge_rules.value == EdgeRules::Prefixes);
            let transports = self.profile.transports.iter().filter(|transport| wanted(&transport.name));
            let rules = transports.map(|transport| {
                let packets = to(transport.protocol.number(), self.profile.port, addresses.iter().copied());
                let around = prefix.map(|net| values::prefix(net.addr(), net.prefix_len()));
                let packets = match around {
                    Some((low, high)) => packets.set(Axis::Destination, Ranges::new(low, high)),
                    None => packets,
                };
                self.rule(self.way_out(), packets)
            });
            let purpose = format!("The tunnel: {}.", region.host);
            Part { purpose, owner: self.owner(), rules: rules.collect() }
        };
        endpoint.regions.iter().map(part).collect()
    }
}

impl Besides {
    /// The interfaces by which a container's packets come: of networks that are told, or else of Docker's.
    fn bridges(&self) -> Vec<Bridge> {
        let of_docker = [("docker0", false), ("br-", true)];
        let of_docker = of_docker.map(|(name, is_start)| Bridge { name: name.into(), is_start });
        if self.bridges.is_empty() { of_docker.to_vec() } else { self.bridges.clone() }
    }
}

/// Packets of a protocol to a port of some addresses; of any, where none are named.
fn to(protocol: u8, port: u16, addresses: impl Iterator<Item = IpAddr>) -> Cube {
    let cube = service(protocol, port);
    let addresses = Ranges::union(addresses.map(values::address));
    if addresses.is_empty() { cube } else { cube.set(Axis::Destination, addresses) }
}

/// Packets of a protocol to a port.
fn service(protocol: u8, port: u16) -> Cube {
    Cube::any()
        .set(Axis::Protocol, Ranges::single(protocol.into()))
        .set(Axis::DestinationPort, Ranges::single(port.into()))
}

/// The addresses of a family.
fn of_family(family: Family, all: impl Iterator<Item = IpAddr>) -> impl Iterator<Item = IpAddr> {
    all.filter(move |address| address.is_ipv4() == (family == Family::V4))
}
