//! What rules ask of what rules write into packets: a DSCP, a hop limit, an option, whatever is neither routed nor tracked.
//!
//! Packets are followed as if nothing had been written. But where a rule writes, nobody can say of what others ask for
//! it that they ask the same of a packet, since one may stand before and one behind. So each such condition is
//! an unknown of its own, wherever it stands. If a packet meets one twice, before and behind (a chain is called twice), the
//! answer of the first time is put aside under another number ([`Atoms::earlier`]).

use std::collections::HashSet;

use crate::model::{Action, Chain, Families, Ruleset, Table, Verdict};
use crate::packet::{Axis, Cube, Family, PacketSet, TooManyPieces};

use super::atoms::Atoms;

/// All that may be looked at in what is written by its place alone.
const ALL: [Axis; 4] = [Axis::Dscp, Axis::HopLimit, Axis::Length, Axis::Mac];

/// What rules of a host write into packets of each family.
#[derive(Debug, Default)]
pub(super) struct Mangled {
    v4: Written,
    v6: Written,
}

#[derive(Debug, Default)]
struct Written {
    is_any: bool,
    axes: Vec<Axis>,
}

/// What is written into packets that a table sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a>(Option<&'a Mangled>, Families);

impl Mangled {
    /// Looks through all rules.
    pub fn of(ruleset: &Ruleset) -> Self {
        let mut mangled = Mangled::default();
        for table in &ruleset.tables {
            let rules = table.chains.iter().flat_map(|chain| &chain.rules);
            for action in rules.flat_map(|rule| &rule.actions) {
                let axes: &[Axis] = match &action.value {
                    Action::Mangle(mangle) => mangle.axes,
                    // Other bytes than those of an address or a port.
                    Action::Rewrite(rewrite) if rewrite.axis.is_none() => &ALL,
                    Action::Rewrite(_) => &[],
                    _ => continue,
                };
                for family in Family::ALL.into_iter().filter(|family| table.families.has(*family)) {
                    let written = mangled.written(family);
                    written.is_any = true;
                    written
                        .axes
                        .extend(axes.iter().filter(|axis| !written.axes.contains(axis)).collect::<Vec<_>>());
                }
            }
        }
        mangled
    }

    /// The chains of a table that rules lead to from several places, so that a packet may meet their rules more than once.
    pub fn repeated<'t>(&self, table: &'t Table) -> HashSet<&'t str> {
        let mut found = HashSet::new();
        if self.asked(table.families).0.is_none() {
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

    fn written(&mut self, family: Family) -> &mut Written {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// What is written into packets of these families.
    pub fn asked(&self, families: Families) -> Asked<'_> {
        let is_any = families.v4 && self.v4.is_any || families.v6 && self.v6.is_any;
        Asked(is_any.then_some(self), families)
    }
}

impl Asked<'_> {
    /// Nothing is.
    pub const NOTHING: Asked<'static> = Asked(None, Families::BOTH);

    /// May a rule have written what stands on an axis?
    pub fn has(self, axis: Axis) -> bool {
        let Asked(Some(mangled), families) = self else { return false };
        families.v4 && mangled.v4.axes.contains(&axis) || families.v6 && mangled.v6.axes.contains(&axis)
    }

    /// The same for any of the axes of some packets.
    pub fn names(self, packets: &PacketSet) -> bool {
        self.0.is_some() && packets.cubes().iter().any(|cube| self.is_named(cube))
    }

    /// The same for one cube.
    pub fn is_named(self, cube: &Cube) -> bool {
        cube.sides().iter().any(|side| self.has(side.0))
    }

    /// May a rule have written what a condition in words asks for?
    pub fn is_asked(self, text: &str) -> bool {
        self.0.is_some() && asks_contents(text)
    }
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
