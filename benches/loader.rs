//! `fwlint check` beside the loaders that only have to parse the same file: whole programs, start to finish.
//!
//! The loaders run in a network namespace of their own (`unshare -n`), which takes root; without it, or without
//! the programs, their half is left out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};

mod dice;

use dice::Dice;

/// A file to check, and who else reads it.
struct Subject {
    name: String,
    file: PathBuf,
    loader: &'static [&'static str],
}

const IPTABLES: &[&str] = &["unshare", "-n", "iptables-nft-restore", "--test"];
const NFT: &[&str] = &["unshare", "-n", "nft", "-c", "-f"];

/// So many rules `-d CIDR -p tcp|udp --dport N -j ACCEPT|DROP`, all random, in one chain.
fn iptables(count: usize, chain: &str) -> String {
    let mut text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n".to_owned();
    let mut dice = Dice(7);
    for _ in 0..count {
        let (network, protocol, port, accepts) = rule(&mut dice);
        let verdict = if accepts { "ACCEPT" } else { "DROP" };
        let line = format!("-A {chain} -d {network} -p {protocol} --dport {port} -j {verdict}");
        writeln!(text, "{line}").expect("a string takes all");
    }
    text + "COMMIT\n"
}

/// The same rules as nft has them.
fn nft(count: usize, hook: &str) -> String {
    let mut text = "table ip filter {\n".to_owned();
    writeln!(text, "\tchain c {{\n\t\ttype filter hook {hook} priority filter; policy accept;")
        .expect("a string takes all");
    let mut dice = Dice(7);
    for _ in 0..count {
        let (network, protocol, port, accepts) = rule(&mut dice);
        let verdict = if accepts { "accept" } else { "drop" };
        writeln!(text, "\t\tip daddr {network} {protocol} dport {port} {verdict}")
            .expect("a string takes all");
    }
    text + "\t}\n}\n"
}

/// Network, protocol, port, and whether it accepts.
fn rule(dice: &mut Dice) -> (String, &'static str, u64, bool) {
    let length = *dice.pick(&[8_u32, 12, 16, 20, 24, 24, 24, 28, 32]);
    let bits = dice.below(1 << 32) as u32 & u32::MAX.checked_shl(32 - length).unwrap_or(0);
    let network = format!("{}/{length}", std::net::Ipv4Addr::from_bits(bits));
    (network, if dice.percent(50) { "tcp" } else { "udp" }, 1 + dice.below(65_535), dice.percent(50))
}

fn subjects(folder: &Path) -> Vec<Subject> {
    let subject = |name: String, file: &str, text: String, loader| {
        let file = folder.join(file);
        std::fs::write(&file, text).expect("the folder can be written to");
        Subject { name, file, loader }
    };
    let mut all = Vec::new();
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        let name = format!("100,000 iptables rules in {chain}");
        all.push(subject(name, &format!("{chain}.rules"), iptables(100_000, chain), IPTABLES));
        let name = format!("100,000 nft rules in {}", chain.to_lowercase());
        all.push(subject(name, &format!("{chain}.nft"), nft(100_000, &chain.to_lowercase()), NFT));
    }
    all.push(subject("200 iptables rules in INPUT".into(), "200.rules", iptables(200, "INPUT"), IPTABLES));
    all.push(subject("200 nft rules in input".into(), "200.nft", nft(200, "input"), NFT));
    all
}

/// Runs a program on a file; did it start and end in a way that says that it did its work?
fn run(command: &[&str], file: &Path) -> bool {
    let (program, arguments) = command.split_first().expect("a command has a name");
    let status =
        Command::new(program).args(arguments).arg(file).stdout(Stdio::null()).stderr(Stdio::null()).status();
    // fwlint ends with 1 when it finds something.
    status.is_ok_and(|status| matches!(status.code(), Some(0 | 1)))
}

fn side_by_side(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the rules");
    let fwlint = [env!("CARGO_BIN_EXE_fwlint"), "check", "--quick", "--isolated"];
    for Subject { name, file, loader } in &subjects(folder.path()) {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat).measurement_time(Duration::from_secs(3));
        assert!(run(&fwlint, file), "fwlint cannot check {}", file.display());
        group.bench_function("fwlint check --quick", |bencher| bencher.iter(|| run(&fwlint, file)));
        if run(loader, file) {
            group.bench_function(loader[2..].join(" "), |bencher| bencher.iter(|| run(loader, file)));
        } else {
            println!("{name}: SKIPPED {}: it needs root and the program", loader.join(" "));
        }
        group.finish();
    }
}

/// What the proof of one fix costs: the same check with and without it, of rules behind which OUTPUT drops the tunnel.
fn one_fix(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder for the rules");
    for count in [500, 10_000] {
        let rules = iptables(count, "OUTPUT").replace(":OUTPUT ACCEPT", ":OUTPUT DROP");
        let table = nft(count, "output").replace("policy accept", "policy drop");
        for (kind, text) in [("iptables", rules), ("nft", table)] {
            let file = folder.path().join(format!("{count}.{kind}"));
            std::fs::write(&file, text).expect("the folder can be written to");
            let mut group = criterion.benchmark_group(format!("{count} {kind} rules that block the tunnel"));
            group.sample_size(20).sampling_mode(SamplingMode::Flat);
            for fixes in ["0", "1"] {
                let fwlint = [
                    env!("CARGO_BIN_EXE_fwlint"),
                    "check",
                    "--isolated",
                    "--select",
                    "tunnel-edge-blocked",
                    "--fixes",
                    fixes,
                ];
                group.bench_function(format!("--fixes {fixes}"), |bencher| {
                    bencher.iter(|| run(&fwlint, &file));
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, side_by_side, one_fix);
criterion_main!(benches);
