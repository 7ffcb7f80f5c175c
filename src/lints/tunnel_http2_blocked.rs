//! `tunnel-http2-blocked`: see rules/tunnel-http2-blocked.md.

use super::tunnel::blame::blame;
use super::tunnel::{Path, blocked_beside, is_sure_beside, names};
use super::{Context, mend};
use crate::config::Protocol;
use crate::finding::{Finding, Level};

const ID: &str = "tunnel-http2-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let level = match context.settings.protocol.value {
        Protocol::Auto => Level::Note,
        Protocol::Http2 => Level::Error,
        Protocol::Quic => return,
    };
    let mut paths: Vec<&Path> = blocked_beside(tunnel, "http2", "quic").collect();
    // What is dropped for the name in it is another lint's.
    paths.retain(|path| !names::block(context, tunnel, path));
    if paths.is_empty() {
        return;
    }
    let (program, port) = (&tunnel.profile.program, tunnel.profile.port);
    let families = super::tunnel::families_of(tunnel, &paths);
    let is_sure = is_sure_beside(tunnel, &paths, "quic");
    let does = if is_sure { "does" } else { "may" };
    let message = format!("HTTP/2 is blocked{families}: TCP {port} does not get out, UDP {port} {does}");
    let edges = paths.iter().map(|path| (*path, path.edges.iter().collect()));
    let remedy = mend::edges(context, tunnel, edges, "let HTTP/2 out");
    let chance = paths.iter().find_map(|path| path.chance);
    let (level, message) = match chance {
        Some(_) => (
            level.min(Level::Warning),
            format!("HTTP/2 comes up by chance{families}: rules name client ports"),
        ),
        None => (level, message),
    };
    let mut finding = Finding::new(ID, level, message).remedy(remedy);
    finding = chance.into_iter().fold(finding, |finding, chance| finding.note(chance.note(context)));
    for path in &paths {
        finding = blame(finding, context, &path.held, &path.part(&path.edges));
    }
    findings.push(match level {
        Level::Error => finding.note(format!(
            "With `protocol: http2` {program} never tries QUIC: the tunnel is down until TCP {port} is open."
        )),
        _ => finding.note(format!(
            "{}HTTP/2 is what {program} falls back to when a network in between stops UDP.",
            if is_sure { "The tunnel works over QUIC. " } else { "" },
        )),
    });
}
