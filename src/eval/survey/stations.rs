//! The way of packets through the hooks of a survey.

use smallvec::smallvec;

use crate::model::{ChainKind, Hook, Policy};
use crate::packet::axis::kind;
use crate::packet::{Axis, Cube, PacketSet, Ranges, TooManyPieces, Values, values};

use super::super::compile::{BaseChain, ChainId, Host};
use super::super::conntrack;
use super::super::flow::Way;
use super::super::interfaces::any_but_lo;
use super::super::nat;
use super::super::routes::{Routes, only_destination};
use super::super::walk::Fate;
use super::Survey;
use super::run::{Loans, Place, Run, Turned};
use super::world::{Part, Stage, World};

/// The priority at which connection tracking works.
const CONNTRACK: i32 = -200;

impl<'h, 'm> Run<'h, 'm> {
    /// Sends the packets through all hooks on their way.
    pub fn all(mut self, routes: &Routes) -> Result<Survey<'h, 'm>, TooManyPieces> {
        let way = self.survey.way;
        let start = if way == Way::Out { Hook::Output } else { Hook::Prerouting };
        if way != Way::Out {
            self.hook(Hook::Ingress, Stage::Start, false)?;
        }
        self.hook(start, Stage::Start, way == Way::Out)?;
        for world in self.survey.worlds.iter_mut().filter(|world| world.stage != Stage::Gone) {
            let is_turned = world.turned_by.is_some();
            match way {
                // What was turned elsewhere goes on if that is not the host itself.
                Way::In if is_turned => {
                    let routed = routes.route(world.packet.clone());
                    // Machines behind a bridge are reached by it, also where the uplink alone was named.
                    let is_unknown =
                        only_destination(&routed).is_some_and(|address| routes.may_be_elsewhere(address));
                    let routed = match is_unknown {
                        true => routed.set(Axis::OutInterface, any_but_lo()),
                        false => routed,
                    };
                    let kind = routed.get(Axis::DestinationKind).and_then(Values::first);
                    let is_own = kind == Some(kind::LOCAL);
                    world.stage = if is_own { Stage::Inside } else { Stage::Onward };
                    world.packet = if is_own { world.packet.clone() } else { onward(routed) };
                }
                Way::In => world.stage = Stage::Inside,
                Way::Forward if !is_turned => {
                    world.stage = Stage::Onward;
                    world.packet = onward(world.packet.clone());
                }
                Way::Out if !is_turned => world.stage = Stage::Onward,
                _ => {}
            }
        }
        if way == Way::In {
            self.hook(Hook::Input, Stage::Inside, true)?;
        }
        if way != Way::Out {
            self.hook(Hook::Forward, Stage::Onward, true)?;
        }
        self.hook(Hook::Postrouting, Stage::Onward, false)?;
        self.hook(Hook::Egress, Stage::Onward, false)?;
        Ok(self.survey)
    }

    /// Sends the packets of a stage through the base chains of a hook.
    fn hook(&mut self, hook: Hook, stage: Stage, has_main: bool) -> Result<(), TooManyPieces> {
        let host = self.survey.host;
        let tracks = matches!(hook, Hook::Prerouting | Hook::Output);
        let nat_place = match hook {
            Hook::Prerouting | Hook::Output => Some(-100),
            Hook::Input | Hook::Postrouting => Some(100),
            Hook::Ingress | Hook::Forward | Hook::Egress => None,
        };
        let main =
            if has_main { main(host, hook, |base| !self.worlds_at(stage, base).is_empty()) } else { None };
        let (mut is_tracked, mut is_mapped) = (!tracks, nat_place.is_none());
        for base in host.bases(hook).filter(|base| base.base.kind != ChainKind::Nat) {
            if !is_tracked && base.priority > CONNTRACK {
                self.track(stage)?;
                is_tracked = true;
            }
            if !is_mapped && nat_place.is_some_and(|place| base.priority > place) {
                self.translate(hook, stage)?;
                is_mapped = true;
            }
            let is_main = main == Some(base.chain);
            let worlds = self.worlds_at(stage, &base);
            if is_main || !is_idle(host, &base) {
                self.base(hook, base, is_main, worlds)?;
            }
            if is_main {
                for world in self.survey.worlds.iter_mut().filter(|world| world.stage == stage) {
                    world.main_end = Some(world.now());
                }
            }
        }
        if !is_tracked {
            self.track(stage)?;
        }
        if !is_mapped {
            self.translate(hook, stage)?;
        }
        if has_main && main.is_none() {
            self.accept_all(hook, stage);
        }
        Ok(())
    }

    /// No chain of a hook filters: everything gets through by the policy of one that does other things.
    fn accept_all(&mut self, hook: Hook, stage: Stage) {
        let Some(base) = self.survey.host.bases(hook).find(|base| base.base.kind == ChainKind::Nat) else {
            return;
        };
        let mut place = Place { hook, is_main: true, loans: Loans::new() };
        for world in 0..self.survey.worlds.len() {
            if self.survey.worlds[world].stage == stage {
                let parts = self.survey.worlds[world].parts.clone();
                self.decide(&mut place, None, base.chain, Fate::Accepted, world, &parts);
            }
        }
        for (world, entries) in place.loans {
            self.survey.worlds[world].give_back(entries);
            self.survey.worlds[world].main_end = Some(self.survey.worlds[world].now());
        }
    }

    /// Connection tracking looks at the packets.
    fn track(&mut self, stage: Stage) -> Result<(), TooManyPieces> {
        for world in self.survey.worlds.iter_mut().filter(|world| world.stage == stage) {
            let seen = conntrack::first(&PacketSet::from(world.packet.clone()));
            let of = |cube: &Cube, axis| cube.get(axis).cloned();
            let Some(one) = seen.cubes().first() else { continue };
            let marks = [Axis::State, Axis::Direction, Axis::Nat, Axis::ConnMark];
            if seen.cubes().iter().any(|cube| marks.iter().any(|&axis| of(cube, axis) != of(one, axis))) {
                return Err(TooManyPieces);
            }
            for axis in marks {
                world.packet = match of(one, axis) {
                    Some(values) => world.packet.clone().set(axis, values),
                    None => world.packet.clone().without(axis),
                };
            }
        }
        Ok(())
    }

    /// The nat chains of a hook. What they turn elsewhere begins a new world.
    fn translate(&mut self, hook: Hook, stage: Stage) -> Result<(), TooManyPieces> {
        let host = self.survey.host;
        for base in host.bases(hook).filter(|base| base.base.kind == ChainKind::Nat) {
            let worlds = self.worlds_at(stage, &base);
            // A world that was turned already is settled.
            let worlds = worlds.into_iter().filter(|&world| self.survey.worlds[world].turned_by.is_none());
            let worlds = worlds.collect();
            if !is_idle(host, &base) {
                self.base(hook, base, false, worlds)?;
            }
            for turned in std::mem::take(&mut self.turned) {
                self.begin(hook, turned)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, hook: Hook, turned: Turned<'m>) -> Result<(), TooManyPieces> {
        let old = &self.survey.worlds[turned.world];
        let (packets, stage) =
            (old.survivors(turned.first, turned.count, &self.survey.host.surveyed)?, old.stage);
        for flight in nat::begin(turned.nat, hook, &packets, &old.nat.clone(), &Routes::default()) {
            for cube in flight.packets.cubes() {
                let mut world = World::new(cube.clone(), smallvec![Part::all()], flight.nat.clone(), stage);
                world.turned_by = Some(turned.site.clone());
                self.add(world)?;
            }
        }
        Ok(())
    }
}

/// The base chain of a hook that decides what gets in: the last one that drops what it does not name,
/// failing that the last with rules, failing that the last.
fn main(host: &Host, hook: Hook, sees: impl Fn(&BaseChain) -> bool) -> Option<ChainId> {
    let is_filter = |kind| matches!(kind, ChainKind::Filter | ChainKind::Perimeter(_));
    let filters = host.bases(hook).filter(|base| is_filter(base.base.kind) && sees(base));
    let rank = |base: &BaseChain| {
        let drops = base.base.policy.value == Policy::Drop;
        let is_filter = base.priority > -150 && base.priority < 50;
        (drops, is_filter, !host.chain(base.chain).rules.is_empty())
    };
    filters.max_by_key(rank).map(|base| base.chain)
}

/// Does a base chain let everything pass, having no rule?
fn is_idle(host: &Host, base: &BaseChain) -> bool {
    host.chain(base.chain).rules.is_empty() && base.base.policy.value == Policy::Accept
}

/// A packet that goes through the host: by some interface, and not back into it.
fn onward(packet: Cube) -> Cube {
    let is_unrouted = packet.get(Axis::OutInterface).and_then(Values::first) == Some(0);
    let packet = if is_unrouted { packet.without(Axis::OutInterface) } else { packet };
    let lo = values::name("lo").unwrap_or_default();
    let elsewhere = Ranges::union([(1, lo - 1), (lo + 1, u128::MAX)]);
    packet.clone().with(Axis::OutInterface, elsewhere).unwrap_or(packet)
}
