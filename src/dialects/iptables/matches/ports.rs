//! Ports: `udp`, `sctp`, `dccp`, `multiport`, and what `tcp` shares with them.

use super::super::given::{Given, Instance, Protocol};
use super::super::options::{one, two};
use super::super::protocols::{DCCP, SCTP, TCP, UDP, UDPLITE};
use super::super::rule::Builder;
use super::super::services::NoPort;
use super::super::{protocols, services};
use super::{Extension, both};
use crate::model::{Families, Match};
use crate::packet::{Axis, Cube, PacketSet, Ranges, Values};
use crate::source::Spanned;

pub(super) const ALL: &[Extension] = &[
    Extension {
        name: "udp",
        families: Families::BOTH,
        options: &[one("dport"), one("sport"), one("destination-port"), one("source-port")],
        needs_option: false,
        is_open: false,
        reading: super::Reading::Exact(|builder, instance| simple(builder, instance, UDP)),
    },
    both(
        "multiport",
        &[one("dports"), one("sports"), one("ports"), one("destination-ports"), one("source-ports")],
        multiport,
    ),
    Extension {
        name: "sctp",
        families: Families::BOTH,
        options: &[
            one("dport"),
            one("sport"),
            one("destination-port"),
            one("source-port"),
            two("chunk-types"),
        ],
        needs_option: false,
        is_open: false,
        reading: super::Reading::Exact(|builder, instance| simple(builder, instance, SCTP)),
    },
    Extension {
        name: "dccp",
        families: Families::BOTH,
        options: &[
            one("dport"),
            one("sport"),
            one("destination-port"),
            one("source-port"),
            one("dccp-types"),
            one("dccp-option"),
        ],
        needs_option: false,
        is_open: false,
        reading: super::Reading::Exact(|builder, instance| simple(builder, instance, DCCP)),
    },
];

/// The axis of a port option; `None` for one that is about something else.
pub(super) fn axis(name: &str) -> Option<Axis> {
    match name {
        "dport" | "destination-port" | "dports" | "destination-ports" => Some(Axis::DestinationPort),
        "sport" | "source-port" | "sports" | "source-ports" => Some(Axis::SourcePort),
        _ => None,
    }
}

/// Reads `--dport` and `--sport` of a protocol; other options are atoms.
fn simple(builder: &mut Builder<'_>, instance: &Instance<'_, '_>, number: u8) {
    if !is_for(builder, instance, number) {
        return;
    }
    once(builder, instance);
    for given in &instance.given {
        match axis(given.name) {
            Some(axis) => port(builder, given, axis),
            None => builder.pure(given),
        }
    }
}

/// Says that each side's ports may be given once only.
pub(super) fn once(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    for (at, given) in instance.given.iter().enumerate() {
        let Some(side) = axis(given.name) else { continue };
        if instance.given[..at].iter().any(|earlier| axis(earlier.name) == Some(side)) {
            builder.syntax(given.span, format!("`--{}` stands twice", given.name));
        }
    }
}

/// Is the rule for the protocol that a match needs? If not, its options become atoms.
pub(super) fn is_for(builder: &mut Builder<'_>, instance: &Instance<'_, '_>, number: u8) -> bool {
    let is_for = match builder.protocol {
        Protocol::Is(other) => other == number,
        // Only a packet of this protocol can have come here, otherwise the loader had refused.
        Protocol::Unresolved => true,
        // iptables-nft takes `! -p tcp --dport 80` and compares bytes of whatever there is.
        Protocol::IsNot(other) if other == number => {
            instance.given.iter().for_each(|given| builder.pure(given));
            return false;
        }
        Protocol::Any | Protocol::IsNot(_) => false,
    };
    if !is_for {
        let name = instance.extension.name;
        let needed = match number {
            protocols::ICMPV6 => "ipv6-icmp",
            _ => name,
        };
        builder.syntax(instance.span, format!("`-m {}` needs `-p {needed}`", instance.name));
        instance.given.iter().for_each(|given| builder.pure(given));
    }
    is_for
}

/// Reads `--dport` or `--sport`.
pub(super) fn port(builder: &mut Builder<'_>, given: &Given<'_, '_>, axis: Axis) {
    let Some(word) = given.value() else { return builder.pure(given) };
    let is_native = matches!(builder.protocol, Protocol::Is(TCP | UDP));
    match range(&word.text, true) {
        // `! --dport 0:65535` never holds with iptables-legacy. iptables-nft 1.8.9 leaves it out, so that it always does.
        Ok((0, 65535)) if given.negated && is_native => builder.pure(given),
        Ok((low, high)) => builder.field(axis, Ranges::new(low, high), given.negated, given.span),
        Err(wrong) => wrong.tell(builder, given),
    }
}

fn multiport(builder: &mut Builder<'_>, instance: &Instance<'_, '_>) {
    let has_ports = match builder.protocol {
        Protocol::Is(number) => matches!(number, TCP | UDP | UDPLITE | SCTP | DCCP),
        Protocol::Unresolved => true,
        Protocol::Any | Protocol::IsNot(_) => false,
    };
    if !has_ports {
        builder.syntax(instance.span, "`-m multiport` needs `-p tcp`, udp, udplite, sctp or dccp");
        return instance.given.iter().for_each(|given| builder.pure(given));
    }
    for (at, given) in instance.given.iter().enumerate() {
        if at > 0 {
            builder.refuse(given, "`-m multiport` takes one list of ports only");
            continue;
        }
        let Some(word) = given.value() else {
            builder.pure(given);
            continue;
        };
        match list(&word.text) {
            Ok(ports) => either(builder, given, ports),
            Err(wrong) => wrong.tell(builder, given),
        }
    }
}

/// Adds what a list of ports says; `--ports` holds for the source or the destination.
fn either(builder: &mut Builder<'_>, given: &Given<'_, '_>, ports: Ranges) {
    match axis(given.name) {
        Some(axis) => builder.field(axis, ports, given.negated, given.span),
        None if given.negated => {
            builder.field(Axis::SourcePort, ports.clone(), true, given.span);
            builder.field(Axis::DestinationPort, ports, true, given.span);
        }
        None => {
            let ports = Values::from(ports);
            let others = Values::all(Axis::DestinationPort).minus(&ports);
            let cubes = [
                Cube::any().with(Axis::DestinationPort, ports.clone()),
                Cube::any()
                    .with(Axis::DestinationPort, others)
                    .and_then(|it| it.with(Axis::SourcePort, ports)),
            ];
            let packets = PacketSet::from_cubes(cubes.into_iter().flatten());
            builder.matches.push(Spanned::new(Match::Packets(Box::new(packets)), given.span));
        }
    }
}

/// `PORT,LOW:HIGH,…`: at most 15 ports, a range counting as two.
fn list(text: &str) -> Result<Ranges, NoPort> {
    let ranges: Vec<_> = text.split(',').map(|part| range(part, false)).collect::<Result<_, _>>()?;
    let count = text.split(',').map(|part| 1 + usize::from(part.contains(':'))).sum::<usize>();
    if count > 15 {
        return Err(NoPort::Wrong(format!("{count} ports are more than the 15 that multiport takes")));
    }
    Ok(Ranges::union(ranges))
}

/// `PORT` or `LOW:HIGH`; either end of a range may be missing where it says so.
fn range(text: &str, may_be_open: bool) -> Result<(u128, u128), NoPort> {
    let Some(colon) = memchr::memchr(b':', text.as_bytes()) else {
        return services::port(text).map(|only| (only, only));
    };
    let (low, high) = (&text[..colon], &text[colon + 1..]);
    let low = if low.is_empty() && may_be_open { 0 } else { services::port(low)? };
    let high = if high.is_empty() && may_be_open { 0xffff } else { services::port(high)? };
    if low > high {
        return Err(NoPort::Wrong(format!("the range `{text}` begins behind its end")));
    }
    Ok((low, high))
}
