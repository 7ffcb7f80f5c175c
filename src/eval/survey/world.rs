//! Packets that travel together through a survey, and what rules have taken of them.

use std::ops::Range;
use std::rc::Rc;

use smallvec::{SmallVec, smallvec};

use crate::packet::set::BUDGET;
use crate::packet::{Axis, Cover, Cube, Hull, PacketSet, Ranges, TooManyPieces};

use super::super::compile::RuleId;
use super::super::effort::Spent;
use super::super::nat::Translations;

/// Some of the packets of a world: those in a cube.
#[derive(Clone, Debug)]
pub(super) enum Part<'h> {
    /// Those in the cube of a rule.
    Rule(&'h Cube),
    /// Those in another cube.
    Own(Rc<Cube>),
}

/// Some of the packets of a world, as parts that are disjoint.
pub(super) type Parts<'h> = SmallVec<[Part<'h>; 1]>;

/// Packets that have the same history: what was done to one was done to all.
#[derive(Debug)]
pub(super) struct World<'h> {
    /// What holds of each of its packets now.
    pub packet: Cube,
    /// A box around them: addresses, ports and protocol never change.
    pub hull: Hull,
    /// Which packets with that it has.
    pub parts: Parts<'h>,
    /// What was done to their addresses.
    pub nat: Translations,
    /// The nat rule that turned them elsewhere.
    pub turned_by: Option<Site>,
    /// Where its packets are on their way.
    pub stage: Stage,
    /// From which entry on packets are taken after the main chain was passed.
    pub main_end: Option<u32>,
    log: Vec<Entry<'h>>,
    /// The entries that were given back, in the order in which that happened.
    given_back: Vec<u32>,
    /// How many entries will still be given back.
    lent: usize,
}

/// A rule, and the rules that jumped to its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The rule.
    pub rule: RuleId,
    /// The rules that jumped there, outermost first.
    pub via: Rc<[RuleId]>,
}

/// Where the packets of a world are on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In the first hook.
    Start,
    /// To the host itself.
    Inside,
    /// Through the host, or out of it.
    Onward,
    /// Nobody knows where: a rule has written into them.
    Gone,
}

/// A part that a rule took, and until which number of entries it counts.
#[derive(Debug)]
struct Entry<'h> {
    part: Part<'h>,
    until: u32,
}

/// From so many cuts on it is worth while to make fewer of them.
const MANY: usize = 32;

/// Behind more entries than this it is not worth while to look for what they leave: hardly ever is that little.
const FEW_BEFORE: u32 = 1_000;

/// So many entries are passed over in the time in which one cube is looked at.
const ENTRIES: usize = 8;

/// Properties that rules and hooks change on the way. What is taken is written down without them, so
/// that it stays true.
const CHANGING: [Axis; 7] =
    [Axis::Mark, Axis::ConnMark, Axis::State, Axis::Direction, Axis::Nat, Axis::Zone, Axis::OutInterface];

impl<'h> Part<'h> {
    /// All packets of the world.
    pub fn all() -> Self {
        Part::Own(Rc::new(Cube::any()))
    }

    pub fn own(cube: Cube) -> Self {
        Part::Own(Rc::new(cube))
    }

    pub fn cube(&self) -> &Cube {
        match self {
            Part::Rule(cube) => cube,
            Part::Own(cube) => cube,
        }
    }

    pub fn is_all(&self) -> bool {
        self.cube().sides().is_empty()
    }
}

impl<'h> World<'h> {
    /// The world of all packets that are asked about.
    pub fn first(packet: Cube) -> Self {
        World::new(packet, smallvec![Part::all()], Translations::default(), Stage::Start)
    }

    /// A world of which nothing was taken yet.
    pub fn new(packet: Cube, parts: Parts<'h>, nat: Translations, stage: Stage) -> Self {
        World {
            hull: Hull::of(&PacketSet::from(packet.clone())),
            packet,
            parts,
            nat,
            turned_by: None,
            stage,
            main_end: None,
            log: Vec::new(),
            given_back: Vec::new(),
            lent: 0,
        }
    }

    /// The packets of a part that a rule's cube matches.
    pub fn meet(&self, part: &Part<'h>, rule: &'h Cube) -> Option<Part<'h>> {
        if !self.packet.overlaps(rule) {
            return None;
        }
        let is_lasting = |cube: &Cube| !cube.sides().iter().any(|side| CHANGING.contains(&side.0));
        if part.is_all() && is_lasting(rule) {
            return Some(Part::Rule(rule));
        }
        let narrow = self.without_known(rule);
        if narrow.sides().is_empty() {
            return Some(part.clone());
        }
        let both = part.cube().and(&narrow)?;
        self.packet.overlaps(&both).then(|| Part::own(both))
    }

    /// A cube without what holds of all packets of the world anyway.
    fn without_known(&self, cube: &Cube) -> Cube {
        cube.clone().forget(|axis| match (self.packet.get(axis), cube.get(axis)) {
            (Some(known), Some(asked)) => asked.covers(known),
            _ => false,
        })
    }

    /// Makes room for as many entries as rules may write: a list that grows by doubling is copied again and again.
    pub fn expect(&mut self, entries: usize) {
        self.log.reserve(entries);
    }

    /// Takes parts for good; returns the numbers of the entries.
    pub fn take(&mut self, parts: &[Part<'h>]) -> Range<u32> {
        let first = self.now();
        self.log.extend(parts.iter().map(|part| Entry { part: part.clone(), until: u32::MAX }));
        first..self.now()
    }

    /// Takes parts until they are given back; returns the numbers of the entries.
    pub fn lend(&mut self, parts: &[Part<'h>]) -> Range<u32> {
        self.lent += parts.len();
        self.take(parts)
    }

    /// Are all packets that were not taken for good here, so that what is done to all of them is done to
    /// the world?
    pub fn is_together(&self) -> bool {
        self.lent == 0
    }

    /// Gives back what some entries took.
    pub fn give_back(&mut self, entries: Range<u32>) {
        let now = self.now();
        self.lent -= entries.len();
        for entry in &mut self.log[entries.start as usize..entries.end as usize] {
            entry.until = now;
        }
        self.given_back.extend(entries);
    }

    /// How many entries there are.
    pub fn now(&self) -> u32 {
        self.log.len() as u32
    }

    /// The packets of some parts, as they are now, that rules have left so far.
    pub fn left(&self, parts: &[Part<'h>], spent: &Spent) -> Result<PacketSet, TooManyPieces> {
        let mut all = PacketSet::none();
        for whole in parts.iter().filter_map(|part| self.packet.and(part.cube())) {
            let left = |cover: &Cover| cover.uncovered(&whole, 0, BUDGET);
            all.add(self.ask(&whole, self.now(), spent, left)?);
        }
        Ok(all)
    }

    /// The packets that some entries took at their time and that were not lost later.
    pub fn survivors(&self, first: u32, count: u32, spent: &Spent) -> Result<PacketSet, TooManyPieces> {
        let mut all = PacketSet::none();
        for whole in self.taken(first, count) {
            let left = |cover: &Cover| cover.uncovered(&whole, 0, BUDGET);
            all.add(self.ask(&whole, first, spent, left)?);
        }
        Ok(all)
    }

    /// Some of [`World::survivors`], if there are any.
    pub fn survivor(
        &self,
        first: u32,
        count: u32,
        budget: usize,
        spent: &Spent,
    ) -> Result<Option<Cube>, TooManyPieces> {
        for whole in self.taken(first, count) {
            // One ordinary packet is overlapped by few entries: most often it is proof enough.
            let sample = PacketSet::from(whole.clone()).sample();
            for cube in sample.iter().chain([&whole]) {
                let escape = |cover: &Cover| cover.escapes(cube, 0, budget);
                if let Some(escape) = self.ask(cube, first, spent, escape)? {
                    return Ok(Some(escape));
                }
            }
        }
        Ok(None)
    }

    /// All of [`World::survivors`], as far as they are a few pieces, and few entries come before.
    pub fn few_survivors(
        &self,
        first: u32,
        count: u32,
        most: usize,
        spent: &Spent,
    ) -> Result<Option<PacketSet>, TooManyPieces> {
        let mut few = Vec::new();
        if first > FEW_BEFORE {
            return Ok(None);
        }
        for whole in self.taken(first, count) {
            let cover = self.cover(&whole, first, spent)?;
            let mut remainder = cover.pieces(&whole, 0, BUDGET);
            let is_all = loop {
                match remainder.next_piece()? {
                    None => break true,
                    Some(_) if few.len() == most => break false,
                    Some(piece) => few.push(piece),
                }
            };
            spent.add(remainder.looked_at())?;
            if !is_all {
                return Ok(None);
            }
        }
        Ok(Some(PacketSet::from_cubes(few)))
    }

    /// Asks something of what took packets of a cube before entry `at`.
    fn ask<T>(
        &self,
        cube: &Cube,
        at: u32,
        spent: &Spent,
        question: impl FnOnce(&Cover) -> Result<T, TooManyPieces>,
    ) -> Result<T, TooManyPieces> {
        let cover = self.cover(cube, at, spent)?;
        let answer = question(&cover);
        spent.add(cover.looked_at())?;
        answer
    }

    /// The cubes of some entries.
    pub fn asked<'w>(&'w self, first: u32, count: u32) -> impl Iterator<Item = &'w Cube> + use<'w, 'h> {
        self.log[first as usize..(first + count) as usize].iter().map(|entry| entry.part.cube())
    }

    fn taken<'w>(&'w self, first: u32, count: u32) -> impl Iterator<Item = Cube> + use<'w, 'h> {
        self.asked(first, count).filter_map(|cube| self.packet.and(cube))
    }

    /// What took packets of a cube before entry `at`, and after the main chain was passed.
    fn cover(&self, cube: &Cube, at: u32, spent: &Spent) -> Result<Cover, TooManyPieces> {
        let mut taken = Vec::new();
        spent.add(self.now() as usize / ENTRIES)?;
        for number in (0..at).filter(|&number| self.entry(number).until > at) {
            self.truly_taken(number, at, cube, &mut taken, spent)?;
        }
        let now = self.now();
        for number in
            (self.main_end.unwrap_or(now).max(at)..now).filter(|&it| self.entry(it).until == u32::MAX)
        {
            self.truly_taken(number, now, cube, &mut taken, spent)?;
        }
        // Long lists of addresses are one cut, not thousands.
        let taken = if taken.len() > MANY {
            PacketSet::from_cubes(taken).simplify()
        } else {
            PacketSet::from_cubes(taken)
        };
        let mut cover = Cover::new();
        for cube in taken.cubes() {
            cover.push(cube.clone(), 0);
        }
        Ok(cover)
    }

    /// What an entry took of a cube's packets: what it matches, but for what was lent out when it was
    /// written and has been given back since.
    fn truly_taken(
        &self,
        number: u32,
        at: u32,
        cube: &Cube,
        taken: &mut Vec<Cube>,
        spent: &Spent,
    ) -> Result<(), TooManyPieces> {
        let matched = self.entry(number).part.cube();
        if !matched.overlaps(cube) {
            return Ok(());
        }
        spent.add(1)?;
        let back = &self.given_back[..self.given_back.partition_point(|&it| self.entry(it).until <= at)];
        spent.add(back.len() / ENTRIES)?;
        let was_lent = |it: &&u32| **it < number && self.entry(**it).until > number;
        let mut lent = Vec::new();
        for &earlier in back.iter().filter(was_lent) {
            self.truly_taken(earlier, number, cube, &mut lent, spent)?;
        }
        lent.retain(|lent| lent.overlaps(matched));
        match matched.and(cube) {
            Some(both) if !lent.is_empty() => {
                let lent = PacketSet::from_cubes(lent);
                taken.extend(PacketSet::from(both).minus(&lent)?.cubes().iter().cloned());
            }
            _ => taken.push(matched.clone()),
        }
        Ok(())
    }

    fn entry(&self, number: u32) -> &Entry<'h> {
        &self.log[number as usize]
    }
}

/// The packets for which an unknown is answered so.
pub(super) fn choose<'h>(parts: &[Part<'h>], atom: u32, yes: bool) -> Parts<'h> {
    let axis = Axis::Atom(atom);
    let chosen = |part: &Part| part.cube().clone().with(axis, Ranges::single(u128::from(yes)));
    parts.iter().filter_map(chosen).map(Part::own).collect()
}
