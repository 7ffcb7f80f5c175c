//! Do rules treat all choices of a host alike? Then what one choice shows holds for all.

use crate::config::RunsIn;
use crate::eval::{ChainId, Next, interfaces};
use crate::model::Hook;
use crate::packet::{Axis, Cube, Family, Ranges, Values};

use super::super::Context;
use super::ask::sources;

/// Where packets of a host's own flows pass, and what of them there is its choice: those that it sends, and the answers.
const SENT: ([Hook; 3], [Axis; 2]) =
    ([Hook::Output, Hook::Postrouting, Hook::Egress], [Axis::OutInterface, Axis::Source]);
const ANSWERS: ([Hook; 3], [Axis; 2]) =
    ([Hook::Ingress, Hook::Prerouting, Hook::Input], [Axis::InInterface, Axis::Destination]);

/// Are there few rules, none of which tells apart by which interface or from which address flows leave? Where interfaces
/// are told, the host has few choices, and they are its own.
pub fn are_all_alike(context: &Context) -> bool {
    let is_open = context.settings.runs_in.value == RunsIn::Host
        && context.settings.bound().is_none()
        && context.routes.interfaces.is_empty()
        && !context.is_long();
    is_open
        && [SENT, ANSWERS].iter().all(|(hooks, axes)| {
            let bases = hooks.iter().flat_map(|hook| context.host.calls(*hook));
            let mut chains = reached(context, bases.map(|base| base.chain).collect());
            !chains.any(|cube| axes.iter().any(|axis| tells_apart(cube, *axis)))
        })
}

/// All that rules ask in these chains, and in those that they call.
fn reached<'c>(context: &'c Context, mut waiting: Vec<ChainId>) -> impl Iterator<Item = &'c Cube> {
    let mut chains: Vec<ChainId> = Vec::new();
    while let Some(chain) = waiting.pop() {
        if chains.contains(&chain) {
            continue;
        }
        chains.push(chain);
        waiting.extend(context.host.chain(chain).rules.iter().filter_map(|rule| match rule.next {
            Next::Jump(target) | Next::Goto(target) => Some(target),
            Next::Verdict | Next::Nowhere => None,
        }));
    }
    let rules = chains.into_iter().flat_map(|chain| &context.host.chain(chain).rules);
    rules.flat_map(|rule| rule.packets.cubes())
}

/// Does a cube hold some of the choices on an axis, and not others?
fn tells_apart(cube: &Cube, axis: Axis) -> bool {
    let Some(values) = cube.get(axis).and_then(Values::ranges) else { return false };
    let is_some_of = |all: &Ranges| values.overlaps(all) && !values.covers(all);
    match axis {
        Axis::InInterface | Axis::OutInterface => is_some_of(&interfaces::outer()),
        _ => Family::ALL.into_iter().any(|family| {
            let speaks = cube.get(Axis::Family).is_none_or(|it| it.contains(family.number()));
            speaks && is_some_of(&sources(family))
        }),
    }
}
