//! Can the program resolve names?

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::RunsIn;
use crate::eval::{Certainty, Conversation, Held, Witnesses};
use crate::packet::{Axis, Family, PacketSet, Ranges, TooManyPieces};
use crate::profile::Protocol;

use super::super::Context;
use super::ask::{self, Flow};
use super::beside::{Beside, DNS_OVER_TLS, HTTPS, Reached, SOME_DESTINATION};
use super::chance::Chance;
use super::spoken;

/// What becomes of name resolution.
#[derive(Debug)]
pub struct Dns<'m> {
    /// How it works, if it does.
    pub resolution: Resolution,
    /// Over UDP, the best way: what became of it.
    pub udp: Option<Arc<Held<'m>>>,
    /// Where UDP is lost from some client ports alone: a port of either kind.
    pub chance: Option<Chance>,
    /// To a resolver on the host itself, where that is asked and not reached: what became of it.
    pub stub: Option<Arc<Held<'m>>>,
    /// Over TCP: answers that do not fit a datagram.
    pub tcp: (Certainty, Option<Arc<Held<'m>>>),
    /// Does the fallback (DNS over TLS) get out where plain DNS does not?
    pub fallback_is_open: bool,
}

/// How names are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// By a resolver that is reached.
    Works,
    /// Only if unknowns turn out well.
    Depends,
    /// Only if a resolver on the host itself asks over TLS or HTTPS.
    OnlyByEncryptedStub,
    /// From a container: only if the host itself resolves for it.
    OnlyByHost,
    /// In no way.
    Blocked,
}

impl<'m> Dns<'m> {
    /// Works it out.
    pub fn judge(beside: &Beside<'_, 'm>) -> Result<Self, TooManyPieces> {
        let (context, profile) = (beside.context, beside.profile);
        let set = &context.settings.resolvers.value;
        let (stubs, remote): (Vec<IpAddr>, Vec<IpAddr>) =
            set.iter().partition(|address| address.is_loopback());
        let port = profile.dns.port;
        let upstream = &context.settings.upstream_resolvers.value;
        let own = if remote.is_empty() && !stubs.is_empty() { upstream } else { &remote }.as_slice();
        let fallback = [profile.dns.fallback.address];
        let (over_udp, over_tcp) = (Protocol::Udp.number(), Protocol::Tcp.number());
        let ask = |&(protocol, port, resolvers): &(u8, u16, &[IpAddr])| {
            best(beside, (protocol, port), resolvers, &PacketSet::any())
        };
        let nobody = || (Certainty::Blocked, None, PacketSet::none());
        let mut answers = context.each(&[(over_udp, port, own), (over_tcp, port, own)], ask)?.into_iter();
        let (udp, held, who) = answers.next().unwrap_or_else(nobody);
        let mut tcp = answers.next().unwrap_or_else(nobody);
        // Who asks over UDP asks over TCP when the answer is too long.
        let is_anyone = who.cubes().iter().any(|cube| cube.sides().is_empty());
        if udp != Certainty::Blocked && tcp.0 != Certainty::Blocked && !is_anyone {
            tcp = best(beside, (over_tcp, port), own, &who)?;
        }
        // Where that is lost, a resolver on the host may still ask others in its turn, over TLS or HTTPS.
        let encrypted: [(u8, u16, &[IpAddr]); 3] = [
            (over_tcp, DNS_OVER_TLS, &[]),
            (over_tcp, HTTPS, &[]),
            (over_tcp, profile.dns.fallback.port, &fallback),
        ];
        let asked = if udp == Certainty::Met { &[] } else { encrypted.as_slice() };
        let mut answers = context.each(asked, ask)?.into_iter();
        let mut next = || answers.next().unwrap_or_else(nobody).0;
        let (dot, doh, fallback) = (next(), next(), next());
        let encrypted = dot.min(doh);
        let mut lost_stub = None;
        let resolution = if context.settings.runs_in.value == RunsIn::Container {
            match udp {
                Certainty::Met => Resolution::Works,
                Certainty::Depends => Resolution::Depends,
                Certainty::Blocked if !remote.is_empty() => Resolution::Blocked,
                // The container's own stub asks others in the container's name, or as the host.
                Certainty::Blocked if !stubs.is_empty() || may_ask_host(context, port)? => {
                    Resolution::OnlyByHost
                }
                Certainty::Blocked => Resolution::Blocked,
            }
        } else if !stubs.is_empty() && remote.is_empty() {
            let (certainty, held) = stub(context, port, &stubs)?;
            lost_stub = held.filter(|_| certainty != Certainty::Met);
            through_stub(certainty, udp, encrypted)
        } else {
            match udp {
                Certainty::Met => Resolution::Works,
                Certainty::Depends => Resolution::Depends,
                Certainty::Blocked if !set.is_empty() => Resolution::Blocked,
                Certainty::Blocked => through_stub(stub(context, port, &stubs)?.0, udp, encrypted),
            }
        };
        let chance = match &held {
            Some(held) if udp == Certainty::Blocked => {
                let all = Witnesses::of(&held.question.packets, &SOME_DESTINATION);
                Chance::of(context, held, &PacketSet::any(), &all, &SOME_DESTINATION)?
            }
            _ => None,
        };
        Ok(Dns {
            resolution,
            udp: held,
            chance,
            stub: lost_stub,
            tcp: (tcp.0, tcp.1),
            fallback_is_open: fallback == Certainty::Met,
        })
    }

    /// Are names resolved, whatever the unknowns are and however long the answers?
    pub fn is_served(&self) -> bool {
        self.resolution == Resolution::Works && self.tcp.0 == Certainty::Met
    }

    /// Is there no way at all?
    pub fn is_blocked(&self) -> bool {
        self.resolution == Resolution::Blocked
    }
}

/// By a resolver on the host, which is reached so, and asks others so.
fn through_stub(stub: Certainty, upstream: Certainty, encrypted: Certainty) -> Resolution {
    match (stub.max(upstream), stub.max(encrypted)) {
        (Certainty::Met, _) => Resolution::Works,
        (Certainty::Depends, _) => Resolution::Depends,
        (Certainty::Blocked, Certainty::Blocked) => Resolution::Blocked,
        (Certainty::Blocked, _) => Resolution::OnlyByEncryptedStub,
    }
}

/// Is any of these resolvers (any at all, where none are named) reached over a protocol at a port, in any family, by any
/// of those who ask? Who of them reaches it. It depends for those of a family of which nothing is said.
fn best<'m>(
    beside: &Beside<'_, 'm>,
    (protocol, port): (u8, u16),
    resolvers: &[IpAddr],
    who: &PacketSet,
) -> Result<Reached<'m>, TooManyPieces> {
    let context = beside.context;
    // Nothing filters what belongs to the cloud itself, whichever family the rules speak of.
    let is_beyond = |address: &IpAddr| {
        let is_its = context.unit.ruleset.platform().any(|it| it == *address);
        is_its && !context.speaks_for(family_of(*address))
    };
    if resolvers.iter().any(is_beyond) {
        return Ok((Certainty::Met, None, PacketSet::any()));
    }
    let mut best: Option<Reached> = None;
    for family in spoken(context) {
        let ask = |destinations: Ranges| {
            let ports = Ranges::single(port.into());
            let flow = Flow {
                family,
                protocol,
                destinations,
                ports,
                by_anyone: true,
                is_bound: false,
                speech: None,
            };
            beside.some_destination(&flow, who)
        };
        // A cloud's own resolver mostly answers, and it is asked at little cost.
        let own = context.unit.ruleset.resolvers().filter(|it| family_of(*it) == family);
        let own = ask::addresses(own.filter(|_| resolvers.is_empty()));
        if !own.is_empty() {
            let reached = ask(own)?;
            if reached.0 == Certainty::Met {
                return Ok(reached);
            }
        }
        let named = ask::addresses(resolvers.iter().copied().filter(|it| family_of(*it) == family));
        let reached = ask(match resolvers {
            [] => ask::resolvers(context, family),
            _ if named.is_empty() => continue,
            _ => named,
        })?;
        if reached.0 == Certainty::Met {
            return Ok(reached);
        }
        if best.as_ref().is_none_or(|best| reached.0 < best.0) {
            best = Some(reached);
        }
    }
    let may_be_own = |address| context.unit.ruleset.may_be_resolver(address);
    let is_told = |address: &IpAddr| context.speaks_for(family_of(*address)) && !may_be_own(*address);
    let is_unknown = !resolvers.iter().all(is_told);
    Ok(match best {
        Some(best) if best.0 != Certainty::Blocked || !is_unknown => best,
        _ if is_unknown => (Certainty::Depends, None, PacketSet::any()),
        _ => (Certainty::Blocked, None, PacketSet::any()),
    })
}

/// The family of an address.
pub fn family_of(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// Does a question from outside get to a resolver on the host?
fn may_ask_host(context: &Context, port: u16) -> Result<bool, TooManyPieces> {
    for family in spoken(context) {
        let question = ask::inbound(context, family, Protocol::Udp.number(), port);
        let talk = Conversation::begin(&context.host, &context.routes, &question)?;
        if talk.steps.first().is_none_or(|step| !step.passed.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Is a resolver on the host reached over loopback?
fn stub<'m>(
    context: &Context<'m>,
    port: u16,
    stubs: &[IpAddr],
) -> Result<(Certainty, Option<Arc<Held<'m>>>), TooManyPieces> {
    let usual: [IpAddr; 1] = [IpAddr::from([127, 0, 0, 53])];
    let asked = if stubs.is_empty() { &usual[..] } else { stubs };
    let mut best: (Certainty, Option<Arc<Held>>) = (Certainty::Blocked, None);
    for address in asked {
        let family = family_of(*address);
        if !context.speaks_for(family) {
            best.0 = best.0.min(Certainty::Depends);
            continue;
        }
        let question = ask::loopback(family, 17, *address, Ranges::single(port.into()), context);
        let held = context.hold(&question)?;
        let axes = [Axis::Family, Axis::Uid, Axis::Gid];
        let mut choices = Witnesses::of(&question.packets, &axes);
        let certainty = choices.serve(&held, &PacketSet::any(), &axes, &[])?;
        if best.1.is_none() || certainty < best.0 {
            best = (certainty, Some(held));
        }
    }
    Ok(best)
}
