//! What gets in, in words.

use crate::eval::exposure::{Exposure, Kind, Opening};
use crate::eval::{RuleId, Way, interfaces};
use crate::model::{Nat, Verdict};
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, Values, Words};
use crate::profile::Profile;

use super::super::Context;
use super::{MANY_PORTS, allowed, ssh_from_the_world, to_port};

/// What is said where no new connection gets in.
const NOTHING: &str = "nothing new";

/// What is said before what only gets in if what the file does not tell is so.
const PERHAPS: &str = "perhaps ";

/// What is said where all gets in that is not dropped.
const UNDROPPED: &str = "everything that is not dropped";

/// What gets in, for the report's verdict on a unit: `ssh from anywhere`, `nothing new`, and the like.
/// `None` where the unit does not say.
pub fn summary(context: &Context) -> Option<String> {
    let mut texts: Vec<(Family, String)> = Vec::new();
    for family in Family::ALL {
        if let Some(exposure) = context.exposure(Way::In, family) {
            texts.push((family, of_family(context, family, exposure)));
        }
    }
    let all = texts.first()?.1.clone();
    let said = if texts.iter().all(|text| text.1 == all) {
        all
    } else {
        let named = texts.iter().map(|(family, text)| format!("over {}: {text}", name(*family)));
        named.collect::<Vec<_>>().join("; ")
    };
    // Hosts that get their address by DHCP let its answers in, over one family or both.
    let mut exposures = Family::ALL.into_iter().filter_map(|family| context.exposure(Way::In, family));
    Some(match exposures.any(lets_dhcp_in) {
        true if said == NOTHING => "dhcp".to_owned(),
        true => format!("{said}; dhcp"),
        false => said,
    })
}

/// Does a rule that names few ports let the answers of DHCP in? Of wider ones is told as they are.
fn lets_dhcp_in(exposure: &Exposure) -> bool {
    let mut inside = exposure.openings.iter().filter(|opening| opening.kind == Kind::Inside);
    exposure.default.as_ref().is_none_or(|default| !default.is_wide())
        && inside.any(|opening| names_few_ports(opening) && opening.packets.overlaps(&dhcp()))
}

fn of_family(context: &Context, family: Family, exposure: &Exposure) -> String {
    let mut parts = Vec::new();
    if let Some(default) = &exposure.default {
        let perhaps = if default.depends_on.is_empty() { "" } else { PERHAPS };
        let by_default = default.only.as_ref().map_or(UNDROPPED.to_owned(), |only| say(exposure, only));
        if default.is_wide() {
            return format!("{perhaps}{by_default}");
        }
        parts.push(format!("{perhaps}{by_default}"));
    }
    let ssh = ssh_from_the_world(context, family, exposure);
    let is_firm = |opening: &Opening| super::is_firm(context, opening);
    if !ssh.is_empty() {
        let all = PacketSet::from_cubes(ssh.iter().flat_map(|part| part.1.cubes().iter().cloned()));
        let said = say(exposure, &all).replace("tcp to port 22", "ssh");
        parts.push(if ssh.iter().any(|part| is_firm(part.0)) { said } else { format!("{PERHAPS}{said}") });
    }
    let (mut surely, mut perhaps) = (PacketSet::none(), PacketSet::none());
    let mut inner = Vec::new();
    for opening in exposure.openings.iter().filter(|opening| opening.kind != Kind::Forwarded) {
        let is_ssh = ssh.iter().any(|part| std::ptr::eq(part.0, opening));
        let packets = without_quiet(opening, &opening.told, is_ssh, None);
        if packets.is_empty() {
            continue;
        }
        match super::machines(context, opening).is_empty() {
            true if is_firm(opening) => surely.add(packets),
            true => perhaps.add(packets),
            false => {
                let perhaps = if super::is_told(context, opening) { "" } else { PERHAPS };
                inner.push(format!("{perhaps}{}", say_opening(context, exposure, opening, &packets)));
            }
        }
    }
    if !surely.is_empty() {
        parts.push(say_few(exposure, &surely, 3, None));
    }
    parts.append(&mut inner);
    if !perhaps.is_empty() {
        parts.push(format!("{PERHAPS}{}", say_few(exposure, &perhaps, 3, None)));
    }
    if exposure.more > 0 {
        parts.push("more".to_owned());
    }
    if parts.is_empty() { NOTHING.to_owned() } else { parts.join("; ") }
}

/// Packets of an opening in words; where it is for some machines of the cloud alone, "from" those.
pub fn say_opening(context: &Context, exposure: &Exposure, opening: &Opening, packets: &PacketSet) -> String {
    say_from(exposure, packets, &super::machines(context, opening))
}

/// Packets in words; where there are groups of machines, "from" those.
pub fn say_from(exposure: &Exposure, packets: &PacketSet, groups: &[String]) -> String {
    let sources = groups.join(", ");
    say_few(exposure, packets, 5, Some(&*sources).filter(|_| !groups.is_empty()))
}

/// Packets in words.
pub fn say(exposure: &Exposure, packets: &PacketSet) -> String {
    say_few(exposure, packets, 5, None)
}

/// No more than so many pieces; of all of them it is known whose they are, if of any.
fn say_few(exposure: &Exposure, packets: &PacketSet, most: usize, sources: Option<&str>) -> String {
    let packets = gist(exposure, packets);
    // What no packet is special in need not be looked at.
    let is_said = |axis| axis == Axis::Family || packets.cubes().iter().any(|cube| cube.get(axis).is_some());
    let context = exposure.asked.clone().forget(|axis| !is_said(axis));
    let words = Words { from_anywhere: true, most, ..Words::within(&context) };
    match sources {
        Some(sources) => Words { sources, ..words }.set(&packets),
        None => words.set(&packets),
    }
}

/// Packets without what nobody needs to hear: that source port 0, an address of a container or its
/// bridge are excepted.
fn gist(exposure: &Exposure, packets: &PacketSet) -> PacketSet {
    let count = |values: &Values| values.ranges().map_or(0, Ranges::count);
    let asked = |axis| exposure.asked.get(axis).cloned().unwrap_or_else(|| Values::all(axis));
    let is_all = |axis: Axis, values: &Values| match axis {
        Axis::SourcePort => count(values) >= MANY_PORTS,
        Axis::Destination => count(&asked(axis).minus(values)) >> 108 == 0 && exposure.way == Way::In,
        Axis::InInterface => values.covers(&interfaces::outer().into()),
        _ => false,
    };
    let is_understood = |axis: Axis, values: &Values| {
        axis != Axis::Family && exposure.asked.get(axis) == Some(values) || is_all(axis, values)
    };
    PacketSet::from_cubes(packets.cubes().iter().map(|cube| {
        let is_understood = |axis| cube.get(axis).is_some_and(|values| is_understood(axis, values));
        cube.clone().forget(is_understood)
    }))
}

/// What of an opening is to be named: not what is allowed by name, nor what nobody would call a port.
pub fn to_name(context: &Context, family: Family, opening: &Opening, is_ssh: bool) -> PacketSet {
    let packets = &opening.told;
    let packets = packets.minus(&allowed(context, family)).unwrap_or_else(|_| packets.clone());
    // Of the tunnel's port `inbound-tunnel-port` speaks.
    let profile = context.profile.filter(|_| names_few_ports(opening));
    without_quiet(opening, &packets, is_ssh, profile)
}

/// Packets without those that are told apart (SSH, the port of a profile), that clients of DHCP need, or
/// that manage multicast groups. A rule that names no port is shown as it is.
fn without_quiet(
    opening: &Opening,
    packets: &PacketSet,
    is_ssh: bool,
    profile: Option<&Profile>,
) -> PacketSet {
    let mut quiet = dhcp();
    quiet.add(Cube::any().with(Axis::Protocol, Ranges::single(2)).into());
    if is_ssh {
        quiet.add(to_port(6, 22));
    }
    if let Some(profile) = profile {
        for transport in &profile.transports {
            quiet.add(to_port(transport.protocol.number().into(), profile.port.into()));
        }
    }
    match packets.minus(&quiet) {
        Ok(rest) if rest.is_empty() || names_few_ports(opening) => rest,
        _ => packets.clone(),
    }
}

/// What clients of DHCP are answered, over either family.
fn dhcp() -> PacketSet {
    const UDP: u128 = 17;
    let mut packets = to_port(UDP, 68);
    packets.add(to_port(UDP, 546));
    packets
}

/// Does an opening name just some ports, of which some may well be told apart?
fn names_few_ports(opening: &Opening) -> bool {
    const FEW: u128 = 16;
    let few = |values: &Values| values.ranges().is_some_and(|ports| ports.count() <= FEW);
    opening.kind != Kind::Forwarded
        && opening.packets.cubes().iter().all(|cube| cube.get(Axis::DestinationPort).is_some_and(few))
}

/// Where nat rules turn packets to: `172.17.0.2 port 80`.
pub fn targets(context: &Context, family: Family, rules: &[RuleId]) -> Option<String> {
    let of = Cube::any().set(Axis::Family, Ranges::single(family.number()));
    let mut all = PacketSet::none();
    for rule in rules {
        let Verdict::Nat(nat) = &context.host.rule(*rule).rule.verdict.value else { continue };
        match &**nat {
            Nat::Destination(target) => {
                let mut cube = of.clone();
                if let Some(addresses) = &target.addresses {
                    cube = cube.set(Axis::Destination, addresses.clone());
                }
                if let Some(ports) = &target.ports {
                    cube = cube.set(Axis::DestinationPort, ports.clone());
                }
                all.add(cube.into());
            }
            Nat::Redirect(target) => {
                let ports = target.ports.clone()?;
                let ports = Words::within(&of).cube(&of.clone().set(Axis::DestinationPort, ports));
                return Some(ports.replacen("everything to", "this host's own", 1));
            }
            _ => return None,
        }
    }
    let said = Words::within(&of).set(&all).replace("everything to ", "");
    (!all.is_empty()).then_some(said)
}

/// What a family is called.
pub fn name(family: Family) -> &'static str {
    match family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}
