//! Unions of cubes.

use smallvec::{SmallVec, smallvec};

use super::remainder::Remainder;
use super::{Axis, Cover, Cube, Values, merge};

/// A set of packets: the union of its cubes. The cubes are disjoint where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PacketSet {
    /// Most rules are one cube, which stands here without memory of its own.
    cubes: SmallVec<[Cube; 1]>,
}

/// A set fell into more pieces than the budget allows: the question stays undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyPieces;

/// How many pieces may be looked at for a difference before it is given up.
pub const BUDGET: usize = 200_000;

impl From<Cube> for PacketSet {
    fn from(cube: Cube) -> Self {
        PacketSet { cubes: smallvec![cube] }
    }
}

impl From<Option<Cube>> for PacketSet {
    fn from(cube: Option<Cube>) -> Self {
        PacketSet { cubes: cube.into_iter().collect() }
    }
}

impl PacketSet {
    /// No packet.
    pub fn none() -> Self {
        PacketSet::default()
    }

    /// All packets.
    pub fn any() -> Self {
        Cube::any().into()
    }

    /// A union of cubes that need not be disjoint.
    pub fn from_cubes(cubes: impl IntoIterator<Item = Cube>) -> Self {
        PacketSet { cubes: cubes.into_iter().collect() }
    }

    /// The cubes.
    pub fn cubes(&self) -> &[Cube] {
        &self.cubes
    }

    /// The unknowns that they name, ascending.
    pub fn atoms(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.cubes.iter().flat_map(Cube::atoms).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The cubes, for whoever takes them apart.
    pub fn into_cubes(self) -> Vec<Cube> {
        self.cubes.into_vec()
    }

    /// Is there no packet in it?
    pub fn is_empty(&self) -> bool {
        self.cubes.is_empty()
    }

    /// The packets in both.
    pub fn and(&self, other: &PacketSet) -> PacketSet {
        let pairs = self.cubes.iter().flat_map(|a| other.cubes.iter().filter_map(move |b| a.and(b)));
        PacketSet { cubes: pairs.collect() }
    }

    /// Is any packet in both?
    pub fn overlaps(&self, other: &PacketSet) -> bool {
        self.cubes.iter().any(|a| other.cubes.iter().any(|b| a.overlaps(b)))
    }

    /// The set with each cube once.
    pub fn distinct(mut self) -> Self {
        let mut seen = rustc_hash::FxHashSet::default();
        self.cubes.retain(|cube| seen.insert(cube.clone()));
        self
    }

    /// Adds the packets of another set; cubes may then overlap.
    pub fn add(&mut self, other: PacketSet) {
        self.cubes.extend(other.cubes);
    }

    /// The packets in either, as disjoint cubes if those of this set are.
    pub fn or(mut self, other: &PacketSet) -> Result<PacketSet, TooManyPieces> {
        let mut cover = Cover::new();
        for cube in &self.cubes {
            cover.push(cube.clone(), 0);
        }
        for cube in &other.cubes {
            self.add(cover.uncovered(cube, 0, BUDGET)?);
            cover.push(cube.clone(), 0);
        }
        Ok(self)
    }

    /// The packets of this set that are not in the other.
    pub fn minus(&self, other: &PacketSet) -> Result<PacketSet, TooManyPieces> {
        let mut rest = SmallVec::new();
        for cube in &self.cubes {
            // Most cubes are left as they are, and finding that out needs no memory.
            if !other.cubes.iter().any(|cut| cut.overlaps(cube)) {
                rest.push(cube.clone());
                continue;
            }
            let mut remainder = Remainder::new(cube, &other.cubes, BUDGET.saturating_sub(rest.len()));
            while let Some(piece) = remainder.next_piece()? {
                rest.push(piece);
            }
        }
        Ok(PacketSet { cubes: rest })
    }

    /// Are all packets of the other in this set?
    pub fn covers(&self, other: &PacketSet) -> Result<bool, TooManyPieces> {
        for cube in &other.cubes {
            if Remainder::new(cube, &self.cubes, BUDGET).next_piece()?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same packets in disjoint cubes.
    pub fn disjoint(&self) -> Result<PacketSet, TooManyPieces> {
        PacketSet::none().or(self)
    }

    /// The same packets in fewer cubes, as far as cubes differ on one axis only or cover each other.
    /// Disjoint cubes stay disjoint.
    pub fn simplify(&self) -> PacketSet {
        if self.cubes.len() < 2 {
            return self.clone();
        }
        PacketSet { cubes: merge::merge(self.cubes.to_vec()).into() }
    }

    /// Each cube changed on its own; those for which the change gives `None` are dropped.
    pub fn map(self, change: impl FnMut(Cube) -> Option<Cube>) -> PacketSet {
        PacketSet { cubes: self.cubes.into_iter().filter_map(change).collect() }
    }

    /// The packets whose value on an axis is among the given ones.
    pub fn with(mut self, axis: Axis, values: &Values) -> PacketSet {
        self.cubes.retain_mut(|cube| cube.narrow(axis, values));
        self
    }

    /// The set with axes forgotten: its packets, and all that differ from them there only.
    pub fn forget(&self, mut is_forgotten: impl FnMut(Axis) -> bool) -> PacketSet {
        PacketSet { cubes: self.cubes.iter().map(|cube| cube.clone().forget(&mut is_forgotten)).collect() }
    }
}
