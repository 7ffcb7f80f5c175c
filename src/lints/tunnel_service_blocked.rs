//! `tunnel-service-blocked`: see rules/tunnel-service-blocked.md.

use super::Context;
use super::tunnel::blame::blame;
use crate::eval::Certainty;
use crate::finding::{Finding, Level};
use crate::packet::PacketSet;
use crate::profile::{Requirement, Service};

const ID: &str = "tunnel-service-blocked";

/// Looks for it: one finding for each service that a setting requires, one for all others.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    // What cannot reach the edge has other worries.
    if tunnel.is_cut_off(context) {
        return;
    }
    let blocked = tunnel.services.iter().filter(|each| each.1 == Certainty::Blocked);
    let current = blocked.filter(|each| each.0.gone_since.is_none());
    let (required, optional): (Vec<_>, Vec<_>) = current.partition(|each| is_required(context, each.0));
    for (service, _, held) in required {
        let message =
            format!("{} is blocked, and a setting requires it: TCP 443 does not get out", service.host);
        let mut finding = Finding::new(ID, Level::Error, message);
        if let Some(held) = held {
            finding = blame(finding, context, held, &PacketSet::any());
        }
        findings.push(finding.note(format!("{} {}.", tunnel.profile.program, service.why)));
    }
    // A service that nothing asks for is no service that is missing.
    let optional: Vec<_> = optional.into_iter().filter(|each| each.0.required_by.is_none()).collect();
    if let Some((_, _, held)) = optional.first() {
        let hosts: Vec<&str> = optional.iter().map(|each| each.0.host.as_str()).collect();
        let message = format!("optional services over TCP 443 are blocked: {}", hosts.join(", "));
        let mut finding = Finding::new(ID, Level::Note, message);
        if let Some(held) = held {
            finding = blame(finding, context, held, &PacketSet::any());
        }
        findings.push(finding.note(format!(
            "{} runs without them; it may log an error. Their addresses move: judge them by name where the firewall can.",
            tunnel.profile.program
        )));
    }
}

fn is_required(context: &Context, service: &Service) -> bool {
    match service.required_by {
        Some(Requirement::Access) => context.settings.access.value,
        Some(Requirement::AutoUpdate) => context.settings.auto_update.value,
        Some(Requirement::QuickTunnel) => context.settings.quick_tunnel.value,
        None => false,
    }
}
