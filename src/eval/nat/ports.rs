//! Which port a translation of the source chooses (`nf_nat_l4proto_unique_tuple` in net/netfilter/nf_nat_core.c).

use crate::model::{Nat, Target};
use crate::packet::{Axis, Cube, Ranges, Values};

/// The protocols that have ports.
const WITH_PORTS: [u128; 5] = [6, 17, 33, 132, 136];

/// The first of the ports that anybody may take. A lower one is exchanged for a lower one.
const FIRST_FREE: u128 = 1024;

/// The packets of a cube by what becomes of their ports: those that have none, those whose port the rule allows, and others.
pub fn apart(rule: &Nat, cube: &Cube) -> Vec<Cube> {
    let (Nat::Source(target) | Nat::Masquerade(target)) = rule else { return vec![cube.clone()] };
    if !target.chooses_port() {
        return vec![cube.clone()];
    }
    let protocols = Ranges::union(WITH_PORTS.map(|number| (number, number)));
    let without = cube.clone().with(Axis::Protocol, protocols.complement(u8::MAX.into()));
    let with_ports = cube.clone().with(Axis::Protocol, protocols);
    let allowed = target.ports.as_ref().and_then(Values::ranges).filter(|_| !target.is_random);
    let with_ports = match allowed {
        Some(allowed) => {
            let of = |ports: &Ranges| with_ports.clone()?.with(Axis::SourcePort, ports.clone());
            vec![of(allowed), of(&allowed.complement(u16::MAX.into()))]
        }
        None => vec![with_ports],
    };
    with_ports.into_iter().chain([without]).flatten().collect()
}

/// The ports that packets may have behind a rule, all of which are of one of these kinds. One that the rule allows stays,
/// unless the kernel is told to choose at random.
pub fn chosen(target: &Target, cube: &Cube) -> Option<Values> {
    let before = cube.get(Axis::SourcePort);
    let has_ports = |protocols: &Values| protocols.first().is_some_and(|it| WITH_PORTS.contains(&it));
    let free = Values::from(Ranges::new(FIRST_FREE, u16::MAX.into()));
    let any = match before {
        Some(before) if free.covers(before) => free,
        _ => Ranges::new(1, u16::MAX.into()).into(),
    };
    let range = target.ports.clone().or_else(|| target.is_random.then_some(any));
    let range = range.filter(|_| cube.get(Axis::Protocol).is_some_and(has_ports));
    let is_kept = |range: &Values| !target.is_random && before.is_some_and(|before| range.covers(before));
    range.filter(|range| !is_kept(range)).or_else(|| before.cloned())
}
