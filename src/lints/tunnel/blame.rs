//! Who is to blame for lost flows, as places in the files.

use crate::eval::{Certainty, Held, Lost};
use crate::finding::Finding;
use crate::model::Verdict;
use crate::packet::{Hull, PacketSet};
use crate::source::Span;

use super::super::{Context, exposure, places};

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

/// Names the unknowns on which flows of a part depend.
pub fn depends_on(finding: Finding, context: &Context, held: &Held, part: &PacketSet) -> Finding {
    exposure::depends_on(finding, context, &held.unknowns(part))
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
    match lost.hop.rule {
        Some(id) => {
            let rule = context.host.rule(id).rule;
            let word = match rule.verdict.value {
                Verdict::Reject(_) => "rejects",
                _ => "drops",
            };
            (rule.span, format!("{word} them"))
        }
        None => {
            let base = chain.chain.base.as_ref();
            let span = base.map_or(chain.chain.span, |base| base.policy.span);
            (span, format!("the policy of {} drops what no rule accepts", chain.chain.name))
        }
    }
}

/// A rule behind the one to blame that would have let the packets through.
fn too_late(context: &Context, lost: &Lost) -> Option<(Span, String)> {
    let id = lost.hop.rule?;
    let chain = context.host.chain(id.chain);
    let around = Hull::of(&lost.hop.packets);
    let later = chain.rules.iter().zip(&chain.hulls).skip(id.index as usize + 1);
    let later = later.filter(|(_, hull)| hull.meets(&around)).map(|(rule, _)| rule);
    let accepts = |rule: &&crate::eval::CompiledRule| {
        rule.rule.verdict.value == Verdict::Accept && rule.packets.overlaps(&lost.hop.packets)
    };
    // A rule that accepts all and everything was not written for this.
    let mut named = later.filter(|rule| rule.rule.matches.len() > 1).filter(accepts);
    named.next().map(|rule| (rule.rule.span, "would let them through, but stands behind".to_owned()))
}
