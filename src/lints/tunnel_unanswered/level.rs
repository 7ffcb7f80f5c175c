//! How bad it is that something does not answer: as bad as it is for cloudflared.

use std::net::IpAddr;

use super::{Context, Held};
use crate::config::{Came, EdgeIpVersion, Probed, Record, Tried};
use crate::finding::Level;
use crate::lints::tunnel::wanted;
use crate::packet::Family;
use crate::profile::{Protocol, Requirement};

/// Of a group of probes that fail alike.
pub fn of(context: &Context, group: &[&Held]) -> Level {
    let tried = &group[0].tried.value;
    if tried.came == Came::Untried {
        return Level::Note;
    }
    match tried.what.as_str() {
        "quic" | "http2" => edge(context, group),
        _ if is_without_v6(group[0]) && answers_over_v4(context, tried) => Level::Note,
        // A second resolver is asked when the first is silent; TCP only carries what is too long for UDP.
        "dns" if tried.protocol == Protocol::Udp => {
            let mut others = context.probes().iter().map(|held| &held.tried.value);
            let serves = others.any(|it| it.what == "dns" && it.protocol == Protocol::Udp && may_answer(it));
            if serves { Level::Warning } else { Level::Error }
        }
        "dns" | "upstream-dns" | "dns-over-tls" => Level::Note,
        service => {
            let services = context.profile.map_or(&[][..], |profile| &profile.services);
            let required = services.iter().find(|it| it.name == service).and_then(|it| it.required_by);
            let is_required = match required {
                Some(Requirement::Access) => context.settings.access.value,
                Some(Requirement::AutoUpdate) => context.settings.auto_update.value,
                Some(Requirement::QuickTunnel) => context.settings.quick_tunnel.value,
                None => false,
            };
            if is_required { Level::Warning } else { Level::Note }
        }
    }
}

/// Has the host no IPv6 for it?
fn is_without_v6(held: &Held) -> bool {
    let tried = &held.tried.value;
    (tried.came, held.family()) == (Came::Unreachable, Family::V6) && tried.from.is_none()
}

/// Did the same answer over IPv4?
fn answers_over_v4(context: &Context, tried: &Tried) -> bool {
    let is_same = |other: &Tried| (&other.what, other.protocol) == (&tried.what, tried.protocol);
    let mut others = context.probes().iter().map(|held| &held.tried.value);
    others.any(|other| is_same(other) && other.to.is_ipv4() && other.came == Came::Answered)
}

/// Did it answer, or could it, had it been tried?
fn may_answer(tried: &Tried) -> bool {
    matches!(tried.came, Came::Answered | Came::Untried)
}

/// cloudflared stands on two regions: it does not run well without one of them, and falls back from QUIC to HTTP/2, from
/// IPv6 to IPv4, and never the other way.
fn edge(context: &Context, group: &[&Held]) -> Level {
    let wanted = wanted(context.settings.protocol.value);
    let tried = &group[0].tried.value;
    let what = tried.what.as_str();
    if !wanted.contains(&what) {
        return Level::Note;
    }
    // A host without IPv6 goes on over IPv4, unless it is told otherwise.
    let is_v6_wanted = context.settings.edge_ip_version.value == EdgeIpVersion::V6;
    if is_without_v6(group[0]) && !is_v6_wanted {
        return Level::Note;
    }
    let answers = |transport: &str, region: &Option<String>| {
        let mut all = context.probes().iter().map(|held| &held.tried.value);
        all.any(|it| it.what == transport && may_answer(it) && region_of(context, it.to.ip()) == *region)
    };
    let regions = || group.iter().map(|held| region_of(context, held.tried.value.to.ip()));
    if regions().any(|region| !wanted.iter().any(|transport| answers(transport, &region))) {
        return Level::Error;
    }
    let is_dead = regions().any(|region| !answers(what, &region));
    if is_dead && what == "http2" { Level::Note } else { Level::Warning }
}

/// The host of the edge that an address belongs to: by what names led to, otherwise by the profile.
fn region_of(context: &Context, address: IpAddr) -> Option<String> {
    let told = |probed: &Probed| {
        let mut answers = probed.answers.iter().map(|answer| &answer.value);
        let text = address.to_string();
        let found = answers.find(|answer| answer.record != Record::Srv && answer.values.contains(&text));
        found.map(|answer| answer.name.clone())
    };
    let listed = || {
        let endpoint = context.profile?.endpoint(&context.settings.region.value)?;
        let has = |v4: &[std::net::Ipv4Addr], v6: &[std::net::Ipv6Addr]| match address {
            IpAddr::V4(address) => v4.contains(&address),
            IpAddr::V6(address) => v6.contains(&address),
        };
        endpoint.regions.iter().find(|region| has(&region.v4, &region.v6)).map(|region| region.host.clone())
    };
    context.unit.probed.as_ref().and_then(told).or_else(listed)
}
