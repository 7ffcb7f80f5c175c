//! What earlier rules leave of a rule, on axes of real width: the indexed cubes against decision
//! diagrams.

use fwlint::packet::values::{name, names_with_prefix, prefix};
use fwlint::packet::{Axis, Cover, Cube, Family, Masks, Ranges, Values};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::bdd::{self, Bdd};

const BUDGET: usize = 200_000;

/// Values or all but these, but neither none nor all.
fn maybe_not(values: impl Strategy<Value = Values> + 'static, axis: Axis) -> BoxedStrategy<(Axis, Values)> {
    let negated = move |(values, not): (Values, bool)| {
        (axis, if not { Values::all(axis).minus(&values) } else { values })
    };
    (values, prop::bool::weighted(0.15)).prop_map(negated).boxed()
}

/// A few networks inside each other and beside each other, and ranges across them.
fn addresses(family: Family) -> impl Strategy<Value = Values> {
    let network = move |(bits, length): (u32, u8)| {
        let range = match family {
            Family::V4 => prefix(std::net::Ipv4Addr::from_bits(10 << 24 | bits).into(), length),
            Family::V6 => prefix(
                std::net::Ipv6Addr::from_bits(0x2001 << 112 | u128::from(bits) << 64).into(),
                length * 4,
            ),
        };
        Ranges::union([range])
    };
    let one =
        (select(vec![0, 1, 2, 0x100, 0x101, 0x1_0000, 0x1_0100]), select(vec![8u8, 16, 24, 30, 31, 32]));
    vec(one.prop_map(network), 1..3)
        .prop_map(|networks| networks.iter().fold(Ranges::none(), |sum, network| sum.or(network)).into())
}

fn ports() -> impl Strategy<Value = Values> {
    let port = select(vec![22u128, 53, 80, 443, 8080]);
    prop_oneof![
        4 => port.clone().prop_map(|port| Ranges::single(port).into()),
        1 => vec(port, 2..4).prop_map(|ports| Ranges::union(ports.into_iter().map(|port| (port, port))).into()),
        1 => select(vec![(0u128, 1023u128), (1024, 65_535), (50, 100)]).prop_map(|(low, high)| Ranges::new(low, high).into()),
    ]
}

fn interfaces() -> impl Strategy<Value = Values> {
    let range = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => names_with_prefix(start).expect("a pattern"),
        None => name(pattern).map(|name| (name, name)).expect("a name"),
    };
    select(vec!["eth0", "eth1", "eth*", "lo", "*"])
        .prop_map(move |pattern| Ranges::union([range(pattern)]).into())
}

fn marks() -> impl Strategy<Value = Values> {
    select(vec![(1, 1), (3, 2), (u32::MAX, 0), (0xff00, 0x1200)])
        .prop_map(|(mask, value)| Masks::new(mask, value).into())
}

/// A rule as people write them, for one family.
fn rule() -> impl Strategy<Value = Cube> {
    select(vec![Family::V4, Family::V4, Family::V6]).prop_flat_map(|family| {
        let single = |axis, values: &'static [u128]| {
            maybe_not(select(values).prop_map(move |value| Values::single(axis, value)), axis)
        };
        let sides = (
            weighted(0.8, single(Axis::Protocol, &[1, 6, 6, 17])),
            weighted(0.7, maybe_not(addresses(family), Axis::Destination)),
            weighted(0.4, maybe_not(addresses(family), Axis::Source)),
            weighted(0.6, maybe_not(ports(), Axis::DestinationPort)),
            weighted(0.1, maybe_not(ports(), Axis::SourcePort)),
            weighted(0.2, single(Axis::State, &[1, 2])),
            weighted(0.2, maybe_not(interfaces(), Axis::InInterface)),
            weighted(0.1, maybe_not(marks(), Axis::Mark)),
        );
        sides.prop_map(move |(a, b, c, d, e, f, g, h)| {
            let whole = Cube::any().with(Axis::Family, Values::single(Axis::Family, family.number()));
            let sides = [a, b, c, d, e, f, g, h].into_iter().flatten();
            sides.fold(whole, |cube, (axis, values)| cube?.with(axis, values)).expect("no side is empty")
        })
    })
}

/// A sixteenth of what other properties get: each case is a whole rule list.
fn few_cases() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases.div_ceil(16), ..all }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn the_same_rules_are_shadowed_by_cubes_and_by_diagrams(rules in vec(rule(), 1..80)) {
        let mut cover = Cover::new();
        let mut bdd = Bdd::new();
        let mut taken = bdd::NONE;
        for (number, rule) in (0..).zip(&rules) {
            let packets = bdd.cube(rule);
            let left = bdd.minus(packets, taken);
            match cover.escapes(rule, 0, BUDGET).expect("within the budget") {
                None => prop_assert_eq!(left, bdd::NONE),
                Some(piece) => {
                    let piece = bdd.cube(&piece);
                    prop_assert_ne!(piece, bdd::NONE);
                    prop_assert_eq!(bdd.minus(piece, left), bdd::NONE, "it escapes");
                }
            }
            let mut sum = bdd::NONE;
            for piece in cover.uncovered(rule, 0, BUDGET).expect("within the budget").cubes() {
                let piece = bdd.cube(piece);
                prop_assert_eq!(bdd.and(sum, piece), bdd::NONE, "pieces are disjoint");
                sum = bdd.or(sum, piece);
            }
            prop_assert_eq!(sum, left);
            let owners = cover.coverers(rule, 0);
            prop_assert_eq!(owners.is_empty(), left != bdd::NONE);
            let together = owners.iter().fold(bdd::NONE, |sum, owner| {
                let packets = bdd.cube(&rules[*owner as usize]);
                bdd.or(sum, packets)
            });
            if !owners.is_empty() {
                prop_assert_eq!(bdd.minus(packets, together), bdd::NONE);
            }
            cover.push(rule.clone(), number);
            taken = bdd.or(taken, packets);
        }
    }

    #[test]
    fn retired_and_older_cubes_take_nothing(
        rules in vec(rule(), 1..80),
        retired in vec(any::<prop::sample::Index>(), 0..80),
        questions in vec((rule(), any::<prop::sample::Index>()), 1..8),
    ) {
        let mut cover = Cover::new();
        let mut active = vec![true; rules.len()];
        let mut retired = retired.iter().map(|index| index.index(rules.len()));
        for (number, rule) in rules.iter().enumerate() {
            cover.push(rule.clone(), number as u32);
            if let Some(gone) = retired.next().filter(|gone| *gone <= number) {
                cover.retire(gone);
                active[gone] = false;
            }
        }
        let mut bdd = Bdd::new();
        for (asked, since) in &questions {
            let since = since.index(rules.len() + 1);
            let mut left = bdd.cube(asked);
            for number in (since..rules.len()).filter(|number| active[*number]) {
                let cut = bdd.cube(&rules[number]);
                left = bdd.minus(left, cut);
            }
            let escaped = cover.escapes(asked, since, BUDGET).expect("within the budget");
            prop_assert_eq!(escaped.is_none(), left == bdd::NONE);
            let mut sum = bdd::NONE;
            for piece in cover.uncovered(asked, since, BUDGET).expect("within the budget").cubes() {
                let piece = bdd.cube(piece);
                sum = bdd.or(sum, piece);
            }
            prop_assert_eq!(sum, left);
        }
    }
}
