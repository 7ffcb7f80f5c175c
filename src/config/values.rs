//! Values of settings: ports, addresses, interfaces, users.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::tree::OneOrMany;

/// Ports from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest.
    pub first: u16,
    /// The highest; not below the lowest.
    pub last: u16,
}

/// An address and the length of its prefix; the bits behind the prefix are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub IpNet);

/// The address of one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine(pub IpAddr);

/// A number of an IP protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtocolNumber(pub u8);

/// The protocols that have names, in letters of either case.
pub const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("ospf", 89),
    ("vrrp", 112),
    ("sctp", 132),
    ("udplite", 136),
];

/// A user of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum User {
    /// By name.
    Name(String),
    /// By number.
    Id(u32),
}

/// An interface of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its addresses, each with the prefix of its network; empty when they are not known.
    pub addresses: Vec<IpNet>,
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once(['-', ':']).unwrap_or((text, text));
        let port = |text: &str| text.trim().parse::<u16>().ok();
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(PortRange { first, last }),
            _ => Err(format!("expected a port or a range like 8000-8100, found `{text}`")),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
        let address: Option<IpAddr> = address.parse().ok();
        let net = address.and_then(|address| {
            let length = match length {
                None => Some(if address.is_ipv4() { 32 } else { 128 }),
                Some(length) if length.bytes().all(|digit| digit.is_ascii_digit()) => length.parse().ok(),
                Some(_) => None,
            };
            IpNet::new(address, length?).ok()
        });
        net.map(Address).ok_or_else(|| format!("expected an address like 192.0.2.10/24, found `{text}`"))
    }
}

impl FromStr for Machine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("expected an address like 192.0.2.53, found `{text}`");
        text.parse().map(Machine).map_err(wrong)
    }
}

impl FromStr for ProtocolNumber {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = PROTOCOLS.iter().find(|(name, _)| text.eq_ignore_ascii_case(name));
        let number = named.map_or_else(|| text.parse().ok(), |(_, number)| Some(*number));
        let number = number.map(ProtocolNumber);
        number.ok_or_else(|| format!("expected a protocol like tcp, or its number, found `{text}`"))
    }
}

impl FromStr for User {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            // The last number is that of no user: to the kernel it means that none is named.
            Ok(id) if id < u32::MAX => Ok(User::Id(id)),
            _ if text.is_empty() => Err("expected the name or the number of a user".to_string()),
            _ if is_number => Err(format!("expected the number of a user, below 4294967295, found `{text}`")),
            _ => Ok(User::Name(text.to_string())),
        }
    }
}

impl FromStr for Interface {
    type Err = String;

    /// `eth0` or `eth0=192.0.2.10/24,2001:db8::10/64`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, addresses) = text.split_once('=').unwrap_or((text, ""));
        if name.is_empty() || name.len() > 15 || name.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(format!("expected the name of an interface like eth0, found `{name}`"));
        }
        let addresses = addresses.split(',').filter(|address| !address.is_empty());
        let addresses =
            addresses.map(|address| Ok(address.parse::<Address>()?.0)).collect::<Result<_, String>>();
        Ok(Interface { name: name.to_string(), addresses: addresses? })
    }
}

macro_rules! deserialize_from_text {
    ($($kind:ty)*) => {$(
        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

impl Serialize for PortRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PortRange { first, last } = self;
        if first == last {
            serializer.serialize_u16(*first)
        } else {
            serializer.collect_str(&format_args!("{first}-{last}"))
        }
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            User::Name(name) => serializer.serialize_str(name),
            User::Id(id) => serializer.serialize_u32(*id),
        }
    }
}

deserialize_from_text! { PortRange Address Machine ProtocolNumber User }

/// Interfaces by name: `eth0: [192.0.2.10/24]`.
pub struct Interfaces(pub Vec<Interface>);

impl<'de> Deserialize<'de> for Interfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;

        impl<'de> Visitor<'de> for ByName {
            type Value = Vec<Interface>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("names of interfaces and their addresses")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vec<Interface>, A::Error> {
                let mut interfaces = Vec::new();
                while let Some(name) = entries.next_key::<String>()? {
                    let Interface { name, .. } = name.parse().map_err(de::Error::custom)?;
                    let addresses = entries.next_value::<Option<OneOrMany<Address>>>()?;
                    let addresses = addresses.map_or_else(Vec::new, |list| list.0);
                    let addresses = addresses.into_iter().map(|address| address.0).collect();
                    interfaces.push(Interface { name, addresses });
                }
                Ok(interfaces)
            }
        }

        deserializer.deserialize_map(ByName).map(Interfaces)
    }
}
