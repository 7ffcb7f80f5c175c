//! `open-port`: see rules/open-port.md.

use std::collections::HashMap;

use super::Context;
use super::exposure::{self, words};
use crate::eval::exposure::{Exposure, Kind, Opening};
use crate::eval::{ChainId, RuleId, Way};
use crate::finding::{Finding, Level};
use crate::model::Verdict;
use crate::packet::{Axis, Family, PacketSet};

const ID: &str = "open-port";

/// From how many rules of one kind on they are one finding.
const MANY: usize = 6;

/// How many places a finding about many rules shows.
const SHOWN: usize = 4;

/// What one rule lets in, and the same of the other family.
struct Item<'x> {
    opening: &'x Opening,
    exposure: &'x Exposure,
    family: Family,
    packets: PacketSet,
    text: String,
    twin: Option<Box<Item<'x>>>,
}

/// What rules have in common that are one finding when there are many of them.
type Shape = (Kind, ChainId, Vec<Axis>, bool, bool);

/// Looks for it: rules that let new connections in or through, and that fwlint.yaml does not name.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let mut items: Vec<Item> = Vec::new();
    let mut more = 0;
    for family in Family::ALL {
        for item in of_family(context, family) {
            let is_twin = |other: &&mut Item| {
                other.family != family
                    && other.twin.is_none()
                    && other.text == item.text
                    && other.opening.kind == item.opening.kind
            };
            match items.iter_mut().find(is_twin) {
                Some(other) => other.twin = Some(Box::new(item)),
                None => items.push(item),
            }
        }
        more += context.exposure(Way::In, family).map_or(0, |exposure| exposure.more);
    }
    let mut shapes: HashMap<Shape, usize> = HashMap::new();
    let mut groups: Vec<Vec<Item>> = Vec::new();
    for item in items {
        let at = *shapes.entry(shape(context, &item)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    let first = findings.len();
    for group in groups {
        // What a comment says of one rule is not to hold for the others.
        if group.len() < MANY || super::ignores::any_names(context, ID) {
            findings.extend(group.iter().map(|item| one(context, item)));
        } else {
            findings.push(many(context, &group));
        }
    }
    if more > 0
        && let Some(last) = findings[first..].last_mut()
    {
        last.notes.push(format!("Up to {more} more rules let something in; they were not worked out."));
    }
}

/// What is to be named in one family.
fn of_family<'x>(context: &'x Context, family: Family) -> Vec<Item<'x>> {
    let mut items = Vec::new();
    let mut known: Vec<RuleId> = Vec::new();
    for way in [Way::In, Way::Forward] {
        let Some(exposure) = context.exposure(way, family) else { continue };
        let ssh = exposure::ssh_from_the_world(context, family, exposure);
        for opening in &exposure.openings {
            let is_forwarded = opening.kind == Kind::Forwarded;
            // What lets a published port through lets in who sends there directly: that is no news.
            if is_forwarded && (way == Way::In || known.contains(&opening.rule)) {
                continue;
            }
            known.extend(opening.accepted_by.iter().filter_map(|by| by.1));
            if leads_to_cluster_address(context, opening.rule) {
                continue;
            }
            let is_ssh = ssh.iter().any(|part| std::ptr::eq(part.0, opening));
            let packets = words::to_name(context, family, opening, is_ssh);
            if !packets.is_empty() {
                let text = words::say_opening(context, exposure, opening, &packets);
                items.push(Item { opening, exposure, family, packets, text, twin: None });
            }
        }
    }
    items
}

/// Is it a rule of kube-proxy for the address of a service? Such an address is no machine's: nodes turn what
/// their pods send there to other pods.
fn leads_to_cluster_address(context: &Context, rule: RuleId) -> bool {
    match &context.host.rule(rule).rule.verdict.value {
        Verdict::Jump(target) => target.starts_with("KUBE-SVC-"),
        _ => false,
    }
}

fn shape(context: &Context, item: &Item) -> Shape {
    let rule = item.opening.rule;
    let cubes = context.host.rule(rule).packets.cubes();
    let mut axes: Vec<Axis> = cubes.iter().flat_map(|cube| cube.sides()).map(|side| side.0).collect();
    axes.retain(|axis| !matches!(axis, Axis::Atom(_) | Axis::State));
    axes.sort_unstable();
    axes.dedup();
    let is_inner = !exposure::machines(context, item.opening).is_empty();
    (item.opening.kind, rule.chain, axes, is_inner, exposure::is_firm(context, item.opening))
}

/// A finding about one rule, and its twin of the other family.
fn one(context: &Context, item: &Item) -> Finding {
    let both: Vec<&Item> = [item].into_iter().chain(item.twin.as_deref()).collect();
    let families: Vec<Family> = both.iter().map(|item| item.family).collect();
    let over = exposure::over(context, &families);
    let may = if is_told(context, &both) { "" } else { "may " };
    let message = match item.opening.kind {
        Kind::Inside => format!("new connections {may}get in{over}: {}", item.text),
        Kind::Published => format!("new connections {may}get in{over}, turned by NAT: {}", item.text),
        Kind::Forwarded if may.is_empty() => format!("new connections are forwarded{over}: {}", item.text),
        Kind::Forwarded => format!("new connections may be forwarded{over}: {}", item.text),
    };
    let mut finding = Finding::new(ID, level(context, &both), message);
    for item in &both {
        finding = show(finding, context, item);
    }
    for item in &both {
        for (chain, rule) in item.opening.accepted_by.iter().take(SHOWN) {
            let (span, words) = exposure::accepted_by(context, *chain, *rule);
            finding = exposure::place(finding, span, words);
        }
    }
    let unknowns: Vec<u32> = both.iter().flat_map(|item| exposure::doubts(context, item.opening)).collect();
    exposure::depends_on(finding, context, &unknowns)
}

/// A finding about many rules that are alike.
fn many(context: &Context, items: &[Item]) -> Finding {
    let all: Vec<&Item> =
        items.iter().flat_map(|item| [item].into_iter().chain(item.twin.as_deref())).collect();
    let mut families: Vec<Family> = all.iter().map(|item| item.family).collect();
    families.sort_unstable();
    families.dedup();
    let mut packets = PacketSet::none();
    items.iter().for_each(|item| packets.add(item.packets.clone()));
    let mut groups: Vec<String> =
        items.iter().flat_map(|item| exposure::machines(context, item.opening)).collect();
    groups.dedup();
    let text = words::say_from(items[0].exposure, &packets, &groups);
    let does = match items[0].opening.kind {
        Kind::Inside => "let new connections in",
        Kind::Published => "let new connections in, turned by NAT",
        Kind::Forwarded => "forward new connections",
    };
    let over = exposure::over(context, &families);
    let may = if is_told(context, &all) { "" } else { "may " };
    let message = format!("{} rules {may}{does}{over}: {text}", all.len());
    let mut finding = Finding::new(ID, level(context, &all), message);
    for item in all.iter().take(SHOWN) {
        finding = show(finding, context, item);
    }
    finding.parts = all.iter().map(|item| context.host.rule(item.opening.rule).rule.span).collect();
    finding.note(format!("{} more rules of this kind are not shown.", all.len() - SHOWN))
}

/// Points at a rule and says what it does.
fn show(finding: Finding, context: &Context, item: &Item) -> Finding {
    let rule = context.host.rule(item.opening.rule).rule;
    let words = match item.opening.kind {
        Kind::Inside => exposure::does(context, rule, "lets them in"),
        Kind::Forwarded => "lets them through".to_owned(),
        Kind::Published => match words::targets(context, item.family, &item.opening.turned_by) {
            Some(target) => format!("they go to {target}"),
            None => "turns them to another address or port".to_owned(),
        },
    };
    exposure::place(finding, rule.place_of(Axis::Source), words)
}

fn level(context: &Context, items: &[&Item]) -> Level {
    let is_inbound = items.iter().any(|item| item.opening.kind != Kind::Forwarded);
    exposure::level(context, Level::Warning, is_firm(context, items) && is_inbound)
}

/// Does one of them hold, whatever the file does not tell?
fn is_firm(context: &Context, items: &[&Item]) -> bool {
    items.iter().any(|item| exposure::is_firm(context, item.opening))
}

/// Does one of them hold for those of whom the finding tells?
fn is_told(context: &Context, items: &[&Item]) -> bool {
    items.iter().any(|item| exposure::is_told(context, item.opening))
}
