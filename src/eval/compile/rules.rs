//! Rules compiled: each with the packets that it matches.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use super::super::atoms::Atoms;
use super::super::lookup::{self, Sets};
use super::super::mangled::Asked;
use super::{ChainId, CompiledRule, Next, owners};
use crate::model::{
    Action, Atom, AtomKind, Families, Lookup, Match, Member, Owner, Resolved, Rule, Table, Verdict,
};
use crate::packet::axis::{KERNEL, NO_OWNER, direction};
use crate::packet::{Axis, Cube, Family, Hull, PacketSet, Ranges, Values, Words};
use crate::source::{Span, Spanned};

/// What is at hand while the rules of a table are compiled.
pub(super) struct Compiler<'a, 'm> {
    pub table: &'m Table,
    pub number: usize,
    pub sets: &'a Sets<'m>,
    pub names: &'a HashMap<&'m str, ChainId>,
    pub atoms: &'a mut Atoms,
    /// What rules may have written into packets before.
    pub mangled: Asked<'a>,
    /// May packets meet a rule of the chain more than once?
    pub is_met_twice: bool,
}

impl<'m> Compiler<'_, 'm> {
    /// Compiles a rule.
    pub fn rule(&mut self, rule: &'m Rule) -> CompiledRule<'m> {
        let target = |name: &str| self.names.get(name).copied();
        let next = match &rule.verdict.value {
            Verdict::Jump(name) => target(name).map_or(Next::Nowhere, Next::Jump),
            Verdict::Goto(name) => target(name).map_or(Next::Nowhere, Next::Goto),
            _ => Next::Verdict,
        };
        let packets = self.packets(rule, next);
        let (choices, written) = self.choices(rule, next);
        CompiledRule { rule, packets, next, choices, written }
    }

    /// The packets that fulfil the matches of a rule. Conditions that are free for each rule and packet
    /// (`limit`, `recent`) are one question together: all of them hold, or not. Where it is open anyway
    /// whether the rule does anything, they ask nothing new.
    fn packets(&mut self, rule: &Rule, next: Next) -> PacketSet {
        let is_open = next == Next::Nowhere || matches!(rule.verdict.value, Verdict::Unknown(_));
        let refuses = matches!(rule.verdict.value, Verdict::Drop | Verdict::Reject(_));
        let is_rate = |kind| kind == AtomKind::Rate || kind == AtomKind::Remembered && refuses;
        let mut packets = PacketSet::from(family_cube(self.table.families));
        let mut free = None;
        for part in &rule.matches {
            match (&part.value, free) {
                (Match::Atom(atom), _) if !atom.is_pure() && is_open => {}
                (Match::Atom(atom), Some(number)) if !atom.is_pure() => {
                    self.atoms.extend(number, &atom.text, is_rate(atom.kind));
                }
                (Match::Atom(atom), None) if !atom.is_pure() => {
                    let number = self.atoms.number(self.number, atom, part.span);
                    self.atoms.get_mut(number).is_rate = is_rate(atom.kind);
                    packets = packets.with(Axis::Atom(number), &Values::single(Axis::Atom(number), 1));
                    free = Some(number);
                }
                _ => packets = self.narrow(packets, part),
            }
        }
        packets
    }

    /// The unknowns of a verdict that a program, or something that fwlint does not know, decides, and behind them that of what
    /// the rule writes.
    fn choices(&mut self, rule: &Rule, next: Next) -> (Range<u32>, Option<u32>) {
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
        let atom = |question: &str| Atom::free(format!("{name}: {question}").trim_start_matches(": "));
        let first = self.atoms.len() as u32;
        for question in questions {
            self.atoms.number(self.number, &atom(question), span);
        }
        let written = rule.actions.iter().find_map(|action| match &action.value {
            Action::Rewrite(rewrite) => Some((&rewrite.text, action.span)),
            _ => None,
        });
        let written =
            written.map(|(text, span)| self.atoms.number(self.number, &Atom::free(text.clone()), span));
        (first..self.atoms.len() as u32, written)
    }

    pub fn narrow(&mut self, packets: PacketSet, part: &Spanned<Match>) -> PacketSet {
        let members = || match &part.value {
            Match::Lookup(lookup) => self.sets.members(&lookup.set, &lookup.keys),
            _ => None,
        };
        let Some(written) = self.mangled.written(&part.value, members) else {
            return self.narrow_unwritten(packets, part);
        };
        let (asked, others) = match packets.minus(&written) {
            Ok(others) => (packets.and(&written), others),
            Err(_) => (packets, PacketSet::none()),
        };
        let mut all = match others.is_empty() {
            true => others,
            false => self.narrow_unwritten(others, part),
        };
        if !asked.is_empty() {
            let number =
                self.atoms.mangled(self.number, &in_words(&part.value), part.span, self.is_met_twice);
            all.add(answered(asked, number, true));
        }
        all
    }

    /// The same where no rule has written what is asked for.
    fn narrow_unwritten(&mut self, packets: PacketSet, part: &Spanned<Match>) -> PacketSet {
        match &part.value {
            Match::Field(axis, values) => {
                let narrowed = packets.with(*axis, values);
                // Without an entry there is no mark of a flow, and no test of it holds.
                if *axis == Axis::ConnMark { narrowed.map(with_entry) } else { narrowed }
            }
            Match::Packets(set) => packets.and(set),
            Match::Atom(atom) => self.ask(packets, atom, part.span, true),
            Match::Noted(_) => packets,
            Match::Member(member) => {
                let Member { side, group, who } = member.as_ref();
                let number = self.atoms.member(self.number, *side, group, *who, part.span);
                answered(packets, number, true)
            }
            Match::Resolved(resolved) => {
                let Resolved { side, name } = resolved.as_ref();
                let atom = Atom::pure(format!("{name} leads to the {side:?}").to_lowercase());
                self.ask(packets, &atom, part.span, true)
            }
            Match::Said(speaking) => {
                let number = self.atoms.said(self.number, &speaking.said, part.span);
                answered(packets, number, !speaking.negated)
            }
            Match::Owner(owner) => {
                let Owner { axis, name, negated } = owner.as_ref();
                let atom = Axis::Atom(self.atoms.owner(self.number, *axis, name, part.span));
                let yes = Ranges::single(u128::from(!negated));
                // A packet without a socket, or of the kernel's own, has no owner, so the negation holds for it.
                let owned = Ranges::new(0, NO_OWNER - 1);
                let mut all =
                    packets.clone().map(|cube| cube.with(*axis, owned.clone())?.with(atom, yes.clone()));
                if *negated {
                    all.add(packets.with(*axis, &Ranges::new(NO_OWNER, KERNEL).into()));
                }
                all
            }
            Match::Lookup(lookup) => self.look_up(packets, lookup, part.span),
        }
    }

    /// Narrows to the packets that are in a set, or not. What rules put into it or take from it may be there or
    /// not: who is listed stays in a set that is only added to, and who is not stays out of one that is only
    /// deleted from.
    fn look_up(&mut self, packets: PacketSet, lookup: &Lookup, span: Span) -> PacketSet {
        let Lookup { set, keys, negated } = lookup;
        let negated = *negated;
        let (adds, deletes) = self.sets.fills(set);
        let text = format!("in set {set} ({})", lookup::name_keys(keys));
        // Between two questions about one packet a rule may have changed the answer.
        let atom = if adds || deletes { Atom::free(text) } else { Atom::pure(text) };
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

/// What a condition asks for that rules may have written.
fn in_words(part: &Match) -> String {
    let any = Cube::any();
    let words = match part {
        Match::Field(axis, values) => Words::within(&any).cube(&Cube::any().set(*axis, values.clone())),
        Match::Packets(set) => Words::within(&any).set(set),
        Match::Lookup(lookup) => format!("in set {} ({})", lookup.set, lookup::name_keys(&lookup.keys)),
        Match::Atom(atom) => atom.text.to_string(),
        _ => String::new(),
    };
    words.strip_prefix("everything ").map_or(words.clone(), str::to_owned)
}

/// The packets for which an unknown is answered so.
fn answered(packets: PacketSet, number: u32, yes: bool) -> PacketSet {
    let axis = Axis::Atom(number);
    packets.with(axis, &Values::single(axis, u128::from(yes)))
}

/// The rules of a table that ask for nothing but properties of packets, and not whose they are, and decide without asking
/// anyone, with the boxes around them, worked out side by side: in long chains nearly all are of this kind. The others are
/// left without packets.
pub(super) fn plain_rules<'m>(
    families: Families,
    rules: &'m [Rule],
    mangled: Asked<'_>,
) -> (Vec<CompiledRule<'m>>, Vec<Hull>) {
    /// So few rules are not worth another thread.
    const FEW: usize = 1024;
    let all = PacketSet::from(family_cube(families));
    let plain = |rule: &'_ Rule| {
        rule.matches.iter().try_fold(all.clone(), |packets, part| match &part.value {
            part if owners::asks(part) => None,
            Match::Field(axis, _) if mangled.has(*axis) => None,
            Match::Packets(set)
                if set.cubes().iter().flat_map(Cube::sides).any(|side| mangled.has(side.0)) =>
            {
                None
            }
            Match::Field(axis, values) if *axis != Axis::ConnMark => Some(packets.with(*axis, values)),
            Match::Packets(set) => Some(packets.and(set)),
            Match::Noted(_) => Some(packets),
            _ => None,
        })
    };
    let compile = |rule| {
        let packets = plain(rule)
            .filter(|_| decides_alone(&rule.verdict.value) && !rule.rewrites())
            .unwrap_or_default();
        let hull = Hull::of(&packets);
        (CompiledRule { rule, packets, next: Next::Verdict, choices: 0..0, written: None }, hull)
    };
    let (mut compiled, mut hulls) = (Vec::new(), Vec::new());
    rules.par_iter().with_min_len(FEW).map(compile).unzip_into_vecs(&mut compiled, &mut hulls);
    (compiled, hulls)
}

/// Does a verdict lead to no other chain, and ask nobody what to do?
fn decides_alone(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Accept | Verdict::Drop | Verdict::Reject(_) | Verdict::Return | Verdict::Continue
    )
}

/// The packets of a table's families.
pub(in crate::eval) fn family_cube(families: Families) -> Option<Cube> {
    let numbers = Family::ALL.into_iter().filter(|family| families.has(*family)).map(Family::number);
    Cube::any().with(Axis::Family, Ranges::union(numbers.map(|number| (number, number))))
}

/// The packets that have a conntrack entry.
fn with_entry(cube: Cube) -> Option<Cube> {
    cube.with(Axis::Direction, Ranges::new(direction::ORIGINAL, direction::REPLY))
}
