//! Ports, protocols and kinds of addresses by name.

use super::{NoValue, Symbol};
use crate::dialects::iptables;

/// The port of a service.
pub(super) fn service(word: &str) -> Result<(u128, u128), NoValue> {
    match iptables::services::port(word) {
        Ok(port) => Ok((port, port)),
        Err(iptables::services::NoPort::Unknown(_)) => Err(NoValue::Unknown(None)),
        Err(iptables::services::NoPort::Wrong(message)) => Err(NoValue::Wrong(message)),
    }
}

/// The number of a protocol.
pub(super) fn protocol(word: &str) -> Result<(u128, u128), NoValue> {
    match iptables::protocols::number(word) {
        Some(number) => Ok((u128::from(number), u128::from(number))),
        None => Err(NoValue::Unknown(None)),
    }
}

pub(super) const ADDRESS_KINDS: &[Symbol] = &[
    ("unspec", 0),
    ("unicast", 1),
    ("local", 2),
    ("broadcast", 3),
    ("anycast", 4),
    ("multicast", 5),
    ("blackhole", 6),
    ("unreachable", 7),
    ("prohibit", 8),
];
