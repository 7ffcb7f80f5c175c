//! Which rules ask whose packets are when they come in. Of answers over UDP that may be unknown: then so is what these rules do.

use crate::model::{Hook, Match};
use crate::packet::{Axis, Cube, PacketSet};

use super::super::atoms::Atoms;
use super::super::rewrite;
use super::{BaseChain, ChainId, CompiledChain, Next, RuleId};

/// What the rules of INPUT that ask for owners match.
#[derive(Debug)]
pub(super) struct Owners {
    /// The unknown "is the socket that asks connected?".
    number: u32,
    /// Without what may be done to packets before, and what is unknown.
    packets: PacketSet,
}

impl Owners {
    /// Those of INPUT among the rules that ask for owners; `None` if there are none.
    pub fn of_input(
        mut asking: Vec<RuleId>,
        chains: &[CompiledChain],
        bases: &[BaseChain],
        atoms: &mut Atoms,
        rewrites: bool,
    ) -> Option<Owners> {
        let of_input = bases.iter().filter(|base| base.base.hook == Hook::Input).map(|base| base.chain);
        // Most rules that ask stand in chains of OUTPUT, and then nobody has to look where calls lead.
        let is_called = |rule: &RuleId| chains[rule.chain.0 as usize].chain.base.is_none();
        let is_reached = reached(of_input.collect(), chains, asking.iter().any(is_called));
        asking.retain(|rule| is_reached[rule.chain.0 as usize]);
        let rules = || asking.iter().map(|id| &chains[id.chain.0 as usize].rules[id.index as usize]);
        let first = rules().next()?.rule;
        let part = first.matches.iter().find(|part| asks(&part.value));
        let number = atoms.socket(part.map_or(first.span, |part| part.span));
        let may_change = |axis: Axis| {
            let is_mark = matches!(axis, Axis::Mark | Axis::ConnMark);
            is_mark || axis.is_unknown() || rewrites && rewrite::may_write(axis)
        };
        let cubes = rules().flat_map(|rule| rule.packets.cubes()).filter(|cube| names_owner(cube));
        let packets = PacketSet::from_cubes(cubes.map(|cube| cube.clone().forget(may_change)));
        Some(Owners { number, packets })
    }

    /// The unknown, if one of the rules may meet any of these packets.
    pub fn asked(&self, packets: &[&PacketSet]) -> Option<u32> {
        packets.iter().any(|packets| self.packets.overlaps(packets)).then_some(self.number)
    }
}

/// For each chain: is it one of these, or do calls lead to it from them, if that is asked?
fn reached(mut waiting: Vec<ChainId>, chains: &[CompiledChain], by_calls: bool) -> Vec<bool> {
    let mut is_reached = vec![false; chains.len()];
    while let Some(chain) = waiting.pop() {
        if std::mem::replace(&mut is_reached[chain.0 as usize], true) || !by_calls {
            continue;
        }
        waiting.extend(chains[chain.0 as usize].rules.iter().filter_map(|rule| match rule.next {
            Next::Jump(target) | Next::Goto(target) => Some(target),
            Next::Verdict | Next::Nowhere => None,
        }));
    }
    is_reached
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
