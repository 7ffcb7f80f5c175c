//! Rules that let through what is lost, put in place by place.

use super::super::Context;
use super::{known, stand_alone};
use crate::eval::{CompiledChain, CompiledRule, Held, Hop, Lost, Moment, RuleId, swap};
use crate::model::{At, ChainKind, Effect, Families, Hook, NewRule, Remedy, Step, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, values};

/// How many ports a rule may name that is moved for the sake of one.
const MOST_PORTS: u128 = 1 << 15;

/// Rules that are to be put in, place by place.
#[derive(Default)]
pub struct Opening {
    steps: Vec<Step>,
    effect: Vec<(Hook, Cube)>,
    /// Does something go beyond what the profile requires by name?
    is_wide: bool,
    /// The ports to which answers come, if it is known from which is asked.
    clients: Option<Ranges>,
}

impl Opening {
    /// For flows of the program itself, which takes the ports that the kernel gives. Resolvers choose their own.
    pub fn of_program(context: &Context) -> Self {
        Opening { clients: Some(clients(context)), ..Opening::default() }
    }

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
            let meant = meant(&lost.hop.packets, step.moment, packets);
            if matches!(step.moment, Moment::Egress | Moment::Ingress) {
                // What is lost of packets that NAT has turned to elsewhere goes by another name.
                let named = packets
                    .iter()
                    .filter(|cube| lost.hop.packets.overlaps(&PacketSet::from((*cube).clone())));
                if !self.move_up(context, lost) {
                    named.for_each(|cube| self.accept(context, &lost.hop, hops(), cube.clone()));
                }
            } else if !is_tracked(&meant) || is_without_memory(context, &lost.hop) {
                // Connection tracking knows nothing of them: they are told by their ends.
                self.is_wide = true;
                for cube in packets.iter().cloned() {
                    let cube = match step.moment {
                        Moment::Reply if is_without_memory(context, &lost.hop) => answers(context, cube),
                        Moment::Reply => self.told_by_ends(&meant, cube),
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
        let family = match packets.get(Axis::Family).and_then(Values::first) {
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

    /// The answers to some packets by where they come from, and by the ports that they come to, unless NAT has chosen others.
    /// Those of TCP open no connection. Where none is new or invalid, nothing but what is untracked is meant.
    fn told_by_ends(&self, lost: &PacketSet, packets: Cube) -> Cube {
        let come_to = |clients: &&Ranges| {
            lost.cubes().iter().all(|cube| {
                let ports = cube.get(Axis::DestinationPort).and_then(Values::ranges);
                ports.is_some_and(|ports| clients.covers(ports))
            })
        };
        let mut answers = swap(packets);
        if let Some(clients) = self.clients.as_ref().filter(come_to) {
            answers = answers.set(Axis::DestinationPort, clients.clone());
        }
        if answers.get(Axis::Protocol) == Some(&Ranges::single(6).into()) {
            answers = answers.set(Axis::TcpFlags, values::opens_nothing());
        }
        // Those of known flows are let in by a rule of their own.
        let old = Ranges::new(state::ESTABLISHED, state::UNTRACKED).into();
        let is_old = |cube: &Cube| cube.get(Axis::State).is_some_and(|states| Values::covers(&old, states));
        match lost.cubes().iter().all(is_old) {
            true => answers.set(Axis::State, Ranges::single(state::UNTRACKED)),
            false => answers,
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
        let Opening { steps, effect, is_wide, .. } = self;
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

/// Of packets that are lost at one place those that are meant, or their answers: other flows may be lost there, too. What NAT
/// has turned to elsewhere goes by another name, and then all are taken for meant.
fn meant(lost: &PacketSet, moment: Moment, packets: &[Cube]) -> PacketSet {
    let named = packets.iter().map(|cube| match moment {
        Moment::Reply => swap(cube.clone()),
        _ => cube.clone(),
    });
    let meant = lost.and(&PacketSet::from_cubes(named));
    if meant.is_empty() { lost.clone() } else { meant }
}

/// Are all packets of flows that connection tracking knows?
pub fn is_tracked(packets: &PacketSet) -> bool {
    let known = Ranges::new(state::ESTABLISHED, state::RELATED);
    let state = |cube: &Cube| cube.get(Axis::State).and_then(Values::ranges).cloned();
    packets.cubes().iter().all(|cube| state(cube).is_some_and(|states| known.covers(&states)))
}

/// Is it at a list of a cloud that looks at each packet by itself?
fn is_without_memory(context: &Context, hop: &Hop) -> bool {
    let base = context.host.chain(hop.base).chain.base.as_ref();
    base.is_some_and(|base| matches!(base.kind, ChainKind::Perimeter(perimeter) if !perimeter.is_stateful))
}

/// The answers to some packets, as network ACLs name them: by where they come from, and the ports that connections are
/// opened from, since an entry has ports on one side alone.
fn answers(context: &Context, packets: Cube) -> Cube {
    swap(packets).without(Axis::SourcePort).set(Axis::DestinationPort, clients(context))
}

/// The ports that the kernel gives to those who ask.
fn clients(context: &Context) -> Ranges {
    let ports = context.settings.ephemeral_ports.value;
    Ranges::new(ports.first.into(), ports.last.into())
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
