//! The paths of the tunnel, and which choices of the host serve them.

use crate::config::RunsIn;
use crate::eval::{Question, Witnesses};
use crate::packet::{Axis, Cube, PacketSet, Ranges, TooManyPieces};
use crate::profile::{Endpoint, Profile};

use super::super::Context;
use super::ask::{self, CHOICES, Flow, OWNER};
use super::judge::{edges, judge_path};
use super::{Path, families, transports};

/// The paths, and the choices for them.
pub struct Ways<'m> {
    /// One for each family and transport that is judged.
    pub paths: Vec<Path<'m>>,
    /// All choices that there were.
    pub asked: Witnesses,
    /// Those that serve the paths.
    pub left: Witnesses,
    /// Those that are left for what is needed beside the paths.
    pub beside: Witnesses,
}

impl<'m> Ways<'m> {
    /// By all choices of the host, or by the given one alone.
    ///
    /// # Errors
    /// If the rules are too tangled.
    pub fn by(
        context: &Context<'m>,
        profile: &'static Profile,
        endpoint: &'static Endpoint,
        choice: Option<&PacketSet>,
    ) -> Result<Self, TooManyPieces> {
        let none = || Witnesses { left: PacketSet::none() };
        let (mut wanted, mut left, mut unbound) = (Vec::new(), none(), none());
        let settings = context.settings;
        // What a host needs besides leaves from wherever its routes choose, if the edge is dialled from elsewhere.
        let is_apart = settings.bound().is_some() && settings.runs_in.value == RunsIn::Host;
        for family in families(context) {
            for transport in transports(context, profile) {
                let flow = Flow {
                    family,
                    protocol: transport.protocol.number(),
                    destinations: ask::addresses(edges(endpoint, family).map(|edge| edge.1)),
                    ports: Ranges::single(profile.port.into()),
                    by_anyone: false,
                    is_bound: true,
                    speech: Some(ask::speech(transport.protocol, &transport.server_name)),
                };
                let mut question = flow.question(context);
                if let Some(choice) = choice {
                    question.packets = question.packets.and(choice);
                }
                let of_family = Cube::any().set(Axis::Family, Ranges::single(family.number()));
                if !left.left.overlaps(&of_family.into()) {
                    left.left.add(Witnesses::of(&question.packets, &CHOICES).left);
                    if is_apart {
                        let free = Flow { is_bound: false, ..flow }.question(context);
                        unbound.left.add(Witnesses::of(&free.packets, &CHOICES).left);
                    }
                }
                wanted.push((family, transport, question));
            }
        }
        let is_there = |(_, _, question): &(_, _, Question)| !question.packets.is_empty();
        if wanted.iter().any(is_there) {
            // A host without an address of a family does not dial by it.
            wanted.retain(is_there);
        }
        let held = context.each(&wanted, |(_, _, question)| context.hold(question))?;
        let (mut paths, asked) = (Vec::new(), left.clone());
        for ((family, transport, _), held) in wanted.into_iter().zip(held) {
            paths.push(judge_path(context, family, transport, endpoint, held, &mut left)?);
        }
        // What surely works does so whoever the program is; what only may, for some, narrows nothing.
        if paths.iter().any(Path::is_open) {
            left.left = left.left.forget(|axis| OWNER.contains(&axis)).and(&asked.left);
        }
        let is_place = |axis: Axis| matches!(axis, Axis::Source | Axis::InInterface | Axis::OutInterface);
        let beside = match is_apart {
            true => Witnesses { left: left.left.forget(is_place).and(&unbound.left) },
            false => left.clone(),
        };
        Ok(Ways { paths, asked, left, beside })
    }
}
