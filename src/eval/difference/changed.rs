//! What two hosts do not have in common: rules, policies, the order of chains; and the packets that meet any
//! of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::model::{Base, Families, Hook, Match, Nat, Policy, Rule, Verdict};
use crate::packet::{Axis, Cube, PacketSet, TooManyPieces};

use super::super::calls::Calls;
use super::super::compile::{BaseChain, ChainId, CompiledRule, Host, Next, RuleId, family_cube};
use super::super::flow::Way;

/// Which chain of a host it is, whatever its number: how many tables like its own stand before, the table,
/// the chain.
type Name<'m> = (usize, &'m str, (bool, bool), &'m str);

/// So many cubes are told apart; where more rules have changed, all packets are asked about.
const MOST_CUBES: usize = 500;

/// Rules behind this priority may meet translated sources.
const SOURCE_NAT: i32 = 100;

/// What two hosts do not have in common.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// For each hook, the packets that meet something that differs, as they are there.
    at: HashMap<Hook, PacketSet>,
    /// The packets that nat rules of either host may turn elsewhere, by hook.
    turned: HashMap<Hook, PacketSet>,
    /// For unknowns of the new host that the old one has too, what they are there.
    atoms: HashMap<u32, u32>,
    /// Does a rule of either host write into packets, so that these meet other rules than they seem to?
    rewrites: bool,
    /// Unknowns that hang on what rules write into packets, in the new host and in the old, and the packets of their rule.
    written: Vec<(u32, u32, PacketSet)>,
}

impl Changed {
    /// Holds two hosts against each other, chain by chain.
    pub fn between(old: &Host, new: &Host) -> Self {
        let mut changed = Changed { rewrites: old.rewrites() || new.rewrites(), ..Changed::default() };
        let (old_names, new_names) = (names(old), names(new));
        let (old_calls, new_calls) = (Calls::new(old), Calls::new(new));
        changed.pair_pure(old, new);
        for (name, &before) in &old_names {
            match new_names.get(name) {
                Some(&after) => {
                    let (removed, added) = changed.rules(old, new, before, after);
                    changed.note(old, &old_calls, before, removed);
                    changed.note(new, &new_calls, after, added);
                    let families = new.chain(after).table.families;
                    changed.bases(families, base(old, before), base(new, after));
                }
                None => changed.whole(old, &old_calls, before),
            }
        }
        for (name, &after) in &new_names {
            if !old_names.contains_key(name) {
                changed.whole(new, &new_calls, after);
            }
        }
        changed.order((old, &old_names), (new, &new_names));
        changed.turning(old, &old_calls);
        changed.turning(new, &new_calls);
        changed.pair_written();
        changed
    }

    /// What an unknown of the new host is on the old one.
    pub fn atom(&self, atom: u32) -> Option<u32> {
        self.atoms.get(&atom).copied()
    }

    /// Those of some packets that may be treated differently: disjoint cubes.
    pub fn touched(&self, way: Way, asked: &Cube) -> Result<PacketSet, TooManyPieces> {
        let (start, hooks): (Hook, &[Hook]) = match way {
            Way::Out | Way::Local => (Hook::Output, &[Hook::Output, Hook::Postrouting]),
            Way::In => (Hook::Prerouting, &[Hook::Prerouting, Hook::Input]),
            Way::Forward => (Hook::Prerouting, &[Hook::Prerouting, Hook::Forward, Hook::Postrouting]),
        };
        if self.rewrites && hooks.iter().any(|hook| self.at.contains_key(hook)) {
            return Ok(asked.clone().into());
        }
        let mut all = PacketSet::none();
        let is_of_family = |cube: &Cube| match (cube.get(Axis::Family), asked.get(Axis::Family)) {
            (Some(theirs), Some(asked)) => theirs.overlaps(asked),
            _ => true,
        };
        for cube in hooks.iter().filter_map(|hook| self.at.get(hook)).flat_map(PacketSet::cubes) {
            if is_of_family(cube) {
                all.add(cube.clone().into());
            }
        }
        // What comes in may be turned to another machine, and then is forwarded.
        let mut others = [Hook::Forward, Hook::Postrouting].iter();
        if !all.is_empty() || way == Way::In && others.any(|hook| self.at.contains_key(hook)) {
            all.add(self.turned.get(&start).cloned().unwrap_or_default());
        }
        let all = all.map(|cube| cube.and(asked));
        if all.cubes().len() > MOST_CUBES || all.cubes().iter().any(|cube| cube.covers(asked)) {
            return Ok(asked.clone().into());
        }
        Ok(all.disjoint().unwrap_or_else(|_| asked.clone().into()))
    }

    /// What hangs on what rules write into packets is the same as before where no rule that has changed may meet these,
    /// whatever they look like.
    fn pair_written(&mut self) {
        for (theirs, own, packets) in std::mem::take(&mut self.written) {
            let family = packets.forget(|axis| axis != Axis::Family);
            if !self.at.values().any(|changed| changed.overlaps(&family)) {
                self.atoms.entry(theirs).or_insert(own);
            }
        }
    }

    /// Unknowns that are a function of the packet: the same in tables of one name.
    fn pair_pure(&mut self, old: &Host, new: &Host) {
        let tables = |host: &Host| -> Vec<(usize, String, (bool, bool))> {
            let tables = host.ruleset.tables.iter();
            let mut seen = HashMap::new();
            let mut named = Vec::new();
            for table in tables {
                let key = (table.name.to_string(), of(table.families));
                let count = seen.entry(key.clone()).or_insert(0);
                named.push((*count, key.0, key.1));
                *count += 1;
            }
            named
        };
        let (old_tables, new_tables) = (tables(old), tables(new));
        // What is asked of the host as a whole belongs to no table.
        let known: HashMap<_, u32> =
            old.atoms.pure().map(|(table, text, atom)| ((old_tables.get(table), text), atom)).collect();
        for (table, text, atom) in new.atoms.pure() {
            if let Some(&before) = known.get(&(new_tables.get(table), text)) {
                self.atoms.insert(atom, before);
            }
        }
    }

    /// The rules that only one of two chains has, or that stand elsewhere in it. What both have in common keeps
    /// its unknowns.
    fn rules(
        &mut self,
        old: &Host,
        new: &Host,
        before: ChainId,
        after: ChainId,
    ) -> (Vec<RuleId>, Vec<RuleId>) {
        let (one, other) = (&old.chain(before).rules, &new.chain(after).rules);
        let is_same = |a: &CompiledRule, b: &CompiledRule| is_same((old, a), (new, b));
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        let first = one.iter().zip(other).take_while(|(a, b)| is_same(a, b)).count();
        let shorter = one.len().min(other.len()) - first;
        let last =
            one.iter().rev().zip(other.iter().rev()).take(shorter).take_while(|(a, b)| is_same(a, b)).count();
        pairs.extend((0..first).map(|at| (at, at)));
        pairs.extend((1..=last).map(|back| (one.len() - back, other.len() - back)));
        let (middle, theirs) = (first..one.len() - last, first..other.len() - last);
        // Equal rules get equal numbers, so that lists of numbers can be compared.
        let mut kinds: HashMap<&[Cube], Vec<usize>> = HashMap::new();
        let mut examples: Vec<(&Host, &CompiledRule)> = Vec::new();
        let mut number = |host, rule| {
            let key: &[Cube] = if has_atoms(rule) { &[] } else { rule.packets.cubes() };
            let known = kinds.entry(key).or_default();
            let example = known.iter().find(|&&at| self::is_same(examples[at], (host, rule)));
            example.copied().unwrap_or_else(|| {
                examples.push((host, rule));
                known.push(examples.len() - 1);
                examples.len() - 1
            })
        };
        let ours: Vec<usize> = one[middle].iter().map(|rule| number(old, rule)).collect();
        let theirs: Vec<usize> = other[theirs].iter().map(|rule| number(new, rule)).collect();
        for same in similar::capture_diff_slices(similar::Algorithm::Myers, &ours, &theirs) {
            if let similar::DiffOp::Equal { old_index, new_index, len } = same {
                pairs.extend((0..len).map(|at| (first + old_index + at, first + new_index + at)));
            }
        }
        let (mut is_kept, mut is_known) = (vec![false; one.len()], vec![false; other.len()]);
        for (a, b) in pairs {
            (is_kept[a], is_known[b]) = (true, true);
            let of_written = one[a].rewrites().zip(other[b].rewrites());
            for (own, theirs) in atoms(&one[a]).zip(atoms(&other[b])) {
                if of_written == Some((own, theirs)) || new.atoms.is_mangled(theirs) {
                    self.written.push((theirs, own, one[a].packets.clone()));
                    let earlier = old.atoms.earlier(own).zip(new.atoms.earlier(theirs));
                    let earlier = earlier.map(|(own, theirs)| (theirs, own, one[a].packets.clone()));
                    self.written.extend(earlier);
                } else {
                    self.atoms.entry(theirs).or_insert(own);
                }
            }
        }
        // Where a rule has only moved, the program that it asks is the same. What it counts by itself it counts of other packets.
        let mut moved: Vec<usize> = (first..other.len() - last).filter(|at| !is_known[*at]).collect();
        for a in (first..one.len() - last).filter(|at| !is_kept[*at]) {
            let Some(at) = moved.iter().position(|b| ours[a - first] == theirs[b - first]) else { continue };
            let there = &other[moved.remove(at)];
            // What becomes of packets that it has written into is another question.
            let of_written = one[a].rewrites().zip(there.rewrites());
            let pairs = one[a].choices.clone().zip(there.choices.clone());
            for (own, theirs) in pairs.filter(|pair| of_written != Some(*pair)) {
                self.atoms.entry(theirs).or_insert(own);
            }
        }
        let missing = |chain: ChainId, known: Vec<bool>| {
            let numbered = (0..).zip(known).filter(|(_, is_known)| !is_known);
            numbered.map(|(index, _)| RuleId { chain, index }).collect()
        };
        (missing(before, is_kept), missing(after, is_known))
    }

    /// Notes the packets of rules at the hooks from which they are reached.
    fn note(&mut self, host: &Host, calls: &Calls, chain: ChainId, rules: Vec<RuleId>) {
        if rules.is_empty() {
            return;
        }
        for origin in calls.origins(chain) {
            let Some(base) = base(host, origin) else { continue };
            for rule in &rules {
                let packets = host.rule(*rule).packets.forget(|axis| is_passing(base.hook, axis));
                let is_late = base.priority.max(base.nft_priority.unwrap_or(base.priority)) > SOURCE_NAT;
                self.at.entry(base.hook).or_default().add(if is_late { PacketSet::any() } else { packets });
            }
        }
    }

    /// Notes a chain that the other host has not.
    fn whole(&mut self, host: &Host, calls: &Calls, chain: ChainId) {
        let rules = (0..host.chain(chain).rules.len() as u32).map(|index| RuleId { chain, index });
        self.note(host, calls, chain, rules.collect());
        self.bases(host.chain(chain).table.families, base(host, chain), None);
    }

    /// Notes a base chain that is called otherwise, or ends otherwise.
    fn bases(&mut self, families: Families, one: Option<&Base>, other: Option<&Base>) {
        let is_idle = |base: &Base| base.policy.value == Policy::Accept;
        let is_same = match (one, other) {
            (Some(a), Some(b)) => {
                let called = |base: &Base| (base.hook, base.priority, base.nft_priority, base.kind);
                called(a) == called(b) && a.policy.value == b.policy.value
            }
            (Some(only), None) | (None, Some(only)) => is_idle(only),
            (None, None) => true,
        };
        if !is_same {
            for base in one.iter().chain(&other) {
                self.at.entry(base.hook).or_default().add(PacketSet::from(family_cube(families)));
            }
        }
    }

    /// Notes hooks at which the base chains that both have are called in another order, or for other packets.
    fn order(
        &mut self,
        (old, old_names): (&Host, &BTreeMap<Name, ChainId>),
        (new, new_names): (&Host, &BTreeMap<Name, ChainId>),
    ) {
        let both: HashMap<ChainId, ChainId> =
            old_names.iter().filter_map(|(name, &id)| Some((id, *new_names.get(name)?))).collect();
        let known: HashSet<ChainId> = both.values().copied().collect();
        for hook in [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting] {
            let what = |base: BaseChain| (base.of_two, base.when.map(|when| when.1));
            let before = old.calls(hook).filter_map(|base| Some((*both.get(&base.chain)?, what(base))));
            let after = new.calls(hook).filter(|base| known.contains(&base.chain));
            if !before.eq(after.map(|base| (base.chain, what(base)))) {
                self.at.insert(hook, PacketSet::any());
            }
        }
    }

    /// Notes what nat rules match: behind them, packets are not what they were.
    fn turning(&mut self, host: &Host, calls: &Calls) {
        for id in (0..host.chains.len() as u32).map(ChainId) {
            let rules = || host.chain(id).rules.iter().filter(|rule| turns(&rule.rule.verdict.value));
            if rules().next().is_none() {
                continue;
            }
            for hook in
                calls.origins(id).into_iter().filter_map(|origin| base(host, origin)).map(|it| it.hook)
            {
                for rule in rules() {
                    let packets = rule.packets.forget(|axis| is_passing(hook, axis));
                    self.turned.entry(hook).or_default().add(packets);
                }
            }
        }
    }
}

/// Does a verdict send packets elsewhere?
fn turns(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Nat(nat) if !matches!(**nat, Nat::Source(_) | Nat::Masquerade(_)))
}

/// Is a property of a packet not yet what it is at a hook when the packet comes?
fn is_passing(hook: Hook, axis: Axis) -> bool {
    use Axis::*;
    match axis {
        Mark | ConnMark | State | Direction | Nat | Zone | SourceKind | DestinationKind => true,
        OutInterface => hook != Hook::Output,
        _ => matches!(axis, Atom(_)),
    }
}

/// The chains of a host by their names.
fn names<'m>(host: &Host<'m>) -> BTreeMap<Name<'m>, ChainId> {
    let mut tables: Vec<(*const crate::model::Table, usize)> = Vec::new();
    // In an order that is the same each time: what is told of it hangs on that.
    let mut names = BTreeMap::new();
    for (id, chain) in (0..).map(ChainId).zip(&host.chains) {
        let table: &'m crate::model::Table = chain.table;
        let at = std::ptr::from_ref(table);
        let place = match tables.iter().find(|known| known.0 == at) {
            Some(known) => known.1,
            None => {
                let earlier = host.ruleset.tables.iter().take_while(|other| !std::ptr::eq(*other, table));
                let is_like = |other: &&crate::model::Table| {
                    other.name == table.name && of(other.families) == of(table.families)
                };
                let place = earlier.filter(is_like).count();
                tables.push((at, place));
                place
            }
        };
        let chain: &'m crate::model::Chain = chain.chain;
        names.insert((place, &*table.name, of(table.families), &*chain.name), id);
    }
    names
}

fn of(families: Families) -> (bool, bool) {
    (families.v4, families.v6)
}

/// How a chain is called, if it is.
fn base<'m>(host: &Host<'m>, chain: ChainId) -> Option<&'m Base> {
    let chain = host.chain(chain);
    chain.chain.base.as_ref().filter(|_| !chain.table.dormant)
}

/// The unknowns of a rule, in order.
fn atoms<'r>(rule: &'r CompiledRule) -> impl Iterator<Item = u32> + use<'r> {
    rule.packets.cubes().iter().flat_map(Cube::atoms).chain(rule.choices.clone())
}

fn has_atoms(rule: &CompiledRule) -> bool {
    atoms(rule).next().is_some()
}

/// Do two rules the same with the same packets?
fn is_same((old, one): (&Host, &CompiledRule), (new, other): (&Host, &CompiledRule)) -> bool {
    let (a, b) = (one.rule, other.rule);
    let is_missing = |rule: &CompiledRule| rule.next == Next::Nowhere;
    let actions = |rule: &crate::model::Rule| {
        rule.actions.iter().map(|action| action.value.clone()).collect::<Vec<_>>()
    };
    a.verdict.value == b.verdict.value
        && is_missing(one) == is_missing(other)
        && (a.actions.is_empty() && b.actions.is_empty() || actions(a) == actions(b))
        && one.packets.cubes().len() == other.packets.cubes().len()
        && one.packets.cubes().iter().zip(other.packets.cubes()).all(|(a, b)| is_alike(old, a, new, b))
        && (!asks_mangled(old, one) || asks_alike(a, b))
}

/// Does a rule ask for what rules write into packets?
fn asks_mangled(host: &Host, rule: &CompiledRule) -> bool {
    atoms(rule).any(|atom| host.atoms.is_mangled(atom))
}

/// Do two rules ask the same in the same words? What is in a set, these do not tell.
fn asks_alike(one: &Rule, other: &Rule) -> bool {
    let is_told = |rule: &Rule| !rule.matches.iter().any(|part| matches!(part.value, Match::Lookup(_)));
    let asked = |rule: &Rule| rule.matches.iter().map(|part| part.value.clone()).collect::<Vec<_>>();
    is_told(one) && asked(one) == asked(other)
}

/// Are two cubes the same, unknowns by what they ask?
fn is_alike(old: &Host, one: &Cube, new: &Host, other: &Cube) -> bool {
    one.sides().len() == other.sides().len()
        && one.sides().iter().zip(other.sides()).all(|(a, b)| {
            let is_axis = match (a.0, b.0) {
                (Axis::Atom(a), Axis::Atom(b)) => old.atoms.get(a).text == new.atoms.get(b).text,
                (a, b) => a == b,
            };
            is_axis && a.1 == b.1
        })
}
