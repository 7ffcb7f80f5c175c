//! From the model to what the walk needs: each rule as a packet set, each hook as a list of chains.

mod owners;
mod rules;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use crate::model::{Base, Chain, Families, Hook, Match, Policy, Rule, Ruleset, Table};
use crate::packet::{Family, Hull, PacketSet};
use crate::source::Spanned;

use super::atoms::Atoms;
use super::effort::Spent;
use super::lookup::Sets;
use super::mangled::{Asked, Mangled};
use super::order::{self, Call, Question};
use owners::Owners;
pub(super) use rules::family_cube;
use rules::{Compiler, plain_rules};

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
    /// What rules match that ask for the owners of what comes in.
    owners: Option<Owners>,
    /// The rules that write into packets, each with the unknown that asks what becomes of these.
    rewriters: Vec<(u32, RuleId)>,
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
    /// The unknowns of its verdict (queue, unknown target), and behind them that of what it writes into packets: each has a
    /// number of its own, one behind the other.
    pub choices: Range<u32>,
    /// The unknown of what becomes of packets into which it writes, if it does.
    written: Option<u32>,
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

impl CompiledRule<'_> {
    /// The unknown of what becomes of packets into which it writes, if it does.
    pub fn rewrites(&self) -> Option<u32> {
        self.written
    }
}

impl<'m> Host<'m> {
    /// Compiles a ruleset.
    pub fn new(ruleset: &'m Ruleset) -> Self {
        let mut atoms = Atoms::default();
        let sets = Sets::of(ruleset);
        let mangled = Mangled::of(ruleset);
        let mut chains = Vec::new();
        let mut bases = Vec::new();
        let (mut asking, mut rewriters) = (Vec::new(), Vec::new());
        for (which, table) in ruleset.tables.iter().enumerate() {
            let first = chains.len() as u32;
            let names: HashMap<&str, ChainId> =
                (first..).zip(&table.chains).map(|(id, chain)| (&*chain.name, ChainId(id))).collect();
            let repeated = mangled.repeated(table);
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
                let mangled = mangled.asked(table.families);
                let mut compiler = Compiler {
                    table,
                    number: which,
                    sets: &sets,
                    names: &names,
                    atoms: &mut atoms,
                    mangled,
                    is_met_twice: repeated.contains(&*chain.name),
                };
                let (mut rules, mut hulls) = plain_rules(table.families, &chain.rules, mangled);
                // What has been left without packets is not plain, or has none.
                for (at, hull) in hulls.iter_mut().enumerate().filter(|(_, hull)| hull.is_empty()) {
                    rules[at] = compiler.rule(&chain.rules[at]);
                    *hull = Hull::of(&rules[at].packets);
                    let rule = RuleId { chain: id, index: at as u32 };
                    if rules[at].packets.cubes().iter().any(owners::names_owner) {
                        asking.push(rule);
                    }
                    rewriters.extend(rules[at].rewrites().map(|atom| (atom, rule)));
                }
                chains.push(CompiledChain { table, chain, rules, hulls });
            }
        }
        // At equal priority the chain that was registered later runs first.
        bases.reverse();
        bases.sort_by_key(|base| (base.base.hook, base.priority, base.turn, Reverse(base.base.registered)));
        let rewrites = !rewriters.is_empty();
        let owners = (!asking.is_empty())
            .then(|| Owners::of_input(asking, &chains, &bases, &mut atoms, rewrites))
            .flatten();
        let (spent, surveyed) = (Spent::default(), Spent::default());
        Host { ruleset, chains, bases, atoms, owners, rewriters, spent, surveyed }
    }

    /// Does a rule of it write into packets?
    pub fn rewrites(&self) -> bool {
        !self.rewriters.is_empty()
    }

    /// Must packets be told apart behind a rule that writes something into them by which they are neither routed nor tracked?
    pub(super) fn tells_mangled(&self, rule: &CompiledRule) -> bool {
        rule.rule.mangles() && self.atoms.has_earlier()
    }

    /// The rules that write into packets.
    pub fn rewriters(&self) -> impl Iterator<Item = RuleId> + '_ {
        self.rewriters.iter().map(|(_, rule)| *rule)
    }

    /// The rule that writes into packets and of which an unknown asks what becomes of them.
    pub fn rewriter(&self, atom: u32) -> Option<RuleId> {
        self.rewriters.iter().find(|known| known.0 == atom).map(|known| known.1)
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

    /// The unknown "is the socket that asks connected?", if a rule of INPUT that may meet any of these answers asks for owners.
    pub fn owner_asked(&self, answers: &[&PacketSet]) -> Option<u32> {
        self.owners.as_ref()?.asked(answers)
    }

    /// Does a base chain let all packets pass, for want of rules?
    pub fn is_open(&self, base: BaseChain) -> bool {
        self.chain(base.chain).rules.is_empty() && base.base.policy.value == Policy::Accept
    }

    /// The calls of base chains at a hook, in order. One that may stand in two places is called twice, each
    /// time for its own packets.
    pub fn calls(&self, hook: Hook) -> impl Iterator<Item = BaseChain<'m>> + '_ {
        self.bases.iter().filter(move |base| base.base.hook == hook).copied()
    }

    /// The calls of base chains at all hooks, hook by hook and in order.
    pub fn all_calls(&self) -> impl Iterator<Item = BaseChain<'m>> + '_ {
        self.bases.iter().copied()
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
        let mut compiler = Compiler {
            table,
            number: 0,
            sets: &sets,
            names: &HashMap::new(),
            atoms: &mut atoms,
            mangled: Asked::NOTHING,
            is_met_twice: false,
        };
        let families = PacketSet::from(family_cube(table.families));
        matches.iter().fold(families, |packets, part| compiler.narrow(packets, part))
    }

    /// The rules that may have packets in common with a set, with their ids, chain by chain: too many rather than
    /// too few, and found without looking at each rule.
    pub fn rules_near(&self, packets: PacketSet) -> impl Iterator<Item = (RuleId, &CompiledRule<'m>)> {
        let around = Hull::of(&packets);
        self.rules_in(move |hull| hull.meets(&around))
    }

    /// The rules that no packet can match, with their ids, chain by chain, likewise.
    pub fn rules_without_packets(&self) -> impl Iterator<Item = (RuleId, &CompiledRule<'m>)> {
        self.rules_in(Hull::is_empty)
    }

    /// The rules around whose packets there is such a box.
    fn rules_in(
        &self,
        is_wanted: impl Fn(&Hull) -> bool + Clone,
    ) -> impl Iterator<Item = (RuleId, &CompiledRule<'m>)> {
        (0..).zip(&self.chains).flat_map(move |(chain, compiled)| {
            let is_wanted = is_wanted.clone();
            let wanted = (0..).zip(&compiled.hulls).filter(move |(_, hull)| is_wanted(hull));
            wanted.map(move |(index, _)| {
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
