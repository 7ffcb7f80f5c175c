//! Rules that send the program's packets elsewhere.

use std::net::IpAddr;

use super::{CHOICES, Path, to};
use crate::eval::{Fate, Hop, RuleId};
use crate::model::{Hook, Nat};
use crate::packet::{Axis, Cube, PacketSet, Values};

/// A rule that changes where packets go.
#[derive(Clone, Debug)]
pub struct Redirection {
    /// The rule.
    pub rule: RuleId,
    /// The addresses of the edge whose packets it takes, whatever the host may choose.
    pub addresses: Vec<IpAddr>,
    /// Does it, whatever the file does not tell: does it take some packets for sure, to where it is not told?
    pub is_sure: bool,
    /// The unknowns on which it depends whether it takes them, ascending.
    pub depends_on: Vec<u32>,
}

impl Path<'_> {
    /// The rules that send first packets of it elsewhere, by each of the choices that the host has left. Who may dial by
    /// another user, or leave by another interface, is not sent elsewhere by them.
    pub fn redirections(&self, left: &PacketSet) -> impl Iterator<Item = Redirection> {
        let hops = self.held.conversation.steps.first().into_iter().flat_map(|step| &step.hops);
        let hops = hops.filter(|hop| matches!(hop.hook, Hook::Output | Hook::Prerouting));
        hops.filter_map(move |hop| {
            let is_told = match hop.fate {
                Fate::Translated(Nat::Destination(target)) => {
                    target.addresses.as_ref().is_none_or(|aim| *aim != Values::all(Axis::Destination))
                }
                Fate::Translated(Nat::Redirect(_) | Nat::Netmap(_)) => true,
                _ => return None,
            };
            // What it takes whatever the unknowns are is said for sure; the rest only where there is nothing else.
            let known = hop.packets.cubes().iter().filter(|cube| cube.atoms().next().is_none());
            let known = PacketSet::from_cubes(known.cloned());
            let surely = self.taken(hop, &known, left);
            let (addresses, depends_on) = match surely.is_empty() {
                true => (self.taken(hop, &hop.packets, left), hop.packets.atoms()),
                false => (surely, Vec::new()),
            };
            let is_sure = is_told && depends_on.is_empty();
            let found = Redirection { rule: hop.rule?, addresses, is_sure, depends_on };
            (!found.addresses.is_empty()).then_some(found)
        })
    }

    /// The addresses to which all choices that are left send packets that are among these of a rule.
    fn taken(&self, hop: &Hop, packets: &PacketSet, left: &PacketSet) -> Vec<IpAddr> {
        let left = left.clone().with(Axis::Family, &Values::single(Axis::Family, self.family.number()));
        // By which interface a packet came or goes is not chosen where none is asked for.
        let unasked = if hop.hook == Hook::Output { Axis::InInterface } else { Axis::OutInterface };
        let is_taken = |address: &IpAddr| {
            let chosen = packets.and(&to(self.family, [*address].into_iter()));
            let chosen = chosen.forget(|axis| axis == unasked || !CHOICES.contains(&axis));
            !chosen.is_empty()
                && left.minus(&chosen).is_ok_and(|others| others.cubes().iter().all(is_for_few))
        };
        self.edges.iter().map(|edge| edge.address).filter(is_taken).collect()
    }

    /// Do rules send all of it elsewhere?
    pub fn is_redirected(&self, left: &PacketSet, surely: bool) -> bool {
        let found: Vec<Redirection> = self.redirections(left).filter(|it| it.is_sure || !surely).collect();
        let is_taken = |address: &IpAddr| found.iter().any(|it| it.addresses.contains(address));
        self.edges.iter().all(|edge| is_taken(&edge.address))
    }
}

/// Is it for a few users alone, as a rule exempts those of the proxy to which it sends all others? The program is hardly
/// one of them.
fn is_for_few(cube: &Cube) -> bool {
    const FEW: u128 = 16;
    let few = |axis| cube.get(axis).and_then(Values::ranges).is_some_and(|users| users.count() <= FEW);
    few(Axis::Uid) || few(Axis::Gid)
}
