//! `neighbor-discovery-blocked`: see rules/neighbor-discovery-blocked.md.

use super::tunnel::blame::place_of;
use super::{Context, exposure, mend};
use crate::config::EdgeIpVersion;
use crate::eval::exposure::{Message, NEIGHBOURS, ROUTERS};
use crate::eval::{Conversation, Lost, Question, Socket, Way};
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Family, Masks, PacketSet, Ranges};

const ID: &str = "neighbor-discovery-blocked";

/// Looks for it: IPv6 flows are allowed, and the packets without which none of them arrives are not.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let is_required = context.settings.edge_ip_version.value == EdgeIpVersion::V6;
    // No cloud filters it around a machine.
    let is_told = !context.is_fragment() && !context.unit.ruleset.is_perimeter();
    if !is_told || !context.speaks_for(Family::V6) || !is_required && !exposure::has_ipv6_flows(context) {
        return;
    }
    let is_blocked = |message: &Message| message.is_blocked(&context.host, &context.routes) == Ok(true);
    let blocked = context.lost_neighbours();
    if blocked.is_empty() {
        return;
    }
    let said: Vec<String> = blocked.iter().map(|message| words(*message)).collect();
    let said =
        if blocked.len() == NEIGHBOURS.len() { "neighbour discovery is blocked".into() } else { join(&said) };
    let level = if is_required { Level::Error } else { exposure::level(context, Level::Warning, true) };
    let mut finding = Finding::new(ID, level, format!("IPv6 cannot work: {said}"));
    let mut opening = mend::Opening::default();
    for &message in blocked {
        if let Some(lost) = lost(context, message) {
            let (span, words) = place_of(context, &lost);
            finding = exposure::place(finding, span, words);
            let kind = u128::from(message.kind) << 8;
            let packets = mend::of(Family::V6)
                .set(Axis::Protocol, Ranges::single(58))
                .set(Axis::DestinationPort, Ranges::new(kind, kind | 0xff));
            opening.accept(context, &lost.hop, [&*lost.hop], packets);
        }
    }
    finding = finding.remedy(opening.remedy("let neighbour discovery through", false));
    let routers: Vec<String> = ROUTERS.into_iter().filter(is_blocked).map(words).collect();
    if !routers.is_empty() {
        let said = join(&routers);
        finding = finding.note(format!("Besides, {said}: IPv6 routes and addresses must be set by hand."));
    }
    findings.push(finding.note(
        "Connection tracking does not know these packets: their state is UNTRACKED, and rules that accept NEW, \
         ESTABLISHED or RELATED do not match them.",
    ));
}

/// `neighbour solicitations do not get in`.
fn words(message: Message) -> String {
    let name = match message.kind {
        133 => "router solicitations",
        134 => "router advertisements",
        135 => "neighbour solicitations",
        _ => "neighbour advertisements",
    };
    format!("{name} do not get {}", if message.way == Way::In { "in" } else { "out" })
}

fn join(phrases: &[String]) -> String {
    match phrases {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        phrases => phrases.concat(),
    }
}

/// What drops a message first.
fn lost<'c>(context: &Context<'c>, message: Message) -> Option<Lost<'c>> {
    let packets = PacketSet::from(message.packets(&context.host, &context.routes)).sample();
    let packets = PacketSet::from(packets);
    let mark = Masks::new(u32::MAX, 0).into();
    let asked = Question {
        way: message.way,
        packets,
        mark,
        known: Vec::new(),
        assumed: context.host.atoms.assumed().collect(),
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    };
    let talk = Conversation::begin(&context.host, &context.routes, &asked).ok()?;
    talk.steps.into_iter().next()?.lost.into_iter().next()
}
