//! Packets into which rules write, without a translation, in a survey.

use smallvec::smallvec;

use crate::packet::{Axis, Cube, Ranges, TooManyPieces};

use super::super::compile::RuleId;
use super::Accept;
use super::run::Run;
use super::world::{Part, Parts, Stage, World};

impl<'h> Run<'h, '_> {
    /// Packets that a rule writes into are not followed any further: whether they get through is an unknown.
    pub fn lose_sight(
        &mut self,
        rule: RuleId,
        atom: u32,
        world: usize,
        parts: &Parts<'h>,
    ) -> Result<(), TooManyPieces> {
        let old = &mut self.survey.worlds[world];
        if old.main_end.is_some() {
            return Err(TooManyPieces);
        }
        let left = old.left(parts, &self.survey.host.surveyed)?;
        old.take(parts);
        let (nat, turned_by) = (old.nat.clone(), old.turned_by.clone());
        for cube in left.into_cubes() {
            let part = Part::own(Cube::any().set(Axis::Atom(atom), Ranges::single(1)));
            let mut gone = World::new(cube, smallvec![part.clone()], nat.clone(), Stage::Gone);
            gone.turned_by = turned_by.clone();
            let entries = gone.take(&[part]);
            let (chain, via) = (rule.chain, self.via.clone());
            let (world, first, count) =
                (self.survey.worlds.len() as u32, entries.start, entries.len() as u32);
            self.survey.accepts.push(Accept { rule: Some(rule), chain, via, world, first, count });
            self.add(gone)?;
        }
        Ok(())
    }
}
