//! `tunnel-unanswered`: see rules/tunnel-unanswered.md.

mod level;

use super::probe::{Held, list, title};
use super::{Context, tunnel};
use crate::config::Came;
use crate::finding::{Blame, Finding, Rules};
use crate::packet::Family;
use crate::source::Span;

const ID: &str = "tunnel-unanswered";

/// Looks for it: one finding for all probes of a kind that fail alike and for the same reason.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let mut groups: Vec<Vec<&Held>> = Vec::new();
    let is_failed = |held: &&Held| !matches!(held.blame, Blame::Nobody | Blame::Reading);
    for held in context.probes().iter().filter(is_failed) {
        match groups.iter_mut().find(|group| key(context, group[0]) == key(context, held)) {
            Some(group) => group.push(held),
            None => groups.push(vec![held]),
        }
    }
    findings.extend(groups.iter().map(|group| finding(context, group)));
}

/// What is alike in a group.
type Key = (String, Family, Came, Blame, bool, Option<Span>);

fn key(context: &Context, held: &Held) -> Key {
    let tried = &held.tried.value;
    let place = held.places.first().map(|place| place.0);
    (title(context, tried), held.family(), tried.came, held.blame, tried.from.is_none(), place)
}

fn finding(context: &Context, group: &[&Held]) -> Finding {
    let first = group[0];
    let (tried, family) = (&first.tried.value, tunnel::name(first.family()));
    let what = title(context, tried);
    let is_alike =
        |held: &&Held| title(context, &held.tried.value) == what && held.family() == first.family();
    let all = context.probes().iter().filter(is_alike).count();
    let how_many = match (group.len(), all) {
        (1, 1) => tried.to.ip().to_string(),
        (some, all) if some == all => format!("any of {all} addresses"),
        (some, all) => format!("{some} of {all} addresses"),
    };
    let came = match tried.came {
        Came::Silent => format!("gets no answer from {how_many}"),
        Came::Refused | Came::Unreachable if first.is_rejected => {
            format!("is refused by this host itself, to {}", how_many.replace("any of", "all"))
        }
        Came::Refused => format!("is refused by {}", how_many.replace("any of", "all")),
        Came::Unreachable if tried.from.is_some() => {
            format!("is told that there is no way to {how_many}")
        }
        Came::Garbled => format!("gets a wrong answer from {}", how_many.replace("any of", "all")),
        Came::Forbidden => {
            format!("is kept back by this host itself, to {}", how_many.replace("any of", "all"))
        }
        Came::Untried => format!("could not be tried with {how_many}"),
        Came::Unreachable | Came::Answered => format!("finds no route to {how_many}"),
    };
    let blame = match first.blame {
        Blame::Rules => "the rules are to blame",
        Blame::Network => "the network is to blame",
        Blame::Route => "this host has no way there",
        _ if tried.came == Came::Untried => "that tells nothing of the rules or the network",
        _ if first.is_stub_in_vain() => "the rules, the network or that resolver itself is to blame",
        _ => "whether the rules or the network is to blame depends",
    };
    let message = format!("{what} over {family} {came}: {blame}");
    let mut finding = Finding::new(ID, level::of(context, group), message);
    let mut places = first.places.iter();
    finding = match places.next() {
        Some((span, words)) => finding.at(*span).here(words.clone()),
        None => finding.at(first.tried.span),
    };
    finding = places.fold(finding, |finding, (span, words)| finding.label(*span, words.clone()));
    if all > 1 {
        let to: Vec<_> = group.iter().map(|held| held.tried.value.to.ip()).collect();
        finding = finding.note(format!("So it is with {}.", list(to.iter())));
    }
    match foreign(context, first) {
        Some(reason) => finding.note(reason),
        None => reasons(first).into_iter().fold(finding, Finding::note),
    }
}

/// The address that the edge is dialled from, if it is none of the host's.
fn foreign(context: &Context, held: &Held) -> Option<String> {
    let bound = context.settings.bound()?;
    let is_edge = matches!(held.tried.value.what.as_str(), "quic" | "http2");
    let is_foreign = held.blame == Blame::Route && is_edge && !context.routes.owns(bound);
    is_foreign.then(|| format!("`edge-bind-address` says {bound}, which is no address of this host."))
}

/// Why it is so, in sentences.
fn reasons(held: &Held) -> Vec<&'static str> {
    let came = held.tried.value.came;
    let mut reasons = Vec::new();
    match (held.blame, came) {
        (Blame::Rules, _) if held.is_unneighboured && held.places.is_empty() => {
            reasons.push("Neighbour discovery is blocked, without which no packet leaves over IPv6.");
        }
        (Blame::Rules, Came::Forbidden) if !held.places.is_empty() => {
            reasons.push("A packet that the host itself drops or rejects cannot even be sent (EPERM): it does not get as far as the network.");
        }
        (Blame::Rules, _) if held.rules != Some(Rules::Blocked) && held.tried.value.to.ip().is_loopback() => {
            reasons.push("It is a resolver of this host itself, which asks others in turn: what it sends them the rules drop.");
        }
        (Blame::Network | Blame::Unclear, _) if held.is_stub_in_vain() && held.places.is_empty() => {
            reasons.push("It is a resolver of this host itself, which asks others in turn: look at it, and at what is said of those.");
        }
        (Blame::Network, Came::Refused) if held.rules == Some(Rules::Blocked) => {
            reasons.push("The rules let these packets out: the other end refuses them, or something on the way does. Besides, the rules would let no answer in.");
        }
        (Blame::Network, Came::Unreachable) => {
            reasons.push("The rules let these packets out: an error in ICMP says that nothing leads there or that it is forbidden, or the next router does not answer.");
        }
        (Blame::Network, Came::Refused) => {
            reasons.push("The rules let these packets out and the answers in: the other end refuses them, or something on the way does.");
        }
        (Blame::Network, Came::Garbled) => {
            reasons.push("The rules let these packets out: something else answers than should be there, or it could not do its work.");
        }
        (Blame::Network, _) => {
            reasons.push("The rules let these packets out and the answers in: they are lost on the way, or at the other end; or by something on this host that fwlint does not see (tc, eBPF).");
        }
        (_, Came::Untried) => {
            reasons.push("As a rule, sockets or memory were wanting on this host: try it again.");
        }
        (Blame::Route, Came::Forbidden) => {
            reasons.push("It could not even be begun: a route of the kind prohibit, a security module or a program of eBPF forbids it.");
        }
        (Blame::Route, _) if !held.tried.value.to.is_ipv4() => {
            reasons.push("Where IPv6 is not in use, this is as it should be.");
        }
        (Blame::Unclear, _) if held.is_by_interface => {
            reasons.push("By which interface they left is not known: their source is an address of another than the routes that fwlint knows of lead to.");
        }
        (Blame::Unclear, _) if held.places.is_empty() => {
            reasons.push("What the rules make of these packets they do not tell.");
        }
        _ => {}
    }
    if held.tried.value.what == "quic" && (held.blame, came) == (Blame::Network, Came::Silent) {
        reasons.push("A server need not answer packets of a version that it does not speak (RFC 9000, section 6): `cloudflared tunnel diag` makes a whole handshake.");
    }
    reasons
}
