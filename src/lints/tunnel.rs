//! What becomes of the tunnel: worked out once for a unit, and read by all lints that speak of it.

pub mod ask;
mod beside;
pub mod blame;
mod chance;
mod dns;
mod indifference;
mod judge;
pub mod names;
mod phrase;
mod redirection;
mod terms;
mod user;
mod ways;

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::{EdgeIpVersion, Protocol};
use crate::eval::{Certainty, Held, Witnesses};
use crate::packet::{Axis, Cube, Family, PacketSet, TooManyPieces};
use crate::profile::{Endpoint, Profile, Service, Transport};

use super::Context;
use ask::CHOICES;
use beside::Beside;
pub use chance::Chance;
pub use dns::{Dns, Resolution, family_of};
use indifference::are_all_alike;
pub use judge::edges;
use judge::{judge_loopback, judge_service, to};
pub use redirection::Redirection;
use ways::Ways;

/// What becomes of the flows that a tunnel needs.
#[derive(Debug)]
pub struct Tunnel<'m> {
    /// The profile that says what is needed.
    pub profile: &'static Profile,
    /// The endpoint that is dialled.
    pub endpoint: &'static Endpoint,
    /// One for each family and transport that is judged; those that the settings exclude too.
    pub paths: Vec<Path<'m>>,
    /// Name resolution.
    pub dns: Dns<'m>,
    /// Loopback, for each family of which the unit speaks.
    pub loopback: Vec<(Family, Certainty, Arc<Held<'m>>)>,
    /// What else is dialled, and whether it gets out. What became of it is told where it depends; of what is blocked it can
    /// be asked for.
    pub services: Vec<Served<'m>>,
    /// The choices that the host is left with: by which interface, from which address, as whom.
    pub witnesses: Witnesses,
    /// Those that are left for what is needed beside the paths.
    left_beside: Witnesses,
    /// On what terms it works, where not all choices serve it: phrases.
    pub terms: Vec<String>,
}

/// A service, whether it is reached, and what became of the flows to it, as far as that is known.
pub type Served<'m> = (&'static Service, Certainty, Option<Arc<Held<'m>>>);

/// One transport over one family.
#[derive(Debug)]
pub struct Path<'m> {
    /// The family.
    pub family: Family,
    /// The transport.
    pub transport: &'static Transport,
    /// What became of its flows.
    pub held: Arc<Held<'m>>,
    /// Each address of the endpoint, region by region.
    pub edges: Vec<Edge>,
    /// Where all that is lost is lost from some client ports alone: a port of either kind.
    pub chance: Option<Chance>,
}

/// One address of the endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The region, an index into the endpoint's.
    pub region: usize,
    /// The address.
    pub address: IpAddr,
    /// Does it get through?
    pub certainty: Certainty,
    /// Where it is lost first, if it is lost.
    pub lost_at: Option<LostAt>,
}

/// Where a flow is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LostAt {
    /// The first packet does not get out.
    Egress,
    /// NAT turns it to the host itself.
    Diverted,
    /// The answer does not get in.
    Reply,
    /// What follows the answer does not get out.
    Followup,
}

impl Path<'_> {
    /// What gets through arrives nowhere: no neighbour is found. Where nothing gets through, that is lost as before.
    fn die(&mut self) {
        if !self.is_blocked() {
            let lost = |edge: &mut Edge| (edge.certainty, edge.lost_at) = (Certainty::Blocked, None);
            self.edges.iter_mut().for_each(lost);
        }
    }

    /// Is no address reached, whatever the unknowns are?
    pub fn is_blocked(&self) -> bool {
        self.edges.iter().all(|edge| edge.certainty == Certainty::Blocked)
    }

    /// Is every address surely reached?
    pub fn is_open(&self) -> bool {
        self.edges.iter().all(|edge| edge.certainty == Certainty::Met)
    }

    /// Are first packets let out, but the connection fails on the way back?
    pub fn fails_on_the_way_back(&self) -> bool {
        let is_late = |edge: &Edge| matches!(edge.lost_at, Some(LostAt::Reply | LostAt::Followup));
        self.is_blocked() && self.edges.iter().all(is_late)
    }

    /// The addresses of a region.
    pub fn region(&self, region: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.region == region)
    }

    /// The flows to some of its addresses.
    pub fn part<'e>(&self, edges: impl IntoIterator<Item = &'e Edge>) -> PacketSet {
        to(self.family, edges.into_iter().map(|edge| edge.address))
    }
}

impl<'m> Tunnel<'m> {
    /// Works it out; `None` when the unit is a fragment, says nothing of the families in question, or
    /// no profile is asked for.
    pub fn judge(context: &Context<'m>) -> Option<Result<Self, TooManyPieces>> {
        let profile = context.profile.filter(|_| !context.is_fragment())?;
        let endpoint = profile.endpoint(&context.settings.region.value)?;
        if families(context).is_empty() {
            return None;
        }
        // Where rules do not ask by which interface and from which address flows leave, one choice shows at little cost what
        // becomes of all.
        let usual = || Ways::by(context, profile, endpoint, Some(&ask::usual_choice())).ok();
        let usual = if are_all_alike(context) { usual() } else { None };
        let usual = usual.filter(|ways| ways.paths.iter().all(Path::is_open));
        let usual = usual.and_then(|ways| Self::on_these(context, profile, endpoint, ways, None).ok());
        if usual.as_ref().is_some_and(Self::is_served) {
            return usual.map(Ok);
        }
        let all = Ways::by(context, profile, endpoint, None);
        Some(all.and_then(|ways| Self::on_these(context, profile, endpoint, ways, usual)))
    }

    /// Is everything that is needed beside the paths, or would be nice, there?
    fn is_served(&self) -> bool {
        self.dns.is_served()
            && self.loopback.iter().all(|each| each.1 == Certainty::Met)
            && self.services.iter().all(|each| each.1 == Certainty::Met)
    }

    /// Judges all that is needed beside the paths. What the usual choice is served need not be asked again: some of all
    /// choices is served, too.
    fn on_these(
        context: &Context<'m>,
        profile: &'static Profile,
        endpoint: &'static Endpoint,
        ways: Ways<'m>,
        usual: Option<Self>,
    ) -> Result<Self, TooManyPieces> {
        let Ways { mut paths, asked, left, beside: left_beside } = ways;
        if context.is_ipv6_dead() {
            paths.iter_mut().filter(|path| path.family == Family::V6).for_each(Path::die);
        }
        let beside = Beside::new(context, profile, &left_beside);
        let (dns, loopback, known) = match usual {
            Some(Tunnel { dns, loopback, services, .. }) => {
                (Some(dns).filter(Dns::is_served), Some(loopback), services)
            }
            None => (None, None, Vec::new()),
        };
        let dns = dns.map_or_else(|| Dns::judge(&beside), Ok)?;
        // What runs on the host is asked over either, whatever the edge is dialled by.
        let spoken: Vec<Family> =
            Family::ALL.into_iter().filter(|family| context.speaks_for(*family)).collect();
        let judge = || context.each(&spoken, |family| judge_loopback(context, *family));
        let loopback = loopback.map_or_else(judge, Ok)?;
        let wanted: Vec<&'static Service> = profile.services.iter().collect();
        let is_served = |service: &Service| {
            known.iter().any(|each| each.1 == Certainty::Met && std::ptr::eq(each.0, service))
        };
        let services = context.each(&wanted, |service| match is_served(service) {
            true => Ok((*service, Certainty::Met, None)),
            false => judge_service(&beside, service, false),
        })?;
        let terms = terms::terms(context, endpoint, &paths, &asked, &left)?;
        Ok(Tunnel { profile, endpoint, paths, dns, loopback, services, witnesses: left, left_beside, terms })
    }

    /// What becomes of the flows to a service that is not reached.
    pub fn held_for(&self, context: &Context<'m>, (service, _, held): &Served<'m>) -> Option<Arc<Held<'m>>> {
        let ask = || {
            let beside = Beside::new(context, self.profile, &self.left_beside);
            judge_service(&beside, service, true).ok()?.2
        };
        held.clone().or_else(ask)
    }

    /// The paths of a transport.
    pub fn paths_of(&self, transport: &str) -> impl Iterator<Item = &Path<'m>> {
        self.paths.iter().filter(move |path| path.transport.name == transport)
    }

    /// Does IPv4 lead out, and IPv6 not at all?
    pub fn does_without_ipv6(&self) -> bool {
        let is_blocked = |family| self.paths.iter().all(|path| path.family != family || path.is_blocked());
        !is_blocked(Family::V4) && is_blocked(Family::V6)
    }

    /// Does no path of this transport lead anywhere?
    pub fn is_transport_blocked(&self, transport: &str) -> bool {
        self.paths_of(transport).all(Path::is_blocked)
    }

    /// The transport over which the program dials: with `auto` QUIC, as long as one address answers over it.
    pub fn dialled(&self, context: &Context) -> &'static str {
        let mut wanted = wanted(context.settings.protocol.value).iter();
        let first = wanted.clone().next().copied().unwrap_or_default();
        wanted.find(|transport| !self.is_transport_blocked(transport)).copied().unwrap_or(first)
    }

    /// Is nothing left by which the program could reach the edge with its settings?
    pub fn is_cut_off(&self, context: &Context) -> bool {
        let usable = wanted(context.settings.protocol.value);
        let is_by_chance = |transport: &str| self.paths_of(transport).any(|path| path.chance.is_some());
        usable.iter().all(|transport| self.is_transport_blocked(transport) && !is_by_chance(transport))
    }

    /// Does all that leaves go into another tunnel, whose far end this host does not see?
    pub fn is_only_through_tunnels(&self) -> bool {
        let cubes = self.witnesses.left.cubes();
        let is_inner = |cube: &Cube| cube.get(Axis::OutInterface).is_some_and(ask::are_tunnels);
        !cubes.is_empty() && cubes.iter().all(is_inner)
    }
}

/// The families in which the edge may be dialled and for which the unit speaks.
pub fn families(context: &Context) -> Vec<Family> {
    let wanted: &[Family] = match context.settings.edge_ip_version.value {
        EdgeIpVersion::Auto => &Family::ALL,
        EdgeIpVersion::V4 => &[Family::V4],
        EdgeIpVersion::V6 => &[Family::V6],
    };
    wanted.iter().copied().filter(|family| context.speaks_for(*family)).collect()
}

/// The families for which the unit speaks and over which something can arrive, those of the edge first: resolvers and
/// services are reached over either, whatever the edge is dialled by.
pub fn spoken(context: &Context) -> Vec<Family> {
    let mut all = families(context);
    let others = Family::ALL.into_iter().filter(|family| context.speaks_for(*family));
    let others: Vec<Family> = others.filter(|family| !all.contains(family)).collect();
    all.extend(others);
    if all.len() > 1 && context.is_ipv6_dead() {
        all.retain(|family| *family == Family::V4);
    }
    all
}

/// The transports that a setting allows, by their names in the profile.
pub fn wanted(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Auto => &["quic", "http2"],
        Protocol::Quic => &["quic"],
        Protocol::Http2 => &["http2"],
    }
}

/// What a transport is called in running text.
pub fn title(transport: &str) -> &'static str {
    if transport == "quic" { "QUIC" } else { "HTTP/2" }
}

/// What a family is called in running text.
pub fn name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// ` over IPv6` where only one of the families that are judged is among the paths; otherwise nothing.
pub fn families_of(tunnel: &Tunnel, paths: &[&Path]) -> String {
    let has = |family: Family| paths.iter().any(|path| path.family == family);
    let is_judged = |family: Family| tunnel.paths.iter().any(|path| path.family == family);
    let missing = |family: Family| is_judged(family) && !has(family);
    match paths.first() {
        Some(path) if Family::ALL.into_iter().any(missing) => format!(" over {}", name(path.family)),
        _ => String::new(),
    }
}

/// The paths of one transport whose first packets do not get out, where the other transport leads out
/// over the same family.
pub fn blocked_beside<'t, 'm>(
    tunnel: &'t Tunnel<'m>,
    transport: &'t str,
    other: &'t str,
) -> impl Iterator<Item = &'t Path<'m>> {
    tunnel.paths_of(transport).filter(move |path| {
        let mut beside = tunnel.paths_of(other).filter(|beside| beside.family == path.family);
        path.is_blocked()
            && path.edges.iter().any(|edge| edge.lost_at == Some(LostAt::Egress))
            && beside.any(|beside| !beside.is_blocked())
    })
}

/// Does the other transport surely lead out over the families of some paths?
pub fn is_sure_beside(tunnel: &Tunnel, paths: &[&Path], other: &str) -> bool {
    paths.iter().all(|path| {
        let mut beside = tunnel.paths_of(other).filter(|beside| beside.family == path.family);
        beside.any(|beside| beside.edges.iter().any(|edge| edge.certainty == Certainty::Met))
    })
}

/// All transports, those that the settings want first.
fn transports(context: &Context, profile: &'static Profile) -> Vec<&'static Transport> {
    let first = wanted(context.settings.protocol.value);
    let mut all: Vec<&Transport> = profile.transports.iter().collect();
    all.sort_by_key(|transport| !first.contains(&transport.name.as_str()));
    all
}
