//! `tunnel-sni-blocked`: see rules/tunnel-sni-blocked.md.

use super::tunnel::blame::blame;
use super::tunnel::{Path, Tunnel, ask, families_of, names, title, wanted};
use super::{Context, places};
use crate::eval::Certainty;
use crate::finding::{Finding, Level};
use crate::model::{Match, Name, Said, Verdict};
use crate::profile::{Profile, ServerName};
use crate::source::Span;

const ID: &str = "tunnel-sni-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    if names::are_asked(context) {
        findings.extend(blocked(context, tunnel));
        findings.extend(optional(context, tunnel));
        findings.extend(without_effect(context, tunnel));
    }
    findings.extend(looked_up(context, tunnel));
}

/// The name of a transport is dropped.
fn blocked(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let wanted = wanted(context.settings.protocol.value);
    let is_lost =
        |path: &&Path| wanted.contains(&path.transport.name.as_str()) && names::block(context, tunnel, path);
    let paths: Vec<&Path> = tunnel.paths.iter().filter(is_lost).collect();
    let first = paths.first()?;
    let (name, program) = (&first.transport.server_name, &tunnel.profile.program);
    let way = title(&first.transport.name);
    let families = families_of(tunnel, &paths);
    let message = format!("the name `{name}` is not let through: no {way} connection comes up{families}");
    let is_cut_off = tunnel.is_cut_off(context);
    let level = if is_cut_off { Level::Error } else { Level::Note };
    let mut finding = Finding::new(ID, level, message);
    for path in &paths {
        finding = blame(finding, context, &path.held, &path.part(&path.edges));
    }
    for (span, listed) in named(context, |name| is_looked_up(tunnel.profile, name)) {
        finding = finding.label(span, format!("{listed} is looked up in DNS, and named in no handshake"));
    }
    let finding =
        finding.note(format!("{program} says `{name}` in the first message of TLS; allow that name."));
    Some(match is_cut_off {
        true => finding,
        false => finding.note(format!(
            "The tunnel works over {}, which is judged by its addresses alone.",
            title(if first.transport.name == "quic" { "http2" } else { "quic" })
        )),
    })
}

/// A name is dropped that the program sends, and can do without.
fn optional(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let advised = |name: &&ServerName| name.sent && !name.required;
    for advised in tunnel.profile.server_names.iter().filter(advised) {
        for path in tunnel.paths.iter().filter(|path| !path.is_blocked()) {
            if !advised.transports.contains(&path.transport.name) {
                continue;
            }
            let speech = ask::speech(path.transport.protocol, &advised.name);
            let Ok((Certainty::Blocked, held)) = names::with(context, tunnel, path, Some(speech)) else {
                continue;
            };
            let message = format!("the name `{}` is not let through", advised.name);
            let finding =
                blame(Finding::new(ID, Level::Note, message), context, &held, &path.part(&path.edges));
            return Some(finding.note(format!(
                "The tunnel works without it, but not all that it says of itself: {}.",
                advised.why
            )));
        }
    }
    None
}

/// Rules that allow the name of QUIC, of which none lets QUIC through.
fn without_effect(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let quic = tunnel.paths_of("quic").find(|path| path.is_blocked())?;
    if !wanted(context.settings.protocol.value).contains(&"quic") {
        return None;
    }
    let name = &quic.transport.server_name;
    let allowed = named(context, |names| *names != Name::Any && names.holds(name));
    let ((first, _), more) = allowed.split_first()?;
    let message = format!("a rule for names in TLS lets no QUIC through: `{name}` is said over UDP");
    let more: Vec<Span> = more.iter().map(|named| named.0).collect();
    let finding =
        Finding::new(ID, Level::Note, message).at(*first).here("such names are read of TLS over TCP alone");
    Some(places::again(finding, &more, "likewise", "names").note(format!(
        "UDP {} needs a rule that names addresses or ports, and no name.",
        tunnel.profile.port
    )))
}

/// Rules for addresses that a name leads to, with a name that is said in TLS.
fn looked_up(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let is_said = |text: &str| {
        let name = Name::Within(text.trim_start_matches(['*', '.']).into());
        tunnel.profile.server_names.iter().any(|server| name.holds(&server.name))
    };
    let mut found: Vec<(Span, &str)> = Vec::new();
    for (_, rule) in context.host.rules().filter(|(_, rule)| rule.rule.verdict.value == Verdict::Accept) {
        for part in &rule.rule.matches {
            if let Match::Resolved(resolved) = &part.value
                && is_said(&resolved.name)
                && !found.iter().any(|found| found.0 == part.span)
            {
                found.push((part.span, &resolved.name));
            }
        }
    }
    let ((first, name), more) = found.split_first()?;
    if tunnel.paths.iter().all(Path::is_open) {
        return None;
    }
    let message = format!("`{name}` is a name in TLS, and here names are looked up in DNS");
    let more: Vec<Span> = more.iter().map(|found| found.0).collect();
    let hosts: Vec<&str> = tunnel.endpoint.regions.iter().map(|region| region.host.as_str()).collect();
    let finding = Finding::new(ID, Level::Note, message).at(*first);
    let finding = finding.here("whether it leads to the edge's addresses nobody says");
    Some(places::again(finding, &more, "likewise", "names").note(format!(
        "{} looks for the edge by `{}`: name these.",
        tunnel.profile.program,
        hosts.join("` and `")
    )))
}

/// The names in TLS that rules allow, with their places.
fn named(context: &Context, is_asked: impl Fn(&Name) -> bool) -> Vec<(Span, String)> {
    let mut found: Vec<(Span, String)> = Vec::new();
    for (_, rule) in context.host.rules().filter(|(_, rule)| rule.rule.verdict.value == Verdict::Accept) {
        for part in &rule.rule.matches {
            if let Match::Said(speaking) = &part.value
                && let Said::ServerName(names) = &speaking.said
                && !speaking.negated
                && is_asked(names)
                && !found.iter().any(|found| found.0 == part.span)
            {
                found.push((part.span, context.sources.text(part.span).to_owned()));
            }
        }
    }
    found.truncate(places::MOST_SHOWN);
    found
}

/// Is it one of the names by which the program looks for addresses, and none that it says in TLS?
fn is_looked_up(profile: &Profile, names: &Name) -> bool {
    let hosts = profile.endpoints.iter().flat_map(|endpoint| &endpoint.regions).map(|region| &region.host);
    let is_said = profile.server_names.iter().any(|server| server.sent && names.holds(&server.name));
    *names != Name::Any && !is_said && hosts.chain(&profile.dns.names).any(|host| names.holds(host))
}
