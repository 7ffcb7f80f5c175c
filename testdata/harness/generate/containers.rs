//! Generated rulesets of a host whose containers Docker has rules for, in the kernel: the program's container gets out,
//! nothing comes in that way, and Docker's rules stay.

use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use super::host::{Form, edges};
use super::{generate, inside};
use crate::kernel::{self, oracle};

/// What Docker adds to the rules of a family when it starts: its chains are called first, DOCKER-USER before all others.
/// A port is published, and containers get out.
const OF_DOCKER: &str = ":DOCKER-FORWARD - [0:0]
-I FORWARD -j DOCKER-FORWARD
-D FORWARD -j DOCKER-USER
-I FORWARD -j DOCKER-USER
-A DOCKER-FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-FORWARD -i docker0 -j ACCEPT
COMMIT
";

/// The rules of a host on which only Docker has made some.
const DOCKER_ALONE: &str = "*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
";

const INTERFACES: [&str; 3] = [
    "eth0=192.0.2.10/24,2001:db8::10/64",
    "docker0=172.17.0.1/16,fd00:17::1/64",
    "lan0=10.9.0.1/16,fd00:9::1/64",
];

fn probe(iface: &str, protocol: &str, from: [&str; 2], to: &str, port: u16) -> Value {
    let source = from[usize::from(to.contains(':'))];
    json!({
        "direction": "forward", "iface": iface, "proto": protocol, "src": source, "sport": 40_000, "dst": to, "dport": port,
    })
}

const CONTAINER: [&str; 2] = ["172.17.0.2", "fd00:17::2"];
const OTHER: [&str; 2] = ["10.9.0.2", "fd00:9::2"];
const OUTSIDE: [&str; 2] = ["203.0.113.7", "2001:db8:ffff::7"];

/// Packets that are forwarded, and whether they are.
fn asked() -> Vec<(Value, bool)> {
    let mut asked = Vec::new();
    for edge in edges() {
        for protocol in ["udp", "tcp"] {
            asked.push((probe("docker0", protocol, CONTAINER, &edge, 7844), true));
            asked.push((probe("docker0", protocol, CONTAINER, &edge, 7843), false));
            asked.push((probe("lan0", protocol, OTHER, &edge, 7844), false));
        }
    }
    for resolver in ["9.9.9.9", "2620:fe::fe"] {
        asked.push((probe("docker0", "udp", CONTAINER, resolver, 53), true));
        asked.push((probe("docker0", "tcp", CONTAINER, resolver, 53), true));
        asked.push((probe("docker0", "tcp", CONTAINER, resolver, 443), false));
        asked.push((probe("lan0", "udp", OTHER, resolver, 53), false));
    }
    for container in CONTAINER {
        for port in [53, 80, 7844] {
            asked.push((probe("eth0", "tcp", OUTSIDE, container, port), false));
            asked.push((probe("lan0", "tcp", OTHER, container, port), false));
        }
    }
    asked
}

/// The forms of such a host, each with the backend of iptables and with what Docker makes of it.
fn forms() -> Vec<Form> {
    let text = |dialect: &str| generate(dialect, &["--runs-in container"]);
    let restarted = |dialect: &str| text(dialect).replace("COMMIT\n", OF_DOCKER);
    let dumps = || vec![("v4".to_owned(), restarted("iptables")), ("v6".to_owned(), restarted("ip6tables"))];
    let beside = |ruleset: String| {
        let docker = format!("{DOCKER_ALONE}{}", OF_DOCKER.replace("-D FORWARD -j DOCKER-USER\n", ""));
        let docker = ["v4-nft", "v6-nft"].map(|kind| (kind.to_owned(), docker.clone()));
        docker.into_iter().chain([("nft".to_owned(), ruleset)]).collect()
    };
    vec![
        ("iptables", "nft", dumps()),
        ("iptables", "legacy", dumps()),
        ("nft", "nft", beside(text("nft"))),
        ("ansible", "nft", beside(inside("ansible", &text("ansible")))),
        ("nix", "nft", beside(inside("nix", &text("nix")))),
    ]
}

#[test]
fn a_generated_ruleset_lets_the_tunnel_out_of_a_container_and_nothing_else() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("the generated rulesets for containers", &reason);
    }
    let asked = asked();
    let probes: Vec<Value> = asked.iter().map(|asked| asked.0.clone()).collect();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/harness/forwarding/lab.py");
    for (form, backend, rulesets) in forms() {
        let (mut lab, mut jobs) = oracle::Oracle::run(&program, &[backend]);
        let job = kernel::job(&rulesets, &INTERFACES.map(str::to_owned), &probes);
        let writer =
            thread::spawn(move || std::io::Write::write_all(&mut jobs, format!("{job}\n").as_bytes()));
        let answer = lab.next();
        writer.join().expect("the job is written").expect("the lab takes it");
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{form} {backend}: {answer}"));
        assert_eq!(results.len(), asked.len());
        for (result, (probe, is_inside)) in results.iter().zip(&asked) {
            let expected = if *is_inside { "open" } else { "blocked" };
            assert_eq!(result["verdict"], expected, "{form} {backend}: {probe} {result}");
        }
    }
}
