//! `tunnel-ipv6-blocked`: see rules/tunnel-ipv6-blocked.md.

use super::tunnel::Path;
use super::tunnel::blame::blame;
use super::{Context, exposure, mend};
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "tunnel-ipv6-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let (v4, v6): (Vec<&Path>, Vec<&Path>) = tunnel.paths.iter().partition(|path| path.family == Family::V4);
    let Some(first) = v6.first().filter(|_| v6.iter().all(|path| path.is_blocked())) else { return };
    // Who lets no IPv6 through at all does without it, and what no neighbour is found for is another lint's.
    let is_told = v6.iter().flat_map(|path| &path.edges).any(|edge| edge.lost_at.is_some());
    if !is_told || v4.iter().all(|path| path.is_blocked()) || !exposure::has_ipv6_flows(context) {
        return;
    }
    let program = &tunnel.profile.program;
    let message = format!("{program} cannot reach the edge over IPv6; IPv4 leads out");
    let wanted = super::tunnel::wanted(context.settings.protocol.value);
    let usable = v6.iter().filter(|path| wanted.contains(&path.transport.name.as_str()));
    let edges = usable.map(|path| (*path, path.edges.iter().collect()));
    let remedy = mend::edges(context, tunnel, edges, "let the tunnel out over IPv6");
    let finding = Finding::new(ID, Level::Note, message).remedy(remedy);
    findings.push(blame(finding, context, &first.held, &first.part(&first.edges)).note(
        "With `--edge-ip-version auto` (the default since 2026.5.0) a host with IPv6 dials IPv6 first, fails, and \
         changes to IPv4. Allow IPv6, or say `edge-ip-version: 4`.",
    ));
}
