//! What `fwlint scan --probe` tried from a machine and what came of it, as fwlint.yaml keeps it.

use std::fmt::{self, Display, Formatter};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::de;
use serde::{Deserialize, Deserializer};

use crate::profile::Protocol;
use crate::source::Spanned;

/// All that was tried at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probed {
    /// The day, `2026-11-29`; `None` if it is not known.
    #[serde(default)]
    pub day: Option<String>,
    /// The number of the user who sent the probes; `None` if it is not known.
    #[serde(default)]
    pub uid: Option<u32>,
    /// The number of the group.
    #[serde(default)]
    pub gid: Option<u32>,
    /// What resolvers answered.
    #[serde(default)]
    pub answers: Vec<Spanned<Answer>>,
    /// What was tried, and what came of it.
    #[serde(default)]
    pub tried: Vec<Spanned<Tried>>,
}

/// What a resolver answered: `A region1.v2.argotunnel.com: 198.41.192.7 198.41.192.27`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for.
    pub record: Record,
    /// Of this name.
    pub name: String,
    /// Addresses, or hosts with their ports; none if there is no such name, or nothing of that kind.
    pub values: Vec<String>,
}

/// What names are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Record {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Hosts with their ports.
    Srv,
}

/// A probe: `quic udp 192.0.2.10:40000 > 198.41.192.7:7844 answered`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What for: `quic`, `http2`, `dns`, `upstream-dns`, `dns-over-tls`, or the name of a service of the profile.
    pub what: String,
    /// Over this.
    pub protocol: Protocol,
    /// From there; `None` (`-`) if nothing could be sent.
    pub from: Option<SocketAddr>,
    /// To there.
    pub to: SocketAddr,
    /// What came of it.
    pub came: Came,
}

/// What came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Came {
    /// The answer that was hoped for.
    Answered,
    /// Another answer than those give who should be there.
    Garbled,
    /// It was refused: a reset of TCP, or an error in ICMP.
    Refused,
    /// Nothing.
    Silent,
    /// This machine itself did not let it be sent.
    Forbidden,
    /// No route leads there, as the machine itself knows if nothing could be sent. If something was, an error in ICMP said so,
    /// or nobody on the next network answers for it.
    Unreachable,
    /// It could not be tried, for want of sockets or memory: nothing is known.
    Untried,
}

/// What came of probes, and how that is written.
const CAME: [(&str, Came); 7] = [
    ("answered", Came::Answered),
    ("garbled", Came::Garbled),
    ("refused", Came::Refused),
    ("silent", Came::Silent),
    ("forbidden", Came::Forbidden),
    ("unreachable", Came::Unreachable),
    ("untried", Came::Untried),
];

const RECORDS: [(&str, Record); 3] = [("A", Record::A), ("AAAA", Record::Aaaa), ("SRV", Record::Srv)];

const PROTOCOLS: [(&str, Protocol); 2] = [("tcp", Protocol::Tcp), ("udp", Protocol::Udp)];

/// The value of a word.
fn named<T: Copy>(list: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = list.iter().find(|(name, _)| *name == word);
    let names = || list.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found.map(|(_, value)| *value).ok_or_else(|| format!("expected one of {}, found `{word}`", names()))
}

/// The word of a value.
fn word<T: PartialEq>(list: &[(&'static str, T)], value: &T) -> &'static str {
    list.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

impl Came {
    /// How it is written.
    pub fn word(self) -> &'static str {
        word(&CAME, &self)
    }
}

impl Answer {
    /// So many addresses of a name are dialled in a family: many times more than the edge has, and few enough for a
    /// resolver not to make floods of them.
    pub const MOST: usize = 64;

    /// The addresses that were told and are public: nothing else is dialled, whatever a resolver says.
    pub fn public(&self) -> impl Iterator<Item = IpAddr> {
        self.values.iter().filter_map(|value| value.parse().ok()).filter(is_public)
    }
}

/// May an address be that of a machine somewhere on the Internet?
pub fn is_public(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_local = v4.is_loopback() || v4.is_private() || v4.is_link_local();
            !is_local && v4.octets()[0] != 0 && !v4.is_multicast() && !v4.is_broadcast()
        }
        // Addresses of IPv4 in it are those that begin with zeros, among them `::` and `::1`.
        IpAddr::V6(v6) => {
            let is_local = v6.is_unique_local() || v6.is_unicast_link_local();
            !is_local && v6.to_ipv4().is_none() && !v6.is_multicast()
        }
    }
}

impl Display for Record {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(word(&RECORDS, self))
    }
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected an answer like `A region1.v2.argotunnel.com: 198.41.192.7`";
        let (question, values) =
            text.split_once(": ").or(text.strip_suffix(':').map(|it| (it, ""))).ok_or(FORM)?;
        let (record, name) = question.split_once(' ').ok_or(FORM)?;
        let values = values.split_whitespace().map(str::to_owned).collect();
        Ok(Answer { record: named(&RECORDS, record)?, name: name.to_owned(), values })
    }
}

impl Display for Answer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}:", self.record, self.name)?;
        self.values.iter().try_for_each(|value| write!(formatter, " {value}"))
    }
}

impl FromStr for Tried {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [what, protocol, from, ">", to, came] = words[..] else {
            return Err(
                "expected a probe like `quic udp 192.0.2.10:40000 > 198.41.192.7:7844 answered`".to_owned()
            );
        };
        let place = |text: &str| {
            text.parse::<SocketAddr>().map_err(|_| format!("expected an address with a port, found `{text}`"))
        };
        let from = if from == "-" { None } else { Some(place(from)?) };
        let (to, protocol, came) = (place(to)?, named(&PROTOCOLS, protocol)?, named(&CAME, came)?);
        if from.is_some_and(|from| from.is_ipv4() != to.is_ipv4()) {
            return Err("source and destination are of different families".to_owned());
        }
        let is_mapped = |ip: IpAddr| matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
        if is_mapped(to.ip()) || from.is_some_and(|from| is_mapped(from.ip())) {
            return Err("an IPv4 address in IPv6 is none that packets have: write it as IPv4".to_owned());
        }
        if from.is_none() && matches!(came, Came::Answered | Came::Garbled | Came::Refused | Came::Silent) {
            return Err(format!("what was not sent (`-`) cannot be `{}`", came.word()));
        }
        Ok(Tried { what: what.to_owned(), protocol, from, to, came })
    }
}

impl Display for Tried {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Tried { what, protocol, from, to, came } = self;
        let from = from.map_or_else(|| "-".to_owned(), |from| from.to_string());
        write!(formatter, "{what} {} {from} > {to} {}", word(&PROTOCOLS, protocol), came.word())
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Tried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "quic udp 192.0.2.10:40000 > 198.41.192.7:7844 answered",
            "http2 tcp - > [2606:4700:a0::10]:7844 unreachable",
            "http2 tcp 192.0.2.10:40000 > 198.41.192.7:7844 unreachable",
            "dns udp [2001:db8::10]:40000 > [2001:db8::53]:53 silent",
            "quic udp - > 198.41.192.7:7844 forbidden",
            "quic udp - > 198.41.192.7:7844 untried",
        ] {
            assert_eq!(text.parse::<Tried>().map(|tried| tried.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "A region1.v2.argotunnel.com: 198.41.192.7 198.41.192.27",
            "AAAA region1.v2.argotunnel.com:",
            "SRV _v2-origintunneld._tcp.argotunnel.com: region1.v2.argotunnel.com:7844",
        ] {
            assert_eq!(text.parse::<Answer>().map(|answer| answer.to_string()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn only_public_addresses_are_dialled() {
        let text =
            "A a.example: 127.0.0.1 198.41.192.7 0.0.0.0 10.0.0.1 169.254.1.1 224.0.0.1 255.255.255.255";
        let public = |text: &str| text.parse::<Answer>().map(|it| it.public().collect::<Vec<_>>());
        assert_eq!(public(text), Ok(vec![IpAddr::from([198, 41, 192, 7])]));
        let text = "AAAA a.example: :: ::1 fe80::1 fd00::1 ff02::1 ::ffff:198.41.192.7 2606:4700:a0::1";
        assert_eq!(public(text), Ok(vec![IpAddr::from([0x2606, 0x4700, 0xa0, 0, 0, 0, 0, 1])]));
    }

    #[test]
    fn what_is_no_probe_is_a_mistake() {
        for text in [
            "quic udp 198.41.192.7:7844 answered",
            "quic udp 192.0.2.10:40000 > [2001:db8::1]:7844 answered",
            "quic icmp 192.0.2.10:40000 > 198.41.192.7:7844 answered",
            "quic udp 192.0.2.10:40000 > 198.41.192.7:7844 well",
            "quic udp 192.0.2.10 > 198.41.192.7:7844 answered",
            "quic udp - > 198.41.192.7:7844 silent",
            "quic udp - > [::ffff:198.41.192.7]:7844 unreachable",
        ] {
            assert!(text.parse::<Tried>().is_err(), "{text}");
        }
        assert!("MX example.org: mail".parse::<Answer>().is_err());
        assert!("A example.org 192.0.2.1".parse::<Answer>().is_err());
    }
}
