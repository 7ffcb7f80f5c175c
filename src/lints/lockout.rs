//! `lockout`: see rules/lockout.md.

use super::tunnel::ask;
use super::tunnel::blame::place_of;
use super::{Context, exposure};
use crate::eval::exposure::{Default as ByDefault, Exposure, Kind};
use crate::eval::{Conversation, Way};
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Family};

const ID: &str = "lockout";

/// The protocol number of TCP, and the port at which hosts are administered.
const TCP: u8 = 6;
const SSH: u16 = 22;

/// Looks for it: no TCP connection gets in, and the tunnel does not get out.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let spoken: Vec<Family> = Family::ALL.into_iter().filter(|family| context.speaks_for(*family)).collect();
    let is_closed =
        |family: &Family| context.exposure(Way::In, *family).is_some_and(|seen| !lets_tcp_in(seen));
    let Some(tunnel) = context.tunnel() else { return };
    let is_left = !tunnel.is_cut_off(context) && !tunnel.dns.is_blocked();
    if spoken.is_empty() || is_left || !spoken.iter().all(is_closed) {
        return;
    }
    let over = match spoken[..] {
        [Family::V4] => " over IPv4",
        [Family::V6] => " over IPv6",
        _ => "",
    };
    let program = &tunnel.profile.program;
    let fails = if tunnel.is_cut_off(context) { "gets no connection" } else { "finds no names" };
    let message = format!("no TCP connection gets in{over}, and {program} {fails}");
    let mut finding = Finding::new(ID, exposure::level(context, Level::Warning, true), message);
    for family in spoken {
        let question = ask::inbound(context, family, TCP, SSH);
        let Ok(talk) = Conversation::begin(&context.host, &context.routes, &question) else { continue };
        if let Some(lost) = talk.steps.first().and_then(|step| step.lost.last()) {
            let (span, words) = place_of(context, lost);
            finding = exposure::place(finding, span, words);
        }
    }
    findings.push(finding.note(
        "Who has no console on this machine does not reach it any more. Let SSH in from the addresses of those who \
         look after it, or let the tunnel out.",
    ));
}

/// May a TCP connection get in?
fn lets_tcp_in(seen: &Exposure) -> bool {
    let is_tcp = |cube: &crate::packet::Cube| cube.get(Axis::Protocol).is_none_or(|it| it.contains(6));
    // A port that is turned to another may well end on this host.
    let mut to_host = seen.openings.iter().filter(|opening| opening.kind != Kind::Forwarded);
    let lets_tcp =
        |default: &ByDefault| default.only.as_ref().is_none_or(|only| only.cubes().iter().any(is_tcp));
    seen.default.as_ref().is_some_and(lets_tcp)
        || seen.more > 0
        || to_host.any(|opening| opening.packets.cubes().iter().any(is_tcp))
}
