//! What `fwlint generate` writes is clean in fwlint's own eyes, and does in the kernel what it is for.

use std::net::IpAddr;
use std::thread;

use fwlint::dialects::{COMPOSED, DIALECTS};
use serde_json::{Value, json};

use crate::cli;
use crate::kernel::oracle::{self, Oracle};

/// Ways to set cloudflared up, one list for each setting.
const SETTINGS: [&[&str]; 7] = [
    &["", "--protocol quic", "--protocol http2"],
    &["", "--edge-ip-version 4", "--edge-ip-version 6"],
    &[
        "",
        "--resolver 192.0.2.53 --resolver 2001:db8::53",
        "--resolver 127.0.0.53",
        "--resolver 1.1.1.1 --resolver 2606:4700:4700::1111",
    ],
    &["", "--runs-in container"],
    &["", "--region us", "--region fedramp"],
    &["", "--access", "--auto-update", "--quick-tunnel", "--access --auto-update --quick-tunnel"],
    &["", "--ssh-from 192.0.2.0/24 --ssh-from 2001:db8::/32"],
];

/// All combinations of the first four settings; the others change with them, each at its own pace.
fn combinations() -> Vec<Vec<&'static str>> {
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for options in &SETTINGS[..4] {
        all = all
            .iter()
            .flat_map(|so_far| options.iter().map(|option| [&so_far[..], &[*option]].concat()))
            .collect();
    }
    for (number, combination) in all.iter_mut().enumerate() {
        combination.extend(SETTINGS[4..].iter().map(|options| options[number % options.len()]));
    }
    all
}

fn words(command: &str, combination: &[&str]) -> Vec<String> {
    command
        .split(' ')
        .chain(combination.iter().flat_map(|part| part.split_whitespace()))
        .map(String::from)
        .collect()
}

fn generate(dialect: &str, combination: &[&str]) -> String {
    let folder = std::env::temp_dir();
    let done = cli::run(&folder, &words(&format!("generate --dialect {dialect}"), combination), b"");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{combination:?}");
    done.stdout
}

#[test]
fn dialects_that_are_offered_are_written_and_no_others() {
    for entry in DIALECTS {
        let folder = tempfile::tempdir().expect("a folder");
        let done = cli::run(folder.path(), &words(&format!("generate --dialect {}", entry.name), &[]), b"");
        assert_eq!(done.status == 0, COMPOSED.contains(&entry.dialect), "{}: {}", entry.name, done.stderr);
        assert_eq!(done.status == 0, !done.stdout.is_empty(), "{}", entry.name);
    }
}

#[test]
fn a_generated_ruleset_is_clean() {
    let mut wrong = Vec::new();
    for combination in combinations() {
        // The check is told the same, but for what it does not ask.
        let told: Vec<&str> =
            combination.iter().copied().filter(|part| !part.starts_with("--ssh-from")).collect();
        for files in [&["iptables-script"][..], &["iptables", "ip6tables"], &["nft"]] {
            let folder = tempfile::tempdir().expect("a folder");
            for dialect in files {
                std::fs::write(folder.path().join(dialect), generate(dialect, &combination)).expect("a file");
            }
            let arguments = words("check --isolated --together --fixes 0 --format concise .", &told);
            let done = cli::run(folder.path(), &arguments, b"");
            if done.status != 0 {
                wrong.push(format!("{files:?} {combination:?}\n{}{}", done.stdout, done.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[0]);
}

/// Addresses of the edge, and how far around them probes go.
const EDGES: [&str; 4] = ["198.41.192.7", "198.41.200.233", "2606:4700:a0::1", "2606:4700:a8::10"];

fn probe(direction: &str, protocol: &str, address: &str, port: u16) -> Value {
    let remote = if direction == "out" { "dst" } else { "src" };
    json!({"direction": direction, "proto": protocol, remote: address, "dport": port})
}

/// What must get through, and packets that differ from that in one address, port, protocol or direction.
fn probes() -> (Vec<Value>, Vec<Value>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for edge in EDGES {
        for protocol in ["udp", "tcp"] {
            inside.push(probe("out", protocol, edge, 7844));
            outside.extend(
                (0..60).filter(|port| *port != 30).map(|port| probe("out", protocol, edge, 7814 + port)),
            );
        }
        inside.push(probe("out", "udp", edge, 53));
        inside.push(probe("out", "tcp", edge, 53));
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
    (inside, outside)
}

#[test]
fn a_generated_ruleset_lets_the_tunnel_out_and_nothing_else() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("the generated rulesets", &reason),
    };
    let (inside, outside) = probes();
    let all: Vec<Value> = inside.iter().chain(&outside).cloned().collect();
    let dumps = [("v4".into(), generate("iptables", &[])), ("v6".into(), generate("ip6tables", &[]))];
    let table = [("nft".into(), generate("nft", &[]))];
    for (backend, rulesets) in [("nft", &dumps[..]), ("legacy", &dumps), ("nft", &table)] {
        let (mut oracle, mut jobs) = Oracle::start(&folder, backend, 1);
        let mut job = crate::kernel::job(rulesets, &[], &all);
        job["interfaces"] = json!(["eth0=192.0.2.10/24,2001:db8::10/64"]);
        let writer =
            thread::spawn(move || std::io::Write::write_all(&mut jobs, format!("{job}\n").as_bytes()));
        let answer = oracle.next();
        writer.join().expect("the job is written").expect("the oracle takes it");
        let results = answer["results"].as_array().unwrap_or_else(|| panic!("{backend}: {answer}"));
        for (number, result) in results.iter().enumerate() {
            let step = if result["probe"]["direction"] == "out" { "egress" } else { "ingress" };
            let is_inside = number < inside.len();
            assert_eq!(result[step] == "accepted", is_inside, "{backend}: {result}");
            assert_eq!(result["verdict"] == "open", is_inside, "{backend}: {result}");
        }
    }
    assert!(outside.len() >= 500, "{} probes just outside", outside.len());
    let is_address = |text: &&str| text.parse::<IpAddr>().is_ok();
    assert!(EDGES.iter().all(is_address));
}
