//! Packets into which rules have written, on their trip: how far they are followed.

use std::sync::Arc;

use crate::model::{ChainKind, Hook};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, internet, values};

use super::super::compile::{BaseChain, RuleId};
use super::super::nat::Translations;
use super::super::rewrite;
use super::super::walk::Fate;
use super::{Flight, Hop, Trip};

/// The protocol of neighbour discovery.
const ICMPV6: u128 = 58;

impl<'m> Trip<'_, 'm> {
    /// The same trip, on which packets are followed into which rules have written.
    pub fn following(self) -> Self {
        Trip { follows: true, ..self }
    }

    /// Where rules write into packets, those into which nothing was written are told from the others.
    pub(super) fn set_out(&self, flights: Vec<Flight>) -> Vec<Flight> {
        if !self.host.rewrites() {
            return flights;
        }
        let told = |flight: Flight| Flight { packets: rewrite::begin(flight.packets), nat: flight.nat };
        flights.into_iter().map(told).collect()
    }

    /// The packets that are followed, and those that were lost sight of.
    pub(super) fn seen(&self, packets: PacketSet) -> (PacketSet, PacketSet) {
        if !self.host.rewrites() {
            return (packets, PacketSet::none());
        }
        let (unseen, seen): (Vec<_>, Vec<_>) = packets.into_cubes().into_iter().partition(rewrite::is_unseen);
        (PacketSet::from_cubes(seen), PacketSet::from_cubes(unseen))
    }

    /// Has something been written into any of these packets?
    pub(super) fn has_written(&self, packets: &PacketSet) -> bool {
        self.host.rewrites() && packets.cubes().iter().any(rewrite::is_written)
    }

    /// What a base chain leaves, without those that are not followed any further.
    pub(super) fn watch(
        &mut self,
        hook: Hook,
        base: BaseChain<'m>,
        packets: PacketSet,
        nat: &Translations,
    ) -> PacketSet {
        if !self.has_written(&packets) {
            return packets;
        }
        let is_followed = |cube: &Cube| {
            // A chain for routes has the kernel look for another one.
            let is_routed = base.base.kind == ChainKind::Route && rewrite::has_other_addresses(cube);
            // Neighbours answer to what stands in the message, too.
            let finds = cube.get(Axis::Protocol).is_none_or(|it| it.contains(ICMPV6));
            let is_open = is_routed || finds || self.may_stay_on_link(cube) || rewrite::is_unseen(cube);
            self.follows && nat.is_none() && !is_open
        };
        let is_kept = |cube: &Cube| !rewrite::is_written(cube) || is_followed(cube);
        let (kept, lost): (Vec<_>, Vec<_>) = packets.into_cubes().into_iter().partition(is_kept);
        let mut all = PacketSet::from_cubes(kept);
        all.add(self.lose_sight(hook, base, lost, nat));
        all
    }

    /// Were packets with another destination now to go to a neighbour, as far as is known? On a link without a gateway the kernel
    /// looks for the neighbour that is written in them (`ip_finish_output2`), which may not be there.
    fn may_stay_on_link(&self, cube: &Cube) -> bool {
        let Some(former) = rewrite::former_destination(cube) else { return false };
        let family =
            if cube.get(Axis::Family).is_some_and(|it| it.contains(0)) { Family::V4 } else { Family::V6 };
        let links = self.routes.interfaces.iter().flat_map(|each| &each.addresses);
        let links = Ranges::union(links.map(|own| values::prefix(own.addr(), own.prefix_len())));
        let beyond = internet(family).minus(&links);
        !former.ranges().is_some_and(|former| beyond.covers(former))
    }

    /// Where nat chains have rules, packets into which something was written are not followed through them.
    pub(super) fn before_nat(&mut self, hook: Hook, flight: Flight) -> Flight {
        if !self.has_written(&flight.packets) {
            return flight;
        }
        let host = self.host;
        let is_nat = |base: &BaseChain| base.base.kind == ChainKind::Nat && !host.is_open(*base);
        let Some(base) = host.calls(hook).find(is_nat) else { return flight };
        let is_left = |cube: &Cube| rewrite::is_written(cube) && !rewrite::is_unseen(cube);
        let Flight { packets, nat } = flight;
        let (lost, kept): (Vec<_>, Vec<_>) = packets.into_cubes().into_iter().partition(is_left);
        let mut packets = PacketSet::from_cubes(kept);
        packets.add(self.lose_sight(hook, base, lost, &nat));
        Flight { packets, nat }
    }

    /// Whether packets get through of which sight is lost is an unknown: those of a yes are returned, as they were, and
    /// those of a no are gone.
    fn lose_sight(
        &mut self,
        hook: Hook,
        base: BaseChain<'m>,
        lost: Vec<Cube>,
        nat: &Translations,
    ) -> PacketSet {
        let mut through = PacketSet::none();
        for cube in lost {
            let Some(atom) = rewrite::unknown(&cube) else { continue };
            let packets = rewrite::lose_sight(cube);
            let answered = |yes: u128| packets.clone().set(Axis::Atom(atom), Ranges::single(yes));
            through.add(answered(1).into());
            if let Some(rule) = self.host.rewriter(atom) {
                let gone = answered(0).into();
                self.hops.push(Arc::new(self.written((hook, base), rule, gone, nat.clone())));
            }
        }
        through
    }

    /// Packets that are gone for what a rule has written into them.
    pub fn written(
        &self,
        (hook, base): (Hook, BaseChain<'m>),
        rule: RuleId,
        packets: PacketSet,
        nat: Translations,
    ) -> Hop<'m> {
        let its = self.host.all_calls().find(|its| its.chain == rule.chain).unwrap_or(base);
        Hop {
            hook,
            base: its.chain,
            chain: rule.chain,
            rule: Some(rule),
            via: Vec::new(),
            fate: Fate::Dropped,
            packets,
            nat,
        }
    }
}
