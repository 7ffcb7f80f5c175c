//! Flows into whose packets rules have written, without a translation: what becomes of what is said after that.
//!
//! Nobody puts back what a rule has written. So the answer comes from another address or port than was asked, or goes to
//! another: connection tracking knows it only if the rule was asked before tracking, and over TCP no socket takes it. Where
//! more is not known of it, it hangs on the unknown of the statement.

use crate::model::{Base, ChainKind, Hook};
use crate::packet::{Axis, Cube, PacketSet, Ranges, Values};

use super::super::compile::{BaseChain, RuleId};
use super::super::rewrite;
use super::super::trip::Flight;
use super::shape::{Sense, flows_of};
use super::talk::Talk;
use super::{Lost, Moment, Step, Way};

/// Flows of which a step goes another way than others'.
pub(super) struct Astray<'m> {
    moment: Moment,
    /// The flows of which the step is due, in coordinates of the first packet.
    due: PacketSet,
    /// Those that may get through it.
    passed: PacketSet,
    /// Those that may be lost, for what was written.
    lost: Vec<Lost<'m>>,
}

/// What is known of a step.
#[derive(Clone, Copy, PartialEq)]
enum Outlook {
    Lost,
    Open,
}

impl<'m> Talk<'_, 'm> {
    /// First packets that have arrived as they set out. What becomes of flows whose first packets have not is noted.
    pub(super) fn set_aside(&mut self, arrived: Vec<Flight>) -> Vec<Flight> {
        self.sort_out(arrived, |talk, flight| {
            for cube in flight.packets.cubes() {
                let is_answered = talk.reply_to(rewrite::restore(cube.clone())).is_some();
                if !is_answered {
                    continue;
                }
                if talk.goes_elsewhere(cube) {
                    talk.note_astray(Moment::Reply, cube, flight, Sense::There, Outlook::Lost);
                    continue;
                }
                talk.note_astray(Moment::Reply, cube, flight, Sense::There, Outlook::Open);
                let is_tcp =
                    cube.get(Axis::Protocol).and_then(Values::ranges).and_then(Ranges::only) == Some(6);
                let outlook = if is_tcp && talk.is_no_answer(cube) { Outlook::Lost } else { Outlook::Open };
                talk.note_astray(Moment::Followup, cube, flight, Sense::There, outlook);
            }
        })
    }

    /// Answers that have come back as they were sent. The others are back, too, as far as anyone knows, but what follows
    /// them is open.
    pub(super) fn set_answers_aside(&mut self, back: &mut Vec<Flight>, arrived: Vec<Flight>) -> Vec<Flight> {
        self.sort_out(arrived, |talk, flight| {
            for cube in flight.packets.cubes() {
                talk.note_astray(Moment::Followup, cube, flight, Sense::Back, Outlook::Open);
            }
            back.push(flight.clone());
        })
    }

    /// Packets that come back over loopback: whether those get in that were lost sight of on their way out is open.
    pub(super) fn doubt_entry(&mut self, left: &[Flight]) {
        if !self.host.rewrites() {
            return;
        }
        for flight in left {
            for cube in flight.packets.cubes().iter().filter(|cube| rewrite::is_unseen(cube)) {
                self.note_astray(Moment::Ingress, cube, flight, Sense::There, Outlook::Open);
            }
        }
    }

    /// Adds what was noted to the steps.
    pub(super) fn join(&mut self) {
        for Astray { moment, due, passed, lost } in std::mem::take(&mut self.astray) {
            match self.steps.iter_mut().find(|step| step.moment == moment) {
                Some(step) => {
                    step.due.add(due);
                    step.passed.add(passed);
                    step.lost.extend(lost);
                }
                None => self.steps.push(Step { moment, due, passed, lost, hops: Vec::new() }),
            }
        }
        self.steps.sort_by_key(|step| step.moment);
    }

    fn sort_out(&mut self, arrived: Vec<Flight>, mut note: impl FnMut(&mut Self, &Flight)) -> Vec<Flight> {
        if !self.host.rewrites() {
            return arrived;
        }
        let mut plain = Vec::new();
        for Flight { packets, nat } in arrived {
            let (written, others): (Vec<_>, Vec<_>) =
                packets.into_cubes().into_iter().partition(rewrite::is_written);
            if !written.is_empty() {
                note(self, &Flight { packets: PacketSet::from_cubes(written), nat: nat.clone() });
            }
            if !others.is_empty() {
                plain.push(Flight { packets: PacketSet::from_cubes(others), nat });
            }
        }
        plain
    }

    fn note_astray(&mut self, moment: Moment, cube: &Cube, flight: &Flight, sense: Sense, outlook: Outlook) {
        let Some(atom) = rewrite::unknown(cube) else { return };
        let Some(rule) = self.host.rewriter(atom) else { return };
        let Some(base) = self.host.all_bases().next() else { return };
        let due = flows_of(self.question.way, &cube.clone().into(), &flight.nat, sense);
        let due = due.forget(Axis::is_unknown);
        let answered = |yes: u128| due.clone().with(Axis::Atom(atom), &Ranges::single(yes).into());
        let (passed, flows) = match outlook {
            Outlook::Lost => (PacketSet::none(), due.clone()),
            Outlook::Open => (answered(1), answered(0)),
        };
        let trip = self.trip(sense);
        let hook = self.host.chain(rule.chain).chain.base.as_ref().map_or(base.base.hook, |base| base.hook);
        let hop = trip.written((hook, base), rule, cube.clone().into(), flight.nat.clone());
        let lost = vec![Lost { hop: hop.into(), flows }];
        self.astray.push(Astray { moment, due, passed, lost });
    }

    /// Does the answer go to an address that is surely none of the host's?
    fn goes_elsewhere(&self, cube: &Cube) -> bool {
        let is_other = || {
            let addresses = cube.get(Axis::Source).and_then(Values::ranges);
            let own = self.routes.interfaces.iter().flat_map(|each| &each.addresses);
            let mut own = own.map(|own| crate::packet::values::address(own.addr()));
            addresses.is_some_and(|all| !own.any(|(low, high)| Ranges::new(low, high).overlaps(all)))
        };
        self.question.way == Way::Out
            && !rewrite::is_unseen(cube)
            && rewrite::has_other_source(cube)
            && !self.routes.interfaces.is_empty()
            && is_other()
            && !self.may_come_back()
    }

    /// Is the answer none to the socket that has sent the first packet?
    fn is_no_answer(&self, cube: &Cube) -> bool {
        self.question.way == Way::Out
            && !rewrite::is_unseen(cube)
            && rewrite::differs(cube)
            && !self.may_come_back()
    }

    /// May answers to what the host asks get back what was there? Only a rule that writes into them, or translates them, could
    /// do that.
    fn may_come_back(&self) -> bool {
        let host = self.host;
        let is_of_questions = |rule: RuleId| {
            let is_out = |base: &Base| matches!(base.hook, Hook::Output | Hook::Postrouting | Hook::Egress);
            let chain = host.chain(rule.chain);
            // A chain of one's own may be called by any of its table.
            let mut callers = chain.table.chains.iter().filter_map(|chain| chain.base.as_ref());
            chain.chain.base.as_ref().map_or_else(|| callers.all(is_out), is_out)
        };
        let translates = |base: &BaseChain| base.base.kind == ChainKind::Nat && !host.is_open(*base);
        let mut arriving = host.calls(Hook::Prerouting).chain(host.calls(Hook::Input));
        !host.rewriters().all(is_of_questions) || arriving.any(|base| translates(&base))
    }
}
