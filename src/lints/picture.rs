//! A unit at a glance: which services get out and what gets in, over which address family.

use super::Context;
use super::exposure::{self, words};
use super::tunnel::{self, Path, Resolution, Tunnel};
use crate::eval::exposure::{Default, Exposure, Kind};
use crate::eval::{Certainty, Way};
use crate::finding::{Cell, Cells, Direction, Mark, Row};
use crate::packet::{Family, PacketSet};
use crate::profile::{Requirement, Service};

/// The rows of the picture: what gets out, then what gets in. Empty where the unit has no say in it.
pub fn picture(context: &Context) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(tunnel) = context.tunnel() {
        rows.extend(transports(tunnel));
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
    rows
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
fn transports(tunnel: &Tunnel) -> impl Iterator<Item = Row> {
    tunnel.profile.transports.iter().map(|transport| {
        let protocol = if transport.protocol.number() == 6 { "TCP" } else { "UDP" };
        let what = format!("{} ({protocol} {})", tunnel::title(&transport.name), tunnel.profile.port);
        let cells = Family::ALL.map(|family| {
            let path = tunnel.paths_of(&transport.name).find(|path| path.family == family)?;
            Some(edge(path))
        });
        Row::new(Direction::Out, what, Cells::Each(cells))
    })
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
