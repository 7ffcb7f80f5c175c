//! Which rules ask whose packets are when they come in. Of answers over UDP that may be unknown: then so is what these rules do.

use crate::model::{Hook, Match};
use crate::packet::{Axis, Cube, PacketSet};

use super::super::atoms::Atoms;
use super::{BaseChain, ChainId, CompiledChain, Next, RuleId};

/// The rules of INPUT that ask for owners.
#[derive(Debug)]
pub(super) struct Owners {
    /// The unknown "is the socket that asks connected?".
    number: u32,
    rules: Vec<RuleId>,
}

impl Owners {
    /// Those of INPUT among the rules that ask for owners; `None` if there are none.
    pub fn of_input(
        asking: Vec<RuleId>,
        chains: &[CompiledChain],
        bases: &[BaseChain],
        atoms: &mut Atoms,
    ) -> Option<Owners> {
        let is_called = |chain: ChainId| chains[chain.0 as usize].chain.base.is_none();
        let of_input = bases.iter().filter(|base| base.base.hook == Hook::Input).map(|base| base.chain);
        let mut reached: Vec<ChainId> = of_input.collect();
        // Most rules that ask stand in chains of OUTPUT, and then nobody has to look where calls lead.
        if asking.iter().any(|rule| is_called(rule.chain)) {
            reached = called(reached, chains);
        }
        let rules: Vec<RuleId> = asking.into_iter().filter(|rule| reached.contains(&rule.chain)).collect();
        let first = rules.first()?;
        let first = chains[first.chain.0 as usize].rules[first.index as usize].rule;
        let part = first.matches.iter().find(|part| asks(&part.value));
        let number = atoms.socket(part.map_or(first.span, |part| part.span));
        Some(Owners { number, rules })
    }

    /// The unknown, if one of the rules may meet any of these packets, whatever has been done to them before.
    pub fn asked(&self, chains: &[CompiledChain], packets: &[&PacketSet]) -> Option<u32> {
        let may_change = |axis: Axis| matches!(axis, Axis::Mark | Axis::ConnMark) || axis.is_unknown();
        let meets = |id: &RuleId| {
            let rule = chains[id.chain.0 as usize].rules[id.index as usize].packets.forget(may_change);
            let asking = PacketSet::from_cubes(rule.into_cubes().into_iter().filter(names_owner));
            packets.iter().any(|packets| asking.overlaps(packets))
        };
        self.rules.iter().any(meets).then_some(self.number)
    }
}

/// The chains that are reached from these, and these.
fn called(mut reached: Vec<ChainId>, chains: &[CompiledChain]) -> Vec<ChainId> {
    let mut is_reached = vec![false; chains.len()];
    let mut at = 0;
    while let Some(chain) = reached.get(at) {
        at += 1;
        let rules = &chains[chain.0 as usize].rules;
        let targets = rules.iter().filter_map(|rule| match rule.next {
            Next::Jump(target) | Next::Goto(target) => Some(target),
            Next::Verdict | Next::Nowhere => None,
        });
        reached.extend(targets.filter(|it| !std::mem::replace(&mut is_reached[it.0 as usize], true)));
    }
    reached
}

/// Does a match ask for an owner?
pub(super) fn asks(part: &Match) -> bool {
    match part {
        Match::Field(axis, _) => is_owner(*axis),
        Match::Packets(set) => set.cubes().iter().any(names_owner),
        Match::Owner(_) => true,
        _ => false,
    }
}

/// Does a cube name a user or a group?
pub(super) fn names_owner(cube: &Cube) -> bool {
    cube.sides().iter().any(|(axis, _)| is_owner(*axis))
}

fn is_owner(axis: Axis) -> bool {
    matches!(axis, Axis::Uid | Axis::Gid)
}
