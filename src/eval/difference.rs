//! The exact difference of two hosts: which packets the one lets through and the other does not, and which
//! rules decide on either side.
//!
//! A packet that meets no rule in which the two differ is treated alike, whatever else they hold: so only
//! the packets that such rules match are sent through both ([`changed`]). What becomes of a packet is held
//! against its conntrack state: a first packet, a later one, an answer, one that is related to a flow, each is
//! asked about on its own, as it comes. What an earlier packet of its flow has met is not looked at, so a
//! difference is told of every state in which it shows.

mod changed;
mod sent;

use rayon::prelude::*;

use crate::packet::{Axis, Cube, Family, Hull, PacketSet, TooManyPieces, Words};

use super::compile::{ChainId, Host, RuleId};
use super::flow::Way;
use super::routes::Routes;
use changed::Changed;
use sent::{Passed, Sent};

/// How often cubes of one side may be held against cubes of the other.
const MOST_PAIRS: usize = 20_000_000;

/// What two hosts treat differently. Unknowns are those of the old host; those that only the new host has are
/// numbered after them ([`Difference::unknown`]).
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// In the order of the ways, families and states of packets; none if the two are equal.
    pub changes: Vec<Change>,
    /// How many unknowns the old host has.
    old_atoms: u32,
    /// For unknowns of the new host alone, what they are there.
    new_atoms: Vec<u32>,
}

/// Packets that two hosts treat differently.
#[derive(Clone, Debug)]
pub struct Change {
    /// Where they go: `In`, `Out` or `Forward`.
    pub way: Way,
    /// Do they come back to the host over its loopback interface? Only told of those that come in.
    pub is_loopback: bool,
    /// Their family.
    pub family: Family,
    /// What they are to connection tracking.
    pub kinds: Vec<Kind>,
    /// The packets, exactly, as they are when they arrive or leave. Disjoint.
    pub packets: PacketSet,
    /// What the old host does.
    pub before: Treatment,
    /// What the new host does.
    pub after: Treatment,
}

/// What a packet is to connection tracking when it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The first packet of a flow; for TCP with the flag SYN alone (and those of congestion control).
    First,
    /// A TCP packet with other flags that belongs to no flow.
    Stray,
    /// A later packet of a flow, from the side that began it.
    Later,
    /// An answer: a packet of a flow from the other side.
    Answer,
    /// Related to a flow: an ICMP error, or a connection that another announced.
    Related,
}

/// What becomes of packets, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// What becomes of them.
    pub fate: Fate,
    /// The chain of the rule or policy that decides; `None` where no chain looks at them.
    pub chain: Option<ChainId>,
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
}

/// What becomes of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// They get through.
    Accepted,
    /// They get through, but NAT turns them elsewhere.
    Turned,
    /// They are gone, silently.
    Dropped,
    /// They are gone, with an answer.
    Rejected,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Kind; 5] = [Kind::First, Kind::Stray, Kind::Later, Kind::Answer, Kind::Related];

    /// What such packets are called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::First => "new",
            Kind::Stray => "of no connection",
            Kind::Later => "later",
            Kind::Answer => "answers",
            Kind::Related => "related",
        }
    }
}

impl Fate {
    /// Do they get through?
    pub fn is_through(self) -> bool {
        matches!(self, Fate::Accepted | Fate::Turned)
    }
}

impl Change {
    /// Do these packets get through on the new host only?
    pub fn opens(&self) -> bool {
        !self.before.fate.is_through() && self.after.fate.is_through()
    }

    /// Do these packets get through on the old host only?
    pub fn closes(&self) -> bool {
        self.before.fate.is_through() && !self.after.fate.is_through()
    }
}

impl Change {
    /// What is understood of its packets: where they go, and what holds of all that go there.
    pub fn context(&self) -> Cube {
        use Axis::*;
        let asked = sent::question(self.way, self.is_loopback, self.family, Kind::Later);
        let cube =
            asked.forget(|axis| matches!(axis, State | Direction | Nat | ConnMark | Mark | Zone | Uid | Gid));
        if self.way == Way::Forward { cube.without(OutInterface) } else { cube }
    }

    /// Its packets in words.
    pub fn say(&self, words: &Words) -> String {
        // Which flags a stray packet has is more than anybody wants to hear.
        words.set(&self.packets.forget(|axis| axis == Axis::TcpFlags).simplify())
    }
}

impl Difference {
    /// Compares two hosts in some families.
    ///
    /// # Errors
    /// If the rules are too tangled to be decided.
    pub fn of(
        old: &Host,
        new: &Host,
        routes: &Routes,
        families: &[Family],
    ) -> Result<Difference, TooManyPieces> {
        let changed = Changed::between(old, new);
        let mut found = Difference {
            changes: Vec::new(),
            old_atoms: old.atoms.len() as u32,
            new_atoms: (0..new.atoms.len() as u32).filter(|&atom| changed.atom(atom).is_none()).collect(),
        };
        let ways = [(Way::In, false), (Way::In, true), (Way::Out, false), (Way::Forward, false)];
        let each = ways.iter().flat_map(|way| families.iter().map(move |family| (*way, *family)));
        let each: Vec<_> = each.collect();
        let changes = |&((way, is_loopback), family): &((Way, bool), Family)| {
            let of_kind = |kind: Kind| -> Result<Vec<Change>, TooManyPieces> {
                let mut changes = Vec::new();
                let asked = sent::question(way, is_loopback, family, kind);
                let packets = changed.touched(way, &asked)?;
                if packets.is_empty() {
                    return Ok(changes);
                }
                let leg = sent::Leg { way, is_loopback, kind };
                let before = Sent::through(old, routes, leg, &packets, &|atom| atom)?;
                let number = |atom| found.number(&changed, atom);
                let after = Sent::through(new, routes, leg, &packets, &number)?;
                compare(&before, &after, |packets, before, after| {
                    let kinds = vec![kind];
                    changes.push(Change { way, is_loopback, family, kinds, packets, before, after });
                })?;
                Ok(changes)
            };
            let all: Vec<Result<Vec<Change>, TooManyPieces>> =
                Kind::ALL.into_par_iter().map(of_kind).collect();
            let all: Result<Vec<Vec<Change>>, TooManyPieces> = all.into_iter().collect();
            all.map(|all| together(all.concat()))
        };
        let all: Result<Vec<Vec<Change>>, TooManyPieces> = each.iter().map(changes).collect();
        found.changes = all?.concat();
        Ok(found)
    }

    /// Are the two equal?
    pub fn is_none(&self) -> bool {
        self.changes.is_empty()
    }

    /// An unknown that packets of a change name: that of the new host where the old one has it not.
    pub fn unknown<'h>(&self, old: &'h Host, new: &'h Host, atom: u32) -> &'h super::atoms::Unknown {
        match atom.checked_sub(self.old_atoms).and_then(|at| self.new_atoms.get(at as usize)) {
            Some(&own) => new.atoms.get(own),
            None => old.atoms.get(atom),
        }
    }

    /// The number of an unknown of the new host among those of both.
    fn number(&self, changed: &Changed, atom: u32) -> u32 {
        changed.atom(atom).unwrap_or_else(|| {
            let place = self.new_atoms.binary_search(&atom).unwrap_or_default();
            self.old_atoms + place as u32
        })
    }
}

/// Tells of all packets that two hosts treat differently. Each side knows of every packet once.
fn compare(
    old: &Sent,
    new: &Sent,
    mut tell: impl FnMut(PacketSet, Treatment, Treatment),
) -> Result<(), TooManyPieces> {
    let mut pairs = MOST_PAIRS;
    let mut common = |one: &Passed, other: &Passed| {
        if !one.hull.meets(&other.hull) {
            return Ok(PacketSet::none());
        }
        let cost = one.packets.cubes().len() * other.packets.cubes().len();
        pairs = pairs.checked_sub(cost).ok_or(TooManyPieces)?;
        Ok(one.packets.and(&other.packets))
    };
    for before in &old.parts {
        for after in &new.parts {
            if before.is_alike(after) {
                continue;
            }
            let both = common(before, after)?;
            if both.is_empty() {
                continue;
            }
            for (packets, by) in old.split(before, both)? {
                for (packets, now) in new.split(after, packets)? {
                    tell(packets, by.clone(), now);
                }
            }
        }
    }
    Ok(())
}

/// Joins changes of the same rules, and those of several kinds of packets where they are of the same packets.
fn together(changes: Vec<Change>) -> Vec<Change> {
    let mut joined: Vec<Change> = Vec::new();
    for change in changes {
        let is_same = |other: &&mut Change| {
            other.kinds == change.kinds && other.before == change.before && other.after == change.after
        };
        match joined.iter_mut().find(is_same) {
            Some(other) => other.packets.add(change.packets),
            None => joined.push(change),
        }
    }
    let mut all: Vec<Change> = Vec::new();
    for mut change in joined {
        // Flags that are all that such a packet may have say nothing.
        let strays = sent::strays().into();
        let is_any = |cube: &Cube| cube.get(Axis::TcpFlags) == Some(&strays);
        let packets = change.packets.simplify();
        change.packets = packets
            .map(|cube| Some(if is_any(&cube) { cube.without(Axis::TcpFlags) } else { cube }))
            .simplify();
        let is_same = |other: &&mut Change| {
            let (one, two) = (&other.packets, &change.packets);
            other.before == change.before && other.after == change.after && is_equal(one, two)
        };
        match all.iter_mut().find(is_same) {
            Some(other) => other.kinds.extend(change.kinds),
            None => all.push(change),
        }
    }
    all
}

fn is_equal(one: &PacketSet, other: &PacketSet) -> bool {
    one == other || one.covers(other) == Ok(true) && other.covers(one) == Ok(true)
}

/// A cube with its unknowns renumbered.
fn renamed(cube: &Cube, number: impl Fn(u32) -> u32) -> Cube {
    cube.sides().iter().fold(Cube::any(), |cube, (axis, values)| match axis {
        Axis::Atom(atom) => cube.set(Axis::Atom(number(*atom)), values.clone()),
        axis => cube.set(*axis, values.clone()),
    })
}

impl Passed {
    fn new(fate: sent::Ending, packets: PacketSet) -> Self {
        Passed { fate, hull: Hull::of(&packets), packets }
    }
}
