//! Rules that multiply each other: whatever they are, `check` comes to an end, and says so where it gave up.

use fwlint::cli;
use fwlint::commands::World;

/// Conditions that no file can tell the answer of, or that fwlint does not know.
const UNKNOWN: [&str; 10] = [
    "-m limit --limit 5/min",
    "-m recent --rcheck --name seen --seconds 60",
    "-m string --string secret --algo bm",
    "-m u32 --u32 4=0x1",
    "-m set --match-set missing src",
    "-m geoip --src-cc XX",
    "-p udp -m time --timestart 08:00 --timestop 09:00",
    "-p tcp -m connlimit --connlimit-above 20",
    "-m statistic --mode random --probability 0.5",
    "-m ndpi --ssh",
];

/// So many rules with unknown conditions in two chains, with these verdicts in turn; what follows them is
/// a host that serves the tunnel.
fn unknowns(count: usize, verdicts: &[&str]) -> String {
    let mut text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n".to_owned();
    for chain in ["INPUT", "OUTPUT"] {
        for number in 0..count {
            let verdict = verdicts[number % verdicts.len()];
            text += &format!("-A {chain} {} -j {verdict}\n", UNKNOWN[number % UNKNOWN.len()]);
        }
    }
    text + "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
            -A OUTPUT -j ACCEPT\nCOMMIT\n"
}

/// What `fwlint check` says about a dump.
fn check(rules: &str) -> String {
    let (mut stdin, mut stdout, mut stderr) = (rules.as_bytes(), Vec::new(), Vec::new());
    let world = World {
        directory: Default::default(),
        stdin: &mut stdin,
        stdout: &mut stdout,
        stderr: &mut stderr,
        look: Default::default(),
        is_attended: false,
    };
    let arguments = ["fwlint", "check", "--isolated", "--format", "concise", "--as", "iptables", "-"];
    let status = cli::run(arguments.map(Into::into), world);
    assert!(status < 2, "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).into_owned()
}

#[test]
fn many_rules_with_unknown_conditions_leave_the_tunnel_to_them() {
    let said = check(&unknowns(12, &["DROP"]));
    assert!(said.contains("tunnel-edge-blocked") && !said.contains("tangled-rules"), "{said}");
    assert!(!said.contains("error"), "{said}");
    // Whoever only lets through more takes nothing away.
    let said = check(&unknowns(40, &["ACCEPT"]));
    assert!(!said.contains("tunnel-edge-blocked"), "{said}");
}

#[test]
fn unknown_targets_and_queues_come_to_an_end() {
    for (count, verdict) in [(12, "WHATEVER"), (3, "NFQUEUE")] {
        let said = check(&unknowns(count, &[verdict]));
        let is_told = said.contains("tangled-rules") || said.contains("tunnel-");
        assert!(is_told, "{count} times {verdict}: silence is no answer: {said}");
    }
}

/// Chains of which each calls the next several times, under conditions that no file can tell the answer of, and
/// some of which return.
fn calls(chains: usize, each: usize) -> String {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    (0..chains).for_each(|chain| text += &format!(":c{chain} - [0:0]\n"));
    text += "-A INPUT -j c0\n-A OUTPUT -j c0\n";
    for chain in 0..chains {
        for number in 0..each {
            let next = format!("c{}", chain + 1);
            let last = ["ACCEPT", "DROP", "RETURN", "REJECT", "NFQUEUE"][number % 5];
            let target = if chain + 1 < chains { &next } else { last };
            text += &format!("-A c{chain} {} -j {target}\n", UNKNOWN[(chain + 3 * number) % UNKNOWN.len()]);
            if number % 2 == 1 {
                text += &format!("-A c{chain} -m recent --rcheck --name other{number} -j RETURN\n");
            }
        }
    }
    text + "COMMIT\n"
}

#[test]
fn chains_that_call_each_other_again_and_again_come_to_an_end() {
    let said = check(&calls(8, 4));
    assert!(said.contains("tangled-rules"), "{said}");
    // Without unknowns all is decided, however many ways lead to the last rule.
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    (0..=5).for_each(|chain| text += &format!(":c{chain} - [0:0]\n"));
    text += "-A INPUT -j c0\n-A OUTPUT -j c0\n";
    for chain in 0..5 {
        for port in 1..=3 {
            let next = chain + 1;
            text += &format!("-A c{chain} -p tcp --dport {port} -j c{next}\n-A c{chain} -j c{next}\n");
        }
    }
    let said = check(&(text + "-A c5 -p tcp --dport 1 -j DROP\nCOMMIT\n"));
    assert!(!said.contains("tangled-rules") && said.contains("unrestricted-egress"), "{said}");
}
