//! Packets as the user writes them: in the short form, or as JSON.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use crate::config::ProtocolNumber;
use crate::eval::trace::Probe;
use crate::eval::{Routes, Socket, Way};
use crate::packet::Family;

/// The short form.
pub const FORM: &str = "A packet is written out|in|local|forward PROTO SRC[:PORT] > DST[:PORT] \
                        [iface= uid= gid= mark= flags= type= code= connected=].";

/// What a line of a file of packets looks like, for who wrote something else.
pub const JSON_FORM: &str = "A line is one JSON object, like {\"direction\": \"out\", \"proto\": \"udp\", \"dst\": \
                             \"198.41.192.7\", \"dport\": 7844}; `fwlint help trace` lists the keys.";

/// Where a client's port is when nobody says: the first that Linux gives.
const EPHEMERAL: u16 = 32768;
/// Who calls when nobody says: addresses of RFC 5737 and RFC 3849.
const REMOTE_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 77);
const REMOTE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x77);

/// A packet in which defaults are still to be filled in.
#[derive(Debug, Default, Deserialize)]
struct Draft {
    direction: String,
    proto: String,
    src: Option<IpAddr>,
    dst: Option<IpAddr>,
    sport: Option<u16>,
    dport: Option<u16>,
    #[serde(rename = "type")]
    kind: Option<u8>,
    code: Option<u8>,
    flags: Option<String>,
    uid: Option<u32>,
    gid: Option<u32>,
    mark: Option<u32>,
    iface: Option<String>,
    connected: Option<bool>,
}

/// A packet from one line of JSON: a probe, or an answer of which it is the `probe`.
pub fn from_json(line: &str, routes: &Routes) -> Result<Probe, String> {
    let mut value: serde_json::Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if let Some(probe) = value.get_mut("probe") {
        value = probe.take();
    }
    let draft: Draft = serde_json::from_value(value).map_err(|error| error.to_string())?;
    draft.fill(routes)
}

/// A packet from its short form.
pub fn from_text(text: &str, routes: &Routes) -> Result<Probe, String> {
    let mut words = text.split_whitespace();
    let mut word = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let mut draft = Draft { direction: word("the direction")?.into(), ..Draft::default() };
    draft.proto = word("the protocol")?.into();
    (draft.src, draft.sport) = end_point(word("the source")?)?;
    if word("`>`")? != ">" {
        return Err("expected `>` between source and destination".to_string());
    }
    (draft.dst, draft.dport) = end_point(word("the destination")?)?;
    for option in words {
        draft.set(option)?;
    }
    draft.fill(routes)
}

/// `192.0.2.10:53`, `[2001:db8::10]:53`, or the address alone.
fn end_point(text: &str) -> Result<(Option<IpAddr>, Option<u16>), String> {
    let wrong = |_| format!("`{text}` is no address with a port");
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok((Some(address), None));
    }
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Ok((Some(address.parse().map_err(wrong)?), None));
    }
    let socket: std::net::SocketAddr = text.parse().map_err(wrong)?;
    Ok((Some(socket.ip()), Some(socket.port())))
}

impl Draft {
    /// Takes in one of the options behind the addresses.
    fn set(&mut self, option: &str) -> Result<(), String> {
        let (key, value) = option.split_once('=').ok_or_else(|| format!("`{option}` is no option"))?;
        let number = || {
            let parsed = match value.strip_prefix("0x") {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => value.parse(),
            };
            parsed.map_err(|_| format!("`{value}` is no number"))
        };
        let small = || u8::try_from(number()?).map_err(|_| format!("`{value}` is larger than 255"));
        match key {
            "iface" => self.iface = Some(value.to_string()),
            "uid" => self.uid = Some(number()?),
            "gid" => self.gid = Some(number()?),
            "mark" => self.mark = Some(number()?),
            "flags" => self.flags = Some(value.to_string()),
            "type" => self.kind = Some(small()?),
            "code" => self.code = Some(small()?),
            "connected" => {
                self.connected = match value {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => return Err(format!("`{value}` is neither `yes` nor `no`")),
                }
            }
            _ => return Err(format!("there is no option `{key}`")),
        }
        Ok(())
    }

    /// Fills in what was left out.
    fn fill(self, routes: &Routes) -> Result<Probe, String> {
        let way = match self.direction.as_str() {
            "out" => Way::Out,
            "in" => Way::In,
            "local" => Way::Local,
            "forward" => Way::Forward,
            other => return Err(format!("`{other}` is no direction: it is one of out, in, local, forward")),
        };
        let protocol = self.proto.parse::<ProtocolNumber>()?.0;
        let is_v6 = match (self.src.or(self.dst), protocol) {
            (Some(address), _) => address.is_ipv6(),
            (None, protocol) => protocol == 58,
        };
        let family = if is_v6 { Family::V6 } else { Family::V4 };
        let own = || {
            let address = routes.address(self.iface.as_deref(), family);
            address.ok_or("the address of the host is missing: name it, or say --interface".to_string())
        };
        let loopback = || if is_v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        let remote = || if is_v6 { IpAddr::from(REMOTE_V6) } else { IpAddr::from(REMOTE_V4) };
        let destination = match (self.dst, way) {
            (Some(address), _) => address,
            (None, Way::In | Way::Local) => own()?,
            (None, Way::Out | Way::Forward) => return Err("the destination is missing".to_string()),
        };
        let source = match (self.src, way) {
            (Some(address), _) => address,
            (None, Way::Local) if destination.is_loopback() => loopback(),
            (None, Way::Out | Way::Local) => own()?,
            (None, Way::In | Way::Forward) => remote(),
        };
        if source.is_ipv6() != destination.is_ipv6() {
            return Err("source and destination are of different families".to_string());
        }
        let (source_port, destination_port) = match protocol {
            1 | 58 => {
                let kind = self.kind.unwrap_or(if protocol == 1 { 8 } else { 128 });
                (0, u16::from(kind) << 8 | u16::from(self.code.unwrap_or(0)))
            }
            6 | 17 | 33 | 132 | 136 => {
                let port = self.dport.ok_or("the destination port is missing".to_string())?;
                (self.sport.unwrap_or(EPHEMERAL), port)
            }
            _ => (0, 0),
        };
        Ok(Probe {
            way,
            protocol,
            source,
            destination,
            source_port,
            destination_port,
            flags: flags(self.flags.as_deref().unwrap_or("S"))?,
            uid: Some(self.uid.unwrap_or(0)),
            gid: Some(self.gid.unwrap_or(0)),
            mark: self.mark.unwrap_or(0),
            socket: match self.connected {
                Some(true) => Socket::Connected,
                Some(false) => Socket::Unconnected,
                None => Socket::Untold,
            },
            interface: self.iface,
        })
    }
}

/// The flags byte of letters.
fn flags(letters: &str) -> Result<u8, String> {
    let bit = |letter: char| "FSRPAU".find(letter).map(|bit| 1 << bit);
    let bits =
        letters.chars().map(|letter| bit(letter).ok_or_else(|| format!("there is no TCP flag `{letter}`")));
    bits.sum::<Result<u32, String>>().map(|bits| bits as u8)
}
