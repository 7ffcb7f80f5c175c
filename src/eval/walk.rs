//! Walks packets through one base chain: rule after rule, jumps and returns included, and tells an
//! observer which packets each rule decides.
//!
//! What earlier rules have taken is not cut out of a set as it goes along, but kept in a
//! [`Cover`]; who wants to know what is left for a rule asks it. So a question about one rule of
//! a hundred thousand does not pay for all the others.
//!
//! Packets that a rule changes go on in a lane of their own, with a cover of its own: what was taken
//! of them before were other packets, and what they may look like now others look like too.

mod boxes;
mod observer;

use crate::model::{Nat, Policy, Verdict};
use crate::packet::cover::Cover;
use crate::packet::{Axis, Cube, Hull, PacketSet, TooManyPieces, Values};

use super::act::act;
use super::compile::{BaseChain, ChainId, Host, Next, RuleId};
use super::effort::Effort;
use super::{mangled, rewrite};
use boxes::Boxes;
pub use observer::{Decision, Fate, Observer};

/// How deep chains may call each other before the question stays undecided: more than the kernel
/// allows nft, and no ruleset comes near.
const DEEPEST: usize = 200;

/// How many times a rule may meet packets in one walk before the question stays undecided: chains
/// that call each other twice, twice, twice … grow without bound.
const MOST_STEPS: usize = 500_000;

/// Packets on their way, and where it is written what rules have taken of them.
#[derive(Clone, Debug)]
struct Stream {
    packets: PacketSet,
    lane: usize,
}

/// A cube that is taken until the end of a chain: its lane, and its number in the cover.
#[derive(Debug)]
struct Lent {
    lane: usize,
    number: usize,
    cube: Cube,
}

/// One walk through one base chain.
pub struct Walk<'w, 'h, 'm, O> {
    host: &'h Host<'m>,
    observer: &'w mut O,
    /// What was taken, lane by lane.
    covers: Vec<Cover>,
    via: Vec<RuleId>,
    open: Vec<ChainId>,
    /// The rule behind each owner number of the cover.
    owners: Vec<RuleId>,
    /// What is taken until the end of a chain that is still open.
    lent: Vec<Lent>,
    steps: usize,
    effort: Effort<'h>,
}

impl<'w, 'h, 'm, O: Observer<'m>> Walk<'w, 'h, 'm, O> {
    /// Sends packets through a base chain.
    pub fn through(
        host: &'h Host<'m>,
        base: BaseChain<'m>,
        packets: PacketSet,
        observer: &'w mut O,
    ) -> Result<(), TooManyPieces> {
        let mut walk = Walk::new(host, observer);
        let (mut streams, born) = walk.chain(base.chain, vec![Stream { packets, lane: 0 }])?;
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

    /// Sends packets through a chain as if a rule had called it.
    pub fn along(
        host: &'h Host<'m>,
        chain: ChainId,
        packets: PacketSet,
        observer: &'w mut O,
    ) -> Result<(), TooManyPieces> {
        Walk::new(host, observer).chain(chain, vec![Stream { packets, lane: 0 }]).map(|_| ())
    }

    fn new(host: &'h Host<'m>, observer: &'w mut O) -> Self {
        let (via, open, owners, lent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Walk {
            host,
            observer,
            covers: vec![Cover::new()],
            via,
            open,
            owners,
            lent,
            steps: 0,
            effort: Effort::new(&host.spent),
        }
    }

    /// Sends packets through a chain. Those that reach its end stay in their streams, which are returned; those that a
    /// rule changed on the way are new streams, returned besides.
    fn chain(
        &mut self,
        chain: ChainId,
        mut streams: Vec<Stream>,
    ) -> Result<(Vec<Stream>, Vec<Stream>), TooManyPieces> {
        if self.open.len() >= DEEPEST {
            return Err(TooManyPieces);
        }
        let known = streams.len();
        let mut boxes: Vec<Boxes> = streams.iter().map(|stream| Boxes::of(&stream.packets)).collect();
        let mut fallen = Vec::new();
        let lent_before = self.lent.len();
        self.open.push(chain);
        let host = self.host;
        let compiled_chain = host.chain(chain);
        // What a rule changes on the way stays inside of this box: marks and states are no part of it.
        let around = match host.rewrites() {
            // What a rule writes into packets may lie anywhere.
            true => Hull::full(),
            false => streams
                .iter()
                .fold(Hull::of(&PacketSet::none()), |hull, stream| hull.or(Hull::of(&stream.packets))),
        };
        for (index, (compiled, hull)) in (0..).zip(compiled_chain.rules.iter().zip(&compiled_chain.hulls)) {
            if !hull.meets(&around) {
                continue;
            }
            if self.observer.is_done() {
                break;
            }
            let rule = RuleId { chain, index };
            // Rules before may have made new streams.
            boxes.extend(streams[boxes.len()..].iter().map(|stream| Boxes::of(&stream.packets)));
            for (at, boxes) in boxes.iter().enumerate() {
                let lane = streams[at].lane;
                let meets = boxes.meet(&streams[at].packets, &compiled.packets, hull);
                if !meets || !self.observer.follows(lane, &compiled.packets) {
                    continue;
                }
                self.steps += 1;
                self.effort.note(1)?;
                if self.steps > MOST_STEPS {
                    return Err(TooManyPieces);
                }
                let is_changed = compiled.rule.changes_packet() || host.tells_mangled(compiled);
                let accepts = compiled.rule.verdict.value == Verdict::Accept && !is_changed;
                if accepts && self.takes_whole_rules() {
                    self.take(rule, &Stream { packets: PacketSet::none(), lane })?;
                    continue;
                }
                let packets = boxes.and(&streams[at].packets, &compiled.packets, hull);
                let mut stream = Stream { packets, lane };
                if is_changed {
                    match self.change(rule, &stream)? {
                        Some(changed) => stream = changed,
                        None => {
                            self.meet(rule, &stream)?;
                            continue;
                        }
                    }
                }
                let goes_on = self.step(rule, &stream, &mut streams, &mut fallen)?;
                let falls = matches!(compiled.rule.verdict.value, Verdict::Return | Verdict::Goto(_));
                match is_changed {
                    true if goes_on => streams.push(stream),
                    true if falls => fallen.push(stream),
                    _ => {}
                }
            }
        }
        self.open.pop();
        for Lent { lane, number, .. } in self.lent.drain(lent_before..) {
            self.covers[lane].retire(number);
            self.observer.gives_back(lane, number);
        }
        fallen.extend(streams.drain(known..));
        Ok((streams, fallen))
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
                let taken = choose(&stream.packets, compiled.choices.start, true);
                self.decide(Some(rule), chain, Fate::Accepted, &Stream { packets: taken, ..*stream })?;
                let refused = choose(&stream.packets, compiled.choices.start, false);
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
                let mut choices = compiled.choices.clone();
                let (Some(ends), Some(accepts)) = (choices.next(), choices.next()) else { return Ok(true) };
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
        self.take(rule, stream)
    }

    /// Sends packets through a called chain.
    fn call(&mut self, rule: RuleId, target: ChainId, stream: &Stream) -> Result<Vec<Stream>, TooManyPieces> {
        self.via.push(rule);
        let (_, born) = self.chain(target, vec![stream.clone()])?;
        self.via.pop();
        Ok(born)
    }

    /// Changes packets as the rule's actions say: they leave their stream and are a new one. `None`
    /// if there are none left to change.
    fn change(&mut self, rule: RuleId, stream: &Stream) -> Result<Option<Stream>, TooManyPieces> {
        let mut packets = self.effort.left(&self.covers[stream.lane], &stream.packets)?;
        if packets.is_empty() {
            return Ok(None);
        }
        for action in &self.host.rule(rule).rule.actions {
            packets = PacketSet::from_cubes(packets.cubes().iter().flat_map(|cube| act(cube, &action.value)));
        }
        if let Some(atom) = self.host.rule(rule).rewrites() {
            packets = rewrite::behind(&self.host.atoms, packets, atom);
        }
        if self.host.tells_mangled(self.host.rule(rule)) {
            packets = mangled::behind(&self.host.atoms, packets)?;
        }
        self.take(rule, stream)?;
        self.covers.push(Cover::new());
        Ok(Some(Stream { packets, lane: self.covers.len() - 1 }))
    }

    /// May a rule be noted to take all that it matches? In the base chain itself it makes no difference to
    /// packets that come there, and the rule's own cubes are smaller than what comes.
    fn takes_whole_rules(&self) -> bool {
        !self.observer.asks_who_accepts() && self.open.len() == 1 && self.lent.is_empty()
    }

    /// Notes that a rule took packets for good.
    fn take(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let owner = self.own(rule);
        if self.takes_whole_rules() {
            for cube in self.host.rule(rule).packets.cubes() {
                self.covers[stream.lane].push(cube.clone(), owner);
            }
            return Ok(());
        }
        let rest;
        let mut packets = &stream.packets;
        let absent = self.absent(stream);
        if !absent.is_empty() {
            self.effort.note(4 * packets.cubes().len() * absent.cubes().len())?;
            rest = packets.minus(&absent)?;
            packets = &rest;
        }
        for cube in packets.cubes() {
            self.observer.takes(rule, stream.lane, cube);
            self.covers[stream.lane].push(cube.clone(), owner);
        }
        Ok(())
    }

    /// Notes that a rule took packets until the end of this call of its chain.
    fn lend(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let lane = stream.lane;
        let first = self.covers[lane].len();
        self.take(rule, stream)?;
        let numbers = first..self.covers[lane].len();
        let lent = numbers.map(|number| Lent { lane, number, cube: self.covers[lane].cube(number).clone() });
        self.lent.extend(lent);
        Ok(())
    }

    /// What an earlier RETURN has sent back: it comes back, and must not be taken along.
    fn absent(&self, stream: &Stream) -> PacketSet {
        let lent = self.lent.iter().filter(|lent| {
            lent.lane == stream.lane && stream.packets.cubes().iter().any(|cube| cube.overlaps(&lent.cube))
        });
        PacketSet::from_cubes(lent.map(|lent| lent.cube.clone()))
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
        let Walk { observer, covers, via, owners, effort, .. } = self;
        let Stream { packets: hit, lane } = stream;
        let (lane, cover) = (*lane, &covers[*lane]);
        let before = cover.looked_at();
        observer.decides(&Decision { rule, chain, via, fate, hit, lane, cover, owners, effort })?;
        effort.note(cover.looked_at() - before)
    }

    fn meet(&mut self, rule: RuleId, stream: &Stream) -> Result<(), TooManyPieces> {
        let Walk { observer, covers, via, owners, effort, .. } = self;
        let Stream { packets: hit, lane } = stream;
        let (lane, cover) = (*lane, &covers[*lane]);
        let fate = Fate::Accepted;
        let (chain, rule) = (rule.chain, Some(rule));
        let before = cover.looked_at();
        observer.meets(&Decision { rule, chain, via, fate, hit, lane, cover, owners, effort })?;
        effort.note(cover.looked_at() - before)
    }
}

/// The packets for which an unknown is answered so.
fn choose(packets: &PacketSet, atom: u32, yes: bool) -> PacketSet {
    let axis = Axis::Atom(atom);
    packets.clone().with(axis, &Values::single(axis, u128::from(yes)))
}
