//! What a plan lets through, as the rules of clouds say it: one protocol to one port of machines elsewhere, or from
//! them.

use super::Direction;
use crate::model::{Letting, Part, Plan, Ports};
use crate::packet::{Axis, Ranges, Values};

/// What is let through for one purpose.
#[derive(Clone, Debug)]
pub struct Opening {
    /// What for: a phrase.
    pub purpose: String,
    /// Which way, and what.
    pub lettings: Vec<(Direction, Letting)>,
}

/// What plans for a perimeter let through, purpose by purpose; `None` if the rules of clouds cannot say it.
pub fn openings(plans: &[Plan]) -> Option<Vec<Opening>> {
    let opening = |part: Part| {
        let rules = part.rules.iter();
        let lettings = rules.map(|rule| {
            let direction = if &*rule.chain == "INPUT" { Direction::In } else { Direction::Out };
            let (far, other) = match direction {
                Direction::In => (Axis::Source, Axis::Destination),
                Direction::Out => (Axis::Destination, Axis::Source),
            };
            let said = [Axis::Protocol, Axis::DestinationPort, far];
            let only = |axis| rule.packets.get(axis).and_then(Values::ranges)?.only();
            let is_said = rule.packets.sides().iter().all(|(axis, _)| *axis != other && said.contains(axis));
            let protocol = match only(Axis::Protocol)? {
                6 => "tcp",
                17 => "udp",
                _ => return None,
            };
            let ports = Ports::of(rule.packets.get(Axis::DestinationPort).and_then(Values::ranges)?)?;
            let addresses = rule.packets.get(far).and_then(Values::ranges).cloned();
            let addresses = addresses.unwrap_or_else(|| Ranges::new(0, u128::MAX));
            is_said.then(|| (direction, Letting::new(rule.family, protocol, ports, &addresses)))
        });
        Some(Opening { purpose: part.purpose, lettings: lettings.collect::<Option<Vec<_>>>()? })
    };
    Part::joined(plans).into_iter().map(opening).collect()
}
