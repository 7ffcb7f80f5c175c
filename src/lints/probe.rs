//! What was tried from a host, held against its rules: such packets, from the same address and port, by the same user. The
//! interface is guessed from the address.

use std::net::IpAddr;

use super::Context;
use super::tunnel::blame::place_of;
use crate::config::{Came, Probed, Tried};
use crate::eval::trace::{Answer, Discovery, Entry, Next, Probe, Trace, trace};
use crate::eval::{Moment, Way};
use crate::finding::{self, Blame, Rules};
use crate::model::Match;
use crate::packet::{Axis, Family};
use crate::profile::Protocol;
use crate::source::{Span, Spanned};

/// A probe and what the rules make of its packets.
#[derive(Clone, Debug)]
pub struct Held<'c> {
    /// The probe.
    pub tried: &'c Spanned<Tried>,
    /// What the rules make of it; `None` if nothing was sent.
    pub rules: Option<Rules>,
    /// Who is to blame for what came of it.
    pub blame: Blame,
    /// What takes its packets away, or what they depend on: places, and in words.
    pub places: Vec<(Span, String)>,
    /// Is it blocked since the neighbours are not found?
    pub is_unneighboured: bool,
}

impl<'c> Held<'c> {
    /// All that was tried from a unit.
    pub fn all(context: &Context<'c>) -> Vec<Held<'c>> {
        let Some(probed) = &context.unit.probed else { return Vec::new() };
        let mut all: Vec<Held> = probed.tried.iter().map(|tried| Held::of(context, probed, tried)).collect();
        let upstream: Vec<Held> =
            all.iter().filter(|held| held.tried.value.what == "upstream-dns").cloned().collect();
        all.iter_mut()
            .filter(|held| held.is_stub_in_vain())
            .for_each(|held| held.look_behind(context, &upstream));
        all
    }

    /// Is it a resolver of the host itself that is reached and has no answer?
    pub fn is_stub_in_vain(&self) -> bool {
        let tried = &self.tried.value;
        tried.what == "dns"
            && tried.came != Came::Untried
            && tried.to.ip().is_loopback()
            && matches!(self.blame, Blame::Network | Blame::Unclear)
    }

    /// A resolver of the host itself has no answers if it gets none: whose fault that is, those tell that it asks over
    /// UDP. One of them that answers is enough for it, so what it lacks then is unclear; TCP only carries what is too long.
    /// Where rules ask who sends, they may let the resolver's own user through, in whose name nothing was tried.
    fn look_behind(&mut self, context: &Context, upstream: &[Held<'c>]) {
        let asked = || upstream.iter().filter(|held| held.tried.value.protocol == Protocol::Udp);
        let all = |blame: Blame| asked().all(|held| held.blame == blame);
        match asked().next() {
            Some(first) if all(Blame::Rules) && !asks_who_sends(context) => {
                (self.blame, self.places) = (Blame::Rules, first.places.clone());
            }
            Some(_) if all(Blame::Network) => {}
            _ => self.blame = Blame::Unclear,
        }
    }

    fn of(context: &Context<'c>, probed: &Probed, tried: &'c Spanned<Tried>) -> Self {
        let Some(probe) = packet(context, probed, &tried.value) else {
            return Held {
                tried,
                rules: None,
                blame: if tried.value.came == Came::Untried { Blame::Unclear } else { Blame::Route },
                places: Vec::new(),
                is_unneighboured: false,
            };
        };
        let Ok(trace) = trace(&context.host, &context.routes, &probe) else {
            let rules = Rules::Depends;
            let blame = blame(tried.value.came, rules);
            return Held { tried, rules: Some(rules), blame, places: Vec::new(), is_unneighboured: false };
        };
        let rules = rules(&tried.value, &trace);
        let is_unneighboured = trace.nd == Some(Discovery::Blocked);
        // Who is known already need not be looked for.
        let blame = match (tried.value.came, is_unneighboured) {
            (Came::Answered | Came::Garbled, true) => blame(tried.value.came, Rules::Depends),
            (came, _) => blame(came, rules),
        };
        let places = match rules {
            Rules::Open => Vec::new(),
            Rules::Blocked => losses(context, &tried.value, &trace),
            Rules::Depends => unknowns(context, &trace),
        };
        Held { tried, rules: Some(rules), blame, places, is_unneighboured }
    }

    /// The family of its packets.
    pub fn family(&self) -> Family {
        if self.tried.value.to.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// Does a rule ask for the user or group of who sends?
fn asks_who_sends(context: &Context) -> bool {
    super::verdict::asks(context, |part| {
        matches!(part, Match::Owner(_) | Match::Field(Axis::Uid | Axis::Gid, _))
    })
}

/// The first packet of a probe; `None` if nothing was sent.
fn packet(context: &Context, probed: &Probed, tried: &Tried) -> Option<Probe> {
    /// SYN, with which TCP begins.
    const SYN: u8 = 0b10;
    let from = tried.from?;
    let has = |address: IpAddr| {
        let mut interfaces = context.routes.interfaces.iter();
        interfaces.find(|each| each.addresses.iter().any(|own| own.addr() == address))
    };
    let is_own = context.routes.owns(tried.to.ip());
    Some(Probe {
        way: if is_own { Way::Local } else { Way::Out },
        protocol: tried.protocol.number(),
        source: from.ip(),
        destination: tried.to.ip(),
        source_port: from.port(),
        destination_port: tried.to.port(),
        flags: SYN,
        uid: probed.uid,
        gid: probed.gid,
        mark: 0,
        interface: has(from.ip()).filter(|_| !is_own).map(|interface| interface.name.clone()),
    })
}

/// Does a probe need a packet after the first answer? To connect with TCP is done with that.
fn goes_on(tried: &Tried) -> bool {
    tried.protocol == Protocol::Tcp && tried.what.ends_with("dns")
}

/// What the rules make of all packets of a probe.
fn rules(tried: &Tried, trace: &Trace) -> Rules {
    let entries = [trace.egress, trace.ingress];
    let followup = trace.followup.filter(|_| goes_on(tried));
    let is_blocked = entries.iter().any(|entry| matches!(entry, Some(Entry::Dropped | Entry::Rejected)))
        || trace.reply == Some(Answer::Blocked)
        || followup == Some(Next::Blocked)
        || trace.nd == Some(Discovery::Blocked);
    let is_open = entries.iter().all(|entry| *entry != Some(Entry::Depends))
        && trace.reply == Some(Answer::Delivered)
        && followup != Some(Next::Depends)
        && trace.nd != Some(Discovery::Depends);
    match (is_blocked, is_open) {
        (true, _) => Rules::Blocked,
        (false, true) => Rules::Open,
        (false, false) => Rules::Depends,
    }
}

/// Who is to blame.
fn blame(came: Came, rules: Rules) -> Blame {
    match (came, rules) {
        (Came::Unreachable, _) => Blame::Route,
        (Came::Untried, _) => Blame::Unclear,
        // It got through, or a part of it did.
        (Came::Answered | Came::Garbled, Rules::Blocked) => Blame::Reading,
        (Came::Answered, _) => Blame::Nobody,
        (Came::Garbled, _) => Blame::Network,
        // The host says so itself.
        (Came::Forbidden, Rules::Open) => Blame::Reading,
        (Came::Forbidden, _) | (_, Rules::Blocked) => Blame::Rules,
        (Came::Silent | Came::Refused, Rules::Open) => Blame::Network,
        (Came::Silent | Came::Refused, Rules::Depends) => Blame::Unclear,
    }
}

/// What takes packets away at the first step that fails.
fn losses(context: &Context, tried: &Tried, trace: &Trace) -> Vec<(Span, String)> {
    let counts = |moment: Moment| moment != Moment::Followup || goes_on(tried);
    let mut steps = trace.conversation.steps.iter().filter(|step| counts(step.moment));
    let failed = steps.find(|step| step.passed.is_empty());
    let mut places: Vec<(Span, String)> = Vec::new();
    for lost in failed.into_iter().flat_map(|step| &step.lost) {
        let place = place_of(context, lost);
        if !places.iter().any(|(span, _)| *span == place.0) {
            places.push(place);
        }
    }
    places
}

/// What it depends on.
fn unknowns(context: &Context, trace: &Trace) -> Vec<(Span, String)> {
    let unknown = |atom: &u32| {
        let unknown = context.host.atoms.get(*atom);
        (unknown.span, format!("it depends on this: {}", unknown.text))
    };
    trace.depends_on.iter().map(unknown).collect()
}

/// What it is called in running text: `QUIC (UDP 7844)`.
pub fn title(context: &Context, tried: &Tried) -> String {
    let over = format!("{} {}", tried.protocol.name().to_ascii_uppercase(), tried.to.port());
    let name = match tried.what.as_str() {
        what @ ("quic" | "http2") => super::tunnel::title(what),
        "dns" => "DNS",
        "upstream-dns" => "DNS of the upstream resolver",
        "dns-over-tls" => "DNS over TLS",
        other => {
            let services = context.profile.map_or(&[][..], |profile| &profile.services);
            services.iter().find(|service| service.name == other).map_or(other, |service| &service.host)
        }
    };
    format!("{name} ({over})")
}

/// All in a few words: `on 2026-11-29: QUIC (UDP 7844) answered by 18 of 20 addresses, …`.
pub fn summary(context: &Context) -> Option<String> {
    let probed = context.unit.probed.as_ref()?;
    let mut counts: Vec<(String, usize, usize)> = Vec::new();
    for tried in &probed.tried {
        let title = title(context, &tried.value);
        let answered = usize::from(tried.value.came == Came::Answered);
        match counts.iter_mut().find(|(known, ..)| *known == title) {
            Some((_, good, all)) => (*good, *all) = (*good + answered, *all + 1),
            None => counts.push((title, answered, 1)),
        }
    }
    let words = counts.iter().map(|(title, good, all)| format!("{title} answered by {good} of {all}"));
    let words = words.collect::<Vec<_>>().join(", ");
    Some(format!("on {}: {}", probed.day, if words.is_empty() { "nothing was tried" } else { &words }))
}

/// All of it, for reports.
pub fn reported(context: &Context) -> Vec<finding::Probe> {
    let report = |held: &Held| {
        let Tried { what, protocol, from, to, came } = &held.tried.value;
        finding::Probe {
            what: what.clone(),
            protocol: protocol.name(),
            from: *from,
            to: *to,
            came: came.word(),
            rules: held.rules,
            blame: held.blame,
            places: held.places.iter().map(|(span, _)| *span).collect(),
        }
    };
    context.probes().iter().map(report).collect()
}

/// Addresses in words, the first few of them.
pub fn list<'a>(addresses: impl Iterator<Item = &'a IpAddr>) -> String {
    const MOST: usize = 6;
    let all: Vec<String> = addresses.map(ToString::to_string).collect();
    let more = match all.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    all[..all.len().min(MOST)].join(", ") + &more
}
