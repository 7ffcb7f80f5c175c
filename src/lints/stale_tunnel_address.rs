//! `stale-tunnel-address`: see rules/stale-tunnel-address.md.

use std::net::IpAddr;

use super::tunnel::ask;
use super::{Context, mend};
use crate::eval::CompiledRule;
use crate::finding::{Finding, Level};
use crate::model::{Effect, Remedy, Step, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, values};
use crate::profile::{Profile, Stale, StaleKind};
use crate::source::Span;

const ID: &str = "stale-tunnel-address";

/// A rule that names more ports than this does not name the tunnel's.
const FEW_PORTS: u128 = 16;

/// A destination that rules allow for the tunnel's port.
struct Allowed {
    family: Family,
    addresses: Ranges,
    span: Span,
}

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(profile) = context.profile else { return };
    let allowed: Vec<Allowed> =
        context.host.rules().flat_map(|(_, rule)| allows(rule, profile.port)).collect();
    for stale in &profile.stale {
        match stale.kind {
            StaleKind::Typo | StaleKind::NeverEdge => single(stale, &allowed, findings),
            StaleKind::OldList => old_list(profile, stale, &allowed, findings),
        }
    }
    published(profile, &allowed, findings);
}

/// Rules for one address that never served.
fn single(stale: &Stale, allowed: &[Allowed], findings: &mut Vec<Finding>) {
    let v4 = stale.v4.iter().map(|address| IpAddr::from(*address));
    let v6 = stale.v6.iter().map(|address| IpAddr::from(*address));
    for (number, address) in v4.chain(v6).enumerate() {
        let (low, high) = values::address(address);
        for rule in allowed.iter().filter(|rule| {
            is_of(rule.family, address) && rule.addresses.iter().any(|each| each == (low, high))
        }) {
            let message = format!("{address} is no edge address of the tunnel");
            let mut finding = Finding::new(ID, Level::Warning, message).at(rule.span).here(stale.why.clone());
            if let Some(meant) = stale.meant.get(number) {
                finding =
                    finding.note(format!("{meant} was meant.")).remedy(readdress(rule, address, *meant));
            }
            findings.push(finding);
        }
    }
}

/// The address that was meant in place of one that never served.
fn readdress(rule: &Allowed, old: IpAddr, new: IpAddr) -> Remedy {
    let either = Cube::any()
        .set(Axis::Family, Ranges::single(rule.family.number()))
        .set(Axis::Destination, ask::addresses([old, new]));
    Remedy {
        title: format!("name {new} instead"),
        steps: vec![Step::Readdress { rule: rule.span, old, new }],
        effect: Effect::Changes(mend::HOOKS.map(|hook| (hook, either.clone())).to_vec()),
        is_required: false,
    }
}

/// Rules for the addresses of an old list and for no other edge address.
fn old_list(profile: &Profile, stale: &Stale, allowed: &[Allowed], findings: &mut Vec<Finding>) {
    let old = ask::addresses(stale.v4.iter().map(|address| IpAddr::from(*address)));
    let regions = profile.endpoints.iter().take(1).flat_map(|endpoint| &endpoint.regions);
    let current = ask::addresses(regions.flat_map(|region| &region.v4).map(|address| IpAddr::from(*address)));
    let mine =
        || allowed.iter().filter(|rule| rule.family == Family::V4 && rule.addresses.overlaps(&current));
    let together = Ranges::union(mine().flat_map(|rule| rule.addresses.iter()));
    if together.and(&current) != old {
        return;
    }
    let Some(first) = mine().next() else { return };
    let message = "only the edge addresses of an old list are allowed";
    let finding = Finding::new(ID, Level::Warning, message).at(first.span).here(stale.why.clone());
    findings.push(finding.note(format!(
        "The list of {} has {} IPv4 addresses.",
        profile.as_of,
        current.iter().count()
    )));
}

/// Rules for the company's other ranges, in which no edge address is.
fn published(profile: &Profile, allowed: &[Allowed], findings: &mut Vec<Finding>) {
    let ranges = &profile.published_ranges;
    let v4 = Ranges::union(ranges.v4.iter().map(|net| values::prefix(net.addr().into(), net.prefix_len())));
    let v6 = Ranges::union(ranges.v6.iter().map(|net| values::prefix(net.addr().into(), net.prefix_len())));
    let regions = || profile.endpoints.iter().flat_map(|endpoint| &endpoint.regions);
    let edges4 =
        ask::addresses(regions().flat_map(|region| &region.v4).map(|address| IpAddr::from(*address)));
    let edges6 =
        ask::addresses(regions().flat_map(|region| &region.v6).map(|address| IpAddr::from(*address)));
    let is_other = |rule: &&Allowed| match rule.family {
        Family::V4 => v4.covers(&rule.addresses) && !rule.addresses.overlaps(&edges4),
        Family::V6 => v6.covers(&rule.addresses) && !rule.addresses.overlaps(&edges6),
    };
    // Those who allow all published ranges allow the edge among them: broad, but it serves.
    let serves = |family: Family| {
        allowed.iter().filter(|rule| rule.family == family).any(|rule| match family {
            Family::V4 => rule.addresses.overlaps(&edges4),
            Family::V6 => rule.addresses.overlaps(&edges6),
        })
    };
    let mut others = allowed.iter().filter(is_other).filter(|rule| !serves(rule.family));
    let Some(first) = others.next() else { return };
    let message = "the tunnel's port is allowed to ranges in which no edge address is";
    let mut finding = Finding::new(ID, Level::Warning, message).at(first.span).here(ranges.why.clone());
    for other in others.take(3) {
        finding = finding.label(other.span, "likewise");
    }
    findings.push(finding);
}

fn is_of(family: Family, address: IpAddr) -> bool {
    address.is_ipv4() == (family == Family::V4)
}

/// The destinations of a rule that accepts packets to the tunnel's port at named addresses.
fn allows(compiled: &CompiledRule, port: u16) -> Vec<Allowed> {
    if compiled.rule.verdict.value != Verdict::Accept {
        return Vec::new();
    }
    let named = |cube: &Cube| {
        let ports = cube.get(Axis::DestinationPort)?.ranges()?;
        let addresses = cube.get(Axis::Destination)?.ranges()?.clone();
        let is_v6 = cube.get(Axis::Family)?.first() == Some(Family::V6.number());
        let family = if is_v6 { Family::V6 } else { Family::V4 };
        let is_narrow = ports.contains(port.into()) && ports.count() <= FEW_PORTS;
        is_narrow.then_some(Allowed { family, addresses, span: compiled.rule.span })
    };
    compiled.packets.cubes().iter().filter_map(named).collect()
}
