//! What a match looks at, as an axis of packets.

use smallvec::SmallVec;

use super::bits::{self, Step};
use super::rules::Known;
use super::values::Numbers;
use crate::dialects::nft::ast::{
    Datatype, Direction, Expression, ExpressionKind, FibKeys, Group, PayloadBase, Selector,
};
use crate::model::Remark;
use crate::packet::axis::{NO_OWNER, direction, state};
use crate::packet::{Axis, Ranges, Values};

/// Protocols whose header begins with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub(super) const WITH_PORTS: [u128; 5] = [6, 17, 33, 132, 136];

/// A property of packets that the engine knows, and how its numbers lie on an axis.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The axis.
    pub axis: Axis,
    /// How numbers lie on it.
    pub form: Form,
    /// The type of its numbers.
    pub numbers: Numbers,
    /// What must hold for it to be there at all, whatever it is compared with.
    pub needs: SmallVec<[(Axis, Values); 2]>,
    /// Arithmetic before the comparison.
    pub steps: Vec<Step>,
}

/// How the numbers of a field lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Plain,
    /// IPv4 addresses: in the upper 32 bits.
    Upper,
    /// An ICMP type: `type << 8`, with any code.
    Type,
    /// An ICMP code, with any type.
    Code,
    /// A bit for each conntrack state.
    State,
    /// Bits of what happened to a connection, of which only two are known.
    Status,
    /// Marks, as patterns of bits.
    Mark,
    /// An address family by its number in the kernel.
    Family,
    /// An address family by what frames of it carry.
    EtherType,
    /// An address family by the version of IP.
    Version,
}

impl Subject {
    /// What an expression looks at; `None` if the engine does not know it.
    pub fn of(expression: &Expression<'_>, known: &Known, remarks: &mut Vec<Remark>) -> Option<Subject> {
        match expression.resolved() {
            ExpressionKind::Selector(selector) => of_selector(selector, known),
            ExpressionKind::Directed(selector, way) => directed(selector, *way),
            ExpressionKind::Fib { keys, result } => fib(*keys, result),
            ExpressionKind::Payload { base, offset, length } => payload(*base, *offset, *length, known),
            ExpressionKind::Binary(operator, sides) => {
                let mut subject = Subject::of(&sides.0, known, remarks)?;
                let numbers = match operator {
                    crate::dialects::nft::ast::Binary::ShiftLeft
                    | crate::dialects::nft::ast::Binary::ShiftRight => Numbers::of(Datatype::Integer),
                    _ => subject.numbers,
                };
                let constant = numbers.number(&sides.1, remarks).ok()?;
                subject.steps.push((*operator, constant));
                Some(subject)
            }
            _ => None,
        }
    }

    /// The values on the axis of the packets whose number, after the arithmetic, is among these; `None`
    /// if that cannot be said.
    pub fn on_axis(&self, wanted: &Ranges) -> Option<Values> {
        if self.form == Form::Mark {
            return bits::marks(&self.steps, wanted).map(Values::from);
        }
        let holds = |number: u128| wanted.contains(bits::forward(&self.steps, self.numbers.bits, number));
        let chosen = |numbers: &[(u128, u128)]| {
            let values = numbers.iter().filter(|(number, _)| holds(*number));
            Some(Values::from(Ranges::union(values.map(|&(_, value)| (value, value)))))
        };
        match self.form {
            Form::State => chosen(&STATES),
            Form::Family => chosen(&[(2, 0), (10, 1)]),
            Form::EtherType => chosen(&[(0x0800, 0), (0x86dd, 1)]),
            Form::Version => chosen(&[(4, 0), (6, 1)]),
            Form::Status => self.status(wanted),
            _ => {
                let numbers = bits::backward(&self.steps, self.numbers.bits, wanted)?;
                // A field may have more bits than there are values: what is not local has a kind all the same.
                let values = spread(self.form, &numbers).and(&Ranges::new(0, self.axis.max()));
                Some(Values::from(values))
            }
        }
    }

    /// The bits of a status that are known say yes or no for every value of the others, or nothing can
    /// be said.
    fn status(&self, wanted: &Ranges) -> Option<Values> {
        let (and, xor) = bits::as_and_xor(&self.steps)?;
        const KNOWN: u32 = 0x30;
        if and & !KNOWN != 0 {
            return None;
        }
        let holds = |nat: u128| wanted.contains(u128::from(((nat as u32) << 4) & and ^ xor));
        Some(Ranges::union((0..4).filter(|nat| holds(*nat)).map(|nat| (nat, nat))).into())
    }
}

/// Conntrack states: the bit that nft has for each, and the value on the axis.
const STATES: [(u128, u128); 5] = [
    (1, state::INVALID),
    (2, state::ESTABLISHED),
    (4, state::RELATED),
    (8, state::NEW),
    (64, state::UNTRACKED),
];

fn spread(form: Form, numbers: &Ranges) -> Ranges {
    match form {
        Form::Upper => {
            let upper = |(low, high): (u128, u128)| (low << 96, (high << 96) | (u128::MAX >> 32));
            match numbers.as_one() {
                Some(range) => {
                    let (low, high) = upper(range);
                    Ranges::new(low, high)
                }
                None => Ranges::union(numbers.iter().map(upper)),
            }
        }
        Form::Type => Ranges::union(numbers.iter().map(|(low, high)| (low << 8, (high << 8) | 0xff))),
        Form::Code => {
            let of_type =
                |kind: u128| numbers.iter().map(move |(low, high)| (kind << 8 | low, kind << 8 | high));
            Ranges::union((0..256).flat_map(of_type))
        }
        _ => numbers.clone(),
    }
}

fn subject(axis: Axis, form: Form, selector: &Selector) -> Subject {
    let numbers = Numbers { datatype: selector.datatype, bits: selector.bits };
    Subject { axis, form, numbers, needs: SmallVec::new(), steps: Vec::new() }
}

impl Subject {
    fn needing(mut self, axis: Axis, values: Ranges) -> Self {
        self.needs.push((axis, values.into()));
        self
    }

    fn of_protocol(self, number: u128) -> Self {
        self.needing(Axis::Protocol, Ranges::single(number))
    }

    fn of_family(self, family: crate::packet::Family) -> Self {
        self.needing(Axis::Family, Ranges::single(family.number()))
    }

    /// Only packets with a conntrack entry have it.
    fn with_entry(self) -> Self {
        self.needing(Axis::Direction, Ranges::new(direction::ORIGINAL, direction::REPLY))
    }
}

fn of_selector(selector: &'static Selector, known: &Known) -> Option<Subject> {
    use crate::packet::Family::{V4, V6};
    let at = |axis: Axis| subject(axis, Form::Plain, selector);
    Some(match (selector.group, selector.name) {
        (Group::Ip, "saddr") => subject(Axis::Source, Form::Upper, selector).of_family(V4),
        (Group::Ip, "daddr") => subject(Axis::Destination, Form::Upper, selector).of_family(V4),
        (Group::Ip6, "saddr") => at(Axis::Source).of_family(V6),
        (Group::Ip6, "daddr") => at(Axis::Destination).of_family(V6),
        (Group::Ip, "protocol") => at(Axis::Protocol).of_family(V4),
        (Group::Ip6, "nexthdr") => at(Axis::Protocol).of_family(V6),
        (Group::Ip, "ttl") => at(Axis::HopLimit).of_family(V4),
        (Group::Ip6, "hoplimit") => at(Axis::HopLimit).of_family(V6),
        (Group::Ip, "length") => at(Axis::Length).of_family(V4),
        (Group::Ip, "dscp") => at(Axis::Dscp).of_family(V4),
        (Group::Ip6, "dscp") => at(Axis::Dscp).of_family(V6),
        (Group::Ip, "version") => subject(Axis::Family, Form::Version, selector).of_family(V4),
        (Group::Ip6, "version") => subject(Axis::Family, Form::Version, selector).of_family(V6),
        (Group::Tcp, "sport") => at(Axis::SourcePort).of_protocol(6),
        (Group::Tcp, "dport") => at(Axis::DestinationPort).of_protocol(6),
        (Group::Tcp, "flags") => at(Axis::TcpFlags).of_protocol(6),
        (Group::Udp, "sport") => at(Axis::SourcePort).of_protocol(17),
        (Group::Udp, "dport") => at(Axis::DestinationPort).of_protocol(17),
        (Group::Udplite, "sport") => at(Axis::SourcePort).of_protocol(136),
        (Group::Udplite, "dport") => at(Axis::DestinationPort).of_protocol(136),
        (Group::Sctp, "sport") => at(Axis::SourcePort).of_protocol(132),
        (Group::Sctp, "dport") => at(Axis::DestinationPort).of_protocol(132),
        (Group::Dccp, "sport") => at(Axis::SourcePort).of_protocol(33),
        (Group::Dccp, "dport") => at(Axis::DestinationPort).of_protocol(33),
        // The first bytes of other protocols' headers are no ports, but they are compared all the same.
        (Group::Th, "sport") if has_ports(known) => at(Axis::SourcePort),
        (Group::Th, "dport") if has_ports(known) => at(Axis::DestinationPort),
        (Group::Icmp, "type") => {
            subject(Axis::DestinationPort, Form::Type, selector).of_family(V4).of_protocol(1)
        }
        (Group::Icmp, "code") => {
            subject(Axis::DestinationPort, Form::Code, selector).of_family(V4).of_protocol(1)
        }
        (Group::Icmpv6, "type") => {
            subject(Axis::DestinationPort, Form::Type, selector).of_family(V6).of_protocol(58)
        }
        (Group::Icmpv6, "code") => {
            subject(Axis::DestinationPort, Form::Code, selector).of_family(V6).of_protocol(58)
        }
        (Group::Meta, "l4proto") => at(Axis::Protocol),
        (Group::Meta, "nfproto") => subject(Axis::Family, Form::Family, selector),
        (Group::Meta, "protocol") => subject(Axis::Family, Form::EtherType, selector),
        (Group::Ether, "type") => subject(Axis::Family, Form::EtherType, selector),
        (Group::Ether, "saddr") => at(Axis::Mac),
        (Group::Meta, "length") => at(Axis::Length),
        (Group::Meta, "mark") => subject(Axis::Mark, Form::Mark, selector),
        (Group::Ct, "mark") => subject(Axis::ConnMark, Form::Mark, selector).with_entry(),
        (Group::Meta, "iif" | "iifname") => name(Axis::InInterface),
        (Group::Meta, "oif" | "oifname") => name(Axis::OutInterface),
        (Group::Meta, "pkttype") => at(Axis::PacketType),
        // Packets without a socket have no owner, and no test of it holds.
        (Group::Meta, "skuid") => at(Axis::Uid).needing(Axis::Uid, Ranges::new(0, NO_OWNER - 1)),
        (Group::Meta, "skgid") => at(Axis::Gid).needing(Axis::Gid, Ranges::new(0, NO_OWNER - 1)),
        (Group::Ct, "state") => subject(Axis::State, Form::State, selector),
        (Group::Ct, "status") => subject(Axis::Nat, Form::Status, selector).with_entry(),
        (Group::Ct, "direction") => at(Axis::Direction).with_entry(),
        (Group::Ct, "protocol") => at(Axis::Protocol).with_entry(),
        (Group::Ct, "l3proto") => subject(Axis::Family, Form::Family, selector).with_entry(),
        _ => return None,
    })
}

/// Protocol and family of a connection are the same in both directions.
fn directed(selector: &'static Selector, _: Direction) -> Option<Subject> {
    match selector.name {
        "protocol" => Some(subject(Axis::Protocol, Form::Plain, selector).with_entry()),
        "l3proto" => Some(subject(Axis::Family, Form::Family, selector).with_entry()),
        _ => None,
    }
}

fn name(axis: Axis) -> Subject {
    let numbers = Numbers { datatype: Datatype::Ifname, bits: 128 };
    Subject { axis, form: Form::Plain, numbers, needs: SmallVec::new(), steps: Vec::new() }
}

/// The kind of an address. That a local address belongs to the interface on which packets to it come in
/// is what symmetric routing means.
fn fib(keys: FibKeys, result: &'static Selector) -> Option<Subject> {
    let axis = match keys {
        _ if result.name != "type" || keys.mark => return None,
        FibKeys { saddr: true, daddr: false, .. } => Axis::SourceKind,
        FibKeys { saddr: false, daddr: true, .. } => Axis::DestinationKind,
        _ => return None,
    };
    Some(subject(axis, Form::Plain, result))
}

/// Bytes that have a name too: ports.
fn payload(base: PayloadBase, offset: u32, length: u32, known: &Known) -> Option<Subject> {
    let axis = match (base, offset, length) {
        (PayloadBase::Transport, 0, 16) if has_ports(known) => Axis::SourcePort,
        (PayloadBase::Transport, 16, 16) if has_ports(known) => Axis::DestinationPort,
        _ => return None,
    };
    let numbers = Numbers { datatype: Datatype::Integer, bits: 16 };
    Some(Subject { axis, form: Form::Plain, numbers, needs: SmallVec::new(), steps: Vec::new() })
}

/// Are packets that come here surely of protocols that have ports?
pub(super) fn has_ports(known: &Known) -> bool {
    let ports = Ranges::union(WITH_PORTS.map(|number| (number, number)));
    known.ranges(Axis::Protocol).is_some_and(|protocols| ports.covers(protocols))
}
