//! Which cubes of a large set may meet a rule: found by the boxes around them.

use crate::packet::{Cube, Hull, PacketSet};

/// So few cubes are looked at one by one.
const FEW: usize = 8;

/// The boxes around the cubes of a set; none where these are few.
#[derive(Debug)]
pub(super) struct Boxes(Vec<Hull>);

impl Boxes {
    /// Those of a set.
    pub fn of(packets: &PacketSet) -> Self {
        let cubes = packets.cubes();
        Boxes(if cubes.len() < FEW { Vec::new() } else { cubes.iter().map(Hull::of_cube).collect() })
    }

    /// Does a rule, whose packets are in such a box, meet any packet of the set?
    pub fn meet(&self, packets: &PacketSet, rule: &PacketSet, hull: &Hull) -> bool {
        match self.0.as_slice() {
            [] => packets.overlaps(rule),
            _ => self.near(packets, hull).any(|cube| rule.cubes().iter().any(|other| cube.overlaps(other))),
        }
    }

    /// The packets of the set that the rule meets.
    pub fn and(&self, packets: &PacketSet, rule: &PacketSet, hull: &Hull) -> PacketSet {
        match self.0.as_slice() {
            [] => packets.and(rule),
            _ => {
                let both = |cube: &'_ Cube| -> Vec<Cube> {
                    rule.cubes().iter().filter_map(|other| cube.and(other)).collect()
                };
                PacketSet::from_cubes(self.near(packets, hull).flat_map(both))
            }
        }
    }

    fn near<'p>(&self, packets: &'p PacketSet, hull: &Hull) -> impl Iterator<Item = &'p Cube> {
        let boxed = packets.cubes().iter().zip(&self.0);
        boxed.filter(|(_, each)| each.meets(hull)).map(|(cube, _)| cube)
    }
}
