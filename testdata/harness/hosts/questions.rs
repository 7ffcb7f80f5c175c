//! What is asked of each host: cloudflared's flows, other ways out, and what gets in.

use super::truth::Block;
use super::word;
use serde_json::{Value, json};
use std::fmt::Write;

/// A line of the answers: what it is about, and the packets that tell.
pub struct Question {
    topic: String,
    kind: Kind,
    /// Each with the name under which the answer speaks of it.
    packets: Vec<(String, Value)>,
}

enum Kind {
    /// Flows that the host begins: do they work from end to end?
    Flow,
    /// New packets from elsewhere: do they reach the host?
    Entry,
    /// Neighbour discovery, which the oracle tries beside other IPv6 packets.
    Discovery,
}

const REGIONS: [(u8, &str, [u8; 10]); 2] = [
    (1, "198.41.192", [7, 27, 37, 47, 57, 67, 77, 107, 167, 227]),
    (2, "198.41.200", [13, 23, 33, 43, 53, 63, 73, 113, 193, 233]),
];
const REGIONS_V6: [(u8, &str); 2] = [(1, "2606:4700:a0::"), (2, "2606:4700:a8::")];

/// Sites in the address ranges that are set aside for documentation.
const REMOTE: [(&str, &str); 2] = [("IPv4", "203.0.113.77"), ("IPv6", "2001:db8:ffff::77")];

/// All questions about a host, in the order of the lines; about IPv6 only when its files speak of that.
pub fn all(block: &Block, ipv6: bool) -> Vec<Question> {
    let mut questions = every(block);
    if !ipv6 {
        questions.retain(|question| question.packets.iter().all(|(_, packet)| !is_ipv6(packet)));
    }
    questions
}

fn is_ipv6(packet: &Value) -> bool {
    ["src", "dst"].iter().any(|end| packet[end].as_str().is_some_and(|address| address.contains(':')))
}

fn every(block: &Block) -> Vec<Question> {
    let user = block.user;
    let out = |proto: &str, address: &str, port: u16| json!({"direction": "out", "proto": proto, "dst": address, "dport": port, "uid": user});
    let one = |topic: &str, packet: Value| flow(topic, vec![(String::new(), packet)]);
    let mut questions = Vec::new();
    for (name, proto) in [("QUIC", "udp"), ("HTTP/2", "tcp")] {
        for (region, network, hosts) in REGIONS {
            let addresses = hosts.map(|host| format!("{network}.{host}"));
            let packets = addresses.map(|address| (address.clone(), out(proto, &address, 7844)));
            questions.push(flow(&format!("{name} to region {region}, IPv4"), packets.into()));
        }
        for (region, network) in REGIONS_V6 {
            let addresses =
                ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"].map(|host| format!("{network}{host}"));
            let packets = addresses.map(|address| (address.clone(), out(proto, &address, 7844)));
            questions.push(flow(&format!("{name} to region {region}, IPv6"), packets.into()));
        }
    }
    for resolver in ["1.1.1.1", "9.9.9.9", "2606:4700:4700::1111"] {
        questions.push(one(&format!("DNS over UDP to {resolver}"), out("udp", resolver, 53)));
        questions.push(one(&format!("DNS over TCP to {resolver}"), out("tcp", resolver, 53)));
    }
    questions.push(one("DNS over TLS to 1.1.1.1", out("tcp", "1.1.1.1", 853)));
    for (topic, proto, address, port) in [
        ("stub resolver on 127.0.0.53", "udp", "127.0.0.53", 53),
        ("metrics on 127.0.0.1", "tcp", "127.0.0.1", 20241),
        ("origin on [::1]", "tcp", "::1", 8080),
    ] {
        let packet =
            json!({"direction": "local", "proto": proto, "dst": address, "dport": port, "uid": user});
        questions.push(one(topic, packet));
    }
    questions.push(one("HTTPS to api.cloudflare.com, IPv4", out("tcp", "104.19.192.29", 443)));
    questions.push(one("HTTPS to api.cloudflare.com, IPv6", out("tcp", "2606:4700:300a::6813:c0af", 443)));
    for (family, address) in REMOTE {
        questions.push(one(&format!("SMTP to anywhere, {family}"), out("tcp", address, 25)));
    }
    for (family, address) in REMOTE {
        let mut packets = Vec::new();
        // The oracle takes the family from the destination.
        let entry = |proto: &str, port: u16| json!({"direction": "in", "proto": proto, "src": address, "dst": block.address(family), "dport": port});
        for (proto, ports) in [("tcp", &[22, 80, 443, 7844, 10250][..]), ("udp", &[53, 7844, 41641])] {
            packets.extend(ports.iter().map(|&port| (format!("{proto} {port}"), entry(proto, port))));
        }
        for sport in [53, 123, 7844] {
            let mut packet = entry("udp", 40000);
            packet["sport"] = Value::from(sport);
            packets.push((format!("udp 40000 from port {sport}"), packet));
        }
        let echo = if family == "IPv4" { "icmp" } else { "icmpv6" };
        packets.push(("ping".to_string(), json!({"direction": "in", "proto": echo, "src": address})));
        questions.push(Question { topic: format!("inbound, {family}"), kind: Kind::Entry, packets });
    }
    let discovery = [
        ("out".to_string(), out("tcp", REMOTE[1].1, 443)),
        ("in".to_string(), json!({"direction": "in", "proto": "icmpv6", "src": REMOTE[1].1})),
    ];
    let topic = "neighbour discovery".to_string();
    questions.push(Question { topic, kind: Kind::Discovery, packets: discovery.into() });
    questions
}

/// The packets of questions as probes of the oracle, in order.
pub fn probes(questions: &[Question]) -> Vec<Value> {
    questions.iter().flat_map(|question| question.packets.iter().map(|(_, packet)| packet.clone())).collect()
}

/// The answers in words, one line for each question.
pub fn summary(questions: &[Question], answers: &[Value]) -> String {
    let mut lines = String::new();
    let mut rest = answers;
    for question in questions {
        let (answers, later) = rest.split_at(question.packets.len().min(rest.len()));
        rest = later;
        let names = question.packets.iter().map(|(name, _)| name.as_str());
        let fates = answers.iter().map(|answer| fate(&question.kind, answer));
        // The oracle does not try the discovery of a next hop for what it could not send.
        let fates: Vec<(&str, String)> = names.zip(fates).filter(|(_, fate)| !fate.is_empty()).collect();
        writeln!(lines, "{}: {}", question.topic, grouped(&question.kind, &fates)).unwrap_or_default();
    }
    lines
}

fn flow(topic: &str, packets: Vec<(String, Value)>) -> Question {
    Question { topic: topic.to_string(), kind: Kind::Flow, packets }
}

/// What became of a packet.
fn fate(kind: &Kind, answer: &Value) -> String {
    if let Some(error) = answer["error"].as_str() {
        return format!("error {error}");
    }
    let steps = match kind {
        Kind::Entry => return word(answer, "ingress").to_string(),
        Kind::Discovery => return word(answer, "nd").to_string(),
        Kind::Flow => [
            ("egress", "accepted", ""),
            ("ingress", "accepted", "at the entry "),
            ("reply", "delivered", "reply "),
            ("followup", "passed", "follow-up "),
        ],
    };
    let stopped =
        steps.iter().find(|(step, good, _)| !word(answer, step).is_empty() && word(answer, step) != *good);
    match stopped {
        Some((step, _, name)) => format!("{name}{}", word(answer, step)),
        None => "open".to_string(),
    }
}

/// The fates with the names of the packets that met them. Of flows, the fate of most stands first, without
/// their names; it stands alone when all met the same.
fn grouped(kind: &Kind, fates: &[(&str, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, fate) in fates {
        match groups.iter_mut().find(|(known, _)| known == fate) {
            Some((_, names)) => names.push(name),
            None => groups.push((fate, vec![name])),
        }
    }
    let plain = matches!(kind, Kind::Flow) || groups.len() == 1;
    if plain {
        groups.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
    }
    let groups = groups.iter().enumerate().map(|(at, (fate, names))| match plain && at == 0 {
        true => fate.to_string(),
        false => format!("{fate} ({})", names.join(", ")),
    });
    groups.collect::<Vec<_>>().join("; ")
}
