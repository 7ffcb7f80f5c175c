//! Address translation.

use super::maps;
use super::rules::Builder;
use super::values::{Numbers, Unresolved};
use crate::dialects::nft::ast::{
    Datatype, Expression, ExpressionKind, Family, NatKind, Statement, StatementKind, TranslatedTo,
};
use crate::model::{Nat, Target, Verdict};
use crate::packet::{Axis, Ranges, Values};
use crate::source::Span;

/// The verdict of a translation; `None` where its values come from a map, each of which is a rule.
pub(super) fn statement<'s, 't>(
    builder: &mut Builder<'s, 't>,
    statement: &'s Statement<'t>,
) -> Option<Verdict> {
    let StatementKind::Nat { kind, family, to, flags } = &statement.kind else { return None };
    let family = family.or(match builder.family {
        Family::Ip | Family::Ip6 => Some(builder.family),
        _ => None,
    });
    let span = statement.span;
    if let Some(family) = family.filter(|_| to.is_some()) {
        builder.field(Axis::Family, family_values(family), span);
    }
    let is_prefix = flags.iter().any(|flag| flag.value == "prefix");
    let target = match to.as_deref() {
        None => Target::default(),
        Some(to) => target(builder, family, to, span),
    };
    let is_random = flags.iter().any(|flag| matches!(&*flag.value, "random" | "fully-random"));
    let target = Target { is_random: is_random || target.is_random, ..target };
    let nat = match kind {
        NatKind::Snat | NatKind::Dnat if is_prefix => match &target.addresses {
            Some(addresses) if target.ports.is_none() => Nat::Netmap(addresses.clone()),
            _ => Nat::Destination(anything()),
        },
        NatKind::Snat => Nat::Source(target),
        NatKind::Dnat => Nat::Destination(target),
        NatKind::Masquerade => Nat::Masquerade(target),
        NatKind::Redirect => Nat::Redirect(target),
    };
    Some(Verdict::Nat(Box::new(nat)))
}

/// What address and port may become; what cannot be known may be anything.
fn target<'s, 't>(
    builder: &mut Builder<'s, 't>,
    family: Option<Family>,
    to: &'s TranslatedTo<'t>,
    span: Span,
) -> Target {
    let mut target = Target::default();
    if let Some(address) = &to.address {
        let (values, family) = addresses(builder, family, address, span);
        if let Some(family) = family {
            builder.field(Axis::Family, family_values(family), span);
        }
        target.addresses = Some(values.unwrap_or_else(|_| Values::all(Axis::Destination)));
        if let Some(ports) = ports_beside(builder, address) {
            (target.ports, target.is_random) = (Some(ports), true);
        }
    }
    if let Some(port) = &to.port {
        let numbers = Numbers::of(Datatype::InetService);
        let ports = values(builder, port, numbers, span).map(Values::from);
        // What a map gives is another port for each.
        target.is_random = ports.is_err() || matches!(port.resolved(), ExpressionKind::Map(_));
        target.ports = Some(ports.unwrap_or_else(|_| Values::all(Axis::DestinationPort)));
    }
    target
}

/// The addresses that an expression gives, and their family.
fn addresses<'s, 't>(
    builder: &mut Builder<'s, 't>,
    family: Option<Family>,
    address: &'s Expression<'t>,
    span: Span,
) -> (Result<Values, Unresolved>, Option<Family>) {
    let candidates = match family {
        Some(family) => vec![family],
        None => vec![Family::Ip, Family::Ip6],
    };
    for family in candidates {
        let numbers =
            Numbers::of(if family == Family::Ip6 { Datatype::Ipv6Addr } else { Datatype::Ipv4Addr });
        if let Ok(found) = values(builder, address, numbers, span) {
            return (Ok(on_axis(family, &found)), Some(family));
        }
    }
    (Err(Unresolved), family)
}

/// The numbers that an expression may give: constants, or any value of a map that is found.
fn values<'s, 't>(
    builder: &mut Builder<'s, 't>,
    expression: &'s Expression<'t>,
    numbers: Numbers,
    span: Span,
) -> Result<Ranges, Unresolved> {
    let ExpressionKind::Map(sides) = expression.resolved() else {
        return numbers.values(expression, &mut Vec::new());
    };
    let before = builder.matches.len();
    let entries = maps::entries(builder, &sides.0, &sides.1, span)?;
    let mut all = Ranges::none();
    for entry in &entries {
        let part = match entry.value.resolved() {
            ExpressionKind::Concat(parts) => parts.first().ok_or(Unresolved)?,
            _ => entry.value,
        };
        match numbers.values(part, &mut Vec::new()) {
            Ok(values) => all = all.or(&values),
            Err(Unresolved) => {
                builder.matches.truncate(before);
                return Err(Unresolved);
            }
        }
    }
    if let Some(found) = maps::any_of(&entries) {
        builder.push(found, span);
    }
    Ok(all)
}

/// The ports that stand beside addresses: `ip saddr map { … : 10.0.0.1 . 80 }`.
fn ports_beside(builder: &mut Builder<'_, '_>, address: &Expression<'_>) -> Option<Values> {
    let map = match address.resolved() {
        ExpressionKind::Map(sides) => &sides.1,
        ExpressionKind::Concat(parts) => {
            let ports = Numbers::of(Datatype::InetService).values(parts.get(1)?, &mut Vec::new());
            return Some(ports.map_or_else(|_| Values::all(Axis::DestinationPort), Values::from));
        }
        _ => return None,
    };
    let elements = match map.resolved() {
        ExpressionKind::Set(elements) => elements,
        ExpressionKind::Named(name) => match builder.sets.elements(name) {
            Ok(elements) => elements,
            // What is not known may have ports too.
            Err(Unresolved) => return Some(Values::all(Axis::DestinationPort)),
        },
        _ => return None,
    };
    let has_ports = |value: &Expression<'_>| matches!(value.resolved(), ExpressionKind::Concat(_));
    let has_ports = elements.iter().any(|it| it.value.as_ref().is_some_and(has_ports));
    has_ports.then(|| Values::all(Axis::DestinationPort))
}

fn on_axis(family: Family, numbers: &Ranges) -> Values {
    match family {
        Family::Ip6 => numbers.clone().into(),
        _ => {
            let upper = numbers.iter().map(|(low, high)| (low << 96, (high << 96) | (u128::MAX >> 32)));
            Ranges::union(upper).into()
        }
    }
}

fn family_values(family: Family) -> Values {
    use crate::packet::Family::{V4, V6};
    let family = if family == Family::Ip6 { V6 } else { V4 };
    Ranges::single(family.number()).into()
}

/// Any address and port.
pub(super) fn anything() -> Target {
    Target {
        addresses: Some(Values::all(Axis::Destination)),
        ports: Some(Values::all(Axis::DestinationPort)),
        is_random: true,
    }
}
