//! Named sets as packet sets: which packets a lookup finds.

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use crate::model::{Action, Element, ElementKey, Elements, Families, Key, NamedSet, Ruleset, Side};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values};

/// What a member asks of a packet, axis by axis.
type Sides = Vec<(Axis, Values)>;

/// How deep sets of sets may be nested; the kernel allows one level.
const DEPTH: usize = 4;

/// The sets of a host, and which of them its rules change.
#[derive(Debug)]
pub struct Sets<'m> {
    named: HashMap<&'m str, &'m NamedSet>,
    /// Is something added, is something deleted?
    fills: HashMap<&'m str, (bool, bool)>,
}

impl<'m> Sets<'m> {
    /// The sets of a ruleset.
    pub fn of(ruleset: &'m Ruleset) -> Self {
        let mut fills: HashMap<&str, (bool, bool)> = HashMap::new();
        let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        for action in rules.flat_map(|rule| &rule.actions) {
            if let Action::Fill { set, adds, deletes } = &action.value {
                let known = fills.entry(set).or_default();
                *known = (known.0 | adds, known.1 | deletes);
            }
        }
        Sets { named: ruleset.sets.iter().map(|set| (&*set.name, set)).collect(), fills }
    }

    /// The packets whose keys are in a set as the file lists it; `None` when the file does not tell.
    pub fn members(&self, set: &str, keys: &[Key]) -> Option<PacketSet> {
        nested(self.named.get(set)?, keys, &self.named, DEPTH)
    }

    /// Do rules add to a set, or to those that it is made of; do they delete?
    pub fn fills(&self, set: &str) -> (bool, bool) {
        if self.fills.is_empty() {
            return (false, false);
        }
        let inner = match self.named.get(set).map(|set| &set.elements) {
            Some(Elements::Sets(names)) => names.as_slice(),
            _ => &[],
        };
        let names = inner.iter().map(|(name, _)| &**name).chain([set]);
        names.filter_map(|name| self.fills.get(name)).fold((false, false), |a, b| (a.0 | b.0, a.1 | b.1))
    }
}

/// The keys of a lookup in words.
pub fn name_keys(keys: &[Key]) -> String {
    let names: Vec<_> = keys
        .iter()
        .map(|key| match key {
            Key::Side(Side::Source) => "src".to_owned(),
            Key::Side(Side::Destination) => "dst".to_owned(),
            Key::Axis(axis) => format!("{axis:?}"),
        })
        .collect();
    names.join(",")
}

fn nested(set: &NamedSet, keys: &[Key], sets: &HashMap<&str, &NamedSet>, depth: usize) -> Option<PacketSet> {
    match &set.elements {
        Elements::Unknown => None,
        Elements::Sets(_) if depth == 0 => None,
        Elements::Sets(names) => {
            let mut all = PacketSet::none();
            for (name, _) in names {
                all.add(nested(sets.get(&**name)?, keys, sets, depth - 1)?);
            }
            Some(all)
        }
        Elements::Listed(elements) => listed(set.families, elements, keys),
    }
}

fn listed(families: Families, elements: &[Element], keys: &[Key]) -> Option<PacketSet> {
    let Some(dimension) = elements.first().map(|element| element.keys.len()) else {
        return Some(PacketSet::none());
    };
    // A lookup with fewer keys than the set has parts finds nothing, whatever the packet.
    if keys.len() < dimension {
        return Some(PacketSet::none());
    }
    // Of equal sets the cubes stand in the same order each time.
    let mut groups: FxHashMap<Sides, Vec<(&Values, bool)>> = FxHashMap::default();
    let mut whole = Vec::new();
    for element in elements {
        let mut rest = Vec::new();
        let mut address = None;
        for (part, key) in element.keys.iter().zip(keys) {
            match part {
                ElementKey::Address(values) if address.is_none() => {
                    address = Some((address_axis(*key)?, values))
                }
                _ => rest.extend(sides(part, *key)?),
            }
        }
        match address {
            Some((axis, values)) => {
                rest.push((axis, Values::from(Ranges::none())));
                groups.entry(rest).or_default().push((values, element.nomatch));
            }
            None if element.nomatch => return None,
            None => whole.extend(cube(&rest)),
        }
    }
    let mut all = PacketSet::from_cubes(whole);
    for (mut sides, mut values) in groups {
        let (axis, _) = sides.pop()?;
        let ranges = nearest_wins(&mut values)?;
        let allowed = Family::ALL.into_iter().filter(|family| families.has(*family)).map(Family::number);
        let family = Ranges::union(allowed.map(|number| (number, number)));
        all.add(PacketSet::from(
            cube(&sides)
                .and_then(|cube| cube.with(axis, ranges))
                .and_then(|cube| cube.with(Axis::Family, family)),
        ));
    }
    PacketSet::none().or(&all).ok()
}

/// The addresses that are in a set with exceptions: of several members that hold an address, the
/// longest prefix counts.
fn nearest_wins(values: &mut [(&Values, bool)]) -> Option<Ranges> {
    let ranges = |values: &[(&Values, bool)]| -> Option<Ranges> {
        let each: Option<Vec<&Ranges>> = values.iter().map(|(values, _)| values.ranges()).collect();
        Some(Ranges::union(each?.into_iter().flat_map(Ranges::iter)))
    };
    if values.iter().all(|(_, nomatch)| !nomatch) {
        return ranges(values);
    }
    let size = |values: &Values| values.ranges().map_or(0, Ranges::count);
    values.sort_by_key(|(values, nomatch)| (std::cmp::Reverse(size(values)), *nomatch));
    let mut found = Ranges::none();
    for group in values.chunk_by(|a, b| size(a.0) == size(b.0) && a.1 == b.1) {
        let here = ranges(group)?;
        found = if group[0].1 { found.minus(&here) } else { found.or(&here) };
    }
    Some(found)
}

fn cube(sides: &[(Axis, Values)]) -> Option<Cube> {
    sides.iter().try_fold(Cube::any(), |cube, (axis, values)| cube.with(*axis, values.clone()))
}

fn address_axis(key: Key) -> Option<Axis> {
    match key {
        Key::Side(Side::Source) => Some(Axis::Source),
        Key::Side(Side::Destination) => Some(Axis::Destination),
        Key::Axis(axis @ (Axis::Source | Axis::Destination)) => Some(axis),
        Key::Axis(_) => None,
    }
}

/// What one part of a member asks of a packet.
fn sides(part: &ElementKey, key: Key) -> Option<Vec<(Axis, Values)>> {
    let axis = |source: Axis, destination: Axis| match key {
        Key::Side(Side::Source) => source,
        Key::Side(Side::Destination) => destination,
        Key::Axis(axis) => axis,
    };
    Some(match part {
        ElementKey::Address(values) => vec![(address_axis(key)?, values.clone())],
        ElementKey::Port { protocol, ports } => {
            // A set of bare ports looks at TCP and UDP alone (ip_set_get_ip_port of the kernel).
            let protocols = match protocol {
                Some(number) => Ranges::single(u128::from(*number)),
                None => Ranges::union([(6, 6), (17, 17)]),
            };
            let is_icmp = matches!(protocol, Some(1 | 58));
            let ports_axis =
                if is_icmp { Axis::DestinationPort } else { axis(Axis::SourcePort, Axis::DestinationPort) };
            vec![(Axis::Protocol, protocols.into()), (ports_axis, ports.clone())]
        }
        ElementKey::Interface(values) => vec![(axis(Axis::InInterface, Axis::OutInterface), values.clone())],
        ElementKey::Mark(values) => vec![(axis(Axis::Mark, Axis::Mark), values.clone())],
        // The kernel can look at the source address of the frame only.
        ElementKey::Mac(values) if axis(Axis::Mac, Axis::Uid) == Axis::Mac => {
            vec![(Axis::Mac, values.clone())]
        }
        ElementKey::Mac(_) => return None,
    })
}
