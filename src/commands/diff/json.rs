//! A difference as one JSON object.

use std::io::{self, Write};

use serde::Serialize;

use super::{Side, words};
use crate::eval::Way;
use crate::eval::difference::{Difference, Fate, Kind, Treatment};
use crate::packet::{Axis, Family};

#[derive(Serialize)]
struct Output {
    version: &'static str,
    old: String,
    new: String,
    equal: bool,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    way: &'static str,
    family: &'static str,
    states: Vec<&'static str>,
    packets: String,
    before: Decision,
    after: Decision,
    depends_on: Vec<String>,
}

#[derive(Serialize)]
struct Decision {
    fate: &'static str,
    chain: Option<String>,
    path: Option<String>,
    line: Option<u32>,
    text: Option<String>,
}

/// Writes the difference.
pub fn write(to: &mut dyn Write, sides: &[Side; 2], difference: &Difference) -> io::Result<()> {
    let output = Output {
        version: env!("CARGO_PKG_VERSION"),
        old: sides[0].name.to_owned(),
        new: sides[1].name.to_owned(),
        equal: difference.is_none(),
        changes: difference.changes.iter().map(|each| change(sides, difference, each)).collect(),
    };
    crate::report::write_object(to, &output)
}

fn change(sides: &[Side; 2], difference: &Difference, change: &crate::eval::difference::Change) -> Change {
    let sides_of = |set: &crate::packet::Cube| set.sides().iter().map(|side| side.0).collect::<Vec<_>>();
    let mut atoms: Vec<u32> = Vec::new();
    for axis in change.packets.cubes().iter().flat_map(sides_of) {
        if let Axis::Atom(atom) = axis
            && !atoms.contains(&atom)
        {
            atoms.push(atom);
        }
    }
    let text = |atom: u32| difference.unknown(sides[0].host, sides[1].host, atom).text.to_string();
    Change {
        way: match (change.way, change.is_loopback) {
            (Way::In, false) => "in",
            (Way::In, true) => "loopback",
            (Way::Out | Way::Local, _) => "out",
            (Way::Forward, _) => "forward",
        },
        family: if change.family == Family::V4 { "ipv4" } else { "ipv6" },
        states: change.kinds.iter().map(|kind| state(*kind)).collect(),
        packets: words::packets(sides, difference, change),
        before: decision(&sides[0], &change.before),
        after: decision(&sides[1], &change.after),
        depends_on: atoms.into_iter().map(text).collect(),
    }
}

fn state(kind: Kind) -> &'static str {
    match kind {
        Kind::First => "first",
        Kind::Stray => "stray",
        Kind::Later => "later",
        Kind::Answer => "answer",
        Kind::Related => "related",
    }
}

fn decision(side: &Side, treatment: &Treatment) -> Decision {
    let span = side.place(treatment);
    Decision {
        fate: match treatment.fate {
            Fate::Accepted => "accepted",
            Fate::Turned => "turned",
            Fate::Dropped => "dropped",
            Fate::Rejected => "rejected",
        },
        chain: treatment.chain.map(|chain| side.host.chain(chain).chain.name.to_string()),
        path: span.map(|span| side.sources.file(span.file).name.to_string_lossy().into_owned()),
        line: span.map(|span| side.sources.start(span).line),
        text: span.map(|span| side.sources.text(span).lines().next().unwrap_or("").to_owned()),
    }
}
