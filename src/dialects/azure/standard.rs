//! The rules that Azure adds to each network security group, for exports that leave them out
//! (<https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules>).

use super::tags;
use crate::dialects::cloud::{Addresses, Condition, Direction, rules};
use crate::model::{Member, Members, Rule, Side, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};

/// Those of a direction that allow something, that of which all is known first.
pub fn rules_of(direction: Direction, place: Span) -> Vec<Rule> {
    let known = |addresses: Addresses, axis| Condition::known(addresses.packets(axis), place);
    // The machine itself is in its network, so that only the other side is asked.
    let connected = |side| {
        let group = "VirtualNetwork".into();
        Condition::none().or(Spanned::new(Member { side, group, who: Members::Machines }.into(), place))
    };
    let ends = match direction {
        Direction::In => [known(tags::only(tags::HOST_NODE), Axis::Source), connected(Side::Source)],
        Direction::Out => [
            known(tags::public(), Axis::Destination),
            connected(Side::Destination).or_unknown("VirtualNetwork holds a default route", place),
        ],
    };
    let verdict = Spanned::new(Verdict::Accept, place);
    ends.iter().flat_map(|end| rules(place, std::slice::from_ref(end), &verdict, None)).collect()
}
