//! What was tried, as JSON.

use std::net::SocketAddr;

use serde::Serialize;

use super::{Place, end, path, start};
use crate::finding::{self, Blame, Rules};
use crate::source::{Sources, Span};

/// One thing that was tried.
#[derive(Serialize)]
pub(super) struct Probe<'a> {
    what: &'a str,
    protocol: &'a str,
    from: Option<SocketAddr>,
    to: SocketAddr,
    came: &'a str,
    rules: Option<Rules>,
    blame: Blame,
    places: Vec<Piece>,
}

/// A piece of a file.
#[derive(Serialize)]
struct Piece {
    path: String,
    start: Place,
    end: Place,
}

impl<'a> Probe<'a> {
    /// A probe with the places of the rules that decide it.
    pub fn of(sources: &Sources, probe: &'a finding::Probe) -> Self {
        let finding::Probe { what, protocol, from, to, came, rules, blame, places } = probe;
        let piece = |span: &Span| Piece {
            path: path(sources, *span),
            start: start(sources, *span),
            end: end(sources, *span),
        };
        let places = places.iter().map(piece).collect();
        Probe { what, protocol, from: *from, to: *to, came, rules: *rules, blame: *blame, places }
    }
}
