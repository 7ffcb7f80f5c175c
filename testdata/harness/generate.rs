//! What `fwlint generate` writes is clean in fwlint's own eyes, and does in the kernel what it is for.

mod containers;
mod host;
mod loading;

use std::path::Path;
use std::thread;

use fwlint::dialects::{self, COMPOSED};

use crate::cli;

/// Ways to set cloudflared up, one list for each setting.
const SETTINGS: [&[&str]; 10] = [
    &["", "--protocol quic", "--protocol http2"],
    &["", "--edge-ip-version 4", "--edge-ip-version 6"],
    &[
        "",
        "--resolver 192.0.2.53 --resolver 2001:db8::53",
        "--resolver 127.0.0.53 --upstream-resolver 192.0.2.53 --upstream-resolver 2001:db8::53",
        "--resolver 1.1.1.1 --resolver 2606:4700:4700::1111",
    ],
    &["", "--runs-in container"],
    &["", "--region us", "--region fedramp"],
    &["", "--access", "--auto-update", "--quick-tunnel", "--access --auto-update --quick-tunnel"],
    &["", "--ssh-from 192.0.2.0/24 --ssh-from 2001:db8::/32"],
    &["", "--edge-rules prefixes"],
    &["", "--user alice", "--user 998"],
    &["", "--dhcp", "--ntp-to 192.0.2.123", "--ntp-to 0.0.0.0/0 --ntp-to ::/0", "--dhcp --bridge br-edge"],
];

/// What the check is not told: it is about the host's own needs, of which it asks nothing.
const UNTOLD: [&str; 4] = ["--ssh-from", "--ntp-to", "--dhcp", "--bridge"];

/// What is said of a ruleset that is right: which services were not asked for, and from where SSH is let in.
const SAID: [&str; 2] = ["note[tunnel-service-blocked] an optional service", "tcp to port 22 from "];

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

/// How many of the settings are combined with each other, the others changing with them at paces of their own: four, and
/// all that a check is told with `FWLINT_GENERATE=all`.
fn combined() -> usize {
    if is_whole() { 8 } else { 4 }
}

fn is_whole() -> bool {
    std::env::var("FWLINT_GENERATE").is_ok_and(|value| value == "all")
}

fn combinations() -> Vec<Vec<&'static str>> {
    let (product, rest) = SETTINGS.split_at(combined());
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

/// The ruleset of nft inside of tasks for Ansible or a module of NixOS.
fn inside(dialect: &str, text: &str) -> String {
    let (begins, ends) =
        if dialect == "nix" { ("ruleset = ''\n", "    '';") } else { ("content: |\n", "  register:") };
    let (_, behind) = text.split_once(begins).expect("it begins");
    let (ruleset, _) = behind.split_once(ends).expect("it ends");
    ruleset.lines().map(|line| format!("{}\n", line.strip_prefix("      ").unwrap_or(line))).collect()
}

#[test]
fn each_dialect_that_is_written_is_read_as_what_it_is() {
    for (name, dialect) in COMPOSED {
        let text = generate(name, &[]);
        assert_eq!(dialects::recognise(Path::new("-"), &text), Some(dialect), "{name}");
    }
}

/// What a check says of a ruleset that some dialects tell together, and should not.
fn complaints(dialects: &[&str], combination: &[&str]) -> Option<String> {
    let is_untold = |part: &str| UNTOLD.iter().any(|flag| part.starts_with(flag));
    let told: Vec<&str> = combination.iter().copied().filter(|part| !is_untold(part)).collect();
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
    let is_right = |line: &str| !line.contains('[') || SAID.iter().any(|said| line.contains(said));
    let is_clean = done.status == 0 && done.stderr.is_empty() && done.stdout.lines().all(is_right);
    (!is_clean).then(|| format!("{dialects:?} {combination:?}\n{}{}", done.stdout, done.stderr))
}

/// Dialects that hold the rules of others letter by letter. That they are read as those the fewer combinations show.
const OTHER_FORMS: [&str; 3] = ["iptables-script", "ansible", "nix"];

/// What such a dialect leaves out of the rules.
fn retold(dialect: &str, combination: &[&str]) -> Option<String> {
    let text = generate(dialect, combination);
    let is_held = |rules: &str| text.contains(rules);
    let is_whole = match dialect {
        "iptables-script" => ["iptables", "ip6tables"].iter().all(|it| is_held(&generate(it, combination))),
        _ => {
            let rules = generate("nft", combination);
            let rules = rules.find("table inet").map(|at| &rules[at..]).expect("a table");
            let lines = rules
                .lines()
                .map(|line| if line.is_empty() { String::new() } else { format!("      {line}") });
            is_held(&lines.collect::<Vec<_>>().join("\n"))
        }
    };
    (!is_whole).then(|| format!("{dialect} {combination:?}\n{text}"))
}

#[test]
fn a_generated_ruleset_is_clean() {
    let all = combinations();
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = FILES
            .iter()
            .map(|dialects| {
                let all = &all;
                let of = |it: &Vec<&str>| match dialects {
                    [only] if is_whole() && OTHER_FORMS.contains(only) => retold(only, it),
                    _ => complaints(dialects, it),
                };
                scope.spawn(move || all.iter().filter_map(of).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("it is checked")).collect()
    });
    println!("{} combinations of settings in {} forms", all.len(), FILES.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong[0]);
}
