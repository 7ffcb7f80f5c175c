//! Members of sets: `ADDRESS,PROTOCOL:PORT,…` by the set's type.

use std::net::{IpAddr, Ipv4Addr};

use super::super::matches::{icmp_type, mac_address};
use super::super::services::{self, NoPort};
use super::super::{numerals, protocols};
use crate::model::ElementKey;
use crate::packet::values::{address, address_range, name, names_with_prefix, prefix};
use crate::packet::{Axis, Family, Masks, Ranges, Values};

/// What the members of a set are made of.
#[derive(Debug)]
pub(super) struct Parts {
    parts: Vec<Part>,
    family: Family,
    /// Members stand for the whole network of this length.
    netmask: Option<u8>,
    /// These bits of marks count.
    markmask: u32,
    /// Has it a member `nomatch`?
    has_nomatch: bool,
    /// Has it a member that stands for several ports?
    has_port_range: bool,
}

/// A part of a set's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Address,
    Network,
    Port,
    /// Without a protocol.
    BarePort,
    Interface,
    Mark,
    Mac,
}

/// Why a member is not understood.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It hangs on what the file does not tell, or is not modelled.
    Unknown,
    /// The loader refuses it, for this reason.
    Refused(String),
}

impl Parts {
    /// Those of a type; `None` for one that is not read.
    pub fn of(kind: &str, family: Family, netmask: Option<u8>, markmask: u32) -> Option<Parts> {
        use Part::*;
        let parts: &[Part] = match kind {
            "hash:ip" | "bitmap:ip" => &[Address],
            "hash:net" => &[Network],
            "hash:ip,port" => &[Address, Port],
            "hash:net,port" => &[Network, Port],
            "hash:ip,port,ip" => &[Address, Port, Address],
            "hash:ip,port,net" => &[Address, Port, Network],
            "hash:net,port,net" => &[Network, Port, Network],
            "hash:net,net" => &[Network, Network],
            "hash:net,iface" => &[Network, Interface],
            "hash:ip,mark" => &[Address, Mark],
            "hash:ip,mac" | "bitmap:ip,mac" => &[Address, Mac],
            "hash:mac" => &[Mac],
            "bitmap:port" => &[BarePort],
            _ => return None,
        };
        let parts = parts.to_vec();
        Some(Parts { parts, family, netmask, markmask, has_nomatch: false, has_port_range: false })
    }

    /// Is any part an address?
    pub fn has_addresses(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Address | Part::Network))
    }

    /// Can the exceptions of the set be told exactly? The kernel compares ports one by one and lets
    /// the first network go before the second; only of one network is that modelled.
    pub fn nomatch_is_exact(&mut self, nomatch: bool) -> bool {
        self.has_nomatch |= nomatch;
        let networks = self.parts.iter().filter(|part| matches!(part, Part::Address | Part::Network)).count();
        !self.has_nomatch || (networks == 1 && !self.has_port_range)
    }

    /// The members that a text stands for: one, but one for each network that a range is made of.
    pub fn read(&mut self, text: &str, nomatch: bool, wildcard: bool) -> Result<Vec<Vec<ElementKey>>, Wrong> {
        let texts: Vec<&str> = text.split(',').collect();
        if texts.len() != self.parts.len() {
            // The missing address of a frame is filled in by the first packet.
            let fills = self.parts == [Part::Address, Part::Mac] && texts.len() == 1;
            let message = format!("`{text}` has {} parts, not {}", texts.len(), self.parts.len());
            return Err(if fills { Wrong::Unknown } else { Wrong::Refused(message) });
        }
        let mut members = vec![Vec::with_capacity(self.parts.len())];
        for (part, text) in self.parts.clone().into_iter().zip(texts) {
            let keys = self.part(part, text, wildcard)?;
            members = keys
                .iter()
                .flat_map(|key| {
                    members.iter().map(move |member: &Vec<ElementKey>| {
                        let mut member = member.clone();
                        member.push(key.clone());
                        member
                    })
                })
                .collect();
        }
        self.has_nomatch |= nomatch;
        Ok(members)
    }

    fn part(&mut self, part: Part, text: &str, wildcard: bool) -> Result<Vec<ElementKey>, Wrong> {
        let refused = |what: &str| Wrong::Refused(format!("`{text}` is no {what}"));
        Ok(match part {
            Part::Address => {
                let (low, high) = self.addresses(text)?;
                vec![ElementKey::Address(Ranges::new(low, high).into())]
            }
            Part::Network => {
                let (low, high) = self.addresses(text)?;
                let networks = networks(low, high);
                networks.map(|(low, high)| ElementKey::Address(Ranges::new(low, high).into())).collect()
            }
            Part::Port => vec![self.port(text)?],
            Part::BarePort => {
                let text = text.split_once(':').map_or(text, |(_, port)| port);
                vec![ElementKey::Port { protocol: None, ports: ports(text)?.into() }]
            }
            // Ports of bridges are not modelled as parts of sets.
            Part::Interface if text.starts_with("physdev:") => return Err(Wrong::Unknown),
            Part::Interface => {
                let names = if wildcard { names_with_prefix(text) } else { name(text).map(|it| (it, it)) };
                let (low, high) = names.ok_or_else(|| refused("name of an interface"))?;
                vec![ElementKey::Interface(Ranges::new(low, high).into())]
            }
            Part::Mark => {
                let mark = numerals::word(text).ok_or_else(|| refused("mark"))?;
                vec![ElementKey::Mark(Masks::new(self.markmask, mark & self.markmask).into())]
            }
            Part::Mac => {
                let mac = mac_address(text).ok_or_else(|| refused("MAC address"))?;
                vec![ElementKey::Mac(Ranges::single(mac).into())]
            }
        })
    }

    /// `ADDRESS`, `ADDRESS/LENGTH` or `LOW-HIGH`.
    fn addresses(&self, text: &str) -> Result<(u128, u128), Wrong> {
        let widen = |host: IpAddr, length: Option<u8>| match length.or(self.netmask) {
            Some(length) => prefix(host, length),
            None => address(host),
        };
        if let Some((host, length)) = text.split_once('/') {
            let most = if self.family == Family::V4 { 32 } else { 128 };
            let length = numerals::number(length, most).map(|length| length as u8);
            let length =
                length.ok_or_else(|| Wrong::Refused(format!("`{text}` has no length of a prefix")))?;
            let (low, high) = prefix(self.host(host)?, length);
            return Ok(match self.netmask {
                Some(mask) if mask < length => prefix(self.host(host)?, mask),
                _ => (low, high),
            });
        }
        // A name may hold a dash itself; then it stands in brackets.
        if text.starts_with('[') {
            return Err(Wrong::Unknown);
        }
        match text.split_once('-') {
            Some((low, high)) if self.host(low).is_ok() => {
                let (low, high) = (self.host(low)?, self.host(high)?);
                let (low, high) = address_range(low.min(high), low.max(high));
                Ok(match self.netmask {
                    Some(mask) => (low & !free(mask), high | free(mask)),
                    None => (low, high),
                })
            }
            _ => Ok(widen(self.host(text)?, None)),
        }
    }

    /// An address, of which short ones are read as C's inet_aton does: the last number fills what is
    /// left. Names are not known.
    fn host(&self, text: &str) -> Result<IpAddr, Wrong> {
        let host = match self.family {
            Family::V4 => aton(text).map(IpAddr::V4),
            Family::V6 => text.parse().ok().map(IpAddr::V6),
        };
        let may_be_name = text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains(':');
        host.ok_or_else(|| match may_be_name {
            true => Wrong::Unknown,
            false => Wrong::Refused(format!("`{text}` is no address of the set's family")),
        })
    }

    /// `[PROTOCOL:]PORT[-PORT]`, TCP if nothing is said; ICMP has types and codes in place of ports,
    /// and all other protocols a 0.
    fn port(&mut self, text: &str) -> Result<ElementKey, Wrong> {
        let (protocol, text) = match text.split_once(':') {
            Some((name, text)) => (protocols::number(name).filter(|number| *number > 0), text),
            None => (Some(protocols::TCP), text),
        };
        let protocol = protocol.ok_or_else(|| Wrong::Refused("unknown protocol".into()))?;
        let values: Values = match protocol {
            protocols::TCP | protocols::UDP | protocols::SCTP | protocols::UDPLITE => {
                let ports = ports(text)?;
                self.has_port_range |= ports.only().is_none();
                ports.into()
            }
            protocols::ICMP | protocols::ICMPV6 => {
                let family = if protocol == protocols::ICMP { Family::V4 } else { Family::V6 };
                let (kind, code) = icmp_type(text, family).map_err(Wrong::Refused)?;
                Ranges::single(u128::from(kind) << 8 | u128::from(code.unwrap_or(0))).into()
            }
            _ if text == "0" => Values::all(Axis::DestinationPort),
            _ => return Err(Wrong::Refused("a protocol without ports needs the port 0".into())),
        };
        Ok(ElementKey::Port { protocol: Some(protocol), ports: values })
    }
}

/// `PORT` or `PORT-PORT`; names that hold a dash stand in brackets.
fn ports(text: &str) -> Result<Ranges, Wrong> {
    let single = |text: &str| {
        let port = services::port(text.trim_start_matches('[').trim_end_matches(']'));
        port.map_err(|wrong| match wrong {
            NoPort::Unknown(_) => Wrong::Unknown,
            NoPort::Wrong(message) => Wrong::Refused(message),
        })
    };
    let dash = text.find("]-").map(|at| at + 1).or_else(|| text.find('-').filter(|_| !text.starts_with('[')));
    match dash {
        Some(at) => {
            let (low, high) = (single(&text[..at])?, single(&text[at + 1..])?);
            Ok(Ranges::new(low.min(high), low.max(high)))
        }
        None => single(text).map(Ranges::single),
    }
}

/// Up to four numbers, octal behind a zero; the last fills what is left of 32 bits.
fn aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, front) = parts.split_last()?;
    let left = 32_u32.checked_sub(8 * front.len() as u32).filter(|bits| *bits > 0)?;
    let mut bits = 0_u64;
    for part in front {
        bits = bits << 8 | numerals::number(part, 255)?;
    }
    bits = bits << left | numerals::number(last, (1 << left) - 1)?;
    Some(Ipv4Addr::from_bits(bits as u32))
}

/// The bits behind a prefix.
fn free(length: u8) -> u128 {
    u128::MAX.checked_shr(u32::from(length)).unwrap_or(0)
}

/// The networks that a range is made of, the fewest.
fn networks(low: u128, high: u128) -> impl Iterator<Item = (u128, u128)> {
    let mut next = Some(low).filter(|low| *low <= high);
    std::iter::from_fn(move || {
        let low = next?;
        let mut free = if low == 0 { u128::MAX } else { (1 << low.trailing_zeros()) - 1 };
        while low.checked_add(free).is_none_or(|end| end > high) {
            free >>= 1;
        }
        next = (low + free).checked_add(1).filter(|next| *next <= high);
        Some((low, low + free))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_made_of_networks() {
        assert_eq!(networks(0, 5).collect::<Vec<_>>(), [(0, 3), (4, 5)]);
        assert_eq!(networks(1, 6).collect::<Vec<_>>(), [(1, 1), (2, 3), (4, 5), (6, 6)]);
        assert_eq!(networks(0, u128::MAX).collect::<Vec<_>>(), [(0, u128::MAX)]);
        assert_eq!(networks(u128::MAX, u128::MAX).collect::<Vec<_>>(), [(u128::MAX, u128::MAX)]);
    }

    #[test]
    fn the_last_number_fills_what_is_left() {
        assert_eq!(aton("1.2.3"), Some(Ipv4Addr::new(1, 2, 0, 3)));
        assert_eq!(aton("10.2"), Some(Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(aton("010.0.0.1"), Some(Ipv4Addr::new(8, 0, 0, 1)));
        assert_eq!(aton("1.2.3.4.5"), None);
        assert_eq!(aton("1.2.3.256"), None);
    }
}
