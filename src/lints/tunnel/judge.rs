//! Judges one flow of the tunnel at a time.

use std::net::IpAddr;
use std::sync::Arc;

use crate::eval::{Certainty, Held, Moment, Question, Witnesses};
use crate::model::Speech;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, internet};
use crate::profile::{Endpoint, Service, Transport};

use super::super::Context;
use super::ask::{self, CHOICES, Flow};
use super::beside::{Beside, HTTPS};
use super::chance::Chance;
use super::{Edge, LostAt, Path, Served, spoken, user};

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
    held: Arc<Held<'m>>,
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
    let untold = ask::untold(context);
    let together = attempt.serve(&held, &all, &CHOICES, untold)?;
    let mut judged = Vec::new();
    if together == Certainty::Met {
        *witnesses = attempt;
    }
    for (region, address) in edges(endpoint, family) {
        let certainty = match together {
            Certainty::Met => Certainty::Met,
            _ => witnesses.serve(&held, &to(family, std::iter::once(address)), &CHOICES, untold)?,
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
) -> Result<(Family, Certainty, Arc<Held<'m>>), TooManyPieces> {
    let own: IpAddr = match family {
        Family::V4 => std::net::Ipv4Addr::LOCALHOST.into(),
        Family::V6 => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let ports = Ranges::new(METRICS.0.into(), METRICS.1.into());
    // Whoever asks, the program answers.
    let service = user::own_user(context).map(|number| (number, None));
    let of_service = user::owners(context);
    let question = Question { service, of_service, ..ask::loopback(family, 6, own, ports, context) };
    let held = context.hold(&question)?;
    let axes = [Axis::Family, Axis::Uid, Axis::Gid, Axis::DestinationPort];
    let mut witnesses = Witnesses::of(&question.packets, &axes);
    let certainty = witnesses.serve(&held, &PacketSet::any(), &axes, &[])?;
    Ok((family, certainty, held))
}

/// Is any known address of a service reached, or any address at all where none is known? What became of the flows is told
/// of what is not reached, if that is asked for.
pub fn judge_service<'m>(
    beside: &Beside<'_, 'm>,
    service: &'static Service,
    is_told: bool,
) -> Result<Served<'m>, TooManyPieces> {
    let mut best: Option<(Certainty, Option<Arc<Held>>)> = None;
    for family in spoken(beside.context) {
        let known = addresses_of(service, family);
        let is_known = !known.is_empty();
        // They are in the internet, whatever of the user's own network is open.
        let destinations = if is_known { known } else { internet(family) };
        // Where the name is another for each user, it is none that rules could be asked for.
        let speech = (!service.host.contains('<')).then_some(Speech::Tls(&service.host));
        let ports = Ranges::single(HTTPS.into());
        let flow =
            Flow { family, protocol: 6, destinations, ports, by_anyone: false, is_bound: false, speech };
        let (mut certainty, held, _) = match is_told {
            true => beside.some_destination(&flow, &PacketSet::any())?,
            false => beside.is_some_reached(&flow, &PacketSet::any())?,
        };
        // Nothing of this family leaves the host.
        if held.as_ref().is_some_and(|held| held.question.packets.is_empty()) {
            continue;
        }
        if let (false, Some(held)) = (is_known, &held) {
            // Of addresses that nobody knows those that are open may be others.
            let mut choices = Witnesses::of(&held.question.packets, &CHOICES);
            let all = choices.serve(held, &PacketSet::any(), &CHOICES, &[])?;
            certainty = certainty.max(all.min(Certainty::Depends));
        }
        if best.as_ref().is_none_or(|best| certainty < best.0) {
            best = Some((certainty, held));
        }
        if certainty == Certainty::Met {
            break;
        }
    }
    let (certainty, held) = best.unwrap_or((Certainty::Depends, None));
    Ok((service, certainty, held))
}

/// The known addresses of a service in a family.
pub fn addresses_of(service: &Service, family: Family) -> Ranges {
    match family {
        Family::V4 => ask::addresses(service.v4.iter().map(|address| IpAddr::from(*address))),
        Family::V6 => ask::addresses(service.v6.iter().map(|address| IpAddr::from(*address))),
    }
}
