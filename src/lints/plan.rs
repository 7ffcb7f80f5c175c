//! What a host that runs the tunnel lets through, and nothing else.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Context;
use crate::config::{EdgeIpVersion, EdgeRules, Protocol, RunsIn, Settings};
use crate::eval::Way;
use crate::eval::exposure::Kind;
use crate::model::{NewRule, Part, Plan, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, Ranges, values};
use crate::profile::{Endpoint, Profile, Requirement, Service};

/// The built-in chains, and which way packets come there.
const CHAINS: [(&str, Way); 3] = [("INPUT", Way::In), ("FORWARD", Way::Forward), ("OUTPUT", Way::Out)];

/// The plan for one family.
pub fn of(
    profile: &Profile,
    endpoint: &Endpoint,
    settings: &Settings,
    ssh: &[IpNet],
    family: Family,
) -> Plan {
    let planner = Planner { profile, settings, family };
    let mut parts = planner.basics();
    parts.extend(planner.ssh(ssh));
    parts.push(planner.dns());
    let mut plan = planner.plan(parts, endpoint);
    let own = "They take the place of the rules that are there: start programs again that add their own (Docker, libvirt).";
    let more = "What else the host asks for (the time, packages, a lease over DHCPv6) does not get out.";
    plan.about.extend([own, more].map(str::to_owned));
    if ssh.is_empty() {
        plan.about
            .push("SSH is not let in: the host is reached through the tunnel, or by its console.".to_owned());
    }
    plan
}

/// The plan for one family of what is around a machine, and knows connections: no packet of a machine to itself comes
/// there, answers pass, and so do those of the cloud's own resolver.
pub fn around(
    profile: &Profile,
    endpoint: &Endpoint,
    settings: &Settings,
    ssh: &[IpNet],
    family: Family,
) -> Plan {
    let planner = Planner { profile, settings, family };
    let mut parts: Vec<Part> = planner.ssh(ssh).into_iter().collect();
    if settings.resolvers.value.iter().any(|resolver| !resolver.is_loopback()) {
        parts.push(planner.dns());
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
        let planner = Planner { profile, settings, family };
        parts.extend(planner.basics());
        parts.push(planner.as_over_ipv4(context));
        parts.push(planner.dns());
        if serves(settings, family) {
            parts.extend(planner.edge(endpoint));
            parts.extend(profile.services.iter().filter_map(|service| planner.service(service)));
        }
    }
    let is_closed = |rule: &NewRule| closed.iter().any(|(chain, _)| **chain == *rule.chain);
    parts.iter_mut().for_each(|part| part.rules.retain(is_closed));
    parts.retain(|part| !part.rules.is_empty());
    let about = vec!["IPv6 as the rules beside this file have IPv4.".to_owned()];
    let open = open.into_iter().map(|(chain, _)| chain.into()).collect();
    (!parts.is_empty()).then_some(Plan { family, about, open, parts })
}

/// May the edge be dialled over this family?
fn serves(settings: &Settings, family: Family) -> bool {
    match settings.edge_ip_version.value {
        EdgeIpVersion::Auto => true,
        EdgeIpVersion::V4 => family == Family::V4,
        EdgeIpVersion::V6 => family == Family::V6,
    }
}

struct Planner<'s> {
    profile: &'s Profile,
    settings: &'s Settings,
    family: Family,
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
            parts.extend(self.profile.services.iter().filter_map(|service| self.service(service)));
        }
        parts.retain(|part| !part.rules.is_empty());
        let profile = self.profile;
        let about = vec![
            format!("Rules for a host that runs {}: nothing passes but what is named.", profile.program),
            format!("Addresses as published on {}: {}", profile.as_of, profile.source),
        ];
        Plan { family: self.family, about, open: Vec::new(), parts }
    }

    /// The chain through which the program's packets leave.
    fn way_out(&self) -> &'static str {
        if self.settings.runs_in.value == RunsIn::Container { "FORWARD" } else { "OUTPUT" }
    }

    /// Loopback, established flows, and for IPv6 the packets without which no other arrives.
    fn basics(&self) -> Vec<Part> {
        let lo = Ranges::single(values::name("lo").unwrap_or_default());
        let (from, to) =
            (Cube::any().set(Axis::InInterface, lo.clone()), Cube::any().set(Axis::OutInterface, lo));
        let known = Cube::any().set(Axis::State, Ranges::new(state::ESTABLISHED, state::RELATED));
        let mut chains = vec!["INPUT", "OUTPUT"];
        if self.way_out() == "FORWARD" {
            chains.push("FORWARD");
        }
        let mut parts = vec![
            Part {
                purpose: "The host and itself.".into(),
                rules: vec![self.rule("INPUT", from), self.rule("OUTPUT", to)],
            },
            Part {
                purpose:
                    "Answers, later packets of connections that were let through, and errors about them."
                        .into(),
                rules: chains.into_iter().map(|chain| self.rule(chain, known.clone())).collect(),
            },
        ];
        if self.family == Family::V6 {
            let message = |kind: u128| {
                let types = Ranges::new(kind << 8, kind << 8 | 0xff);
                Cube::any().set(Axis::Protocol, Ranges::single(58)).set(Axis::DestinationPort, types)
            };
            let received = [134, 135, 136].map(|kind| self.rule("INPUT", message(kind)));
            let sent = [133, 135, 136].map(|kind| self.rule("OUTPUT", message(kind)));
            let rules = received.into_iter().chain(sent).collect();
            parts.push(Part { purpose: "Neighbour and router discovery.".into(), rules });
        }
        parts
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
        Part { purpose: "What is let in over IPv4 from anywhere, too.".into(), rules }
    }

    fn ssh(&self, from: &[IpNet]) -> Option<Part> {
        let own = from.iter().filter(|net| net.addr().is_ipv4() == (self.family == Family::V4));
        let sources = Ranges::union(own.map(|net| values::prefix(net.addr(), net.prefix_len())));
        let packets = Cube::any()
            .set(Axis::Protocol, Ranges::single(6))
            .set(Axis::DestinationPort, Ranges::single(22))
            .with(Axis::Source, sources)?;
        Some(Part { purpose: "Administration.".into(), rules: vec![self.rule("INPUT", packets)] })
    }

    /// Name resolution by the resolvers that are set, or any.
    fn dns(&self) -> Part {
        let set = &self.settings.resolvers.value;
        let remote: Vec<IpAddr> =
            of_family(self.family, set.iter().copied()).filter(|it| !it.is_loopback()).collect();
        // A resolver on the host asks others in its turn.
        let is_any = set.iter().all(IpAddr::is_loopback);
        let mut rules = Vec::new();
        if is_any || !remote.is_empty() {
            for protocol in &self.profile.dns.protocols {
                let packets = to(protocol.number(), self.profile.dns.port, remote.iter().copied());
                rules.push(self.rule(self.way_out(), packets));
            }
        }
        Part { purpose: "Name resolution.".into(), rules }
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
            Part { purpose: format!("The tunnel: {}.", region.host), rules: rules.collect() }
        };
        endpoint.regions.iter().map(part).collect()
    }

    /// A service that a setting requires: at the addresses that it had, or at any where none are known.
    fn service(&self, service: &Service) -> Option<Part> {
        let is_required = match service.required_by? {
            Requirement::Access => self.settings.access.value,
            Requirement::AutoUpdate => self.settings.auto_update.value,
            Requirement::QuickTunnel => self.settings.quick_tunnel.value,
        };
        let v4 = service.v4.iter().map(|address| IpAddr::from(*address));
        let all = v4.chain(service.v6.iter().map(|address| IpAddr::from(*address)));
        let packets = to(6, 443, of_family(self.family, all));
        is_required.then(|| Part {
            purpose: format!("{}: {} {}.", service.host, self.profile.program, service.why),
            rules: vec![self.rule(self.way_out(), packets)],
        })
    }
}

/// Packets of a protocol to a port of some addresses; of any, where none are named.
fn to(protocol: u8, port: u16, addresses: impl Iterator<Item = IpAddr>) -> Cube {
    let cube = Cube::any()
        .set(Axis::Protocol, Ranges::single(protocol.into()))
        .set(Axis::DestinationPort, Ranges::single(port.into()));
    let addresses = Ranges::union(addresses.map(values::address));
    if addresses.is_empty() { cube } else { cube.set(Axis::Destination, addresses) }
}

/// The addresses of a family.
fn of_family(family: Family, all: impl Iterator<Item = IpAddr>) -> impl Iterator<Item = IpAddr> {
    all.filter(move |address| address.is_ipv4() == (family == Family::V4))
}
