//! New rules in nft's words.

use crate::dialects::listed::{self, Listed};
use crate::dialects::nft::ast;
use crate::model::{Families, NewRule, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, Ranges, Values, values};

/// How a file says things that can be said in more than one way.
#[derive(Clone, Debug)]
pub(super) struct Style {
    /// What stands in front of a verdict: `counter `, or nothing.
    counter: &'static str,
    /// Do names of interfaces stand in quotes?
    is_quoted: bool,
    /// Is loopback told by its number (`iif lo`)?
    is_by_number: bool,
}

impl Style {
    /// As a text does, where rules around the new one count so.
    pub fn of(text: &str, counter: &'static str) -> Self {
        let behind = |key: &str| text.find(key).and_then(|at| text[at + key.len()..].chars().next());
        let signs = ["iifname ", "oifname ", "iif ", "oif "].map(behind);
        let is_bare = signs.iter().flatten().any(|sign| sign.is_ascii_alphanumeric());
        let is_quoted = !is_bare || signs.contains(&Some('"'));
        let is_by_number =
            ["iif lo", "iif \"lo\"", "oif lo", "oif \"lo\""].iter().any(|words| text.contains(words));
        Style { counter, is_quoted, is_by_number }
    }

    /// As `nft list ruleset` prints it.
    pub fn listing() -> Self {
        Style { counter: "", is_quoted: true, is_by_number: false }
    }

    /// `iifname "eth0"`.
    fn interface(&self, direction: char, name: &str) -> String {
        let key = if self.is_by_number && name == "lo" { "if" } else { "ifname" };
        let quote = if self.is_quoted { "\"" } else { "" };
        format!("{direction}{key} {quote}{name}{quote}")
    }
}

/// New rules as few as they can be: those that differ in their family, their destinations or their ports alone are
/// one. The packets have their family among their sides.
pub(super) fn merged(rules: &[NewRule]) -> Vec<(Cube, Verdict)> {
    let mut all: Vec<(Cube, Verdict)> =
        rules.iter().map(|rule| (rule.matched(), rule.verdict.clone())).collect();
    loop {
        let before = all.len();
        let mut fewer: Vec<(Cube, Verdict)> = Vec::new();
        for (packets, verdict) in all {
            let mut others = fewer.iter_mut().filter(|other| other.1 == verdict);
            match others.find_map(|other| union(&other.0, &packets).map(|both| (other, both))) {
                Some((other, both)) => other.0 = both,
                None => fewer.push((packets, verdict)),
            }
        }
        if fewer.len() == before {
            return fewer;
        }
        all = fewer;
    }
}

/// Two cubes that differ on one axis alone as one, where one rule can say it.
fn union(one: &Cube, other: &Cube) -> Option<Cube> {
    let axes = |cube: &Cube| cube.sides().iter().map(|side| side.0).collect::<Vec<_>>();
    if axes(one) != axes(other) {
        return None;
    }
    let mut differing = one.sides().iter().zip(other.sides()).filter(|(a, b)| a.1 != b.1);
    let ((axis, values), (_, others)) = differing.next()?;
    let is_sayable = match axis {
        // Addresses of two families are not told apart by their numbers.
        Axis::Family => one.get(Axis::Source).is_none() && one.get(Axis::Destination).is_none(),
        Axis::Destination | Axis::DestinationPort => true,
        _ => false,
    };
    let both = values.or(others);
    let joined = one.clone().without(*axis);
    let joined = if both.is_all(*axis) { joined } else { joined.with(*axis, both)? };
    (is_sayable && differing.next().is_none()).then_some(joined)
}

/// A rule: `ip daddr 192.0.2.1 udp dport 53 accept`. `None` if a table of the family cannot say it.
pub(super) fn say(packets: &Cube, verdict: &Verdict, table: ast::Family, style: &Style) -> Option<String> {
    let of_table = match table {
        ast::Family::Ip => Families::V4,
        ast::Family::Ip6 => Families::V6,
        ast::Family::Inet => Families::BOTH,
        ast::Family::Arp | ast::Family::Bridge | ast::Family::Netdev => return None,
    };
    let family = family_of(packets)?;
    if family.is_some_and(|family| !of_table.has(family)) || family.is_none() && of_table != Families::BOTH {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let protocol = match packets.get(Axis::Protocol) {
        Some(values) => Some(values.ranges()?.only()?),
        None => None,
    };
    let has = |axis: Axis| packets.get(axis).is_some();
    let is_icmp = matches!(protocol, Some(1 | 58)) && has(Axis::DestinationPort);
    let tells_family = has(Axis::Source) || has(Axis::Destination) || is_icmp;
    if let Some(family) = family.filter(|_| of_table == Families::BOTH && !tells_family) {
        words.push(format!("meta nfproto {}", if family == Family::V4 { "ipv4" } else { "ipv6" }));
    }
    for (axis, direction) in [(Axis::InInterface, 'i'), (Axis::OutInterface, 'o')] {
        if let Some(values) = packets.get(axis) {
            words.push(style.interface(direction, &values::to_name(values.ranges()?.only()?)));
        }
    }
    if let Some(states) = packets.get(Axis::State) {
        words.push(format!("ct state {}", state_names(states)));
    }
    for (axis, name) in [(Axis::Source, "saddr"), (Axis::Destination, "daddr")] {
        if let Some(values) = packets.get(axis) {
            let family = family?;
            let header = if family == Family::V4 { "ip" } else { "ip6" };
            words.push(format!("{header} {name} {}", addresses(family, values.ranges()?)));
        }
    }
    words.extend(ports(packets, protocol)?);
    if let Some(flags) = packets.get(Axis::TcpFlags) {
        // What opens no connection is all that rules are written for.
        let is_said = protocol == Some(6) && *flags == values::opens_nothing().into();
        words.push(is_said.then(|| "tcp flags & (fin | syn | rst | ack) != syn".to_owned())?);
    }
    let is_said = |axis: Axis| {
        use Axis::*;
        matches!(axis, Family | Source | Destination | InInterface | OutInterface | Protocol | State)
            || matches!(axis, SourcePort | DestinationPort | TcpFlags)
    };
    if !packets.sides().iter().all(|side| is_said(side.0)) {
        return None;
    }
    let verdict = match verdict {
        Verdict::Accept => "accept",
        Verdict::Drop => "drop",
        _ => return None,
    };
    words.push(format!("{}{verdict}", style.counter));
    Some(words.join(" "))
}

/// The only family of packets, if there is but one.
fn family_of(packets: &Cube) -> Option<Option<Family>> {
    match packets.get(Axis::Family) {
        None => Some(None),
        Some(values) => {
            let number = values.ranges()?.only()?;
            Some(Family::ALL.into_iter().find(|family| family.number() == number))
        }
    }
}

/// `established,related`, as nft lists them.
fn state_names(states: &Values) -> String {
    const NAMES: [(u128, &str); 5] = [
        (state::INVALID, "invalid"),
        (state::ESTABLISHED, "established"),
        (state::RELATED, "related"),
        (state::NEW, "new"),
        (state::UNTRACKED, "untracked"),
    ];
    let named = NAMES.iter().filter(|(state, _)| states.contains(*state)).map(|(_, name)| *name);
    named.collect::<Vec<_>>().join(",")
}

/// One thing as it is, several as a set.
fn set(things: &[String]) -> String {
    match things {
        [only] => only.clone(),
        all => format!("{{ {} }}", all.join(", ")),
    }
}

fn addresses(family: Family, ranges: &Ranges) -> String {
    let say = |listed| match listed {
        Listed::One(address) => address.to_string(),
        Listed::Prefix(address, length) => format!("{address}/{length}"),
        Listed::Range(first, last) => format!("{first}-{last}"),
    };
    set(&listed::addresses(family, ranges).into_iter().map(say).collect::<Vec<_>>())
}

/// Protocol and ports, or types of ICMP.
fn ports(packets: &Cube, protocol: Option<u128>) -> Option<Vec<String>> {
    let sides: Vec<(&str, &Values)> = [(Axis::SourcePort, "sport"), (Axis::DestinationPort, "dport")]
        .into_iter()
        .filter_map(|(axis, name)| packets.get(axis).map(|values| (name, values)))
        .collect();
    let header = match protocol {
        None => return sides.is_empty().then(Vec::new),
        Some(1) => "icmp",
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(58) => "icmpv6",
        Some(_) => return None,
    };
    if sides.is_empty() {
        let name = if header == "icmpv6" { "ipv6-icmp" } else { header };
        return Some(vec![format!("meta l4proto {name}")]);
    }
    let mut words = Vec::new();
    for (name, values) in sides {
        if header.starts_with("icmp") {
            let types: Option<Vec<_>> =
                values.ranges()?.iter().map(|range| icmp_types(header, range)).collect();
            words.push(format!("{header} type {}", set(&types?.concat())));
            continue;
        }
        let each = |(low, high)| if low == high { format!("{low}") } else { format!("{low}-{high}") };
        words
            .push(format!("{header} {name} {}", set(&values.ranges()?.iter().map(each).collect::<Vec<_>>())));
    }
    Some(words)
}

/// Whole types of ICMP, by name where there is one.
fn icmp_types(header: &str, (low, high): (u128, u128)) -> Option<Vec<String>> {
    if low & 0xff != 0 || high & 0xff != 0xff {
        return None;
    }
    let name = |kind: u128| match (header, kind) {
        ("icmpv6", 130) => "mld-listener-query".to_owned(),
        ("icmpv6", 131) => "mld-listener-report".to_owned(),
        ("icmpv6", 132) => "mld-listener-done".to_owned(),
        ("icmpv6", 133) => "nd-router-solicit".to_owned(),
        ("icmpv6", 134) => "nd-router-advert".to_owned(),
        ("icmpv6", 135) => "nd-neighbor-solicit".to_owned(),
        ("icmpv6", 136) => "nd-neighbor-advert".to_owned(),
        ("icmpv6", 143) => "mld2-listener-report".to_owned(),
        (_, kind) => kind.to_string(),
    };
    Some((low >> 8..=high >> 8).map(name).collect())
}
