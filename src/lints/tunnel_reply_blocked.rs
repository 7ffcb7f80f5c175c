//! `tunnel-reply-blocked`: see rules/tunnel-reply-blocked.md.

use super::tunnel::blame::blame;
use super::tunnel::{LostAt, Path, families_of, names, title, wanted};
use super::{Context, mend};
use crate::finding::{Finding, Level};
use crate::packet::Family;

const ID: &str = "tunnel-reply-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let wanted = wanted(context.settings.protocol.value);
    // Where IPv4 leads out, and IPv6 in no way, one note about IPv6 says so.
    let is_told = |path: &Path| path.family == Family::V6 && tunnel.does_without_ipv6();
    let is_broken = |path: &&Path| {
        wanted.contains(&path.transport.name.as_str())
            && path.fails_on_the_way_back()
            && !is_told(path)
            // What is dropped for the name in it is another lint's.
            && !names::block(context, tunnel, path)
    };
    let paths: Vec<&Path> = tunnel.paths.iter().filter(is_broken).collect();
    if paths.is_empty() {
        return;
    }
    let level = if tunnel.is_cut_off(context) { Level::Error } else { Level::Warning };
    let names = wanted.iter().filter(|name| paths.iter().any(|path| path.transport.name == **name));
    let names: Vec<&str> = names.map(|name| title(name)).collect();
    let (names, families) = (names.join(" or "), families_of(tunnel, &paths));
    let mut edges = paths.iter().flat_map(|path| &path.edges);
    let message = if edges.all(|edge| edge.lost_at == Some(LostAt::Followup)) {
        format!("only first packets get out to the edge: no {names} connection comes up{families}")
    } else {
        format!("the edge's answers do not get through: no {names} connection comes up{families}")
    };
    let chance = paths.iter().find_map(|path| path.chance);
    let (level, message) = match chance {
        Some(_) => (
            level.min(Level::Warning),
            format!("whether a {names} connection comes up{families} is chance: rules name client ports"),
        ),
        None => (level, message),
    };
    let lost = paths.iter().map(|path| (*path, path.edges.iter().collect()));
    let is_tracked = paths.iter().all(|path| mend::knows_later(&path.held));
    let title = if is_tracked {
        "let packets of established flows through"
    } else {
        "let the edge's answers through"
    };
    let remedy = mend::edges(context, tunnel, lost, title);
    let mut finding = Finding::new(ID, level, message).remedy(remedy);
    for path in &paths {
        finding = blame(finding, context, &path.held, &path.part(&path.edges));
    }
    if let Some(chance) = chance {
        return findings.push(finding.note(chance.note(context)));
    }
    let port = tunnel.profile.port;
    let ports = context.settings.ephemeral_ports.value;
    let is_written = |path: &&Path| {
        let part = path.part(&path.edges);
        let mut rules = path.held.losses(&part).filter_map(|lost| lost.hop.rule);
        rules.any(|rule| context.host.rule(rule).rule.rewrites())
    };
    let note = if paths.iter().any(is_written) {
        format!(
            "What a rule writes into an address or a port is no translation: answers do not get back what was there. Leave \
             packets to and from port {port} alone, or translate them with `dnat` or `snat`."
        )
    } else if context.unit.ruleset.is_perimeter() {
        format!(
            "A list without memory needs an entry for the answers too: what comes in from port {port} to the ports \
             from which the machine opens connections ({} to {}).",
            ports.first, ports.last
        )
    } else if paths.iter().any(|path| mend::comes_in_vain(&path.held)) {
        format!(
            "Connection tracking does not know these answers (NOTRACK), so they do not get back the address or port that a \
             translation has changed. Leave port {port} to connection tracking, or to no translation."
        )
    } else if !is_tracked {
        format!(
            "Connection tracking does not know some of these packets (NOTRACK): rules for established ones do not match \
             them. Leave port {port} to connection tracking, or accept what comes from that port of the edge."
        )
    } else {
        let early = "Accept packets of established connections early, in both directions:";
        match context.is_all_of_nft() {
            true => {
                format!("{early} `ct state established,related accept` in the chains of input and output.")
            }
            false => {
                format!("{early} `-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT` in INPUT and OUTPUT.")
            }
        }
    };
    findings.push(finding.note(note));
}
