//! `impossible-match`: a rule that no packet can match.

use super::{Context, deed, kept, mend};
use crate::eval::{CompiledRule, RuleId};
use crate::finding::{Finding, Level};
use crate::model::{Base, ChainKind, Hook, Match, Rule};
use crate::packet::{Axis, PacketSet};
use crate::source::Spanned;

pub(super) fn run(context: &Context, findings: &mut Vec<Finding>) {
    for (id, rule) in context.host.rules_without_packets() {
        findings.extend(contradiction(context, id, rule));
    }
    if !context.is_quick {
        findings.extend(
            context.shadows().unmet(&context.host).into_iter().filter_map(|id| misplaced(context, id)),
        );
    }
}

/// A rule whose matches exclude each other.
fn contradiction(context: &Context, id: RuleId, compiled: &CompiledRule) -> Option<Finding> {
    let rule = compiled.rule;
    let family = context.host.alone(id, &[]);
    let alone = |part: &Spanned<Match>| context.host.alone(id, std::slice::from_ref(part));
    let message = format!("this {} never matches", deed::name(context, rule));
    let finding = |message| {
        let finding = Finding::new("impossible-match", Level::Warning, message).at(rule.span);
        finding.remedy(mend::removal(context, &[id]))
    };
    let sets: Vec<PacketSet> = rule.matches.iter().map(alone).collect();
    if let Some(at) = sets.iter().position(PacketSet::is_empty) {
        let part = &rule.matches[at];
        // A set may be filled while the host runs.
        let is_set =
            matches!(part.value, Match::Lookup { .. }) || context.sources.text(part.span).contains('@');
        let is_fixed = !is_set && !family.is_empty();
        return is_fixed.then(|| finding(message).label(part.span, "no packet fulfils this"));
    }
    let pairs = (0..sets.len()).flat_map(|a| (a + 1..sets.len()).map(move |b| (a, b)));
    let pair = pairs.into_iter().find(|&(a, b)| !sets[a].overlaps(&sets[b]));
    let finding = finding(format!("{message}: its conditions exclude each other"));
    Some(match pair {
        Some((a, b)) => finding
            .label(rule.matches[a].span, "no packet fulfils both this")
            .label(rule.matches[b].span, "and this"),
        None => finding,
    })
}

/// A rule that would match packets, but not those that come to its chain.
fn misplaced(context: &Context, id: RuleId) -> Option<Finding> {
    let chain = context.host.chain(id.chain);
    let rule = context.host.rule(id).rule;
    let message = format!("this {} never matches", deed::name(context, rule));
    // All base chains from which packets come here, by way of calls.
    let bases = context.shadows().calls().origins(id.chain);
    let bases: Vec<&Base> =
        bases.iter().filter_map(|base| context.host.chain(*base).chain.base.as_ref()).collect();
    let reasons: Option<Vec<_>> = bases.iter().map(|base| at_hook(rule, base)).collect();
    if let Some(&(part, why)) = reasons.unwrap_or_default().first() {
        let finding = Finding::new("impossible-match", Level::Warning, format!("{message}: {why}"));
        let finding = finding.at(rule.span).label(part.span, "never holds here");
        return Some(finding.remedy(mend::removal(context, &[id])));
    }
    if kept::rules_by(chain.table, &chain.chain.name).is_some() {
        return None;
    }
    let name = &chain.chain.name;
    let message = format!("{message}: other packets alone come to chain `{name}`");
    let mut finding = Finding::new("impossible-match", Level::Note, message)
        .at(rule.span)
        .remedy(mend::removal(context, &[id]));
    for caller in context.shadows().calls().callers(id.chain).iter().take(3) {
        let packets = deed::packets(context, *caller);
        finding = finding.label(context.host.rule(*caller).rule.span, format!("sends {packets} to `{name}`"));
    }
    Some(finding)
}

/// The condition that cannot hold at a hook, and why.
fn at_hook<'r>(rule: &'r Rule, base: &Base) -> Option<(&'r Spanned<Match>, &'static str)> {
    let of = |axis: Axis| {
        let is_of = move |part: &&Spanned<Match>| matches!(&part.value, Match::Field(on, _) if *on == axis);
        rule.matches.iter().find(is_of)
    };
    let (incoming, outgoing, state) = (of(Axis::InInterface), of(Axis::OutInterface), of(Axis::State));
    match base.hook {
        Hook::Output if incoming.is_some() => {
            Some((incoming?, "what leaves the host has not come in by an interface"))
        }
        Hook::Input | Hook::Prerouting | Hook::Ingress if outgoing.is_some() => {
            Some((outgoing?, "what comes in has no outgoing interface here"))
        }
        _ if base.kind == ChainKind::Nat => Some((state?, "nat chains see only the first packet of a flow")),
        _ => None,
    }
}
