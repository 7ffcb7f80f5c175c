//! Flows that are lost from some client ports alone: whether a connection comes up is chance.

use crate::eval::{Certainty, Held, Moment, Question, Witnesses};
use crate::packet::{Axis, Cube, PacketSet, Ranges, TooManyPieces, Values};

use super::super::Context;

/// How many ports are tried.
const MOST_TRIED: usize = 4;

/// A port of the program's sockets from which flows get through and back, and one from which they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    open: u128,
    /// Does a connection from the open port come up whatever the unknowns are?
    is_sure: bool,
    lost: u128,
}

impl Chance {
    /// Looks whether flows of a part, all of which are lost, are lost from some client ports alone: what rules take names
    /// ports, and from another port the flows come up. `axes` are those of the host's choices.
    ///
    /// # Errors
    /// If the sets fall into too many pieces.
    pub fn of(
        context: &Context,
        held: &Held,
        part: &PacketSet,
        witnesses: &Witnesses,
        axes: &[Axis],
    ) -> Result<Option<Chance>, TooManyPieces> {
        let asked = ports(&held.question.packets, Axis::SourcePort);
        let mut lost = lost_ports(held, part).and(&asked);
        let Some(first) = lost.first() else { return Ok(None) };
        for _ in 0..MOST_TRIED {
            let Some(open) = asked.minus(&lost).first() else { break };
            let one = Values::single(Axis::SourcePort, open);
            let packets = held.question.packets.and(part).with(Axis::SourcePort, &one);
            let other = context.hold(&Question { packets, ..held.question.clone() })?;
            let certainty = witnesses.clone().serve(&other, part, axes, &[])?;
            if certainty != Certainty::Blocked {
                return Ok(Some(Chance { open, is_sure: certainty == Certainty::Met, lost: first }));
            }
            // Rules that were not named, since another had taken the flow already.
            lost = lost.or(&lost_ports(&other, part)).or(&Ranges::single(open));
        }
        Ok(None)
    }

    /// What to say of it.
    pub fn note(self, context: &Context) -> String {
        let all = context.settings.ephemeral_ports.value;
        let comes_up = if self.is_sure { "comes up" } else { "may come up" };
        format!(
            "From client port {} a connection {comes_up}, while packets of port {} are dropped; the kernel takes any of {} \
             to {}.",
            self.open, self.lost, all.first, all.last
        )
    }
}

/// The client ports from which flows of a part were seen to be lost.
fn lost_ports(held: &Held, part: &PacketSet) -> Ranges {
    let mut all = Vec::new();
    for step in &held.conversation.steps {
        let client = if step.moment == Moment::Reply { Axis::DestinationPort } else { Axis::SourcePort };
        for lost in step.lost.iter().filter(|lost| lost.flows.overlaps(part)) {
            all.extend(ports(&lost.hop.packets, client).iter());
        }
    }
    Ranges::union(all)
}

/// The ports of packets on an axis.
fn ports(packets: &PacketSet, axis: Axis) -> Ranges {
    let side =
        |cube: &Cube| cube.get(axis).and_then(Values::ranges).cloned().unwrap_or(Ranges::new(0, 65_535));
    Ranges::union(packets.cubes().iter().flat_map(|cube| side(cube).iter().collect::<Vec<_>>()))
}
