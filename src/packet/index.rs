//! Finds the cubes that overlap a cube without trying all.

use std::sync::{OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::tree::{Question, Tree, question, width};
use super::{Axis, Cube};

/// Cubes by protocol and destination port, where they name one or a few, then by addresses and
/// interfaces. Finds too many rather than too few. Filing is quick; sorting waits for a question that
/// needs it.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Cubes of one protocol and a few destination ports.
    by_port: FxHashMap<(u8, u16), Shelf>,
    /// Cubes of one protocol and many destination ports.
    many_ports: FxHashMap<u8, Shelf>,
    /// Cubes of one protocol, whatever the ports.
    by_protocol: FxHashMap<u8, Shelf>,
    /// Cubes of several protocols.
    other: Shelf,
    /// All cubes.
    all: Shelf,
}

/// So many ports are looked at one by one, more are taken for "many".
const FEW: usize = 16;

/// So many cubes are tried one by one rather than looked up.
const SHORT: usize = 8;

const BY_DESTINATION: [Axis; 6] = [
    Axis::Destination,
    Axis::Source,
    Axis::InInterface,
    Axis::OutInterface,
    Axis::DestinationPort,
    Axis::SourcePort,
];

const BY_SOURCE: [Axis; 6] = [
    Axis::Source,
    Axis::Destination,
    Axis::InInterface,
    Axis::OutInterface,
    Axis::DestinationPort,
    Axis::SourcePort,
];

/// The numbers of some of the cubes, ascending.
#[derive(Debug, Default)]
struct Shelf {
    numbers: SmallVec<[u32; 4]>,
    sorted: OnceLock<Box<Sorted>>,
}

/// The same twice, since a question names now the one address and now the other.
#[derive(Debug, Default)]
struct Sorted {
    by_destination: RwLock<Growing>,
    by_source: RwLock<Growing>,
}

#[derive(Debug, Default)]
struct Growing {
    /// How many of the shelf's numbers are in the tree.
    len: usize,
    tree: Tree,
}

/// A cube to find overlaps of, prepared for both orders.
struct Asked {
    by_destination: Question,
    by_source: Question,
    prefers_source: bool,
    since: u32,
    most: usize,
}

impl Index {
    /// How many cubes are filed.
    pub(super) fn len(&self) -> usize {
        self.all.numbers.len()
    }

    /// Files one of the cubes under its number, which must be greater than all before.
    pub(super) fn insert(&mut self, number: u32, cubes: &[Cube]) {
        let cube = &cubes[number as usize];
        self.all.numbers.push(number);
        let Some(protocol) = protocol(cube) else {
            self.other.numbers.push(number);
            return;
        };
        self.by_protocol.entry(protocol).or_default().numbers.push(number);
        match few_ports(cube) {
            Some(ports) => {
                for port in ports {
                    self.by_port.entry((protocol, port)).or_default().numbers.push(number);
                }
            }
            None => self.many_ports.entry(protocol).or_default().numbers.push(number),
        }
    }

    /// The numbers from `since` on of all cubes that may overlap a cube, ascending. The cubes are
    /// the same list as for [`Index::insert`]. `None` if it finds more than `most`.
    pub(super) fn candidates(
        &self,
        cube: &Cube,
        since: u32,
        most: usize,
        cubes: &[Cube],
    ) -> Option<Vec<u32>> {
        let by_destination = question(cube, &BY_DESTINATION);
        let by_source = question(cube, &BY_SOURCE);
        let prefers_source = width(&by_source[0]) < width(&by_destination[0]);
        let asked = Asked { by_destination, by_source, prefers_source, since, most };
        let mut found = Vec::new();
        match (protocol(cube), few_ports(cube)) {
            (Some(protocol), Some(ports)) => {
                let by_port = ports.iter().filter_map(|&port| self.by_port.get(&(protocol, port)));
                let shelves = by_port.chain(self.many_ports.get(&protocol)).chain([&self.other]);
                shelves.for_each(|shelf| shelf.find(&asked, cubes, &mut found));
            }
            (Some(protocol), None) => {
                let shelves = self.by_protocol.get(&protocol).into_iter().chain([&self.other]);
                shelves.for_each(|shelf| shelf.find(&asked, cubes, &mut found));
            }
            (None, _) => self.all.find(&asked, cubes, &mut found),
        }
        // The search may have been left off, so this must come before equal numbers are dropped.
        if found.len() > most {
            return None;
        }
        found.sort_unstable();
        found.dedup();
        Some(found)
    }
}

impl Shelf {
    fn find(&self, asked: &Asked, cubes: &[Cube], found: &mut Vec<u32>) {
        let from = self.numbers.partition_point(|&number| number < asked.since);
        if self.numbers.len() - from <= SHORT {
            found.extend_from_slice(&self.numbers[from..]);
            return;
        }
        let sorted = self.sorted.get_or_init(Box::default);
        let (growing, axes, question) = if asked.prefers_source {
            (&sorted.by_source, &BY_SOURCE, &asked.by_source)
        } else {
            (&sorted.by_destination, &BY_DESTINATION, &asked.by_destination)
        };
        if growing.read().unwrap_or_else(PoisonError::into_inner).len < self.numbers.len() {
            let mut growing = growing.write().unwrap_or_else(PoisonError::into_inner);
            let missing = growing.len..self.numbers.len();
            growing.len = self.numbers.len();
            self.numbers[missing].iter().for_each(|&number| growing.tree.insert(axes, number, cubes));
        }
        growing.read().unwrap_or_else(PoisonError::into_inner).tree.find(
            question,
            asked.since,
            asked.most,
            found,
        );
    }
}

/// The only protocol of a cube.
fn protocol(cube: &Cube) -> Option<u8> {
    cube.get(Axis::Protocol)?.ranges()?.only().and_then(|protocol| u8::try_from(protocol).ok())
}

/// The destination ports of a cube, where they are few.
fn few_ports(cube: &Cube) -> Option<SmallVec<[u16; 4]>> {
    let ports = cube.get(Axis::DestinationPort)?.ranges()?;
    if ports.count() > FEW as u128 {
        return None;
    }
    let each = ports.iter().flat_map(|(low, high)| low..=high);
    Some(each.map(|port| port as u16).collect())
}
