//! What a survey says of all packets at once against what a conversation says: the same packets get
//! through, and the rules that let them in are those that the conversation names.

use std::fmt;

use fwlint::eval::exposure::{Exposure, question};
use fwlint::eval::{Conversation, Fate, Host, Moment, Question, Routes, Socket, Survey, Way};
use fwlint::model::*;
use fwlint::packet::values::{address_range, name, prefix};
use fwlint::packet::{Axis, Cube, Family, Masks, PacketSet, Ranges, Values};
use fwlint::source::{FileId, Span, Spanned};
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn at<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span { file: FileId(0), start: 0, end: 0 })
}

fn rule(matches: Vec<Match>, actions: Vec<Action>, verdict: Verdict) -> Rule {
    let span = at(()).span;
    let matches = matches.into_iter().map(at).collect();
    let actions = actions.into_iter().map(at).collect();
    Rule { span, matches, actions, verdict: at(verdict), comment: None }
}

fn chain(name: &str, base: Option<(Hook, i32, ChainKind, Policy)>, rules: Vec<Rule>) -> Chain {
    let base = base.map(|(hook, priority, kind, policy)| Base {
        hook,
        priority,
        nft_priority: None,
        registered: 0,
        only_with: None,
        kind,
        policy: at(policy),
        policy_is_written: true,
    });
    Chain { name: name.into(), span: at(()).span, declared: true, base, rules, in_front: 0 }
}

fn table(name: &str, chains: Vec<Chain>) -> Table {
    let (span, backend) = (at(()).span, Backend::Unknown);
    Table { name: name.into(), families: Families::V4, chains, dormant: false, span, backend }
}

fn ranges(axis: Axis, list: &[(u128, u128)], negated: bool) -> Match {
    let values = Ranges::union(list.iter().copied());
    Match::Field(axis, if negated { values.complement(axis.max()).into() } else { values.into() })
}

fn source(address: [u8; 4], length: u8) -> (u128, u128) {
    prefix(address.into(), length)
}

/// A condition that overlaps others in many ways.
fn any_match() -> impl Strategy<Value = Match> {
    let protocol =
        select(vec![6u128, 17]).prop_map(|number| ranges(Axis::Protocol, &[(number, number)], false));
    let port = (select(vec![(22u128, 22u128), (80, 443), (0, 1023), (8080, 8080)]), any::<bool>())
        .prop_map(|(port, negated)| ranges(Axis::DestinationPort, &[port], negated));
    let from =
        (select(vec![source([10, 0, 0, 0], 8), source([0; 4], 1), source([10, 1, 0, 0], 16)]), any::<bool>())
            .prop_map(|(source, negated)| ranges(Axis::Source, &[source], negated));
    let by = (select(vec!["eth0", "eth1", "lo"]), any::<bool>()).prop_map(|(interface, negated)| {
        let number = name(interface).expect("a name");
        ranges(Axis::InInterface, &[(number, number)], negated)
    });
    let state = select(vec![0u128, 1, 2, 4]).prop_map(|state| ranges(Axis::State, &[(state, state)], false));
    let mark = (select(vec![(1u32, 1u32), (3, 0), (2, 2)]))
        .prop_map(|(mask, value)| Match::Field(Axis::Mark, Masks::new(mask, value).into()));
    let atom = (select(vec!["a", "b"]), any::<bool>())
        .prop_map(|(text, pure)| if pure { Atom::pure(text) } else { Atom::free(text) }.into());
    prop_oneof![3 => protocol, 3 => port, 2 => from, 2 => by, 1 => state, 1 => mark, 1 => atom]
}

fn any_rule(verdict: impl Strategy<Value = Verdict>) -> impl Strategy<Value = Rule> {
    let actions = prop_oneof![
        6 => Just(vec![]),
        1 => select(vec![(!1u32, 1u32), (!3, 2), (!0, 1)]).prop_map(|(and, xor)| vec![Action::Mark { and, xor }]),
    ];
    (prop::collection::vec(any_match(), 0..3), actions, verdict)
        .prop_map(|(matches, actions, verdict)| rule(matches, actions, verdict))
}

fn filter_verdict(calls: &'static [&'static str]) -> impl Strategy<Value = Verdict> {
    let called = || any::<Index>().prop_map(|index| index.get(calls).to_owned());
    prop_oneof![
        4 => Just(Verdict::Accept),
        3 => Just(Verdict::Drop),
        1 => Just(Verdict::Return),
        1 => Just(Verdict::Continue),
        2 => called().prop_map(|name| Verdict::Jump((*name).into())),
        1 => called().prop_map(|name| Verdict::Goto((*name).into())),
        1 => Just(Verdict::Unknown("WHAT".into())),
        1 => Just(Verdict::Queue),
    ]
}

fn nat_verdict() -> impl Strategy<Value = Verdict> {
    let target = |address: [u8; 4], port: Option<u128>| {
        let (low, high) = address_range(address.into(), address.into());
        Target {
            addresses: Some(Ranges::new(low, high).into()),
            ports: port.map(|port| Values::single(Axis::DestinationPort, port)),
            is_random: false,
        }
    };
    prop_oneof![
        2 => Just(Verdict::Nat(Nat::Destination(target([10, 0, 0, 9], Some(80))).into())),
        1 => Just(Verdict::Nat(Nat::Destination(target([10, 0, 0, 9], None)).into())),
        1 => Just(Verdict::Nat(Nat::Redirect(Target { ports: Some(Values::single(Axis::DestinationPort, 22)), ..Target::default() }).into())),
        1 => Just(Verdict::Accept),
        1 => Just(Verdict::Return),
    ]
}

fn rules(verdict: impl Strategy<Value = Verdict> + Clone, most: usize) -> impl Strategy<Value = Vec<Rule>> {
    prop::collection::vec(any_rule(verdict), 0..=most)
}

fn any_policy() -> impl Strategy<Value = Policy> {
    select(vec![Policy::Accept, Policy::Drop])
}

/// A ruleset that is shown in a few lines when a test fails.
struct Small(Ruleset);

impl fmt::Debug for Small {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for (table, chain) in self.0.tables.iter().flat_map(|t| t.chains.iter().map(move |chain| (t, chain)))
        {
            let policy = chain.base.as_ref().map(|base| base.policy.value);
            write!(out, "\n{} {} {policy:?}", table.name, chain.name)?;
            for rule in &chain.rules {
                let matches: Vec<_> = rule.matches.iter().map(|part| &part.value).collect();
                let actions: Vec<_> = rule.actions.iter().map(|action| &action.value).collect();
                write!(out, "\n    {matches:?} {actions:?} {:?}", rule.verdict.value)?;
            }
        }
        Ok(())
    }
}

prop_compose! {
    /// raw, mangle, nat and filter, each with a few rules that know of each other.
    fn any_ruleset()(
        raw in prop::collection::vec((prop::collection::vec(any_match(), 0..2), select(vec![Verdict::Drop, Verdict::Accept, Verdict::Continue]), any::<bool>()), 0..2),
        mangle in rules(select(vec![Verdict::Drop, Verdict::Accept, Verdict::Continue]), 2),
        nat in rules(nat_verdict().boxed(), 2),
        mangle_input in rules(select(vec![Verdict::Drop, Verdict::Accept]), 1),
        input in rules(filter_verdict(&["one", "two"]).boxed(), 5),
        forward in rules(filter_verdict(&["one", "two"]).boxed(), 3),
        one in rules(filter_verdict(&["two"]).boxed(), 3),
        two in rules(filter_verdict(&["one"]).boxed(), 3),
        policies in (any_policy(), any_policy()),
        late in rules(select(vec![Verdict::Drop, Verdict::Accept]), 1),
    ) -> Small {
        let untrack = |(matches, verdict, untracks)| {
            rule(matches, if untracks { vec![Action::NoTrack] } else { vec![] }, verdict)
        };
        let plain = |rules: Vec<Rule>| rules.into_iter().map(|rule| Rule { actions: vec![], ..rule }).collect();
        use ChainKind::{Filter, Nat};
        let tables = vec![
            table("raw", vec![chain("PREROUTING", Some((Hook::Prerouting, -300, Filter, Policy::Accept)), raw.into_iter().map(untrack).collect())]),
            table("mangle", vec![
                chain("PREROUTING", Some((Hook::Prerouting, -150, Filter, Policy::Accept)), mangle),
                chain("INPUT", Some((Hook::Input, -150, Filter, Policy::Accept)), mangle_input),
            ]),
            table("nat", vec![chain("PREROUTING", Some((Hook::Prerouting, -100, Nat, Policy::Accept)), plain(nat))]),
            table("filter", vec![
                chain("INPUT", Some((Hook::Input, 0, Filter, policies.0)), input),
                chain("FORWARD", Some((Hook::Forward, 0, Filter, policies.1)), forward),
                chain("one", None, one),
                chain("two", None, two),
            ]),
            table("security", vec![chain("INPUT", Some((Hook::Input, 50, Filter, Policy::Accept)), plain(late))]),
        ];
        Small(Ruleset { tables, families: Families::V4, ..Ruleset::default() })
    }
}

/// What a conversation lets in, and the rules that it names.
fn conversation<'m>(host: &Host<'m>, routes: &Routes, way: Way) -> (PacketSet, Conversation<'m>) {
    let asked = question(host, routes, way, Family::V4);
    let mark = Masks::new(u32::MAX, 0).into();
    let asked = Question {
        way,
        packets: asked.into(),
        mark,
        known: vec![],
        assumed: vec![],
        service: None,
        of_service: Vec::new(),
        socket: Socket::Untold,
    };
    let talk = Conversation::hold(host, routes, &asked).expect("a small ruleset");
    let passed = talk.step(Moment::Ingress).map(|step| step.passed.clone()).unwrap_or_default();
    (without_owner(&passed), talk)
}

/// The owner of an incoming packet is none; who says so and who does not is no difference.
fn without_owner(packets: &PacketSet) -> PacketSet {
    packets.forget(|axis| matches!(axis, Axis::Uid | Axis::Gid | Axis::OutInterface))
}

/// A few hundred, or as many as `PROPTEST_CASES` asks for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_survey_lets_in_what_a_conversation_lets_in(Small(ruleset) in any_ruleset(), forwards in any::<bool>()) {
        let host = Host::new(&ruleset);
        let routes = Routes::default();
        let way = if forwards { Way::Forward } else { Way::In };
        let survey = Survey::new(&host, &routes, way, question(&host, &routes, way, Family::V4)).expect("a small ruleset");
        let (passed, talk) = conversation(&host, &routes, way);
        let mut all = PacketSet::none();
        for accept in survey.accepts() {
            // What is turned elsewhere was not sent to another machine by name.
            if forwards && survey.turned_by(accept).is_some() { continue }
            let packets = without_owner(&survey.packets(accept).expect("a small ruleset"));
            prop_assert_eq!(packets.is_empty(), survey.witness(accept, 10_000).expect("small").is_none());
            prop_assert_eq!(&packets.disjoint().expect("small").minus(&packets).expect("small"), &PacketSet::none());
            let hops = talk.steps.first().map_or(&[][..], |step| &step.hops);
            let names = |hop: &std::sync::Arc<fwlint::eval::Hop>| hop.rule == accept.rule && hop.chain == accept.chain && hop.via[..] == accept.via[..] && hop.fate == Fate::Accepted;
            prop_assert!(packets.is_empty() || hops.iter().any(names), "{accept:?}");
            all.add(packets);
        }
        if forwards && ruleset.tables.iter().any(|table| &*table.name == "nat" && !table.chains[0].rules.is_empty()) {
            return Ok(());
        }
        let missing = passed.minus(&all).expect("small");
        prop_assert!(missing.is_empty(), "not found by the survey: {missing:?}");
        let wrong = all.minus(&passed).expect("small");
        prop_assert!(wrong.is_empty(), "found by the survey alone: {wrong:?}");
    }

    #[test]
    fn openings_are_what_gets_in_where_all_else_is_denied(Small(ruleset) in any_ruleset()) {
        let host = Host::new(&ruleset);
        let routes = Routes::default();
        let exposure = Exposure::judge(&host, &routes, Way::In, Family::V4).expect("small").expect("INPUT is declared");
        let (passed, _) = conversation(&host, &routes, Way::In);
        let known = passed.forget(|axis| matches!(axis, Axis::Atom(_)));
        prop_assert!(exposure.default.is_none() || !passed.is_empty());
        let mut all = PacketSet::none();
        for opening in &exposure.openings {
            let packets = without_owner(&opening.packets);
            prop_assert!(!packets.is_empty());
            prop_assert!(known.covers(&packets).expect("small"), "{opening:?}");
            if opening.is_sure {
                prop_assert!(passed.covers(&packets).expect("small"), "{opening:?}");
            }
            all.add(packets);
        }
        if exposure.default.is_none() {
            prop_assert!(all.covers(&known).expect("small"), "not found: {:?}", known.minus(&all));
        }
    }
}

#[test]
fn the_world_is_any_address_but_few() {
    let accepts = |from: &[(u128, u128)], port: u128| {
        rule(
            vec![
                ranges(Axis::Protocol, &[(6, 6)], false),
                ranges(Axis::Source, from, false),
                ranges(Axis::DestinationPort, &[(port, port)], false),
            ],
            vec![],
            Verdict::Accept,
        )
    };
    let input = vec![accepts(&[source([0; 4], 1)], 22), accepts(&[source([10, 0, 0, 0], 8)], 80)];
    let base = Some((Hook::Input, 0, ChainKind::Filter, Policy::Drop));
    let tables = vec![table("filter", vec![chain("INPUT", base, input)])];
    let ruleset = Ruleset { tables, families: Families::V4, ..Ruleset::default() };
    let host = Host::new(&ruleset);
    let exposure =
        Exposure::judge(&host, &Routes::default(), Way::In, Family::V4).expect("small").expect("declared");
    let from_world = |at: usize| {
        let source = |cube: &Cube| cube.get(Axis::Source).cloned();
        let sources = exposure.openings[at].packets.cubes().iter().map(source);
        sources
            .map(|source| fwlint::eval::exposure::is_world(Family::V4, source.as_ref()))
            .collect::<Vec<_>>()
    };
    assert_eq!((from_world(0), from_world(1)), (vec![true], vec![false]));
    assert_eq!(exposure.default, None);
}
