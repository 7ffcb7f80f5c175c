//! `inbound-tunnel-port`: see rules/inbound-tunnel-port.md.

use super::Context;
use super::tunnel::ask;
use crate::eval::{Conversation, Fate};
use crate::finding::{Finding, Level};
use crate::model::{Match, Rule};
use crate::packet::{Axis, Family};
use crate::source::Span;

const ID: &str = "inbound-tunnel-port";

/// A rule that names more ports than this does not name the tunnel's.
const FEW_PORTS: u128 = 16;

/// Looks for it: rules that name the tunnel's port and let a new connection to it in.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(profile) = context.profile.filter(|_| !context.is_fragment()) else { return };
    let mut seen: Vec<Span> = Vec::new();
    for family in Family::ALL {
        for transport in &profile.transports {
            let question = ask::inbound(context, family, transport.protocol.number(), profile.port);
            let Ok(talk) = Conversation::begin(&context.host, &context.routes, &question) else { continue };
            let hops = talk.steps.first().into_iter().flat_map(|step| &step.hops);
            for hop in hops.filter(|hop| matches!(hop.fate, Fate::Accepted | Fate::Translated(_))) {
                let rules = hop.via.iter().chain(&hop.rule).map(|id| context.host.rule(*id).rule);
                for rule in rules.filter(|rule| names_port(rule, profile.port)) {
                    if !seen.contains(&rule.span) {
                        seen.push(rule.span);
                    }
                }
            }
        }
    }
    for span in seen {
        let port = profile.port;
        let finding =
            Finding::new(ID, Level::Warning, format!("port {port} is opened for connections from outside"));
        findings.push(finding.at(span).here("lets them in").note(format!(
            "{} connects to the edge, never the other way round: nothing has to come in to port {port}. What the \
             tunnel needs is port {port} as *destination* of packets that leave, and their answers.",
            profile.program
        )));
    }
}

/// Does a rule name just this port, or a few with it?
fn names_port(rule: &Rule, port: u16) -> bool {
    rule.matches.iter().any(|part| match &part.value {
        Match::Field(Axis::DestinationPort, values) => {
            values.ranges().is_some_and(|ports| ports.contains(port.into()) && ports.count() <= FEW_PORTS)
        }
        _ => false,
    })
}
