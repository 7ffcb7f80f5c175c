//! What rules ask of what rules write into packets: a DSCP, a hop limit, an option, whatever is neither routed nor tracked.
//!
//! Packets are followed as if nothing had been written. But where a rule writes, nobody can say of what others ask for
//! it that they ask the same of a packet, since one may stand before and one behind. So each such condition is
//! an unknown of its own, wherever it stands. If a packet meets one twice, before and behind (a chain is called twice), the
//! answer of the first time is put aside under another number ([`Atoms::earlier`]).

use std::collections::HashSet;

use crate::model::{Action, Chain, Families, Key, Match, Rule, Ruleset, Table, Verdict};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces};

use super::atoms::Atoms;

/// All that may be looked at in what is written by its place alone.
const ALL: [Axis; 4] = [Axis::Dscp, Axis::HopLimit, Axis::Length, Axis::Mac];

/// What rules of a host write into packets of each family, each with the protocols of these packets: what no translation
/// changes. `None` for whatever else stands in a packet.
#[derive(Debug, Default)]
pub(super) struct Mangled(Vec<(Family, Option<Axis>, Ranges)>);

/// What is written into packets that a table sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a>(&'a [(Family, Option<Axis>, Ranges)], Families);

impl Mangled {
    /// Looks through all rules.
    pub fn of(ruleset: &Ruleset) -> Self {
        let mut mangled = Mangled::default();
        for table in &ruleset.tables {
            for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
                for action in &rule.actions {
                    let (axes, protocols): (&[Axis], Ranges) = match &action.value {
                        Action::Mangle(mangle) => (mangle.axes, protocols(rule)),
                        // Other bytes than those of an address or a port.
                        Action::Rewrite(rewrite) if rewrite.axis.is_none() => (&ALL, Ranges::new(0, 255)),
                        Action::Rewrite(_) => (&[], Ranges::new(0, 255)),
                        _ => continue,
                    };
                    for axis in axes.iter().copied().map(Some).chain([None]) {
                        mangled.add(table.families, axis, &protocols);
                    }
                }
            }
        }
        mangled
    }

    fn add(&mut self, families: Families, axis: Option<Axis>, protocols: &Ranges) {
        for family in Family::ALL.into_iter().filter(|family| families.has(*family)) {
            match self.0.iter_mut().find(|known| known.0 == family && known.1 == axis) {
                Some(known) => known.2 = known.2.or(protocols),
                None => self.0.push((family, axis, protocols.clone())),
            }
        }
    }

    /// What is written into packets of these families.
    pub fn asked(&self, families: Families) -> Asked<'_> {
        Asked(&self.0, families)
    }

    /// The chains of a table that rules lead to from several places, so that a packet may meet their rules more than once.
    pub fn repeated<'t>(&self, table: &'t Table) -> HashSet<&'t str> {
        let mut found = HashSet::new();
        if self.0.is_empty() {
            return found;
        }
        let targets = |chain: &'t Chain| chain.rules.iter().filter_map(|rule| target(&rule.verdict.value));
        let mut known = HashSet::new();
        let mut waiting: Vec<&str> =
            table.chains.iter().flat_map(targets).filter(|name| !known.insert(*name)).collect();
        while let Some(name) = waiting.pop() {
            if found.insert(name) {
                waiting.extend(table.chain(name).into_iter().flat_map(targets));
            }
        }
        found
    }
}

impl Asked<'_> {
    /// Nothing is.
    pub const NOTHING: Asked<'static> = Asked(&[], Families::BOTH);

    /// May a rule have written what stands on an axis?
    pub fn has(self, axis: Axis) -> bool {
        self.0.iter().any(|known| known.1 == Some(axis) && self.1.has(known.0))
    }

    /// The packets into which rules may have written what a condition asks for; `None` if there are none.
    pub fn written(self, part: &Match, members: impl FnOnce() -> Option<PacketSet>) -> Option<PacketSet> {
        if self.0.is_empty() {
            return None;
        }
        let of_set = |set: &PacketSet| -> Vec<Option<Axis>> {
            set.cubes().iter().flat_map(|cube| cube.sides()).map(|side| Some(side.0)).collect()
        };
        let asked = match part {
            Match::Field(axis, _) => vec![Some(*axis)],
            Match::Packets(set) => of_set(set),
            Match::Lookup(lookup) => {
                let keys = lookup.keys.iter().filter_map(|key| match key {
                    Key::Axis(axis) => Some(Some(*axis)),
                    Key::Side(_) => None,
                });
                keys.chain(members().as_ref().map(of_set).unwrap_or_default()).collect()
            }
            Match::Atom(atom) if atom.is_pure() && asks_contents(&atom.text) => vec![None],
            _ => return None,
        };
        let written = self.0.iter().filter(|known| asked.contains(&known.1) && self.1.has(known.0));
        let cubes = written.map(|(family, _, protocols)| {
            let family = Ranges::single(family.number());
            Cube::any().set(Axis::Family, family).set(Axis::Protocol, protocols.clone())
        });
        Some(PacketSet::from_cubes(cubes)).filter(|set| !set.is_empty())
    }
}

/// The protocols of the packets that a rule matches.
fn protocols(rule: &Rule) -> Ranges {
    let asked = rule.matches.iter().filter_map(|part| match &part.value {
        Match::Field(Axis::Protocol, values) => values.ranges(),
        _ => None,
    });
    asked.fold(Ranges::new(0, 255), |all, asked| all.and(asked))
}

fn target(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Jump(name) | Verdict::Goto(name) => Some(name),
        _ => None,
    }
}

/// Does a condition in words look at what stands in the packet, beside addresses, ports and headers that are not there?
fn asks_contents(text: &str) -> bool {
    /// What begins so asks for the way of the packet, for its flow, its socket or the host.
    const OTHERS: [&str; 24] = [
        "ct ",
        "meta ",
        "socket ",
        "exthdr ",
        "frag ",
        "hbh ",
        "rt ",
        "-f",
        "--fragment",
        "-m rt ",
        "-m frag ",
        "-m rpfilter",
        "-m addrtype",
        "-m cgroup",
        "-m cluster",
        "-m connlabel",
        "-m conntrack",
        "-m cpu",
        "-m devgroup",
        "-m geoip",
        "-m physdev",
        "-m policy",
        "-m realm",
        "-m socket",
    ];
    let text = text.trim_start_matches("! ");
    let is_whole_route = text.starts_with("fib saddr . ") && text.contains("iif oif ");
    !is_whole_route && !OTHERS.iter().any(|other| text.starts_with(other))
}

/// Packets behind a rule that writes: what was asked of them before may be asked anew.
pub(super) fn behind(atoms: &Atoms, packets: PacketSet) -> Result<PacketSet, TooManyPieces> {
    let mut all = Vec::new();
    for mut cube in packets.into_cubes() {
        let asked: Vec<u32> = cube.atoms().collect();
        for (atom, earlier) in asked.into_iter().filter_map(|atom| Some((atom, atoms.earlier(atom)?))) {
            // A third time has no number.
            if cube.get(Axis::Atom(earlier)).is_some() {
                return Err(TooManyPieces);
            }
            if let Some(values) = cube.get(Axis::Atom(atom)).cloned() {
                cube = cube.without(Axis::Atom(atom)).set(Axis::Atom(earlier), values);
            }
        }
        all.push(cube);
    }
    Ok(PacketSet::from_cubes(all))
}
