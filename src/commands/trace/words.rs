//! The way of a packet in words, hop by hop.

use std::io::{self, Write};

use crate::eval::trace::{Outcome, Probe, Trace};
use crate::eval::{Fate, Hop, Host, Moment, Step, Way};
use crate::model::{Hook, Nat};
use crate::packet::Axis;
use crate::report::escape;
use crate::source::{Sources, Span};

/// Writes the way of one packet.
pub fn write(
    to: &mut dyn Write,
    sources: &Sources,
    host: &Host,
    probe: &Probe,
    trace: &Trace,
) -> io::Result<()> {
    for step in &trace.conversation.steps {
        writeln!(to, "{}", moment(step.moment, probe.way))?;
        for hop in &step.hops {
            write_hop(to, sources, host, hop)?;
        }
        if step.hops.is_empty() {
            writeln!(to, "  no rule and no chain looks at it")?;
        }
        writeln!(to, "  => {}", fate_of(step))?;
    }
    if let Some(nd) = trace.nd {
        let works = match nd {
            crate::eval::trace::Discovery::Ok => "works",
            crate::eval::trace::Discovery::Blocked => "is blocked",
            crate::eval::trace::Discovery::Depends => "depends",
        };
        writeln!(to, "neighbour discovery {works}")?;
    }
    let verdict = match trace.verdict {
        Outcome::Open => "open: every step succeeds",
        Outcome::Blocked => "blocked",
        Outcome::Depends => "it depends",
    };
    writeln!(to, "{verdict}")?;
    for atom in &trace.depends_on {
        let unknown = host.atoms.get(*atom);
        writeln!(to, "  on `{}` at {}", escape(&unknown.text), locate(sources, unknown.span))?;
    }
    for axis in &trace.left_open {
        writeln!(to, "  on {}", left_open(*axis))?;
    }
    Ok(())
}

/// What is not said of a packet and makes a difference.
pub fn left_open(axis: Axis) -> &'static str {
    match axis {
        Axis::Length => "the length of the packets",
        Axis::HopLimit => "the hop limit of the packets",
        Axis::Dscp => "the DSCP of the packets",
        Axis::Mac => "the MAC address of the sender",
        Axis::Destination => "whether the cloud's own resolver, which nothing filters, is at this address",
        Axis::Uid => "the user who sends",
        Axis::Gid => "the group of the user who sends",
        _ => "the interface",
    }
}

/// Where a decision is written.
pub fn place(host: &Host, hop: &Hop) -> Span {
    let chain = host.chains[hop.chain.0 as usize].chain;
    match (hop.rule, &chain.base) {
        (Some(rule), _) => {
            let chain = &host.chains[rule.chain.0 as usize].chain;
            chain.rules.get(rule.index as usize).map_or(chain.span, |rule| rule.span)
        }
        (None, Some(base)) => base.policy.span,
        (None, None) => chain.span,
    }
}

fn moment(moment: Moment, way: Way) -> &'static str {
    match (moment, way) {
        (Moment::Egress, _) => "the first packet leaves the host",
        (Moment::Ingress, Way::Forward) => "the first packet comes through the host",
        (Moment::Ingress, _) => "the first packet comes into the host",
        (Moment::Reply, _) => "the answer comes back",
        (Moment::Followup, _) => "the client's next packet",
    }
}

fn fate_of(step: &Step) -> &'static str {
    match (step.passed.is_empty(), step.lost.is_empty()) {
        (true, _) => "does not get through",
        (false, true) => "gets through",
        (false, false) => "depends",
    }
}

/// One decision: where, by what, and what became of the packet.
fn write_hop(to: &mut dyn Write, sources: &Sources, host: &Host, hop: &Hop) -> io::Result<()> {
    let chain = &host.chains[hop.chain.0 as usize];
    let base = &host.chains[hop.base.0 as usize];
    let hook = hook(hop.hook);
    let name = if hop.chain == hop.base {
        format!("{} {}", base.table.name, chain.chain.name)
    } else {
        format!("{} {} > {}", base.table.name, base.chain.name, chain.chain.name)
    };
    writeln!(to, "  {hook:11} {}: {}", escape(&name), fate(&hop.fate))?;
    let span = place(host, hop);
    let what = match (hop.rule, &chain.chain.base) {
        (Some(_), _) => escape(sources.text(span).lines().next().unwrap_or("")).into_owned(),
        (None, Some(base)) => {
            format!("policy {}", base.policy.value.word(sources.text(base.policy.span)))
        }
        (None, None) => String::new(),
    };
    writeln!(to, "              {}: {what}", locate(sources, span))?;
    for (atom, word) in conditions(hop) {
        writeln!(to, "              {word} `{}`", escape(&host.atoms.get(atom).text))?;
    }
    Ok(())
}

/// The unknowns that a decision hangs on, each with `if` or `unless`; `depending on` when it is both.
fn conditions(hop: &Hop) -> Vec<(u32, &'static str)> {
    let mut conditions: Vec<(u32, &str)> = Vec::new();
    for (axis, values) in hop.packets.cubes().iter().flat_map(|cube| cube.sides()) {
        let Axis::Atom(number) = axis else { continue };
        let word = if values.first() == Some(1) { "if" } else { "unless" };
        match conditions.iter_mut().find(|(other, _)| other == number) {
            None => conditions.push((*number, word)),
            Some((_, other)) if *other != word => *other = "depending on",
            Some(_) => {}
        }
    }
    conditions.sort_unstable();
    conditions
}

fn hook(hook: Hook) -> &'static str {
    match hook {
        Hook::Ingress => "INGRESS",
        Hook::Prerouting => "PREROUTING",
        Hook::Input => "INPUT",
        Hook::Forward => "FORWARD",
        Hook::Output => "OUTPUT",
        Hook::Postrouting => "POSTROUTING",
        Hook::Egress => "EGRESS",
    }
}

fn fate(fate: &Fate) -> &'static str {
    match fate {
        Fate::Accepted => "accepted",
        Fate::Dropped => "dropped",
        Fate::Rejected(_) => "rejected",
        Fate::Translated(Nat::Destination(_)) => "accepted, the destination is translated",
        Fate::Translated(Nat::Source(_)) => "accepted, the source is translated",
        Fate::Translated(Nat::Masquerade(_)) => "accepted, the source becomes the host's address",
        Fate::Translated(Nat::Redirect(_)) => "accepted, redirected to the host itself",
        Fate::Translated(Nat::Netmap(_)) => "accepted, the prefix is exchanged",
        Fate::Translated(Nat::Tproxy) => "accepted, handed to a socket of the host",
    }
}

/// `rules.v4:12`.
fn locate(sources: &Sources, span: Span) -> String {
    let name = sources.file(span.file).name.display().to_string();
    format!("{}:{}", escape(&name), sources.start(span).line)
}
