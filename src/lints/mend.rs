//! What would mend findings: rules that let through what is lost, in front of what takes it.

mod opening;

use std::collections::BTreeSet;

use super::Context;
use super::tunnel::{Edge, Path, Tunnel, ask};
use crate::config::EdgeRules;
use crate::eval::exposure::Default as ByDefault;
use crate::eval::{Held, Hop, Lost, Moment, RuleId, Way};
use crate::model::{Backend, Effect, Hook, Letting, NewRule, Policy, Remedy, Step, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, values};

pub use opening::Opening;

/// All hooks, where it does not matter at which packets fare otherwise.
pub const HOOKS: [Hook; 5] = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

/// Are all answers of a flow, and all that follows them, of flows that connection tracking knows, where they are lost?
pub fn knows_later(held: &Held) -> bool {
    let later = held.conversation.steps.iter();
    let later = later.filter(|step| matches!(step.moment, Moment::Reply | Moment::Followup));
    later.flat_map(|step| &step.lost).all(|lost| opening::is_tracked(&lost.hop.packets))
}

/// Are answers lost that come to a port which a translation chose, or to the host for a container, and of which connection
/// tracking does not know whose they are? Whoever accepts them, they do not come to the client.
pub fn comes_in_vain(held: &Held) -> bool {
    let later = held.conversation.steps.iter().filter(|step| step.moment == Moment::Reply);
    let is_through = held.question.way == Way::Forward;
    let is_moved = |hop: &Hop| {
        let is_elsewhere = hop.nat.moves_port() != Some(false) || is_through && hop.nat.moves_address();
        is_elsewhere && !opening::is_tracked(&hop.packets)
    };
    later.flat_map(|step| &step.lost).any(|lost| is_moved(&lost.hop))
}

/// A cube without unknowns.
pub fn known(cube: &Cube) -> Cube {
    cube.clone().forget(|axis| matches!(axis, Axis::Atom(_)))
}

/// The edges of some paths let through, by rules for exactly these addresses, or for the prefixes around them where
/// those are wanted, or a list holds few entries of one prefix each.
pub fn edges<'t, 'm: 't>(
    context: &Context,
    tunnel: &Tunnel,
    lost: impl IntoIterator<Item = (&'t Path<'m>, Vec<&'t Edge>)>,
    title: &str,
) -> Option<Remedy> {
    let wants_prefixes = context.settings.edge_rules.value == EdgeRules::Prefixes;
    let (mut opening, mut wider) = (Opening::of_program(context), BTreeSet::new());
    let mut names_prefixes = wants_prefixes;
    for (path, mut edges) in lost {
        if comes_in_vain(&path.held) {
            return None;
        }
        let is_short = holds_few(context, &path.held);
        edges.sort_by_key(|edge| edge.lost_at);
        // Addresses that are lost at one place need other rules than those that get that far.
        for group in edges.chunk_by(|one, next| one.lost_at == next.lost_at) {
            let cubes = tunnel.endpoint.regions.iter().enumerate().filter_map(|(number, region)| {
                let of_region = group.iter().filter(|edge| edge.region == number);
                let addresses = ask::addresses(of_region.map(|edge| edge.address));
                let prefix = region.prefix(path.family).filter(|_| !addresses.is_empty())?;
                let are_many = Letting::subnets(path.family, &addresses).nth(1).is_some();
                let addresses = if wants_prefixes || is_short && are_many {
                    names_prefixes = true;
                    Ranges::union([values::prefix(prefix.addr(), prefix.prefix_len())])
                } else {
                    wider.extend(are_many.then_some(prefix));
                    addresses
                };
                let protocol = path.transport.protocol.number();
                Some(to(path.family, protocol, addresses, tunnel.profile.port))
            });
            let cubes: Vec<Cube> = cubes.collect();
            opening.add(context, &path.held, &path.part(group.iter().copied()), &cubes);
        }
    }
    let names: Vec<String> = wider.iter().map(ToString::to_string).collect();
    let wider = (!names.is_empty()).then(|| format!("`--edge-rules prefixes` names {}", names.join(" and ")));
    let remedy = opening.remedy(title, !names_prefixes)?;
    let names_addresses = |rule: &NewRule| {
        [Axis::Destination, Axis::Source].iter().any(|axis| rule.packets.get(*axis).is_some())
    };
    let mut steps = remedy.steps.iter();
    let is_shorter =
        steps.any(|step| matches!(step, Step::Insert { rules, .. } if rules.iter().any(names_addresses)));
    Some(Remedy { wider: wider.filter(|_| is_shorter), ..remedy })
}

/// Is anything lost at a list of a cloud that has few entries, each of which names one prefix?
fn holds_few(context: &Context, held: &Held) -> bool {
    let is_short = |lost: &Lost| {
        let chain = context.host.chain(lost.hop.base).chain;
        let recipe = context.unit.ruleset.recipes.iter().find(|recipe| recipe.chain == chain.name);
        recipe.is_some_and(|recipe| recipe.room.is_some())
    };
    held.conversation.steps.iter().flat_map(|step| &step.lost).any(is_short)
}

/// Packets of a protocol to a port of some addresses; of any, where none are named.
pub fn to(family: Family, protocol: u8, addresses: Ranges, port: u16) -> Cube {
    let cube = of(family)
        .set(Axis::Protocol, Ranges::single(protocol.into()))
        .set(Axis::DestinationPort, Ranges::single(port.into()));
    if addresses.is_empty() { cube } else { cube.set(Axis::Destination, addresses) }
}

/// All packets of a family.
pub fn of(family: Family) -> Cube {
    Cube::any().set(Axis::Family, Ranges::single(family.number()))
}

/// Everything over loopback let through, in the chains that stop it.
pub fn loopback(context: &Context, family: Family, held: &Held) -> Option<Remedy> {
    let lo = Ranges::single(values::name("lo")?);
    let mut opening = Opening::default();
    let hops = || held.conversation.steps.iter().flat_map(|step| &step.lost).map(|lost| &*lost.hop);
    // What NAT sends elsewhere is not let through by accepting it.
    let is_turned = |hop: &&Hop| {
        let verdict = hop.rule.map(|id| &context.host.rule(id).rule.verdict.value);
        matches!(verdict, Some(Verdict::Nat(_)))
    };
    for hop in hops().filter(|hop| !is_turned(hop)) {
        let axis = match hop.hook {
            Hook::Output | Hook::Postrouting => Axis::OutInterface,
            _ => Axis::InInterface,
        };
        let cube = of(family).set(axis, lo.clone());
        opening.accept(context, hop, hops(), cube);
    }
    opening.remedy("let everything through over loopback", false)
}

/// Rules that go, after which every packet fares as before; `None` where others stand in the same words.
pub fn removal(context: &Context, rules: &[RuleId]) -> Option<Remedy> {
    if !stand_alone(context, rules) {
        return None;
    }
    Some(Remedy::removal(rules.iter().map(|id| context.host.rule(*id).rule.span)))
}

/// Is what these rules say said of no other? What one line of nft does may be several rules.
pub fn stand_alone(context: &Context, rules: &[RuleId]) -> bool {
    rules.iter().all(|id| {
        let chain = context.host.chain(id.chain);
        let span = chain.rules[id.index as usize].rule.span;
        let is_inside = |index: u32| {
            let other = chain.rules.get(index as usize).map(|other| other.rule.span);
            other.is_some_and(|other| span.holds(other))
                && !rules.contains(&RuleId { chain: id.chain, index })
        };
        let mut neighbours = id.index.checked_sub(1).into_iter().chain([id.index + 1]);
        chain.table.backend != Backend::Nft || !neighbours.any(is_inside)
    })
}

/// What lets in whatever no rule names is made to drop it: only policies, and only where a rule lets SSH in by
/// name, so that whoever looks after the machine still gets in.
pub fn deny(context: &Context, families: &[Family], defaults: &[&ByDefault]) -> Option<Remedy> {
    let (mut steps, mut families) = (Vec::new(), families.to_vec());
    for default in defaults {
        let chain = context.host.chain(default.chain);
        // A chain of both families has one policy for both.
        families.extend(Family::ALL.into_iter().filter(|family| chain.table.families.has(*family)));
        let base = chain.chain.base.as_ref()?;
        // Chains of nft may say none.
        let is_there = base.policy_is_written || chain.table.backend == Backend::Nft;
        if default.rule.is_some() || !is_there || base.hook != Hook::Input {
            return None;
        }
        steps.push(Step::SetPolicy(base.policy.span, Policy::Drop));
    }
    let lets_ssh_in = |family: Family| {
        let ssh = to(family, 6, Ranges::none(), 22);
        context.host.rules_near(ssh.clone().into()).any(|(_, rule)| {
            let names_it = |cube: &Cube| cube.get(Axis::DestinationPort).is_some() && cube.overlaps(&ssh);
            rule.rule.verdict.value == Verdict::Accept && rule.packets.cubes().iter().any(names_it)
        })
    };
    if !families.iter().any(|family| lets_ssh_in(*family)) {
        return None;
    }
    let closed = families.iter().flat_map(|family| HOOKS.map(|hook| (hook, of(*family))));
    Some(Remedy {
        title: "let nothing in that no rule names".into(),
        steps,
        effect: Effect::Closes(closed.collect()),
        is_required: false,
        wider: None,
    })
}
