//! What is asked beside the paths of the tunnel: resolvers and services, any of whose addresses will do.
//!
//! Most rules let all of that out or none. So it is first asked at once what any flow to the ports in question would
//! meet. What is all lost there is lost, what is not lost at all is served, and the rest is asked one by one.

use std::sync::{Arc, OnceLock};

use crate::eval::{Certainty, Held, Question, Witnesses};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces};
use crate::profile::{Profile, Protocol};

use super::super::Context;
use super::ask::{CHOICES, Flow, OWNER};

const TCP: u8 = Protocol::Tcp.number();

/// The port of HTTPS.
pub const HTTPS: u16 = 443;

/// The port of DNS over TLS.
pub const DNS_OVER_TLS: u16 = 853;

/// The axes on which a host may choose where any of several destinations will do.
pub const SOME_DESTINATION: [Axis; 7] = {
    let [family, input, output, source, user, group] = CHOICES;
    [family, input, output, source, user, group, Axis::Destination]
};

/// What the tunnel left to choose from, and what is known to be let out of it.
pub struct Beside<'t, 'm> {
    /// What is judged.
    pub context: &'t Context<'m>,
    /// The profile that says what is needed.
    pub profile: &'static Profile,
    /// The choices that the paths left.
    witnesses: &'t Witnesses,
    /// What becomes of all TCP flows to the ports in question, for each family; `None` where that is not worth its cost.
    all: [OnceLock<Option<Arc<Held<'m>>>>; 2],
}

/// Whether some destination is reached; what became of the flows, where they were asked about alone; and who reaches it.
pub type Reached<'m> = (Certainty, Option<Arc<Held<'m>>>, PacketSet);

impl<'t, 'm> Beside<'t, 'm> {
    /// Nothing is asked yet.
    pub fn new(context: &'t Context<'m>, profile: &'static Profile, witnesses: &'t Witnesses) -> Self {
        Beside { context, profile, witnesses, all: Default::default() }
    }

    /// Is any of the destinations of a flow reached, by a choice that the tunnel left, and by one of those who ask? Where
    /// none is, what became of the flows is told.
    ///
    /// # Errors
    /// If the rules are too tangled.
    pub fn some_destination(&self, flow: &Flow, who: &PacketSet) -> Result<Reached<'m>, TooManyPieces> {
        match self.with_all(flow, who)? {
            Some(reached) if reached.0 == Certainty::Met => Ok(reached),
            _ => self.alone(flow, who),
        }
    }

    /// The same where nobody asks what became of the flows.
    ///
    /// # Errors
    /// If the rules are too tangled.
    pub fn is_some_reached(&self, flow: &Flow, who: &PacketSet) -> Result<Reached<'m>, TooManyPieces> {
        self.with_all(flow, who)?.map_or_else(|| self.alone(flow, who), Ok)
    }

    /// What is asked, of what the tunnel's own flows left to choose from: nothing else is of use.
    fn question(&self, flow: &Flow, who: &PacketSet) -> Question {
        let mut question = flow.question(self.context);
        question.packets = question.packets.and(&self.left_to(flow)).and(who);
        question
    }

    /// The answer to a question of its own.
    fn alone(&self, flow: &Flow, who: &PacketSet) -> Result<Reached<'m>, TooManyPieces> {
        let question = self.question(flow, who);
        let mut choices = Witnesses::of(&question.packets, &SOME_DESTINATION);
        let held = self.context.hold(&question)?;
        let certainty = choices.serve(&held, &PacketSet::any(), &SOME_DESTINATION, untold(flow))?;
        Ok((certainty, Some(held), owners(&choices)))
    }

    /// The answer of all flows together, where that tells. What is true of them whatever is unknown is true of those that
    /// a question is about, of which more is known.
    fn with_all(&self, flow: &Flow, who: &PacketSet) -> Result<Option<Reached<'m>>, TooManyPieces> {
        let Some(all) = self.all_of(flow.family).filter(|_| flow.protocol == TCP) else { return Ok(None) };
        let question = self.question(flow, who);
        // Where no such flow leaves the host at all, nothing is lost.
        if question.packets.is_empty() || all.question.packets.covers(&question.packets) != Ok(true) {
            return Ok(None);
        }
        let mut choices = Witnesses::of(&question.packets, &SOME_DESTINATION);
        if !all.perhaps_lost.overlaps(&question.packets) {
            return Ok(Some((Certainty::Met, None, owners(&choices))));
        }
        let certainty = choices.serve(all, &question.packets, &SOME_DESTINATION, untold(flow))?;
        Ok((certainty == Certainty::Blocked).then(|| (certainty, None, owners(&choices))))
    }

    /// What becomes of all that may be asked of a family over TCP: by anyone, and whatever is said in it.
    fn all_of(&self, family: Family) -> Option<&Held<'m>> {
        let ask = || {
            let dns = &self.profile.dns;
            let ports = [dns.port, dns.fallback.port, DNS_OVER_TLS, HTTPS].map(u128::from);
            let flow = Flow {
                family,
                protocol: TCP,
                destinations: Ranges::new(0, u128::MAX),
                ports: Ranges::union(ports.map(|port| (port, port))),
                by_anyone: true,
                is_bound: false,
                speech: None,
            };
            let mut question = flow.question(self.context);
            question.packets = question.packets.and(&self.left_to(&flow));
            // Among many rules so wide a question costs more than it saves.
            if self.context.is_long() { None } else { self.context.hold(&question).ok() }
        };
        self.all[usize::from(family == Family::V6)].get_or_init(ask).as_deref()
    }

    /// What the tunnel left to choose from, for a flow.
    fn left_to(&self, flow: &Flow) -> PacketSet {
        let left = &self.witnesses.left;
        let is_who = |axis: Axis| OWNER.contains(&axis);
        let of_family = Cube::any().set(Axis::Family, Ranges::single(flow.family.number()));
        // Over a family in which the edge is not dialled, only who asks was chosen.
        let is_chosen = left.overlaps(&of_family.into());
        match (is_chosen, flow.by_anyone) {
            (true, true) => left.forget(is_who),
            (true, false) => left.clone(),
            (false, true) => PacketSet::any(),
            (false, false) => left.forget(|axis| !is_who(axis)),
        }
    }
}

/// Those among the choices that the host has no choice in. Among its resolvers one may well run as a user that is let out.
fn untold(flow: &Flow) -> &'static [Axis] {
    if flow.by_anyone { &[] } else { &OWNER }
}

/// Who is left.
fn owners(choices: &Witnesses) -> PacketSet {
    choices.left.forget(|axis| !OWNER.contains(&axis)).simplify()
}
