//! What one field of a rule asks of a packet.

use crate::model::{Atom, Match, Rule, Verdict};
use crate::packet::{Axis, PacketSet, Values};
use crate::source::{Span, Spanned};

/// What one field, or several that mean the same, ask of a packet: it is one of the packets that are known, or
/// some of what is not known holds.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    known: Option<(PacketSet, Span)>,
    /// Each way on which something is unknown.
    unknown: Vec<Vec<Spanned<Match>>>,
}

impl Condition {
    /// Nothing fulfils it, so far.
    pub fn none() -> Self {
        Condition { known: None, unknown: Vec::new() }
    }

    /// These packets fulfil it.
    pub fn known(packets: PacketSet, span: Span) -> Self {
        Condition { known: Some((packets, span)), unknown: Vec::new() }
    }

    /// These are the packets that are known to fulfil it.
    pub fn with_known(self, packets: PacketSet, span: Span) -> Self {
        Condition { known: Some((packets, span)), ..self }
    }

    /// These are known to fulfil it besides.
    pub fn or_known(self, packets: PacketSet, span: Span) -> Self {
        let known = match self.known {
            Some((mut others, _)) => {
                others.add(packets);
                others
            }
            None => packets,
        };
        Condition { known: Some((known, span)), ..self }
    }

    /// Packets fulfil it of which the export does not tell.
    pub fn or_unknown(self, text: impl Into<Box<str>>, span: Span) -> Self {
        self.or(Spanned::new(Atom::pure(text).into(), span))
    }

    /// What fulfils this fulfils it.
    pub fn or(mut self, other: Spanned<Match>) -> Self {
        self.unknown.push(vec![other]);
        self
    }

    /// Those of some packets fulfil it of which this is true, and the export does not tell whether it is.
    pub fn or_if(self, packets: PacketSet, text: &str, span: Span) -> Self {
        self.or_both(packets, Spanned::new(Atom::pure(text).into(), span))
    }

    /// Those of some packets fulfil it that fulfil something else, too.
    pub fn or_both(mut self, packets: PacketSet, other: Spanned<Match>) -> Self {
        let packets = Match::Packets(Box::new(packets));
        self.unknown.push(vec![Spanned::new(packets, other.span), other]);
        self
    }

    /// Each way to fulfil it.
    fn ways(&self) -> Vec<Vec<Spanned<Match>>> {
        let known = self.known.iter().map(|(packets, span)| {
            let packets = Match::Packets(Box::new(packets.clone()));
            vec![Spanned::new(packets, *span)]
        });
        known.chain(self.unknown.iter().cloned()).collect()
    }
}

/// The rules that a rule of an export becomes, which fulfils all of some conditions: one for each way to fulfil
/// them. Ways that hang on something unknown stand where that is written.
pub fn rules(
    span: Span,
    conditions: &[Condition],
    verdict: &Spanned<Verdict>,
    comment: Option<&Spanned<Box<str>>>,
) -> Vec<Rule> {
    let mut ways: Vec<Vec<Spanned<Match>>> = vec![Vec::new()];
    for condition in conditions {
        let next = condition.ways();
        ways = ways.iter().flat_map(|way| next.iter().map(move |more| extended(way, more))).collect();
    }
    // A way over both families is none, unless there are no others.
    if ways.len() > 1 {
        let (possible, impossible): (Vec<_>, Vec<_>) = ways.into_iter().partition(|way| is_possible(way));
        ways = if possible.is_empty() { impossible } else { possible };
    }
    let rule = |matches: Vec<Spanned<Match>>| {
        let unknown = matches.iter().find(|part| !matches!(part.value, Match::Packets(_)));
        let span = unknown.map_or(span, |part| part.span);
        Rule {
            span,
            matches,
            actions: Vec::new(),
            verdict: verdict.clone(),
            comment: comment.cloned().map(Box::new),
        }
    };
    ways.into_iter().map(rule).collect()
}

/// A rule with its conditions field by field, where each is one on each: most are, and exports have hundreds of thousands of
/// them.
pub fn in_fields(rule: Rule) -> Rule {
    let is_one =
        |part: &Spanned<Match>| matches!(&part.value, Match::Packets(packets) if packets.cubes().len() == 1);
    if !rule.matches.iter().any(is_one) {
        return rule;
    }
    let each = |part: Spanned<Match>| match &part.value {
        Match::Packets(packets) if packets.cubes().len() == 1 => {
            let sides = packets.cubes().iter().flat_map(|cube| cube.sides());
            let field = |(axis, values): &(Axis, Values)| Match::Field(*axis, values.clone());
            sides.map(|side| Spanned::new(field(side), part.span)).collect()
        }
        _ => vec![part],
    };
    let mut matches: Vec<Spanned<Match>> = rule.matches.into_iter().flat_map(each).collect();
    matches.shrink_to_fit();
    Rule { matches, ..rule }
}

/// Is there a packet that fulfils all that is known of a way?
fn is_possible(way: &[Spanned<Match>]) -> bool {
    let sets = way.iter().filter_map(|part| match &part.value {
        Match::Packets(packets) => Some(&**packets),
        _ => None,
    });
    !sets.fold(PacketSet::any(), |all, packets| all.and(packets)).is_empty()
}

fn extended(way: &[Spanned<Match>], more: &[Spanned<Match>]) -> Vec<Spanned<Match>> {
    way.iter().chain(more).cloned().collect()
}
