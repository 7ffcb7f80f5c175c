//! What is asked beside the paths of the tunnel: resolvers and services, any of whose addresses will do.
//!
//! Most rules let all of that out or none. So it is first asked at once what any flow to the ports in question would
//! meet; what that takes nothing of is served, and only the rest is asked one by one.

use std::sync::OnceLock;

use crate::eval::{Certainty, Held, Question, Witnesses};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces};
use crate::profile::Profile;

use super::super::Context;
use super::ask::{CHOICES, Flow, OWNER};

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
    all: [OnceLock<Option<Held<'m>>>; 2],
}

/// Whether some destination is reached; what became of the flows, unless no rule took any; and who reaches it.
pub type Reached<'m> = (Certainty, Option<Held<'m>>, PacketSet);

impl<'t, 'm> Beside<'t, 'm> {
    /// Nothing is asked yet.
    pub fn new(context: &'t Context<'m>, profile: &'static Profile, witnesses: &'t Witnesses) -> Self {
        Beside { context, profile, witnesses, all: Default::default() }
    }

    /// Is any of the destinations of a flow reached, by a choice that the tunnel left, and by one of those who ask?
    ///
    /// # Errors
    /// If the rules are too tangled.
    pub fn some_destination(&self, flow: Flow, who: &PacketSet) -> Result<Reached<'m>, TooManyPieces> {
        let mut question = flow.question(self.context);
        // Only what the tunnel's own flows left to choose from is of use.
        question.packets = question.packets.and(&self.left_to(&flow)).and(who);
        let mut choices = Witnesses::of(&question.packets, &SOME_DESTINATION);
        let owners = |choices: &Witnesses| choices.left.forget(|axis| !OWNER.contains(&axis)).simplify();
        if !choices.left.is_empty() && self.is_clear(&flow, &question) {
            return Ok((Certainty::Met, None, owners(&choices)));
        }
        let held = self.context.hold(&question)?;
        // Among the resolvers of a host one may well run as a user that is let out.
        let untold: &[Axis] = if flow.by_anyone { &[] } else { &OWNER };
        let certainty = choices.serve(&held, &PacketSet::any(), &SOME_DESTINATION, untold)?;
        Ok((certainty, Some(held), owners(&choices)))
    }

    /// Is nothing of a question lost, as far as it was asked with all others?
    fn is_clear(&self, flow: &Flow, question: &Question) -> bool {
        self.all_of(flow.family).is_some_and(|all| {
            all.question.packets.covers(&question.packets) == Ok(true)
                && !all.perhaps_lost.overlaps(&question.packets)
        })
    }

    /// What becomes of all that may be asked of a family over TCP: by anyone, and whatever is said in it. Less is known of
    /// these flows than of any that a question is about, so what they do not lose, those do not lose either.
    fn all_of(&self, family: Family) -> Option<&Held<'m>> {
        let ask = || {
            let dns = &self.profile.dns;
            let ports = [dns.port, dns.fallback.port, DNS_OVER_TLS, HTTPS].map(u128::from);
            let flow = Flow {
                family,
                protocol: 6,
                destinations: Ranges::new(0, u128::MAX),
                ports: Ranges::union(ports.map(|port| (port, port))),
                by_anyone: true,
                speech: None,
            };
            let mut question = flow.question(self.context);
            question.packets = question.packets.and(&self.left_to(&flow));
            // Among many rules so wide a question costs more than it saves.
            if self.context.is_long() { None } else { self.context.hold(&question).ok() }
        };
        self.all[usize::from(family == Family::V6)].get_or_init(ask).as_ref()
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
