//! Which packets come to a base chain: those of its families, and around a machine those that a cloud filters.

use crate::model::{ChainKind, Hook, Perimeter};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, values};

use super::compile::BaseChain;
use super::conntrack::split;

/// The packets that come to a base chain, and those that pass it by. Both stay disjoint.
///
/// # Errors
/// If the sets fall into too many pieces.
pub fn met_by(packets: PacketSet, base: BaseChain) -> Result<(PacketSet, PacketSet), TooManyPieces> {
    let (mut met, mut others) = theirs(packets, base);
    if let ChainKind::Perimeter(perimeter) = base.base.kind {
        // Nobody but the cloud has its addresses: what leaves the machine goes to them, and never comes from them.
        let far = if base.base.hook == Hook::Output { Axis::Destination } else { Axis::Source };
        for unseen in unseen(&perimeter, far) {
            let unseen = PacketSet::from(unseen);
            if met.overlaps(&unseen) {
                others.add(met.and(&unseen));
                met = met.minus(&unseen)?;
            }
        }
    }
    Ok((met, others))
}

/// The packets that a base chain sees, and the others.
pub fn theirs(packets: PacketSet, base: BaseChain) -> (PacketSet, PacketSet) {
    let numbers = Family::ALL.into_iter().filter(|family| base.families.has(*family)).map(Family::number);
    let families = Ranges::union(numbers.map(|number| (number, number)));
    let (mut mine, mut others) = (packets, PacketSet::none());
    let answer = base.when.map(|(atom, yes)| (Axis::Atom(atom), Ranges::single(u128::from(yes))));
    let families = (families.count() < 2).then_some((Axis::Family, families));
    for (axis, values) in families.into_iter().chain(answer) {
        let mut kept = PacketSet::none();
        for cube in mine.into_cubes() {
            let (inside, outside) = split(cube, axis, values.clone());
            kept.add(inside.into());
            others.add(outside.into());
        }
        mine = kept;
    }
    (mine, others)
}

/// What a cloud does not filter around a machine; `far` is the side of a packet that is not the machine's.
fn unseen(perimeter: &Perimeter, far: Axis) -> Vec<Cube> {
    let lo = Ranges::single(values::name("lo").unwrap_or_default());
    // What finds neighbours is the one thing that is never tracked where no rule takes it out of tracking.
    let mut all = vec![
        Cube::any().set(Axis::InInterface, lo.clone()),
        Cube::any().set(Axis::OutInterface, lo),
        Cube::any().set(Axis::State, Ranges::single(state::UNTRACKED)),
    ];
    if perimeter.is_stateful {
        all.push(Cube::any().set(Axis::State, Ranges::new(state::ESTABLISHED, state::RELATED)));
    }
    for address in perimeter.platform {
        let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
        let (low, high) = values::address(*address);
        let cube = Cube::any().set(Axis::Family, Ranges::single(family.number()));
        all.push(cube.set(far, Ranges::new(low, high)));
    }
    all
}
