//! What words mean as values of a type: numbers, addresses, and nft's names for them.

mod icmp;
mod links;
mod network;
mod packets;

use std::net::{Ipv4Addr, Ipv6Addr};

use super::ast::Datatype;
use crate::packet::values::{name, names_with_prefix};

/// Why a word is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoValue {
    /// Only the machine knows: the name of a host, a user, a group of interfaces.
    Machine,
    /// A name that is not known, and one that may have been meant.
    Unknown(Option<&'static str>),
    /// The loader refuses it, for this reason.
    Wrong(String),
}

/// A name and its value.
type Symbol = (&'static str, u32);

/// The values that a word stands for, first and last: one, but for names of interfaces with a `*`.
/// Addresses are numbers of 32 or 128 bits, names of interfaces as on the packets' axes.
pub(super) fn values(datatype: Datatype, word: &str) -> Result<(u128, u128), NoValue> {
    let single = |value: u128| Ok((value, value));
    match datatype {
        Datatype::Ipv4Addr => match word.parse::<Ipv4Addr>() {
            Ok(address) => single(u128::from(address.to_bits())),
            Err(_) => Err(no_address(word, "IPv4")),
        },
        Datatype::Ipv6Addr => match word.parse::<Ipv6Addr>() {
            Ok(address) => single(address.to_bits()),
            Err(_) => Err(no_address(word, "IPv6")),
        },
        Datatype::EtherAddr => match mac(word) {
            Some(address) => single(address),
            None => Err(NoValue::Wrong(format!("`{word}` is no MAC address"))),
        },
        Datatype::Ifname => names(word),
        // An index is given by the machine; a name stands for what has it now.
        Datatype::IfaceIndex if word.bytes().all(|byte| byte.is_ascii_digit()) => Err(NoValue::Machine),
        Datatype::IfaceIndex => names(word),
        _ => match number(word) {
            Some(value) => in_bits(datatype, word, value),
            None => symbol(datatype, word),
        },
    }
}

/// A number as nft reads it: decimal, or hexadecimal behind `0x`.
pub(super) fn number(word: &str) -> Option<u128> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    // The standard library would take a sign.
    let begins = digits.starts_with(|first: char| first.is_ascii_hexdigit());
    u128::from_str_radix(digits, radix).ok().filter(|_| begins)
}

fn in_bits(datatype: Datatype, word: &str, value: u128) -> Result<(u128, u128), NoValue> {
    let bits = datatype.bits();
    match bits != 0 && bits < 128 && value >> bits != 0 {
        true => Err(NoValue::Wrong(format!("`{word}` is more than the {bits} bits of {}", datatype.name()))),
        false => Ok((value, value)),
    }
}

/// The value of a name.
fn symbol(datatype: Datatype, word: &str) -> Result<(u128, u128), NoValue> {
    let symbols: &[Symbol] = match datatype {
        Datatype::InetService => return network::service(word),
        Datatype::InetProto => return network::protocol(word),
        Datatype::Uid | Datatype::Gid | Datatype::Realm | Datatype::Devgroup | Datatype::Classid => {
            return Err(NoValue::Machine);
        }
        Datatype::CtLabel | Datatype::Cgroupsv2 | Datatype::String => return Err(NoValue::Machine),
        Datatype::Time | Datatype::Hour | Datatype::Day => return Err(NoValue::Machine),
        Datatype::NfProto => links::FAMILIES,
        Datatype::EtherType => links::ETHER_TYPES,
        Datatype::ArpOp => links::ARP_OPERATIONS,
        Datatype::IfaceType => links::INTERFACE_TYPES,
        Datatype::PktType => links::PACKET_TYPES,
        Datatype::IcmpType => icmp::TYPES_V4,
        Datatype::IcmpCode => icmp::CODES_V4,
        Datatype::Icmpv6Type => icmp::TYPES_V6,
        Datatype::Icmpv6Code => icmp::CODES_V6,
        Datatype::IcmpxCode => icmp::CODES_OF_BOTH,
        Datatype::IgmpType => icmp::TYPES_OF_IGMP,
        Datatype::TcpFlag => packets::TCP_FLAGS,
        Datatype::DccpPkttype => packets::DCCP_TYPES,
        Datatype::MhType => packets::MOBILITY_TYPES,
        Datatype::CtState => packets::STATES,
        Datatype::CtDir => packets::DIRECTIONS,
        Datatype::CtStatus => packets::STATUS,
        Datatype::CtEvent => packets::EVENTS,
        Datatype::Dscp => packets::CODE_POINTS,
        Datatype::Ecn => packets::CONGESTION,
        Datatype::FibAddrtype => network::ADDRESS_KINDS,
        Datatype::Boolean => packets::BOOLEANS,
        _ => &[],
    };
    match symbols.iter().find(|symbol| symbol.0 == word) {
        Some(symbol) => Ok((u128::from(symbol.1), u128::from(symbol.1))),
        None => Err(unknown(word, symbols)),
    }
}

fn unknown(word: &str, symbols: &'static [Symbol]) -> NoValue {
    NoValue::Unknown(crate::dialects::nearest::nearest(word, symbols.iter().map(|symbol| symbol.0)))
}

/// A word that is no address may be the name of a host.
fn no_address(word: &str, family: &str) -> NoValue {
    let is_name = word.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_'))
        && word.bytes().any(|it| it.is_ascii_alphabetic());
    match is_name {
        true => NoValue::Machine,
        false => NoValue::Wrong(format!("`{word}` is no {family} address")),
    }
}

/// `00:11:22:33:44:55`.
fn mac(word: &str) -> Option<u128> {
    let mut value = 0;
    let mut count = 0;
    for part in word.split(':') {
        value = value << 8 | u128::from(u8::from_str_radix(part, 16).ok()?);
        count += 1;
    }
    (count == 6).then_some(value)
}

/// The name of an interface; behind it `*` for all that begin so, `\*` for a star that is meant.
fn names(word: &str) -> Result<(u128, u128), NoValue> {
    let too_long = || NoValue::Wrong(format!("`{word}` is longer than the 15 bytes of an interface's name"));
    let plain = word.replace("\\*", "*");
    match word.strip_suffix('*') {
        Some("") => Err(NoValue::Wrong("`*` alone is no name of an interface".into())),
        Some(start) if !start.ends_with('\\') => {
            names_with_prefix(&start.replace("\\*", "*")).ok_or_else(too_long)
        }
        _ if plain.is_empty() => Err(NoValue::Wrong("the name of an interface is missing".into())),
        _ => name(&plain).map(|name| (name, name)).ok_or_else(too_long),
    }
}
