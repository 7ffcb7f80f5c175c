//! Walks packets through one base chain: rule after rule, jumps and returns included, and tells an
//! observer which packets each rule decides.
//!
//! What earlier rules have taken is not cut out of a set as it goes along, but kept in a
//! [`Cover`]; who wants to know what is left for a rule asks it. So a question about one rule of
//! a hundred thousand does not pay for all the others.

use crate::model::{Nat, Policy, Verdict};
use crate::packet::cover::Cover;
use crate::packet::set::BUDGET;
use crate::packet::{Axis, Cube, Hull, PacketSet, TooManyPieces, Values};

use super::act::act;
use super::compile::{BaseChain, ChainId, Host, Next, RuleId};

/// How many times a rule may meet packets in one walk before the question stays undecided: chains
/// that call each other twice, twice, twice … grow without bound.
const MOST_STEPS: usize = 20_000_000;

/// What a rule or a policy does to the packets that it decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate<'m> {
    /// On to the next base chain.
    Accepted,
    /// Gone.
    Dropped,
    /// Gone, with an answer.
    Rejected(crate::model::Reject),
    /// Accepted, with a translation.
    Translated(&'m Nat),
}

/// A rule (or a policy) about to decide.
#[derive(Debug)]
pub struct Decision<'w, 'm> {
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
    /// The chain in which it stands; for a policy the base chain.
    pub chain: ChainId,
    /// The rules that jumped here, outermost first.
    pub via: &'w [RuleId],
    /// What happens.
    pub fate: Fate<'m>,
    /// The packets that the rule matches among those that entered the chain. Earlier rules may have
    /// taken some of them.
    pub hit: &'w PacketSet,
    since: usize,
    cover: &'w Cover,
}

impl Decision<'_, '_> {
    /// The packets that it decides, exactly: those it matches, less those taken before. Disjoint.
    pub fn packets(&self) -> Result<PacketSet, TooManyPieces> {
        left(self.cover, self.hit, self.since)
    }

    /// Some packets that it decides; `None` if all were taken before.
    pub fn witness(&self) -> Result<Option<Cube>, TooManyPieces> {
        for cube in self.hit.cubes() {
            if let Some(witness) = self.cover.escapes(cube, self.since, BUDGET)? {
                return Ok(Some(witness));
            }
        }
        Ok(None)
    }

    /// The numbers of the rules that together took a cube of `hit` before; see
    /// [`Walk::owner`].
    pub fn coverers(&self, cube: &Cube) -> Vec<u32> {
        self.cover.coverers(cube, self.since)
    }
}

/// Who wants to know what is decided.
pub trait Observer<'m> {
    /// A rule or policy decides packets. It is called in the order of the walk, also when earlier
    /// rules may have taken all of them.
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces>;

    /// A rule that ends nothing (it jumps, returns, counts or marks) meets packets.
    fn meets(&mut self, _decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        Ok(())
    }
}

/// Packets on their way, and since when rules may have taken some of them.
#[derive(Clone, Debug)]
struct Stream {
    packets: PacketSet,
    since: usize,
}

/// One walk through one base chain.
pub struct Walk<'w, 'h, 'm, O> {
    host: &'h Host<'m>,
    observer: &'w mut O,
    cover: Cover,
    via: Vec<RuleId>,
    open: Vec<ChainId>,
    /// The rule behind each owner number of the cover.
    owners: Vec<RuleId>,
    /// What is taken until the end of a chain that is still open, with its number in the cover.
    lent: Vec<(usize, Cube)>,
    /// What left its stream because a rule changed it, likewise.
    moved: Vec<(usize, Cube)>,
    steps: usize,
}

impl<'w, 'h, 'm, O: Observer<'m>> Walk<'w, 'h, 'm, O> {
    /// Sends packets through a base chain.
    pub fn through(
        host: &'h Host<'m>,
        base: BaseChain<'m>,
        packets: PacketSet,
        observer: &'w mut O,
    ) -> Result<(), TooManyPieces> {
        let (via, open, owners) = (Vec::new(), Vec::new(), Vec::new());
        let (cover, lent, moved) = (Cover::new(), Vec::new(), Vec::new());
        let mut walk = Walk { host, observer, cover, via, open, owners, lent, moved, steps: 0 };
        let mut streams = vec![Stream { packets, since: 0 }];
        let born = walk.chain(base.chain, streams.clone())?;
        streams.extend(born);
        let fate = match base.base.policy.value {
            Policy::Accept => Fate::Accepted,
            Policy::Drop => Fate::Dropped,
        };
        for stream in &streams {
            walk.decide(None, base.chain, fate, stream)?;
        }
        Ok(())
    }

    /// Sends packets through a chain. Those that reach its end stay in their streams; those that a
    /// rule changed on the way are new streams, and returned.
    fn chain(&mut self, chain: ChainId, mut streams: Vec<Stream>) -> Result<Vec<Stream>, TooManyPieces> {
        let known = streams.len();
        let mut fallen = Vec::new();
        let lent_before = self.lent.len();
        self.open.push(chain);
        let host = self.host;
        let compiled_chain = host.chain(chain);
        // What a rule changes on the way stays inside of this box: marks and states are no part of it.
        let around = streams
            .iter()
            .fold(Hull::of(&PacketSet::none()), |hull, stream| hull.or(Hull::of(&stream.packets)));
        for (index, (compiled, hull)) in (0..).zip(compiled_chain.rules.iter().zip(&compiled_chain.hulls)) {
            if !hull.meets(&around) {
                continue;
            }
            let rule = RuleId { chain, index };
            for at in 0..streams.len() {
                let hit = streams[at].packets.and(&compiled.packets);
                if hit.is_empty() {
                    continue;
                }
                self.steps += 1;
                if self.steps > MOST_STEPS {
                    return Err(TooManyPieces);
                }
                let mut stream = Stream { packets: hit, since: streams[at].since };
                let is_changed = !compiled.rule.actions.is_empty();
                if is_changed {
                    match self.change(rule, &stream)? {
                        Some(changed) => stream = changed,
                        None => continue,
                    }
                }
                let goes_on = self.step(rule, &stream, &mut streams, &mut fallen)?;
                let falls =
                    compiled.rule.verdict.value == Verdict::Return || matches!(compiled.next, Next::Goto(_));
                match is_changed {
                    true if goes_on => streams.push(stream),
                    true if falls => fallen.push(stream),
                    _ => {}
                }
            }
        }
        self.open.pop();
        for (entry, _) in self.lent.drain(lent_before..) {
            self.cover.retire(entry);
        }
        fallen.extend(streams.drain(known..));
        Ok(fallen)
    }

    /// Does what a rule says with the packets that match it. May they meet the next rule?
    fn step(
        &mut self,
        rule: RuleId,
        stream: &Stream,
        streams: &mut Vec<Stream>,
        fallen: &mut Vec<Stream>,
    ) -> Result<bool, TooManyPieces> {
        let compiled = self.host.rule(rule);
        let chain = rule.chain;
        match (&compiled.rule.verdict.value, compiled.next) {
            (_, Next::Jump(target)) if !self.open.contains(&target) => {
                self.meet(rule, stream)?;
                let born = self.call(rule, target, stream)?;
                streams.extend(born);
            }
            (_, Next::Goto(target)) if !self.open.contains(&target) => {
                self.meet(rule, stream)?;
                let born = self.call(rule, target, stream)?;
                fallen.extend(born);
                self.lend(rule, stream)?;
                return Ok(false);
            }
            (Verdict::Accept, _) => self.end(rule, Fate::Accepted, stream)?,
            (Verdict::Drop, _) => self.end(rule, Fate::Dropped, stream)?,
            (Verdict::Reject(reject), _) => self.end(rule, Fate::Rejected(*reject), stream)?,
            (Verdict::Nat(nat), _) if **nat != Nat::Tproxy => {
                self.end(rule, Fate::Translated(nat), stream)?
            }
            (Verdict::Nat(_) | Verdict::Queue, _) => {
                let taken = choose(&stream.packets, compiled.choices[0], true);
                self.decide(Some(rule), chain, Fate::Accepted, &Stream { packets: taken, ..*stream })?;
                let refused = choose(&stream.packets, compiled.choices[0], false);
                self.decide(Some(rule), chain, Fate::Dropped, &Stream { packets: refused, ..*stream })?;
                self.take(rule, stream)?;
            }
            (Verdict::Return, _) => {
                self.meet(rule, stream)?;
                self.lend(rule, stream)?;
            }
            (Verdict::Continue, _) => {
                self.meet(rule, stream)?;
                return Ok(true);
            }
            // A target, chain or loop of which the file does not tell what it does.
            (Verdict::Unknown(_) | Verdict::Jump(_) | Verdict::Goto(_), _) => {
                let [ends, accepts] = compiled.choices[..] else { return Ok(true) };
                let ended = choose(&stream.packets, ends, true);
                let accepted = Stream { packets: choose(&ended, accepts, true), ..*stream };
                self.decide(Some(rule), chain, Fate::Accepted, &accepted)?;
                let dropped = Stream { packets: choose(&ended, accepts, false), ..*stream };
                self.decide(Some(rule), chain, Fate::Dropped, &dropped)?;
                self.take(rule, &Stream { packets: ended, ..*stream })?;
                return Ok(true);
            }
        }
        Ok(matches!(compiled.next, Next::Jump(_)))
    }

    /// A rule decides its packets for good.
    fn end(&mut self, rule: RuleId, fate: Fate<'m>, stream: &Stream) -> Result<(), TooManyPieces> {
        self.decide(Some(rule), rule.chain, fate, stream)?;
        self.take(rule, stream)?;
        Ok(())
    }

    /// Sends packets through a called chain.
    fn call(&mut self, rule: RuleId, target: ChainId, stream: &Stream) -> Result<Vec<Stream>, TooManyPieces> {
        self.via.push(rule);
        let born = self.chain(target, vec![stream.clone()])?;
        self.via.pop();
        Ok(born)
    }

    /// Changes packets as the rule's actions say: they leave their stream and are a new one. `None`
    /// if there are none left to change.
    fn change(&mut self, rule: RuleId, stream: &Stream) -> Result<Option<Stream>, TooManyPieces> {
        let mut packets = left(&self.cover, &stream.packets, stream.since)?;
        if packets.is_empty() {
            return Ok(None);
        }
        for action in &self.host.rule(rule).rule.actions {
            packets = PacketSet::from_cubes(packets.cubes().iter().flat_map(|cube| act(cube, action.value)));
        }
        let first = self.cover.len();
        self.take(rule, stream)?;
        self.moved.extend((first..self.cover.len()).map(|number| (number, self.cover.cube(number).clone())));
        Ok(Some(Stream { packets, since: self.cover.len() }))
    }

    /// Notes that a rule took packets for good.
    fn take(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let owner = self.own(rule);
        let rest;
        let mut packets = &stream.packets;
        let absent = self.absent(stream);
        if !absent.is_empty() {
            rest = packets.minus(&absent)?;
            packets = &rest;
        }
        for cube in packets.cubes() {
            self.cover.push(cube.clone(), owner);
        }
        Ok(())
    }

    /// Notes that a rule took packets until the end of this call of its chain.
    fn lend(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let first = self.cover.len();
        self.take(rule, stream)?;
        self.lent.extend((first..self.cover.len()).map(|number| (number, self.cover.cube(number).clone())));
        Ok(())
    }

    /// What is not where it seems to be, and must not be taken along: what is lent to an earlier RETURN
    /// comes back, and what was changed is in another stream, where it may look the same.
    fn absent(&self, stream: &Stream) -> PacketSet {
        let absent = self.lent.iter().chain(&self.moved).filter(|(entry, _)| *entry >= stream.since);
        PacketSet::from_cubes(absent.map(|(_, cube)| cube.clone()))
    }

    /// The owner number of one of a rule's decisions.
    fn own(&mut self, rule: RuleId) -> u32 {
        self.owners.push(rule);
        (self.owners.len() - 1) as u32
    }

    fn decide(
        &mut self,
        rule: Option<RuleId>,
        chain: ChainId,
        fate: Fate<'m>,
        stream: &Stream,
    ) -> Result<(), TooManyPieces> {
        let Walk { observer, cover, via, .. } = self;
        let Stream { packets: hit, since } = stream;
        observer.decides(&Decision { rule, chain, via, fate, hit, since: *since, cover })
    }

    fn meet(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let Walk { observer, cover, via, .. } = self;
        let Stream { packets: hit, since } = stream;
        let fate = Fate::Accepted;
        let (chain, rule) = (rule.chain, Some(rule));
        observer.meets(&Decision { rule, chain, via, fate, hit, since: *since, cover })
    }
}

/// The packets that no rule has taken since.
fn left(cover: &Cover, packets: &PacketSet, since: usize) -> Result<PacketSet, TooManyPieces> {
    let mut all = PacketSet::none();
    for cube in packets.cubes() {
        all.add(cover.uncovered(cube, since, BUDGET)?);
    }
    Ok(all)
}

/// The packets for which an unknown is answered so.
fn choose(packets: &PacketSet, atom: u32, yes: bool) -> PacketSet {
    let axis = Axis::Atom(atom);
    packets.map(|cube| cube.with(axis, Values::single(axis, u128::from(yes))))
}
