//! The shapes that packets of a flow take on their way, and how they are told in the coordinates of the
//! first.

use crate::packet::axis::{KERNEL, NO_OWNER, packet_type, state};
use crate::packet::{Axis, Cube, PacketSet, Ranges, Values, values};

use super::super::conntrack;
use super::super::nat::Translations;
use super::super::rewrite;
use super::super::trip::Flight;
use super::Way;

/// Which way a packet of a flow goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// As the first packet.
    There,
    /// As the answer.
    Back,
}

/// Flights of one entry state and flow mark.
pub struct Group {
    pub seen: u128,
    pub connmark: Option<Values>,
    pub zone: Values,
    pub flight: Flight,
}

pub fn by_entry(flights: Vec<Flight>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for flight in flights {
        for cube in flight.packets.cubes() {
            let seen = cube.get(Axis::State).and_then(Values::first).unwrap_or(state::INVALID);
            let connmark = cube.get(Axis::ConnMark).cloned();
            let zone = cube.get(Axis::Zone).cloned().unwrap_or_else(|| Values::all(Axis::Zone));
            let known = groups.iter_mut().find(|group| {
                let is_same_entry = group.connmark == connmark && group.zone == zone;
                group.seen == seen && is_same_entry && group.flight.nat == flight.nat
            });
            match known {
                Some(group) => group.flight.packets.add(cube.clone().into()),
                None => {
                    let flight = Flight { packets: cube.clone().into(), nat: flight.nat.clone() };
                    groups.push(Group { seen, connmark, zone, flight });
                }
            }
        }
    }
    groups
}

/// The axes by which flows of a way are told apart.
pub fn is_coordinate(way: Way, axis: Axis) -> bool {
    use Axis::*;
    match axis {
        OutInterface => matches!(way, Way::Out | Way::Forward),
        InInterface => matches!(way, Way::In | Way::Forward),
        Family | Protocol | Destination | Source | DestinationPort | SourcePort | Uid | Gid => true,
        _ => axis.is_unknown(),
    }
}

/// Is this one of the axes by which flows of any way, whichever of their packets it is, are told apart?
pub fn is_told_apart(axis: Axis) -> bool {
    let by_interface = matches!(axis, Axis::InInterface | Axis::OutInterface);
    by_interface || !axis.is_unknown() && is_coordinate(Way::Forward, axis)
}

/// Flights in the coordinates of the first packet.
pub fn flows(way: Way, flights: &[Flight], sense: Sense) -> PacketSet {
    let each = |flight: &Flight| flows_of(way, &flight.packets, &flight.nat, sense).into_cubes();
    PacketSet::from_cubes(flights.iter().flat_map(each))
}

/// Packets that were translated so in the coordinates of the first packet.
pub fn flows_of(way: Way, packets: &PacketSet, nat: &Translations, sense: Sense) -> PacketSet {
    // The owner of what another answers says nothing of the first packet's; an answer that has come to the socket which asked
    // tells that one's. What comes back over lo has no socket any more; the flow's owner is still who it was.
    let tells_owner = |cube: &Cube| match (way, sense) {
        (Way::Out, Sense::Back) | (Way::Local, Sense::There) => !has_no_owner(cube),
        (_, sense) => sense == Sense::There,
    };
    let name = |axis: Axis| if sense == Sense::Back { opposite(axis) } else { axis };
    let told = |cube: &Cube| {
        let former;
        let cube = match cube.get(Axis::Rewritten) {
            Some(_) => {
                former = rewrite::restore(cube.clone());
                &former
            }
            None => cube,
        };
        let tells_owner = tells_owner(cube);
        let has_ports =
            !cube.get(Axis::Protocol).is_some_and(|values| matches!(values.first(), Some(1 | 58)));
        let is_kept = |axis: Axis| match axis {
            Axis::Uid | Axis::Gid => tells_owner,
            Axis::SourcePort => has_ports,
            _ => true,
        };
        let is_coordinate = |axis: &Axis| is_coordinate(way, *axis);
        if nat.is_none() {
            return cube.relabel(|axis| Some(name(axis)).filter(|it| is_kept(*it) && is_coordinate(it)));
        }
        nat.undo(cube.relabel(|axis| Some(name(axis)).filter(|it| is_kept(*it))))
            .forget(|axis| !is_coordinate(&axis))
    };
    PacketSet::from_cubes(packets.cubes().iter().map(told))
}

/// The cube with both ends exchanged.
pub fn swap(cube: Cube) -> Cube {
    cube.relabel(|axis| Some(opposite(axis)))
}

/// The same property of the other end.
fn opposite(axis: Axis) -> Axis {
    use Axis::*;
    match axis {
        Source => Destination,
        Destination => Source,
        SourcePort => DestinationPort,
        DestinationPort => SourcePort,
        InInterface => OutInterface,
        OutInterface => InInterface,
        SourceKind => DestinationKind,
        DestinationKind => SourceKind,
        _ => axis,
    }
}

/// A packet that has just been made: no entry, nothing known of what the file cannot tell.
pub fn before_tracking(cube: Cube) -> Cube {
    conntrack::without_entry(cube.forget(Axis::is_unknown))
}

/// A packet that the kernel sends by a socket of its own.
pub fn of_the_kernel(cube: Cube) -> Cube {
    cube.set(Axis::Uid, Ranges::single(KERNEL)).set(Axis::Gid, Ranges::single(KERNEL))
}

pub fn without_owner(cube: Cube) -> Cube {
    cube.set(Axis::Uid, Ranges::single(NO_OWNER)).set(Axis::Gid, Ranges::single(NO_OWNER))
}

fn has_no_owner(cube: &Cube) -> bool {
    cube.get(Axis::Uid).is_some_and(|values| values.first() == Some(NO_OWNER))
}

/// What comes back over the loopback interface of what left by it.
pub fn looped(flights: Vec<Flight>) -> Vec<Flight> {
    let lo = Ranges::single(values::name("lo").unwrap_or(0));
    let turned = |cube: Cube| {
        let cube = cube.set(Axis::InInterface, lo.clone()).set(Axis::OutInterface, Ranges::single(0));
        Some(without_owner(cube).set(Axis::PacketType, Ranges::single(packet_type::HOST)))
    };
    let turn = |flight: Flight| Flight { packets: flight.packets.map(turned), nat: flight.nat };
    flights.into_iter().map(turn).collect()
}

pub fn with_interface(flights: Vec<Flight>, axis: Axis, names: Ranges) -> Vec<Flight> {
    let put = |flight: Flight| {
        let packets = flight.packets.map(|cube| Some(cube.set(axis, names.clone())));
        Flight { packets, nat: flight.nat }
    };
    flights.into_iter().map(put).collect()
}

/// Any interface but none and lo.
pub fn elsewhere() -> Ranges {
    let lo = values::name("lo").unwrap_or(0);
    Ranges::union([(1, lo - 1), (lo + 1, u128::MAX)])
}
