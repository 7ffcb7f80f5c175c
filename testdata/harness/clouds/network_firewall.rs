//! AWS Network Firewall: stateless rules for each packet, then stateful rules for the flow.
//!
//! The algorithm is that of
//! <https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-rules-engines.html> (stateless groups by
//! priority, the first rule that matches, default actions) and
//! <https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html> (action order and
//! strict order, default actions, flows that a rule has let pass).

use serde_json::{Value, json};

use fwlint::dialects::Dialect;

use super::dice::{Dice, PORTS, is_in};
use super::{Packet, Provider, list, texts};

pub struct NetworkFirewall;

const HOME: &str = "10.0.0.0/8";

/// What a rule may ask of the state of a flow.
const FLOWS: [&[&str]; 5] =
    [&[], &["to_server"], &["to_client"], &["to_server", "established"], &["not_established"]];

impl Provider for NetworkFirewall {
    const DIALECT: Dialect = Dialect::Aws;
    type Unit = ();

    fn export(dice: &mut Dice) -> Value {
        let is_strict = dice.once_in(2);
        let mut answers = Vec::new();
        let references: [Vec<Value>; 2] = ["stateless", "stateful"].map(|kind| {
            let numbers = 0..dice.below(3);
            let made = numbers.map(|number| {
                let arn = format!("arn:aws:network-firewall:x:1:{kind}-rulegroup/{number}");
                let source = if kind == "stateless" { stateless(dice) } else { stateful(dice) };
                answers.push(json!({
                    "RuleGroup": {
                        "RulesSource": source,
                        "StatefulRuleOptions": { "RuleOrder": if is_strict { "STRICT_ORDER" } else { "DEFAULT_ACTION_ORDER" } },
                    },
                    "RuleGroupResponse": { "RuleGroupArn": arn, "RuleGroupName": format!("{kind}-{number}") },
                }));
                json!({ "ResourceArn": arn, "Priority": 10 - number })
            });
            made.collect()
        });
        let [stateless, stateful] = references;
        let mut policy = json!({
            "StatelessDefaultActions": [dice.pick(&["aws:pass", "aws:drop", "aws:forward_to_sfe", "aws:forward_to_sfe", "aws:forward_to_sfe"])],
            "StatelessFragmentDefaultActions": ["aws:drop"],
            "StatelessRuleGroupReferences": stateless,
            "StatefulRuleGroupReferences": stateful,
            "PolicyVariables": { "RuleVariables": { "HOME_NET": { "Definition": [HOME] } } },
        });
        if is_strict {
            policy["StatefulEngineOptions"] = json!({ "RuleOrder": "STRICT_ORDER" });
            match dice.below(4) {
                0 => {}
                1 => policy["StatefulDefaultActions"] = json!(["aws:alert_strict"]),
                2 => policy["StatefulDefaultActions"] = json!(["aws:drop_strict"]),
                _ => {
                    policy["StatefulDefaultActions"] =
                        json!(["aws:drop_established", "aws:alert_established"])
                }
            }
        }
        answers.push(
            json!({ "FirewallPolicy": policy, "FirewallPolicyResponse": { "FirewallPolicyName": "policy" } }),
        );
        json!(answers)
    }

    fn units(_export: &Value) -> Vec<(String, ())> {
        vec![("policy".to_owned(), ())]
    }

    fn packet(dice: &mut Dice) -> Packet {
        Packet::random(dice, [&[1, 50], &[58, 50]])
    }

    /// Whether a handshake leads to anything hangs on what is said behind it.
    fn is_asked(export: &Value, packet: &Packet) -> bool {
        let defaults = &policy(export)["StatefulDefaultActions"];
        let is_told = packet.protocol != 6 || texts(defaults).all(|action| action != "aws:drop_established");
        is_told && !packet.may_ask_resolver()
    }

    fn judge(export: &Value, _unit: &(), packet: &Packet) -> (bool, bool) {
        let mut has_passed = false;
        let first = Seen { packet: *packet, is_answer: false };
        let answer = Seen { packet: packet.answer(), is_answer: true };
        let passes = is_let_through(export, &first, &mut has_passed);
        (passes, is_let_through(export, &answer, &mut has_passed))
    }
}

/// A packet of a flow.
struct Seen {
    packet: Packet,
    is_answer: bool,
}

impl Seen {
    /// Are both ends heard, and TCP's handshake over?
    fn is_established(&self) -> bool {
        self.is_answer && self.packet.protocol != 6
    }
}

fn policy(export: &Value) -> &Value {
    let mut answers = list(export).iter().map(|answer| &answer["FirewallPolicy"]);
    answers.find(|policy| !policy.is_null()).expect("a policy")
}

/// The rules of the groups that a policy refers to, by their priorities.
fn sources<'e>(export: &'e Value, references: &Value) -> Vec<&'e Value> {
    let mut sorted: Vec<&Value> = list(references).iter().collect();
    sorted.sort_by_key(|reference| reference["Priority"].as_u64());
    let group = |arn: &Value| {
        let mut groups = list(export).iter();
        groups.find(|answer| answer["RuleGroupResponse"]["RuleGroupArn"] == *arn).expect("a group")
    };
    sorted.iter().map(|reference| &group(&reference["ResourceArn"])["RuleGroup"]["RulesSource"]).collect()
}

fn is_let_through(export: &Value, seen: &Seen, has_passed: &mut bool) -> bool {
    let policy = policy(export);
    let of_packet = sources(export, &policy["StatelessRuleGroupReferences"]).into_iter().find_map(|source| {
        let rules = list(&source["StatelessRulesAndCustomActions"]["StatelessRules"]).iter();
        let matching =
            rules.filter(|rule| is_stateless_match(&rule["RuleDefinition"]["MatchAttributes"], seen));
        let first = matching.min_by_key(|rule| rule["Priority"].as_u64())?;
        first["RuleDefinition"]["Actions"][0].as_str()
    });
    match of_packet.or(policy["StatelessDefaultActions"][0].as_str()) {
        Some("aws:pass") => return true,
        Some("aws:drop") => return false,
        _ if *has_passed => return true,
        _ => {}
    }
    let mut rules: Vec<&Value> = sources(export, &policy["StatefulRuleGroupReferences"])
        .into_iter()
        .flat_map(|source| list(&source["StatefulRules"]))
        .collect();
    let is_strict = policy["StatefulEngineOptions"]["RuleOrder"] == json!("STRICT_ORDER");
    if !is_strict {
        let order = |rule: &&Value| {
            ["PASS", "DROP", "REJECT", "ALERT"].iter().position(|it| rule["Action"] == json!(it))
        };
        rules.sort_by_key(order);
    }
    let mut deciding = rules.iter().filter(|rule| rule["Action"] != json!("ALERT"));
    match deciding.find(|rule| is_stateful_match(rule, seen)) {
        Some(rule) if rule["Action"] == json!("PASS") => {
            *has_passed = true;
            true
        }
        Some(_) => false,
        None => !texts(&policy["StatefulDefaultActions"]).any(|action| action.starts_with("aws:drop")),
    }
}

fn is_stateless_match(asked: &Value, seen: &Seen) -> bool {
    let packet = &seen.packet;
    let is_at = |key: &str, address| {
        let mut all =
            list(&asked[key]).iter().map(|item| item["AddressDefinition"].as_str().expect("a text"));
        asked[key].is_null() || all.any(|network| is_in(address, network))
    };
    let has_port = |key: &str, port: u16| {
        let end = |item: &Value, key: &str| item[key].as_u64().expect("a port");
        let mut all = list(&asked[key]).iter();
        // All ports are how `ANY` is kept.
        let is_any = |item: &Value| end(item, "FromPort") == 0 && end(item, "ToPort") == u64::from(u16::MAX);
        asked[key].is_null()
            || all.clone().any(is_any)
            || matches!(packet.protocol, 6 | 17)
                && all.any(|item| (end(item, "FromPort")..=end(item, "ToPort")).contains(&u64::from(port)))
    };
    let has_flags = || {
        // The first packet has SYN, its answer SYN and ACK.
        let flags = if seen.is_answer { ["SYN", "ACK"].as_slice() } else { &["SYN"] };
        let fits = |item: &Value| {
            texts(&item["Masks"])
                .all(|flag| flags.contains(&flag) == texts(&item["Flags"]).any(|wanted| wanted == flag))
        };
        asked["TCPFlags"].is_null() || packet.protocol == 6 && list(&asked["TCPFlags"]).iter().any(fits)
    };
    let mut numbers = list(&asked["Protocols"]).iter();
    (asked["Protocols"].is_null() || numbers.any(|number| number.as_u64() == Some(packet.protocol.into())))
        && is_at("Sources", packet.source)
        && is_at("Destinations", packet.destination)
        && has_port("SourcePorts", packet.source_port)
        && has_port("DestinationPorts", packet.destination_port)
        && has_flags()
}

fn is_stateful_match(rule: &Value, seen: &Seen) -> bool {
    let (header, packet) = (&rule["Header"], &seen.packet);
    let part = |key: &str| header[key].as_str().expect("a text");
    let fits = |source: &str, destination: &str| {
        is_address(packet.source, part(source))
            && is_address(packet.destination, part(destination))
            && is_port(packet, packet.source_port, part(&format!("{source}Port")))
            && is_port(packet, packet.destination_port, part(&format!("{destination}Port")))
    };
    let is_protocol = match part("Protocol") {
        "TCP" => packet.protocol == 6,
        "UDP" => packet.protocol == 17,
        "ICMP" => matches!(packet.protocol, 1 | 58),
        _ => true,
    };
    let asked = list(&rule["RuleOptions"]).iter().filter(|option| option["Keyword"] == json!("flow"));
    let mut words = asked.flat_map(|option| texts(&option["Settings"]));
    is_protocol
        && (fits("Source", "Destination")
            || header["Direction"] == json!("ANY") && fits("Destination", "Source"))
        && words.all(|word| match word {
            "to_server" => !seen.is_answer,
            "to_client" => seen.is_answer,
            "established" => seen.is_established(),
            _ => !seen.is_established(),
        })
}

/// The parts of a list in brackets, those that are negated apart; of anything else, the thing itself.
fn parts(text: &str) -> (Vec<&str>, Vec<&str>) {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let (without, with): (Vec<&str>, Vec<&str>) = inner.split(',').partition(|part| part.starts_with('!'));
    (with, without.iter().map(|part| &part[1..]).collect())
}

fn is_address(address: std::net::IpAddr, text: &str) -> bool {
    let is_one = |part: &&str| match *part {
        "ANY" => true,
        "$HOME_NET" => is_in(address, HOME),
        "$EXTERNAL_NET" => !is_in(address, HOME),
        network => is_in(address, network),
    };
    let (with, without) = parts(text);
    (with.is_empty() || with.iter().any(is_one)) && !without.iter().any(is_one)
}

/// Only TCP and UDP have ports; a rule for all of them is for packets without any, too.
fn is_port(packet: &Packet, port: u16, text: &str) -> bool {
    let is_one = |part: &&str| {
        let (low, high) = part.split_once(':').unwrap_or((part, part));
        let number =
            |text: &str, default| if text.is_empty() { default } else { text.parse().expect("a port") };
        (number(low, 0)..=number(high, u16::MAX)).contains(&port)
    };
    let (with, without) = parts(text);
    matches!(text, "ANY" | "0:65535")
        || matches!(packet.protocol, 6 | 17)
            && (with.is_empty() || with.iter().any(is_one))
            && !without.iter().any(is_one)
}

fn stateless(dice: &mut Dice) -> Value {
    let rules: Vec<Value> = (0..1 + dice.below(4))
        .map(|number| {
            let is_v6 = dice.once_in(5);
            let mut asked = json!({});
            if !dice.once_in(3) {
                asked["Protocols"] = json!([dice.pick(&[1, 6, 17, 50])]);
            }
            for key in ["Sources", "Destinations"] {
                if dice.once_in(2) {
                    asked[key] = json!([{ "AddressDefinition": dice.network(is_v6) }]);
                }
            }
            for key in ["SourcePorts", "DestinationPorts"] {
                if dice.once_in(4) {
                    let (low, high) = dice.ports();
                    asked[key] = json!([{ "FromPort": low, "ToPort": high }]);
                }
            }
            if dice.once_in(6) {
                asked["TCPFlags"] = json!([{ "Flags": ["SYN"], "Masks": ["SYN", "ACK"] }]);
            }
            let action = dice.pick(&["aws:pass", "aws:drop", "aws:forward_to_sfe", "aws:forward_to_sfe"]);
            // They are listed in no order.
            json!({ "Priority": number * 7 % 5 + 1, "RuleDefinition": { "MatchAttributes": asked, "Actions": [action] } })
        })
        .collect();
    json!({ "StatelessRulesAndCustomActions": { "StatelessRules": rules } })
}

fn stateful(dice: &mut Dice) -> Value {
    let rules: Vec<Value> = (0..1 + dice.below(6))
        .map(|number| {
            let is_v6 = dice.once_in(5);
            let mut end = || match dice.below(6) {
                0 | 1 => "ANY".to_owned(),
                2 => "$HOME_NET".to_owned(),
                3 => "$EXTERNAL_NET".to_owned(),
                4 => format!("[{},!{}]", dice.network(is_v6), dice.network(is_v6)),
                _ => dice.network(is_v6),
            };
            let (source, destination) = (end(), end());
            let mut ports = || match dice.below(6) {
                0 => format!("!{}", dice.pick(&PORTS)),
                1 => format!("[{},{}]", dice.pick(&PORTS), dice.pick(&PORTS)),
                2 => {
                    let (low, high) = dice.ports();
                    format!("{low}:{high}")
                }
                _ => "ANY".to_owned(),
            };
            let (source_port, destination_port) = (ports(), ports());
            let mut options = vec![json!({ "Keyword": "sid", "Settings": [number.to_string()] })];
            let flow = *dice.pick(&FLOWS);
            if !flow.is_empty() {
                options.push(json!({ "Keyword": "flow", "Settings": flow }));
            }
            json!({
                "Action": dice.pick(&["PASS", "PASS", "DROP", "DROP", "REJECT", "ALERT"]),
                "Header": {
                    "Protocol": dice.pick(&["TCP", "UDP", "IP", "ICMP"]),
                    "Source": source, "SourcePort": source_port,
                    "Direction": if dice.once_in(4) { "ANY" } else { "FORWARD" },
                    "Destination": destination, "DestinationPort": destination_port,
                },
                "RuleOptions": options,
            })
        })
        .collect();
    json!({ "StatefulRules": rules })
}
