//! The difference of two hosts, packet by packet: what a plain reading of the rules, one after another, makes of
//! every packet of a small world is what fwlint says of both.

use fwlint::dialects::{self, Dialect};
use fwlint::eval::difference::{Difference, Fate, Kind};
use fwlint::eval::{Host, Routes, Way};
use fwlint::packet::axis::NO_OWNER;
use fwlint::packet::{Axis, Family, values};
use fwlint::source::FileId;
use proptest::prelude::*;

/// A rule of one of two chains, INPUT and the one that it may call.
#[derive(Clone, Debug)]
struct Rule {
    protocol: Option<u8>,
    port: Option<u16>,
    /// Only from 10.0.0.0/8?
    inner: bool,
    state: Option<&'static str>,
    target: &'static str,
}

#[derive(Clone, Debug)]
struct Ruleset {
    drops: bool,
    input: Vec<Rule>,
    called: Vec<Rule>,
}

#[derive(Clone, Copy, Debug)]
struct Packet {
    protocol: u8,
    port: u16,
    source: [u8; 4],
    kind: Kind,
}

impl Rule {
    fn text(&self, chain: &str) -> String {
        let mut text = format!("-A {chain}");
        if self.inner {
            text += " -s 10.0.0.0/8";
        }
        match (self.protocol, self.port) {
            (Some(protocol), None) => text += &format!(" -p {protocol}"),
            (protocol, Some(port)) => text += &format!(" -p {} --dport {port}", protocol.unwrap_or(6)),
            (None, None) => {}
        }
        if let Some(state) = self.state {
            text += &format!(" -m conntrack --ctstate {state}");
        }
        match self.target {
            "goto" => text + " -g called",
            target => text + &format!(" -j {target}"),
        }
    }

    fn matches(&self, packet: &Packet) -> bool {
        let state = if packet.kind == Kind::First { "NEW" } else { "ESTABLISHED" };
        let protocol = self.protocol.or(self.port.map(|_| 6));
        protocol.is_none_or(|protocol| protocol == packet.protocol)
            && self.port.is_none_or(|port| port == packet.port)
            && (!self.inner || packet.source[0] == 10)
            && self.state.is_none_or(|wanted| wanted == state)
    }
}

impl Ruleset {
    fn text(&self) -> String {
        let policy = if self.drops { "DROP" } else { "ACCEPT" };
        let mut lines = vec!["*filter".into(), format!(":INPUT {policy} [0:0]"), ":called - [0:0]".into()];
        lines.extend(self.input.iter().map(|rule| rule.text("INPUT")));
        lines.extend(self.called.iter().map(|rule| rule.text("called")));
        lines.push("COMMIT\n".into());
        lines.join("\n")
    }

    /// What becomes of a packet, by the rules one after another.
    fn fate(&self, packet: &Packet) -> Fate {
        let ends = |target| match target {
            "ACCEPT" => Some(Fate::Accepted),
            "DROP" => Some(Fate::Dropped),
            "REJECT" => Some(Fate::Rejected),
            _ => None,
        };
        for rule in self.input.iter().filter(|rule| rule.matches(packet)) {
            if let Some(fate) = ends(rule.target) {
                return fate;
            }
            let mut called = self.called.iter().filter(|rule| rule.matches(packet));
            if let Some(fate) = called.find(|rule| rule.target != "called").and_then(|rule| ends(rule.target))
            {
                return fate;
            }
            if rule.target == "goto" {
                break;
            }
        }
        if self.drops { Fate::Dropped } else { Fate::Accepted }
    }
}

fn rule(targets: &'static [&'static str]) -> impl Strategy<Value = Rule> {
    let protocol = prop::sample::select(vec![None, Some(6), Some(17)]);
    let port = prop::sample::select(vec![None, Some(22), Some(53)]);
    let state = prop::sample::select(vec![None, None, Some("NEW"), Some("ESTABLISHED")]);
    (protocol, port, any::<bool>(), state, prop::sample::select(targets))
        .prop_map(|(protocol, port, inner, state, target)| Rule { protocol, port, inner, state, target })
}

fn ruleset() -> impl Strategy<Value = Ruleset> {
    let input = prop::collection::vec(rule(&["ACCEPT", "DROP", "REJECT", "called", "goto"]), 0..6);
    let called = prop::collection::vec(rule(&["ACCEPT", "DROP", "RETURN"]), 0..4);
    (any::<bool>(), input, called).prop_map(|(drops, input, called)| Ruleset { drops, input, called })
}

/// A ruleset and the same with a few changes.
fn changed() -> impl Strategy<Value = (Ruleset, Ruleset)> {
    let how = (0..5u8, any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (ruleset(), rule(&["ACCEPT", "DROP"]), prop::collection::vec(how, 1..3)).prop_map(
        |(old, rule, changes)| {
            let mut new = old.clone();
            for (how, one, other) in changes {
                let rules = if how % 2 == 0 { &mut new.input } else { &mut new.called };
                match how {
                    0 | 1 if !rules.is_empty() => drop(rules.remove(one.index(rules.len()))),
                    2 | 3 => rules.insert(one.index(rules.len() + 1), rule.clone()),
                    4 if rules.len() > 1 => {
                        let moved = rules.remove(one.index(rules.len()));
                        rules.insert(other.index(rules.len() + 1), moved);
                    }
                    _ => new.drops = !new.drops,
                }
            }
            (old, new)
        },
    )
}

fn packets() -> impl Iterator<Item = Packet> {
    let kinds = [Kind::First, Kind::Later];
    let each = kinds.into_iter().flat_map(|kind| [6, 17].map(|protocol| (kind, protocol)));
    let each = each.flat_map(|(kind, protocol)| [22, 53, 80].map(|port| (kind, protocol, port)));
    each.flat_map(|(kind, protocol, port)| {
        [[10, 0, 0, 1], [192, 0, 2, 1]].map(|source| Packet { protocol, port, source, kind })
    })
}

fn value(packet: &Packet, axis: Axis) -> u128 {
    match axis {
        Axis::Family => Family::V4.number(),
        Axis::Protocol => packet.protocol.into(),
        Axis::DestinationPort => packet.port.into(),
        Axis::SourcePort => 40_000,
        Axis::Source => values::address(std::net::IpAddr::from(packet.source)).0,
        Axis::Destination => values::address("192.0.2.10".parse().expect("an address")).0,
        Axis::InInterface => values::name("eth0").expect("a name"),
        Axis::SourceKind => 1,
        Axis::DestinationKind => 2,
        Axis::Uid | Axis::Gid => NO_OWNER,
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_difference_holds_exactly_the_packets_that_are_treated_differently((old, new) in changed()) {
        let read = |ruleset: &Ruleset| dialects::read(Dialect::Iptables, FileId(0), &ruleset.text());
        let (before, after) = (read(&old), read(&new));
        let (one, other) = (Host::new(&before), Host::new(&after));
        let difference = Difference::of(&one, &other, &Routes::default(), &[Family::V4]).expect("it is decided");
        for packet in packets() {
            let holds = |change: &&fwlint::eval::difference::Change| {
                change.way == Way::In
                    && !change.is_loopback
                    && change.kinds.contains(&packet.kind)
                    && change.packets.cubes().iter().any(|cube| cube.contains(|axis| value(&packet, axis)))
            };
            let found: Vec<_> =
                difference.changes.iter().filter(holds).map(|it| (it.before.fate, it.after.fate)).collect();
            let (was, is) = (old.fate(&packet), new.fate(&packet));
            let expected = if was == is { vec![] } else { vec![(was, is)] };
            prop_assert_eq!(found, expected, "{:?}\n{}\n{}", packet, old.text(), new.text());
        }
    }
}

#[test]
fn a_host_does_not_differ_from_itself() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hosts");
    for path in texts(&folder) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let Some(dialect) = dialects::recognise(&path, &text) else { continue };
        let [one, other] = [0, 1].map(|file| dialects::read(dialect, FileId(file), &text));
        let difference =
            Difference::of(&Host::new(&one), &Host::new(&other), &Routes::default(), &Family::ALL);
        assert!(difference.is_ok_and(|it| it.is_none()), "{} differs from itself", path.display());
    }
}

/// All files below a folder.
fn texts(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { texts(&path) } else { vec![path] }).collect()
}
