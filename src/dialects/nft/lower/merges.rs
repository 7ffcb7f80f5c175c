//! What `nft -o` makes of the rules of a chain, where that is not plainly the same.
//!
//! It puts rules that follow each other and look at the same into one, with a set or a map of verdicts. Source:
//! nft 1.0.6, asked what it merges (`nft -c -o -f`): it compares what is looked at without the mask of a bit
//! operation, takes a test of flags for a comparison, and of two statements of one rule that look at the same it
//! knows the last.

use rayon::prelude::*;
use smallvec::SmallVec;

use crate::dialects::nft::ast::{
    Chain, Comparison, Datatype, Element, Entry, Expression, ExpressionKind, Reject, Rule, Statement,
    StatementKind, Target, Verdict,
};

use crate::source::Span;

/// With so many kinds of statements in one chain nft merges nothing.
const TOO_MANY: usize = 32;

/// So few rules are looked through one after the other.
const MANY: usize = 4_096;

/// Rules that nft puts into one.
#[derive(Debug)]
pub(super) struct Merge<'t> {
    pub chain: Box<str>,
    pub rules: Vec<Span>,
    pub after: Rule<'t>,
}

/// The rules of a chain that nft puts together, where what comes out may be something else. If one is delicate, there must
/// be trees of all.
pub(super) fn of<'t>(chain: &Chain<'t>) -> Vec<Merge<'t>> {
    let entries = chain.entries.par_iter().with_min_len(MANY);
    if !entries.filter_map(Entry::tree).any(is_delicate) {
        return Vec::new();
    }
    let rules: Vec<&Rule<'t>> = chain.rules().collect();
    let shapes: Vec<Option<Vec<Slot<'_, 't>>>> = rules.iter().map(|rule| shape(rule)).collect();
    if has_too_many(&shapes) {
        return Vec::new();
    }
    let mut merges = Vec::new();
    let mut first = 0;
    while first < rules.len() {
        let is_alike = |other: &Option<Vec<Slot<'_, 't>>>| match (&shapes[first], other) {
            (Some(one), Some(other)) => are_alike(one, other),
            _ => false,
        };
        let count = 1 + shapes[first + 1..].iter().take_while(|other| is_alike(other)).count();
        let group = first..first + count;
        if let Some(slots) = &shapes[first]
            && count > 1
            && rules[group.clone()].iter().any(|rule| is_delicate(rule))
        {
            let shapes: Vec<_> = shapes[group.clone()].iter().flatten().map(Vec::as_slice).collect();
            let after = merge(rules[first], slots, &shapes);
            let spans = rules[group.clone()].iter().map(|rule| rule.span).collect();
            let chain = chain.name.value.as_ref().into();
            merges.extend(after.map(|after| Merge { chain, rules: spans, after }));
        }
        first = group.end;
    }
    merges
}

/// A kind of statement, and its last one in a rule.
struct Slot<'r, 't> {
    kind: Kind<'r, 't>,
    at: usize,
}

enum Kind<'r, 't> {
    Match { left: &'r Expression<'t>, is_explicit: bool, right: &'r Expression<'t> },
    Counter,
    Notrack,
    Reject { resets: bool },
    Verdict(&'r Verdict<'t>),
}

/// Is there something in a rule that nft does not merge as it is: bits, flags, two looks at the same?
pub fn is_delicate(rule: &Rule<'_>) -> bool {
    let mut lefts: SmallVec<[&Expression<'_>; 4]> = SmallVec::new();
    rule.statements.iter().any(|statement| {
        let StatementKind::Match { left, right, .. } = &statement.kind else { return false };
        let is_delicate = match &left.kind {
            ExpressionKind::Binary(..) => true,
            ExpressionKind::Selector(selector) => match selector.datatype {
                Datatype::TcpFlag | Datatype::CtStatus | Datatype::Bitmask => true,
                Datatype::CtState => matches!(right.kind, ExpressionKind::List(_)),
                _ => false,
            },
            _ => false,
        };
        let is_again = lefts.iter().any(|other| looks_at_same(left, other));
        lefts.push(left);
        is_delicate || is_again
    })
}

/// The kinds of statements of a rule, each once; `None` if nft merges it with no other.
fn shape<'r, 't>(rule: &'r Rule<'t>) -> Option<Vec<Slot<'r, 't>>> {
    let mut slots: Vec<Slot<'r, 't>> = Vec::with_capacity(rule.statements.len());
    for (at, statement) in rule.statements.iter().enumerate() {
        let kind = kind(statement)?;
        match slots.iter_mut().find(|slot| slot.kind.is_same(&kind)) {
            Some(slot) => *slot = Slot { kind, at },
            None => slots.push(Slot { kind, at }),
        }
    }
    Some(slots)
}

fn kind<'r, 't>(statement: &'r Statement<'t>) -> Option<Kind<'r, 't>> {
    Some(match &statement.kind {
        StatementKind::Match { left, comparison, right } => {
            let is_explicit = match comparison {
                Comparison::Implicit => false,
                Comparison::Equal => true,
                _ => return None,
            };
            let is_constant = matches!(
                right.kind,
                ExpressionKind::Word(_)
                    | ExpressionKind::Range(_)
                    | ExpressionKind::Prefix(..)
                    | ExpressionKind::Set(_)
                    | ExpressionKind::List(_)
            );
            if !is_constant {
                return None;
            }
            Kind::Match { left, is_explicit, right }
        }
        StatementKind::Passive("counter") => Kind::Counter,
        StatementKind::Notrack => Kind::Notrack,
        StatementKind::Reject(None) => Kind::Reject { resets: false },
        StatementKind::Reject(Some(Reject::TcpReset)) => Kind::Reject { resets: true },
        StatementKind::Verdict(Verdict::Jump(target) | Verdict::Goto(target))
            if !matches!(target, Target::Chain(_)) =>
        {
            return None;
        }
        StatementKind::Verdict(verdict) => Kind::Verdict(verdict),
        _ => return None,
    })
}

impl Kind<'_, '_> {
    fn is_same(&self, other: &Kind<'_, '_>) -> bool {
        match (self, other) {
            (
                Kind::Match { left: one, is_explicit: a, .. },
                Kind::Match { left: other, is_explicit: b, .. },
            ) => a == b && looks_at_same(one, other),
            (Kind::Reject { resets: one }, Kind::Reject { resets: other }) => one == other,
            (Kind::Counter, Kind::Counter)
            | (Kind::Notrack, Kind::Notrack)
            | (Kind::Verdict(_), Kind::Verdict(_)) => true,
            _ => false,
        }
    }
}

/// Do two expressions look at the same, as far as nft compares them: of arithmetic the left side alone?
fn looks_at_same(one: &Expression<'_>, other: &Expression<'_>) -> bool {
    match (&one.kind, &other.kind) {
        (ExpressionKind::Binary(_, one), ExpressionKind::Binary(_, other)) => looks_at_same(&one.0, &other.0),
        (ExpressionKind::Selector(one), ExpressionKind::Selector(other)) => one == other,
        (
            one @ (ExpressionKind::Directed(..)
            | ExpressionKind::Payload { .. }
            | ExpressionKind::Option(_)
            | ExpressionKind::Fib { .. }),
            other,
        ) => one == other,
        _ => false,
    }
}

fn are_alike(one: &[Slot<'_, '_>], other: &[Slot<'_, '_>]) -> bool {
    let is_in = |slot: &Slot<'_, '_>| other.iter().any(|other| slot.kind.is_same(&other.kind));
    one.len() == other.len() && one.iter().all(is_in)
}

fn has_too_many(shapes: &[Option<Vec<Slot<'_, '_>>>]) -> bool {
    let mut kinds: Vec<&Kind<'_, '_>> = Vec::new();
    for slot in shapes.iter().flatten().flatten() {
        if !kinds.iter().any(|kind| kind.is_same(&slot.kind)) {
            kinds.push(&slot.kind);
        }
        if kinds.len() >= TOO_MANY {
            return true;
        }
    }
    false
}

/// The rule that nft makes of several: the first of them, what they look at put into a set or map. `None` where nft
/// makes nothing that loads.
fn merge<'t>(first: &Rule<'t>, slots: &[Slot<'_, 't>], shapes: &[&[Slot<'_, 't>]]) -> Option<Rule<'t>> {
    let parts: Vec<(&Slot<'_, 't>, &Expression<'t>)> = slots
        .iter()
        .filter_map(|slot| match slot.kind {
            Kind::Match { left, .. } => Some((slot, left)),
            _ => None,
        })
        .collect();
    let verdicts: Option<Vec<&Verdict<'t>>> = shapes.iter().map(|shape| verdict(shape)).collect();
    let is_map = verdicts.as_ref().is_some_and(|all| all.iter().any(|verdict| *verdict != all[0]));
    let place = parts.first()?.0.at;
    let mut elements = Vec::new();
    for (number, shape) in shapes.iter().enumerate() {
        let right = |slot: &Slot<'_, 't>| {
            shape.iter().find_map(|other| match other.kind {
                Kind::Match { right, .. } if slot.kind.is_same(&other.kind) => Some(right),
                _ => None,
            })
        };
        let rights: Vec<&Expression<'t>> =
            parts.iter().map(|(slot, _)| right(slot)).collect::<Option<_>>()?;
        let value = verdicts.as_ref().filter(|_| is_map).map(|all| all[number]);
        for key in keys(&rights, is_map)? {
            let span = key.span;
            let value = value
                .map(|verdict| Expression::new(ExpressionKind::Verdict(Box::new(verdict.clone())), span));
            elements.push(Element { key, value, timeout: false, span });
        }
    }
    let span = first.statements[place].span;
    let left = match &parts[..] {
        [(_, left)] => (*left).clone(),
        _ => {
            let lefts = parts.iter().map(|(_, left)| (*left).clone());
            Expression::new(ExpressionKind::Concat(lefts.collect()), span)
        }
    };
    let right = Expression::new(ExpressionKind::Set(elements.into()), span);
    let merged = match is_map {
        true => StatementKind::VerdictMap(Box::new((left, right))),
        false => StatementKind::Match { left, comparison: Comparison::Implicit, right },
    };
    let mut merged = Some(Statement { kind: merged, span });
    let is_gone = |at: usize| {
        parts.iter().any(|(slot, _)| slot.at == at)
            || is_map && matches!(first.statements[at].kind, StatementKind::Verdict(_))
    };
    let mut statements = Vec::new();
    for (at, statement) in first.statements.iter().enumerate() {
        match at {
            at if at == place => statements.extend(merged.take()),
            at if is_gone(at) => {}
            _ => statements.push(statement.clone()),
        }
    }
    Some(Rule { statements, ..first.clone() })
}

fn verdict<'r, 't>(shape: &[Slot<'r, 't>]) -> Option<&'r Verdict<'t>> {
    shape.iter().find_map(|slot| match slot.kind {
        Kind::Verdict(verdict) => Some(verdict),
        _ => None,
    })
}

/// The keys under which what a rule compares with stands in the set or map; `None` where nft fails.
fn keys<'t>(rights: &[&Expression<'t>], is_map: bool) -> Option<Vec<Expression<'t>>> {
    let each = |right: &Expression<'t>| match &right.kind {
        ExpressionKind::Set(elements) => elements.iter().map(|element| element.key.clone()).collect(),
        ExpressionKind::List(parts) if is_map && rights.len() == 1 => parts.to_vec(),
        _ => vec![right.clone()],
    };
    let is_wrong = |right: &&Expression<'t>| match right.kind {
        ExpressionKind::Set(_) => is_map,
        ExpressionKind::List(_) => !is_map,
        _ => false,
    };
    match rights {
        [right] => Some(each(right)),
        _ if rights.iter().any(is_wrong) => None,
        _ => {
            let mut keys: Vec<Vec<Expression<'t>>> = vec![Vec::new()];
            for right in rights {
                let parts = each(right);
                let longer = |key: &Vec<Expression<'t>>, part: &Expression<'t>| {
                    key.iter().chain([part]).cloned().collect::<Vec<_>>()
                };
                keys = keys.iter().flat_map(|key| parts.iter().map(move |part| longer(key, part))).collect();
            }
            let span = rights[0].span;
            Some(
                keys.into_iter()
                    .map(|key| Expression::new(ExpressionKind::Concat(key.into()), span))
                    .collect(),
            )
        }
    }
}
