//! Where a rule says what: the place that a finding points at.

use super::{Match, Rule, Side};
use crate::packet::Axis;
use crate::source::Span;

impl Rule {
    /// Where it says what it does. A rule of a host says that within itself; in an export it has a field of its own, and
    /// the rule's span is but its name.
    pub fn deed_place(&self) -> Span {
        if self.is_in_fields() { self.verdict.span } else { self.span }
    }

    /// Where it says what the packets have on an axis, or what it does where it leaves that open.
    pub fn place_of(&self, axis: Axis) -> Span {
        let asks = self.matches.iter().find(|part| part.value.asks_for(axis));
        // All addresses of a family are named for the far end.
        let is_address = matches!(axis, Axis::Source | Axis::Destination);
        let asks = asks.or_else(|| self.matches.iter().find(|part| is_address && part.value.is_of_family()));
        asks.filter(|_| self.is_in_fields()).map_or_else(|| self.deed_place(), |part| part.span)
    }

    /// Where its name stands, if findings point at other places of it.
    pub fn name_place(&self) -> Option<Span> {
        let is_name = self.matches.iter().all(|part| part.span != self.span);
        (is_name && self.is_in_fields()).then_some(self.span)
    }

    /// All places at which a finding may point that is about it.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        let fields = self.matches.iter().map(|part| part.span).chain([self.verdict.span]);
        std::iter::once(self.span).chain(fields.filter(|_| self.is_in_fields()))
    }

    /// Does it stand in fields of which each has its own place?
    fn is_in_fields(&self) -> bool {
        !self.span.holds(self.verdict.span)
    }
}

impl Match {
    /// Is it a condition on the family and on nothing else?
    fn is_of_family(&self) -> bool {
        match self {
            Match::Field(axis, _) => *axis == Axis::Family,
            Match::Packets(packets) => {
                let sides = packets.cubes().iter().flat_map(|cube| cube.sides());
                !packets.is_empty() && sides.map(|side| side.0).all(|axis| axis == Axis::Family)
            }
            _ => false,
        }
    }

    /// Is it a condition on an axis?
    fn asks_for(&self, axis: Axis) -> bool {
        let is_of = |side: Side| match side {
            Side::Source => axis == Axis::Source,
            Side::Destination => axis == Axis::Destination,
        };
        match self {
            Match::Field(own, _) => *own == axis,
            Match::Packets(packets) => packets.cubes().iter().any(|cube| cube.get(axis).is_some()),
            Match::Member(member) => is_of(member.side),
            Match::Resolved(resolved) => is_of(resolved.side),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::packet::Ranges;
    use crate::source::{FileId, Spanned};

    fn rule(span: (usize, usize), verdict: (usize, usize)) -> Rule {
        let at = |(start, end)| Span::new(FileId(0), start, end);
        let port = Match::Field(Axis::DestinationPort, Ranges::single(22).into());
        Rule {
            span: at(span),
            matches: vec![Spanned::new(port, at((20, 22)))],
            actions: Vec::new(),
            verdict: Spanned::new(Verdict::Accept, at(verdict)),
            comment: None,
        }
    }

    #[test]
    fn a_rule_of_an_export_is_pointed_at_by_its_fields_and_one_of_a_host_as_a_whole() {
        let starts = |span: Span| (span.start, span.end);
        let export = rule((0, 10), (30, 35));
        assert_eq!(starts(export.deed_place()), (30, 35));
        assert_eq!(starts(export.place_of(Axis::DestinationPort)), (20, 22));
        assert_eq!(starts(export.place_of(Axis::Source)), (30, 35));
        assert_eq!(export.name_place().map(starts), Some((0, 10)));
        let host = rule((0, 40), (30, 35));
        assert_eq!(starts(host.deed_place()), (0, 40));
        assert_eq!(starts(host.place_of(Axis::DestinationPort)), (0, 40));
        assert_eq!((host.places().count(), host.name_place()), (1, None));
    }
}
