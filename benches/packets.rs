//! Which rules of a list are shadowed, computed in several ways.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use fwlint::packet::{Cover, Cube, PacketSet};

#[path = "../testdata/harness/bdd.rs"]
mod bdd;
mod dice;
mod rulesets;

const BUDGET: usize = 1_000_000;

/// How many rules match only what earlier rules took: with the index, as fwlint does it.
fn indexed(rules: &[Cube]) -> usize {
    let mut cover = Cover::new();
    let mut is_shadowed = |(number, rule): (u32, &Cube)| {
        let escaped = cover.escapes(rule, 0, BUDGET).expect("within the budget");
        cover.push(rule.clone(), number);
        escaped.is_none()
    };
    (0..).zip(rules).filter(|entry| is_shadowed(*entry)).count()
}

/// The same, all that is left of each rule computed, not just whether anything is.
fn indexed_exactly(rules: &[Cube]) -> usize {
    let mut cover = Cover::new();
    let mut is_shadowed = |(number, rule): (u32, &Cube)| {
        let left = cover.uncovered(rule, 0, BUDGET).expect("within the budget");
        cover.push(rule.clone(), number);
        left.is_empty()
    };
    (0..).zip(rules).filter(|entry| is_shadowed(*entry)).count()
}

/// Earlier rules cut out one after another, in their order.
fn in_order(rules: &[Cube]) -> usize {
    subtracting(rules, |_, _| {})
}

/// Earlier rules cut out one after another, those that take most first.
fn by_share(rules: &[Cube]) -> usize {
    subtracting(rules, |rule, cuts| {
        cuts.sort_by_cached_key(|cut| std::cmp::Reverse(cut.share_of(rule)));
    })
}

fn subtracting(rules: &[Cube], sort: impl Fn(&Cube, &mut Vec<&Cube>)) -> usize {
    let is_shadowed = |number: &usize| {
        let rule = &rules[*number];
        let mut cuts: Vec<&Cube> = rules[..*number].iter().filter(|cut| cut.overlaps(rule)).collect();
        sort(rule, &mut cuts);
        let mut left = vec![rule.clone()];
        for cut in cuts {
            let mut next = Vec::with_capacity(left.len());
            left.into_iter().for_each(|piece| piece.minus(cut, &mut next));
            left = next;
        }
        left.is_empty()
    };
    (0..rules.len()).filter(is_shadowed).count()
}

/// By decision diagrams.
fn diagrams(rules: &[Cube]) -> usize {
    let mut bdd = bdd::Bdd::new();
    let mut taken = bdd::NONE;
    let mut is_shadowed = |rule: &&Cube| {
        let rule = bdd.cube(rule);
        let left = bdd.minus(rule, taken);
        taken = bdd.or(taken, rule);
        left == bdd::NONE
    };
    rules.iter().filter(|rule| is_shadowed(rule)).count()
}

/// A way to count shadowed rules, with its name.
type Way = (&'static str, fn(&[Cube]) -> usize);

const WAYS: [Way; 5] = [
    ("indexed", indexed),
    ("indexed, all that is left", indexed_exactly),
    ("in order", in_order),
    ("by share", by_share),
    ("diagrams", diagrams),
];

fn shadowed(criterion: &mut Criterion) {
    let lists = [
        ("access list 10k", rulesets::access_list(10_000), &WAYS[..]),
        ("random 10k", rulesets::random(10_000), &WAYS[..]),
        ("blocklist 10k", rulesets::blocklist(10_000), &WAYS[..]),
        ("access list 50k", rulesets::access_list(50_000), &WAYS[..1]),
        ("access list 10k at INPUT", rulesets::at_input(rulesets::access_list(10_000)), &WAYS[..1]),
        ("services 100k", rulesets::services(100_000), &WAYS[..1]),
        ("services 100k at INPUT", rulesets::at_input(rulesets::services(100_000)), &WAYS[..1]),
    ];
    for (name, rules, ways) in &lists {
        let mut group = criterion.benchmark_group(*name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_millis(1));
        let mut counts = Vec::new();
        for (way, count) in *ways {
            group.bench_function(*way, |bencher| bencher.iter(|| counts.push(count(black_box(rules)))));
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "{name}: they disagree");
        group.finish();
    }
}

/// What the evaluator does without a question about shadowing: it files each rule.
fn filing(criterion: &mut Criterion) {
    let rules = rulesets::at_input(rulesets::services(100_000));
    let mut group = criterion.benchmark_group("filing 100k rules");
    group.sample_size(10).warm_up_time(Duration::from_millis(100));
    group.bench_function("cover", |bencher| {
        bencher.iter(|| {
            let mut cover = Cover::new();
            for rule in &rules {
                cover.push(rule.clone(), 0);
            }
            cover
        });
    });
    group.bench_function("set", |bencher| bencher.iter(|| PacketSet::from_cubes(rules.iter().cloned())));
    group.finish();
}

criterion_group!(benches, shadowed, filing);
criterion_main!(benches);
