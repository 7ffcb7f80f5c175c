//! All packets that can come to a base chain.

use crate::eval::compile::BaseChain;
use crate::model::{ChainKind, Hook};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges};

/// All packets that can come to a base chain. An interface that there is none of at its hook is 0.
pub(in crate::eval) fn of(base: BaseChain<'_>) -> PacketSet {
    let (none, some) = (Ranges::single(0), Ranges::new(1, u128::MAX));
    let any = Ranges::new(0, u128::MAX);
    let (incoming, outgoing) = match base.base.hook {
        Hook::Ingress | Hook::Prerouting | Hook::Input => (some, none),
        Hook::Forward => (some.clone(), some),
        Hook::Output => (none, some),
        // What the host makes itself has come in nowhere.
        Hook::Postrouting | Hook::Egress => (any, some),
    };
    let families = Family::ALL.into_iter().filter(|family| base.families.has(*family)).map(Family::number);
    let families = Ranges::union(families.map(|number| (number, number)));
    let cube = Cube::any()
        .with(Axis::Family, families)
        .and_then(|cube| cube.with(Axis::InInterface, incoming))
        .and_then(|cube| cube.with(Axis::OutInterface, outgoing));
    // nat chains see packets that begin a flow, alone (nf_nat_inet_fn of the kernel).
    let cube = match base.base.kind {
        ChainKind::Nat => {
            let states = [state::NEW, state::RELATED].map(|state| (state, state));
            cube.and_then(|cube| cube.with(Axis::State, Ranges::union(states)))
        }
        ChainKind::Filter | ChainKind::Route | ChainKind::Perimeter(_) => cube,
    };
    PacketSet::from(cube)
}
