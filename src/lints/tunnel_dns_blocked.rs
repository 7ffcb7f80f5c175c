//! `tunnel-dns-blocked`: see rules/tunnel-dns-blocked.md.

use std::net::IpAddr;

use super::tunnel::blame::{blame, depends_by_whomever};
use super::tunnel::{Resolution, Tunnel, ask, family_of, name};
use super::{Context, mend};
use crate::eval::Certainty;
use crate::finding::{Finding, Level};
use crate::model::Remedy;
use crate::packet::{Axis, Family, PacketSet};

const ID: &str = "tunnel-dns-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let everything = PacketSet::any();
    let program = &tunnel.profile.program;
    let finding = match tunnel.dns.resolution {
        Resolution::Blocked | Resolution::OnlyByEncryptedStub | Resolution::OnlyByHost
            if let Some(chance) = tunnel.dns.chance =>
        {
            let message = format!("whether {program} can resolve names is chance: rules name client ports");
            Finding::new(ID, Level::Warning, message).note(chance.note(context))
        }
        Resolution::Works => return findings.extend(only_udp(context, tunnel)),
        Resolution::Blocked => {
            let finding = Finding::new(
                ID,
                Level::Error,
                format!("{program} cannot resolve names: {}", blocked(context)),
            );
            finding.note(format!(
                "{program} exits when it cannot look up the edge's names, and it looks them up with the system's \
                 resolver only. Allow UDP and TCP 53 to the resolvers in use, and loopback if one of them is a stub \
                 on this host (127.0.0.53)."
            ))
        }
        Resolution::OnlyByEncryptedStub => Finding::new(
            ID,
            Level::Note,
            format!(
                "{program} resolves names only if a resolver on this host asks over TLS or HTTPS: what is \
                 asked over UDP 53 is not answered"
            ),
        ),
        Resolution::OnlyByHost => Finding::new(
            ID,
            Level::Note,
            format!(
                "{program} resolves names only if this host does it for the container: no DNS query is forwarded"
            ),
        ),
        Resolution::Depends => {
            let message =
                format!("whether {program} can resolve names depends on what the rules alone do not tell");
            let finding = unsaid(Finding::new(ID, Level::Note, message), context);
            let Some(held) = &tunnel.dns.udp else { return findings.push(finding) };
            return findings.push(depends_by_whomever(finding, context, held, &everything));
        }
    };
    let held = [&tunnel.dns.stub, &tunnel.dns.udp];
    let mut finding =
        held.into_iter().flatten().fold(finding, |finding, held| blame(finding, context, held, &everything));
    if tunnel.dns.udp.is_some() {
        finding = finding.remedy(remedy(context, tunnel));
    }
    if tunnel.dns.fallback_is_open {
        let fallback = &tunnel.profile.dns.fallback;
        finding = finding.note(format!(
            "DNS over TLS to {}:{} is open, but {program} asks it only for the list of host names; their addresses \
             it still looks up at port 53.",
            fallback.address, fallback.port
        ));
    }
    findings.push(finding);
}

/// Questions let out over UDP and TCP: to the resolvers, where they are known.
fn remedy(context: &Context, tunnel: &Tunnel) -> Option<Remedy> {
    let resolvers = asked(context);
    if resolvers.is_empty() && !context.settings.resolvers.value.is_empty() {
        return None;
    }
    let mut opening = mend::Opening::default();
    for (held, protocol) in [(&tunnel.dns.udp, 17), (&tunnel.dns.tcp.1, 6)] {
        let Some(held) = held else { continue };
        if mend::comes_in_vain(held) {
            return None;
        }
        for family in super::tunnel::spoken(context) {
            let own = ask::addresses(resolvers.iter().copied().filter(|it| family_of(*it) == family));
            if own.is_empty() && !resolvers.is_empty() {
                continue;
            }
            let cube = mend::to(family, protocol, own, tunnel.profile.dns.port);
            let part = PacketSet::from(mend::of(family));
            opening.add(context, held, &part, &[cube]);
        }
    }
    let out = opening.remedy("let DNS out", !resolvers.is_empty());
    // Where the resolver on the host is not reached, either, one without the other would be of no use.
    let stub = tunnel.dns.stub.as_ref().and_then(|held| {
        let family = held.question.packets.cubes().first()?.get(Axis::Family)?.first()?;
        let family = Family::ALL.into_iter().find(|each| each.number() == family)?;
        mend::loopback(context, family, held)
    });
    match (stub, out) {
        (Some(stub), Some(out)) => Some(stub.and(out)),
        (stub, out) => stub.or(out),
    }
}

/// The resolvers that must be reached from here, as far as known: those that are set, or, where they are on this host,
/// those that they ask in turn.
fn asked(context: &Context) -> Vec<IpAddr> {
    let (set, upstream) = (&context.settings.resolvers.value, &context.settings.upstream_resolvers.value);
    let is_stub = !set.is_empty() && set.iter().all(IpAddr::is_loopback);
    let all = if is_stub { upstream } else { set };
    all.iter().copied().filter(|address| !address.is_loopback()).collect()
}

/// Names the resolvers that are asked over a family of which nothing is said, or that may be the cloud's own.
fn unsaid(finding: Finding, context: &Context) -> Finding {
    let resolvers = || context.settings.resolvers.value.iter();
    let own = resolvers().find(|address| context.unit.ruleset.may_be_resolver(**address));
    let finding = own.into_iter().fold(finding, |finding, address| {
        finding.note(format!(
            "{address} may be the third address of the network, at which the cloud's own resolver is: no rule filters \
             that."
        ))
    });
    match resolvers().find(|address| !context.speaks_for(family_of(**address))) {
        Some(address) => finding.note(format!(
            "Nothing is said about {}, over which {address} is asked.",
            name(family_of(*address))
        )),
        None => finding,
    }
}

/// What was found blocked, no more.
fn blocked(context: &Context) -> String {
    let names = |all: &[IpAddr]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    let (set, asked) = (&context.settings.resolvers.value, asked(context));
    match (set.as_slice(), asked.as_slice()) {
        ([], _) => "no DNS query gets out and back".to_owned(),
        (set, asked) if set.iter().all(IpAddr::is_loopback) && !asked.is_empty() => {
            format!("no DNS query to {} gets out and back, for the resolver at {}", names(asked), names(set))
        }
        (set, _) => format!("no DNS query to {} gets out and back", names(set)),
    }
}

/// UDP works, TCP does not, or not surely: long answers are lost.
fn only_udp(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let (certainty, Some(held)) = &tunnel.dns.tcp else { return None };
    if *certainty == Certainty::Met || context.settings.resolvers.value.iter().any(IpAddr::is_loopback) {
        return None;
    }
    let why = "A resolver repeats a question over TCP 53 when the answer does not fit into a datagram.";
    let everything = PacketSet::any();
    if *certainty == Certainty::Depends {
        let message =
            "DNS gets out over UDP; whether it does over TCP depends on what the rules alone do not tell";
        return Some(
            depends_by_whomever(Finding::new(ID, Level::Note, message), context, held, &everything).note(why),
        );
    }
    let finding = Finding::new(ID, Level::Note, "DNS gets out over UDP but not over TCP");
    Some(blame(finding, context, held, &everything).remedy(remedy(context, tunnel)).note(why))
}
