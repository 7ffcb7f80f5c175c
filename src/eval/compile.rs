//! From the model to what the walk needs: each rule as a packet set, each hook as a list of chains.

use std::cmp::Reverse;
use std::collections::HashMap;

use rayon::prelude::*;

use crate::model::{Atom, Base, Chain, Families, Hook, Key, Match, Policy, Rule, Ruleset, Table, Verdict};
use crate::packet::axis::{KERNEL, NO_OWNER, direction};
use crate::packet::{Axis, Cube, Family, Hull, PacketSet, Ranges, Values};
use crate::source::{Span, Spanned};

use super::atoms::Atoms;
use super::effort::Spent;
use super::lookup::{self, Sets};
use super::order::{self, Call, Question};

/// A chain of a [`Host`]: an index into its chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub u32);

/// A rule of a [`Host`]: its chain and its place there, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    /// The chain.
    pub chain: ChainId,
    /// The place in the chain, from 0.
    pub index: u32,
}

/// The rules of one machine, ready to be walked.
#[derive(Debug)]
pub struct Host<'m> {
    /// What it was made from.
    pub ruleset: &'m Ruleset,
    /// All chains of all tables; tables that are dormant or of other families are among them.
    pub chains: Vec<CompiledChain<'m>>,
    /// The calls of base chains in the order of the kernel, hook by hook.
    bases: Vec<BaseChain<'m>>,
    /// What the rules leave open.
    pub atoms: Atoms,
    /// What walks through it have cost so far.
    pub spent: Spent,
    /// What surveys of it have cost so far, which may be made at the same time.
    pub surveyed: Spent,
}

/// A base chain and how it is called.
#[derive(Clone, Copy, Debug)]
pub struct BaseChain<'m> {
    /// The chain.
    pub chain: ChainId,
    /// How it is called.
    pub base: &'m Base,
    /// When: lower first.
    pub priority: i32,
    /// Before or after those of the same priority that were loaded at another time.
    turn: i32,
    /// Whose packets it sees.
    pub families: Families,
    /// It is called for the packets for which this unknown is answered so.
    pub when: Option<(u32, bool)>,
    /// Is it one of two calls, of which each packet meets one: the first or the second?
    pub of_two: Option<u8>,
}

/// A chain with its rules as packet sets.
#[derive(Debug)]
pub struct CompiledChain<'m> {
    /// The table that it is in.
    pub table: &'m Table,
    /// The chain itself.
    pub chain: &'m Chain,
    /// One for each rule, in order.
    pub rules: Vec<CompiledRule<'m>>,
    /// The boxes around their packets, side by side: what is scanned first.
    pub hulls: Vec<Hull>,
}

/// A rule as a packet set.
#[derive(Debug)]
pub struct CompiledRule<'m> {
    /// The rule.
    pub rule: &'m Rule,
    /// The packets that fulfil its matches.
    pub packets: PacketSet,
    /// Where it goes on.
    pub next: Next,
    /// The unknowns of its verdict (queue, unknown target).
    pub choices: Vec<u32>,
}

/// What a rule does with the way of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// As its verdict says.
    Verdict,
    /// To another chain and back.
    Jump(ChainId),
    /// To another chain, not back.
    Goto(ChainId),
    /// To a chain that is not there.
    Nowhere,
}

impl<'m> Host<'m> {
    /// Compiles a ruleset.
    pub fn new(ruleset: &'m Ruleset) -> Self {
        let mut atoms = Atoms::default();
        let sets = Sets::of(ruleset);
        let mut chains = Vec::new();
        let mut bases = Vec::new();
        for (which, table) in ruleset.tables.iter().enumerate() {
            let first = chains.len() as u32;
            let names: HashMap<&str, ChainId> =
                (first..).zip(&table.chains).map(|(id, chain)| (&*chain.name, ChainId(id))).collect();
            for chain in &table.chains {
                let id = ChainId(chains.len() as u32);
                if let Some(base) = chain.base.as_ref().filter(|_| !table.dormant) {
                    let calls = order::calls(ruleset, table, chain, base);
                    let has_two = calls.len() > 1;
                    bases.extend((1..).zip(calls).map(|(number, call)| {
                        let when = call.when.map(|(question, answer)| match question {
                            Question::IsLegacy => (atoms.backend(table.span), answer),
                            Question::IsLater => (atoms.later(which, table), answer),
                        });
                        let (families, of_two) = (table.families, has_two.then_some(number));
                        let Call { priority, turn, .. } = call;
                        BaseChain { chain: id, base, priority, turn, families, when, of_two }
                    }));
                }
                let mut compiler =
                    Compiler { table, number: which, sets: &sets, names: &names, atoms: &mut atoms };
                let plain = plain_rules(table.families, &chain.rules);
                let rules = chain.rules.iter().zip(plain);
                let (rules, hulls) = rules.map(|(rule, plain)| compiler.rule(rule, plain)).unzip();
                chains.push(CompiledChain { table, chain, rules, hulls });
            }
        }
        // At equal priority the chain that was registered later runs first.
        bases.reverse();
        bases.sort_by_key(|base| (base.base.hook, base.priority, base.turn, Reverse(base.base.registered)));
        Host { ruleset, chains, bases, atoms, spent: Spent::default(), surveyed: Spent::default() }
    }

    /// The base chains of a hook, in the order in which the kernel calls them. One that may stand in two
    /// places stands in the first.
    pub fn bases(&self, hook: Hook) -> impl Iterator<Item = BaseChain<'m>> + '_ {
        self.all_bases().filter(move |base| base.base.hook == hook)
    }

    /// All base chains, hook by hook, in the order in which the kernel calls them.
    pub fn all_bases(&self) -> impl Iterator<Item = BaseChain<'m>> + '_ {
        let first = |base: &BaseChain<'m>| match base.of_two {
            None => Some(*base),
            Some(1) => Some(BaseChain { when: None, ..*base }),
            Some(_) => None,
        };
        self.bases.iter().filter_map(first)
    }

    /// The calls of base chains at a hook, in order. One that may stand in two places is called twice, each
    /// time for its own packets.
    pub fn calls(&self, hook: Hook) -> impl Iterator<Item = BaseChain<'m>> + '_ {
        self.bases.iter().filter(move |base| base.base.hook == hook).copied()
    }

    /// Does it have a base chain at this hook that may do anything at all?
    pub fn filters(&self, hook: Hook, family: Family) -> bool {
        self.bases(hook).any(|base| {
            base.families.has(family)
                && (base.base.policy.value == Policy::Drop || !self.chain(base.chain).rules.is_empty())
        })
    }

    /// The chain of an id.
    pub fn chain(&self, id: ChainId) -> &CompiledChain<'m> {
        &self.chains[id.0 as usize]
    }

    /// The rule of an id.
    pub fn rule(&self, id: RuleId) -> &CompiledRule<'m> {
        &self.chain(id.chain).rules[id.index as usize]
    }

    /// The packets that fulfil some of the matches of a rule, as if it had no others. What the file
    /// cannot tell may be so or so.
    pub fn alone(&self, id: RuleId, matches: &[Spanned<Match>]) -> PacketSet {
        let table = self.chain(id.chain).table;
        let sets = Sets::of(self.ruleset);
        let mut atoms = Atoms::default();
        let mut compiler =
            Compiler { table, number: 0, sets: &sets, names: &HashMap::new(), atoms: &mut atoms };
        let families = PacketSet::from(family_cube(table.families));
        matches.iter().fold(families, |packets, part| compiler.narrow(packets, part))
    }

    /// The rules that may have packets in common with a set, with their ids, chain by chain: too many rather than
    /// too few, and found without looking at each rule.
    pub fn rules_near(&self, packets: PacketSet) -> impl Iterator<Item = (RuleId, &CompiledRule<'m>)> {
        let around = Hull::of(&packets);
        (0..).zip(&self.chains).flat_map(move |(chain, compiled)| {
            let near = (0..).zip(&compiled.hulls).filter(move |(_, hull)| hull.meets(&around));
            near.map(move |(index, _)| {
                (RuleId { chain: ChainId(chain), index }, &compiled.rules[index as usize])
            })
        })
    }

    /// All rules with their ids, chain by chain.
    pub fn rules(&self) -> impl Iterator<Item = (RuleId, &CompiledRule<'m>)> {
        (0..).zip(&self.chains).flat_map(|(chain, compiled)| {
            let ids = (0..).map(move |index| RuleId { chain: ChainId(chain), index });
            ids.zip(&compiled.rules)
        })
    }
}

/// What is at hand while the rules of a table are compiled.
struct Compiler<'a, 'm> {
    table: &'m Table,
    number: usize,
    sets: &'a Sets<'m>,
    names: &'a HashMap<&'m str, ChainId>,
    atoms: &'a mut Atoms,
}

impl<'m> Compiler<'_, 'm> {
    /// Compiles a rule whose packets may be known already.
    fn rule(&mut self, rule: &'m Rule, plain: Option<(PacketSet, Hull)>) -> (CompiledRule<'m>, Hull) {
        let target = |name: &str| self.names.get(name).copied();
        let next = match &rule.verdict.value {
            Verdict::Jump(name) => target(name).map_or(Next::Nowhere, Next::Jump),
            Verdict::Goto(name) => target(name).map_or(Next::Nowhere, Next::Goto),
            _ => Next::Verdict,
        };
        let (packets, hull) = plain.unwrap_or_else(|| boxed(self.packets(rule, next)));
        (CompiledRule { rule, packets, next, choices: self.choices(rule, next) }, hull)
    }

    /// The packets that fulfil the matches of a rule. Conditions that are free for each rule and packet
    /// (`limit`, `recent`) are one question together: all of them hold, or not. Where it is open anyway
    /// whether the rule does anything, they ask nothing new.
    fn packets(&mut self, rule: &Rule, next: Next) -> PacketSet {
        let is_open = next == Next::Nowhere || matches!(rule.verdict.value, Verdict::Unknown(_));
        let mut packets = PacketSet::from(family_cube(self.table.families));
        let mut free = None;
        for part in &rule.matches {
            match (&part.value, free) {
                (Match::Atom(atom), _) if !atom.pure && is_open => {}
                (Match::Atom(atom), Some(number)) if !atom.pure => self.atoms.extend(number, &atom.text),
                (Match::Atom(atom), None) if !atom.pure => {
                    let number = self.atoms.number(self.number, atom, part.span);
                    packets = packets.with(Axis::Atom(number), &Values::single(Axis::Atom(number), 1));
                    free = Some(number);
                }
                _ => packets = self.narrow(packets, part),
            }
        }
        packets
    }

    /// The unknowns of a verdict that a program, or something that fwlint does not know, decides.
    fn choices(&mut self, rule: &Rule, next: Next) -> Vec<u32> {
        let questions: &[&str] = match &rule.verdict.value {
            _ if next == Next::Nowhere => &["ends here", "accepts"],
            Verdict::Queue => &["the queue's program accepts"],
            Verdict::Nat(nat) if **nat == crate::model::Nat::Tproxy => &["a socket takes it"],
            Verdict::Unknown(_) => &["ends here", "accepts"],
            _ => &[],
        };
        let span = rule.verdict.span;
        let name = match &rule.verdict.value {
            Verdict::Unknown(name) | Verdict::Jump(name) | Verdict::Goto(name) => name,
            _ => "",
        };
        let text = |question: &str| format!("{name}: {question}").trim_start_matches(": ").into();
        questions
            .iter()
            .map(|question| self.atoms.number(self.number, &Atom { text: text(question), pure: false }, span))
            .collect()
    }

    fn narrow(&mut self, packets: PacketSet, part: &Spanned<Match>) -> PacketSet {
        match &part.value {
            Match::Field(axis, values) => {
                let narrowed = packets.with(*axis, values);
                // Without an entry there is no mark of a flow, and no test of it holds.
                if *axis == Axis::ConnMark { narrowed.map(with_entry) } else { narrowed }
            }
            Match::Packets(set) => packets.and(set),
            Match::Atom(atom) => self.ask(packets, atom, part.span, true),
            Match::Member { side, group, who } => {
                let number = self.atoms.member(self.number, *side, group, *who, part.span);
                answered(packets, number, true)
            }
            Match::Owner { axis, name, negated } => {
                let atom = Axis::Atom(self.atoms.owner(self.number, *axis, name, part.span));
                let yes = Ranges::single(u128::from(!negated));
                // A packet without a socket, or of the kernel's own, has no owner, so the negation holds for it.
                let owned = Ranges::new(0, NO_OWNER - 1);
                let mut all = packets.map(|cube| cube.with(*axis, owned.clone())?.with(atom, yes.clone()));
                if *negated {
                    all.add(packets.map(|cube| cube.with(*axis, Ranges::new(NO_OWNER, KERNEL))));
                }
                all
            }
            Match::Lookup { set, keys, negated } => self.look_up(packets, (set, keys), *negated, part.span),
        }
    }

    /// Narrows to the packets that are in a set, or not. What rules put into it or take from it may be there or
    /// not: who is listed stays in a set that is only added to, and who is not stays out of one that is only
    /// deleted from.
    fn look_up(
        &mut self,
        packets: PacketSet,
        (set, keys): (&str, &[Key]),
        negated: bool,
        span: Span,
    ) -> PacketSet {
        let (adds, deletes) = self.sets.fills(set);
        let text = format!("in set {set} ({})", lookup::name_keys(keys)).into();
        // Between two questions about one packet a rule may have changed the answer.
        let atom = Atom { text, pure: !adds && !deletes };
        let Some(members) = self.sets.members(set, keys).filter(|_| !(adds && deletes)) else {
            return self.ask(packets, &atom, span, !negated);
        };
        let listed = packets.and(&members);
        if !negated && !adds {
            return if deletes { self.ask(listed, &atom, span, true) } else { listed };
        }
        let Ok(others) = packets.minus(&members) else { return self.ask(packets, &atom, span, !negated) };
        match (negated, adds) {
            (true, true) => self.ask(others, &atom, span, false),
            (true, false) => {
                let mut all = others;
                if deletes {
                    all.add(self.ask(listed, &atom, span, false));
                }
                all
            }
            (false, _) => {
                let mut all = listed;
                all.add(self.ask(others, &atom, span, true));
                all
            }
        }
    }

    /// Narrows to the packets for which the answer to an unknown is yes (or no).
    fn ask(&mut self, packets: PacketSet, atom: &Atom, span: Span, yes: bool) -> PacketSet {
        answered(packets, self.atoms.number(self.number, atom, span), yes)
    }
}

/// The packets for which an unknown is answered so.
fn answered(packets: PacketSet, number: u32, yes: bool) -> PacketSet {
    let axis = Axis::Atom(number);
    packets.with(axis, &Values::single(axis, u128::from(yes)))
}

/// The packets of the rules of a table that ask for nothing but properties of packets, worked out side by
/// side: in long chains nearly all are of this kind. `None` for the others.
fn plain_rules(families: Families, rules: &[Rule]) -> Vec<Option<(PacketSet, Hull)>> {
    /// So few rules are not worth another thread.
    const FEW: usize = 1024;
    let all = PacketSet::from(family_cube(families));
    let plain = |rule: &Rule| {
        let packets = rule.matches.iter().try_fold(all.clone(), |packets, part| match &part.value {
            Match::Field(axis, values) if *axis != Axis::ConnMark => Some(packets.with(*axis, values)),
            Match::Packets(set) => Some(packets.and(set)),
            _ => None,
        });
        packets.map(boxed)
    };
    rules.par_iter().with_min_len(FEW).map(plain).collect()
}

/// A set with the box around it.
fn boxed(packets: PacketSet) -> (PacketSet, Hull) {
    let hull = Hull::of(&packets);
    (packets, hull)
}

/// The packets of a table's families.
fn family_cube(families: Families) -> Option<Cube> {
    let numbers = Family::ALL.into_iter().filter(|family| families.has(*family)).map(Family::number);
    Cube::any().with(Axis::Family, Ranges::union(numbers.map(|number| (number, number))))
}

/// The packets that have a conntrack entry.
fn with_entry(cube: Cube) -> Option<Cube> {
    cube.with(Axis::Direction, Ranges::new(direction::ORIGINAL, direction::REPLY))
}
