//! `tunnel-edge-partly-blocked`: see rules/tunnel-edge-partly-blocked.md.

use std::net::IpAddr;

use super::tunnel::blame::blame;
use super::tunnel::{Edge, Path, Tunnel, families_of, title, wanted};
use super::{Context, mend};
use crate::eval::Certainty;
use crate::finding::{Finding, Level};

const ID: &str = "tunnel-edge-partly-blocked";

/// Looks for it: one finding for all transports that lose the same addresses.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let mut groups: Vec<(Vec<IpAddr>, Vec<&Path>)> = Vec::new();
    for path in &tunnel.paths {
        let lost: Vec<IpAddr> = partly_lost(path).map(|edge| edge.address).collect();
        if lost.is_empty() || !wanted(context.settings.protocol.value).contains(&path.transport.name.as_str())
        {
            continue;
        }
        match groups.iter_mut().find(|group| group.0 == lost) {
            Some(group) => group.1.push(path),
            None => groups.push((lost, vec![path])),
        }
    }
    for (lost, paths) in groups {
        let Some(first) = paths.first() else { continue };
        let (all, regions) = partly_open(tunnel, first);
        let names: Vec<&str> = paths.iter().map(|path| title(&path.transport.name)).collect();
        let message = format!(
            "{} of {all} edge addresses{regions} {} blocked for {}{}",
            lost.len(),
            if lost.len() == 1 { "is" } else { "are" },
            names.join(" and "),
            families_of(tunnel, &paths)
        );
        let is_dialled = paths.iter().any(|path| path.transport.name == tunnel.dialled(context));
        let level = if is_dialled { Level::Warning } else { Level::Note };
        let edges = paths.iter().map(|path| (*path, partly_lost(path).collect()));
        let remedy = mend::edges(context, tunnel, edges, "let the tunnel out to the missing addresses");
        let mut finding = Finding::new(ID, level, message).remedy(remedy);
        for path in &paths {
            finding = blame(finding, context, &path.held, &path.part(partly_lost(path)));
        }
        let list: Vec<String> = lost.iter().map(IpAddr::to_string).collect();
        let these = if lost.len() == 1 { "This is" } else { "These are" };
        let program = &tunnel.profile.program;
        finding = finding.note(format!("{these} missing: {}.", list.join(", "))).note(match is_dialled {
            true => format!(
                "{program} picks an address of each region at random: connections come up slowly or not at all."
            ),
            false => format!(
                "{program} dials over QUIC. Where a network in between stops UDP, it falls back to {}, picks an address of \
                 each region at random, and its connections come up slowly or not at all.",
                names.join(" and ")
            ),
        });
        if lost.iter().all(is_tenth) {
            finding = finding.note(
                "The tenth IPv6 address of a region ends in `::10`, which is hexadecimal for sixteen: `::1` to `::a` \
                 and a /124 miss it.",
            );
        }
        findings.push(finding);
    }
}

/// How many addresses have the regions of which some are lost and others not, and the names of these regions where they
/// are not all. A region of which nothing is reached is another lint's.
fn partly_open(tunnel: &Tunnel, path: &Path) -> (usize, String) {
    let regions = tunnel.endpoint.regions.iter().enumerate();
    let is_partly_lost = |number: usize| partly_lost(path).any(|edge| edge.region == number);
    let (numbers, names): (Vec<usize>, Vec<&str>) = regions
        .filter(|(number, _)| is_partly_lost(*number))
        .map(|(number, it)| (number, it.name.as_str()))
        .unzip();
    let count = path.edges.iter().filter(|edge| numbers.contains(&edge.region)).count();
    let is_all = numbers.len() == tunnel.endpoint.regions.len();
    (count, if is_all { String::new() } else { format!(" of {}", names.join(" and ")) })
}

/// The addresses that are lost in regions of which others get through.
fn partly_lost<'p>(path: &'p Path) -> impl Iterator<Item = &'p Edge> {
    path.edges.iter().filter(|edge| {
        edge.certainty == Certainty::Blocked
            && path.region(edge.region).any(|other| other.certainty != Certainty::Blocked)
    })
}

fn is_tenth(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.segments()[7] == 0x10)
}
