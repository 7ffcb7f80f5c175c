//! `tunnel-redirected`: see rules/tunnel-redirected.md.

use super::tunnel::{Redirection, title, wanted};
use super::{Context, exposure};
use crate::finding::{Finding, Level};
use crate::source::Span;

const ID: &str = "tunnel-redirected";

/// A rule, the transports of which it sends packets elsewhere, to how many addresses of how many, whether it surely does,
/// and on what that depends.
struct Found<'n> {
    span: Span,
    names: Vec<&'n str>,
    taken: usize,
    of: usize,
    is_sure: bool,
    depends_on: Vec<u32>,
}

/// Looks for it: one finding for each rule that translates the edge's address.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let mut seen: Vec<Found> = Vec::new();
    for path in &tunnel.paths {
        if !wanted(context.settings.protocol.value).contains(&path.transport.name.as_str()) {
            continue;
        }
        for Redirection { rule, addresses, is_sure, depends_on } in path.redirections(&tunnel.witnesses.left)
        {
            let (taken, of) = (addresses.len(), path.edges.len());
            let span = context.host.rule(rule).rule.span;
            let name = title(&path.transport.name);
            match seen.iter_mut().find(|found| found.span == span) {
                Some(found) => {
                    found.is_sure |= is_sure;
                    if !found.names.contains(&name) {
                        found.names.push(name);
                    }
                }
                None => seen.push(Found { span, names: vec![name], taken, of, is_sure, depends_on }),
            }
        }
    }
    for Found { span, names, taken, of, is_sure, depends_on } in seen {
        let (level, is) = if is_sure { (Level::Warning, "is") } else { (Level::Note, "may be") };
        let edge =
            if taken == of { "the edge".to_owned() } else { format!("{taken} of {of} edge addresses") };
        let message = format!("{} to {edge} {is} sent elsewhere by NAT", names.join(" and "));
        let finding = Finding::new(ID, level, message).at(span).here("changes the destination");
        let finding = if is_sure { finding } else { exposure::depends_on(finding, context, &depends_on) };
        findings.push(finding.note(format!(
            "{} checks the edge's certificate and knows no proxy: a connection works only if what takes it passes \
             it on to the edge, byte for byte. Exempt port {} from this rule.",
            tunnel.profile.program, tunnel.profile.port
        )));
    }
}
