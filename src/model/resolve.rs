//! Names that rules look up, where it is known what they lead to.

use super::{Match, Rule, Ruleset, Side};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges};
use crate::source::Spanned;

/// What names are known to lead to.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<Known>);

/// A name in lower case, and its addresses of each family, as on [`Axis::Destination`].
#[derive(Clone, Debug)]
struct Known {
    name: String,
    addresses: [Ranges; 2],
}

impl Names {
    /// Adds a name with its addresses of each family.
    pub fn add(&mut self, name: &str, addresses: [Ranges; 2]) {
        self.0.push(Known { name: name.to_ascii_lowercase(), addresses });
    }

    /// The packets with an address of a name on an axis, and those with one that no name is known to lead to; `None`
    /// for a name of which nothing is known.
    fn of(&self, name: &str, axis: Axis) -> Option<[PacketSet; 2]> {
        let name = name.trim_end_matches('.');
        let known = self.0.iter().find(|known| known.name == name)?;
        let packets = |of: &dyn Fn(Family) -> Ranges| {
            let cube = |family: Family| {
                let cube = Cube::any().with(axis, of(family))?;
                cube.with(Axis::Family, Ranges::single(family.number()))
            };
            PacketSet::from_cubes(Family::ALL.into_iter().filter_map(cube))
        };
        let others = |family: Family| {
            let all = self.0.iter().flat_map(|known| known.addresses[family as usize].iter());
            Ranges::union(all).complement(axis.max())
        };
        Some([packets(&|family| known.addresses[family as usize].clone()), packets(&others)])
    }
}

impl Ruleset {
    /// Says what names lead to: to their addresses, to none of those that other names are known for, and perhaps to
    /// addresses of which nothing is known.
    pub fn resolve(&mut self, names: &Names) {
        for chain in self.tables.iter_mut().flat_map(|table| &mut table.chains) {
            if chain.rules.iter().any(|rule| place(rule, names).is_some()) {
                let rules = std::mem::take(&mut chain.rules);
                chain.rules = rules.into_iter().flat_map(|rule| resolved(rule, names)).collect();
            }
        }
    }

    /// Does any rule look names up?
    pub fn looks_names_up(&self) -> bool {
        let rules = self.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        rules.flat_map(|rule| &rule.matches).any(|part| matches!(part.value, Match::Resolved(_)))
    }
}

/// Where in the matches of a rule a name stands of which something is known, and what.
fn place(rule: &Rule, names: &Names) -> Option<(usize, [PacketSet; 2])> {
    rule.matches.iter().enumerate().find_map(|(at, part)| {
        let Match::Resolved(resolved) = &part.value else { return None };
        let is_done =
            |other: &Spanned<Match>| other.span == part.span && matches!(other.value, Match::Packets(_));
        if rule.matches.iter().any(is_done) {
            return None;
        }
        let axis = if resolved.side == Side::Source { Axis::Source } else { Axis::Destination };
        Some((at, names.of(&resolved.name, axis)?))
    })
}

/// A rule as those that say what its names lead to.
fn resolved(rule: Rule, names: &Names) -> Vec<Rule> {
    let Some((at, [known, others])) = place(&rule, names) else { return vec![rule] };
    let span = rule.matches[at].span;
    let packets = |packets: PacketSet| Spanned::new(Match::Packets(Box::new(packets)), span);
    let (mut sure, mut perhaps) = (rule.clone(), rule);
    sure.matches[at] = packets(known);
    perhaps.matches.push(packets(others));
    [sure, perhaps].into_iter().flat_map(|rule| resolved(rule, names)).collect()
}
