//! Accepts that a later base chain undoes, held against every single packet.

use fwlint::dialects::{self, Dialect};
use fwlint::eval::{self, Host};
use fwlint::source::Sources;
use proptest::prelude::*;

/// Ports of the packets.
const PORTS: u16 = 8;

/// A rule for some ports.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rule {
    low: u16,
    high: u16,
    does: &'static str,
}

/// A base chain.
#[derive(Clone, Debug)]
struct Chain {
    rules: Vec<Rule>,
    drops: bool,
}

fn chain() -> impl Strategy<Value = Chain> {
    let does = prop::sample::select(vec!["accept", "accept", "drop", "counter"]);
    let rule = (0..PORTS, 0..PORTS, does).prop_map(|(one, other, does)| Rule {
        low: one.min(other),
        high: one.max(other),
        does,
    });
    (prop::collection::vec(rule, 0..5), any::<bool>()).prop_map(|(rules, drops)| Chain { rules, drops })
}

impl Chain {
    fn text(&self, table: &str, priority: i32) -> String {
        let policy = if self.drops { "drop" } else { "accept" };
        let mut text = format!(
            "table ip {table} {{\n chain c {{\n  type filter hook input priority {priority}; policy {policy};\n"
        );
        for Rule { low, high, does } in &self.rules {
            text += &format!("  udp dport {low}-{high} {does}\n");
        }
        text + " }\n}\n"
    }

    /// The rule that decides a packet, by its place; `None` for the policy.
    fn decider(&self, port: u16) -> Option<usize> {
        self.rules.iter().position(|rule| rule.does != "counter" && (rule.low..=rule.high).contains(&port))
    }

    fn accepts(&self, port: u16) -> bool {
        self.decider(port).map_or(!self.drops, |at| self.rules[at].does == "accept")
    }

    /// Do packets that a rule accepts meet a rule behind it that counts them, and none before that drops?
    fn leaves_early(&self, at: usize, ports: &[u16]) -> bool {
        let meets = |rule: &&Rule| ports.iter().any(|port| (rule.low..=rule.high).contains(port));
        let next = self.rules[at + 1..].iter().filter(|rule| rule.does != "accept").find(meets);
        next.is_some_and(|rule| rule.does == "counter")
    }
}

proptest! {
    #[test]
    fn an_accept_comes_to_nothing_if_a_later_chain_drops_each_of_its_packets(
        first in chain(), second in chain(), third in chain(),
    ) {
        let text = first.text("a", 0) + &second.text("b", 1) + &third.text("c", 2);
        let mut sources = Sources::default();
        let file = sources.add("rules.nft", text.clone().into_bytes());
        let ruleset = dialects::read(Dialect::Nft, file, &text);
        let host = Host::new(&ruleset);
        let undone = eval::undone(&host, &|_, _| true);
        let mut found: Vec<(u32, u32)> = undone.iter().map(|it| (it.rule.chain.0, it.rule.index)).collect();
        found.sort_unstable();
        let mut expected = Vec::new();
        let chains = [&first, &second, &third];
        for (number, chain) in chains.iter().enumerate() {
            for (at, rule) in chain.rules.iter().enumerate().filter(|(_, rule)| rule.does == "accept") {
                let ports: Vec<u16> =
                    (rule.low..=rule.high).filter(|port| chain.decider(*port) == Some(at)).collect();
                let gets_through = |port: &u16| chains[number + 1..].iter().all(|later| later.accepts(*port));
                let is_undone = !ports.is_empty() && !ports.iter().any(gets_through);
                if is_undone && !chain.leaves_early(at, &ports) {
                    expected.push((number as u32, at as u32));
                }
            }
        }
        prop_assert_eq!(found, expected, "{}", text);
    }
}
