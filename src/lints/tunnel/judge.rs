//! Judges one flow of the tunnel at a time.

use std::net::IpAddr;

use crate::eval::{Certainty, Held, Moment, Witnesses};
use crate::model::Speech;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, internet};
use crate::profile::{Endpoint, Service, Transport};

use super::super::Context;
use super::ask::{self, CHOICES, Flow, OWNER};
use super::chance::Chance;
use super::{Edge, LostAt, Path, spoken};

/// The addresses of an endpoint in a family, with their regions.
pub fn edges(endpoint: &Endpoint, family: Family) -> impl Iterator<Item = (usize, IpAddr)> {
    endpoint
        .regions
        .iter()
        .enumerate()
        .flat_map(move |(number, region)| region.addresses(family).map(move |address| (number, address)))
}

/// Flows to these addresses.
pub fn to(family: Family, addresses: impl Iterator<Item = IpAddr>) -> PacketSet {
    let cube = Cube::any().set(Axis::Family, Ranges::single(family.number()));
    PacketSet::from(cube.with(Axis::Destination, ask::addresses(addresses)))
}

pub fn judge_path<'m>(
    context: &Context<'m>,
    family: Family,
    transport: &'static Transport,
    endpoint: &Endpoint,
    held: Held<'m>,
    witnesses: &mut Witnesses,
) -> Result<Path<'m>, TooManyPieces> {
    let all = to(family, edges(endpoint, family).map(|edge| edge.1));
    if is_lost(&held) {
        // Then nothing is to be told address by address.
        let certainty = Certainty::Blocked;
        let lost = |(region, address)| Edge { region, address, certainty, lost_at: Some(LostAt::Egress) };
        let chance = Chance::of(context, &held, &all, witnesses, &CHOICES)?;
        return Ok(Path {
            family,
            transport,
            edges: edges(endpoint, family).map(lost).collect(),
            held,
            chance,
        });
    }
    let mut attempt = witnesses.clone();
    let together = attempt.serve(&held, &all, &CHOICES, &OWNER)?;
    let mut judged = Vec::new();
    if together == Certainty::Met {
        *witnesses = attempt;
    }
    for (region, address) in edges(endpoint, family) {
        let certainty = match together {
            Certainty::Met => Certainty::Met,
            _ => witnesses.serve(&held, &to(family, std::iter::once(address)), &CHOICES, &OWNER)?,
        };
        judged.push(Edge { region, address, certainty, lost_at: None });
    }
    let blocked = judged.iter().filter(|edge: &&Edge| edge.certainty == Certainty::Blocked);
    let part = to(family, blocked.map(|edge| edge.address));
    let chance = match part.is_empty() {
        true => None,
        false => Chance::of(context, &held, &part, witnesses, &CHOICES)?,
    };
    for edge in judged.iter_mut().filter(|edge| edge.certainty != Certainty::Met) {
        let part = to(family, std::iter::once(edge.address)).and(&witnesses.left);
        edge.lost_at = lost_at(&held, &part)?;
    }
    Ok(Path { family, transport, held, edges: judged, chance })
}

/// Does no first packet of any flow get anywhere, whatever the host chooses and the unknowns are?
fn is_lost(held: &Held) -> bool {
    let first = held.conversation.steps.first();
    held.conversation.diverted.is_empty()
        && first.is_some_and(|step| step.passed.is_empty() && !step.due.is_empty())
}

/// Where flows of a part are lost, whatever the host chooses: at the step that leaves no choice. Where each step leaves
/// some, at the first that loses any.
fn lost_at(held: &Held, part: &PacketSet) -> Result<Option<LostAt>, TooManyPieces> {
    if held.conversation.diverted.overlaps(part) {
        return Ok(Some(LostAt::Diverted));
    }
    let chosen = |flows: &PacketSet| flows.forget(|axis| !CHOICES.contains(&axis));
    let (mut left, mut first) = (chosen(part), None);
    for (moment, lost) in &held.lost_at {
        let lost = lost.and(part);
        if lost.is_empty() {
            continue;
        }
        let at = match moment {
            Moment::Egress | Moment::Ingress => LostAt::Egress,
            Moment::Reply => LostAt::Reply,
            Moment::Followup => LostAt::Followup,
        };
        first = first.or(Some(at));
        left = left.minus(&chosen(&lost))?;
        if left.is_empty() {
            return Ok(Some(at));
        }
    }
    Ok(first)
}

/// The ports on which the program offers its metrics, the first that is free (`metrics` in its
/// documentation).
const METRICS: (u16, u16) = (20241, 20245);

/// Can any of the program's metrics ports be reached over loopback?
pub fn judge_loopback<'m>(
    context: &Context<'m>,
    family: Family,
) -> Result<(Family, Certainty, Held<'m>), TooManyPieces> {
    let own: IpAddr = match family {
        Family::V4 => std::net::Ipv4Addr::LOCALHOST.into(),
        Family::V6 => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let question = ask::loopback(family, 6, own, Ranges::new(METRICS.0.into(), METRICS.1.into()), context);
    let held = context.hold(&question)?;
    let axes = [Axis::Family, Axis::Uid, Axis::Gid, Axis::DestinationPort];
    let mut witnesses = Witnesses::of(&question.packets, &axes);
    let certainty = witnesses.serve(&held, &PacketSet::any(), &axes, &[])?;
    Ok((family, certainty, held))
}

/// Is any known address of a service reached, or any address at all where none is known?
pub fn judge_service<'m>(
    context: &Context<'m>,
    service: &'static Service,
    witnesses: &Witnesses,
) -> Result<(&'static Service, Certainty, Option<Held<'m>>), TooManyPieces> {
    let mut best: Option<(Certainty, Held)> = None;
    for family in spoken(context) {
        let v4 = service.v4.iter().map(|address| IpAddr::from(*address));
        let v6 = service.v6.iter().map(|address| IpAddr::from(*address));
        let known = v4.chain(v6).filter(|address| address.is_ipv4() == (family == Family::V4));
        let known = ask::addresses(known);
        let is_known = !known.is_empty();
        let destinations = if !is_known {
            // They are in the internet, whatever of the user's own network is open.
            internet(family)
        } else {
            known
        };
        // Where the name is another for each user, it is none that rules could be asked for.
        let speech = (!service.host.contains('<')).then_some(Speech::Tls(&service.host));
        let flow = Flow { family, protocol: 6, destinations, port: 443, by_anyone: false, speech };
        let (certainty, held, _) = some_destination(context, witnesses, flow, &PacketSet::any())?;
        // Of addresses that nobody knows those that are open may be others.
        let all =
            Witnesses::of(&held.question.packets, &CHOICES).serve(&held, &PacketSet::any(), &CHOICES, &[])?;
        let certainty = if is_known { certainty } else { certainty.max(all.min(Certainty::Depends)) };
        if best.as_ref().is_none_or(|best| certainty < best.0) {
            best = Some((certainty, held));
        }
    }
    Ok(match best {
        Some((certainty, held)) => (service, certainty, Some(held)),
        None => (service, Certainty::Depends, None),
    })
}

/// The axes on which a host may choose where any of several destinations will do.
pub const SOME_DESTINATION: [Axis; 7] = {
    let [family, input, output, source, user, group] = CHOICES;
    [family, input, output, source, user, group, Axis::Destination]
};

/// Is any of the destinations of a flow reached, by a choice that the tunnel left, and by one of those who ask? Those of
/// them who reach it.
pub fn some_destination<'m>(
    context: &Context<'m>,
    witnesses: &Witnesses,
    flow: Flow,
    who: &PacketSet,
) -> Result<(Certainty, Held<'m>, PacketSet), TooManyPieces> {
    let mut question = flow.question(context);
    // Only what the tunnel's own flows left to choose from is of use.
    question.packets = question.packets.and(&left_to(&flow, witnesses)).and(who);
    let mut choices = Witnesses::of(&question.packets, &SOME_DESTINATION);
    let held = context.hold(&question)?;
    // Among the resolvers of a host one may well run as a user that is let out.
    let untold: &[Axis] = if flow.by_anyone { &[] } else { &OWNER };
    let certainty = choices.serve(&held, &PacketSet::any(), &SOME_DESTINATION, untold)?;
    Ok((certainty, held, choices.left.forget(|axis| !OWNER.contains(&axis)).simplify()))
}

/// What the tunnel left to choose from, for a flow.
fn left_to(flow: &Flow, witnesses: &Witnesses) -> PacketSet {
    let is_who = |axis: Axis| OWNER.contains(&axis);
    let of_family = Cube::any().set(Axis::Family, Ranges::single(flow.family.number()));
    // Over a family in which the edge is not dialled, only who asks was chosen.
    let is_chosen = witnesses.left.overlaps(&of_family.into());
    match (is_chosen, flow.by_anyone) {
        (true, true) => witnesses.left.forget(is_who),
        (true, false) => witnesses.left.clone(),
        (false, true) => PacketSet::any(),
        (false, false) => witnesses.left.forget(|axis| !is_who(axis)),
    }
}
