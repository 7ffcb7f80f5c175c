//! What a change does to packets: is it what was named, and in words.

use crate::eval::difference::{Change, Difference, Kind};
use crate::eval::{Host, Way, conntrack};
use crate::model::{Action, Effect, Hook};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, TooManyPieces, Words};

/// The flags of the first packet of a TCP connection.
const SYN: u128 = 0x02;

/// Do only packets fare otherwise that the effect names, and only so?
pub fn are_named(difference: &Difference, effect: &Effect, hosts: [&Host; 2]) -> Result<bool, TooManyPieces> {
    let untracked = untracked(hosts);
    for change in &difference.changes {
        let is_otherwise = !change.opens() && !change.closes();
        let is_through = change.before.fate.is_through() || change.after.fate.is_through();
        if is_otherwise && is_through && !matches!(effect, Effect::Changes(_)) {
            return Ok(false);
        }
        // What is let through at one place may be lost at the next, and in another way than before.
        let opens = change.opens() || is_otherwise && matches!(effect, Effect::Opens(_));
        for kind in &change.kinds {
            for (state, packets) in by_state(*kind, &change.packets) {
                if !effect.allows(opens, hooks(change.way), state, &untracked, &packets)? {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

/// The hooks that packets of a way pass.
fn hooks(way: Way) -> &'static [Hook] {
    match way {
        Way::In | Way::Local => &[Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Postrouting],
        Way::Out => &[Hook::Output, Hook::Postrouting],
        Way::Forward => &[Hook::Prerouting, Hook::Forward, Hook::Postrouting],
    }
}

/// What rules take out of connection tracking: its packets may have no other state than that, of whatever kind they are.
fn untracked(hosts: [&Host; 2]) -> PacketSet {
    let rules = hosts.into_iter().flat_map(|host| host.rules().map(|(_, rule)| rule));
    let takes_out = rules.filter(|rule| rule.rule.actions.iter().any(|it| it.value == Action::NoTrack));
    let cubes = takes_out.flat_map(|rule| rule.packets.cubes());
    PacketSet::from_cubes(cubes.map(|cube| {
        cube.clone().forget(|axis| is_of_tracking(axis) || matches!(axis, Axis::Mark | Axis::Atom(_)))
    }))
}

/// Packets of a kind by the state that they have if they are tracked.
fn by_state(kind: Kind, packets: &PacketSet) -> Vec<(u128, PacketSet)> {
    let state = match kind {
        // A connection of TCP begins with a SYN, of which the change does not speak again.
        Kind::First => {
            let begins = PacketSet::from(Cube::any().set(Axis::TcpFlags, Ranges::single(SYN)));
            return as_first(&packets.and(&begins));
        }
        // A bare ACK begins a flow, too.
        Kind::Stray => return as_first(packets),
        Kind::Later | Kind::Answer => state::ESTABLISHED,
        Kind::Related => state::RELATED,
    };
    vec![(state, packets.clone())]
}

/// Packets of which connection tracking knows nothing: not all of them begin a flow, as errors of ICMP do not.
fn as_first(packets: &PacketSet) -> Vec<(u128, PacketSet)> {
    let tracked = conntrack::first(&packets.clone().map(|cube| Some(conntrack::without_entry(cube))));
    let of = |state: u128| {
        let is_of = |cube: &&Cube| cube.get(Axis::State).is_none_or(|states| states.contains(state));
        let cubes = tracked.cubes().iter().filter(is_of);
        (state, PacketSet::from_cubes(cubes.map(|cube| cube.clone().forget(is_of_tracking))))
    };
    [state::NEW, state::INVALID, state::UNTRACKED].map(of).into()
}

/// Does connection tracking say this of a packet?
fn is_of_tracking(axis: Axis) -> bool {
    matches!(axis, Axis::State | Axis::ConnMark | Axis::Direction | Axis::Nat | Axis::Zone)
}

/// What a change opens, closes and otherwise changes, in words.
pub fn words(difference: &Difference, old: &Host, new: &Host) -> (Vec<String>, Vec<String>, Vec<String>) {
    let all = |test: fn(&Change) -> bool| {
        let mut joined: Vec<Change> = Vec::new();
        let place = |it: &Change| (it.way, it.is_loopback, it.family);
        let opens_flows = |it: &Change| it.kinds.contains(&Kind::First);
        let changes = || difference.changes.iter().filter(|change| test(change));
        // By which rules it comes does not matter here. Where new connections fare otherwise, their later packets
        // do, and packets that only look like some.
        for change in changes() {
            let is_beside = |other: &&Change| opens_flows(other) && place(other) == place(change);
            if change.kinds == [Kind::Stray] {
                let flows = changes().filter(is_beside).map(|other| like_later(&other.packets));
                let flows = flows.fold(PacketSet::none(), |mut all, packets| {
                    all.add(packets);
                    all
                });
                if flows.covers(&change.packets) == Ok(true) {
                    continue;
                }
            }
            let is_like = |other: &&mut Change| {
                let is_same = opens_flows(other) && opens_flows(change) || other.kinds == change.kinds;
                is_same && place(other) == place(change)
            };
            match joined.iter_mut().find(is_like) {
                Some(other) => other.packets.add(change.packets.clone()),
                None => joined.push(change.clone()),
            }
        }
        let mut said: Vec<String> = Vec::new();
        for change in joined {
            let text = say(difference, &change, old, new);
            if !said.contains(&text) {
                said.push(text);
            }
        }
        said
    };
    (all(Change::opens), all(Change::closes), all(|change| !change.opens() && !change.closes()))
}

/// What looks like packets of flows that begin with these.
fn like_later(first: &PacketSet) -> PacketSet {
    first.forget(|axis| axis == Axis::TcpFlags)
}

/// `out: udp to 198.41.192.7 port 7844`, `in, answers: everything`.
fn say(difference: &Difference, change: &Change, old: &Host, new: &Host) -> String {
    let way = match (change.way, change.is_loopback) {
        (Way::In | Way::Local, false) => "in",
        (Way::In | Way::Local, true) => "in by lo",
        (Way::Out, _) => "out",
        (Way::Forward, _) => "through",
    };
    let family = if change.family == Family::V6 { " over IPv6" } else { "" };
    let kinds = if change.kinds.contains(&Kind::First) {
        String::new()
    } else {
        let names = change.kinds.iter().map(|kind| kind.name());
        format!(", {}", names.collect::<Vec<_>>().join(" and "))
    };
    let name = |axis: Axis, _: u128| match axis {
        Axis::Atom(atom) => Some(format!("`{}`", difference.unknown(old, new, atom).text)),
        _ => None,
    };
    let context = change.context();
    let words =
        Words { name: &name, from_anywhere: change.way == Way::In, most: 4, ..Words::within(&context) };
    format!("{way}{family}{kinds}: {}", change.say(&words))
}
