//! Protocols and ports.

use crate::dialects::cloud::{Condition, Fields, Remarks, port_range, protocol_number, text};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::Span;

/// What the entries of a list of protocols and ports ask of a packet: to be any of them. `None` if that is nothing.
/// `key` is `IPProtocol` in VPC rules and `ipProtocol` in policies.
pub fn condition(entries: &[Fields], key: &str, span: Span, remarks: &mut Remarks) -> Option<Condition> {
    let mut packets = PacketSet::none();
    let mut unknown = Vec::new();
    for entry in entries {
        // The other spelling is what people write who copy from one form to the other.
        let other = if key == "IPProtocol" { "ipProtocol" } else { "IPProtocol" };
        let Some(protocol) = entry.text(key, remarks).or_else(|| entry.text(other, remarks)) else {
            remarks.add(entry.span(), format!("the field `{key}` is missing"));
            unknown.push(("no protocol".to_owned(), entry.span()));
            continue;
        };
        if protocol.value.eq_ignore_ascii_case("all") {
            return None;
        }
        let Some(number) = protocol_number(protocol.value) else {
            remarks.add(protocol.span, format!("there is no protocol `{}`", protocol.value));
            unknown.push((format!("{key} {}", protocol.value), protocol.span));
            continue;
        };
        let mut ports = Vec::new();
        let mut is_any = true;
        for port in entry.list("ports", remarks) {
            is_any = false;
            let Some(text) = text(port, remarks) else {
                unknown.push(("ports".to_owned(), port.span));
                continue;
            };
            match port_range(text.value) {
                Ok((low, high)) => ports.push((low.into(), high.into())),
                Err(problem) => {
                    remarks.add(port.span, problem);
                    unknown.push((format!("ports {}", text.value), port.span));
                }
            }
        }
        let cube = Cube::any().with(Axis::Protocol, Ranges::single(number.into()));
        packets.add(if is_any {
            cube.into()
        } else {
            cube.and_then(|cube| cube.with(Axis::DestinationPort, Ranges::union(ports))).into()
        });
    }
    if packets.is_empty() && unknown.is_empty() {
        unknown.push(("no protocol".to_owned(), span));
    }
    // One entry is pointed at itself.
    let span = match entries {
        [entry] => entry.place_of_items("ports").or_else(|| entry.get(key).map(|it| it.span)).unwrap_or(span),
        _ => span,
    };
    let known = if packets.is_empty() { Condition::none() } else { Condition::known(packets, span) };
    Some(unknown.into_iter().fold(known, |all, (text, span)| all.or_unknown(text, span)))
}
