//! `lockout`: see rules/lockout.md.

use super::{Context, exposure};
use crate::eval::Way;
use crate::eval::exposure::{Exposure, Kind};
use crate::finding::{Finding, Level};
use crate::model::Hook;
use crate::packet::{Axis, Family};

const ID: &str = "lockout";

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
    let fails = if tunnel.is_cut_off(context) { "does not get out" } else { "finds no names" };
    let message = format!("no TCP connection gets in{over}, and {program} {fails}");
    let mut finding = Finding::new(ID, exposure::level(context, Level::Warning, true), message);
    for family in spoken {
        let bases = context.host.bases(Hook::Input).filter(|base| base.families.has(family));
        for base in bases.filter(|base| base.priority == 0) {
            let span = base.base.policy.span;
            finding = exposure::place(finding, span, "nothing new gets in here");
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
    let mut inside = seen.openings.iter().filter(|opening| opening.kind == Kind::Inside);
    seen.default.is_some()
        || seen.more > 0
        || inside.any(|opening| opening.packets.cubes().iter().any(is_tcp))
}
