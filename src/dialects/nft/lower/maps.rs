//! Maps: which packets lead to which value.

use super::concat;
use super::rules::Builder;
use super::subject::Subject;
use super::values::Unresolved;
use crate::dialects::nft::ast::{Element, Expression, ExpressionKind};
use crate::model::Match;
use crate::packet::{PacketSet, Ranges, Values};
use crate::source::Span;

/// One way through a map.
pub(super) struct Entry<'e, 't> {
    /// The packets that go it, besides what the key itself needs.
    pub packets: Match,
    /// Where they lead.
    pub value: &'e Expression<'t>,
    /// Where it is written.
    pub span: Span,
}

/// What a lookup needs to be made at all, and its entries. `None` stands for all that no other entry has
/// (`*`).
pub(super) fn entries<'e, 't>(
    builder: &mut Builder<'e, 't>,
    key: &Expression<'t>,
    map: &'e Expression<'t>,
    span: Span,
) -> Result<Vec<Entry<'e, 't>>, Unresolved> {
    let elements: &'e [Element<'t>] = match map.resolved() {
        ExpressionKind::Set(elements) => elements,
        ExpressionKind::Named(name) => builder.sets.elements(name)?,
        _ => return Err(Unresolved),
    };
    let elements = concat::flat(elements);
    match key.resolved() {
        ExpressionKind::Concat(parts) => of_several(builder, parts, &elements, span),
        _ => of_one(builder, key, &elements, span),
    }
}

/// An element and where it leads.
type Way<'e, 't> = (&'e Element<'t>, &'e Expression<'t>);

/// Where all else leads (`*`), and where that is written.
type Rest<'e, 't> = Option<(&'e Expression<'t>, Span)>;

/// The elements that name what they are for, and the one for all else.
fn split<'e, 't>(elements: &[&'e Element<'t>]) -> Result<(Vec<Way<'e, 't>>, Rest<'e, 't>), Unresolved> {
    let mut listed = Vec::with_capacity(elements.len());
    let mut rest = None;
    for element in elements {
        let value = element.value.as_ref().filter(|_| !element.timeout).ok_or(Unresolved)?;
        match element.key.resolved() {
            ExpressionKind::Any => rest = Some((value, element.span)),
            _ => listed.push((*element, value)),
        }
    }
    Ok((listed, rest))
}

fn of_one<'e, 't>(
    builder: &mut Builder<'e, 't>,
    key: &Expression<'t>,
    elements: &[&'e Element<'t>],
    span: Span,
) -> Result<Vec<Entry<'e, 't>>, Unresolved> {
    let subject = Subject::of(key, &builder.known, &mut builder.remarks).ok_or(Unresolved)?;
    let (listed, rest) = split(elements)?;
    let mut found = Vec::with_capacity(elements.len());
    let mut taken = Vec::new();
    for (element, value) in listed {
        let numbers = subject.numbers.values(&element.key, &mut builder.remarks)?;
        let values = subject.equals(&numbers).ok_or(Unresolved)?;
        taken.extend(numbers.iter());
        found.push(Entry { packets: Match::Field(subject.axis, values), value, span: element.span });
    }
    if let Some((value, span)) = rest {
        let others = Ranges::union(taken).complement(super::bits::all_bits(subject.numbers.bits));
        let values = subject.equals(&others).ok_or(Unresolved)?;
        found.push(Entry { packets: Match::Field(subject.axis, values), value, span });
    }
    for (axis, values) in &subject.needs {
        builder.field(*axis, values.clone(), span);
    }
    Ok(found)
}

fn of_several<'e, 't>(
    builder: &mut Builder<'e, 't>,
    parts: &[Expression<'t>],
    elements: &[&'e Element<'t>],
    span: Span,
) -> Result<Vec<Entry<'e, 't>>, Unresolved> {
    let subjects = concat::subjects(builder, parts)?;
    let (listed, rest) = split(elements)?;
    let mut found = Vec::with_capacity(elements.len());
    let mut taken = PacketSet::none();
    for (element, value) in listed {
        let packets = PacketSet::from(concat::cube(&subjects, &element.key, &mut builder.remarks)?);
        concat::has_protocols(&subjects, &builder.known, &packets)?;
        taken.add(packets.clone());
        found.push(Entry { packets: Match::Packets(Box::new(packets)), value, span: element.span });
    }
    if let Some((value, span)) = rest {
        let others = PacketSet::any().minus(&taken).map_err(|_| Unresolved)?;
        concat::has_protocols(&subjects, &builder.known, &others)?;
        found.push(Entry { packets: Match::Packets(Box::new(others)), value, span });
    }
    for (axis, values) in subjects.iter().flat_map(|subject| &subject.needs) {
        builder.field(*axis, values.clone(), span);
    }
    Ok(found)
}

/// The packets of any entry, as one condition where that is possible.
pub(super) fn any_of(entries: &[Entry<'_, '_>]) -> Option<Match> {
    let mut fields: Vec<(crate::packet::Axis, &Values)> = Vec::new();
    let mut packets = PacketSet::none();
    for entry in entries {
        match &entry.packets {
            Match::Field(axis, values) => fields.push((*axis, values)),
            Match::Packets(set) => packets.add((**set).clone()),
            _ => return None,
        }
    }
    match fields.first() {
        Some((axis, _)) => {
            Some(Match::Field(*axis, Values::union(*axis, fields.iter().map(|field| field.1))))
        }
        None => Some(Match::Packets(Box::new(packets.disjoint().ok()?))),
    }
}
