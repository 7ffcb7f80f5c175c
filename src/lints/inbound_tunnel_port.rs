//! `inbound-tunnel-port`: see rules/inbound-tunnel-port.md.

use std::sync::Arc;

use super::tunnel::ask;
use super::{Context, exposure, ignores, places};
use crate::eval::{Conversation, Fate, Hop};
use crate::finding::{Finding, Level};
use crate::model::{Match, Rule};
use crate::packet::{Axis, Family, Values};
use crate::profile::Profile;
use crate::source::Span;

const ID: &str = "inbound-tunnel-port";

/// A rule that names more ports than this does not name the tunnel's.
const FEW_PORTS: u128 = 16;

/// A rule that opens the port.
struct Opener<'m> {
    rule: &'m Rule,
    /// Where it names the port.
    place: Span,
    /// Does it surely let something in?
    is_sure: bool,
}

/// Looks for it: rules that name the tunnel's port and let a new connection to it in.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(profile) = context.profile.filter(|_| !context.is_fragment()) else { return };
    let mut openers: Vec<Opener> = Vec::new();
    for family in Family::ALL {
        for transport in &profile.transports {
            let question = ask::inbound(context, family, transport.protocol.number(), profile.port);
            if let Ok(talk) = Conversation::begin(&context.host, &context.routes, &question) {
                add(&mut openers, context, &talk, profile.port);
            }
        }
    }
    let is_ignored = ignores::ignored(context, ID);
    let are_told_apart = is_ignored.is_some();
    if let Some(is_ignored) = is_ignored {
        // What a comment says of one rule is not to hold for the others: those of AWS have the port in common.
        for opener in openers.iter_mut().filter(|opener| !is_ignored(opener.place)) {
            opener.place = opener.rule.place_of(Axis::Source);
        }
    }
    openers.sort_by_key(|opener| (opener.place.file, opener.place.start));
    let groups = openers.chunk_by(|one, next| !are_told_apart || one.place == next.place);
    findings.extend(groups.filter_map(|openers| report(context, profile, openers)));
}

/// One finding about some rules.
fn report(context: &Context, profile: &Profile, openers: &[Opener]) -> Option<Finding> {
    let first = openers.first()?;
    let mut places: Vec<Span> = openers.iter().map(|opener| opener.place).collect();
    places.dedup();
    let (port, more) = (profile.port, &places[1..]);
    let is_sure = openers.iter().any(|opener| opener.is_sure);
    let message = match (more.len(), is_sure) {
        (0, true) => format!("port {port} is opened for connections from outside"),
        (0, false) => format!("port {port} may be opened for connections from outside"),
        (more, true) => format!("{} rules open port {port} for connections from outside", more + 1),
        (more, false) => format!("{} rules may open port {port} for connections from outside", more + 1),
    };
    let level = if is_sure { Level::Warning } else { Level::Note };
    let words = exposure::does(context, first.rule, "lets them in");
    let finding = Finding::new(ID, level, message).at(first.place).here(words);
    Some(places::again(finding, more, "so does this one", "rules").note(format!(
        "{} connects to the edge, never the other way round: nothing has to come in to port {port}. What the tunnel \
         needs is port {port} as *destination* of packets that leave, and their answers.",
        profile.program
    )))
}

/// Adds the rules that accepted what got in, or led to what did.
fn add<'m>(openers: &mut Vec<Opener<'m>>, context: &Context<'m>, talk: &Conversation, port: u16) {
    let Some(step) = talk.steps.first() else { return };
    let lets_in = |hop: &&Arc<Hop>| {
        matches!(hop.fate, Fate::Accepted | Fate::Translated(_)) && hop.packets.overlaps(&step.passed)
    };
    for hop in step.hops.iter().filter(lets_in) {
        let rules = hop.via.iter().chain(&hop.rule).map(|id| context.host.rule(*id).rule);
        for rule in rules.filter(|rule| names_port(rule, port)) {
            let is_sure = hop.packets.cubes().iter().any(|cube| exposure::is_likely(context, cube));
            match openers.iter_mut().find(|known| std::ptr::eq(known.rule, rule)) {
                Some(known) => known.is_sure |= is_sure,
                None => openers.push(Opener { rule, place: rule.place_of(Axis::DestinationPort), is_sure }),
            }
        }
    }
}

/// Does a rule name just this port, or a few with it?
fn names_port(rule: &Rule, port: u16) -> bool {
    let is_named = |ports: &Values| {
        ports.ranges().is_some_and(|ports| ports.contains(port.into()) && ports.count() <= FEW_PORTS)
    };
    rule.matches.iter().any(|part| match &part.value {
        Match::Field(Axis::DestinationPort, ports) => is_named(ports),
        Match::Packets(packets) => {
            packets.cubes().iter().any(|cube| cube.get(Axis::DestinationPort).is_some_and(is_named))
        }
        _ => false,
    })
}
