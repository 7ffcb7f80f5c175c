//! `tunnel-loopback-blocked`: see rules/tunnel-loopback-blocked.md.

use super::tunnel::blame::blame;
use super::{Context, exposure, mend};
use crate::config::RunsIn;
use crate::eval::Certainty;
use crate::finding::{Finding, Level};
use crate::packet::{Family, PacketSet};

const ID: &str = "tunnel-loopback-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    if context.settings.runs_in.value == RunsIn::Container {
        return;
    }
    let blocked: Vec<_> = tunnel.loopback.iter().filter(|each| each.1 == Certainty::Blocked).collect();
    let is_v6_alone = blocked.iter().all(|each| each.0 == Family::V6);
    for (family, _, held) in blocked {
        // Over IPv6 it is told only where it fails alone, and where there is IPv6 at all.
        if *family == Family::V6 && !(is_v6_alone && exposure::has_ipv6_flows(context)) {
            continue;
        }
        let address = if *family == Family::V4 { "127.0.0.1" } else { "::1" };
        let message =
            format!("no connection to {address}, ports 20241 to 20245, comes up: loopback is blocked");
        // Who does without IPv6 misses ::1 as little.
        let is_little = *family == Family::V6 && tunnel.does_without_ipv6();
        let level = if is_little { Level::Note } else { Level::Warning };
        let finding = Finding::new(ID, level, message).remedy(mend::loopback(context, *family, held));
        let finding = blame(finding, context, held, &PacketSet::any());
        findings.push(finding.note(format!(
            "{} needs loopback for origins on this host (`localhost` may well be ::1), for its metrics \
             (localhost:20241) and for a resolver on this host (127.0.0.53).",
            tunnel.profile.program
        )));
    }
}
