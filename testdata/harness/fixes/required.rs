//! What the tunnel requires of a host: in fwlint's eyes, and as flows that the kernel is asked about.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use fwlint::eval::trace::{Outcome, Probe, trace};
use fwlint::eval::{Host, Routes, Socket, Way};
use fwlint::packet::Family;
use fwlint::profile::{NAMES, Profile};
use serde_json::{Value, json};

use crate::cli;

/// The resolver of the hosts.
const RESOLVER: &str = "9.9.9.9";

/// The ports on which cloudflared offers its metrics, the first that is free: one that is reached is enough.
const METRICS: std::ops::RangeInclusive<u16> = 20241..=20245;

/// Ports from which the edge is dialled besides the one that the kernel chooses: all must do.
const EPHEMERAL: [u16; 4] = [32768, 32777, 43115, 60999];

/// The numbers of users and of groups that the rules name.
const OWNERS: [u32; 4] = [0, 33, 1000, 65534];

/// Who may ask the resolver, or for metrics, by user and group: cloudflared, or another program on the host.
fn askers() -> impl Iterator<Item = (u32, u32)> {
    OWNERS.into_iter().flat_map(|uid| OWNERS.map(|gid| (uid, gid)))
}

/// Lints that say which requirement is not fulfilled.
const REQUIREMENTS: [&str; 10] = [
    "tunnel-edge-blocked",
    "tunnel-quic-blocked",
    "tunnel-http2-blocked",
    "tunnel-region-blocked",
    "tunnel-edge-partly-blocked",
    "tunnel-ipv6-blocked",
    "tunnel-reply-blocked",
    "tunnel-dns-blocked",
    "tunnel-loopback-blocked",
    "lockout",
];

/// The flags that say of a host what the kernel is asked about: its interface, its resolver, and the user.
pub fn settings(job: &Value) -> Vec<String> {
    // The first leads to the internet. Told of others, fwlint might choose to dial from there.
    let interfaces = job["interfaces"].as_array().into_iter().flatten().filter_map(Value::as_str).take(1);
    let interfaces = interfaces.map(|interface| format!("--interface={interface}"));
    let others = [format!("--resolver={RESOLVER}"), "--user=0".into(), "--isolated".into()];
    interfaces.chain(others).collect()
}

/// Why a fix of a note is rightly refused: answers that connection tracking does not know can only be let in together
/// with whatever else looks like them, and beside new rules `nft -o` may make something else of the others.
const REFUSED: [&str; 2] =
    ["it would bring another finding: open-port", "it would bring another finding: nft-optimize-unsafe"];

/// Of what the kernel is asked on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All that the tunnel requires.
    All,
    /// What it requires over IPv4: the host lets no other IPv6 out, so that cloudflared does without it, or its fix would let
    /// in more.
    V4,
    /// Nothing: a requirement is given up because its fix would let in more, or depends on more than the rules tell, as
    /// the number of cloudflared's group.
    Nothing,
}

/// The requirements that are not fulfilled in fwlint's eyes, and of which the kernel is asked all the same.
pub fn left(folder: &Path, file: &str, settings: &[String]) -> (Vec<String>, Asked) {
    let common = ["check", file, "--exit-zero", "--quick", "--format=json", "--fixes=1000"];
    let arguments: Vec<String> =
        common.iter().map(ToString::to_string).chain(settings.iter().cloned()).collect();
    let done = cli::run(folder, &arguments, b"");
    let report: Value = serde_json::from_str(&done.stdout).expect("the output is JSON");
    let findings = report["findings"].as_array().expect("a list").iter();
    let left = findings.filter(|it| it["lint"].as_str().is_some_and(|lint| REQUIREMENTS.contains(&lint)));
    // What depends on more than the rules tell may well hold: nothing is known to be wrong, and nothing is mended.
    let depends = |it: &Value| it["message"].as_str().is_some_and(|message| message.contains(" depends on "));
    let is_refused = |it: &Value| it["unfixed"].as_str().is_some_and(|why| REFUSED.contains(&why));
    let is_given_up = |it: &Value| is_refused(it) || it["unfixed"].is_null() && depends(it);
    let (given_up, left): (Vec<_>, Vec<_>) = left.partition(|it| it["level"] == "note" && is_given_up(it));
    let say = |it: &&Value| format!("left is {}: {} ({})", it["lint"], it["message"], it["unfixed"]);
    let left = left.iter().map(say).collect();
    let verdict = report["units"][0]["verdicts"]["cloudflared"].as_str().unwrap_or_default();
    // What is given up over IPv6 leaves IPv4, if that leads out.
    let of_more = given_up.iter().filter(|it| it["lint"] != "tunnel-ipv6-blocked").count();
    let asked = if of_more > 0 || verdict.contains("perhaps") {
        Asked::Nothing
    } else if verdict.contains("IPv4 only)") {
        Asked::V4
    } else {
        Asked::All
    };
    (left, asked)
}

/// The flows of the tunnel that are asked about, as probes.
pub fn flows(asked: Asked) -> Vec<Value> {
    let is_asked = |flow: &Value| match asked {
        Asked::All => true,
        Asked::V4 => flow["dst"].as_str().is_some_and(|address| !address.contains(':')),
        Asked::Nothing => false,
    };
    all_flows().into_iter().filter(is_asked).collect()
}

fn all_flows() -> Vec<Value> {
    let profile = NAMES.first().and_then(|name| Profile::named(name)).expect("there is a profile");
    let endpoint = profile.endpoint("global").expect("it has an endpoint");
    let mut flows = Vec::new();
    let dial = |to: &str, protocol: u8, port: u16, more: Value| {
        let protocol = if protocol == 6 { "tcp" } else { "udp" };
        let mut flow =
            json!({"direction": "out", "proto": protocol, "dst": to, "dport": port, "id": "required"});
        if let Some(port) = more.as_u64() {
            flow["sport"] = json!(port);
        }
        flow
    };
    for transport in &profile.transports {
        let number = transport.protocol.number();
        for region in &endpoint.regions {
            let v4 = region.v4.iter().map(ToString::to_string);
            let all: Vec<String> = v4.chain(region.v6.iter().map(ToString::to_string)).collect();
            flows.extend(all.iter().map(|edge| dial(edge, number, profile.port, Value::Null)));
            for family in Family::ALL {
                let first = all.iter().find(|edge| edge.contains(':') == (family == Family::V6));
                let from = |port: u16| dial(first.expect("an edge"), number, profile.port, json!(port));
                flows.extend(EPHEMERAL.map(from));
            }
        }
        for (uid, gid) in askers() {
            let mut flow = dial(RESOLVER, number, profile.dns.port, Value::Null);
            (flow["uid"], flow["gid"], flow["id"]) = (json!(uid), json!(gid), json!("names"));
            flows.push(flow);
        }
    }
    for own in ["127.0.0.1", "::1"] {
        let asked = askers().flat_map(|asker| METRICS.map(move |port| (asker, port)));
        flows.extend(asked.map(|((uid, gid), port)| {
            json!({
                "direction": "local", "proto": "tcp", "dst": own, "dport": port, "uid": uid, "gid": gid,
                "id": "metrics",
            })
        }));
    }
    flows
}

/// The flows among these that do not come up in the kernel. Loopback counts as well where the rules do not tell what
/// becomes of it: cloudflared runs without its metrics, so that no lint speaks of what may be.
pub fn blocked(results: &[Value], loopback_depends: &dyn Fn(IpAddr) -> bool) -> Vec<String> {
    let is_open = |result: &&Value| result["verdict"] == "open";
    let required = results.iter().filter(|result| result["id"] == "required");
    let mut blocked: Vec<String> = required
        .filter(|result| !is_open(result))
        .map(|result| format!("the kernel blocks {result}"))
        .collect();
    let names: Vec<&Value> = results.iter().filter(|it| it["id"] == "names").collect();
    let number = |it: &Value, key: &str| it["probe"][key].as_u64().unwrap_or_default();
    let is_served = |&(uid, gid): &(u32, u32)| {
        let is_own =
            |it: &&&Value| number(it, "uid") == u64::from(uid) && number(it, "gid") == u64::from(gid);
        let open = names.iter().filter(is_own).filter(|it| is_open(it)).count();
        // Over UDP and over TCP.
        open == 2
    };
    if !names.is_empty() && !askers().any(|asker| is_served(&asker)) {
        blocked.push(format!("the kernel lets nobody ask the resolver: {names:?}"));
    }
    for own in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let metrics = results.iter();
        let metrics: Vec<&Value> =
            metrics.filter(|it| it["id"] == "metrics" && it["probe"]["dst"] == own.to_string()).collect();
        if !metrics.is_empty() && !metrics.iter().any(is_open) && !loopback_depends(own) {
            blocked.push(format!("the kernel blocks loopback to {own}"));
        }
    }
    blocked
}

/// Does fwlint's trace say of anybody that it depends whether the metrics are reached? Who answers is not known to it.
pub fn depends(host: &Host, own: IpAddr) -> bool {
    let asked = askers().flat_map(|asker| METRICS.map(move |port| (asker, port)));
    asked.into_iter().any(|((uid, gid), port)| {
        let probe = Probe {
            way: Way::Local,
            protocol: 6,
            source: own,
            destination: own,
            source_port: EPHEMERAL[0],
            destination_port: port,
            flags: 2,
            uid: Some(uid),
            gid: Some(gid),
            mark: 0,
            socket: Socket::Untold,
            interface: None,
        };
        trace(host, &Routes::default(), &probe).is_ok_and(|trace| trace.verdict != Outcome::Blocked)
    })
}
