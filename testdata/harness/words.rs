//! Packet sets in words, and samples of them.

use std::net::IpAddr;

use fwlint::packet::values::{address_range, name, names_with_prefix, prefix, to_address, to_name};
use fwlint::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, Values, Words, axis};

const TCP: u128 = 6;
const UDP: u128 = 17;

fn cube(sides: impl IntoIterator<Item = (Axis, Values)>) -> Cube {
    sides.into_iter().fold(Cube::any(), |cube, (axis, values)| cube.with(axis, values).expect("not empty"))
}

fn family(family: Family) -> (Axis, Values) {
    (Axis::Family, Ranges::single(family.number()).into())
}

fn one(axis: Axis, value: u128) -> (Axis, Values) {
    (axis, Values::single(axis, value))
}

fn ranges(axis: Axis, ranges: &[(u128, u128)]) -> (Axis, Values) {
    (axis, Ranges::union(ranges.iter().copied()).into())
}

fn ports(ports: &[u128]) -> (Axis, Values) {
    (Axis::DestinationPort, Ranges::union(ports.iter().map(|&port| (port, port))).into())
}

/// A side of prefixes, separated by commas.
fn networks(axis: Axis, text: &str) -> (Axis, Values) {
    let networks = text.split(',').map(|network| {
        let network: ipnet::IpNet = network.parse().expect("a prefix");
        prefix(network.addr(), network.prefix_len())
    });
    (axis, Ranges::union(networks).into())
}

fn but(side: (Axis, Values)) -> (Axis, Values) {
    (side.0, Values::all(side.0).minus(&side.1))
}

fn named(axis: Axis, names: &[&str]) -> (Axis, Values) {
    let range = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(start) => names_with_prefix(start),
        None => name(pattern).map(|name| (name, name)),
    };
    (axis, Ranges::union(names.iter().map(|name| range(name).expect("a name"))).into())
}

fn say(sides: impl IntoIterator<Item = (Axis, Values)>) -> String {
    Words::within(&Cube::any()).cube(&cube(sides))
}

#[test]
fn a_cube_is_said_as_an_administrator_would() {
    use Axis::{
        Atom, ConnMark, Destination, DestinationKind, DestinationPort, Direction, Gid, InInterface, Mac,
        Mark, OutInterface, Protocol, Source, SourcePort, State, TcpFlags, Uid,
    };
    let v4 = || family(Family::V4);
    let v6 = || family(Family::V6);
    let cases: Vec<(Vec<(Axis, Values)>, &str)> = vec![
        (vec![], "everything"),
        (vec![v6()], "IPv6"),
        (vec![one(Protocol, TCP)], "tcp"),
        (vec![v6(), one(Protocol, UDP)], "IPv6 udp"),
        (vec![ranges(Protocol, &[(6, 6), (17, 17)])], "tcp and udp"),
        (vec![but(one(Protocol, TCP))], "any protocol but tcp"),
        (vec![one(Protocol, 99)], "protocol 99"),
        (vec![one(Protocol, TCP), ports(&[22])], "tcp to port 22"),
        (vec![one(Protocol, TCP), ports(&[22, 80, 443])], "tcp to ports 22, 80 and 443"),
        (vec![one(Protocol, TCP), ranges(DestinationPort, &[(1024, 65535)])], "tcp to ports 1024-65535"),
        (vec![one(Protocol, TCP), but(ports(&[22, 80]))], "tcp to any port but 22 and 80"),
        (vec![one(Protocol, UDP), one(SourcePort, 53)], "udp from port 53"),
        (
            vec![v4(), one(Protocol, UDP), networks(Destination, "198.41.192.0/24"), ports(&[7844])],
            "udp to 198.41.192.0/24 port 7844",
        ),
        (
            vec![
                v6(),
                one(Protocol, UDP),
                networks(Destination, "2606:4700:a0::/48,2606:4700:a8::/48"),
                ports(&[7844]),
            ],
            "udp to 2606:4700:a0::/48 and 2606:4700:a8::/48, port 7844",
        ),
        (vec![v4(), but(networks(Source, "10.0.0.0/8"))], "IPv4 from anywhere but 10.0.0.0/8"),
        (
            vec![
                v4(),
                (
                    Source,
                    Values::from(Ranges::union([prefix([10, 0, 0, 0].into(), 8)]))
                        .minus(&networks(Source, "10.1.0.0/16").1),
                ),
            ],
            "everything from 10.0.0.0/8 but 10.1.0.0/16",
        ),
        (
            vec![
                v4(),
                (
                    Destination,
                    Ranges::union([address_range([10, 0, 0, 1].into(), [10, 0, 0, 9].into())]).into(),
                ),
            ],
            "everything to 10.0.0.1-10.0.0.9",
        ),
        (
            vec![
                v4(),
                (
                    Destination,
                    Ranges::union([address_range([10, 0, 0, 0].into(), [10, 0, 0, 2].into())]).into(),
                ),
            ],
            "everything to 10.0.0.0/31 and 10.0.0.2",
        ),
        (
            vec![networks(Source, "192.0.2.0/24")],
            "everything from 192.0.2.0/24; everything from c000:200::/24",
        ),
        (vec![v4(), one(Protocol, 1), ranges(DestinationPort, &[(0x800, 0x8ff)])], "icmp echo-request"),
        (vec![v4(), one(Protocol, 1), one(DestinationPort, 0x304)], "icmp destination-unreachable code 4"),
        (
            vec![v6(), one(Protocol, 58), ranges(DestinationPort, &[(133 << 8, (136 << 8) + 255)])],
            "icmpv6 router-solicitation, router-advertisement, neighbour-solicitation and neighbour-advertisement",
        ),
        (
            vec![v4(), one(Protocol, 1), but(ranges(DestinationPort, &[(0x800, 0x8ff)]))],
            "icmp any type but echo-request",
        ),
        (
            vec![one(Protocol, TCP), ports(&[22]), named(InInterface, &["eth0", "wlan*"])],
            "tcp to port 22 in by eth0 or wlan*",
        ),
        (vec![but(named(OutInterface, &["lo"]))], "everything out by any interface but lo"),
        (vec![ranges(InInterface, &[(1, u128::MAX)])], "everything in by any interface"),
        (
            vec![(
                InInterface,
                named(InInterface, &["eth*"])
                    .1
                    .minus(&named(InInterface, &["eth0"]).1)
                    .minus(&named(InInterface, &["eth5"]).1),
            )],
            "everything in by eth* but eth0 or eth5",
        ),
        (vec![one(State, axis::state::NEW)], "everything in state NEW"),
        (vec![ranges(State, &[(2, 3)])], "everything in state ESTABLISHED or RELATED"),
        (vec![but(one(State, axis::state::INVALID))], "everything in state any but INVALID"),
        (vec![one(Mark, 1)], "everything with mark 0x1"),
        (vec![(Mark, Masks::new(0xff, 0x10).into())], "everything with mark 0x10/0xff"),
        (vec![but(one(ConnMark, 1))], "everything with connection mark any but 0x1"),
        (vec![one(Uid, 1000)], "everything of user 1000"),
        (vec![but(one(Uid, 1000))], "everything of any owner but user 1000"),
        (vec![ranges(Gid, &[(5, 9)])], "everything of groups 5-9"),
        (vec![one(Uid, axis::NO_OWNER)], "everything of no user"),
        (vec![one(Protocol, TCP), (TcpFlags, flags(0x17, 0x02))], "tcp with SYN set, FIN,RST,ACK clear"),
        (
            vec![one(Protocol, TCP), but((TcpFlags, flags(0x17, 0x02)))],
            "tcp with any flags but SYN set, FIN,RST,ACK clear",
        ),
        (vec![one(Protocol, TCP), one(TcpFlags, 0)], "tcp with FIN,SYN,RST,PSH,ACK,URG,ECE,CWR clear"),
        (vec![one(Mac, 0x0011_2233_44ff)], "everything from MAC 00:11:22:33:44:ff"),
        (vec![one(DestinationKind, axis::kind::LOCAL)], "everything to addresses of type LOCAL"),
        (vec![one(Atom(3), 1)], "everything if an unknown holds"),
        (vec![one(Direction, 1)], "everything in the reply direction"),
    ];
    for (sides, words) in cases {
        assert_eq!(say(sides), words);
    }
}

/// The TCP flags with these under the mask.
fn flags(mask: u128, value: u128) -> Values {
    Ranges::union((0..256).filter(|flags| flags & mask == value).map(|flags| (flags, flags))).into()
}

#[test]
fn a_set_is_said_by_what_is_missing_where_that_is_shorter() {
    let any = Cube::any();
    let words = Words::within(&any);
    let tcp = |port| PacketSet::from(cube([one(Axis::Protocol, TCP), ports(&[port])]));
    let rest = PacketSet::any().minus(&tcp(22)).and_then(|rest| rest.minus(&tcp(80))).expect("few pieces");
    assert_eq!(words.set(&rest), "everything but tcp to ports 22 and 80");
    assert_eq!(words.set(&PacketSet::any()), "everything");
    assert_eq!(words.set(&PacketSet::none()), "nothing");

    let many = (0..20u128).map(|at| cube([one(Axis::Protocol, at), ports(&[at])]));
    let short = Words { most: 2, ..words };
    assert_eq!(
        short.set(&PacketSet::from_cubes(many)),
        "protocol 0 to port 0; icmp echo-reply code 1; and 18 more"
    );
    let few = cube([one(Axis::Protocol, TCP), ports(&[1, 3, 5, 7, 9])]);
    assert_eq!(short.cube(&few), "tcp to ports 1, 3 and 3 more");
}

#[test]
fn what_is_understood_is_not_repeated() {
    let context = cube([
        family(Family::V4),
        one(Axis::State, axis::state::NEW),
        ranges(Axis::InInterface, &[(1, u128::MAX)]),
    ]);
    let words = Words { from_anywhere: true, ..Words::within(&context) };
    let ssh = cube([
        family(Family::V4),
        one(Axis::Protocol, TCP),
        ports(&[22]),
        ranges(Axis::State, &[(1, 2)]),
        but(named(Axis::InInterface, &["lo"])),
    ]);
    assert_eq!(words.cube(&ssh), "tcp to port 22 from anywhere in by any interface but lo");
    assert_eq!(
        words.cube(&cube([family(Family::V4), networks(Axis::Source, "10.0.0.0/8")])),
        "everything from 10.0.0.0/8"
    );
    assert_eq!(words.set(&PacketSet::any()), "everything from anywhere");
    assert_eq!(words.cube(&cube([family(Family::V6)])), "nothing");
}

#[test]
fn atoms_and_users_go_by_their_names() {
    let any = Cube::any();
    let name = |axis, value| match (axis, value) {
        (Axis::Atom(0), _) => Some("`-m limit --limit 5/min` matches".to_owned()),
        (Axis::Uid, 998) => Some("cloudflared".to_owned()),
        _ => None,
    };
    let words = Words { name: &name, ..Words::within(&any) };
    let limited = cube([one(Axis::Protocol, TCP), one(Axis::Atom(0), 1)]);
    assert_eq!(words.cube(&limited), "tcp if `-m limit --limit 5/min` matches");
    let unlimited = cube([one(Axis::Uid, 998), one(Axis::Atom(0), 0)]);
    assert_eq!(
        words.cube(&unlimited),
        "everything of user cloudflared unless `-m limit --limit 5/min` matches"
    );
}

#[test]
fn a_sample_is_an_ordinary_packet_of_the_set() {
    let sample = |sides: Vec<(Axis, Values)>| {
        let set = PacketSet::from(cube(sides));
        let sample = set.sample().expect("not empty");
        assert!(set.covers(&sample.clone().into()).expect("few pieces"), "{sample:?} in {set:?}");
        sample
    };
    let address = |packet: &Cube, axis: Axis| -> IpAddr {
        let family =
            if packet.get(Axis::Family).and_then(Values::first) == Some(0) { Family::V4 } else { Family::V6 };
        to_address(family, packet.get(axis).and_then(Values::first).expect("an address"))
    };
    let number = |packet: &Cube, axis: Axis| packet.get(axis).and_then(Values::first).expect("a value");

    let any = sample(vec![]);
    assert_eq!(number(&any, Axis::Family), 0);
    assert_eq!(number(&any, Axis::Protocol), TCP);
    assert_eq!(number(&any, Axis::DestinationPort), 443);
    assert_eq!(address(&any, Axis::Source).to_string(), "203.0.113.7");

    let edge = sample(vec![
        family(Family::V4),
        one(Axis::Protocol, UDP),
        networks(Axis::Destination, "10.0.0.0/8,198.41.192.0/24"),
        ports(&[7844]),
        named(Axis::OutInterface, &["ens*"]),
        but(one(Axis::Mark, 0)),
    ]);
    assert_eq!(address(&edge, Axis::Destination).to_string(), "198.41.192.1");
    assert_eq!(to_name(number(&edge, Axis::OutInterface)), "ens3");

    let inner =
        sample(vec![family(Family::V4), networks(Axis::Source, "127.0.0.0/8,10.9.0.0/30,192.168.0.0/16")]);
    assert_eq!(address(&inner, Axis::Source).to_string(), "10.9.0.1");
    let six = sample(vec![family(Family::V6), one(Axis::Protocol, 58)]);
    assert_eq!(number(&six, Axis::DestinationPort), 128 << 8);
    assert!(six.get(Axis::SourcePort).is_none());
    sample(vec![
        family(Family::V4),
        networks(Axis::Source, "127.0.0.0/8"),
        one(Axis::State, 0),
        one(Axis::Protocol, 47),
    ]);
    assert_eq!(PacketSet::none().sample(), None);
}
