//! Answers as JSON, one object a line, in the words of the probes.

use std::io::{self, Write};

use serde::Serialize;

use crate::eval::Host;
use crate::eval::trace::{Answer, Discovery, Entry, Next, Outcome, Trace, deciding};
use crate::source::Sources;

#[derive(Serialize)]
struct Line {
    egress: Option<Entry>,
    ingress: Option<Entry>,
    reply: Option<Answer>,
    followup: Option<Next>,
    nd: Option<Discovery>,
    verdict: Outcome,
    decided_by: Vec<Place>,
    depends_on: Vec<String>,
}

/// A rule or policy that decided.
#[derive(Serialize, PartialEq)]
struct Place {
    path: String,
    line: u32,
    chain: String,
}

/// Writes one answer.
pub fn write(to: &mut dyn Write, sources: &Sources, host: &Host, trace: &Trace) -> io::Result<()> {
    let mut decided_by: Vec<Place> = Vec::new();
    for hop in trace.conversation.steps.iter().flat_map(deciding) {
        let span = super::words::place(host, hop);
        let place = Place {
            path: sources.file(span.file).name.display().to_string(),
            line: sources.start(span).line,
            chain: host.chains[hop.chain.0 as usize].chain.name.to_string(),
        };
        if !decided_by.contains(&place) {
            decided_by.push(place);
        }
    }
    let unknowns = trace.depends_on.iter().map(|atom| host.atoms.get(*atom).text.to_string());
    let left_open = trace.left_open.iter().map(|axis| super::words::left_open(*axis));
    let line = Line {
        egress: trace.egress,
        ingress: trace.ingress,
        reply: trace.reply,
        followup: trace.followup,
        nd: trace.nd,
        verdict: trace.verdict,
        decided_by,
        depends_on: unknowns.chain(left_open.map(str::to_owned)).collect(),
    };
    serde_json::to_writer(&mut *to, &line).map_err(io::Error::from)?;
    writeln!(to)
}
