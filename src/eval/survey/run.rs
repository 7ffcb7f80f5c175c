//! One survey in the making: packets on their way through chains.

use std::ops::Range;
use std::rc::Rc;

use smallvec::smallvec;

use crate::model::{ChainKind, Hook, Nat, Policy, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Hull, PacketSet, TooManyPieces, Values};

use super::super::act::{act, blur};
use super::super::compile::{BaseChain, ChainId, CompiledRule, Next, RuleId};
use super::super::{mangled, walk::Fate};
use super::world::{Part, Parts, Site, Stage, World, choose};
use super::{Accept, Survey};

/// How many times a rule may meet packets before a survey is given up.
const MOST_STEPS: usize = 1_000_000;

/// How many histories packets may have before a survey is given up.
const MOST_WORLDS: usize = 2_000;

/// How deep chains may call each other: more than the kernel allows nft, and no ruleset comes near.
const DEEPEST: usize = 200;

/// A survey in the making.
pub(super) struct Run<'h, 'm> {
    pub survey: Survey<'h, 'm>,
    pub turned: Vec<Turned<'m>>,
    pub via: Rc<[RuleId]>,
    open: Vec<ChainId>,
    steps: usize,
}

/// Packets that a nat rule took.
pub(super) struct Turned<'m> {
    pub world: usize,
    pub site: Site,
    pub nat: &'m Nat,
    pub first: u32,
    pub count: u32,
}

/// Packets of one world in a chain.
#[derive(Clone, Debug)]
struct Stream<'h> {
    world: usize,
    /// Which of its packets; none when none of them meets the next rule.
    parts: Parts<'h>,
    /// What of them reaches the end of the chain, as far as rules have not taken it.
    end: Parts<'h>,
    /// Have some of them left the chain by a return, or by a goto?
    returns: bool,
}

impl<'h> Stream<'h> {
    fn new(world: usize, parts: Parts<'h>) -> Self {
        Stream { world, end: parts.clone(), parts, returns: false }
    }

    /// What goes on behind the chain; `None` if nothing does.
    fn behind(self) -> Option<Self> {
        (self.returns || !self.parts.is_empty()).then(|| Stream::new(self.world, self.end))
    }
}

/// Entries that are given back at the end of a call or of a base chain.
pub(super) type Loans = Vec<(usize, Range<u32>)>;

/// The base chain that is walked.
pub(super) struct Place {
    pub hook: Hook,
    pub is_main: bool,
    pub loans: Loans,
}

impl<'h, 'm> Run<'h, 'm> {
    pub fn new(survey: Survey<'h, 'm>) -> Self {
        Run { survey, turned: Vec::new(), via: Rc::from([]), open: Vec::new(), steps: 0 }
    }

    /// Sends the packets of some worlds through a base chain.
    pub fn base(
        &mut self,
        hook: Hook,
        base: BaseChain<'m>,
        is_main: bool,
        worlds: Vec<usize>,
    ) -> Result<(), TooManyPieces> {
        let mut place = Place { hook, is_main, loans: Vec::new() };
        if is_main {
            self.survey.accepts.reserve(self.survey.host.chain(base.chain).rules.len());
        }
        let stream = |world: usize| {
            let parts = &self.survey.worlds[world].parts;
            let mine = base.when.map(|(atom, yes)| choose(parts, atom, yes));
            Stream::new(world, mine.unwrap_or_else(|| parts.clone()))
        };
        let mut streams: Vec<Stream> = worlds.into_iter().map(stream).collect();
        let born = self.chain(&mut place, base.chain, &mut streams)?;
        for stream in streams.into_iter().filter_map(Stream::behind).chain(born) {
            let fate = match base.base.policy.value {
                Policy::Accept => Fate::Accepted,
                Policy::Drop => Fate::Dropped,
            };
            self.decide(&mut place, None, base.chain, fate, stream.world, &stream.parts);
        }
        for (world, entries) in place.loans {
            self.survey.worlds[world].give_back(entries);
        }
        Ok(())
    }

    /// Sends packets through a chain. Those that reach its end stay in their streams; those that a rule
    /// changed on the way are new streams, and returned.
    fn chain(
        &mut self,
        place: &mut Place,
        chain: ChainId,
        streams: &mut Vec<Stream<'h>>,
    ) -> Result<Vec<Stream<'h>>, TooManyPieces> {
        if self.open.len() > DEEPEST {
            return Err(TooManyPieces);
        }
        let (known, host) = (streams.len(), self.survey.host);
        let (mut fallen, mut returned) = (Vec::new(), Loans::new());
        let compiled_chain = host.chain(chain);
        let hulls = streams.iter().map(|stream| self.survey.worlds[stream.world].hull);
        let Some(around) = hulls.reduce(Hull::or) else { return Ok(Vec::new()) };
        self.open.push(chain);
        for stream in streams.iter() {
            self.survey.worlds[stream.world].expect(compiled_chain.rules.len());
        }
        for (index, (compiled, hull)) in (0..).zip(compiled_chain.rules.iter().zip(&compiled_chain.hulls)) {
            if !hull.meets(&around) {
                continue;
            }
            if streams.iter().all(|stream| stream.parts.is_empty()) {
                break;
            }
            for at in 0..streams.len() {
                let hit = self.hit(&streams[at], &compiled.packets);
                if hit.is_empty() {
                    continue;
                }
                self.steps += 1;
                self.survey.host.surveyed.add(1)?;
                if self.steps > MOST_STEPS {
                    return Err(TooManyPieces);
                }
                let rule = RuleId { chain, index };
                let is_whole = hit.len() == streams[at].parts.len()
                    && compiled.packets.cubes().len() == 1
                    && compiled.packets.cubes()[0].covers(&self.survey.worlds[streams[at].world].packet);
                let world = streams[at].world;
                let is_all = is_whole && streams[at].parts.iter().all(Part::is_all);
                let goes_on = match self.change(rule, world, &hit, is_all)? {
                    None => {
                        let goes_on =
                            self.step(place, rule, (world, &hit), streams, &mut fallen, &mut returned)?;
                        streams[at].returns |= ends_here(compiled);
                        goes_on
                    }
                    Some(changed) => {
                        for stream in changed {
                            let met = (stream.world, &stream.parts);
                            let goes_on = self.step(place, rule, met, streams, &mut fallen, &mut returned)?;
                            match goes_on {
                                true => streams.push(stream),
                                false if ends_here(compiled) => fallen.push(stream),
                                false => {}
                            }
                        }
                        false
                    }
                };
                if is_whole && !goes_on {
                    streams[at].parts.clear();
                }
            }
        }
        self.open.pop();
        for (world, entries) in returned {
            self.survey.worlds[world].give_back(entries);
        }
        fallen.extend(streams.drain(known..).filter_map(Stream::behind));
        Ok(fallen)
    }

    /// The packets of a stream that a rule matches.
    fn hit(&self, stream: &Stream<'h>, rule: &'h PacketSet) -> Parts<'h> {
        let world = &self.survey.worlds[stream.world];
        let parts = stream.parts.iter();
        parts.flat_map(|part| rule.cubes().iter().filter_map(|cube| world.meet(part, cube))).collect()
    }

    /// Does what a rule says with the packets that match it. May they meet the next rule?
    fn step(
        &mut self,
        place: &mut Place,
        rule: RuleId,
        (world, parts): (usize, &Parts<'h>),
        streams: &mut Vec<Stream<'h>>,
        fallen: &mut Vec<Stream<'h>>,
        returned: &mut Loans,
    ) -> Result<bool, TooManyPieces> {
        let compiled = self.survey.host.rule(rule);
        let (site, chain) = (Some(rule), rule.chain);
        match (&compiled.rule.verdict.value, compiled.next) {
            (_, Next::Jump(target)) if !self.open.contains(&target) => {
                streams.extend(self.call(place, rule, target, Stream::new(world, parts.clone()))?);
                return Ok(true);
            }
            (_, Next::Goto(target)) if !self.open.contains(&target) => {
                fallen.extend(self.call(place, rule, target, Stream::new(world, parts.clone()))?);
                returned.push((world, self.survey.worlds[world].lend(parts)));
            }
            (Verdict::Accept, _) => self.decide(place, site, chain, Fate::Accepted, world, parts),
            (Verdict::Drop, _) => self.decide(place, site, chain, Fate::Dropped, world, parts),
            (Verdict::Reject(reject), _) => {
                self.decide(place, site, chain, Fate::Rejected(*reject), world, parts);
            }
            (Verdict::Nat(nat), _) if **nat != Nat::Tproxy => {
                self.decide(place, site, chain, Fate::Translated(nat), world, parts)
            }
            (Verdict::Nat(_) | Verdict::Queue, _) => {
                let taken = choose(parts, compiled.choices.start, true);
                self.decide(place, site, chain, Fate::Accepted, world, &taken);
                let refused = choose(parts, compiled.choices.start, false);
                self.decide(place, site, chain, Fate::Dropped, world, &refused);
            }
            (Verdict::Return, _) => returned.push((world, self.survey.worlds[world].lend(parts))),
            (Verdict::Continue, _) => return Ok(true),
            // A target, chain or loop of which the file does not tell what it does.
            (Verdict::Unknown(_) | Verdict::Jump(_) | Verdict::Goto(_), _) => {
                let mut choices = compiled.choices.clone();
                let (Some(ends), Some(accepts)) = (choices.next(), choices.next()) else { return Ok(true) };
                let ended = choose(parts, ends, true);
                let accepted = choose(&ended, accepts, true);
                self.decide(place, site, chain, Fate::Accepted, world, &accepted);
                let dropped = choose(&ended, accepts, false);
                self.decide(place, site, chain, Fate::Dropped, world, &dropped);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends packets through a called chain; returns those that were changed there.
    fn call(
        &mut self,
        place: &mut Place,
        rule: RuleId,
        target: ChainId,
        stream: Stream<'h>,
    ) -> Result<Vec<Stream<'h>>, TooManyPieces> {
        let outer = self.via.clone();
        self.via = outer.iter().copied().chain([rule]).collect();
        let born = self.chain(place, target, &mut vec![stream])?;
        self.via = outer;
        Ok(born)
    }

    /// Changes packets as a rule's actions say. Where they are all that a world has, it changes as a whole
    /// (`None`); otherwise they leave their world for new ones.
    fn change(
        &mut self,
        rule: RuleId,
        world: usize,
        parts: &Parts<'h>,
        is_all: bool,
    ) -> Result<Option<Vec<Stream<'h>>>, TooManyPieces> {
        let (host, compiled) = (self.survey.host, self.survey.host.rule(rule));
        let (actions, is_told) = (&compiled.rule.actions, host.tells_mangled(compiled));
        if !compiled.rule.changes_packet() && !is_told {
            return Ok(None);
        }
        if let Some(atom) = compiled.rewrites() {
            return self.lose_sight(rule, atom, world, parts).map(|()| Some(Vec::new()));
        }
        let changed = |cube: Cube| {
            actions.iter().fold(vec![cube], |cubes, action| {
                cubes.iter().flat_map(|cube| act(cube, &action.value)).collect()
            })
        };
        let old = &mut self.survey.worlds[world];
        if old.main_end.is_some() {
            // Behind the main chain a mark that may have changed is as good as unknown.
            for action in actions {
                old.packet = blur(old.packet.clone(), &action.value);
            }
            return if is_told { Err(TooManyPieces) } else { Ok(None) };
        }
        if is_all
            && !is_told
            && old.is_together()
            && let [packet] = &changed(old.packet.clone())[..]
        {
            old.packet = packet.clone();
            return Ok(None);
        }
        let left = old.left(parts, &host.surveyed)?;
        let left = if is_told { mangled::behind(&host.atoms, left)? } else { left };
        old.take(parts);
        let mut born: Vec<World> = Vec::new();
        for cube in left.cubes().iter().flat_map(|cube| changed(cube.clone())) {
            let mut packet = old.packet.clone();
            for axis in [Axis::Mark, Axis::ConnMark, Axis::State, Axis::Direction, Axis::Zone] {
                packet = match cube.get(axis) {
                    Some(values) => packet.set(axis, values.clone()),
                    None => packet.without(axis),
                };
            }
            let part = Part::own(cube.clone().forget(|axis| cube.get(axis) == packet.get(axis)));
            match born.iter_mut().find(|world| world.packet == packet) {
                Some(world) => world.parts.push(part),
                None => {
                    let mut world = World::new(packet, smallvec![part], old.nat.clone(), old.stage);
                    world.turned_by = old.turned_by.clone();
                    born.push(world);
                }
            }
        }
        let mut streams = Vec::new();
        for new in born {
            streams.push(Stream::new(self.survey.worlds.len(), new.parts.clone()));
            self.add(new)?;
        }
        Ok(Some(streams))
    }

    /// A rule or a policy decides packets.
    pub fn decide(
        &mut self,
        place: &mut Place,
        rule: Option<RuleId>,
        chain: ChainId,
        fate: Fate<'m>,
        world: usize,
        parts: &[Part<'h>],
    ) {
        let (is_main, via, count) = (place.is_main, self.via.clone(), parts.len() as u32);
        let Survey { worlds, accepts, .. } = &mut self.survey;
        match (fate, rule) {
            (Fate::Dropped | Fate::Rejected(_), _) => drop(worlds[world].take(parts)),
            (Fate::Translated(nat), Some(rule)) if changes_destination(place.hook, nat) => {
                let first = worlds[world].take(parts).start;
                self.turned.push(Turned { world, site: Site { rule, via }, nat, first, count });
            }
            _ => {
                let entries = worlds[world].lend(parts);
                if is_main {
                    let (world, first) = (world as u32, entries.start);
                    accepts.push(Accept { rule, chain, via, world, first, count });
                }
                match place.loans.last_mut() {
                    Some(last) if last.0 == world && last.1.end == entries.start => last.1.end = entries.end,
                    _ => place.loans.push((world, entries)),
                }
            }
        }
    }

    pub fn add(&mut self, world: World<'h>) -> Result<(), TooManyPieces> {
        self.survey.worlds.push(world);
        if self.survey.worlds.len() > MOST_WORLDS { Err(TooManyPieces) } else { Ok(()) }
    }

    /// The worlds at a stage of their way whose packets a base chain sees.
    pub fn worlds_at(&self, stage: Stage, base: &BaseChain) -> Vec<usize> {
        let sees = |world: &World| {
            let family = world.packet.get(Axis::Family).and_then(Values::first);
            let is_theirs =
                family.is_some_and(|family| if family == 0 { base.families.v4 } else { base.families.v6 });
            let state = world.packet.get(Axis::State).and_then(Values::first);
            let is_met = match base.base.kind {
                ChainKind::Nat => state == Some(state::NEW),
                // What finds neighbours passes around a machine unseen.
                ChainKind::Perimeter(_) => state != Some(state::UNTRACKED),
                ChainKind::Filter | ChainKind::Route => true,
            };
            world.stage == stage && is_theirs && is_met
        };
        (0..self.survey.worlds.len()).filter(|&world| sees(&self.survey.worlds[world])).collect()
    }
}

/// Does a rule end the way of packets through its chain, but not through the base chain?
fn ends_here(rule: &CompiledRule) -> bool {
    rule.rule.verdict.value == Verdict::Return || matches!(rule.next, Next::Goto(_))
}

/// Does a nat rule send packets elsewhere? What it does to their source does not matter here.
fn changes_destination(hook: Hook, nat: &Nat) -> bool {
    matches!(hook, Hook::Prerouting | Hook::Output) && !matches!(nat, Nat::Source(_) | Nat::Masquerade(_))
}
