//! `tunnel-service-blocked`: see rules/tunnel-service-blocked.md.

use super::tunnel::blame::{blame, explain};
use super::{Context, mend};
use std::net::IpAddr;

use super::tunnel::ask;
use crate::eval::{Certainty, Held};
use crate::finding::{Finding, Level};
use crate::model::Remedy;
use crate::packet::{Family, PacketSet};
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
    for served in required {
        let service = served.0;
        let message =
            format!("{} is blocked, and a setting requires it: TCP 443 does not get out", service.host);
        let mut finding = Finding::new(ID, Level::Error, message);
        if let Some(held) = tunnel.held_for(context, served) {
            let remedy = remedy(context, service, &held);
            finding = blame(finding, context, &held, &PacketSet::any()).remedy(remedy);
        }
        findings.push(finding.note(format!("{} {}.", tunnel.profile.program, service.why)));
    }
    let open =
        tunnel.services.iter().filter(|each| each.1 == Certainty::Depends && each.0.gone_since.is_none());
    for (service, _, held) in open.filter(|each| is_required(context, each.0)) {
        let message = format!("whether {} is reached, which a setting requires, depends", service.host);
        let mut finding = Finding::new(ID, Level::Note, message);
        if let Some(held) = held {
            finding = explain(finding, context, held, &PacketSet::any(), Certainty::Depends);
            if held.unknowns(&PacketSet::any()).is_empty() {
                finding = blame(finding, context, held, &PacketSet::any())
                    .note("TCP 443 gets out to some addresses only, and which it has the rules do not tell.");
            }
        }
        findings.push(finding.note(format!("{} {}.", tunnel.profile.program, service.why)));
    }
    // A service that nothing asks for is no service that is missing.
    let optional: Vec<_> = optional.into_iter().filter(|each| each.0.required_by.is_none()).collect();
    if let Some(first) = optional.first() {
        let hosts: Vec<&str> = optional.iter().map(|each| each.0.host.as_str()).collect();
        let message = match hosts[..] {
            [host] => format!("an optional service over TCP 443 is blocked: {host}"),
            _ => format!("optional services over TCP 443 are blocked: {}", hosts.join(", ")),
        };
        let mut finding = Finding::new(ID, Level::Note, message);
        if let Some(held) = tunnel.held_for(context, first) {
            finding = blame(finding, context, &held, &PacketSet::any());
        }
        let (them, their) = if hosts.len() == 1 { ("it", "Its") } else { ("them", "Their") };
        findings.push(finding.note(format!(
            "{} runs without {them}, but may log an error. {their} addresses move: judge {them} by name where the \
             firewall can.",
            tunnel.profile.program
        )));
    }
}

/// HTTPS let out: to the addresses of the service, as far as they are known. They may move.
fn remedy(context: &Context, service: &Service, held: &Held) -> Option<Remedy> {
    if mend::comes_in_vain(held) {
        return None;
    }
    let known: Vec<IpAddr> = service.v4.iter().map(|it| IpAddr::from(*it)).collect();
    let mut opening = mend::Opening::of_program(context);
    let part = PacketSet::from(mend::of(Family::V4));
    let cube = mend::to(Family::V4, 6, ask::addresses(known), 443);
    opening.add(context, held, &part, &[cube]);
    opening.remedy(format!("let HTTPS out to {}", service.host), false)
}

fn is_required(context: &Context, service: &Service) -> bool {
    match service.required_by {
        Some(Requirement::Access) => context.settings.access.value,
        Some(Requirement::AutoUpdate) => context.settings.auto_update.value,
        Some(Requirement::QuickTunnel) => context.settings.quick_tunnel.value,
        None => false,
    }
}
