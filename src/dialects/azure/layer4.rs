//! Protocols and ports.

use super::field::{SIDES, values};
use crate::dialects::cloud::{Condition, Fields, Remarks, port_range, protocol_number, text};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// The protocols that have ports.
const WITH_PORTS: [u128; 2] = [6, 17];

/// The ports of one side.
struct Ports {
    /// Those that are known.
    known: Vec<(u128, u128)>,
    /// Where all of them stand.
    span: Option<Span>,
    /// What is not to be understood.
    unknown: Vec<Spanned<String>>,
}

/// What protocol and ports of a rule ask of a packet; `None` for nothing. Of protocols without ports no packet fulfils
/// a rule that names some.
pub fn conditions(rule: Fields, place: Span, remarks: &mut Remarks) -> Vec<Condition> {
    let mut all: Vec<Condition> = protocol(rule, place, remarks).into_iter().collect();
    let axes = [Axis::SourcePort, Axis::DestinationPort];
    all.extend(SIDES.iter().zip(axes).filter_map(|(side, axis)| {
        let ports = ports(rule, side, place, remarks)?;
        let with_ports = Cube::any().with(Axis::Protocol, Ranges::union(WITH_PORTS.map(|it| (it, it))));
        let span = ports.span.unwrap_or(place);
        let known = match ports.known.is_empty() {
            true => Condition::none(),
            false => {
                let cube = with_ports.and_then(|cube| cube.with(axis, Ranges::union(ports.known)));
                Condition::known(PacketSet::from(cube), span)
            }
        };
        Some(ports.unknown.into_iter().fold(known, |all, text| all.or_unknown(text.value, text.span)))
    }));
    all
}

fn protocol(rule: Fields, place: Span, remarks: &mut Remarks) -> Option<Condition> {
    let Some(protocol) = rule.text("protocol", remarks) else {
        remarks.add(place, "the field `protocol` is missing");
        return Some(Condition::none().or_unknown("no protocol", place));
    };
    if ["*", "All", "Any"].iter().any(|all| protocol.value.eq_ignore_ascii_case(all)) {
        return None;
    }
    let Some(number) = protocol_number(protocol.value) else {
        remarks.add(protocol.span, format!("there is no protocol `{}`", protocol.value));
        return Some(Condition::none().or_unknown(format!("protocol {}", protocol.value), protocol.span));
    };
    let cube = Cube::any().with(Axis::Protocol, Ranges::single(number.into()));
    Some(Condition::known(PacketSet::from(cube), protocol.span))
}

/// The ports of a side, in the field for one range and in that for several; `None` for all.
fn ports(rule: Fields, side: &str, place: Span, remarks: &mut Remarks) -> Option<Ports> {
    let mut ports = Ports { known: Vec::new(), span: None, unknown: Vec::new() };
    let (one, several) = (format!("{side}PortRange"), format!("{side}PortRanges"));
    for item in values(rule, &one, &several, remarks) {
        ports.span = Some(ports.span.map_or(item.span, |span| span.to(item.span)));
        let Some(range) = text(item, remarks) else {
            ports.unknown.push(Spanned::new(one.clone(), item.span));
            continue;
        };
        match if range.value == "*" { Ok((0, u16::MAX)) } else { port_range(range.value) } {
            Ok((0, u16::MAX)) => return None,
            Ok((low, high)) => ports.known.push((low.into(), high.into())),
            Err(problem) => {
                remarks.add(item.span, problem);
                ports.unknown.push(Spanned::new(format!("{one} {}", range.value), item.span));
            }
        }
    }
    if ports.span.is_none() {
        remarks.add(place, format!("the rule has neither `{one}` nor `{several}`"));
        ports.unknown.push(Spanned::new(one, place));
    }
    Some(ports)
}
