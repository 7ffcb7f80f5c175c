//! Rule lists of different kinds as cubes, always the same for the same seed.

use std::net::{IpAddr, Ipv4Addr};

use fwlint::packet::values::{name, prefix};
use fwlint::packet::{Axis, Cube, Family, Ranges, Values, axis};

use crate::dice::Dice;

const SERVICES: [u128; 24] = [
    22, 25, 53, 80, 110, 123, 143, 161, 389, 443, 445, 514, 587, 636, 993, 995, 1433, 1521, 3306, 3389, 5432,
    6379, 8080, 8443,
];

fn v4() -> Cube {
    side(Cube::any(), Axis::Family, Ranges::single(Family::V4.number()))
}

fn side(cube: Cube, axis: Axis, values: impl Into<Values>) -> Cube {
    cube.with(axis, values).expect("no side is empty")
}

fn network(bits: u32, length: u8) -> Ranges {
    Ranges::union([prefix(IpAddr::V4(Ipv4Addr::from_bits(bits)), length)])
}

/// `-d CIDR -p tcp|udp --dport N`, all random.
pub fn services(count: usize) -> Vec<Cube> {
    let mut dice = Dice(1);
    let mut rule = || {
        let cube = side(v4(), Axis::Protocol, Ranges::single(*dice.pick(&[6, 17])));
        let cube = side(cube, Axis::Destination, network(dice.next() as u32, 8 + dice.below(25) as u8));
        side(cube, Axis::DestinationPort, Ranges::single(1 + u128::from(dice.below(65_535))))
    };
    (0..count).map(|_| rule()).collect()
}

/// An access list as people grow them: from and to some hundred networks and their hosts, well-known
/// services, some lists and ranges of ports, some states and interfaces.
pub fn access_list(count: usize) -> Vec<Cube> {
    let mut dice = Dice(2);
    let networks: Vec<(u32, u8)> = (0..400)
        .map(|_| (10 << 24 | (dice.next() as u32 & 0x00ff_ffff), *dice.pick(&[16, 20, 22, 24, 24, 24])))
        .collect();
    let interfaces: Vec<u128> = (0..8).filter_map(|at| name(&format!("eth{at}"))).collect();
    let mut rule = || {
        let mut cube = v4();
        // Who may be anyone reaches one host; whole networks are let in for one service only.
        let kind = dice.below(10);
        for axis in [Axis::Source, Axis::Destination] {
            let &(bits, length) = dice.pick(&networks);
            let host = network(bits ^ dice.below(1 << (32 - length)) as u32, 32);
            match (kind, axis) {
                (0..2, Axis::Source) => {}
                (2, Axis::Destination) => {}
                (3..6, Axis::Source) | (5..7, Axis::Destination) => {
                    cube = side(cube, axis, network(bits, length))
                }
                _ => cube = side(cube, axis, host),
            }
        }
        let protocol = match dice.below(100) {
            0..70 => 6,
            70..92 => 17,
            92..97 => 1,
            _ => return cube,
        };
        cube = side(cube, Axis::Protocol, Ranges::single(protocol));
        if protocol == 1 {
            return cube;
        }
        let service = |dice: &mut Dice| *dice.pick(&SERVICES);
        let ports = match dice.below(100) {
            0..78 => Ranges::single(service(&mut dice)),
            78..92 => Ranges::union((0..4).map(|_| service(&mut dice)).map(|port| (port, port))),
            92..98 => Ranges::new(service(&mut dice), service(&mut dice) + 9_000),
            _ => Ranges::new(0, 65_535),
        };
        if !ports.is_empty() {
            cube = side(cube, Axis::DestinationPort, ports);
        }
        if dice.percent(30) {
            cube = side(cube, Axis::State, Ranges::single(axis::state::NEW));
        }
        if dice.percent(15) {
            cube = side(cube, Axis::InInterface, Ranges::single(*dice.pick(&interfaces)));
        }
        cube
    };
    (0..count).map(|_| rule()).collect()
}

/// Random ranges on five axes: as bad as it gets.
pub fn random(count: usize) -> Vec<Cube> {
    let mut dice = Dice(3);
    let mut rule = || {
        let mut cube = v4();
        if dice.percent(90) {
            cube = side(cube, Axis::Protocol, Ranges::single(*dice.pick(&[6, 17, 33, 132])));
        }
        for axis in [Axis::Source, Axis::Destination] {
            if dice.percent(85) {
                cube = side(cube, axis, network(dice.next() as u32, 1 + dice.below(10) as u8));
            }
        }
        for axis in [Axis::DestinationPort, Axis::SourcePort] {
            if dice.percent(85) {
                let low = u128::from(dice.below(65_536));
                let width = 1u128 << (6 + dice.below(10));
                cube = side(cube, axis, Ranges::new(low, 65_535.min(low + width)));
            }
        }
        cube
    };
    (0..count).map(|_| rule()).collect()
}

/// Sources from /24 to /32, as abuse lists have them, and a few services behind.
pub fn blocklist(count: usize) -> Vec<Cube> {
    let mut dice = Dice(4);
    let mut rules: Vec<Cube> = (0..count)
        .map(|_| side(v4(), Axis::Source, network(dice.next() as u32, 24 + dice.below(9) as u8)))
        .collect();
    rules.extend(SERVICES.iter().map(|&port| {
        let cube = side(v4(), Axis::Protocol, Ranges::single(6));
        side(cube, Axis::DestinationPort, Ranges::single(port))
    }));
    rules.push(v4());
    rules
}

/// The same rules as the evaluator meets them: new packets at INPUT, of which it knows much.
pub fn at_input(rules: Vec<Cube>) -> Vec<Cube> {
    let known = [
        (Axis::OutInterface, 0),
        (Axis::State, axis::state::NEW),
        (Axis::Direction, axis::direction::ORIGINAL),
        (Axis::Nat, 0),
        (Axis::Mark, 0),
        (Axis::ConnMark, 0),
        (Axis::DestinationKind, axis::kind::LOCAL),
        (Axis::PacketType, axis::packet_type::HOST),
    ];
    let place = known
        .into_iter()
        .fold(Cube::any(), |cube, (axis, value)| side(cube, axis, Values::single(axis, value)));
    rules.iter().filter_map(|rule| rule.and(&place)).collect()
}
