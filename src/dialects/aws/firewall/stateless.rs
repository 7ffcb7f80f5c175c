//! Stateless rules: each packet by itself
//! (<https://docs.aws.amazon.com/network-firewall/latest/developerguide/stateless-rule-groups-5-tuple.html>).

use super::asked;
use super::sets::{self, Set};
use crate::dialects::cloud::{Condition, Fields, Remarks, rules};
use crate::model::{self, Verdict};
use crate::packet::{Axis, Cube, PacketSet, Ranges};
use crate::source::{Span, Spanned};

/// A stateless rule.
#[derive(Debug)]
pub struct Rule {
    /// Lower numbers come first; `None` if that is not to be understood.
    pub priority: Option<i64>,
    /// In the model's terms: what is handed on to the stateful rules returns.
    pub rules: Vec<model::Rule>,
}

/// The flags of TCP by their names.
const FLAGS: [(&str, u128); 8] =
    [("FIN", 1), ("SYN", 2), ("RST", 4), ("PSH", 8), ("ACK", 16), ("URG", 32), ("ECE", 64), ("CWR", 128)];

/// The rules of a group, in the order in which they count.
pub fn read(source: Fields, remarks: &mut Remarks) -> Vec<Rule> {
    let mut all: Vec<Rule> =
        source.objects("StatelessRules", remarks).into_iter().map(|item| rule(item, remarks)).collect();
    all.sort_by_key(|rule| rule.priority);
    all
}

/// What one of the actions on a packet does, where it stands; actions that publish figures do nothing. `None` where
/// none of them decides.
pub fn verdict(actions: &[Spanned<&str>]) -> Option<Spanned<Verdict>> {
    actions.iter().find_map(|action| {
        let verdict = match action.value {
            "aws:pass" => Verdict::Accept,
            "aws:drop" => Verdict::Drop,
            "aws:forward_to_sfe" => Verdict::Return,
            _ => return None,
        };
        Some(Spanned::new(verdict, action.span))
    })
}

fn rule(item: Fields, remarks: &mut Remarks) -> Rule {
    let priority = item.number("Priority", remarks);
    let place = item.text("Priority", remarks).map_or(item.span(), |text| text.span);
    let definition = item.get("RuleDefinition").and_then(|node| Fields::of(node, remarks));
    let Some(definition) = definition else {
        remarks.add(item.span(), "the field `RuleDefinition` is missing");
        return unknown(item.span());
    };
    let actions = definition.texts("Actions", remarks);
    let verdict = verdict(&actions);
    if verdict.is_none() {
        remarks.add(place, "the rule has no action that decides");
    }
    if item.get("Priority").is_none() {
        remarks.add(place, "the rule has no priority");
    }
    let Some(verdict) = verdict.filter(|_| priority.is_some()) else { return unknown(place) };
    let conditions = match definition.get("MatchAttributes").map(|node| Fields::of(node, remarks)) {
        Some(Some(matches)) => conditions(matches, place, remarks),
        Some(None) => return unknown(place),
        None => Vec::new(),
    };
    let rules = rules(place, &conditions, &verdict, None);
    Rule { priority: priority.map(|number| number.value), rules }
}

fn unknown(span: Span) -> Rule {
    let verdict = Spanned::new(Verdict::Unknown("a rule that is not understood".into()), span);
    Rule { priority: None, rules: rules(span, &[], &verdict, None) }
}

fn conditions(matches: Fields, place: Span, remarks: &mut Remarks) -> Vec<Condition> {
    let mut all = Vec::new();
    if let Some(list) = matches.get("Protocols") {
        let (mut numbers, mut unknown) = (Vec::new(), None);
        for text in matches.texts("Protocols", remarks) {
            match text.value.parse::<u8>() {
                Ok(number) => numbers.push(number.into()),
                Err(_) => {
                    remarks.add(text.span, format!("there is no protocol `{}`", text.value));
                    unknown = Some(text);
                }
            }
        }
        let known = || asked::protocols(&numbers, list.span);
        all.extend(match unknown {
            Some(text) => Some(known().or_unknown(format!("protocol {}", text.value), text.span)),
            None => (!list.items().is_empty()).then(known),
        });
    }
    for (key, axis) in [("Sources", Axis::Source), ("Destinations", Axis::Destination)] {
        let mut each = Vec::new();
        for item in matches.objects(key, remarks) {
            each.push(match item.text("AddressDefinition", remarks) {
                Some(text) => sets::address(text.value).unwrap_or_else(|problem| {
                    remarks.add(text.span, problem);
                    sets::some_addresses()
                }),
                None => {
                    remarks.add(item.span(), "the field `AddressDefinition` is missing");
                    sets::some_addresses()
                }
            });
        }
        let span = matches.get(key).map_or(place, |node| node.span);
        let set = sets::union(each);
        all.extend(set.and_then(|set| asked::addresses(&set, axis, Spanned::new(key, span))));
    }
    for (key, axis) in [("SourcePorts", Axis::SourcePort), ("DestinationPorts", Axis::DestinationPort)] {
        let each: Vec<Set> =
            matches.objects(key, remarks).into_iter().map(|item| port_range(item, remarks)).collect();
        let span = matches.get(key).map_or(place, |node| node.span);
        let set = sets::union(each);
        all.extend(set.and_then(|set| asked::ports(&set, axis, Spanned::new(key, span))));
    }
    all.extend(tcp_flags(matches, remarks));
    all
}

fn port_range(item: Fields, remarks: &mut Remarks) -> Set {
    let (from, to) = (item.number("FromPort", remarks), item.number("ToPort", remarks));
    let (Some(from), Some(to)) = (from, to) else {
        remarks.add(item.span(), "the range of ports lacks an end");
        return sets::some_ports();
    };
    sets::port(&format!("{}:{}", from.value, to.value)).unwrap_or_else(|problem| {
        remarks.add(from.span.to(to.span), problem);
        sets::some_ports()
    })
}

/// One of several combinations of flags.
fn tcp_flags(matches: Fields, remarks: &mut Remarks) -> Option<Condition> {
    let list = matches.get("TCPFlags").filter(|node| !node.items().is_empty())?;
    let (mut packets, mut unknown) = (PacketSet::none(), None);
    for item in matches.objects("TCPFlags", remarks) {
        let mut bits = |key: &str| {
            let mut bits = 0;
            for text in item.texts(key, remarks) {
                match FLAGS.iter().find(|flag| flag.0 == text.value) {
                    Some(flag) => bits |= flag.1,
                    None => {
                        remarks.add(text.span, format!("TCP has no flag `{}`", text.value));
                        unknown = Some(text);
                    }
                }
            }
            bits
        };
        let value = bits("Flags");
        let mask = if item.get("Masks").is_some() { bits("Masks") } else { 0xff };
        let cube = Cube::any().with(Axis::Protocol, Ranges::single(asked::TCP));
        if item.get("Flags").is_none() {
            unknown = Some(Spanned::new("of these", item.span()));
        }
        packets.add(cube.and_then(|cube| cube.with(Axis::TcpFlags, asked::flags(mask, value))).into());
    }
    let known = Condition::known(packets, list.span);
    Some(match unknown {
        Some(text) => known.or_unknown(format!("TCP flag {}", text.value), text.span),
        None => known,
    })
}
