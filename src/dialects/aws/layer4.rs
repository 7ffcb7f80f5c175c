//! Protocols, ports, and types of ICMP.

use crate::dialects::cloud::{Condition, Fields, Remarks, protocol_number};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// Protocols that have ports.
const WITH_PORTS: [u8; 2] = [6, 17];

/// ICMP and ICMPv6.
const ICMP: [u8; 2] = [1, 58];

/// What a protocol, and two ports (for ICMP a type and a code) in the fields `keys` of a range, ask of a packet, each at its
/// place; nothing, if that is nothing. Missing numbers and −1 stand for all. Other protocols have all their packets through.
pub fn conditions(
    protocol: Spanned<&str>,
    range: Fields,
    keys: [&str; 2],
    remarks: &mut Remarks,
) -> Vec<Condition> {
    let [from, to] = keys.map(|key| range.number(key, remarks));
    let is_told =
        [from, to].iter().zip(keys).all(|(number, key)| number.is_some() || range.get(key).is_none());
    if protocol.value == "-1" || protocol.value.eq_ignore_ascii_case("all") {
        return Vec::new();
    }
    let Some(number) = protocol_number(protocol.value) else {
        remarks.add(protocol.span, format!("there is no protocol `{}`", protocol.value));
        return vec![Condition::none().or_unknown(format!("protocol {}", protocol.value), protocol.span)];
    };
    let cube = Cube::any().with(Axis::Protocol, Ranges::single(number.into()));
    let of_protocol = Condition::known(PacketSet::from(cube), protocol.span);
    let number_of = |field: Option<Spanned<i64>>| field.map(|field| field.value).filter(|value| *value != -1);
    let (low, high) = (number_of(from), number_of(to));
    let numbers = if WITH_PORTS.contains(&number) {
        ports(low, high)
    } else if ICMP.contains(&number) {
        types(low, high)
    } else {
        return vec![of_protocol];
    };
    if !is_told {
        return vec![of_protocol, Condition::none().or_unknown("these ports", range.span())];
    }
    match numbers {
        Ok(None) => vec![of_protocol],
        Ok(Some((low, high))) => {
            let cube = Cube::any().with(Axis::DestinationPort, Ranges::new(low, high));
            let place = place(range, keys, [from, to]).unwrap_or(protocol.span);
            vec![of_protocol, Condition::known(PacketSet::from(cube), place)]
        }
        Err(problem) => {
            let place = wrong_place(protocol.span, from, to);
            remarks.add(place, problem);
            vec![of_protocol, Condition::none().or_unknown("these ports", place)]
        }
    }
}

/// Where numbers stand: at both, if they differ and nothing stands between them, or else at the first.
fn place(range: Fields, keys: [&str; 2], [from, to]: [Option<Spanned<i64>>; 2]) -> Option<Span> {
    match (from, to) {
        (Some(from), Some(to)) if from.value != to.value && range.are_neighbours(keys) => {
            Some(from.span.to(to.span))
        }
        (from, to) => from.or(to).map(|number| number.span),
    }
}

/// Where numbers that do not fit stand.
fn wrong_place(span: Span, from: Option<Spanned<i64>>, to: Option<Spanned<i64>>) -> Span {
    match (from, to) {
        (Some(from), Some(to)) => from.span.to(to.span),
        (Some(one), None) | (None, Some(one)) => one.span,
        (None, None) => span,
    }
}

fn ports(low: Option<i64>, high: Option<i64>) -> Result<Option<(u128, u128)>, String> {
    let (Some(low), Some(high)) = (low.or(high), high.or(low)) else { return Ok(None) };
    match (u16::try_from(low), u16::try_from(high)) {
        (Ok(low), Ok(high)) if low <= high => Ok(Some((low.into(), high.into()))),
        (Ok(_), Ok(_)) => Err(format!("the range of ports {low} to {high} is upside down")),
        _ => Err(format!("{low} to {high} is no range of ports")),
    }
}

/// A type and a code, as on [`Axis::DestinationPort`].
fn types(kind: Option<i64>, code: Option<i64>) -> Result<Option<(u128, u128)>, String> {
    let Some(kind) = kind else { return Ok(None) };
    let wrong = || "no type and code of ICMP".to_owned();
    let kind = u128::from(u8::try_from(kind).map_err(|_| wrong())?);
    let Some(code) = code else { return Ok(Some((kind << 8, kind << 8 | 0xff))) };
    let code = u128::from(u8::try_from(code).map_err(|_| wrong())?);
    Ok(Some((kind << 8 | code, kind << 8 | code)))
}
