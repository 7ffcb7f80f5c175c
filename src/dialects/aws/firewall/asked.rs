//! What rules ask of packets, in the model's terms.

use super::sets::{Part, Set};
use crate::dialects::cloud::Condition;
use crate::model::{Said, Speaking};
use crate::packet::axis::{direction, state};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// The bit of TCP's flags that begins a connection.
const SYN: u128 = 2;

/// The protocols that have ports.
const WITH_PORTS: [u128; 2] = [6, 17];

/// The number of TCP.
pub const TCP: u128 = 6;

/// The number of UDP.
pub const UDP: u128 = 17;

/// That an address on an axis is in a set; `None` for nothing. `text` is how the set is written.
pub fn addresses(set: &Set, axis: Axis, text: Spanned<&str>) -> Option<Condition> {
    if set.iter().all(Part::is_all) {
        return None;
    }
    let packets = |of: fn(&Part) -> &Ranges| {
        let cube = |(family, part): (Family, &Part)| {
            let cube = Cube::any().with(axis, of(part).clone())?;
            cube.with(Axis::Family, Ranges::single(family.number()))
        };
        PacketSet::from_cubes(Family::ALL.into_iter().zip(set).filter_map(cube))
    };
    Some(condition(packets(|part| &part.sure), packets(|part| &part.maybe), text))
}

/// That a port on an axis is in a set; `None` for nothing.
pub fn ports(set: &Set, axis: Axis, text: Spanned<&str>) -> Option<Condition> {
    let part = set.first().filter(|part| !part.is_all())?;
    let with_ports = Cube::any().with(Axis::Protocol, Ranges::union(WITH_PORTS.map(|it| (it, it))))?;
    let packets = |ports: &Ranges| PacketSet::from(with_ports.clone().with(axis, ports.clone()));
    Some(condition(packets(&part.sure), packets(&part.maybe), text))
}

fn condition(sure: PacketSet, maybe: PacketSet, text: Spanned<&str>) -> Condition {
    let known = match sure.is_empty() && !maybe.is_empty() {
        true => Condition::none(),
        false => Condition::known(sure, text.span),
    };
    if maybe.is_empty() { known } else { known.or_if(maybe, text.value, text.span) }
}

/// That the protocol is one of these.
pub fn protocols(numbers: &[u128], span: Span) -> Condition {
    let numbers = Ranges::union(numbers.iter().map(|number| (*number, *number)));
    Condition::known(PacketSet::from(Cube::any().with(Axis::Protocol, numbers)), span)
}

/// That this is said in the flow, or is not.
pub fn said(said: Said, negated: bool, span: Span) -> Condition {
    Condition::none().or(Spanned::new(Speaking { said, negated }.into(), span))
}

/// That the packet goes as the first one did, or against it.
pub fn is_to_server(is_so: bool, span: Span) -> Condition {
    let way = if is_so { direction::ORIGINAL } else { direction::REPLY };
    Condition::known(PacketSet::from(Cube::any().with(Axis::Direction, Ranges::single(way))), span)
}

/// That both ends have been heard, and with TCP the handshake is over; or not.
pub fn is_established(is_so: bool, span: Span) -> Condition {
    Condition::known(PacketSet::from_cubes(if is_so { later() } else { early() }), span)
}

/// What comes after a handshake, and of protocols without one after the first packet.
fn later() -> Vec<Cube> {
    let later = Cube::any().set(Axis::State, Ranges::single(state::ESTABLISHED));
    let (tcp, others) = by_protocol(&later);
    tcp.and_then(|cube| cube.with(Axis::TcpFlags, with_syn(false))).into_iter().chain(others).collect()
}

/// All else.
fn early() -> Vec<Cube> {
    let later = Cube::any().set(Axis::State, Ranges::single(state::ESTABLISHED));
    let answer = by_protocol(&later).0.and_then(|cube| cube.with(Axis::TcpFlags, with_syn(true)));
    let first =
        Cube::any().set(Axis::State, Ranges::single(state::ESTABLISHED).complement(Axis::State.max()));
    std::iter::once(first).chain(answer).collect()
}

fn by_protocol(cube: &Cube) -> (Option<Cube>, Option<Cube>) {
    let tcp = Ranges::single(TCP);
    let others = tcp.complement(Axis::Protocol.max());
    (cube.clone().with(Axis::Protocol, tcp), cube.clone().with(Axis::Protocol, others))
}

/// TCP's packets of a handshake: those with SYN.
pub fn is_handshake(span: Span) -> Condition {
    let cube = Cube::any().with(Axis::Protocol, Ranges::single(TCP));
    Condition::known(PacketSet::from(cube.and_then(|cube| cube.with(Axis::TcpFlags, with_syn(true)))), span)
}

fn with_syn(is_so: bool) -> Ranges {
    flags(SYN, if is_so { SYN } else { 0 })
}

/// The flags of TCP of which those in a mask are these.
pub fn flags(mask: u128, value: u128) -> Ranges {
    Ranges::union((0..=0xff).filter(|flags| flags & mask == value).map(|flags| (flags, flags)))
}
