//! A difference in words: one paragraph for each change, `+` for what opens, `-` for what closes.

use std::io::{self, Write};

use super::Side;
use crate::eval::Way;
use crate::eval::difference::{Change, Difference, Fate, Kind, Treatment};
use crate::packet::{Axis, Family, Words};
use crate::report::escape;

/// Writes the difference, and which families only one side speaks for.
pub fn write(
    to: &mut dyn Write,
    sides: &[Side; 2],
    difference: &Difference,
    silent: &[(Family, &str)],
) -> io::Result<()> {
    for change in &difference.changes {
        let sign = match (change.opens(), change.closes()) {
            (true, _) => '+',
            (_, true) => '-',
            _ => '~',
        };
        let packets = packets(sides, difference, change);
        writeln!(to, "{sign} {}: {}", way(change), escape(&packets))?;
        for (word, side, treatment) in
            [("before", &sides[0], &change.before), ("after", &sides[1], &change.after)]
        {
            writeln!(to, "    {word}: {}", decision(side, treatment))?;
        }
    }
    for (family, name) in silent {
        let family = if *family == Family::V4 { "IPv4" } else { "IPv6" };
        writeln!(to, "not compared: {family}, of which {} says nothing", escape(name))?;
    }
    let count = |test: fn(&Change) -> bool| difference.changes.iter().filter(|change| test(change)).count();
    if difference.is_none() {
        return writeln!(to, "no packet is treated differently");
    }
    let (opens, closes) = (count(Change::opens), count(Change::closes));
    let others = difference.changes.len() - opens - closes;
    let others = if others > 0 { format!(", {others} otherwise different") } else { String::new() };
    writeln!(to, "{opens} opened, {closes} closed{others}")
}

/// `in, new connections`.
fn way(change: &Change) -> String {
    let way = match (change.way, change.is_loopback) {
        (Way::In, false) => "in",
        (Way::In, true) => "in by lo",
        (Way::Out | Way::Local, _) => "out",
        (Way::Forward, _) => "forwarded",
    };
    let family = if change.family == Family::V4 { "IPv4" } else { "IPv6" };
    let has = |kind| change.kinds.contains(&kind);
    let states = [Kind::First, Kind::Later, Kind::Answer, Kind::Related];
    let kinds = if states.into_iter().all(has) {
        "of any state".to_owned()
    } else {
        change.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    };
    format!("{way}, {family}, {kinds}")
}

/// The packets of a change in words.
pub fn packets(sides: &[Side; 2], difference: &Difference, change: &Change) -> String {
    let name = |axis: Axis, _: u128| match axis {
        Axis::Atom(atom) => {
            let unknown = difference.unknown(sides[0].host, sides[1].host, atom);
            Some(format!("`{}`", unknown.text))
        }
        _ => None,
    };
    change.say(&Words {
        name: &name,
        from_anywhere: change.way == Way::In,
        ..Words::within(&change.context())
    })
}

/// `dropped by rules.v4:3: policy DROP`.
fn decision(side: &Side, treatment: &Treatment) -> String {
    let fate = match treatment.fate {
        Fate::Accepted => "accepted",
        Fate::Turned => "turned elsewhere",
        Fate::Dropped => "dropped",
        Fate::Rejected => "rejected",
    };
    let Some(span) = side.place(treatment) else { return format!("{fate}: no chain looks at them") };
    let path = side.sources.file(span.file).name.display().to_string();
    let line = side.sources.start(span).line;
    let base = treatment.chain.and_then(|chain| side.host.chain(chain).chain.base.as_ref());
    let what = match (treatment.rule, base) {
        (None, Some(base)) => {
            format!("policy {}", base.policy.value.word(side.sources.text(base.policy.span)))
        }
        _ => side.sources.text(span).lines().next().unwrap_or("").to_string(),
    };
    format!("{fate} by {}:{line}: {}", escape(&path), escape(&what))
}
