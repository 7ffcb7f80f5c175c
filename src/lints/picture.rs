//! A unit at a glance: which services get out and what gets in, over which address family.

use super::Context;
use super::exposure::{self, words};
use super::probe::{Held, title};
use super::tunnel::{self, Path, Resolution, Tunnel};
use crate::config::Came;
use crate::eval::exposure::{Default, Exposure, Kind};
use crate::eval::{Certainty, Way};
use crate::finding::{Blame, Cell, Cells, Direction, Mark, Row};
use crate::packet::{Family, PacketSet};
use crate::profile::{Requirement, Service};

/// The rows of the picture: what gets out, then what gets in. Empty where the unit has no say in it.
pub fn picture(context: &Context) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(tunnel) = context.tunnel() {
        rows.extend(transports(context, tunnel));
        rows.push(Row::new(Direction::Out, "name resolution", Cells::Together(resolution(tunnel))));
        rows.extend(services(context, tunnel));
    }
    let out = |exposure: &Exposure| by_default(exposure, ("only what is named", Mark::Good), "gets out");
    rows.extend(row(context, Way::Out, "everything else", |_, exposure| out(exposure)));
    let inward = |exposure: &Exposure| by_default(exposure, ("denied", Mark::Good), "gets in");
    rows.extend(row(context, Way::In, "what no rule names", |_, exposure| inward(exposure)));
    rows.extend(row(context, Way::In, "ssh from anywhere", |family, exposure| {
        ssh(context, family, exposure)
    }));
    rows.extend(row(context, Way::In, "other ports not allowed by name", |family, exposure| {
        ports(context, family, exposure)
    }));
    let through =
        |exposure: &Exposure| by_default(exposure, ("only what is named", Mark::Good), "gets through");
    rows.extend(row(context, Way::Forward, "forwarded to other machines", |_, exposure| through(exposure)));
    rows.extend(tried(context));
    rows
}

/// What was tried, and who is to blame where it was in vain.
fn tried(context: &Context) -> Vec<Row> {
    let mut kinds: Vec<(String, Vec<&Held>)> = Vec::new();
    for held in context.probes() {
        let title = title(context, &held.tried.value);
        match kinds.iter_mut().find(|(known, _)| *known == title) {
            Some((_, all)) => all.push(held),
            None => kinds.push((title, vec![held])),
        }
    }
    let row = |(title, all): (String, Vec<&Held>)| {
        let cells = Family::ALL.map(|family| {
            let own: Vec<&Held> = all.iter().copied().filter(|held| held.family() == family).collect();
            (!own.is_empty()).then(|| outcome(&own))
        });
        Row::new(Direction::Tried, title, Cells::Each(cells))
    };
    kinds.into_iter().map(row).collect()
}

/// What came of probes of a kind.
fn outcome(all: &[&Held]) -> Cell {
    let answered = all.iter().filter(|held| held.tried.value.came == Came::Answered).count();
    let answer = match all.len() {
        1 if answered == 1 => "answers".to_owned(),
        1 => "does not answer".to_owned(),
        all => format!("{answered} of {all} answer"),
    };
    const BLAMES: [(Blame, &str); 5] = [
        (Blame::Rules, "the rules"),
        (Blame::Network, "the network"),
        (Blame::Route, "no way there"),
        (Blame::Unclear, "unclear"),
        (Blame::Reading, "contradicts the rules"),
    ];
    let of = |blame: Blame| all.iter().filter(|held| held.blame == blame).count();
    let there: Vec<_> = BLAMES.into_iter().filter(|(blame, _)| of(*blame) > 0).collect();
    let say = |(blame, words): &(Blame, &str)| match there.len() {
        1 => (*words).to_owned(),
        _ => format!("{words} ({})", of(*blame)),
    };
    let why = there.iter().map(say).collect::<Vec<_>>().join(", ");
    match there.as_slice() {
        [] => cell(Mark::Good, answer),
        [(Blame::Route | Blame::Unclear, _)] if answered == 0 => {
            cell(Mark::Depends, format!("{answer}: {why}"))
        }
        _ => cell(Mark::Bad, format!("{answer}: {why}")),
    }
}

fn cell(mark: Mark, words: impl Into<String>) -> Cell {
    Cell { mark, words: words.into() }
}

/// A row that is worked out for each family; none where the unit says nothing of any.
fn row(context: &Context, way: Way, what: &str, judge: impl Fn(Family, &Exposure) -> Cell) -> Option<Row> {
    let cells =
        Family::ALL.map(|family| context.exposure(way, family).map(|exposure| judge(family, exposure)));
    let direction = if way == Way::Out { Direction::Out } else { Direction::In };
    cells.iter().any(Option::is_some).then(|| Row::new(direction, what, Cells::Each(cells)))
}

/// What becomes of what no rule names.
fn by_default(exposure: &Exposure, (denied, mark): (&str, Mark), open: &str) -> Cell {
    match &exposure.default {
        None => cell(mark, denied),
        Some(default) if default.depends_on.is_empty() => {
            cell(Mark::Bad, default.only.as_ref().map_or(open.to_owned(), |only| words::say(exposure, only)))
        }
        Some(_) => cell(Mark::Depends, "depends"),
    }
}

fn ssh(context: &Context, family: Family, exposure: &Exposure) -> Cell {
    let ssh_by_default = |only: &PacketSet| only.overlaps(&exposure::to_port(6, 22));
    if exposure.default.as_ref().is_some_and(|default| default.only.as_ref().is_none_or(ssh_by_default)) {
        return by_default(exposure, ("", Mark::Good), "gets in");
    }
    let openings = exposure::ssh_from_the_world(context, family, exposure);
    if openings.is_empty() {
        cell(Mark::Good, "no")
    } else if openings.iter().any(|(opening, _)| exposure::is_firm(context, opening)) {
        cell(Mark::Bad, "gets in")
    } else {
        cell(Mark::Depends, "depends")
    }
}

fn ports(context: &Context, family: Family, exposure: &Exposure) -> Cell {
    if exposure.default.as_ref().is_some_and(Default::is_wide) {
        return by_default(exposure, ("", Mark::Good), "gets in");
    }
    let ssh = exposure::ssh_from_the_world(context, family, exposure);
    let mut open = PacketSet::none();
    let mut is_firm = false;
    for opening in exposure.openings.iter().filter(|opening| opening.kind != Kind::Forwarded) {
        let is_ssh = ssh.iter().any(|part| std::ptr::eq(part.0, opening));
        let packets = words::to_name(context, family, opening, is_ssh);
        is_firm |= !packets.is_empty() && exposure::is_firm(context, opening);
        open.add(packets);
    }
    if exposure.more > 0 {
        return cell(Mark::Depends, "too many rules to tell");
    }
    if open.is_empty() {
        return cell(Mark::Good, "none");
    }
    cell(if is_firm { Mark::Bad } else { Mark::Depends }, words::say(exposure, &open))
}

/// The ways to the edge.
fn transports<'r>(context: &'r Context, tunnel: &'r Tunnel) -> impl Iterator<Item = Row> + 'r {
    tunnel.profile.transports.iter().map(move |transport| {
        let protocol = if transport.protocol.number() == 6 { "TCP" } else { "UDP" };
        let what = format!("{} ({protocol} {})", tunnel::title(&transport.name), tunnel.profile.port);
        let cells = Family::ALL.map(|family| {
            match tunnel.paths_of(&transport.name).find(|path| path.family == family) {
                Some(path) => Some(edge(path)),
                None if is_without(context, family) => Some(cell(Mark::Depends, "the host has no address")),
                None => None,
            }
        });
        Row::new(Direction::Out, what, Cells::Each(cells))
    })
}

/// Is it known that the host has addresses, and none of this family?
fn is_without(context: &Context, family: Family) -> bool {
    let interfaces = &context.routes.interfaces;
    let is_known = interfaces.iter().all(|each| !each.addresses.is_empty());
    let is_told = tunnel::families(context).contains(&family) && is_known && !interfaces.is_empty();
    let mut own = interfaces.iter().flat_map(|each| &each.addresses);
    is_told && !own.any(|own| own.addr().is_ipv4() == (family == Family::V4))
}

/// How much of the edge is reached.
fn edge(path: &Path) -> Cell {
    let count = |certainty| path.edges.iter().filter(|edge| edge.certainty == certainty).count();
    let all = path.edges.len();
    match (count(Certainty::Met), count(Certainty::Blocked)) {
        (met, _) if met == all => cell(Mark::Good, "gets out"),
        (_, blocked) if blocked == all => cell(Mark::Bad, "blocked"),
        (_, 0) => cell(Mark::Depends, "depends"),
        (_, blocked) => cell(Mark::Bad, format!("{blocked} of {all} addresses blocked")),
    }
}

fn resolution(tunnel: &Tunnel) -> Cell {
    match tunnel.dns.resolution {
        Resolution::Works => cell(Mark::Good, "works"),
        Resolution::Depends => cell(Mark::Depends, "depends"),
        Resolution::OnlyByEncryptedStub => cell(Mark::Depends, "only by a resolver that asks over TLS"),
        Resolution::OnlyByHost => cell(Mark::Depends, "only by a resolver on the host"),
        Resolution::Blocked => cell(Mark::Bad, "blocked"),
    }
}

/// What else the program dials: what the settings require by name, the rest in one row.
fn services<'r>(context: &'r Context, tunnel: &'r Tunnel) -> impl Iterator<Item = Row> + 'r {
    let is_required = |service: &Service| {
        let settings = context.settings;
        service.required_by.is_some_and(|requirement| match requirement {
            Requirement::Access => settings.access.value,
            Requirement::AutoUpdate => settings.auto_update.value,
            Requirement::QuickTunnel => settings.quick_tunnel.value,
        })
    };
    let (required, optional): (Vec<_>, Vec<_>) =
        tunnel.services.iter().map(|each| (each.0, each.1)).partition(|each| is_required(each.0));
    let required = required.into_iter().map(|(service, certainty)| {
        let cell = match certainty {
            Certainty::Met => cell(Mark::Good, "gets out"),
            Certainty::Depends => cell(Mark::Depends, "depends"),
            Certainty::Blocked => cell(Mark::Bad, "blocked"),
        };
        Row::new(Direction::Out, format!("{} (TCP 443)", service.host), Cells::Together(cell))
    });
    let met = optional.iter().filter(|each| each.1 == Certainty::Met).count();
    let rest = match optional.len() {
        0 => None,
        all if met == all => Some(cell(Mark::Good, "gets out")),
        all => Some(cell(Mark::Depends, format!("{met} of {all} surely get out; none is required"))),
    };
    let rest =
        rest.map(|cell| Row::new(Direction::Out, "optional services (TCP 443)", Cells::Together(cell)));
    required.chain(rest)
}
