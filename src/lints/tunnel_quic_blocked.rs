//! `tunnel-quic-blocked`: see rules/tunnel-quic-blocked.md.

use super::tunnel::blame::blame;
use super::tunnel::{Path, blocked_beside, is_sure_beside};
use super::{Context, mend};
use crate::config::Protocol;
use crate::finding::{Finding, Level};

const ID: &str = "tunnel-quic-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let level = match context.settings.protocol.value {
        Protocol::Auto => Level::Warning,
        Protocol::Quic => Level::Error,
        Protocol::Http2 => return,
    };
    let paths: Vec<&Path> = blocked_beside(tunnel, "quic", "http2").collect();
    let Some(first) = paths.first() else { return };
    let (program, port) = (&tunnel.profile.program, tunnel.profile.port);
    let families = super::tunnel::families_of(tunnel, &paths);
    let does = if is_sure_beside(tunnel, &paths, "http2") { "does" } else { "may" };
    let message = format!("QUIC is blocked{families}: UDP {port} does not get out, TCP {port} {does}");
    let edges = paths.iter().map(|path| (*path, path.edges.iter().collect()));
    let remedy = mend::edges(context, tunnel, edges, "let QUIC out");
    let chance = paths.iter().find_map(|path| path.chance);
    let (level, message) = match chance {
        Some(_) => {
            (level.min(Level::Warning), format!("QUIC comes up by chance{families}: rules name client ports"))
        }
        None => (level, message),
    };
    let mut finding = Finding::new(ID, level, message).remedy(remedy);
    finding = chance.into_iter().fold(finding, |finding, chance| finding.note(chance.note(context)));
    for path in &paths {
        finding = blame(finding, context, &path.held, &path.part(&path.edges));
    }
    findings.push(match level {
        Level::Error => finding.note(format!(
            "With `protocol: quic` {program} never falls back to HTTP/2: the tunnel is down until UDP {port} is open."
        )),
        _ if paths.len() == tunnel.paths_of("quic").count() => finding.note(format!(
            "{program} tries QUIC first and changes to HTTP/2 after nine failed dials: 1.5 to 4 minutes without a \
             tunnel at every cold start, and private networks get no UDP and no ICMP. Open UDP {port}, or say \
             `protocol: http2`."
        )),
        _ => finding.note(format!(
            "{program} dials the family that its resolver prefers; over {} it then has to give QUIC up first.",
            super::tunnel::name(first.family)
        )),
    });
}
