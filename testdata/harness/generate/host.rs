//! Generated rulesets of a host in the kernel: what they are for gets through, and nothing just outside of it.

use std::thread;

use fwlint::profile::{NAMES, Profile};
use serde_json::{Value, json};

use super::{generate, inside};
use crate::kernel::oracle::{self, Oracle};

/// Addresses of the edge, and how far around them probes go.
const EDGES: [&str; 4] = ["198.41.192.7", "198.41.200.233", "2606:4700:a0::1", "2606:4700:a8::10"];

/// A packet, and what becomes of it in a host for which it is inside or not.
type Asked = (Value, bool);

/// A form in which rules can be had, the backend of iptables that loads them, and what they are to the oracle.
pub type Form = (&'static str, &'static str, Vec<(String, String)>);

fn probe(direction: &str, protocol: &str, address: &str, port: u16) -> Value {
    let remote = if direction == "out" { "dst" } else { "src" };
    json!({"direction": direction, "proto": protocol, remote: address, "dport": port})
}

/// A packet like another, but for this.
fn with(mut probe: Value, key: &str, value: impl Into<Value>) -> Value {
    probe[key] = value.into();
    probe
}

/// All published addresses.
pub fn edges() -> Vec<String> {
    let profile = NAMES.first().and_then(|name| Profile::named(name)).expect("there is a profile");
    let regions = profile.endpoint("global").expect("it has an endpoint").regions.iter();
    let of_region = |region: &fwlint::profile::Region| -> Vec<String> {
        let v4 = region.v4.iter().map(ToString::to_string);
        v4.chain(region.v6.iter().map(ToString::to_string)).collect()
    };
    regions.flat_map(of_region).collect()
}

/// Packets that differ from the tunnel's in one address, port, protocol or direction.
fn around() -> Vec<Value> {
    let mut outside = Vec::new();
    for edge in EDGES {
        for protocol in ["udp", "tcp"] {
            outside.extend(
                (0..60).filter(|port| *port != 30).map(|port| probe("out", protocol, edge, 7814 + port)),
            );
        }
    }
    for step in [1u8, 2, 3, 4] {
        for protocol in ["udp", "tcp"] {
            // No address of the edge ends in these.
            outside.push(probe("out", protocol, &format!("198.41.192.{}", 7 + step), 7844));
            outside.push(probe("out", protocol, &format!("198.41.200.{}", 233 - step), 7844));
            outside.push(probe("out", protocol, &format!("2606:4700:a0::{:x}", 0xa + step), 7844));
            outside.push(probe("in", protocol, "203.0.113.7", 7843 + u16::from(step)));
            outside.push(probe("in", protocol, "2001:db8:ffff::7", 7843 + u16::from(step)));
            outside.push(probe("in", protocol, "203.0.113.7", 21 + u16::from(step)));
        }
    }
    outside
}

/// What a host without further settings lets through, and what it does not.
fn plain() -> Vec<Asked> {
    let tunnel = edges().into_iter().flat_map(|edge| ["udp", "tcp"].map(|it| probe("out", it, &edge, 7844)));
    let names = EDGES.iter().flat_map(|edge| ["udp", "tcp"].map(|it| probe("out", it, edge, 53)));
    let more = [
        probe("out", "udp", "192.0.2.123", 123),
        with(probe("out", "udp", "192.0.2.1", 67), "sport", 68),
        probe("out", "tcp", "104.19.194.29", 443),
        // Echo requests, of which nobody asked.
        json!({"direction": "in", "proto": "icmpv6", "src": "2001:db8::7"}),
    ];
    let inside = tunnel.chain(names).map(|probe| (probe, true));
    inside.chain(around().into_iter().chain(more).map(|probe| (probe, false))).collect()
}

/// Settings for all that can be asked for, of a program that runs as a user of its own.
const SETTINGS: &str = "--user 998 --protocol quic --resolver 192.0.2.53 --access --dhcp --ntp-to 192.0.2.123 \
                        --ntp-to 2001:db8:123::/48 --ssh-from 203.0.113.0/24";

fn with_settings() -> Vec<Asked> {
    let mut asked: Vec<Asked> = around().into_iter().map(|it| (with(it, "uid", 998), false)).collect();
    // Without those from port 22 of the networks that are let in.
    asked.retain(|(probe, _)| probe["dport"] != 22);
    for edge in edges() {
        let own = with(probe("out", "udp", &edge, 7844), "uid", 998);
        asked.push((with(own.clone(), "uid", 997), false));
        asked.push((with(own.clone(), "proto", "tcp"), false));
        asked.push((own, true));
    }
    for (address, is_inside) in [("192.0.2.53", true), ("192.0.2.54", false), ("2001:db8::53", false)] {
        for protocol in ["udp", "tcp"] {
            asked.push((probe("out", protocol, address, 53), is_inside));
        }
    }
    for (address, is_inside) in [("192.0.2.123", true), ("192.0.2.124", false), ("2001:db8:123::1", true)] {
        asked.push((probe("out", "udp", address, 123), is_inside));
        asked.push((probe("out", "tcp", address, 123), false));
    }
    let keys = probe("out", "tcp", "104.19.194.29", 443);
    asked.push((with(keys.clone(), "uid", 998), true));
    asked.push((keys, false));
    asked.push((probe("in", "tcp", "203.0.113.7", 22), true));
    asked.push((probe("in", "tcp", "203.0.114.7", 22), false));
    let lease = with(probe("out", "udp", "192.0.2.1", 67), "sport", 68);
    asked.push((lease.clone(), true));
    asked.push((with(lease, "sport", 69), false));
    let offer = with(probe("in", "udp", "192.0.2.1", 68), "sport", 67);
    asked.push((offer.clone(), true));
    asked.push((with(offer, "sport", 66), false));
    asked
}

/// The forms in which the rules of a host can be had, each with the backend of iptables that loads it.
fn forms(settings: &str) -> Vec<Form> {
    let text = |dialect: &str| generate(dialect, &[settings]);
    let one = |kind: &str, text: String| vec![(kind.to_owned(), text)];
    let dumps = || [one("v4", text("iptables")), one("v6", text("ip6tables"))].concat();
    let nested = |dialect: &str| one("nft", inside(dialect, &text(dialect)));
    vec![
        ("iptables", "nft", dumps()),
        ("iptables", "legacy", dumps()),
        ("iptables-script", "nft", one("script", text("iptables-script"))),
        ("iptables-script", "legacy", one("script", text("iptables-script"))),
        ("nft", "nft", one("nft", text("nft"))),
        ("ansible", "nft", nested("ansible")),
        ("nix", "nft", nested("nix")),
    ]
}

/// Shows all forms to the kernel.
fn ask(folder: &std::path::Path, settings: &str, asked: &[Asked]) {
    let probes: Vec<Value> = asked.iter().map(|asked| asked.0.clone()).collect();
    for (form, backend, rulesets) in forms(settings) {
        let (mut oracle, mut jobs) = Oracle::start(folder, backend, 1);
        let mut job = crate::kernel::job(&rulesets, &[], &probes);
        job["interfaces"] = json!(["eth0=192.0.2.10/24,2001:db8::10/64"]);
        let writer =
            thread::spawn(move || std::io::Write::write_all(&mut jobs, format!("{job}\n").as_bytes()));
        let answer = oracle.next();
        writer.join().expect("the job is written").expect("the oracle takes it");
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{form} {backend}: {answer}"));
        assert_eq!(results.len(), asked.len());
        for (result, (_, is_inside)) in results.iter().zip(asked) {
            let step = if result["probe"]["direction"] == "out" { "egress" } else { "ingress" };
            assert_eq!(result[step] == "accepted", *is_inside, "{form} {backend} {settings}: {result}");
            assert_eq!(result["verdict"] == "open", *is_inside, "{form} {backend} {settings}: {result}");
        }
    }
}

#[test]
fn a_generated_ruleset_lets_the_tunnel_out_and_nothing_else() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the generated rulesets", &reason),
    };
    let plain = plain();
    assert!(plain.iter().filter(|asked| !asked.1).count() >= 500);
    ask(&folder, "", &plain);
    ask(&folder, SETTINGS, &with_settings());
}
