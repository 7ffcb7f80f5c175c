//! What was tried from a unit, and whether its rules or the network is to blame for what came of it.

use std::net::SocketAddr;

use crate::source::Span;

/// One thing that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What for: `quic`, `http2`, `dns`, …, or the name of a service.
    pub what: String,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// From there; `None` if nothing could be sent.
    pub from: Option<SocketAddr>,
    /// To there.
    pub to: SocketAddr,
    /// What came of it, in a word: `answered`, `silent`, …
    pub came: &'static str,
    /// What the rules make of the same packets; `None` if nothing was sent.
    pub rules: Option<Rules>,
    /// Who is to blame.
    pub blame: Blame,
    /// The rules that take the packets away, or what the answer depends on.
    pub places: Vec<Span>,
}

/// What rules make of packets and of the answers to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rules {
    /// They get through.
    Open,
    /// They do not.
    Blocked,
    /// The rules do not tell.
    Depends,
}

/// Who is to blame for what came of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// Nobody: it was answered, and the rules let it.
    Nobody,
    /// The rules of the host.
    Rules,
    /// What is behind the host: the way, or the other end.
    Network,
    /// The host has no route there.
    Route,
    /// The rules or the network: it depends.
    Unclear,
    /// The rules as they were read say the contrary.
    Reading,
}
