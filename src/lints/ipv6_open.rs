//! `ipv6-open`: see rules/ipv6-open.md.

use super::{Context, exposure, mend, places};
use crate::config::Policy;
use crate::eval::Way;
use crate::eval::exposure::{Default, Exposure, Kind, Opening, are_all_of};
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges};

const ID: &str = "ipv6-open";

/// The protocol number of TCP.
const TCP: u128 = 6;

/// Looks for it: IPv4 denies what no rule names, IPv6 does not, or rules let all of TCP in over IPv6 alone.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(v4) = context.exposure(Way::In, Family::V4) else { return };
    let Some(v6) = context.exposure(Way::In, Family::V6) else { return };
    if v4.default.as_ref().is_some_and(Default::is_wide) {
        return;
    }
    if is_beside_closed(context) {
        let Some(default) = &v6.default else { return };
        let little = match v4.default {
            Some(_) => "over IPv4 little does",
            None => "over IPv4 only if one lets them in",
        };
        let message = format!("new connections get in over IPv6 unless a rule drops them, {little}");
        let finding = Finding::new(ID, level(context, default.depends_on.is_empty()), message);
        let finding = finding.remedy(mend::deny(context, &[Family::V6], &[default]));
        findings.push(exposure::at_defaults(finding, context, &[v6]));
    } else if lets_all_of_tcp_in(context, v6) && !lets_all_of_tcp_in(context, v4) {
        let message =
            "connections over TCP get in over IPv6 to almost any port, over IPv4 only if a rule names them";
        let mut finding = Finding::new(ID, level(context, true), message);
        let rules = sure(context, v6).filter(|opening| opening.packets.overlaps(&of_tcp()));
        for opening in rules.take(1 + places::MOST_SHOWN) {
            let rule = context.host.rule(opening.rule).rule;
            let words = exposure::does(context, rule, "lets them in");
            finding = exposure::place(finding, rule.place_of(Axis::Source), words);
        }
        findings.push(finding);
    }
}

/// Does IPv6 let in what no rule names, while IPv4 lets in little or nothing of that?
pub fn is_beside_closed(context: &Context) -> bool {
    let is_wide = |family| {
        let seen = context.exposure(Way::In, family)?;
        Some(seen.default.as_ref().is_some_and(Default::is_wide))
    };
    is_wide(Family::V6) == Some(true) && is_wide(Family::V4) == Some(false)
}

/// Do rules let in TCP to all ports, from anywhere, each alone or all together?
fn lets_all_of_tcp_in(context: &Context, seen: &Exposure) -> bool {
    let all = sure(context, seen).flat_map(|opening| opening.packets.and(&of_tcp()).into_cubes());
    are_all_of(&PacketSet::from_cubes(all).simplify(), TCP, seen.family)
}

/// What gets into the host itself for sure.
fn sure<'x>(context: &'x Context, seen: &'x Exposure) -> impl Iterator<Item = &'x Opening> {
    let openings = seen.openings.iter().filter(|opening| opening.kind == Kind::Inside);
    openings.filter(|opening| exposure::is_firm(context, opening))
}

fn of_tcp() -> PacketSet {
    PacketSet::from(Cube::any().with(Axis::Protocol, Ranges::single(TCP)))
}

fn level(context: &Context, is_sure: bool) -> Level {
    match context.settings.policy.value {
        _ if !is_sure => Level::Note,
        Policy::Positive => Level::Error,
        Policy::Advisory => Level::Warning,
    }
}
