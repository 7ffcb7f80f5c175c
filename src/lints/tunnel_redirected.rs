//! `tunnel-redirected`: see rules/tunnel-redirected.md.

use super::Context;
use super::tunnel::{title, wanted};
use crate::finding::{Finding, Level};
use crate::source::Span;

const ID: &str = "tunnel-redirected";

/// Looks for it: one finding for each rule that translates the edge's address.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let mut seen: Vec<(Span, Vec<&str>)> = Vec::new();
    for path in &tunnel.paths {
        if !wanted(context.settings.protocol.value).contains(&path.transport.name.as_str()) {
            continue;
        }
        for id in path.redirections() {
            let rule = context.host.rule(id).rule;
            let name = title(&path.transport.name);
            match seen.iter_mut().find(|each| each.0 == rule.span) {
                Some(each) if !each.1.contains(&name) => each.1.push(name),
                Some(_) => {}
                None => seen.push((rule.span, vec![name])),
            }
        }
    }
    for (span, names) in seen {
        let message = format!("{} to the edge is sent elsewhere by NAT", names.join(" and "));
        let finding = Finding::new(ID, Level::Warning, message).at(span).here("changes the destination");
        findings.push(finding.note(format!(
            "{} checks the edge's certificate and knows no proxy: a connection works only if what takes it passes \
             it on to the edge, byte for byte. Exempt port {} from this rule.",
            tunnel.profile.program, tunnel.profile.port
        )));
    }
}
