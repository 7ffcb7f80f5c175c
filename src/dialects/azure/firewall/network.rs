//! Network rules: by protocol, addresses and ports.

use super::ends;
use crate::dialects::cloud::{Condition, Fields, Remarks, port_range};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// The protocols that have ports.
const WITH_PORTS: [u128; 2] = [6, 17];

/// ICMP.
const ICMP: u128 = 1;

/// What a rule asks of a flow, all of it.
pub fn conditions(rule: Fields, place: Span, remarks: &mut Remarks) -> Vec<Condition> {
    let mut all: Vec<Condition> = layer4(rule, place, remarks).into_iter().collect();
    for key in ["source", "destination"] {
        all.extend(ends::condition(rule, key, place, remarks));
    }
    all
}

/// What protocols and ports ask. `Any` with ports is TCP and UDP.
fn layer4(rule: Fields, place: Span, remarks: &mut Remarks) -> Option<Condition> {
    let key = if rule.get("ipProtocols").is_some() { "ipProtocols" } else { "protocols" };
    let (mut numbers, mut unknown, mut is_any) = (Vec::new(), Vec::new(), false);
    let protocols = rule.texts(key, remarks);
    for protocol in &protocols {
        match protocol.value.to_ascii_lowercase().as_str() {
            "any" => is_any = true,
            "tcp" => numbers.push(6),
            "udp" => numbers.push(17),
            "icmp" => numbers.push(ICMP),
            _ => {
                remarks.add(protocol.span, format!("there is no protocol `{}`", protocol.value));
                unknown.push(Spanned::new(format!("protocol {}", protocol.value), protocol.span));
            }
        }
    }
    if protocols.is_empty() {
        remarks.add(place, format!("the field `{key}` is missing"));
        unknown.push(Spanned::new("no protocol".to_owned(), place));
    }
    let mut ranges = Vec::new();
    let mut is_every_port = false;
    let list = rule.texts("destinationPorts", remarks);
    for text in &list {
        match text.value {
            "*" => is_every_port = true,
            value => match port_range(value) {
                Ok((low, high)) => ranges.push((low.into(), high.into())),
                Err(problem) => {
                    remarks.add(text.span, problem);
                    unknown.push(Spanned::new(format!("destinationPorts {value}"), text.span));
                }
            },
        }
    }
    is_every_port |= list.is_empty();
    if is_any && is_every_port {
        return None;
    }
    if is_any {
        numbers = WITH_PORTS.to_vec();
    }
    let cube = |number: &u128| {
        let cube = Cube::any().with(Axis::Protocol, Ranges::single(*number))?;
        match WITH_PORTS.contains(number) && !is_every_port {
            true => cube.with(Axis::DestinationPort, Ranges::union(ranges.iter().copied())),
            false => Some(cube),
        }
    };
    let packets = PacketSet::from_cubes(numbers.iter().filter_map(cube));
    let span = protocols.iter().chain(&list).map(|text| text.span).reduce(|one, other| one.to(other));
    let known = match packets.is_empty() && !unknown.is_empty() {
        true => Condition::none(),
        false => Condition::known(packets, span.unwrap_or(place)),
    };
    Some(unknown.into_iter().fold(known, |all, text| all.or_unknown(text.value, text.span)))
}
