//! Concatenations: several properties looked up together.

use std::collections::HashMap;

use super::rules::{Builder, Known};
use super::subject::{self, Subject, WITH_PORTS};
use super::values::Unresolved;
use crate::dialects::nft::ast::{Element, Expression, ExpressionKind};
use crate::model::{Match, Remark};
use crate::packet::{Axis, Cube, PacketSet, Ranges, Values};
use crate::source::Span;

/// Adds a lookup of several properties.
pub(super) fn compare(
    builder: &mut Builder<'_, '_>,
    span: Span,
    left: &[Expression<'_>],
    negated: bool,
    right: &Expression<'_>,
) -> Result<(), Unresolved> {
    let subjects = subjects(builder, left)?;
    let found = match right.resolved() {
        ExpressionKind::Named(name) => {
            let elements = builder.sets.elements(name)?;
            packets(&subjects, elements, &mut builder.remarks)?
        }
        ExpressionKind::Set(elements) => packets(&subjects, elements, &mut builder.remarks)?,
        ExpressionKind::Concat(_) => PacketSet::from(cube(&subjects, right, &mut builder.remarks)?),
        _ => return Err(Unresolved),
    };
    has_protocols(&subjects, &builder.known, &found)?;
    if negated && needs_ports(&subjects, &builder.known) {
        return Err(Unresolved);
    }
    let needs = subjects.iter().flat_map(|subject| &subject.needs);
    let packets = if negated {
        let there =
            needs.clone().try_fold(Cube::any(), |cube, (axis, values)| cube.with(*axis, values.clone()));
        let there = PacketSet::from(there);
        there.minus(&found).map_err(|_| Unresolved)?
    } else {
        found
    };
    for (axis, values) in needs {
        builder.field(*axis, values.clone(), span);
    }
    builder.push(Match::Packets(Box::new(packets)), span);
    Ok(())
}

/// What each part looks at. Where one of them is the protocol, those behind it may be ports.
pub(super) fn subjects(
    builder: &mut Builder<'_, '_>,
    parts: &[Expression<'_>],
) -> Result<Vec<Subject>, Unresolved> {
    let mut known = builder.known.clone();
    let mut subjects = Vec::with_capacity(parts.len());
    for part in parts {
        let subject = Subject::of(part, &known, &mut builder.remarks).ok_or(Unresolved)?;
        if subject.axis == Axis::Protocol {
            known.narrow(Axis::Protocol, &with_ports());
        }
        subjects.push(subject);
    }
    Ok(subjects)
}

/// Does each element that has ports have a protocol that has them? Ports of what has none are nothing that
/// is known.
pub(super) fn has_protocols(
    subjects: &[Subject],
    known: &Known,
    found: &PacketSet,
) -> Result<(), Unresolved> {
    let has_one = |cube: &Cube| cube.get(Axis::Protocol).is_some_and(|it| with_ports().covers(it));
    match needs_ports(subjects, known) && !found.cubes().iter().all(has_one) {
        true => Err(Unresolved),
        false => Ok(()),
    }
}

/// Are ports among them without a protocol that has them?
fn needs_ports(subjects: &[Subject], known: &Known) -> bool {
    let is_bare = |subject: &Subject| {
        matches!(subject.axis, Axis::SourcePort | Axis::DestinationPort) && subject.needs.is_empty()
    };
    subjects.iter().any(is_bare) && !subject::has_ports(known)
}

fn with_ports() -> Values {
    Ranges::union(WITH_PORTS.map(|number| (number, number))).into()
}

/// The packets whose properties are one of the elements. Elements that differ in the first part only
/// are one cube.
pub(super) fn packets(
    subjects: &[Subject],
    elements: &[Element<'_>],
    remarks: &mut Vec<Remark>,
) -> Result<PacketSet, Unresolved> {
    let mut groups: HashMap<Vec<Values>, Vec<Values>> = HashMap::new();
    let mut order = Vec::new();
    for element in flat(elements) {
        let mut sides = sides(subjects, &element.key, remarks)?.into_iter();
        let first = sides.next().ok_or(Unresolved)?;
        let rest: Vec<Values> = sides.collect();
        if !groups.contains_key(&rest) {
            order.push(rest.clone());
        }
        groups.entry(rest).or_default().push(first);
    }
    let cubes = order.into_iter().filter_map(|rest| {
        let first = Values::union(subjects[0].axis, groups.get(&rest)?);
        let sides = std::iter::once(first).chain(rest);
        subjects
            .iter()
            .zip(sides)
            .try_fold(Cube::any(), |cube, (subject, values)| cube.with(subject.axis, values))
    });
    let all = PacketSet::from_cubes(cubes);
    Ok(all.disjoint().unwrap_or(all))
}

/// The packets of one element.
pub(super) fn cube(
    subjects: &[Subject],
    key: &Expression<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Option<Cube>, Unresolved> {
    let sides = sides(subjects, key, remarks)?;
    let sides = subjects.iter().zip(sides);
    Ok(sides.into_iter().try_fold(Cube::any(), |cube, (subject, values)| cube.with(subject.axis, values)))
}

/// What each part of an element says.
fn sides(
    subjects: &[Subject],
    key: &Expression<'_>,
    remarks: &mut Vec<Remark>,
) -> Result<Vec<Values>, Unresolved> {
    let parts = match key.resolved() {
        ExpressionKind::Concat(parts) => &**parts,
        ExpressionKind::Any => return Ok(subjects.iter().map(|it| Values::all(it.axis)).collect()),
        _ => std::slice::from_ref(key),
    };
    if parts.len() != subjects.len() {
        return Err(Unresolved);
    }
    let side = |(subject, part): (&Subject, &Expression<'_>)| {
        let numbers = subject.numbers.values(part, remarks)?;
        subject.equals(&numbers).ok_or(Unresolved)
    };
    subjects.iter().zip(parts).map(side).collect()
}

/// Elements, those of variables that stand for sets among them.
pub(super) fn flat<'e, 't>(elements: &'e [Element<'t>]) -> Vec<&'e Element<'t>> {
    let mut all = Vec::with_capacity(elements.len());
    for element in elements {
        match element.key.resolved() {
            ExpressionKind::Set(inner) => all.extend(flat(inner)),
            _ => all.push(element),
        }
    }
    all
}
