//! The packets of a new rule as matches of iptables.

use crate::dialects::listed::{self, Listed};
use crate::model::{NewRule, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, Values, values};

/// How a file says things that can be said in more than one way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// As a dump does: `-p udp -m udp --dport`, `192.0.2.1/32`.
    is_dump: bool,
}

impl Style {
    /// As a dump does.
    pub fn dump() -> Self {
        Style { is_dump: true }
    }

    /// As a text does.
    pub fn of(text: &str) -> Self {
        let is_long = ["-m tcp", "-m udp"].iter().any(|words| text.contains(words));
        Style { is_dump: is_long || !text.contains("--dport") && text.contains("[0:0]") }
    }
}

/// A rule behind its chain: ` -d 192.0.2.1/32 -p udp -m udp --dport 53 -j ACCEPT`. `None` if iptables cannot say
/// it.
pub(super) fn say(rule: &NewRule, style: Style) -> Option<String> {
    let packets = &rule.packets;
    let mut text = String::new();
    for (axis, option) in [(Axis::Source, "-s"), (Axis::Destination, "-d")] {
        if let Some(values) = packets.get(axis) {
            text += &format!(" {option} {}", addresses(rule.family, values, style)?);
        }
    }
    for (axis, option) in [(Axis::InInterface, "-i"), (Axis::OutInterface, "-o")] {
        if let Some(values) = packets.get(axis) {
            text += &format!(" {option} {}", values::to_name(values.ranges()?.only()?));
        }
    }
    let mut protocol = None;
    if let Some(values) = packets.get(Axis::Protocol) {
        let name = match values.ranges()?.only()? {
            1 => "icmp",
            6 => "tcp",
            17 => "udp",
            58 => "ipv6-icmp",
            _ => return None,
        };
        text += &format!(" -p {name}");
        protocol = Some(name);
    }
    text += &ports(packets, protocol, style)?;
    if let Some(flags) = packets.get(Axis::TcpFlags) {
        text += opens_nothing(flags, style).filter(|_| protocol == Some("tcp"))?;
    }
    if let Some(states) = packets.get(Axis::State) {
        const NAMES: [(u128, &str); 5] = [
            (state::INVALID, "INVALID"),
            (state::NEW, "NEW"),
            (state::RELATED, "RELATED"),
            (state::ESTABLISHED, "ESTABLISHED"),
            (state::UNTRACKED, "UNTRACKED"),
        ];
        let named = NAMES.iter().filter(|(state, _)| states.contains(*state)).map(|(_, name)| *name);
        text += &format!(" -m conntrack --ctstate {}", named.collect::<Vec<_>>().join(","));
    }
    let is_said = |axis: &Axis| {
        use Axis::*;
        matches!(axis, Family | Source | Destination | InInterface | OutInterface | Protocol | State)
            || matches!(axis, SourcePort | DestinationPort | TcpFlags)
    };
    if !packets.sides().iter().all(|side| is_said(&side.0)) {
        return None;
    }
    let target = match &rule.verdict {
        Verdict::Accept => "ACCEPT",
        Verdict::Drop => "DROP",
        _ => return None,
    };
    Some(format!("{text} -j {target}"))
}

/// Flags of TCP: of packets that open no connection alone.
fn opens_nothing(flags: &Values, style: Style) -> Option<&'static str> {
    let words = if style.is_dump { " ! --tcp-flags FIN,SYN,RST,ACK SYN" } else { " ! --syn" };
    (*flags == values::opens_nothing().into()).then_some(words)
}

/// Ports, or types of ICMP.
fn ports(packets: &Cube, protocol: Option<&str>, style: Style) -> Option<String> {
    let mut text = String::new();
    let Some(protocol) = protocol else {
        let is_named =
            [Axis::SourcePort, Axis::DestinationPort].iter().any(|axis| packets.get(*axis).is_some());
        return (!is_named).then_some(text);
    };
    let module = if protocol == "ipv6-icmp" { "icmp6" } else { protocol };
    let mut is_loaded = !style.is_dump;
    let mut load = |text: &mut String| {
        if !std::mem::replace(&mut is_loaded, true) {
            *text += &format!(" -m {module}");
        }
    };
    if let Some(types) = packets.get(Axis::DestinationPort).filter(|_| protocol.contains("icmp")) {
        let (low, high) = types.ranges()?.as_one()?;
        if low >> 8 != high >> 8 || low & 0xff != 0 || high & 0xff != 0xff {
            return None;
        }
        load(&mut text);
        let option = if protocol == "icmp" { "--icmp-type" } else { "--icmpv6-type" };
        return Some(format!("{text} {option} {}", low >> 8));
    }
    for (axis, one, many) in
        [(Axis::SourcePort, "--sport", "--sports"), (Axis::DestinationPort, "--dport", "--dports")]
    {
        let Some(values) = packets.get(axis) else { continue };
        let each = |(low, high)| if low == high { format!("{low}") } else { format!("{low}:{high}") };
        let list: Vec<String> = values.ranges()?.iter().map(each).collect();
        match &list[..] {
            [only] => {
                load(&mut text);
                text += &format!(" {one} {only}");
            }
            list => text += &format!(" -m multiport {many} {}", list.join(",")),
        }
    }
    Some(text)
}

/// Addresses as a list. `None` where a range is no prefix.
fn addresses(family: Family, values: &Values, style: Style) -> Option<String> {
    let whole = if family == Family::V4 { 32 } else { 128 };
    let say = |listed| match listed {
        Listed::One(address) if style.is_dump => Some(format!("{address}/{whole}")),
        Listed::One(address) => Some(address.to_string()),
        Listed::Prefix(address, length) => Some(format!("{address}/{length}")),
        Listed::Range(..) => None,
    };
    let list: Option<Vec<String>> =
        listed::addresses(family, values.ranges()?).into_iter().map(say).collect();
    Some(list?.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Ranges;

    #[test]
    fn a_rule_is_said_as_a_dump_says_it() {
        let addresses = ["192.0.2.1", "192.0.2.2"].map(|it| values::address(it.parse().expect("an address")));
        let packets = Cube::any()
            .set(Axis::Destination, Ranges::union(addresses))
            .set(Axis::Protocol, Ranges::single(17))
            .set(Axis::DestinationPort, Ranges::single(7844));
        let rule = NewRule {
            family: Family::V4,
            table: "filter".into(),
            chain: "OUTPUT".into(),
            packets,
            verdict: Verdict::Accept,
        };
        let said = |is_dump| say(&rule, Style { is_dump });
        let expected = " -d 192.0.2.1/32,192.0.2.2/32 -p udp -m udp --dport 7844 -j ACCEPT";
        assert_eq!(said(true).as_deref(), Some(expected));
        assert_eq!(said(false).as_deref(), Some(" -d 192.0.2.1,192.0.2.2 -p udp --dport 7844 -j ACCEPT"));
    }
}
