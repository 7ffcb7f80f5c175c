//! `fwlint scan --probe` on networks that are lists of answers: what is sent, to whom, and who is blamed.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Mutex;

use fwlint::commands::check::Show;
use fwlint::commands::scan::{Options, Probing};
use fwlint::commands::{self, Failure, World};
use fwlint::config::Came;
use fwlint::probe::{Network, Talk};
use fwlint::profile::Protocol;
use fwlint::report::{Format, Look};
use serde_json::Value;
use simple_dns::rdata::{A, AAAA, RData, SRV};
use simple_dns::{CLASS, Name, Packet, QTYPE, ResourceRecord, TYPE};

use super::recorded::{self, Recorded};

/// A network in which nothing answers, and which keeps a list of what was sent.
#[derive(Default)]
pub struct Deaf {
    sent: Mutex<Vec<(Protocol, SocketAddr, Vec<u8>)>>,
    bound: Mutex<BTreeSet<(Option<IpAddr>, u16)>>,
}

impl Network for Deaf {
    fn talk(&self, protocol: Protocol, from: Option<IpAddr>, to: SocketAddr, message: &[u8]) -> Talk {
        self.bound.lock().expect("nobody panics").insert((from, to.port()));
        self.sent.lock().expect("nobody panics").push((protocol, to, message.to_vec()));
        if to.is_ipv6() {
            return Talk { from: None, came: Err(Came::Unreachable) };
        }
        Talk { from: Some(SocketAddr::from(([192, 0, 2, 10], 40_000))), came: Err(Came::Silent) }
    }
}

/// A network whose resolver leads elsewhere with all that it answers, and in which nothing else answers.
#[derive(Default)]
struct Liar(Deaf);

impl Network for Liar {
    fn talk(&self, protocol: Protocol, from: Option<IpAddr>, to: SocketAddr, message: &[u8]) -> Talk {
        if to.port() != 53 {
            return self.0.talk(protocol, from, to, message);
        }
        let asked = Packet::parse(message).expect("it is a question");
        let (question, mut reply) = (&asked.questions[0], Packet::new_reply(asked.id()));
        let local = [0x7f00_0001, 0, 0x0a00_0001, 0xe000_0001].into_iter();
        let many = (0..100).map(|last| 0xc629_c900 + last);
        let answers: Vec<RData> = match question.qtype {
            QTYPE::TYPE(TYPE::A) => local.chain(many).map(|address| RData::A(A { address })).collect(),
            QTYPE::TYPE(TYPE::AAAA) => vec![RData::AAAA(AAAA { address: 0xffff_c629_c007 })],
            _ => ["elsewhere.example", "region1.v2.argotunnel.com"]
                .map(|host| SRV { priority: 1, weight: 1, port: 22, target: Name::new_unchecked(host) })
                .map(RData::SRV)
                .to_vec(),
        };
        let record = |data| ResourceRecord::new(question.qname.clone(), CLASS::IN, 60, data);
        reply.answers = answers.into_iter().map(record).collect();
        let bytes = reply.build_bytes_vec().expect("it is a reply");
        Talk { from: Some(SocketAddr::from(([192, 0, 2, 10], 40_000))), came: Ok(bytes) }
    }
}

/// Scans a machine with probes: how it ends, and all that was printed and asked.
fn scan(
    machine: &Recorded,
    network: &dyn Network,
    probing: Probing,
    answer: Option<&str>,
) -> (Result<commands::Outcome, Failure>, String, String) {
    scan_with(machine, network, &Options { probing, ..recorded::options(None) }, answer)
}

fn scan_with(
    machine: &Recorded,
    network: &dyn Network,
    options: &Options,
    answer: Option<&str>,
) -> (Result<commands::Outcome, Failure>, String, String) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut stdin = answer.unwrap_or_default().as_bytes();
    let folder = tempfile::tempdir().expect("a folder");
    let mut world = World {
        directory: folder.path().to_path_buf(),
        stdin: &mut stdin,
        stdout: &mut stdout,
        stderr: &mut stderr,
        look: Look::default(),
        is_attended: answer.is_some(),
    };
    let result = commands::scan::run(&mut world, machine, network, options);
    let text = |bytes| String::from_utf8(bytes).expect("it is text");
    (result, text(stdout), text(stderr))
}

/// Where things were sent to.
fn sent(network: &Deaf) -> Vec<(Protocol, SocketAddr, Vec<u8>)> {
    network.sent.lock().expect("nobody panics").clone()
}

/// Is less sent than was said? What gets no answer over UDP is sent three times.
fn hold_to_the_most(network: &Deaf, asked: &str) {
    let said = asked.split_once("these are at most ").expect("it is said").1;
    let numbers: Vec<usize> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    let over = |protocol| sent(network).iter().filter(|sent| sent.0 == protocol).count();
    let (udp, tcp) = (3 * over(Protocol::Udp), over(Protocol::Tcp));
    assert!(udp > 0 && udp <= numbers[0] && tcp > 0 && tcp <= numbers[2], "{udp} {tcp} {said}");
}

#[test]
fn nothing_is_sent_without_probe_or_without_a_yes() {
    let network = Deaf::default();
    let (result, _, asked) = scan(&recorded::host(), &network, Probing::Off, Some("y\n"));
    assert!(result.is_ok() && asked.is_empty(), "{asked}");
    for answer in ["n\n", "\n", "", "yes please\n", "\u{fffd}"] {
        let (result, printed, asked) = scan(&recorded::host(), &network, Probing::Ask, Some(answer));
        let why = result.expect_err("it is not allowed").to_string();
        assert_eq!((why.as_str(), printed.as_str()), ("nothing was sent: the answer was not yes", ""));
        assert!(asked.ends_with("\nMay it be sent? [y/N] "), "{asked}");
    }
    let (result, printed, asked) = scan(&recorded::host(), &network, Probing::Ask, None);
    let why = result.expect_err("nobody can be asked").to_string();
    assert_eq!(why, "nothing is sent: there is nobody who could be asked");
    assert_eq!((printed.as_str(), asked.as_str()), ("", ""));
    assert!(sent(&network).is_empty());
}

#[test]
fn all_that_is_sent_was_said_before_and_no_more() {
    let network = Deaf::default();
    let (result, _, asked) = scan(&recorded::host(), &network, Probing::Ask, Some("YES\n"));
    assert!(result.is_ok(), "{result:?}");
    let asked = asked.split_whitespace().collect::<Vec<_>>().join(" ");
    for what in [
        "questions for the names of the edge and the services to 192.0.2.53",
        "each address of region1.v2.argotunnel.com and region2.v2.argotunnel.com, port 7844",
        "to 1.1.1.1, port 853; and to port 443 of api.cloudflare.com,",
    ] {
        assert!(asked.contains(what), "{what}\n{asked}");
    }
    let sent = sent(&network);
    let to = |to: &SocketAddr| (to.ip().to_string(), to.port());
    for (protocol, place, message) in &sent {
        match (protocol, to(place)) {
            (_, (address, 53)) => assert!(address == "192.0.2.53" && message.len() < 100),
            (Protocol::Tcp, (address, 853)) => assert!(address == "1.1.1.1" && message.is_empty()),
            (Protocol::Tcp, (_, 7844)) => assert!(message.is_empty()),
            (Protocol::Udp, (_, 7844)) => assert_eq!(message.len(), 1200),
            other => panic!("{other:?}"),
        }
    }
    assert!(asked.contains("Not more than 64 addresses of a name are dialled in a family"), "{asked}");
    hold_to_the_most(&network, &asked);
    // Of 20 addresses in either family, since nothing answers that could name others.
    assert_eq!(sent.iter().filter(|(_, place, _)| place.port() == 7844).count(), 80);
}

#[test]
fn whatever_a_resolver_says_only_public_addresses_are_dialled_at_known_ports() {
    let network = Liar::default();
    let (result, printed, asked) = scan(&recorded::host(), &network, Probing::Ask, Some("y\n"));
    hold_to_the_most(&network.0, &asked.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(result.is_ok(), "{result:?}");
    let places: BTreeSet<SocketAddr> =
        sent(&network.0).iter().map(|(_, to, _)| *to).filter(|to| to.port() == 7844).collect();
    let first = |last| SocketAddr::from(([198, 41, 201, last], 7844));
    assert_eq!(places, (0..64).map(first).collect());
    let others = sent(&network.0).into_iter().map(|(_, to, _)| to).filter(|to| to.port() != 7844);
    assert!(others.clone().all(|to| [853, 443].contains(&to.port())), "{:?}", others.collect::<Vec<_>>());
    let report = serde_json::from_str(&printed).expect("it is JSON");
    let said = said(&report, "tunnel-address-drift");
    for part in [
        "leads to hosts that fwlint does not know: elsewhere.example:22, region1.v2.argotunnel.com:22",
        "region1.v2.argotunnel.com has addresses that are not public: 0.0.0.0, 10.0.0.1, 127.0.0.1, 224.0.0.1",
        "region1.v2.argotunnel.com has addresses that are not public: ::ffff:198.41.192.7",
        "region1.v2.argotunnel.com has 100 addresses over IPv4: 64 were tried",
    ] {
        assert!(said.iter().any(|message| message.contains(part)), "{part}\n{said:#?}");
    }
}

/// The report of a scan with probes.
fn report(machine: &Recorded) -> Value {
    let (result, printed, _) = scan(machine, &Deaf::default(), Probing::On, None);
    assert!(result.is_ok(), "{result:?}");
    serde_json::from_str(&printed).expect("it is JSON")
}

/// The messages of a lint, with their levels.
fn said(report: &Value, lint: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list");
    let own = findings.iter().filter(|finding| finding["lint"] == lint);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    own.map(|finding| format!("{}: {}", text(&finding["level"]), text(&finding["message"]))).collect()
}

#[test]
fn a_network_that_is_silent_is_to_blame_where_the_rules_let_all_out() {
    let open = recorded::host().prints(
        "nft list ruleset",
        Ok("table inet t {\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t}\n}\n"),
    );
    let report = report(&open);
    assert_eq!(
        said(&report, "tunnel-unanswered"),
        [
            "error: DNS (UDP 53) over IPv4 gets no answer from 192.0.2.53: the network is to blame",
            "note: DNS (TCP 53) over IPv4 gets no answer from 192.0.2.53: the network is to blame",
            "error: QUIC (UDP 7844) over IPv4 gets no answer from any of 20 addresses: the network is to blame",
            "error: HTTP/2 (TCP 7844) over IPv4 gets no answer from any of 20 addresses: the network is to blame",
            "note: QUIC (UDP 7844) over IPv6 finds no route to any of 20 addresses: this host has no way there",
            "note: HTTP/2 (TCP 7844) over IPv6 finds no route to any of 20 addresses: this host has no way there",
            "note: DNS over TLS (TCP 853) over IPv4 gets no answer from 1.1.1.1: the network is to blame",
        ]
    );
    let probes = report["units"][0]["probes"].as_array().expect("a list");
    assert_eq!(
        (probes.len(), &probes[0]["blame"], &probes[0]["rules"]),
        (83, &"network".into(), &"open".into())
    );
}

#[test]
fn rules_that_block_are_to_blame_at_their_line() {
    let closed = recorded::host().prints(
        "nft list ruleset",
        Ok("table inet t {\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t\tudp dport 7844 drop\n\t}\n}\n"),
    );
    let report = report(&closed);
    let said = said(&report, "tunnel-unanswered");
    let quic =
        "error: QUIC (UDP 7844) over IPv4 gets no answer from any of 20 addresses: the rules are to blame";
    assert!(said.iter().any(|message| message == quic), "{said:?}");
    let findings = report["findings"].as_array().expect("a list");
    let found =
        findings.iter().find(|it| it["message"].as_str().is_some_and(|it| it.contains("the rules are")));
    let found = found.expect("it is there");
    assert_eq!((&found["path"], &found["start"]["line"]), (&"ruleset.nft".into(), &5.into()), "{found}");
}

#[test]
fn the_page_has_what_was_tried_at_a_glance() {
    let mut options = Options { probing: Probing::On, ..recorded::options(None) };
    options.check.show = Show::Findings(Format::Html);
    let machine = recorded::host().prints(
        "nft list ruleset",
        Ok("table inet t {\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t\tip daddr 198.41.192.0/24 udp dport 7844 drop\n\t}\n}\n"),
    );
    let (result, page, _) = scan_with(&machine, &Deaf::default(), &options, None);
    assert!(result.is_ok(), "{result:?}");
    let bad = |words: &str| format!("<td class=\"bad\"><span aria-hidden=\"true\">✗</span> {words}</td>");
    let no_way =
        "<td class=\"depends\"><span aria-hidden=\"true\">?</span> 0 of 20 answer: no way there</td>";
    for (what, v4, v6) in [
        ("DNS (UDP 53)", "does not answer: the network", "<td>not tried</td>"),
        ("QUIC (UDP 7844)", "0 of 20 answer: the rules (10), the network (10)", no_way),
        ("HTTP/2 (TCP 7844)", "0 of 20 answer: the network", no_way),
    ] {
        let row = format!("<tr><th scope=\"row\">{what}</th>{}{v6}</tr>", bad(v4));
        assert!(page.contains(&row), "{row}\n{page}");
    }
}

#[test]
fn a_user_who_is_not_known_is_not_taken_for_root() {
    let rules = "table inet t {\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t\tmeta skuid 0 udp dport 7844 drop\n\t}\n}\n";
    let host = || recorded::host().prints("nft list ruleset", Ok(rules));
    let quic = |blame: &str| {
        format!("error: QUIC (UDP 7844) over IPv4 gets no answer from any of 20 addresses: {blame}")
    };
    for (machine, blame) in [
        (host(), "whether the rules or the network is to blame depends"),
        (host().holds("/proc/self/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"), "the rules are to blame"),
        (
            host().holds("/proc/self/status", "Uid:\t7\t7\t7\t7\nGid:\t7\t7\t7\t7\n"),
            "the network is to blame",
        ),
    ] {
        let report = report(&machine);
        let said = said(&report, "tunnel-unanswered");
        assert!(said.contains(&quic(blame)), "{blame}: {said:#?}");
        let told = report["units"][0]["verdicts"]["probed"].as_str().unwrap_or_default();
        assert!(told.starts_with("on a day that nobody noted: DNS"), "{told}");
    }
    let text = report(&host()).to_string();
    assert!(text.contains("the user who sent the probes: /proc/self/status does not tell"), "{text}");
}

#[test]
fn the_edge_alone_is_dialled_from_the_address_that_is_bound() {
    let network = Deaf::default();
    let machine = recorded::with_process("cloudflared\0tunnel\0--edge-bind-address=192.0.2.11\0run\0", "");
    let (result, _, _) = scan(&machine, &network, Probing::On, None);
    assert!(result.is_ok(), "{result:?}");
    let bound: Vec<_> = network.bound.lock().expect("nobody panics").iter().copied().collect();
    assert_eq!(bound, [(None, 53), (None, 853), (Some(IpAddr::from([192, 0, 2, 11])), 7844)]);
    assert!(sent(&network).iter().all(|(_, to, _)| to.is_ipv4()));
}

#[test]
fn what_was_tried_is_kept_and_judged_alike_elsewhere() {
    let network = Deaf::default();
    let folder = tempfile::tempdir().expect("a folder");
    let mut stdout = Vec::new();
    let mut world = World {
        directory: folder.path().to_path_buf(),
        stdin: &mut io::empty(),
        stdout: &mut stdout,
        stderr: &mut io::sink(),
        look: Look::default(),
        is_attended: false,
    };
    let machine = recorded::host()
        .prints("date -u +%Y-%m-%d", Ok("2026-11-29\n"))
        .holds("/proc/self/status", "Uid:\t1000\t1001\t0\t0\nGid:\t1000\t1002\t0\t0\n");
    let options = Options { probing: Probing::On, ..recorded::options(Some("kept")) };
    commands::scan::run(&mut world, &machine, &network, &options).expect("it can be done");
    let text = std::fs::read_to_string(folder.path().join("kept/fwlint.yaml")).expect("it was saved");
    let probed = "    probed:\n      day: \"2026-11-29\"\n      uid: 1001\n      gid: 1002\n      answers: []\n      tried:\n        \
                  - \"dns udp 192.0.2.10:40000 > 192.0.2.53:53 silent\"\n";
    assert!(text.contains(probed), "{text}");
    let again = crate::cli::run(
        Path::new(folder.path()),
        &["check", "kept", "--format", "json"].map(String::from),
        b"",
    );
    assert_eq!(again.stdout, String::from_utf8_lossy(&stdout), "{}", again.stderr);
}
