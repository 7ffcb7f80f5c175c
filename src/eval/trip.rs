//! The trip of one packet: hook after hook, chain after chain, with connection tracking and NAT at
//! their places.

mod losses;
mod memory;
mod sight;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::model::{ChainKind, Hook};
use crate::packet::axis::{direction, kind, state};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, Values, values};

use super::compile::{BaseChain, ChainId, Host, RuleId};
use super::conntrack;
use super::nat::{self, Translations};
use super::perimeter::{met_by, theirs};
use super::rewrite;
use super::routes::Routes;
use super::walk::{Decision, Fate, Observer, Walk};
use losses::Losses;
pub use memory::Memory;
use memory::{Asked, Passed};

/// Packets that travel together: one translation holds for all of them.
#[derive(Clone, Debug)]
pub struct Flight {
    /// As they are now. Disjoint.
    pub packets: PacketSet,
    /// What NAT has done to their flow.
    pub nat: Translations,
}

/// A decision about packets on their trip.
#[derive(Clone, Debug)]
pub struct Hop<'m> {
    /// Where.
    pub hook: Hook,
    /// In which base chain the decision fell.
    pub base: ChainId,
    /// The chain in which the rule stands.
    pub chain: ChainId,
    /// The rule; `None` for the policy.
    pub rule: Option<RuleId>,
    /// The rules that jumped there, outermost first.
    pub via: Vec<RuleId>,
    /// What happened.
    pub fate: Fate<'m>,
    /// The packets as they were then, exactly.
    pub packets: PacketSet,
    /// The translation of their flow so far.
    pub nat: Translations,
}

impl<'m> Hop<'m> {
    /// The same decision about other packets.
    pub fn of(&self, packets: PacketSet) -> Hop<'m> {
        let Hop { hook, base, chain, rule, fate, .. } = *self;
        Hop { hook, base, chain, rule, via: self.via.clone(), fate, packets, nat: self.nat.clone() }
    }
}

/// What connection tracking does with the packet when it comes to its place.
#[derive(Clone, Debug)]
pub enum Tracking {
    /// No entry knows it: it may begin one.
    Unknown,
    /// It has been seen already on this trip (loopback).
    Seen,
    /// It belongs to an established flow, in this direction, with these NAT bits, flow mark and zones.
    Established { way: u128, nat: u128, connmark: Option<Values>, zone: Values },
    /// It belongs to a flow of which no answer was seen yet.
    Unanswered { nat: u128, connmark: Option<Values>, zone: Values },
    /// It belongs to a flow in this state, seen from one of these directions; nothing else is known of the flow.
    Known(u128, Ranges),
    /// It does not fit the flow that it belongs to, which is in these zones.
    Misfit { zone: Values },
}

/// One trip, and the record of it.
#[derive(Debug)]
pub struct Trip<'h, 'm> {
    host: &'h Host<'m>,
    routes: &'h Routes,
    /// The axis of the ephemeral port, if flows that differ there alone stand or fall together, and what was
    /// asked of such flows before.
    free: Option<(Axis, &'h Memory<'m>)>,
    /// Are packets followed into which rules have written? So they are where nothing but rules comes behind.
    follows: bool,
    /// Every decision on the way, in order; of flows that stand or fall together the losses and
    /// translations alone.
    pub hops: Vec<Arc<Hop<'m>>>,
}

/// The priority at which connection tracking works.
const CONNTRACK: i32 = -200;

impl<'h, 'm> Trip<'h, 'm> {
    /// A trip that has not begun.
    pub fn new(host: &'h Host<'m>, routes: &'h Routes) -> Self {
        Trip { host, routes, free: None, follows: false, hops: Vec::new() }
    }

    /// A trip of flows that stand or fall together if they differ on this axis alone: what is surely
    /// lost with others is not followed any further.
    pub fn together(host: &'h Host<'m>, routes: &'h Routes, free: Axis, memory: &'h Memory<'m>) -> Self {
        Trip { host, routes, free: Some((free, memory)), follows: false, hops: Vec::new() }
    }

    /// Sends flights through a hook; returns what comes out of it.
    pub fn hook(
        &mut self,
        hook: Hook,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let host = self.host;
        let tracks = matches!(hook, Hook::Prerouting | Hook::Output);
        let nat_place = match hook {
            Hook::Prerouting | Hook::Output => Some(-100),
            Hook::Input | Hook::Postrouting => Some(100),
            Hook::Ingress | Hook::Forward | Hook::Egress => None,
        };
        let mut is_tracked = !tracks;
        let mut is_mapped = false;
        let mut flights = self.set_out(flights);
        for base in host.calls(hook).filter(|base| base.base.kind != ChainKind::Nat) {
            if !is_tracked && base.priority > CONNTRACK {
                flights = flights.into_iter().map(|flight| track(flight, tracking)).collect();
                is_tracked = true;
            }
            if !is_mapped && nat_place.is_some_and(|place| base.priority > place) {
                flights = self.translate(hook, flights, tracking)?;
                is_mapped = true;
            }
            flights = self.filter(hook, base, flights)?;
        }
        if !is_tracked {
            flights = flights.into_iter().map(|flight| track(flight, tracking)).collect();
        }
        if !is_mapped && nat_place.is_some() {
            flights = self.translate(hook, flights, tracking)?;
        }
        Ok(flights)
    }

    /// Notes that packets are gone without a rule that drops them, for what a rule has done to them: one that
    /// translated them if there is one, otherwise the last that let them pass.
    pub fn vanish(&mut self, flight: Flight) {
        let translated = self.hops.iter().rev().find(|hop| matches!(hop.fate, Fate::Translated(_)));
        let cause = translated.or(self.hops.last());
        if let Some(hop) = cause.cloned().filter(|_| !flight.packets.is_empty()) {
            let Flight { packets, nat } = flight;
            self.hops.push(Arc::new(Hop { fate: Fate::Dropped, nat, ..hop.of(packets) }));
        }
    }

    /// Would packets leave the host from a loopback address? The kernel finds no route for them as soon as they
    /// are translated (`ip_route_output_key_hash_rcu` in net/ipv4/route.c).
    fn is_misrouted(&self, flight: &Flight) -> bool {
        flight.packets.cubes().iter().all(|cube| {
            let routed = self.routes.route(cube.clone());
            let goes_out = routed.get(Axis::DestinationKind).and_then(Values::first) != Some(kind::LOCAL);
            goes_out && cube.get(Axis::Family).and_then(Values::first) == Some(0) && is_from_loopback(cube)
        })
    }

    /// Sends flights through one base chain.
    fn filter(
        &mut self,
        hook: Hook,
        base: BaseChain<'m>,
        flights: Vec<Flight>,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        // Of flows that stand or fall together nobody is named who lets them pass.
        if self.free.is_some() && self.host.is_open(base) {
            return Ok(flights);
        }
        let mut passed = Vec::new();
        for Flight { packets, nat } in flights {
            let (packets, unseen) = self.seen(packets);
            let (mine, others) = met_by(packets, base)?;
            let mut packets = others;
            packets.add(unseen);
            if let Some(left) = self.lose(hook, base, &mine, &nat)? {
                packets.add(left);
            } else {
                for hop in self.walk(hook, base, mine, &nat)? {
                    // A translation outside of a nat chain cannot be loaded; it changes nothing here.
                    let left =
                        matches!(hop.fate, Fate::Accepted | Fate::Translated(_)).then(|| hop.packets.clone());
                    self.hops.push(Arc::new(hop));
                    if let Some(left) = left {
                        packets.add(self.watch(hook, base, left, &nat));
                    }
                }
            }
            if !packets.is_empty() {
                passed.push(Flight { packets, nat });
            }
        }
        Ok(passed)
    }

    /// What one base chain leaves of flows that stand or fall together; `None` where every decision has to
    /// be looked at.
    fn lose(
        &mut self,
        hook: Hook,
        base: BaseChain<'m>,
        packets: &PacketSet,
        nat: &Translations,
    ) -> Result<Option<PacketSet>, TooManyPieces> {
        // Flows with other ports than they set out with are not told apart by those that they have now.
        let Some((free, memory)) = self.free.filter(|_| nat.is_none() && !self.has_written(packets)) else {
            return Ok(None);
        };
        let host = self.host;
        let walk = |packets: PacketSet| -> Result<Option<Passed<'m>>, TooManyPieces> {
            let mut losses = Losses::new(Place { hook, base: base.chain, nat }, free, packets.clone());
            if !packets.is_empty() {
                Walk::through(host, base, packets, &mut losses)?;
            }
            if losses.is_changed { Ok(None) } else { losses.passed().map(Some) }
        };
        let passed = match packets.cubes() {
            [cube] => {
                memory.recall(host, Asked { hook, base: base.chain, free, cube: cube.clone() }, walk)?
            }
            _ => walk(packets.clone())?,
        };
        Ok(passed.map(|(left, hops)| {
            self.hops.extend(hops);
            left
        }))
    }

    /// NAT's place in a hook: nat chains for the first packet of a flow, the known mapping for others.
    fn translate(
        &mut self,
        hook: Hook,
        flights: Vec<Flight>,
        tracking: &Tracking,
    ) -> Result<Vec<Flight>, TooManyPieces> {
        let mut all = Vec::new();
        for flight in flights {
            match tracking {
                Tracking::Unknown | Tracking::Seen if !flight.nat.is_done(hook) => {
                    all.extend(self.map_first(hook, flight)?);
                }
                Tracking::Unknown | Tracking::Seen | Tracking::Known(..) | Tracking::Misfit { .. } => {
                    all.push(flight)
                }
                Tracking::Established { way, .. } => all.push(nat::apply(flight, hook, *way)),
                Tracking::Unanswered { .. } => all.push(nat::apply(flight, hook, direction::ORIGINAL)),
            }
        }
        Ok(all)
    }

    /// The first packets of flows in the nat chains of a hook.
    fn map_first(&mut self, hook: Hook, flight: Flight) -> Result<Vec<Flight>, TooManyPieces> {
        let host = self.host;
        let flight = self.before_nat(hook, flight);
        let is_first = |cube: &Cube| {
            let is_new = cube.get(Axis::State).is_some_and(|values| values.first() == Some(state::NEW));
            is_new && !rewrite::is_unseen(cube)
        };
        let (first, later): (Vec<_>, Vec<_>) = flight.packets.into_cubes().into_iter().partition(is_first);
        let mut waiting = PacketSet::from_cubes(first);
        let mut all = Vec::new();
        for base in host.calls(hook).filter(|base| base.base.kind == ChainKind::Nat) {
            let (mine, others) = theirs(waiting, base);
            waiting = others;
            for hop in self.walk(hook, base, mine, &flight.nat)? {
                let translated = match hop.fate {
                    Fate::Translated(rule) => nat::begin(rule, hook, &hop.packets, &flight.nat, self.routes),
                    _ => Vec::new(),
                };
                if hop.fate == Fate::Accepted {
                    waiting.add(hop.packets.clone());
                }
                self.hops.push(Arc::new(hop));
                for flight in translated {
                    match hook == Hook::Output && self.is_misrouted(&flight) {
                        true => self.vanish(flight),
                        false => all.push(flight),
                    }
                }
            }
        }
        waiting.add(PacketSet::from_cubes(later));
        if !waiting.is_empty() {
            all.push(Flight { packets: waiting, nat: flight.nat.settle(hook) });
        }
        Ok(all)
    }

    /// Who decides what in one base chain.
    fn walk(
        &self,
        hook: Hook,
        base: BaseChain<'m>,
        packets: PacketSet,
        nat: &Translations,
    ) -> Result<Vec<Hop<'m>>, TooManyPieces> {
        let mut record = Record { place: Place { hook, base: base.chain, nat }, hops: Vec::new() };
        if !packets.is_empty() {
            Walk::through(self.host, base, packets, &mut record)?;
        }
        Ok(record.hops)
    }
}

/// Where on a trip decisions fall.
#[derive(Clone, Copy)]
struct Place<'n> {
    hook: Hook,
    base: ChainId,
    nat: &'n Translations,
}

impl Place<'_> {
    /// A decision about some packets here.
    fn hop<'m>(&self, decision: &Decision<'_, 'm>, packets: PacketSet) -> Hop<'m> {
        Hop {
            hook: self.hook,
            base: self.base,
            chain: decision.chain,
            rule: decision.rule,
            via: decision.via.to_vec(),
            fate: decision.fate,
            packets,
            nat: self.nat.clone(),
        }
    }
}

/// Writes down every decision with its exact packets.
struct Record<'n, 'm> {
    place: Place<'n>,
    hops: Vec<Hop<'m>>,
}

impl<'m> Observer<'m> for Record<'_, 'm> {
    fn decides(&mut self, decision: &Decision<'_, 'm>) -> Result<(), TooManyPieces> {
        let packets = decision.packets()?;
        if !packets.is_empty() {
            self.hops.push(self.place.hop(decision, packets));
        }
        Ok(())
    }
}

/// Do packets come from loopback addresses only?
pub(super) fn is_from_loopback(cube: &Cube) -> bool {
    let is_v4 = cube.get(Axis::Family).and_then(Values::first) == Some(Family::V4.number());
    let (low, high) = if is_v4 {
        values::prefix(Ipv4Addr::LOCALHOST.into(), 8)
    } else {
        values::address(Ipv6Addr::LOCALHOST.into())
    };
    cube.get(Axis::Source).is_some_and(|sources| Values::from(Ranges::new(low, high)).covers(sources))
}

/// Connection tracking looks at the packets.
fn track(flight: Flight, tracking: &Tracking) -> Flight {
    let packets = match tracking {
        Tracking::Unknown => conntrack::first(&flight.packets),
        Tracking::Seen => flight.packets,
        Tracking::Established { way, nat, connmark, zone } => in_zone(&flight.packets, zone, *way, |found| {
            conntrack::with_entry(found, state::ESTABLISHED, *way, *nat, connmark.as_ref(), zone)
        }),
        Tracking::Unanswered { nat, connmark, zone } => {
            let way = direction::ORIGINAL;
            in_zone(&flight.packets, zone, way, |found| {
                conntrack::with_entry(found, state::NEW, way, *nat, connmark.as_ref(), zone)
            })
        }
        Tracking::Known(state, ways) => conntrack::with_some_entry(&flight.packets, *state, ways),
        Tracking::Misfit { zone } => in_zone(&flight.packets, zone, direction::ORIGINAL, conntrack::invalid),
    };
    Flight { packets, nat: flight.nat }
}

/// Packets that find the entry of their flow in its zone, as a function leaves them; in another zone they begin a
/// flow.
fn in_zone(
    packets: &PacketSet,
    zone: &Values,
    way: u128,
    with_entry: impl Fn(&PacketSet) -> PacketSet,
) -> PacketSet {
    let (found, lost) = conntrack::by_zone(packets, zone, way);
    let mut all = with_entry(&found);
    all.add(conntrack::first(&lost));
    all
}
