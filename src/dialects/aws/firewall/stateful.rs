//! Stateful rules: those of Suricata, in its own words or in fields, and lists of domains.

use super::asked::{self, TCP, UDP};
use super::options;
use super::suricata::{self, Setting};
use super::variables::{Variables, is_near};
use crate::dialects::cloud::{Condition, Direction, Fields, Inside, Remarks, Texts, rules};
use crate::model::{self, Action, Match, Said, Verdict};
use crate::packet::Axis;
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// The bit of a flow's mark that says: a rule has let it pass.
pub const PASSED: u32 = 1;

/// What a rule does with a flow, in the order in which the default order asks for rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// It passes, whatever other rules say of what follows.
    Pass,
    /// It is lost.
    Drop,
    /// It is lost, and TCP is told.
    Reject,
    /// Nothing but a line in a log.
    Alert,
}

/// A stateful rule.
#[derive(Debug)]
pub struct Rule {
    /// What it does.
    pub deed: Deed,
    /// Did nobody write it, so that nobody is to tidy it up?
    pub is_generated: bool,
    /// In the model's terms, for what comes in and what goes out.
    pub rules: [Vec<model::Rule>; 2],
}

/// The parts of a rule's header, each at its place.
pub struct Header<'t> {
    /// What to do.
    pub action: Spanned<&'t str>,
    /// Of packets of this protocol.
    pub protocol: Spanned<&'t str>,
    /// From here: addresses and ports.
    pub source: [Spanned<&'t str>; 2],
    /// Does it also look at what goes the other way?
    pub is_both_ways: bool,
    /// To there: addresses and ports.
    pub destination: [Spanned<&'t str>; 2],
}

/// Protocols above TCP.
const OVER_TCP: [&str; 16] = [
    "tls", "ssl", "http", "http1", "http2", "ftp", "ftp-data", "smtp", "ssh", "imap", "msn", "smb", "rdp",
    "mqtt", "pop3", "telnet",
];

/// Protocols above UDP.
const OVER_UDP: [&str; 6] = ["quic", "tftp", "ntp", "dhcp", "ikev2", "ike"];

/// Protocols above both.
const OVER_BOTH: [&str; 5] = ["dns", "krb5", "dcerpc", "snmp", "sip"];

/// The rules of a text of Suricata's.
pub fn of_text(node: &Node, variables: Variables, texts: Texts, remarks: &mut Remarks) -> Vec<Rule> {
    let Some(text) = node.text() else {
        remarks.add(node.span, format!("expected a text, found {}", node.kind.describe()));
        return vec![unknown(node.span)];
    };
    let inside = Inside::of(node, texts);
    let mut all = Vec::new();
    for written in suricata::rules(text) {
        match written {
            Ok(written) => {
                let part = |at: usize| {
                    let (start, text) = written.header[at];
                    Spanned::new(text, inside.span(start, start + text.len()))
                };
                let header = Header {
                    action: part(0),
                    protocol: part(1),
                    source: [part(2), part(3)],
                    is_both_ways: part(4).value == "<>",
                    destination: [part(5), part(6)],
                };
                if !matches!(part(4).value, "->" | "<>" | "=>") {
                    remarks.add(part(4).span, format!("`{}` is no direction", part(4).value));
                }
                let settings = written.options.iter().map(|&(at, key, value)| {
                    let end = at + key.len() + value.map_or(0, |value| value.len() + 1);
                    Setting { key: Spanned::new(key, inside.span(at, end)), value }
                });
                let options: Vec<Setting> = settings.collect();
                let span = inside.span(written.range.0, written.range.1);
                all.extend(rule(&header, &options, span, variables, remarks));
            }
            Err(((start, end), problem)) => {
                let span = inside.span(start, end);
                remarks.add(span, problem);
                all.push(unknown(span));
            }
        }
    }
    all
}

/// A rule in fields.
pub fn of_fields(item: Fields, variables: Variables, remarks: &mut Remarks) -> Option<Rule> {
    let header = item.get("Header").and_then(|node| Fields::of(node, remarks));
    let Some(header) = header else {
        remarks.add(item.span(), "the field `Header` is missing");
        return Some(unknown(item.span()));
    };
    let mut part = |of: Fields<'_, '_>, key: &str| {
        let found = of.0.get(key).and_then(|node| Some(Spanned::new(node.text()?.to_owned(), node.span)));
        if found.is_none() {
            remarks.add(of.span(), format!("the field `{key}` is missing"));
        }
        found
    };
    let keys = ["Protocol", "Source", "SourcePort", "Destination", "DestinationPort", "Direction"];
    let parts: Option<Vec<_>> = keys.iter().map(|key| part(header, key)).collect();
    let (Some(parts), Some(action)) = (parts, part(item, "Action")) else {
        return Some(unknown(item.span()));
    };
    let text = |at: usize| Spanned::new(parts[at].value.as_str(), parts[at].span);
    let header = Header {
        action: Spanned::new(action.value.as_str(), action.span),
        protocol: text(0),
        source: [text(1), text(2)],
        is_both_ways: text(5).value.eq_ignore_ascii_case("ANY"),
        destination: [text(3), text(4)],
    };
    let written = item.objects("RuleOptions", remarks);
    let option = |option: &Fields<'_, '_>| {
        let key =
            option.0.get("Keyword").and_then(|node| Some(Spanned::new(node.text()?.to_owned(), node.span)));
        if key.is_none() {
            remarks.add(option.span(), "the field `Keyword` is missing");
        }
        let settings = option.texts("Settings", remarks);
        let key = key.filter(|_| !option.is_odd("Settings"));
        Some((key?, settings.iter().map(|setting| setting.value).collect::<Vec<_>>().join(",")))
    };
    let options: Vec<Option<(Spanned<String>, String)>> = written.iter().map(option).collect();
    // An option that is not to be understood may ask for anything.
    let options: Option<Vec<_>> = options.into_iter().collect();
    let Some(options) = options else { return Some(unknown(action.span)) };
    let settings: Vec<Setting> = options
        .iter()
        .map(|(key, value)| Setting {
            key: Spanned::new(key.value.as_str(), key.span),
            value: Some(value.as_str()).filter(|it| !it.is_empty()),
        })
        .collect();
    rule(&header, &settings, action.span, variables, remarks)
}

/// A rule of which all is known but what it says.
fn unknown(span: Span) -> Rule {
    let verdict = Spanned::new(Verdict::Unknown("a rule that is not understood".into()), span);
    let rules = Direction::BOTH.map(|_| rules(span, &[], &verdict, None));
    Rule { deed: Deed::Pass, is_generated: false, rules }
}

/// What a rule becomes; `None` for one that does nothing to flows.
fn rule(
    header: &Header,
    options: &[Setting],
    span: Span,
    variables: Variables,
    remarks: &mut Remarks,
) -> Option<Rule> {
    let deed = match header.action.value.to_ascii_lowercase().as_str() {
        "pass" => Deed::Pass,
        "drop" => Deed::Drop,
        "reject" | "rejectsrc" | "rejectdst" | "rejectboth" => Deed::Reject,
        "alert" => Deed::Alert,
        _ => {
            remarks.unknown(header.action.span, format!("the action `{}` is not known", header.action.value));
            return Some(unknown(span));
        }
    };
    if deed == Deed::Alert {
        return None;
    }
    let (of_options, has_name) = options::conditions(options);
    let of_protocol = protocol(header.protocol, has_name, remarks);
    let way = |direction: Direction, remarks: &mut Remarks| {
        let turned = [(&header.source, &header.destination), (&header.destination, &header.source)];
        let turns = turned.into_iter().take(if header.is_both_ways { 2 } else { 1 });
        turns
            .flat_map(|(source, destination)| {
                let mut conditions = of_protocol.clone();
                let sides = [(source, Axis::Source, Axis::SourcePort)];
                let sides =
                    sides.into_iter().chain([(destination, Axis::Destination, Axis::DestinationPort)]);
                for ([addresses, ports], axis, port_axis) in sides {
                    let set = variables.addresses(*addresses, is_near(axis, direction), remarks);
                    conditions.extend(asked::addresses(&set, axis, *addresses));
                    let set = variables.ports(*ports, remarks);
                    conditions.extend(asked::ports(&set, port_axis, *ports));
                }
                conditions.extend(of_options.iter().cloned());
                decide(deed, span, &conditions, header.action.span)
            })
            .collect()
    };
    let rules = Direction::BOTH.map(|direction| way(direction, remarks));
    Some(Rule { deed, is_generated: false, rules })
}

/// Rules of the model with what a rule does. A flow that is let pass is not looked at again.
pub fn decide(deed: Deed, span: Span, conditions: &[Condition], place: Span) -> Vec<model::Rule> {
    let verdict = if deed == Deed::Pass { Verdict::Accept } else { Verdict::Drop };
    let mut all = rules(span, conditions, &Spanned::new(verdict, place), None);
    // Of the two ways a rule is mostly for one: no machine is in its own EXTERNAL_NET.
    let is_never =
        |part: &Spanned<Match>| matches!(&part.value, Match::Packets(packets) if packets.is_empty());
    all.retain(|rule| !rule.matches.iter().any(is_never));
    // Where all is known that a rule asks of packets, it stands as a whole.
    let is_known = |part: &Spanned<Match>| matches!(part.value, Match::Packets(_) | Match::Said(_));
    all.iter_mut().filter(|rule| rule.matches.iter().all(is_known)).for_each(|rule| rule.span = span);
    if deed == Deed::Pass {
        all.iter_mut().for_each(|rule| rule.actions.push(pass(place)));
    }
    all
}

/// Notes that a rule has let a flow pass.
pub fn pass(place: Span) -> Spanned<Action> {
    Spanned::new(Action::ConnMark { and: !PASSED, xor: PASSED }, place)
}

/// What the protocol of a rule asks.
fn protocol(name: Spanned<&str>, has_name: bool, remarks: &mut Remarks) -> Vec<Condition> {
    let span = name.span;
    let word = name.value.to_ascii_lowercase();
    let above = |numbers: &[u128]| {
        let is_udp = numbers.contains(&UDP);
        let mut all = vec![asked::protocols(numbers, span)];
        // Over TCP nothing is said before the handshake is over.
        all.extend((!is_udp).then(|| asked::is_established(true, span)));
        let word = if word == "ssl" { "tls" } else { word.as_str() };
        // A name in TLS says that it is TLS.
        let is_told = has_name && word == "tls";
        all.extend((!is_told).then(|| asked::said(Said::Protocol(word.into()), false, span)));
        all
    };
    match word.as_str() {
        "ip" | "any" => Vec::new(),
        "tcp" | "tcp-pkt" | "tcp-stream" if has_name => {
            vec![asked::protocols(&[TCP], span), asked::is_established(true, span)]
        }
        "tcp" | "tcp-pkt" | "tcp-stream" => vec![asked::protocols(&[TCP], span)],
        "udp" => vec![asked::protocols(&[UDP], span)],
        "icmp" => vec![asked::protocols(&[1, 58], span)],
        "sctp" => vec![asked::protocols(&[132], span)],
        over if OVER_TCP.contains(&over) => above(&[TCP]),
        over if OVER_UDP.contains(&over) => above(&[UDP]),
        over if OVER_BOTH.contains(&over) => above(&[TCP, UDP]),
        _ => {
            remarks.unknown(span, format!("the protocol `{}` is not known", name.value));
            vec![Condition::none().or_unknown(format!("protocol {}", name.value), span)]
        }
    }
}
