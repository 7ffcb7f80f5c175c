//! Scans of machines that are lists of answers.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use fwlint::commands::check::{self, Mending, Show};
use fwlint::commands::input::{ConfigChoice, Selection};
use fwlint::commands::scan::{Options, Probing};
use fwlint::commands::{self, Outcome, World};
use fwlint::report::{Format, Look};
use fwlint::scan::{Machine, Picture, Ran};

use super::probes::Deaf;
use crate::cli;

/// A machine that answers from a list: what its programs print, what its files hold, where its links lead. What is not in
/// the list is not there.
#[derive(Clone, Default)]
pub struct Recorded {
    programs: BTreeMap<&'static str, Result<&'static str, &'static str>>,
    files: BTreeMap<&'static str, Option<&'static str>>,
    links: BTreeMap<&'static str, &'static str>,
}

impl Recorded {
    /// A program and its arguments print this, or fail with that.
    pub fn prints(mut self, call: &'static str, text: Result<&'static str, &'static str>) -> Self {
        self.programs.insert(call, text);
        self
    }

    pub fn holds(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.insert(path, Some(text));
        self
    }

    /// A file that this user may not read.
    pub fn hides(mut self, path: &'static str) -> Self {
        self.files.insert(path, None);
        self
    }

    fn leads(mut self, path: &'static str, to: &'static str) -> Self {
        self.links.insert(path, to);
        self
    }
}

impl Machine for Recorded {
    fn run(&self, program: &str, arguments: &[&str]) -> io::Result<Ran> {
        let call = std::iter::once(program).chain(arguments.iter().copied()).collect::<Vec<_>>().join(" ");
        match self.programs.get(call.as_str()) {
            Some(Ok(text)) => {
                Ok(Ran { succeeded: true, stdout: text.as_bytes().to_vec(), stderr: String::new() })
            }
            Some(Err(text)) => Ok(Ran { succeeded: false, stdout: Vec::new(), stderr: text.to_string() }),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(path.to_str().expect("paths are text")) {
            Some(Some(text)) => Ok(text.as_bytes().to_vec()),
            Some(None) => Err(ErrorKind::PermissionDenied.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let below = |path: &&str| {
            Some(Path::new(path).strip_prefix(folder).ok()?.iter().next()?.to_str()?.to_owned())
        };
        let mut names: Vec<String> = self.files.keys().filter_map(below).collect();
        names.dedup();
        if names.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(names) }
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        let to = self.links.get(path.to_str().expect("paths are text"));
        to.map(PathBuf::from).ok_or(ErrorKind::PermissionDenied.into())
    }
}

const REFUSED: &str = "Operation not permitted (you must be root)\n";

/// A host with rules of nft alone that runs a tunnel by a token.
pub fn host() -> Recorded {
    Recorded::default()
        .holds("/proc/sys/kernel/hostname", "web1\n")
        .prints("nft list ruleset", Ok(RULES))
        .prints("ip -j addr", Ok(ADDRESSES))
        .prints("ip -j -4 route show default", Ok(r#"[{"dst":"default","dev":"wan0","metric":100}]"#))
        .prints("ip -j -6 route show default", Ok("[ ]"))
        .holds(
            "/etc/resolv.conf",
            "# by hand\nnameserver 192.0.2.53\nnameserver 192.0.2.53\nsearch example.org\n",
        )
}

/// The same with a process of cloudflared.
pub fn with_process(words: &'static str, environment: &'static str) -> Recorded {
    host()
        .holds("/proc/4711/cmdline", words)
        .holds("/proc/4711/environ", environment)
        .holds("/proc/4711/status", "Name:\tcloudflared\nUid:\t997\t997\t997\t997\n")
        .leads("/proc/self/ns/net", "net:[1]")
        .leads("/proc/4711/ns/net", "net:[1]")
}

const RULES: &str = "\
table inet filter {
	chain output {
		type filter hook output priority filter; policy drop;
		oif \"lo\" accept
		udp dport { 53, 7844 } accept
		tcp dport { 53, 7844 } accept
	}
}
";

const ADDRESSES: &str = r#"[
 {"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"}]},
 {"ifname":"docker0","addr_info":[{"family":"inet","local":"172.17.0.1","prefixlen":16,"scope":"global"}]},
 {"ifname":"wan0","addr_info":[{"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"},
   {"family":"inet6","local":"2001:db8::10","prefixlen":64,"scope":"global"},
   {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]},
 {"ifname":"veth1","addr_info":[]}]"#;

const TOKEN: &str = "eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMifQ==";

/// What `fwlint.yaml` says of a machine.
pub fn configuration(machine: &Recorded, own: Option<&str>) -> String {
    Picture::of(machine).configuration(own, &[]).expect("there are no mistakes")
}

#[test]
fn what_is_seen_of_a_host_is_its_configuration() {
    let words = "/usr/bin/cloudflared\0--no-autoupdate\0tunnel\0run\0--token\0eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMifQ==\0";
    let machine = with_process(words, "HOME=/root\0TUNNEL_TRANSPORT_PROTOCOL=quic\0TUNNEL_REGION=\0");
    assert_eq!(
        configuration(&machine, None),
        r#"# What `fwlint scan` saw of web1. `fwlint check` in this folder says the same of it.
resolvers: ["192.0.2.53"] # /etc/resolv.conf
protocol: "quic" # TUNNEL_TRANSPORT_PROTOCOL of process 4711
region: "global" # TUNNEL_REGION of process 4711
auto-update: false # --no-autoupdate of process 4711
user: 997 # process 4711
hosts:
  - name: "web1"
    files: [ruleset.nft]
    interfaces:
      "wan0": ["192.0.2.10/24", "2001:db8::10/64"]
      "docker0": ["172.17.0.1/16"]
    # All that decides packets is in these files, but for this.
    unseen:
      rules: []
      settings: []
"#
    );
}

#[test]
fn a_stub_has_resolvers_of_its_own() {
    let machine = host()
        .holds("/etc/resolv.conf", "nameserver 127.0.0.53\n")
        .holds("/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
    let text = configuration(&machine, None);
    assert!(text.contains("\nresolvers: [\"127.0.0.53\"] # /etc/resolv.conf\n"), "{text}");
    let upstream =
        "upstream-resolvers: [\"192.0.2.53\",\"2001:db8::53\"] # /run/systemd/resolve/resolv.conf\n";
    assert!(text.contains(upstream), "{text}");
}

#[test]
fn flags_count_more_than_variables_and_those_more_than_the_file() {
    let words = "cloudflared\0tunnel\0--config\0/srv/tunnel.yml\0--protocol=http2\0run\0web\0";
    let machine = with_process(words, "TUNNEL_TRANSPORT_PROTOCOL=quic\0TUNNEL_EDGE_IP_VERSION=4\0").holds(
        "/srv/tunnel.yml",
        "tunnel: web\ncredentials-file: /secret.json\nprotocol: quic\nedge-ip-version: 6\nregion: us\n",
    );
    let text = configuration(&machine, None);
    for line in [
        "protocol: \"http2\" # --protocol of process 4711\n",
        "edge-ip-version: \"4\" # TUNNEL_EDGE_IP_VERSION of process 4711\n",
        "region: \"us\" # /srv/tunnel.yml\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_process_with_a_network_of_its_own_is_a_container() {
    let machine = with_process("cloudflared\0tunnel\0run\0", "")
        .leads("/proc/4711/ns/net", "net:[2]")
        .holds("/proc/4711/root/etc/cloudflared/config.yml", "protocol: quic\n")
        .holds("/etc/cloudflared/config.yml", "protocol: http2\n");
    let text = configuration(&machine, None);
    assert!(text.contains("runs-in: \"container\" # the network of process 4711\n"), "{text}");
    assert!(
        text.contains("protocol: \"quic\" # /etc/cloudflared/config.yml\n") && !text.contains("user:"),
        "{text}"
    );
}

#[test]
fn where_no_process_runs_the_unit_says_how_it_is_started() {
    let machine = host()
        .holds(
            "/etc/systemd/system/cloudflared.service",
            "[Service]\nUser=tunnel\nEnvironment=\"TUNNEL_TOKEN=eyJhIjoi\" TUNNEL_EDGE_IP_VERSION=6\n\
             ExecStart=/usr/bin/cloudflared \\\n  --protocol quic tunnel run --token eyJhIjoi\n",
        )
        .holds(
            "/etc/systemd/system/cloudflared.service.d/region.conf",
            "[Service]\nEnvironment='TUNNEL_REGION=us'\n",
        );
    let picture = Picture::of(&machine);
    let text = picture.configuration(None, &[]).expect("there are no mistakes");
    for line in ["protocol: \"quic\" ", "edge-ip-version: \"6\" ", "region: \"us\" ", "user: \"tunnel\" "] {
        assert!(text.contains(&format!("\n{line}")), "{line}\n{text}");
    }
    let all: String = picture.others.iter().map(|saved| saved.text.as_str()).collect();
    assert!(
        all.contains("TUNNEL_TOKEN=[struck out]") && !all.contains("eyJ") && !text.contains("eyJ"),
        "{all}{text}"
    );
}

#[test]
fn what_the_user_says_counts_more_than_what_is_seen() {
    let own = "# ours\nresolvers: [192.0.2.1] # the other one\nallow-ingress:\n  - name: ssh\n    ports: 22\nhosts:\n  - name: x\npolicy: positive";
    let text = configuration(&host(), Some(own));
    assert!(
        text.contains("\nresolvers: [192.0.2.1] # the other one\n") && !text.contains("192.0.2.53"),
        "{text}"
    );
    assert!(
        text.contains("\n  - name: ssh\n    ports: 22\n") && text.contains("\npolicy: positive\n"),
        "{text}"
    );
    assert!(!text.contains("name: x"), "{text}");
}

/// Scans a machine: is it clean, or why could the work not be done; and all that is printed.
fn scan(machine: &Recorded, folder: &Path, options: Options) -> (Result<bool, String>, String) {
    let mut stdout = Vec::new();
    let mut world = World {
        directory: folder.to_path_buf(),
        stdin: &mut io::empty(),
        stdout: &mut stdout,
        stderr: &mut io::sink(),
        look: Look::default(),
        is_attended: false,
    };
    let result = commands::scan::run(&mut world, machine, &Deaf::default(), &options);
    let result = result.map(|outcome| outcome == Outcome::Clean).map_err(|failure| failure.to_string());
    (result, String::from_utf8(stdout).expect("it prints text"))
}

/// Options that ask for a report in JSON.
pub fn options(save: Option<&str>) -> Options {
    let check = check::Options {
        selection: Selection { config: ConfigChoice::Isolated, ..Selection::default() },
        show: Show::Findings(Format::Json),
        is_quiet: false,
        outputs: Vec::new(),
        summary: None,
        is_quick: false,
        fixes: None,
        mending: Mending::Show,
        takes_unsafe: false,
        fail_level: None,
        exit_zero: false,
        is_strict: false,
        select: Vec::new(),
        ignore: Vec::new(),
        baseline: None,
    };
    Options { check, save: save.map(PathBuf::from), is_checked: true, probing: Probing::Off }
}

#[test]
fn what_was_saved_is_judged_like_the_host_and_holds_no_token() {
    let words = "cloudflared\0tunnel\0run\0--token\0eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMifQ==\0";
    let machine = with_process(words, "TUNNEL_TOKEN=eyJhIjoiNjc4OSIsInQiOiJ0IiwicyI6InMifQ==\0");
    let folder = tempfile::tempdir().expect("a folder");
    let (result, printed) = scan(&machine, folder.path(), options(Some("kept/web1")));
    assert!(result.is_ok(), "{result:?}");
    let done = cli::run(folder.path(), &["check", "kept/web1", "--format", "json"].map(String::from), b"");
    assert_eq!(done.stdout, printed, "{}", done.stderr);
    assert_eq!(done.status == 0, result == Ok(true));
    let (unsaved, printed) = scan(&machine, folder.path(), options(None));
    assert_eq!((unsaved, printed.contains(TOKEN)), (result, false));
    for entry in std::fs::read_dir(folder.path().join("kept/web1")).expect("it was saved").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("it is text");
        assert!(!text.contains("eyJ"), "{}: {text}", entry.path().display());
    }
    let later = Options { is_checked: false, ..options(Some("later")) };
    assert_eq!(scan(&machine, folder.path(), later), (Ok(true), String::new()));
    let name = "fwlint.yaml";
    let kept = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("it was saved");
    assert_eq!(kept(&format!("later/{name}")), kept(&format!("kept/web1/{name}")));
    let (again, _) = scan(&machine, folder.path(), options(Some("kept/web1")));
    assert_eq!(again, Err("there is something in `kept/web1` already".to_owned()));
}

#[test]
fn rules_that_were_not_seen_leave_the_answer_open() {
    let legacy = host().hides("/proc/net/ip_tables_names");
    let folder = tempfile::tempdir().expect("a folder");
    let (result, printed) = scan(&legacy, folder.path(), options(None));
    let why = result.expect_err("a part was not seen");
    assert!(why.starts_with("a part of the rules was not seen: the rules of iptables-legacy"), "{why}");
    let report: serde_json::Value = serde_json::from_str(&printed).expect("it is JSON");
    assert!(
        printed.contains("rules that are in force were not seen: the rules of iptables-legacy"),
        "{report}"
    );
    let unread = &report["unread"][0];
    assert_eq!((unread["path"].is_null(), unread["message"].as_str()), (true, Some(why.as_str())));
    let verdict = report["units"][0]["verdicts"].to_string();
    assert_eq!(
        verdict,
        r#"{"cloudflared":"perhaps gets out over QUIC and HTTP/2 (IPv4 only)","in":"perhaps everything that is not dropped"}"#
    );
}

#[test]
fn a_user_who_sees_no_rules_gets_no_report() {
    let machine = Recorded::default()
        .prints("nft list ruleset", Err(REFUSED))
        .prints("iptables-nft-save", Err(REFUSED))
        .hides("/proc/net/ip_tables_names");
    let folder = tempfile::tempdir().expect("a folder");
    let (result, printed) = scan(&machine, folder.path(), options(None));
    let why = result.expect_err("nothing was seen");
    assert_eq!(
        why,
        "no rules could be seen: the tables of nft, the rules of iptables-legacy: it needs root (CAP_NET_ADMIN)"
    );
    assert!(printed.is_empty(), "{printed}");
}

#[test]
fn a_host_without_any_firewall_is_open() {
    let machine = Recorded::default().holds("/proc/kallsyms", "0 T tcp_v4_rcv\n");
    let folder = tempfile::tempdir().expect("a folder");
    let (result, printed) = scan(&machine, folder.path(), options(None));
    assert!(result.is_ok(), "{result:?}");
    let report: serde_json::Value = serde_json::from_str(&printed).expect("it is JSON");
    let verdicts = report["units"][0]["verdicts"].to_string();
    assert!(verdicts.contains("everything"), "{verdicts}");
    // Where nf_tables is part of the kernel, its tables must be asked for.
    let machine = Recorded::default().holds("/proc/kallsyms", "0 t nf_tables_newtable\n");
    let (result, _) = scan(&machine, folder.path(), options(None));
    assert_eq!(result, Err("no rules could be seen: the tables of nft: nft is not installed".to_owned()));
}

#[test]
fn tables_of_iptables_nft_count_once() {
    let listing = "table ip filter {\n\tchain OUTPUT {\n\t\ttype filter hook output priority filter; policy drop;\n\t\tudp dport 7844 counter packets 0 bytes 0 accept\n\t}\n}\n";
    let saved = "# Generated by iptables-save v1.8.7 on Sun\n# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT DROP [0:0]\n-A OUTPUT -p udp -m udp --dport 7844 -j ACCEPT\nCOMMIT\n";
    let machine = Recorded::default()
        .prints("nft list ruleset", Ok(listing))
        .prints("iptables-save -V", Ok("iptables v1.8.7 (nf_tables)\n"))
        .prints("iptables-save", Ok(saved));
    let folder = tempfile::tempdir().expect("a folder");
    let (result, printed) = scan(&machine, folder.path(), options(None));
    assert!(result.is_ok(), "{result:?}");
    let report: serde_json::Value = serde_json::from_str(&printed).expect("it is JSON");
    assert_eq!(
        (&report["units"][0]["rules"], &report["units"][0]["chains"]),
        (&1.into(), &3.into()),
        "{report}"
    );
    for lint in ["redundant-rule", "shadowed-rule", "not-followed"] {
        assert!(!printed.contains(&format!("\"{lint}\"")), "{printed}");
    }
}
