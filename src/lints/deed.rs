//! Rules in words: what they are called and what they do to which packets.

use super::Context;
use crate::eval::RuleId;
use crate::model::{Families, Rule, Verdict};
use crate::packet::{Axis, Cube, Family, Ranges, Words};

/// Above this many pieces, packets are not put into words.
const MOST_PIECES: usize = 64;

/// A rule by its verdict, in the words of its own language: `DROP`, `drop`, `jump to `office``.
pub(super) fn name(context: &Context, rule: &Rule) -> String {
    rule.verdict.value.word(context.sources.text(rule.verdict.span))
}

/// What a rule does to which packets: `accepts tcp to port 22`.
pub(super) fn deed(context: &Context, id: RuleId) -> String {
    let rule = context.host.rule(id);
    let does = match rule.rule.verdict.value {
        Verdict::Accept => "accepts",
        Verdict::Drop => "drops",
        Verdict::Reject(_) => "rejects",
        Verdict::Return => "sends back",
        Verdict::Nat(_) => "translates",
        Verdict::Continue if !rule.rule.actions.is_empty() => "changes",
        _ => "takes",
    };
    format!("{does} {}", packets(context, id))
}

/// The packets that a rule matches, in words.
pub(super) fn packets(context: &Context, id: RuleId) -> String {
    let packets = &context.host.rule(id).packets;
    if packets.cubes().len() > MOST_PIECES {
        return "these packets".into();
    }
    let within = of_families(context.host.chain(id.chain).table.families);
    let name = |axis: Axis, _| match axis {
        Axis::Atom(number) => Some(format!("`{}`", context.host.atoms.get(number).text)),
        _ => None,
    };
    Words { name: &name, ..Words::within(&within) }.set(packets)
}

/// The packets of some families.
fn of_families(families: Families) -> Cube {
    let numbers = Family::ALL.into_iter().filter(|family| families.has(*family)).map(Family::number);
    let families = Ranges::union(numbers.map(|number| (number, number)));
    Cube::any().with(Axis::Family, families).unwrap_or_default()
}
