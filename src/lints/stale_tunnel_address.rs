//! `stale-tunnel-address`: see rules/stale-tunnel-address.md.

use std::net::IpAddr;

use super::tunnel::{Path, Tunnel, ask, edges};
use super::{Context, mend, places};
use crate::eval::{Certainty, CompiledRule};
use crate::finding::{Finding, Level};
use crate::model::{Effect, Remedy, Step, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, values};
use crate::profile::{Endpoint, Stale, StaleKind};
use crate::source::Span;

const ID: &str = "stale-tunnel-address";

/// A rule that names more ports than this does not name the tunnel's.
const FEW_PORTS: u128 = 16;

/// A destination that rules allow for the tunnel's port.
struct Allowed {
    family: Family,
    addresses: Ranges,
    /// The rule.
    span: Span,
    /// Where it names the destination.
    place: Span,
}

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(profile) = context.profile else { return };
    let to_it = Cube::any().set(Axis::DestinationPort, Ranges::single(profile.port.into()));
    let near = context.host.rules_near(to_it.into());
    let allowed: Vec<Allowed> = near.flat_map(|(_, rule)| allows(rule, profile.port)).collect();
    let mut named = Vec::new();
    for stale in &profile.stale {
        findings.extend(match stale.kind {
            StaleKind::Typo | StaleKind::NeverEdge => no_edges(stale, &allowed, &mut named),
            StaleKind::OldList => context.tunnel().and_then(|tunnel| old_list(tunnel, stale, &allowed)),
        });
    }
    findings.extend(context.tunnel().and_then(|tunnel| published(tunnel, &allowed, &named)));
}

/// Rules for addresses of a list that never served. Their places are noted.
fn no_edges(stale: &Stale, allowed: &[Allowed], named: &mut Vec<Span>) -> Option<Finding> {
    let v4 = stale.v4.iter().map(|address| IpAddr::from(*address));
    let v6 = stale.v6.iter().map(|address| IpAddr::from(*address));
    let (mut spans, mut found, mut meant, mut swaps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, address) in v4.chain(v6).enumerate() {
        let just_this = values::address(address);
        let names = |rule: &&Allowed| {
            is_of(rule.family, address) && rule.addresses.iter().any(|each| each == just_this)
        };
        let rules: Vec<&Allowed> = allowed.iter().filter(names).collect();
        if rules.is_empty() {
            continue;
        }
        found.push(address.to_string());
        spans.extend(rules.iter().map(|rule| rule.place));
        if let Some(right) = stale.meant.get(number) {
            meant.push(right.to_string());
            swaps.extend(rules.iter().map(|rule| Swap { rule, old: address, new: *right }));
        }
    }
    spans.sort_unstable_by_key(|span| (span.file, span.start));
    spans.dedup();
    let (first, more) = spans.split_first()?;
    named.extend(&spans);
    let message = match &found[..] {
        [address] => format!("{address} is no edge address of the tunnel"),
        _ => format!("{} are no edge addresses of the tunnel", list(&found)),
    };
    let finding = Finding::new(ID, Level::Warning, message).at(*first).here(stale.why.clone());
    let finding = places::again(finding, more, "likewise", "rules").remedy(readdress(&swaps));
    Some(match &meant[..] {
        [] => finding,
        [address] => finding.note(format!("{address} was meant.")),
        _ => finding.note(format!("{} were meant.", list(&meant))),
    })
}

/// An address that was meant, in place of one that never served.
struct Swap<'r> {
    rule: &'r Allowed,
    old: IpAddr,
    new: IpAddr,
}

/// Names the addresses that were meant.
fn readdress(swaps: &[Swap]) -> Option<Remedy> {
    let title = match swaps {
        [] => return None,
        [first, rest @ ..] if rest.iter().all(|swap| swap.new == first.new) => {
            format!("name {} instead", first.new)
        }
        _ => "name the addresses that were meant instead".to_owned(),
    };
    let either = |swap: &Swap| {
        Cube::any()
            .set(Axis::Family, Ranges::single(swap.rule.family.number()))
            .set(Axis::Destination, ask::addresses([swap.old, swap.new]))
    };
    let effect = swaps.iter().flat_map(|swap| mend::HOOKS.map(|hook| (hook, either(swap)))).collect();
    let step = |swap: &Swap| Step::Readdress { rule: swap.rule.span, old: swap.old, new: swap.new };
    Some(Remedy {
        title,
        steps: swaps.iter().map(step).collect(),
        effect: Effect::Changes(effect),
        is_required: false,
        wider: None,
    })
}

/// Rules for the addresses of an old list, where no other edge address is reached.
fn old_list(tunnel: &Tunnel, stale: &Stale, allowed: &[Allowed]) -> Option<Finding> {
    let old = ask::addresses(stale.v4.iter().map(|address| IpAddr::from(*address)));
    let current = ask::addresses(edges(tunnel.endpoint, Family::V4).map(|edge| edge.1));
    let mut paths = tunnel.paths.iter().filter(|path| path.family == Family::V4);
    if !paths.all(|path| reached(path).minus(&old).is_empty()) {
        return None;
    }
    let is_mine = |rule: &&Allowed| rule.family == Family::V4 && rule.addresses.overlaps(&current);
    let mine: Vec<&Allowed> = allowed.iter().filter(is_mine).collect();
    let together = Ranges::union(mine.iter().flat_map(|rule| rule.addresses.iter()));
    if together.and(&current) != old {
        return None;
    }
    let (first, more) = mine.split_first()?;
    let message = "only the edge addresses of an old list are allowed";
    let finding = Finding::new(ID, Level::Warning, message).at(first.place).here(stale.why.clone());
    let more: Vec<Span> = more.iter().map(|rule| rule.place).collect();
    Some(places::again(finding, &more, "of the old list too", "rules").note(format!(
        "The list of {} has {} IPv4 addresses.",
        tunnel.profile.as_of,
        current.iter().count()
    )))
}

/// Rules for the company's other ranges, in which no address of the endpoint is, where none is reached.
fn published(tunnel: &Tunnel, allowed: &[Allowed], named: &[Span]) -> Option<Finding> {
    let (profile, endpoint) = (tunnel.profile, tunnel.endpoint);
    let ranges = &profile.published_ranges;
    let v4 = Ranges::union(ranges.v4.iter().map(|net| values::prefix(net.addr().into(), net.prefix_len())));
    let v6 = Ranges::union(ranges.v6.iter().map(|net| values::prefix(net.addr().into(), net.prefix_len())));
    // Those who allow all published ranges allow the edge among them: broad, but it serves.
    let is_reached =
        |family| tunnel.paths.iter().any(|path| path.family == family && !reached(path).is_empty());
    let holds_edges = |endpoint: &Endpoint, rule: &Allowed| {
        rule.addresses.overlaps(&ask::addresses(edges(endpoint, rule.family).map(|edge| edge.1)))
    };
    let is_other = |rule: &&Allowed| {
        let published = if rule.family == Family::V4 { &v4 } else { &v6 };
        published.covers(&rule.addresses)
            && !named.contains(&rule.place)
            && !is_reached(rule.family)
            && !holds_edges(endpoint, rule)
    };
    let others: Vec<&Allowed> = allowed.iter().filter(is_other).collect();
    let serves = |endpoint: &&Endpoint| others.iter().any(|rule| holds_edges(endpoint, rule));
    let right = profile.endpoints.iter().find(serves);
    let (first, more) = others.split_first()?;
    let message = format!(
        "the tunnel's port is allowed to addresses of Cloudflare, but to no edge address of region `{}`",
        endpoint.name
    );
    let finding = Finding::new(ID, Level::Warning, message).at(first.place);
    let more: Vec<Span> = more.iter().map(|rule| rule.place).collect();
    let mut finding = places::again(finding, &more, "likewise", "rules");
    if right.is_none_or(|right| !holds_edges(right, first)) {
        finding = finding.here(ranges.why.clone());
    }
    Some(match right {
        Some(right) => finding.note(format!(
            "Edge addresses of `{}` ({}) are among them: if that is meant, say `region: {}`.",
            right.name, right.chosen, right.name
        )),
        None => finding,
    })
}

/// The addresses that are, or may be, reached.
fn reached(path: &Path) -> Ranges {
    let edges = path.edges.iter().filter(|edge| edge.certainty != Certainty::Blocked);
    ask::addresses(edges.map(|edge| edge.address))
}

/// `a, b and c`.
fn list(words: &[String]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        words => words.concat(),
    }
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
        let place = compiled.rule.place_of(Axis::Destination);
        is_narrow.then_some(Allowed { family, addresses, span: compiled.rule.span, place })
    };
    compiled.packets.cubes().iter().filter_map(named).collect()
}
