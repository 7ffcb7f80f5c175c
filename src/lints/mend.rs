//! What would mend findings: rules that let through what is lost, in front of what takes it.

use std::collections::BTreeSet;

use super::Context;
use super::tunnel::{Edge, Path, Tunnel};
use crate::config::EdgeRules;
use crate::eval::exposure::Default as ByDefault;
use crate::eval::{CompiledChain, CompiledRule, Held, Hop, Lost, Moment, RuleId, swap};
use crate::model::{
    At, Backend, ChainKind, Effect, Families, Hook, Letting, NewRule, Policy, Remedy, Step, Verdict,
};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, values};

use super::tunnel::ask;

/// All hooks, where it does not matter at which packets fare otherwise.
pub const HOOKS: [Hook; 5] = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

/// How many ports a rule may name that is moved for the sake of one.
const MOST_PORTS: u128 = 1 << 15;

/// Rules that are to be put in, place by place.
#[derive(Default)]
pub struct Opening {
    steps: Vec<Step>,
    effect: Vec<(Hook, Cube)>,
    /// Does something go beyond what the profile requires by name?
    is_wide: bool,
}

impl Opening {
    /// Lets flows of a part through where they are lost first: new ones by rules for these packets, answers and what
    /// follows them by one for established flows.
    pub fn add(&mut self, context: &Context, held: &Held, part: &PacketSet, packets: &[Cube]) {
        let is_lossy = |lost: &&Lost| lost.flows.overlaps(part);
        let lossy = held.conversation.steps.iter().find(|step| step.lost.iter().any(|lost| is_lossy(&lost)));
        let Some(step) = lossy else { return };
        let mut bases = Vec::new();
        let hops = || step.lost.iter().filter(is_lossy).map(|lost| &*lost.hop);
        for lost in step.lost.iter().filter(is_lossy) {
            if bases.contains(&lost.hop.base) {
                continue;
            }
            bases.push(lost.hop.base);
            if matches!(step.moment, Moment::Egress | Moment::Ingress) {
                // What is lost of packets that NAT has turned to elsewhere goes by another name.
                let named = packets
                    .iter()
                    .filter(|cube| lost.hop.packets.overlaps(&PacketSet::from((*cube).clone())));
                if !self.move_up(context, lost) {
                    named.for_each(|cube| self.accept(context, &lost.hop, hops(), cube.clone()));
                }
            } else if !is_tracked(&lost.hop) || is_without_memory(context, &lost.hop) {
                // Connection tracking knows nothing of them: they are told by their ends.
                self.is_wide = true;
                for cube in packets.iter().cloned() {
                    let cube = match step.moment {
                        Moment::Reply if is_without_memory(context, &lost.hop) => answers(context, cube),
                        Moment::Reply => swap(cube),
                        _ => cube,
                    };
                    self.accept(context, &lost.hop, hops(), cube);
                }
            } else {
                let family = packets.iter().find_map(|cube| cube.get(Axis::Family)).cloned();
                let states = Ranges::new(state::ESTABLISHED, state::RELATED);
                let mut cube = Cube::any().set(Axis::State, states);
                if let Some(family) = family {
                    cube = cube.set(Axis::Family, family);
                }
                self.is_wide = true;
                self.accept(context, &lost.hop, hops(), cube);
            }
        }
    }

    /// Lets packets through in the base chain of a hop, in front of whatever takes them away there: the first of
    /// these hops.
    pub fn accept<'h, 'm: 'h>(
        &mut self,
        context: &Context,
        hop: &Hop,
        hops: impl IntoIterator<Item = &'h Hop<'m>>,
        packets: Cube,
    ) {
        let base = context.host.chain(hop.base);
        let family = match packets.get(Axis::Family).and_then(crate::packet::Values::first) {
            Some(1) => Family::V6,
            _ => Family::V4,
        };
        let here = hops.into_iter().filter(|other| other.base == hop.base);
        let first = here.filter_map(|other| taken(base, other)).min();
        let at = match (first, base.chain.rules.last(), &base.chain.base) {
            (Some(index), ..) => At::Before(base.rules[index].rule.span),
            (None, Some(last), _) => At::After(last.span),
            (None, None, Some(own)) => At::Empty(own.policy.span),
            (None, None, None) => return,
        };
        // A table of both families lets both through, unless the packets are of one by what they are.
        let is_of_both = base.table.families == Families::BOTH && is_of_any_family(&packets);
        let families = if is_of_both { &Family::ALL[..] } else { &[family] };
        for family in families {
            let rule = NewRule {
                family: *family,
                table: base.table.name.clone(),
                chain: base.chain.name.clone(),
                packets: packets.clone().without(Axis::Family),
                verdict: Verdict::Accept,
            };
            self.effect.push((hop.hook, rule.matched()));
            let is_here = |step: &&mut Step| matches!(step, Step::Insert { at: other, .. } if *other == at);
            match self.steps.iter_mut().find(is_here) {
                Some(Step::Insert { rules, .. }) if rules.contains(&rule) => {}
                Some(Step::Insert { rules, .. }) => rules.push(rule),
                _ => self.steps.push(Step::Insert { at, rules: vec![rule] }),
            }
        }
    }

    /// Moves a rule that would let the packets through in front of the one that takes them, if there is such a rule.
    fn move_up(&mut self, context: &Context, lost: &Lost) -> bool {
        // Rules of a cloud stand where their numbers say, and those of a chain that is called may decide of other packets, too.
        let own =
            lost.hop.rule.filter(|id| id.chain == lost.hop.base && !context.unit.ruleset.is_perimeter());
        let Some(id) = own else { return false };
        let chain = context.host.chain(id.chain);
        let fitting = (id.index + 1..chain.rules.len() as u32).find(|index| {
            let rule = &chain.rules[*index as usize];
            // One that names no ports, or most of them, was not written for these packets, and would open more than anybody
            // means.
            let names_few = |cube: &Cube| {
                let ports = cube.get(Axis::DestinationPort).and_then(Values::ranges);
                ports.is_some_and(|ports| ports.count() <= MOST_PORTS)
            };
            rule.packets.cubes().iter().all(names_few)
                && rule.rule.verdict.value == Verdict::Accept
                && rule.packets.covers(&lost.hop.packets) == Ok(true)
                && stand_alone(context, &[RuleId { chain: id.chain, index: *index }])
        });
        let Some(rule) = fitting.map(|index| &chain.rules[index as usize]) else { return false };
        let step = Step::Move { rule: rule.rule.span, before: context.host.rule(id).rule.span };
        if !self.steps.contains(&step) {
            self.effect.extend(rule.packets.cubes().iter().map(|cube| (lost.hop.hook, known(cube))));
            self.steps.push(step);
            self.is_wide = true;
        }
        true
    }

    /// As a remedy, if anything would help. `is_required` says that all the packets are required by name.
    pub fn remedy(self, title: impl Into<String>, is_required: bool) -> Option<Remedy> {
        let Opening { steps, effect, is_wide } = self;
        let is_required = is_required && !is_wide;
        (!steps.is_empty()).then(|| Remedy {
            title: title.into(),
            steps,
            effect: Effect::Opens(effect),
            is_required,
            wider: None,
        })
    }
}

/// Are all answers of a flow, and all that follows them, of flows that connection tracking knows, where they are lost?
pub fn knows_later(held: &Held) -> bool {
    let later = held.conversation.steps.iter();
    let later = later.filter(|step| matches!(step.moment, Moment::Reply | Moment::Followup));
    later.flat_map(|step| &step.lost).all(|lost| is_tracked(&lost.hop))
}

/// Are all packets of a hop of flows that connection tracking knows?
fn is_tracked(hop: &Hop) -> bool {
    let known = Ranges::new(state::ESTABLISHED, state::RELATED);
    let state = |cube: &Cube| cube.get(Axis::State).and_then(Values::ranges).cloned();
    hop.packets.cubes().iter().all(|cube| state(cube).is_some_and(|states| known.covers(&states)))
}

/// Is it at a list of a cloud that looks at each packet by itself?
fn is_without_memory(context: &Context, hop: &Hop) -> bool {
    let base = context.host.chain(hop.base).chain.base.as_ref();
    base.is_some_and(|base| matches!(base.kind, ChainKind::Perimeter(perimeter) if !perimeter.is_stateful))
}

/// The answers to some packets, as network ACLs name them: by where they come from, and the ports that connections are
/// opened from, since an entry has ports on one side alone.
fn answers(context: &Context, packets: Cube) -> Cube {
    let ports = context.settings.ephemeral_ports.value;
    let ports = Ranges::new(ports.first.into(), ports.last.into());
    swap(packets).without(Axis::SourcePort).set(Axis::DestinationPort, ports)
}

/// The rule of a base chain, by its place, by which packets of a hop leave the way down the chain; none if they come to
/// its end. It is one of the chain that the kernel calls: others may be called from elsewhere, too.
fn taken(base: &CompiledChain, hop: &Hop) -> Option<usize> {
    let leaves = |rule: &CompiledRule| {
        let falls = matches!(rule.rule.verdict.value, Verdict::Return | Verdict::Goto(_));
        falls && rule.packets.overlaps(&hop.packets)
    };
    match hop.via.first().or(hop.rule.as_ref()) {
        Some(rule) => Some(rule.index as usize),
        // The policy decides of those, too, that return early, or are sent to a chain that decides nothing.
        None => base.rules.iter().position(leaves),
    }
}

/// Do packets name no address, and no protocol of one family?
fn is_of_any_family(packets: &Cube) -> bool {
    let has_address = [Axis::Source, Axis::Destination].iter().any(|axis| packets.get(*axis).is_some());
    let is_icmp = packets.get(Axis::Protocol).is_some_and(|it| it.contains(1) || it.contains(58));
    !has_address && !is_icmp
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
    let (mut opening, mut wider) = (Opening::default(), BTreeSet::new());
    let mut names_prefixes = wants_prefixes;
    for (path, mut edges) in lost {
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
    let steps: Vec<Step> = rules.iter().map(|id| Step::Remove(context.host.rule(*id).rule.span)).collect();
    let title = if steps.len() == 1 { "remove the rule" } else { "remove the rules" };
    Some(Remedy::neutral(title, steps))
}

/// Is what these rules say said of no other? What one line of nft does may be several rules.
pub fn stand_alone(context: &Context, rules: &[RuleId]) -> bool {
    rules.iter().all(|id| {
        let chain = context.host.chain(id.chain);
        let span = chain.rules[id.index as usize].rule.span;
        let is_inside = |index: u32| {
            let other = chain.rules.get(index as usize).map(|other| other.rule.span);
            other.is_some_and(|other| span.start <= other.start && other.end <= span.end)
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
