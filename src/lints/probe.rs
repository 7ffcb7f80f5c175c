//! What was tried from a host, held against its rules: such packets, from the same address and port, by the same user.

mod judge;

use std::net::IpAddr;

use judge::Judged;

use super::Context;
use crate::config::{Came, Probed, Tried};
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
    /// Do the rules make something else of its packets by another interface, by which they may have left?
    pub is_by_interface: bool,
    /// Do the rules tell the sender that it is refused?
    pub is_rejected: bool,
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
        let all = Judged::all(context, probed, &tried.value);
        let are_alike = all.windows(2).all(|two| two[0].rules == two[1].rules);
        let places = all.iter().flat_map(|judged| {
            // Which rule counts by which interface.
            let by = judged.interface.as_ref().filter(|_| !are_alike);
            let by = by.map_or_else(String::new, |name| format!("if they leave by {name}: "));
            judged.places.iter().map(move |(span, words)| (*span, format!("{by}{words}")))
        });
        let mut known = Vec::new();
        let places = places.filter(|(span, _)| {
            let is_new = !known.contains(span);
            known.push(*span);
            is_new
        });
        let came = tried.value.came;
        Held {
            tried,
            rules: all.first().map(|first| if are_alike { first.rules } else { Rules::Depends }),
            blame: all.iter().map(|judged| judged.blame(came)).reduce(one_of).unwrap_or(match came {
                Came::Untried => Blame::Unclear,
                _ => Blame::Route,
            }),
            places: places.collect(),
            is_unneighboured: !all.is_empty() && all.iter().all(|judged| judged.is_unneighboured),
            is_by_interface: !are_alike,
            is_rejected: !all.is_empty() && all.iter().all(Judged::is_rejected),
        }
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

/// Who is to blame for what came, where one of two is, and by which interface the packets left is not known.
fn one_of(one: Blame, other: Blame) -> Blame {
    match (one, other) {
        _ if one == other => one,
        // What contradicts one reading alone does not contradict the other.
        (Blame::Reading, known) | (known, Blame::Reading) => known,
        _ => Blame::Unclear,
    }
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
    let day = probed
        .day
        .as_ref()
        .map_or_else(|| "on a day that nobody noted".to_owned(), |day| format!("on {day}"));
    Some(format!("{day}: {}", if words.is_empty() { "nothing was tried" } else { &words }))
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
