//! What becomes of the tunnel where a filter looks for names in TLS.

use std::sync::Arc;

use super::ask::{CHOICES, Flow, OWNER};
use super::judge::{edges, to};
use super::{Path, Tunnel, ask};
use crate::eval::{Certainty, Held, Witnesses};
use crate::lints::Context;
use crate::model::Speech;
use crate::packet::{Ranges, TooManyPieces};

/// Is any rule asked for what is said in flows?
pub fn are_asked(context: &Context) -> bool {
    context.host.atoms.iter().any(|unknown| unknown.said.is_some())
}

/// Is a path blocked, and would not be if another name or nothing at all were said over it?
pub fn block(context: &Context, tunnel: &Tunnel, path: &Path) -> bool {
    let is_asked = are_asked(context) && path.is_blocked();
    is_asked
        && matches!(with(context, tunnel, path, None), Ok((certainty, _)) if certainty != Certainty::Blocked)
}

/// Do all addresses of a path get through where this is said over it, and what became of the flows?
pub fn with<'m>(
    context: &Context<'m>,
    tunnel: &Tunnel,
    path: &Path,
    speech: Option<Speech>,
) -> Result<(Certainty, Arc<Held<'m>>), TooManyPieces> {
    let flow = Flow {
        family: path.family,
        protocol: path.transport.protocol.number(),
        destinations: ask::addresses(edges(tunnel.endpoint, path.family).map(|edge| edge.1)),
        ports: Ranges::single(tunnel.profile.port.into()),
        by_anyone: false,
        is_bound: true,
        speech,
    };
    let question = flow.question(context);
    let held = context.hold(&question)?;
    let all = to(path.family, edges(tunnel.endpoint, path.family).map(|edge| edge.1));
    let mut choices = Witnesses::of(&question.packets, &CHOICES);
    Ok((choices.serve(&held, &all, &CHOICES, &OWNER)?, held))
}
