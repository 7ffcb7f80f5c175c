//! Address translation: DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP, TPROXY.

use super::super::address::{self, NoAddress};
use super::super::given::{Given, Protocol, Target as Used};
use super::super::numerals;
use super::super::options::{flag, one};
use super::super::protocols::{DCCP, SCTP, TCP, UDP};
use super::super::rule::{Builder, Word};
use super::super::services::{self, NoPort};
use super::{Kind, kind, marks};
use crate::model::{Nat, Target, Verdict};
use crate::packet::values::address_range;
use crate::packet::{Axis, Family, Ranges, Values};

pub(super) const ALL: &[Kind] = &[
    kind(
        "DNAT",
        &[one("to-destination"), flag("random"), flag("random-fully"), flag("persistent")],
        |builder, used| nat(Nat::Destination(required(builder, used, "to-destination"))),
    ),
    kind(
        "SNAT",
        &[one("to-source"), flag("random"), flag("random-fully"), flag("persistent")],
        |builder, used| nat(Nat::Source(at_random(used, required(builder, used, "to-source")))),
    ),
    kind("MASQUERADE", &[one("to-ports"), flag("random"), flag("random-fully")], |builder, used| {
        nat(Nat::Masquerade(at_random(used, ports_only(builder, used))))
    }),
    kind(
        "REDIRECT",
        &[one("to-ports"), flag("random"), flag("random-fully"), flag("persistent")],
        |builder, used| nat(Nat::Redirect(ports_only(builder, used))),
    ),
    kind("NETMAP", &[one("to")], netmap),
    kind("TPROXY", &[one("on-port"), one("on-ip"), one("tproxy-mark")], |builder, used| {
        for given in used.given.iter().filter(|given| given.name == "tproxy-mark") {
            marks::of_tproxy(builder, given);
        }
        if !matches!(builder.protocol, Protocol::Is(TCP | UDP) | Protocol::Unresolved) {
            builder.syntax(used.span, "`-j TPROXY` needs `-p tcp` or `-p udp`");
        }
        nat(Nat::Tproxy)
    }),
];

fn nat(nat: Nat) -> Verdict {
    Verdict::Nat(Box::new(nat))
}

/// The same, with what `--random` and `--random-fully` say.
fn at_random(used: &Used<'_, '_>, target: Target) -> Target {
    let is_random = used.given.iter().any(|given| matches!(given.name, "random" | "random-fully"));
    Target { is_random: is_random || target.is_random, ..target }
}

/// The target could be any.
fn anything() -> Target {
    Target {
        addresses: Some(Values::all(Axis::Destination)),
        ports: Some(Values::all(Axis::DestinationPort)),
        is_random: true,
    }
}

/// Reads the option without which the target is refused.
fn required(builder: &mut Builder<'_>, used: &Used<'_, '_>, name: &str) -> Target {
    let mut options = used.given.iter().filter(|given| given.name == name);
    let Some(given) = options.next() else {
        builder.syntax(used.span, format!("`-j {}` needs `--{name}`", used.word.text));
        return anything();
    };
    // Kernels before 2.6.11 took several.
    if let Some(second) = options.next() {
        builder.syntax(second.span, format!("`--{name}` stands twice"));
        return anything();
    }
    let Some(word) = given.value().filter(|word| !word.unresolved) else { return anything() };
    match target(&word.text, builder.family) {
        Ok(target) => {
            if target.ports.is_some() {
                needs_ports(builder, word);
            }
            target
        }
        Err(wrong) => {
            builder.remarks.push(wrong.remark(word.span));
            anything()
        }
    }
}

/// Reads `--to-ports`.
fn ports_only(builder: &mut Builder<'_>, used: &Used<'_, '_>) -> Target {
    let Some(given) = used.given.iter().find(|given| given.name == "to-ports") else {
        return Target::default();
    };
    let any = || Target { addresses: None, ..anything() };
    let Some(word) = given.value().filter(|word| !word.unresolved) else { return any() };
    match ports(&word.text) {
        Ok(ports) => {
            needs_ports(builder, word);
            Target { ports: Some(ports.into()), ..Target::default() }
        }
        Err(wrong) => {
            builder.remarks.push(wrong.remark(word.span));
            any()
        }
    }
}

fn needs_ports(builder: &mut Builder<'_>, word: &Word<'_>) {
    let has_ports = match builder.protocol {
        Protocol::Is(number) => matches!(number, TCP | UDP | SCTP | DCCP),
        Protocol::Unresolved => true,
        Protocol::Any | Protocol::IsNot(_) => false,
    };
    if !has_ports {
        builder.syntax(word.span, "a translation of ports needs `-p tcp`, udp, sctp or dccp");
    }
}

/// `[ADDRESS[-ADDRESS]][:PORT[-PORT[/BASE]]]`; IPv6 addresses are in brackets before a port.
fn target(text: &str, family: Family) -> Result<Target, NoPort> {
    let (host, port) = match (family, text.strip_prefix('[')) {
        (Family::V6, Some(inner)) => {
            let (host, rest) =
                inner.split_once(']').ok_or_else(|| NoPort::Wrong(format!("`{text}` lacks a `]`")))?;
            let port = rest.strip_prefix(':');
            if port.is_none() && !rest.is_empty() {
                return Err(NoPort::Wrong(format!("`{rest}` is no port")));
            }
            (host, port)
        }
        (Family::V6, None) => match text.strip_prefix(':').filter(|rest| !rest.contains(':')) {
            Some(port) => ("", Some(port)),
            None => (text, None),
        },
        (Family::V4, _) => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (text, None),
        },
    };
    let addresses = match host {
        "" => None,
        host => Some(addresses(host, family)?),
    };
    let port = port.map(|port| port.split_once('/').map_or(port, |(range, _)| range));
    let ports = port.map(ports).transpose()?.map(Values::from);
    Ok(Target { addresses, ports, is_random: false })
}

fn addresses(text: &str, family: Family) -> Result<Values, NoPort> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    match (address::host(low, family), address::host(high, family)) {
        (Ok(low), Ok(high)) => {
            let (low, high) = address_range(low, high);
            match low <= high {
                true => Ok(Ranges::new(low, high).into()),
                false => Err(NoPort::Wrong(format!("the range `{text}` begins behind its end"))),
            }
        }
        (Err(NoAddress::Wrong(message)), _) | (_, Err(NoAddress::Wrong(message))) => {
            Err(NoPort::Wrong(message))
        }
        _ => Err(NoPort::Wrong(format!("`{text}` is no address"))),
    }
}

/// `PORT`, by number or name, or `LOW-HIGH` by number.
fn ports(text: &str) -> Result<Ranges, NoPort> {
    let port = services::port(text);
    let Some((low, high)) = text.split_once('-').filter(|_| port.is_err()) else {
        return port.map(Ranges::single);
    };
    let number = |text: &str| numerals::number(text, 0xffff).map(u128::from);
    match (number(low), number(high)) {
        (Some(low), Some(high)) if low <= high => Ok(Ranges::new(low, high)),
        (Some(_), Some(_)) => Err(NoPort::Wrong(format!("the range `{text}` begins behind its end"))),
        _ => Err(NoPort::Wrong(format!("`{text}` is no range of ports"))),
    }
}

fn netmap(builder: &mut Builder<'_>, used: &Used<'_, '_>) -> Verdict {
    let any = || nat(Nat::Netmap(Values::all(Axis::Destination)));
    let Some(given) = used.given.first() else {
        builder.syntax(used.span, "`-j NETMAP` needs `--to`");
        return any();
    };
    match network(builder, given) {
        Some(network) => nat(Nat::Netmap(network)),
        None => any(),
    }
}

fn network(builder: &mut Builder<'_>, given: &Given<'_, '_>) -> Option<Values> {
    let word = given.value().filter(|word| !word.unresolved)?;
    match address::network(&word.text, builder.family) {
        Ok(ranges) => Some(ranges.into()),
        Err(NoAddress::Wrong(message)) => {
            builder.syntax(word.span, message);
            None
        }
        Err(_) => None,
    }
}
