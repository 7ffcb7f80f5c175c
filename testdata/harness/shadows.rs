//! Which rules decide nothing and which change nothing: what is said of small rulesets, against an
//! evaluator that tries every packet.

use std::collections::HashSet;
use std::fmt::Write;

use fwlint::dialects::{self, Dialect};
use fwlint::eval::{Host, RuleId, Shadows};
use fwlint::source::Sources;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// A packet: the last byte of its source, its protocol, its destination port. Each value that rules tell
/// apart is among those that are tried, and one that no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packet {
    source: u8,
    protocol: u8,
    port: u16,
}

const SOURCES: [u8; 5] = [0, 1, 2, 3, 9];
const PORTS: [u16; 4] = [1, 2, 3, 9];
const PROTOCOLS: [(&str, u8); 4] = [("tcp", 6), ("udp", 17), ("gre", 47), ("esp", 50)];

/// So many of them rules name.
const NAMED: usize = 3;

#[derive(Clone, Debug)]
struct Rule {
    /// Not?, the last byte of a network, and its length.
    source: Option<(bool, u8, u8)>,
    /// Not?, and which of [`PROTOCOLS`].
    protocol: Option<(bool, usize)>,
    /// The first and last destination port, where the protocol has any.
    ports: Option<(u16, u16)>,
    /// One more port that `multiport` wants.
    also: Option<u16>,
    /// Does it hang on a limit, which holds or not?
    has_limit: bool,
    target: Target,
}

/// What becomes of a packet; chains by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Accept,
    Drop,
    Return,
    Nothing,
    Jump(usize),
    Goto(usize),
}

/// INPUT and two chains that it may call; the second may be called by the first too.
#[derive(Clone, Debug)]
struct Tiny {
    chains: [Vec<Rule>; 3],
    accepts: bool,
}

const NAMES: [&str; 3] = ["INPUT", "one", "two"];

/// A rule by its chain and place.
type At = (usize, usize);

/// How far a packet has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Accepted,
    Dropped,
    /// At the end of its chain.
    Back,
}

impl Rule {
    /// Does it match, if its limit holds?
    fn matches(&self, packet: Packet) -> bool {
        let is_of = |(not, base, length): (bool, u8, u8)| {
            let size = 1 << (32 - length);
            (packet.source >= base && packet.source - base < size) != not
        };
        let ports = self.has_ports().then_some(self.ports).flatten();
        let also = self.has_ports().then_some(self.also).flatten();
        self.source.is_none_or(is_of)
            && self.protocol.is_none_or(|(not, protocol)| (packet.protocol == PROTOCOLS[protocol].1) != not)
            && ports.is_none_or(|(low, high)| low <= packet.port && packet.port <= high)
            && also.is_none_or(|port| packet.port == port)
    }

    fn has_ports(&self) -> bool {
        matches!(self.protocol, Some((false, 0 | 1)))
    }

    fn write(&self, text: &mut String, chain: &str) {
        let not = |not| if not { " !" } else { "" };
        write!(text, "-A {chain}").expect("a string takes all");
        if let Some((is_not, base, length)) = self.source {
            write!(text, "{} -s 10.0.0.{base}/{length}", not(is_not)).expect("a string takes all");
        }
        if let Some((is_not, protocol)) = self.protocol {
            write!(text, "{} -p {}", not(is_not), PROTOCOLS[protocol].0).expect("a string takes all");
        }
        if self.has_ports() {
            if let Some((low, high)) = self.ports {
                write!(text, " --dport {low}:{high}").expect("a string takes all");
            }
            if let Some(port) = self.also {
                write!(text, " -m multiport --dports {port}").expect("a string takes all");
            }
        }
        if self.has_limit {
            text.push_str(" -m limit --limit 1/sec");
        }
        match self.target {
            Target::Accept => text.push_str(" -j ACCEPT"),
            Target::Drop => text.push_str(" -j DROP"),
            Target::Return => text.push_str(" -j RETURN"),
            Target::Nothing => {}
            Target::Jump(chain) => write!(text, " -j {}", NAMES[chain]).expect("a string takes all"),
            Target::Goto(chain) => write!(text, " -g {}", NAMES[chain]).expect("a string takes all"),
        }
        text.push('\n');
    }
}

impl Tiny {
    fn text(&self) -> String {
        let policy = if self.accepts { "ACCEPT" } else { "DROP" };
        let mut text = format!("*filter\n:INPUT {policy} [0:0]\n:one - [0:0]\n:two - [0:0]\n");
        for (chain, name) in self.chains.iter().zip(NAMES) {
            chain.iter().for_each(|rule| rule.write(&mut text, name));
        }
        text + "COMMIT\n"
    }

    /// The rules with a limit, whose answers are the bits of a number.
    fn limits(&self) -> Vec<At> {
        self.all().filter(|&(chain, at)| self.chains[chain][at].has_limit).collect()
    }

    fn all(&self) -> impl Iterator<Item = At> {
        self.chains.iter().enumerate().flat_map(|(chain, rules)| (0..rules.len()).map(move |at| (chain, at)))
    }

    /// Every packet with every answer of the limits.
    fn trials(&self) -> Vec<(Packet, u32)> {
        let protocols = PROTOCOLS.iter().flat_map(|&(name, protocol)| {
            let ports = if matches!(name, "tcp" | "udp") { &PORTS[..] } else { &[0] };
            ports.iter().map(move |&port| (protocol, port))
        });
        let packets =
            protocols.flat_map(|(protocol, port)| SOURCES.map(|source| Packet { source, protocol, port }));
        packets
            .flat_map(|packet| (0..1 << self.limits().len()).map(move |answers| (packet, answers)))
            .collect()
    }

    /// Sends a packet through a chain, without some rules. `hit` is told each rule that matches.
    fn walk(
        &self,
        chain: usize,
        trial: (Packet, u32),
        removed: &HashSet<At>,
        hit: &mut impl FnMut(At),
    ) -> Fate {
        let limits = self.limits();
        for (at, rule) in self.chains[chain].iter().enumerate() {
            let limit = limits.iter().position(|limit| *limit == (chain, at));
            let holds = limit.is_none_or(|bit| trial.1 >> bit & 1 == 1);
            if removed.contains(&(chain, at)) || !holds || !rule.matches(trial.0) {
                continue;
            }
            hit((chain, at));
            match rule.target {
                Target::Accept => return Fate::Accepted,
                Target::Drop => return Fate::Dropped,
                Target::Return => return Fate::Back,
                Target::Nothing => {}
                Target::Goto(target) => return self.walk(target, trial, removed, hit),
                Target::Jump(target) => match self.walk(target, trial, removed, hit) {
                    Fate::Back => {}
                    fate => return fate,
                },
            }
        }
        Fate::Back
    }

    fn fates(&self, removed: &HashSet<At>) -> Vec<Fate> {
        let policy = if self.accepts { Fate::Accepted } else { Fate::Dropped };
        let fate = |trial| match self.walk(0, trial, removed, &mut |_| {}) {
            Fate::Back => policy,
            fate => fate,
        };
        self.trials().into_iter().map(fate).collect()
    }

    /// The chains that a chain calls, itself among them.
    fn called_from(&self, chain: usize) -> HashSet<usize> {
        let mut called = HashSet::from([chain]);
        for rule in &self.chains[chain] {
            if let Target::Jump(target) | Target::Goto(target) = rule.target {
                called.extend(self.called_from(target));
            }
        }
        called
    }

    /// The rules that some packet hits; and the chains to which some comes. Chains that nothing leads to
    /// are looked at as if every packet came there.
    fn hits(&self) -> (HashSet<At>, HashSet<usize>) {
        let reached = self.called_from(0);
        let mut entered: HashSet<usize> =
            (0..3).filter(|chain| *chain == 0 || !reached.contains(chain)).collect();
        let mut hits = HashSet::new();
        for start in entered.clone() {
            for trial in self.trials() {
                self.walk(start, trial, &HashSet::new(), &mut |at| {
                    hits.insert(at);
                });
            }
        }
        for &(chain, at) in &hits {
            if let Target::Jump(target) | Target::Goto(target) = self.chains[chain][at].target {
                entered.insert(target);
            }
        }
        (hits, entered)
    }
}

fn rules(targets: &'static [Target], most: usize) -> impl Strategy<Value = Vec<Rule>> {
    let source = (any::<bool>(), select(vec![(0u8, 31u8), (2, 31), (0, 30), (0, 32), (1, 32), (2, 32)]))
        .prop_map(|(not, (base, length))| (not, base, length));
    let ports = select(vec![(1u16, 1u16), (2, 2), (1, 2), (2, 3), (1, 3), (0, 65_535)]);
    let rule = (
        weighted(0.5, source),
        weighted(0.6, (prop::bool::weighted(0.2), 0..NAMED)),
        weighted(0.6, ports),
        weighted(0.1, select(PORTS.to_vec())),
        prop::bool::weighted(0.08),
        select(targets),
    );
    let rule = rule.prop_map(|(source, protocol, ports, also, has_limit, target)| Rule {
        source,
        protocol,
        ports,
        also,
        has_limit,
        target,
    });
    vec(rule, 0..most)
}

fn tiny() -> impl Strategy<Value = Tiny> {
    use Target::*;
    const INPUT: &[Target] =
        &[Accept, Accept, Drop, Drop, Return, Nothing, Jump(1), Jump(2), Goto(1), Goto(2)];
    const ONE: &[Target] = &[Accept, Accept, Drop, Drop, Return, Nothing, Jump(2), Goto(2)];
    const TWO: &[Target] = &[Accept, Accept, Drop, Drop, Return, Nothing];
    let chains = (rules(INPUT, 8), rules(ONE, 5), rules(TWO, 5), any::<bool>());
    let tiny = chains.prop_map(|(input, one, two, accepts)| Tiny { chains: [input, one, two], accepts });
    tiny.prop_filter("few limits", |tiny| tiny.limits().len() <= 3)
}

/// What is said of a ruleset.
struct Said {
    shadowed: HashSet<At>,
    unmet: HashSet<At>,
    impossible: HashSet<At>,
    redundant: HashSet<At>,
}

fn said(tiny: &Tiny) -> Said {
    let mut sources = Sources::default();
    let file = sources.add("rules.v4", tiny.text().into_bytes());
    let ruleset = dialects::read(Dialect::Iptables, file, &sources.file(file).text);
    assert!(ruleset.remarks.is_empty(), "{:?}\n{}", ruleset.remarks, tiny.text());
    let host = Host::new(&ruleset);
    let at = |id: RuleId| {
        let name = &*host.chain(id.chain).chain.name;
        (NAMES.iter().position(|known| *known == name).expect("a chain of the text"), id.index as usize)
    };
    let shadows = Shadows::new(&host);
    assert!(shadows.undecided_tables(&host).is_empty() && shadows.undecided_rules(&host).is_empty());
    let impossible = host.rules().filter(|(_, rule)| rule.packets.is_empty());
    Said {
        shadowed: shadows.shadowed(&host).iter().map(|shadowed| at(shadowed.rule)).collect(),
        unmet: shadows.unmet(&host).into_iter().map(at).collect(),
        impossible: impossible.map(|(id, _)| at(id)).collect(),
        redundant: shadows.redundant(&host, |_| true).iter().map(|redundant| at(redundant.rule)).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_rule_is_silent_exactly_where_no_packet_hits_it(tiny in tiny()) {
        let said = said(&tiny);
        let (hits, entered) = tiny.hits();
        for at in tiny.all().filter(|at| entered.contains(&at.0)) {
            let is_said = [&said.shadowed, &said.unmet, &said.impossible].iter().any(|rules| rules.contains(&at));
            prop_assert_eq!(is_said, !hits.contains(&at), "{:?} of\n{}", at, tiny.text());
        }
    }

    #[test]
    fn a_rule_is_impossible_exactly_where_no_packet_fulfils_it(tiny in tiny()) {
        let impossible = said(&tiny).impossible;
        for at in tiny.all() {
            let rule = &tiny.chains[at.0][at.1];
            let is_met = tiny.trials().iter().any(|trial| rule.matches(trial.0));
            prop_assert_eq!(impossible.contains(&at), !is_met, "{:?} of\n{}", at, tiny.text());
        }
    }

    #[test]
    fn without_shadowed_and_redundant_rules_every_packet_fares_the_same(tiny in tiny()) {
        let said = said(&tiny);
        let before = tiny.fates(&HashSet::new());
        let all = said.shadowed.union(&said.redundant).copied().collect();
        prop_assert_eq!(&before, &tiny.fates(&all), "without {:?}:\n{}", all, tiny.text());
        for at in said.redundant.iter().chain(&said.shadowed) {
            prop_assert_eq!(&before, &tiny.fates(&HashSet::from([*at])), "without {:?}:\n{}", at, tiny.text());
        }
    }

    #[test]
    fn a_shadowed_rule_is_taken_by_those_that_are_named(tiny in tiny()) {
        let mut sources = Sources::default();
        let file = sources.add("rules.v4", tiny.text().into_bytes());
        let ruleset = dialects::read(Dialect::Iptables, file, &sources.file(file).text);
        let host = Host::new(&ruleset);
        for shadowed in Shadows::new(&host).shadowed(&host) {
            prop_assert!(!shadowed.by.is_empty(), "{:?}:\n{}", shadowed, tiny.text());
            let distinct: HashSet<RuleId> = shadowed.by.iter().copied().collect();
            prop_assert!(distinct.len() == shadowed.by.len() && !distinct.contains(&shadowed.rule));
        }
    }
}
