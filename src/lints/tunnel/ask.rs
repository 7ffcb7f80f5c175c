//! The flows that a tunnel needs, as questions to the engine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use super::super::Context;
use super::user::{own_user, owners};
use crate::config::RunsIn;
use crate::eval::{Interface, Question, Routes, Socket, Way, interfaces};
use crate::model::{Match, Side, Speech};
use crate::packet::axis::{NO_OWNER, kind, packet_type};
use crate::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, Values, values};
use crate::profile::Protocol;

/// The axes on which one thing serves all flows at once: what the host may choose, and who the program is.
pub const CHOICES: [Axis; 6] =
    [Axis::Family, Axis::InInterface, Axis::OutInterface, Axis::Source, Axis::Uid, Axis::Gid];

/// Those that are no choice: the program has one user and one group, and which numbers those are the rules do not tell.
pub const OWNER: [Axis; 2] = [Axis::Uid, Axis::Gid];

/// What of the choices for the edge nobody has told. From a bound address packets leave by the interface that has it, or by
/// those that lead to the edge, as routes decide of which nothing is known.
pub fn untold(context: &Context) -> &'static [Axis] {
    let settings = context.settings;
    let is_bound = settings.bound().is_some();
    match is_bound && settings.runs_in.value == RunsIn::Host && !context.routes.interfaces.is_empty() {
        true => &[Axis::Uid, Axis::Gid, Axis::OutInterface],
        false => &OWNER,
    }
}

/// A flow to remote machines: what is asked of the engine.
pub struct Flow<'n> {
    /// The family.
    pub family: Family,
    /// The protocol number.
    pub protocol: u8,
    /// The destination addresses, as on [`Axis::Destination`].
    pub destinations: Ranges,
    /// The destination ports.
    pub ports: Ranges,
    /// May another program of the host do it (a resolver)?
    pub by_anyone: bool,
    /// Does it leave from the address that connections to the edge are bound to, if one is named?
    pub is_bound: bool,
    /// What is said in it, as far as that is known.
    pub speech: Option<Speech<'n>>,
}

impl Flow<'_> {
    /// The question whether the flow gets out and its answers get in.
    pub fn question(&self, context: &Context) -> Question {
        let (settings, routes) = (context.settings, &context.routes);
        let known = match self.by_anyone {
            true => Vec::new(),
            false => owners(context).into_iter().chain(elsewhere(context)).collect(),
        };
        // Around a machine its containers' packets are its own.
        let is_host = settings.runs_in.value == RunsIn::Host || context.unit.ruleset.is_perimeter();
        let user = own_user(context).filter(|_| !self.by_anyone);
        let user = user.map_or(Ranges::new(0, NO_OWNER - 1), Ranges::single);
        let ports = settings.ephemeral_ports.value;
        let base = packet(self.family, self.protocol)
            .set(Axis::Destination, self.destinations.clone())
            .set(Axis::DestinationPort, self.ports.clone())
            .set(Axis::SourcePort, Ranges::new(ports.first.into(), ports.last.into()))
            .set(Axis::DestinationKind, Ranges::single(kind::UNICAST));
        let cubes = if is_host {
            let base = base
                .set(Axis::SourceKind, Ranges::single(kind::LOCAL))
                .set(Axis::Uid, user)
                .set(Axis::Gid, Ranges::new(0, NO_OWNER - 1));
            match self.bound(context) {
                Some(bound) => from_there(base, bound, routes),
                None => uplinks(base, self.family, routes),
            }
        } else {
            let base = without_owner(base)
                .set(Axis::SourceKind, Ranges::single(kind::UNICAST))
                .set(
                    Axis::Source,
                    self.bound(context).map_or_else(|| sources(self.family), |own| addresses([own])),
                )
                .set(Axis::InInterface, bridges(context));
            match routes.interfaces.as_slice() {
                [] => vec![base.set(Axis::OutInterface, interfaces::outer())],
                // It does not go back to the machine that it came from.
                _ => by_route(base, self.family, routes)
                    .into_iter()
                    .filter_map(|(uplink, cube)| cube.with(Axis::InInterface, all_but(uplink)))
                    .collect(),
            }
        };
        // Remote machines have no address of this host, so it does not ask from one of theirs.
        // Of a whole network, such as the internet, it may well have one that is not theirs.
        let single = |(low, high): (u128, u128)| match self.family {
            Family::V4 => high - low < 1 << 96,
            Family::V6 => low == high,
        };
        let listed = Ranges::union(self.destinations.iter().filter(|range| single(*range)));
        let elsewhere = listed.complement(u128::MAX);
        let asking = |cube: Cube| cube.clone().with(Axis::Source, elsewhere.clone()).unwrap_or(cube);
        let cubes: Vec<Cube> = cubes.into_iter().map(asking).collect();
        let way = if is_host { Way::Out } else { Way::Forward };
        Question {
            way,
            packets: PacketSet::from_cubes(cubes),
            mark: unmarked(),
            known,
            assumed: assumed(context).into_iter().chain(said(context, self.speech)).collect(),
            service: None,
            of_service: Vec::new(),
            socket: match self.speech {
                // quic-go listens on its socket, and sends by it to whom it likes.
                Some(Speech::Quic) => Socket::Unconnected,
                _ => Socket::Untold,
            },
        }
    }

    /// The address that it is bound to.
    fn bound(&self, context: &Context) -> Option<IpAddr> {
        let bound = context.settings.bound().filter(|_| self.is_bound)?;
        (bound.is_ipv4() == (self.family == Family::V4)).then_some(bound)
    }
}

/// What is taken for granted: that routing is symmetric.
fn assumed(context: &Context) -> Vec<(u32, bool)> {
    context.host.atoms.assumed().collect()
}

/// What is said over a protocol with a server of a name.
pub fn speech(protocol: Protocol, name: &str) -> Speech<'_> {
    match protocol {
        Protocol::Tcp => Speech::Tls(name),
        Protocol::Udp => Speech::Quic,
    }
}

/// What is said in a flow holds for all its packets.
fn said(context: &Context, speech: Option<Speech>) -> Vec<(u32, bool)> {
    let Some(speech) = speech else { return Vec::new() };
    let atoms = (0..).zip(context.host.atoms.iter());
    atoms.filter_map(|(number, unknown)| Some((number, unknown.said.as_ref()?.answer(speech)?))).collect()
}

/// What is dialled is in the internet, and none of the user's own machines in the cloud.
fn elsewhere(context: &Context) -> impl Iterator<Item = (u32, bool)> {
    let atoms = (0..).zip(context.host.atoms.iter());
    atoms
        .filter(|(_, unknown)| unknown.machines == Some(Side::Destination))
        .map(|(number, _)| (number, false))
}

/// A flow of the host to itself over loopback, to any of these ports.
pub fn loopback(
    family: Family,
    protocol: u8,
    destination: IpAddr,
    ports: Ranges,
    context: &Context,
) -> Question {
    let settings = context.settings;
    let own =
        if family == Family::V4 { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
    let (low, high) = values::address(destination);
    let source = values::address(own);
    let ephemeral = settings.ephemeral_ports.value;
    let local = Ranges::single(kind::LOCAL);
    let cube = packet(family, protocol)
        .set(Axis::Destination, Ranges::new(low, high))
        .set(Axis::Source, Ranges::new(source.0, source.1))
        .set(Axis::DestinationPort, ports)
        .set(Axis::SourcePort, Ranges::new(ephemeral.first.into(), ephemeral.last.into()))
        .set(Axis::SourceKind, local.clone())
        .set(Axis::DestinationKind, local)
        .set(Axis::Uid, Ranges::new(0, NO_OWNER - 1))
        .set(Axis::Gid, Ranges::new(0, NO_OWNER - 1))
        .set(Axis::OutInterface, Ranges::single(values::name("lo").unwrap_or_default()));
    Question {
        way: Way::Local,
        packets: cube.into(),
        mark: unmarked(),
        known: Vec::new(),
        assumed: assumed(context),
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    }
}

/// New packets that come in from anywhere to a port of the host.
pub fn inbound(context: &Context, family: Family, protocol: u8, port: u16) -> Question {
    let cube = without_owner(packet(family, protocol))
        .set(Axis::DestinationPort, Ranges::single(port.into()))
        .set(Axis::Source, sources(family))
        .set(Axis::SourceKind, Ranges::single(kind::UNICAST))
        .set(Axis::DestinationKind, Ranges::single(kind::LOCAL))
        .set(Axis::InInterface, interfaces::any_but_lo());
    Question {
        way: Way::In,
        packets: cube.into(),
        mark: unmarked(),
        known: Vec::new(),
        assumed: assumed(context),
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    }
}

/// A choice that hosts often make, and that rules which do not care serve: some address of a private network, on an
/// interface of a common name. Of the internet's addresses it could be none, since those may be what is asked for.
pub fn usual_choice() -> PacketSet {
    let name = Ranges::single(values::name("eth0").unwrap_or_default());
    let with = |address: IpAddr, family: Family| {
        let cube = Cube::any().set(Axis::Family, Ranges::single(family.number()));
        cube.set(Axis::OutInterface, name.clone()).set(Axis::Source, addresses([address]))
    };
    let v4 = with(Ipv4Addr::new(192, 168, 1, 10).into(), Family::V4);
    let v6 = with(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0x10).into(), Family::V6);
    PacketSet::from_cubes([v4, v6])
}

/// All addresses that a resolver may have, that of a cloud included.
pub fn resolvers(context: &Context, family: Family) -> Ranges {
    let own = context.unit.ruleset.resolvers().filter(|own| own.is_ipv4() == (family == Family::V4));
    Ranges::union(addresses(own).iter().chain(sources(family).iter()))
}

/// Does every interface among these lead into a tunnel?
pub fn are_tunnels(names: &Values) -> bool {
    names.ranges().is_some_and(|names| interfaces::tunnels().covers(names))
}

/// A list of addresses as values of an address axis.
pub fn addresses(list: impl IntoIterator<Item = IpAddr>) -> Ranges {
    Ranges::union(list.into_iter().map(values::address))
}

fn packet(family: Family, protocol: u8) -> Cube {
    let cube = Cube::any()
        .set(Axis::Family, Ranges::single(family.number()))
        .set(Axis::Protocol, Ranges::single(protocol.into()))
        .set(Axis::Mark, unmarked())
        .set(Axis::PacketType, Ranges::single(packet_type::HOST));
    if protocol == 6 { cube.set(Axis::TcpFlags, Ranges::single(0x02)) } else { cube }
}

fn unmarked() -> Values {
    Masks::new(u32::MAX, 0).into()
}

fn without_owner(cube: Cube) -> Cube {
    cube.set(Axis::Uid, Ranges::single(NO_OWNER)).set(Axis::Gid, Ranges::single(NO_OWNER))
}

/// A packet that leaves by the interfaces that lead to its destinations, with their addresses; by any that may lead
/// out where none are known.
fn uplinks(base: Cube, family: Family, routes: &Routes) -> Vec<Cube> {
    if routes.interfaces.is_empty() {
        return vec![base.set(Axis::Source, sources(family)).set(Axis::OutInterface, interfaces::outer())];
    }
    let leaving = |(interface, packets): (&Interface, Cube)| {
        let own = interface.addresses.iter().map(ipnet::IpNet::addr);
        let own = addresses(own.filter(|address| address.is_ipv4() == (family == Family::V4)));
        // An interface that was only named may have any address.
        let source = if interface.addresses.is_empty() { sources(family) } else { own };
        packets.with(Axis::Source, source)
    };
    by_route(base, family, routes).into_iter().filter_map(leaving).collect()
}

/// A packet that leaves from this address, by the interface that has it or by those that lead to its destinations: which of
/// them it is, routes decide of which nobody has told.
fn from_there(base: Cube, bound: IpAddr, routes: &Routes) -> Vec<Cube> {
    let family = if bound.is_ipv4() { Family::V4 } else { Family::V6 };
    let base = base.set(Axis::Source, addresses([bound]));
    if routes.interfaces.is_empty() {
        return vec![base.set(Axis::OutInterface, interfaces::outer())];
    }
    let has = |each: &&Interface| each.addresses.iter().any(|own| own.addr() == bound);
    let owner = routes.interfaces.iter().find(has).and_then(|owner| values::name(&owner.name));
    let by_owner = owner.map(|name| base.clone().set(Axis::OutInterface, Ranges::single(name)));
    by_route(base, family, routes).into_iter().map(|(_, cube)| cube).chain(by_owner).collect()
}

/// Packets by the interfaces by which they leave: those to a network of an interface by that one, all others by the
/// first that has an address of the family, or of which no address is known.
fn by_route(base: Cube, family: Family, routes: &Routes) -> Vec<(&Interface, Cube)> {
    let all = base.get(Axis::Destination).and_then(Values::ranges).cloned();
    let mut rest = all.unwrap_or_else(|| Ranges::new(0, u128::MAX));
    let mut parts = Vec::new();
    let mut first = None;
    for (at, interface) in routes.interfaces.iter().enumerate() {
        let networks =
            interface.addresses.iter().filter(|own| own.addr().is_ipv4() == (family == Family::V4));
        if interface.addresses.is_empty() || networks.clone().next().is_some() {
            first = first.or(Some(at));
        }
        let networks = Ranges::union(networks.map(|own| values::prefix(own.addr(), own.prefix_len())));
        parts.push((interface, rest.and(&networks)));
        rest = rest.minus(&networks);
    }
    if let Some((_, destinations)) = parts.get_mut(first.unwrap_or_default()) {
        *destinations = destinations.or(&rest);
    }
    let cube = |(interface, destinations): (&'_ Interface, Ranges)| {
        let name = Ranges::single(values::name(&interface.name)?);
        base.clone().with(Axis::Destination, destinations)?.with(Axis::OutInterface, name)
    };
    parts.into_iter().filter_map(|part| Some((part.0, cube(part)?))).collect()
}

/// The interfaces by which a container's packets may come: those of bridges and the like that the settings or the
/// rules name, and where they name none, any but lo.
fn bridges(context: &Context) -> Ranges {
    let inner = interfaces::inner();
    let told = context.routes.interfaces.iter().filter_map(|each| values::name(&each.name));
    let told = Ranges::union(told.map(|name| (name, name))).and(&inner);
    if !told.is_empty() {
        return told;
    }
    let matches = context.host.rules().flat_map(|(_, rule)| &rule.rule.matches);
    let named = matches.filter_map(|part| match &part.value {
        Match::Field(Axis::InInterface | Axis::OutInterface, values) => values.ranges(),
        _ => None,
    });
    // What a rule asks for by all names but one is about that one.
    let is_negated = |names: &Ranges| names.count() > u128::MAX / 2;
    let named =
        named.map(|names| if is_negated(names) { names.complement(u128::MAX) } else { names.clone() });
    let named: Vec<Ranges> = named.map(|names| names.and(&inner)).collect();
    let named = Ranges::union(named.iter().flat_map(Ranges::iter));
    if named.is_empty() { interfaces::any_but_lo() } else { named }
}

/// The names of all interfaces but lo and this one.
fn all_but(interface: &Interface) -> Ranges {
    let this = values::name(&interface.name).map_or_else(Ranges::none, Ranges::single);
    interfaces::any_but_lo().minus(&this)
}

/// Unicast addresses that are neither loopback nor link-local.
pub fn sources(family: Family) -> Ranges {
    static SOURCES: LazyLock<[Ranges; 2]> = LazyLock::new(|| {
        let v4 = [
            (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 8),
            (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
            (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
            (IpAddr::V4(Ipv4Addr::new(224, 0, 0, 0)), 3),
        ];
        let v6 = [
            (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 127),
            (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
            (IpAddr::V6(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0)), 8),
        ];
        [&v4[..], &v6].map(|excluded| {
            let excluded = excluded.iter().map(|&(address, length)| values::prefix(address, length));
            Ranges::union(excluded).complement(u128::MAX)
        })
    });
    SOURCES[usize::from(family == Family::V6)].clone()
}
