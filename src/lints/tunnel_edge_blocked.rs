//! `tunnel-edge-blocked`: see rules/tunnel-edge-blocked.md.

use super::tunnel::ask;
use super::tunnel::blame::{blame, depend_on, depends_on};
use super::tunnel::{Edge, LostAt, Path, Tunnel, families, families_of, name, names, title, wanted};
use super::{Context, exposure, mend};
use crate::eval::Certainty;
use crate::finding::{Finding, Level};
use crate::packet::{Axis, Family};
use crate::profile::Profile;
use crate::source::Span;

const ID: &str = "tunnel-edge-blocked";

/// Looks for it.
pub fn run(context: &Context, findings: &mut Vec<Finding>) {
    let Some(tunnel) = context.tunnel() else { return };
    let lost_on_the_way_out =
        |path: &&Path| path.edges.iter().any(|edge| edge.lost_at == Some(LostAt::Egress));
    if tunnel.paths.iter().all(Path::is_blocked) {
        let Some(path) = tunnel.paths.iter().find(lost_on_the_way_out) else { return };
        findings.push(cut_off(context, tunnel, path));
    } else if let Some(path) = only_one_family(tunnel).filter(lost_on_the_way_out) {
        findings.push(no_ipv4(context, tunnel, path));
    } else if let Some(finding) = unsure(context, tunnel) {
        findings.push(finding);
    } else {
        findings.extend(only_through_tunnels(tunnel));
        findings.extend(unsure_beside(context, tunnel));
    }
}

/// No unit of an export lets the program out, and the user has not said which of them should.
/// `span` is where the first of them begins.
pub fn by_all(profile: &Profile, units: usize, span: Option<Span>) -> Finding {
    let message =
        format!("none of {units} units lets {} reach the edge on port {}", profile.program, profile.port);
    let finding = Finding { span, ..Finding::new(ID, Level::Error, message) };
    finding.here("here is the first").note(
        "Name the unit that runs the tunnel with `--unit`, or under `units:` in fwlint.yaml: what keeps it from the \
         edge is then said at its place.",
    )
}

/// Everything may leave, but only into another tunnel, whose far end this host does not see.
fn only_through_tunnels(tunnel: &Tunnel) -> Option<Finding> {
    if !tunnel.is_only_through_tunnels() {
        return None;
    }
    let message = format!("{} reaches the edge only through another tunnel", tunnel.profile.program);
    let note = "Whether what leaves there gets on is for the far end of that tunnel to say.";
    Some(Finding::new(ID, Level::Note, message).note(note))
}

/// Nothing gets out at all.
fn cut_off(context: &Context, tunnel: &Tunnel, path: &Path) -> Finding {
    let port = tunnel.profile.port;
    // Where the other family is not dialled, it may well get out over that.
    let judged = families(context);
    let over = match judged[..] {
        [family] if Family::ALL.into_iter().all(|family| context.speaks_for(family)) => {
            format!(" over {}", name(family))
        }
        _ => String::new(),
    };
    let program = &tunnel.profile.program;
    let gets_out = |edge: &&Edge| edge.lost_at != Some(LostAt::Egress);
    let is_by_name = |path: &&Path| names::block(context, tunnel, path);
    let message = match tunnel.paths.iter().flat_map(|path| &path.edges).find(gets_out) {
        Some(_) if tunnel.paths.iter().any(|path| is_by_name(&path)) => format!(
            "{program} cannot reach the edge: neither UDP {port} gets out{over} nor what is said over TCP {port}"
        ),
        None => format!("{program} cannot reach the edge: neither UDP nor TCP {port} gets out{over}"),
        Some(_) => format!(
            "{program} cannot reach the edge: port {port} gets out{over} to some of its addresses only, and they cannot answer"
        ),
    };
    let chance = tunnel.paths.iter().find_map(|path| path.chance);
    let (level, message) = match chance {
        Some(_) => (
            Level::Warning,
            format!(
                "whether {program} reaches the edge on port {port}{over} is chance: rules name client ports"
            ),
        ),
        None => (Level::Error, message),
    };
    let mut finding = blame(Finding::new(ID, level, message), context, &path.held, &path.part(&path.edges));
    if let Some(other) = tunnel.paths.iter().find(|other| other.transport.name != path.transport.name) {
        finding = blame(finding, context, &other.held, &other.part(&other.edges));
    }
    let shows = if context.unit.ruleset.is_perimeter() {
        "What a cloud drops shows as a timeout."
    } else {
        "A packet that the host itself drops shows as \"sendto: operation not permitted\" (QUIC) or as a timeout (HTTP/2)."
    };
    let wanted = wanted(context.settings.protocol.value);
    let mut paths: Vec<&Path> = tunnel.paths.iter().collect();
    paths.retain(|path| wanted.contains(&path.transport.name.as_str()));
    let remedy = mend::edges(context, tunnel, all_edges(paths), "let the tunnel out");
    let finding = finding.remedy(remedy);
    if let Some(chance) = chance {
        return finding.note(chance.note(context));
    }
    finding.note(format!(
        "Without port {port} the tunnel is down: there is no fallback to port 443, and no proxy is used. {shows}"
    ))
}

/// Paths with all their addresses.
fn all_edges<'t, 'm>(
    paths: impl IntoIterator<Item = &'t Path<'m>>,
) -> impl Iterator<Item = (&'t Path<'m>, Vec<&'t Edge>)>
where
    'm: 't,
{
    paths.into_iter().map(|path| (path, path.edges.iter().collect()))
}

/// The transports of IPv4 that are all blocked while IPv6 leads out.
fn only_one_family<'t, 'm>(tunnel: &'t Tunnel<'m>) -> Option<&'t Path<'m>> {
    let (v4, v6): (Vec<_>, Vec<_>) = tunnel.paths.iter().partition(|path| path.family == Family::V4);
    let is_cut = !v4.is_empty() && v4.iter().all(|path| path.is_blocked());
    if is_cut && v6.iter().any(|path| !path.is_blocked()) { v4.into_iter().next() } else { None }
}

fn no_ipv4(context: &Context, tunnel: &Tunnel, path: &Path) -> Finding {
    let program = &tunnel.profile.program;
    let message = format!("{program} cannot reach the edge over IPv4; only IPv6 leads out");
    let wanted = wanted(context.settings.protocol.value);
    let v4 = tunnel.paths.iter().filter(|path| path.family == Family::V4);
    let v4 = v4.filter(|path| wanted.contains(&path.transport.name.as_str()));
    let remedy = mend::edges(context, tunnel, all_edges(v4), "let the tunnel out over IPv4");
    let finding = Finding::new(ID, Level::Warning, message).remedy(remedy);
    blame(finding, context, &path.held, &path.part(&path.edges)).note(format!(
        "The tunnel works only where {program} prefers IPv6: on a host with a global IPv6 address and \
         `--edge-ip-version auto` (the default since 2026.5.0)."
    ))
}

/// No transport that is wanted surely reaches any address, but some may.
fn unsure(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let wanted = wanted(context.settings.protocol.value);
    let paths = || tunnel.paths.iter().filter(|path| wanted.contains(&path.transport.name.as_str()));
    let program = &tunnel.profile.program;
    let certainties = || paths().flat_map(|path| &path.edges).map(|edge| edge.certainty);
    if certainties().min() != Some(Certainty::Depends) {
        return None;
    }
    let path = paths().find(|path| !path.is_blocked())?;
    let name = title(&path.transport.name);
    let message =
        format!("whether {program} reaches the edge over {name} depends on what the rules alone do not tell");
    let part = path.part(path.edges.iter().filter(|edge| edge.certainty == Certainty::Depends));
    let finding = Finding::new(ID, Level::Note, message);
    let finding = depends_on(finding, context, &path.held, &part);
    let is_up_to_routes =
        ask::untold(context).contains(&Axis::OutInterface) && path.held.unknowns(&part).is_empty();
    let bound = context.settings.bound().filter(|_| is_up_to_routes);
    Some(bound.into_iter().fold(finding, |finding, bound| {
        finding.note(format!(
            "By which interface packets from {bound} leave is up to the host's routes, and the rules do not let them out by all."
        ))
    }))
}

/// Some addresses are surely reached, and others, or these over another transport or family, may be.
fn unsure_beside(context: &Context, tunnel: &Tunnel) -> Option<Finding> {
    let wanted = wanted(context.settings.protocol.value);
    let depends = |edge: &&Edge| edge.certainty == Certainty::Depends;
    // Over IPv6 nobody is missed who does without it, and what is sent elsewhere, by some users or all, is another lint's.
    let is_asked = |path: &&Path| {
        wanted.contains(&path.transport.name.as_str())
            && path.edges.iter().any(|edge| depends(&edge))
            && !path.held.conversation.diverted.overlaps(&path.part(&path.edges))
            && (path.family == Family::V4 || exposure::has_ipv6_flows(context))
    };
    let paths: Vec<&Path> = tunnel.paths.iter().filter(is_asked).collect();
    let is_partly_sure = |path: &&Path| path.edges.iter().any(|edge| edge.certainty == Certainty::Met);
    let (partly, wholly): (Vec<&Path>, Vec<&Path>) = paths.iter().partition(|path| is_partly_sure(path));
    let reached = |what: &str, paths: &[&Path]| format!("{what} over {}", ways(tunnel, paths));
    let what = match (&wholly[..], &partly[..]) {
        ([], []) => return None,
        (wholly, []) => reached("the edge", wholly),
        ([], partly) => reached("all addresses of the edge", partly),
        (wholly, partly) => {
            format!("{} and {}", reached("the edge", wholly), reached("all its addresses", partly))
        }
    };
    let program = &tunnel.profile.program;
    let message = format!("whether {program} reaches {what} depends on what the rules alone do not tell");
    let part = |path: &&'_ Path| path.part(path.edges.iter().filter(depends));
    let parts: Vec<_> = paths.iter().map(|path| (&*path.held, part(path))).collect();
    Some(depend_on(Finding::new(ID, Level::Note, message), context, &parts))
}

/// The transports of some paths, with their families where they are not the same for all or not all that are judged:
/// `QUIC (IPv6) and HTTP/2 (IPv4)`.
fn ways(tunnel: &Tunnel, paths: &[&Path]) -> String {
    let of = |transport: &str| -> Vec<Family> {
        let mine = paths.iter().filter(|path| path.transport.name == transport);
        mine.map(|path| path.family).collect()
    };
    // QUIC first, which is dialled first.
    let named: Vec<_> =
        ["quic", "http2"].into_iter().map(|it| (it, of(it))).filter(|it| !it.1.is_empty()).collect();
    let is_same = named.windows(2).all(|two| two[0].1 == two[1].1);
    let titles: Vec<&str> = named.iter().map(|(transport, _)| title(transport)).collect();
    if is_same {
        return format!("{}{}", titles.join(" and "), families_of(tunnel, paths));
    }
    let each = named.iter().map(|(transport, families)| match families[..] {
        [family] => format!("{} ({})", title(transport), name(family)),
        _ => title(transport).to_owned(),
    });
    each.collect::<Vec<_>>().join(" and ")
}
