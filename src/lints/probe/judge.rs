//! What the rules make of the packets of one probe, and who is to blame for what came of it.

use ipnet::IpNet;

use super::super::Context;
use super::super::tunnel::blame::place_of;
use crate::config::{Came, Probed, Tried};
use crate::eval::trace::{Answer, Discovery, Entry, Next, Probe, Trace, trace};
use crate::eval::{Interface, Moment, Socket, Way};
use crate::finding::{Blame, Rules};
use crate::profile::Protocol;
use crate::source::Span;

/// The packets of a probe by one interface, held against the rules.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The interface; `None` if none is known, or over loopback.
    pub interface: Option<String>,
    /// What the rules make of all of them.
    pub rules: Rules,
    /// What they make of the first, where it is for this host itself also when it comes in; `None` if they do not tell.
    /// It depends if it surely ends, and they do not tell whether its sender is told.
    first: Option<Entry>,
    /// What takes packets away, or what they depend on: places, and in words.
    pub places: Vec<(Span, String)>,
    /// Are they blocked since the neighbours are not found?
    pub is_unneighboured: bool,
}

impl Judged {
    /// By each interface by which the packets may have left; nothing if none were sent.
    pub fn all(context: &Context, probed: &Probed, tried: &Tried) -> Vec<Judged> {
        packets(context, probed, tried).iter().map(|probe| Judged::of(context, tried, probe)).collect()
    }

    fn of(context: &Context, tried: &Tried, probe: &Probe) -> Judged {
        let interface = probe.interface.clone();
        let Ok(trace) = trace(&context.host, &context.routes, probe) else {
            let (rules, places) = (Rules::Depends, Vec::new());
            return Judged { interface, rules, first: None, places, is_unneighboured: false };
        };
        let rules = rules(tried, &trace);
        let places = match rules {
            Rules::Open => Vec::new(),
            Rules::Blocked => losses(context, tried, &trace),
            Rules::Depends => unknowns(context, &trace),
        };
        let entries = [trace.egress, trace.ingress];
        let ended = entries.into_iter().flatten().find(|entry| *entry != Entry::Accepted);
        let mut steps = trace.conversation.steps.iter();
        let is_lost = steps.any(|step| is_first(step.moment) && step.passed.is_empty());
        let first = match ended {
            None => Some(Entry::Accepted),
            Some(entry) if entry != Entry::Depends || is_lost => Some(entry),
            Some(_) => None,
        };
        Judged { interface, rules, first, places, is_unneighboured: trace.nd == Some(Discovery::Blocked) }
    }

    /// Does the first packet end, and may its sender be told?
    pub fn is_rejected(&self) -> bool {
        matches!(self.first, Some(Entry::Rejected | Entry::Depends))
    }

    /// Who is to blame.
    pub fn blame(&self, came: Came) -> Blame {
        // Who is known already need not be looked for.
        let rules = match (came, self.is_unneighboured) {
            (Came::Answered | Came::Garbled, true) => Rules::Depends,
            _ => self.rules,
        };
        match (came, rules) {
            (Came::Untried, _) => Blame::Unclear,
            // It got through, or a part of it did.
            (Came::Answered | Came::Garbled, Rules::Blocked) => Blame::Reading,
            (Came::Answered, _) => Blame::Nobody,
            (Came::Garbled, _) => Blame::Network,
            // The host says so itself, and does so for what is dropped on its way out alone.
            (Came::Forbidden, _) if self.first == Some(Entry::Accepted) => Blame::Reading,
            (Came::Forbidden, _) => Blame::Rules,
            // What tells of it came in from outside. Where it is the host that finds nobody there, that is no loss of answers.
            (Came::Unreachable, Rules::Blocked)
                if !self.is_unneighboured && self.first == Some(Entry::Accepted) =>
            {
                Blame::Network
            }
            // Whoever refused was asked, and could say so, unlike rules that drop in silence.
            (Came::Refused, Rules::Blocked) if !self.is_unneighboured => match self.first {
                Some(Entry::Accepted) => Blame::Network,
                Some(Entry::Dropped) => Blame::Reading,
                Some(Entry::Rejected | Entry::Depends) => Blame::Rules,
                None => Blame::Unclear,
            },
            (_, Rules::Blocked) => Blame::Rules,
            (_, Rules::Open) => Blame::Network,
            (_, Rules::Depends) => Blame::Unclear,
        }
    }
}

/// The first packet of a probe, by each interface by which it may have left; nothing if none was sent.
fn packets(context: &Context, probed: &Probed, tried: &Tried) -> Vec<Probe> {
    /// SYN, with which TCP begins.
    const SYN: u8 = 0b10;
    let Some(from) = tried.from else { return Vec::new() };
    let is_own = context.routes.owns(tried.to.ip());
    let interfaces = if is_own { vec![None] } else { interfaces(context, tried) };
    let probe = |interface| Probe {
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
        socket: Socket::Connected,
        interface,
    };
    interfaces.into_iter().map(probe).collect()
}

/// The interface to whose network the packets go, or the first, which leads to all others; and the one that has their source,
/// if that is another: policy routing and routes that name a source are not seen.
fn interfaces(context: &Context, tried: &Tried) -> Vec<Option<String>> {
    let all = &context.routes.interfaces;
    let (to, is_v4) = (tried.to.ip(), tried.to.is_ipv4());
    let has = |each: &&Interface, is: &dyn Fn(&IpNet) -> bool| each.addresses.iter().any(is);
    // An interface that was only named may have any address.
    let leads_out =
        |each: &&Interface| each.addresses.is_empty() || has(each, &|own| own.addr().is_ipv4() == is_v4);
    let routed =
        all.iter().find(|each| has(each, &|own| own.contains(&to))).or_else(|| all.iter().find(leads_out));
    let source = tried.from.map(|from| from.ip());
    let owner = all.iter().find(|each| has(each, &|own| Some(own.addr()) == source));
    let mut names: Vec<Option<String>> = Vec::new();
    for interface in [owner, routed].into_iter().flatten() {
        let name = Some(interface.name.clone());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { vec![None] } else { names }
}

/// Does a probe need a packet after the first answer? To connect with TCP is done with that.
fn goes_on(tried: &Tried) -> bool {
    tried.protocol == Protocol::Tcp && tried.what.ends_with("dns")
}

/// Is it the way of the first packet?
fn is_first(moment: Moment) -> bool {
    matches!(moment, Moment::Egress | Moment::Ingress)
}

/// What the rules make of all packets of a probe.
fn rules(tried: &Tried, trace: &Trace) -> Rules {
    let entries = [trace.egress, trace.ingress];
    let followup = trace.followup.filter(|_| goes_on(tried));
    // Whether its sender is told or not, what ends is blocked.
    let mut steps = trace.conversation.steps.iter();
    let is_blocked = steps.any(|step| is_first(step.moment) && step.passed.is_empty())
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
