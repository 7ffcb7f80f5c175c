//! Flows that are lost from some client ports alone: whether a connection comes up is chance.

use crate::eval::{Conversation, Held};
use crate::packet::{Axis, Cube, PacketSet, Values, Words};

use super::super::Context;

/// Says so, if what is lost of a part is not lost from all client ports that the kernel may take.
pub fn of_client_ports(context: &Context, held: &Held, part: &PacketSet) -> Option<String> {
    let asked = held.question.packets.and(part);
    let all = ports(&asked);
    // Rules that name no client port lose all of them, and most name none.
    let is_narrow = |cube: &Cube| cube.get(Axis::SourcePort).is_some_and(|ports| !ports.covers(&all));
    let first = held.conversation.steps.first()?;
    if !first.lost.iter().any(|lost| lost.hop.packets.cubes().iter().any(is_narrow)) {
        return None;
    }
    let question = crate::eval::Question { packets: asked, ..held.question.clone() };
    let talk = Conversation::begin(&context.host, &context.routes, &question).ok()?;
    let first = talk.steps.first()?;
    let lost: Vec<Values> = first.lost.iter().map(|lost| ports(&lost.flows)).collect();
    let open = all.minus(&Values::union(Axis::SourcePort, &lost));
    if open.is_empty() || lost.is_empty() {
        return None;
    }
    let told = |ports: Values| {
        let said = Words::within(&Cube::any()).cube(&Cube::any().set(Axis::SourcePort, ports));
        said.replace("everything from ", "")
    };
    Some(format!(
        "It gets out from client {}, but the kernel takes any of {}: whether a connection comes up is chance.",
        told(open),
        told(all).replacen("ports ", "", 1)
    ))
}

/// The client ports of packets.
fn ports(packets: &PacketSet) -> Values {
    let side =
        |cube: &Cube| cube.get(Axis::SourcePort).cloned().unwrap_or_else(|| Values::all(Axis::SourcePort));
    let all: Vec<Values> = packets.cubes().iter().map(side).collect();
    Values::union(Axis::SourcePort, &all)
}
