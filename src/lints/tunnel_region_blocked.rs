//! `tunnel-region-blocked`: see rules/tunnel-region-blocked.md.

use super::tunnel::blame::blame;
use super::tunnel::{Path, families_of, title, wanted};
use super::{Context, mend};
use crate::eval::Certainty;
use crate::finding::{Finding, Level};

const ID: &str = "tunnel-region-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    for (number, region) in tunnel.endpoint.regions.iter().enumerate() {
        let is_lost = |path: &&Path| {
            wanted(context.settings.protocol.value).contains(&path.transport.name.as_str())
                && !path.is_blocked()
                && path.region(number).all(|edge| edge.certainty == Certainty::Blocked)
        };
        let paths: Vec<&Path> = tunnel.paths.iter().filter(is_lost).collect();
        if paths.is_empty() {
            continue;
        }
        let is_lost = |name: &&&str| paths.iter().any(|path| path.transport.name == ***name);
        let wanted = wanted(context.settings.protocol.value);
        let names: Vec<&str> = wanted.iter().filter(is_lost).map(|name| title(name)).collect();
        // Over a transport that is not dialled nothing fails.
        let is_dialled = paths.iter().any(|path| path.transport.name == tunnel.dialled(context));
        // Nor do these surely come up. Where none does, they fall back, and then it may be all four.
        let is_sure = paths.iter().all(|path| is_rest_open(path, number));
        let count = if is_sure { "2" } else { "at most 2" };
        let (level, comes_of_it) = match (is_dialled, &names[..]) {
            (true, [_]) if !is_sure => {
                (Level::Warning, format!(": {count} of 4 connections come up over it"))
            }
            (true, _) => (Level::Warning, format!(": {count} of 4 connections come up")),
            (false, _) => (Level::Note, String::new()),
        };
        let message = format!(
            "{} ({}) is blocked for {}{}{comes_of_it}",
            region.name,
            region.host,
            names.join(" and "),
            families_of(tunnel, &paths)
        );
        let lost = paths.iter().map(|path| (*path, path.region(number).collect()));
        let remedy = mend::edges(context, tunnel, lost, &format!("let the tunnel out to {}", region.name));
        let mut finding = Finding::new(ID, level, message).remedy(remedy);
        for path in &paths {
            finding = blame(finding, context, &path.held, &path.part(path.region(number)));
        }
        let program = &tunnel.profile.program;
        findings.push(finding.note(match is_dialled {
            true => format!(
                "{program} spreads its connections over two regions. The other two retry the blocked one for ever, and \
                 half of the redundancy is gone, while `/ready` still says that all is well."
            ),
            false => format!(
                "{program} dials over QUIC. Where a network in between stops UDP, it falls back to {}, and then {} of 4 \
                 connections come up.",
                names.join(" and "),
                if is_sure { "only 2" } else { count }
            ),
        }));
    }
}

/// Are all addresses of the other regions surely reached?
fn is_rest_open(path: &Path, region: usize) -> bool {
    let mut rest = path.edges.iter().filter(|edge| edge.region != region);
    rest.all(|edge| edge.certainty == Certainty::Met)
}
