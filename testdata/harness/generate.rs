//! What `fwlint generate` writes is clean in fwlint's own eyes, and does in the kernel what it is for.

use std::net::IpAddr;
use std::path::Path;
use std::thread;

use fwlint::dialects::{self, COMPOSED};
use fwlint::profile::{NAMES, Profile};
use serde_json::{Value, json};

use crate::cli;
use crate::kernel::oracle::{self, Oracle};

/// Ways to set cloudflared up, one list for each setting.
const SETTINGS: [&[&str]; 8] = [
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
    &["", "--edge-rules prefixes"],
];

/// The dialects that make a whole ruleset, alone or together.
const FILES: [&[&str]; 8] = [
    &["iptables-script"],
    &["iptables", "ip6tables"],
    &["nft"],
    &["gcloud"],
    &["aws"],
    &["azure"],
    &["ansible"],
    &["nix"],
];

/// All combinations of the first four settings, while the others change with them, each at its own pace; with
/// `FWLINT_GENERATE=all`, all of all.
fn combinations() -> Vec<Vec<&'static str>> {
    let is_whole = std::env::var("FWLINT_GENERATE").is_ok_and(|value| value == "all");
    let (product, rest) = SETTINGS.split_at(if is_whole { SETTINGS.len() } else { 4 });
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for options in product {
        all = all
            .iter()
            .flat_map(|so_far| options.iter().map(|option| [&so_far[..], &[*option]].concat()))
            .collect();
    }
    for (number, combination) in all.iter_mut().enumerate() {
        combination.extend(rest.iter().map(|options| options[number % options.len()]));
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
fn each_dialect_that_is_written_is_read_as_what_it_is() {
    for (name, dialect) in COMPOSED {
        let text = generate(name, &[]);
        assert_eq!(dialects::recognise(Path::new("-"), &text), Some(dialect), "{name}");
    }
}

/// What a check says above notes of a ruleset that some dialects tell together.
fn complaints(dialects: &[&str], combination: &[&str]) -> Option<String> {
    // The check is told the same, but for what it does not ask.
    let told: Vec<&str> =
        combination.iter().copied().filter(|part| !part.starts_with("--ssh-from")).collect();
    let common = "check --isolated --fixes 0 --format concise";
    let folder = tempfile::tempdir().expect("a folder");
    let done = match dialects {
        [only] => cli::run(
            folder.path(),
            &words(&format!("{common} -"), &told),
            generate(only, combination).as_bytes(),
        ),
        _ => {
            for dialect in dialects {
                std::fs::write(folder.path().join(dialect), generate(dialect, combination)).expect("a file");
            }
            cli::run(folder.path(), &words(&format!("{common} --together ."), &told), b"")
        }
    };
    let is_clean = done.status == 0 && done.stderr.is_empty();
    (!is_clean).then(|| format!("{dialects:?} {combination:?}\n{}{}", done.stdout, done.stderr))
}

#[test]
fn a_generated_ruleset_is_clean() {
    let all = combinations();
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = FILES
            .iter()
            .map(|dialects| {
                let all = &all;
                scope.spawn(move || all.iter().filter_map(|it| complaints(dialects, it)).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it is checked")).collect()
    });
    println!("{} combinations of settings in {} forms", all.len(), FILES.len());
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
    let profile = NAMES.first().and_then(|name| Profile::named(name)).expect("there is a profile");
    for region in &profile.endpoint("global").expect("it has an endpoint").regions {
        let v4 = region.v4.iter().map(ToString::to_string);
        for edge in v4.chain(region.v6.iter().map(ToString::to_string)) {
            inside.extend(["udp", "tcp"].map(|protocol| probe("out", protocol, &edge, profile.port)));
        }
    }
    for edge in EDGES {
        for protocol in ["udp", "tcp"] {
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
