//! `fwlint scan --probe` on a real host against real servers, each in a private network namespace: names, the edge over TCP
//! and QUIC, DNS over TLS, HTTPS.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use fwlint::profile::Profile;
use serde_json::{Map, Value, json};

use crate::expected;
use crate::kernel::oracle;

const FWLINT: &str = env!("CARGO_BIN_EXE_fwlint");

/// Closed but for the tunnel, with a place for more rules on the way out and in.
fn rules(output: &str, input: &str) -> String {
    format!(
        "nft -f - <<'END'\ntable inet filter {{\n\tchain input {{\n\t\ttype filter hook input priority filter; policy drop;\n\
         {input}\n\t\tiifname \"lo\" accept\n\t\tct state established,related accept\n\t\ticmpv6 type {{ nd-neighbor-solicit, \
         nd-neighbor-advert, nd-router-advert }} accept\n\t}}\n\tchain output {{\n\t\ttype filter hook output priority filter; \
         policy accept;\n{output}\n\t}}\n}}\nEND\n"
    )
}

/// What the network of today would answer: as the profile has it.
fn answers() -> Map<String, Value> {
    let profile = Profile::named("cloudflare-tunnel").expect("there is one");
    let endpoint = profile.endpoint("global").expect("there is one");
    let mut answers = Map::new();
    let hosts: Vec<String> =
        endpoint.regions.iter().map(|it| format!("{}:{}", it.host, profile.port)).collect();
    answers.insert(format!("SRV {}", endpoint.srv), json!(hosts));
    for region in &endpoint.regions {
        answers.insert(format!("A {}", region.host), json!(region.v4));
        answers.insert(format!("AAAA {}", region.host), json!(region.v6));
    }
    answers.insert("A api.cloudflare.com".into(), json!(["104.19.192.29"]));
    answers
}

/// A scan of a host: what is done on it and on the network before, and what is there that answers.
struct Case {
    host: Vec<String>,
    network: Vec<String>,
    answers: Map<String, Value>,
    serves: Vec<(&'static str, u16)>,
    arguments: Vec<&'static str>,
}

impl Case {
    /// A host with rules, on a network on which all is as it should be.
    fn new(rules: String) -> Self {
        let serves = vec![("udp", 53), ("tcp", 53), ("udp", 7844), ("tcp", 7844), ("tcp", 853), ("tcp", 443)];
        Case { host: vec![rules], network: Vec::new(), answers: answers(), serves, arguments: Vec::new() }
    }

    /// The report of the scan; `None` where nobody may make namespaces.
    fn report(self) -> Option<Value> {
        if let Err(reason) = oracle::root() {
            oracle::say_skipped("probes in network namespaces", &reason);
            return None;
        }
        let Case { host, network, answers, serves, arguments } = self;
        let job = json!({ "host": host, "network": network, "answers": answers, "serves": serves, "arguments": arguments });
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/harness/scan/edge.py");
        let mut lab = Command::new("unshare")
            .args(["--net", "--mount", "python3"])
            .args([program.as_os_str(), FWLINT.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        lab.stdin.take().expect("it reads").write_all(job.to_string().as_bytes()).expect("it reads");
        let output = lab.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("it answers in JSON");
        let text = answer["stdout"].as_str().unwrap_or_default();
        let report: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let findings = report["findings"].as_array().expect("a list");
        let is_bad = findings.iter().any(|finding| finding["level"] != "note");
        assert_eq!(
            (&answer["status"], &answer["stderr"]),
            (&i32::from(is_bad).into(), &"".into()),
            "{answer}"
        );
        Some(report)
    }
}

/// What the lints about probes say: level, message, line.
fn said(report: &Value) -> String {
    let about = ["tunnel-unanswered", "tunnel-address-drift", "probe-contradicts-rules"];
    let mut text = String::new();
    for finding in report["findings"].as_array().expect("a list") {
        let lint = finding["lint"].as_str().unwrap_or_default();
        if about.contains(&lint) {
            let text_of = |key: &str| finding[key].as_str().unwrap_or_default();
            let is_rule = finding["path"] == "ruleset.nft" || finding["path"] == "iptables-nft.rules";
            let line = if is_rule {
                format!(" ({}:{})", text_of("path"), finding["start"]["line"])
            } else {
                String::new()
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}[{lint}]: {}{line}", text_of("level"), text_of("message"));
        }
    }
    text
}

/// How many probes there were of each kind, what came of them, what the rules make of them, who is to blame.
fn counts(report: &Value) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for probe in report["units"][0]["probes"].as_array().expect("something was tried") {
        let words =
            ["what", "protocol", "came", "rules", "blame"].map(|key| probe[key].as_str().unwrap_or("-"));
        let words = words.join(" ");
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words, 1)),
        }
    }
    counts.iter().map(|(words, count)| format!("{count} {words}\n")).collect()
}

/// How many random rulesets of each kind are tried.
const RULESETS: usize = 3;

/// What loads a ruleset of a kind.
fn load(kind: &str, text: &str) -> String {
    let program = match kind {
        "nft" => "nft -f -",
        "v4" => "iptables-nft-restore",
        "v6" => "ip6tables-nft-restore",
        "ipset" => "ipset restore",
        other => panic!("nothing loads {other}"),
    };
    format!("{program} <<'END'\n{text}\nEND\n")
}

/// Random rules, in the order in which they are loaded: sets first.
fn random(oracle: &Path, flavour: &str) -> Vec<Vec<String>> {
    let count = std::env::var("FWLINT_PROBE_COUNT").unwrap_or_else(|_| RULESETS.to_string());
    let mut generator = Command::new("python3");
    generator.arg(oracle.join("genrules.py")).args(["--flavour", flavour, "--seed", "12", "--count", &count]);
    let output = generator.args(["--probes", "1"]).output().expect("python3 runs");
    let text = String::from_utf8(output.stdout).expect("the generator writes text");
    let jobs = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("it writes JSON"));
    let commands = |job: Value| {
        let mut parts: Vec<(String, String)> =
            serde_json::from_value(job["rulesets"].clone()).expect("pairs of a kind and a text");
        parts.sort_by_key(|(kind, _)| kind != "ipset");
        parts.iter().map(|(kind, text)| load(kind, text)).collect()
    };
    jobs.map(commands).collect()
}

#[test]
fn on_a_network_on_which_all_is_well_what_fails_is_the_fault_of_the_rules() {
    let folder = match oracle::folder() {
        Ok(folder) => folder,
        Err(reason) => return oracle::say_skipped("probes through random rulesets", &reason),
    };
    let hosts: Vec<_> = ["nft", "iptables"].iter().flat_map(|flavour| random(&folder, flavour)).collect();
    let probe = |host: Vec<String>| {
        // The rules may name a second interface.
        let second = "ip link add eth1 type veth peer name eth2; ip addr add 198.18.0.10/24 dev eth1; ip link set eth1 up";
        let host = std::iter::once(second.to_owned()).chain(host).collect();
        Case { host, ..Case::new(String::new()) }.report().map_or_else(String::new, |report| counts(&report))
    };
    let told: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = hosts.into_iter().map(|host| scope.spawn(|| probe(host))).collect();
        running.into_iter().map(|each| each.join().expect("it ends")).collect()
    });
    let mut tally: BTreeMap<String, usize> = BTreeMap::new();
    for line in told.iter().flat_map(|counts| counts.lines()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [count, _, _, came, rules, blame] = words[..] else { panic!("{line}") };
        *tally.entry(format!("{came} {rules} {blame}")).or_default() +=
            count.parse::<usize>().expect("a number");
    }
    oracle::say(&format!("probes through {} random rulesets: {tally:?}", told.len()));
    let is_wrong = |told: &&String| ["network", "reading", "route"].iter().any(|blame| told.ends_with(blame));
    let wrong: Vec<&String> = tally.keys().filter(is_wrong).collect();
    assert!(wrong.is_empty() && tally.len() > 1, "{wrong:?} of {tally:?}: {told:#?}");
}

/// Holds a report against what is written down of it.
fn hold(name: &str, report: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scan").join(format!("{name}.txt"));
    let text = format!("{}{}", counts(report), said(report));
    expected::report(expected::compare(&path, &text, true).into_iter().collect());
}

#[test]
fn on_a_network_on_which_all_is_well_everything_answers() {
    let Some(report) = Case::new(rules("", "")).report() else { return };
    hold("on-a-network-on-which-all-is-well-everything-answers", &report);
}

#[test]
fn udp_that_the_rules_drop_is_the_fault_of_that_rule() {
    let Some(report) = Case::new(rules("\t\tudp dport 7844 drop", "")).report() else { return };
    hold("udp-that-the-rules-drop-is-the-fault-of-that-rule", &report);
}

#[test]
fn answers_that_the_rules_drop_are_the_fault_of_that_rule() {
    let Some(report) = Case::new(rules("", "\t\ttcp sport 7844 drop")).report() else { return };
    hold("answers-that-the-rules-drop-are-the-fault-of-that-rule", &report);
}

#[test]
fn rules_of_iptables_are_blamed_at_their_line_too() {
    let load = "iptables-nft -A OUTPUT -p udp --dport 7844 -d 198.41.200.0/24 -j REJECT";
    let mut case = Case::new(rules("", ""));
    case.host.push(load.to_owned());
    let Some(report) = case.report() else { return };
    hold("rules-of-iptables-are-blamed-at-their-line-too", &report);
}

/// Rules that take away what goes to port 7844 in each of the ways that nft has, each from other addresses of the edge.
fn rejections() -> String {
    const V4: [&str; 7] = [
        "net-unreachable",
        "host-unreachable",
        "prot-unreachable",
        "port-unreachable",
        "net-prohibited",
        "host-prohibited",
        "admin-prohibited",
    ];
    const V6: [&str; 6] = [
        "no-route",
        "admin-prohibited",
        "addr-unreachable",
        "port-unreachable",
        "policy-fail",
        "reject-route",
    ];
    let with = |kind: &str, codes: &[&str]| -> Vec<String> {
        let reject = |code: &&str| format!("reject with {kind} type {code}");
        std::iter::once("drop".to_owned()).chain(codes.iter().map(reject)).collect()
    };
    let profile = Profile::named("cloudflare-tunnel").expect("there is one");
    let regions = &profile.endpoint("global").expect("there is one").regions;
    let both = |to: String, how: String| {
        ["udp", "tcp"].map(|over| format!("\t\t{to} {over} dport 7844 {how}\n")).concat()
    };
    let v4 = regions[0].v4.iter().map(|to| format!("ip daddr {to}")).zip(with("icmp", &V4));
    let v6 = regions[0].v6.iter().map(|to| format!("ip6 daddr {to}")).zip(with("icmpv6", &V6));
    let resets = [format!("ip daddr {}", regions[1].v4[0]), format!("ip6 daddr {}", regions[1].v6[0])];
    let resets = resets.map(|to| format!("\t\t{to} tcp dport 7844 reject with tcp reset\n"));
    v4.chain(v6).map(|(to, how)| both(to, how)).chain(resets).collect()
}

#[test]
fn whichever_way_the_rules_reject_they_are_to_blame() {
    let Some(report) = Case::new(rules(&rejections(), "")).report() else { return };
    hold("whichever-way-the-rules-reject-they-are-to-blame", &report);
}

#[test]
fn whichever_way_the_network_rejects_it_is_to_blame() {
    let mut case = Case::new(rules("", ""));
    let load = format!(
        "sysctl -qw net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=; nft -f - <<'END'\ntable inet t {{\n\tchain i {{\n\t\ttype filter hook input priority 0;\n{}\t}}\n}}\nEND\n",
        rejections()
    );
    case.network.push(load);
    let Some(report) = case.report() else { return };
    hold("whichever-way-the-network-rejects-it-is-to-blame", &report);
}

#[test]
fn the_edge_is_dialled_from_the_address_that_is_bound_by_whichever_interface() {
    let mut case = Case::new(rules("\t\toifname \"eth0\" ip saddr 198.51.100.7 tcp dport 7844 drop", ""));
    // Routes choose eth0, whatever interface has the address.
    case.host.push(
        "ip link add there type veth peer name other; ip link set other up; ip addr add 198.51.100.7/24 dev there; ip link set there up"
            .to_owned(),
    );
    case.network.push("ip route add 198.51.100.0/24 via 192.0.2.10".to_owned());
    case.arguments = vec!["--edge-bind-address", "198.51.100.7"];
    let Some(report) = case.report() else { return };
    hold("the-edge-is-dialled-from-the-address-that-is-bound-by-whichever-interface", &report);
}

#[test]
fn a_gateway_that_is_not_there_is_the_fault_of_the_network() {
    let mut case = Case::new(rules("", ""));
    case.host.push("ip route replace default via 192.0.2.77".to_owned());
    // The kernel gives a gateway up after three questions, by default a second apart: on a busy machine longer than is waited for.
    case.host.push("sysctl -q -w net.ipv4.neigh.eth0.retrans_time_ms=100".to_owned());
    let Some(report) = case.report() else { return };
    hold("a-gateway-that-is-not-there-is-the-fault-of-the-network", &report);
}

#[test]
fn a_network_that_loses_udp_is_to_blame() {
    let lose = "nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i udp dport 7844 drop'";
    let mut case = Case::new(rules("", ""));
    case.network.push(lose.to_owned());
    let Some(report) = case.report() else { return };
    hold("a-network-that-loses-udp-is-to-blame", &report);
}

#[test]
fn a_port_at_which_nobody_listens_refuses() {
    let mut case = Case::new(rules("", ""));
    case.serves.retain(|(_, port)| *port == 53);
    // So many errors at once are few enough for no other kernel.
    case.network.push("sysctl -qw net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=".to_owned());
    let Some(report) = case.report() else { return };
    hold("a-port-at-which-nobody-listens-refuses", &report);
}

#[test]
fn names_that_lead_elsewhere_are_told_in_both_directions() {
    let mut case = Case::new(rules("\t\tudp dport 7844 ip daddr 198.41.192.99 drop", ""));
    let known = case
        .answers
        .get_mut("A region1.v2.argotunnel.com")
        .and_then(Value::as_array_mut)
        .expect("they are there");
    known[0] = json!("198.41.192.99");
    let Some(report) = case.report() else { return };
    hold("names-that-lead-elsewhere-are-told-in-both-directions", &report);
}

#[test]
fn a_host_without_ipv6_has_no_way_there() {
    let mut case = Case::new(rules("", ""));
    case.host.push("ip -6 addr flush dev eth0; ip -6 route flush default".to_owned());
    let Some(report) = case.report() else { return };
    hold("a-host-without-ipv6-has-no-way-there", &report);
}

#[test]
fn what_depends_on_chance_is_blamed_on_nobody_and_pointed_at() {
    let Some(report) = Case::new(rules(
        "",
        "\t\tudp sport 7844 ip saddr 198.41.0.0/16 limit rate over 1/day burst 1 packets drop",
    ))
    .report() else {
        return;
    };
    hold("what-depends-on-chance-is-blamed-on-nobody-and-pointed-at", &report);
}

#[test]
fn without_a_resolver_the_known_addresses_are_tried() {
    let mut case = Case::new(rules("\t\tudp dport 53 drop\n\t\ttcp dport 53 drop", ""));
    case.serves.retain(|(_, port)| *port != 53);
    let Some(report) = case.report() else { return };
    hold("without-a-resolver-the-known-addresses-are-tried", &report);
}
