//! `inbound-tunnel-port`: see rules/inbound-tunnel-port.md.

use std::sync::Arc;

use super::tunnel::ask;
use super::{Context, exposure, places};
use crate::eval::{Conversation, Fate, Hop};
use crate::finding::{Finding, Level};
use crate::model::{Match, Rule};
use crate::packet::{Axis, Family, Values};
use crate::source::Span;

const ID: &str = "inbound-tunnel-port";

/// A rule that names more ports than this does not name the tunnel's.
const FEW_PORTS: u128 = 16;

/// Rules that open the port, and whether one of them surely lets something in.
#[derive(Default)]
struct Openers {
    /// Where they name it, and what they do.
    places: Vec<(Span, String)>,
    is_sure: bool,
}

/// Looks for it: rules that name the tunnel's port and let a new connection to it in.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(profile) = context.profile.filter(|_| !context.is_fragment()) else { return };
    let mut openers = Openers::default();
    for family in Family::ALL {
        for transport in &profile.transports {
            let question = ask::inbound(context, family, transport.protocol.number(), profile.port);
            if let Ok(talk) = Conversation::begin(&context.host, &context.routes, &question) {
                openers.add(context, &talk, profile.port);
            }
        }
    }
    openers.places.sort_unstable_by_key(|(span, _)| (span.file, span.start));
    let Some(((first, words), more)) = openers.places.split_first() else { return };
    let more: Vec<Span> = more.iter().map(|place| place.0).collect();
    let port = profile.port;
    let message = match (more.len(), openers.is_sure) {
        (0, true) => format!("port {port} is opened for connections from outside"),
        (0, false) => format!("port {port} may be opened for connections from outside"),
        (more, true) => format!("{} rules open port {port} for connections from outside", more + 1),
        (more, false) => format!("{} rules may open port {port} for connections from outside", more + 1),
    };
    let level = if openers.is_sure { Level::Warning } else { Level::Note };
    let finding = Finding::new(ID, level, message).at(*first).here(words.clone());
    findings.push(places::again(finding, &more, "so does this one", "rules").note(format!(
        "{} connects to the edge, never the other way round: nothing has to come in to port {port}. What the tunnel \
         needs is port {port} as *destination* of packets that leave, and their answers.",
        profile.program
    )));
}

impl Openers {
    /// Adds the rules that accepted what got in, or led to what did.
    fn add(&mut self, context: &Context, talk: &Conversation, port: u16) {
        let Some(step) = talk.steps.first() else { return };
        let lets_in = |hop: &&Arc<Hop>| {
            matches!(hop.fate, Fate::Accepted | Fate::Translated(_)) && hop.packets.overlaps(&step.passed)
        };
        for hop in step.hops.iter().filter(lets_in) {
            let rules = hop.via.iter().chain(&hop.rule).map(|id| context.host.rule(*id).rule);
            for rule in rules.filter(|rule| names_port(rule, port)) {
                self.is_sure |= hop.packets.cubes().iter().any(|cube| exposure::is_likely(context, cube));
                let place = rule.place_of(Axis::DestinationPort);
                if !self.places.iter().any(|known| known.0 == place) {
                    self.places.push((place, exposure::does(context, rule, "lets them in")));
                }
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
