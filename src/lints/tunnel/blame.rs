//! Who is to blame for lost flows, as places in the files.

use crate::eval::{Certainty, CompiledRule, Held, Lost, RuleId};
use crate::finding::Finding;
use crate::model::{Action, Match, Nat, Policy, Verdict};
use crate::packet::axis::NO_OWNER;
use crate::packet::{Axis, Cube, Hull, PacketSet, Ranges, Values};
use crate::source::{Span, Spanned};

use super::super::{Context, exposure, places};
use super::ask::OWNER;

/// Points a finding at what takes flows of a part away; the rule that takes first stands first.
pub fn blame(mut finding: Finding, context: &Context, held: &Held, part: &PacketSet) -> Finding {
    let shown = finding.labels.iter().map(|label| label.span);
    let mut seen: Vec<Span> = finding.span.into_iter().chain(shown).collect();
    for lost in held.losses(part) {
        if seen.len() > places::MOST_SHOWN {
            break;
        }
        let (span, words) = place_of(context, lost);
        if seen.contains(&span) {
            continue;
        }
        seen.push(span);
        finding =
            if finding.span.is_none() { finding.at(span).here(words) } else { finding.label(span, words) };
        if let Some((late, words)) = too_late(context, lost).filter(|late| !seen.contains(&late.0)) {
            seen.push(late);
            finding = finding.label(late, words);
        }
    }
    finding
}

/// Properties that differ from packet to packet of a flow, or are nowhere told.
const OPEN: [Axis; 4] = [Axis::Length, Axis::HopLimit, Axis::Dscp, Axis::Mac];

/// Names the unknowns on which flows of a part depend, or the matches on what is not told of them.
pub fn depends_on(finding: Finding, context: &Context, held: &Held, part: &PacketSet) -> Finding {
    depend_on(finding, context, &[(held, part.clone())])
}

/// The same of several parts of what was asked: what each depends on is named, and nothing twice.
pub fn depend_on(finding: Finding, context: &Context, parts: &[(&Held, PacketSet)]) -> Finding {
    let finding = depend_by_whomever(finding, context, parts);
    OWNER.into_iter().fold(finding, |finding, axis| depends_on_owner(finding, context, parts, axis))
}

/// The same of flows that may be of anyone: as whom is a choice of the host.
pub fn depends_by_whomever(finding: Finding, context: &Context, held: &Held, part: &PacketSet) -> Finding {
    depend_by_whomever(finding, context, &[(held, part.clone())])
}

fn depend_by_whomever(finding: Finding, context: &Context, parts: &[(&Held, PacketSet)]) -> Finding {
    let unknowns = in_turn(parts.iter().map(|(held, part)| held.unknowns(part)));
    let finding = exposure::depends_on(finding, context, &unknowns);
    let open = in_turn(parts.iter().map(|(held, part)| open_matches(context, held, part)));
    let finding = open.into_iter().take(places::MOST_SHOWN).fold(finding, |finding, span| {
        exposure::place(finding, span, format!("it depends on this: {}", context.sources.text(span)))
    });
    let choosing = in_turn(parts.iter().map(|(held, part)| choose_ports(context, held, part)));
    choosing.into_iter().take(places::MOST_SHOWN).fold(finding, |finding, span| {
        exposure::place(finding, span, "it depends on this: which port it chooses")
    })
}

/// The rules that choose a port for packets of a part, where answers to one of the ports are lost.
fn choose_ports(context: &Context, held: &Held, part: &PacketSet) -> Vec<Span> {
    if held.losses(part).all(|lost| lost.hop.nat.moves_port() == Some(false)) {
        return Vec::new();
    }
    let asked = held.question.packets.and(part);
    let chooses = |rule: &&CompiledRule| match &rule.rule.verdict.value {
        Verdict::Nat(nat) => matches!(&**nat, Nat::Source(to) | Nat::Masquerade(to) if to.chooses_port()),
        _ => false,
    };
    let rules = context.host.rules().map(|(_, rule)| rule).filter(chooses);
    rules.filter(|rule| rule.packets.overlaps(&asked)).map(|rule| rule.rule.span).collect()
}

/// What is in any of these lists, once: first what stands first in each, since not all may be shown.
fn in_turn<T: PartialEq>(lists: impl Iterator<Item = Vec<T>>) -> Vec<T> {
    let mut ranked: Vec<(usize, T)> = lists.flat_map(|list| list.into_iter().enumerate()).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut all = Vec::new();
    for (_, one) in ranked {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// The matches by which packets of a part are lost that have another length, hop limit and the like.
fn open_matches(context: &Context, held: &Held, part: &PacketSet) -> Vec<Span> {
    let mut found = Vec::new();
    for lost in held.losses(part) {
        let flows = lost.flows.cubes().iter();
        let mut open: Vec<Axis> = flows.flat_map(Cube::sides).map(|side| side.0).collect();
        open.retain(|axis| OPEN.contains(axis));
        if open.is_empty() {
            continue;
        }
        let is_open = |axis: &Axis| open.contains(axis);
        let packets = lost.hop.packets.forget(|axis| OPEN.contains(&axis));
        // A rule that would let them through may stand in a chain that is called, and has sent them back.
        let table = &context.host.chain(lost.hop.base).table.name;
        let is_near = |id: &RuleId| {
            let chain = context.host.chain(id.chain);
            id.chain == lost.hop.base || chain.chain.base.is_none() && chain.table.name == *table
        };
        let rules = context.host.rules().filter(|(id, _)| is_near(id));
        for (_, rule) in rules.filter(|(_, rule)| rule.packets.overlaps(&packets)) {
            let asks = |part: &&Spanned<Match>| matches!(&part.value, Match::Field(axis, _) if is_open(axis));
            found.extend(rule.rule.matches.iter().filter(asks).map(|part| part.span));
        }
    }
    found.dedup();
    found
}

/// Names the rules that ask for the number of the program's user or group, where flows of a part depend on that.
fn depends_on_owner(
    mut finding: Finding,
    context: &Context,
    parts: &[(&Held, PacketSet)],
    axis: Axis,
) -> Finding {
    let all = Values::from(Ranges::new(0, NO_OWNER - 1));
    let is_narrow = |cube: &Cube| cube.get(axis).is_some_and(|numbers| !numbers.covers(&all));
    let depending = parts.iter().filter_map(|(held, part)| {
        let lost = held.perhaps_lost.and(part);
        let asked = held.question.packets.and(part);
        (lost.cubes().iter().any(is_narrow) && !asked.cubes().iter().all(is_narrow)).then_some(asked)
    });
    let depending: Vec<PacketSet> = depending.collect();
    if depending.is_empty() {
        return finding;
    }
    let asks = |rule: &&CompiledRule| {
        let mut matches = rule.rule.matches.iter();
        matches.any(|it| matches!(&it.value, Match::Field(asked, _) if *asked == axis))
    };
    let rules = context.host.rules().map(|(_, rule)| rule).filter(asks);
    let rules = rules.filter(|rule| depending.iter().any(|asked| rule.packets.overlaps(asked)));
    let who = if axis == Axis::Uid { "user" } else { "group" };
    let program = context.profile.map_or("the program", |profile| &profile.program);
    for rule in rules.take(places::MOST_SHOWN) {
        let words = format!("it depends on this: which number the {who} of {program} has");
        finding = exposure::place(finding, rule.rule.span, words);
    }
    match axis {
        Axis::Uid => finding.note("Tell its number with `--user`, or as `user:` in fwlint.yaml."),
        _ => finding,
    }
}

/// Blame for what is surely lost, unknowns for what may be.
pub fn explain(
    finding: Finding,
    context: &Context,
    held: &Held,
    part: &PacketSet,
    certainty: Certainty,
) -> Finding {
    match certainty {
        Certainty::Depends => depends_on(finding, context, held, part),
        _ => blame(finding, context, held, part),
    }
}

/// Where and in what words.
pub fn place_of(context: &Context, lost: &Lost) -> (Span, String) {
    let chain = context.host.chain(lost.hop.chain);
    if let Some(span) = untracks(context, lost) {
        return (span, "takes them out of connection tracking, where translations are undone".to_owned());
    }
    match lost.hop.rule {
        Some(id) => {
            let rule = context.host.rule(id).rule;
            let word = match rule.verdict.value {
                Verdict::Reject(_) => "rejects them",
                Verdict::Nat(_) => "sends them elsewhere",
                Verdict::Drop => "drops them",
                _ if rule.rewrites() => "writes into them, and nobody puts back what was there",
                _ => "drops them",
            };
            (rule.deed_place(), exposure::does(context, rule, word))
        }
        None => {
            let base = chain.chain.base.as_ref();
            let span = base.map_or(chain.chain.span, |base| base.policy.span);
            (span, format!("the policy of {} drops what no rule accepts", chain.chain.name))
        }
    }
}

/// The rule for which answers to a translated flow find no way back, where no policy drops them.
fn untracks(context: &Context, lost: &Lost) -> Option<Span> {
    let base = context.host.chain(lost.hop.base).chain.base.as_ref()?;
    if lost.hop.rule.is_some() || lost.hop.nat.source.is_none() || base.policy.value != Policy::Accept {
        return None;
    }
    // What was on the way when it asked: interfaces and states have changed since.
    let ends = [
        Axis::Family,
        Axis::Protocol,
        Axis::Source,
        Axis::Destination,
        Axis::SourcePort,
        Axis::DestinationPort,
    ];
    let packets = lost.hop.packets.forget(|axis| !ends.contains(&axis));
    let untracks = |rule: &&CompiledRule| {
        rule.rule.actions.iter().any(|action| action.value == Action::NoTrack)
            && rule.packets.overlaps(&packets)
    };
    context.host.rules().map(|(_, rule)| rule).find(untracks).map(|rule| rule.rule.span)
}

/// A rule behind the one to blame that would have let the packets through.
fn too_late(context: &Context, lost: &Lost) -> Option<(Span, String)> {
    // What was written into stays so, whoever accepts it.
    let id = lost.hop.rule.filter(|id| !context.host.rule(*id).rule.rewrites())?;
    let chain = context.host.chain(id.chain);
    let around = Hull::of(&lost.hop.packets);
    let later = chain.rules.iter().zip(&chain.hulls).skip(id.index as usize + 1);
    let later = later.filter(|(_, hull)| hull.meets(&around)).map(|(rule, _)| rule);
    let accepts = |rule: &&CompiledRule| {
        rule.rule.verdict.value == Verdict::Accept && rule.packets.overlaps(&lost.hop.packets)
    };
    // A rule that accepts all and everything was not written for this.
    let asks = |part: &&Spanned<Match>| !matches!(part.value, Match::Noted(_));
    let is_named = |rule: &&CompiledRule| rule.rule.matches.iter().filter(asks).count() > 1;
    let mut named = later.filter(is_named).filter(accepts);
    named.next().map(|rule| (rule.rule.span, "would let them through, but stands behind".to_owned()))
}
