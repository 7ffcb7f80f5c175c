//! How generated rulesets are loaded: what is beside them stays, and what is not in force is seen.

use std::process::Command;

use super::{generate, inside};
use crate::kernel::oracle;

/// What a shell prints in a network namespace of its own; it must end well.
fn shell(folder: &tempfile::TempDir, script: &str) -> String {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-euc", script]).current_dir(folder);
    let done = command.output().expect("there is a shell");
    assert!(done.status.success() && done.stderr.is_empty(), "{script}: {done:?}");
    String::from_utf8(done.stdout).expect("it is text")
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

const DOCKER: &str = "table ip nat {\n\tchain POSTROUTING {\n\t\ttype nat hook postrouting priority 100;\n\t\t\
                      ip saddr 172.17.0.0/16 oifname != \"docker0\" masquerade\n\t}\n}\n";

#[test]
fn rules_for_a_container_stand_beside_those_of_other_programs_and_are_loaded_any_number_of_times() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("loading of rules for a container", &reason);
    }
    for dialect in ["nft", "ansible", "nix"] {
        let text = generate(dialect, &["--runs-in container"]);
        let text = if dialect == "nft" { text } else { inside(dialect, &text) };
        let files = folder(&[("docker.nft", DOCKER), ("own.nft", &text)]);
        let script = "nft -f docker.nft; nft list table ip nat > before; nft -f own.nft; nft list table inet cloudflared > once
                      nft -f own.nft; nft list table inet cloudflared | cmp - once; nft list table ip nat | cmp - before
                      nft list tables";
        assert_eq!(shell(&files, script), "table ip nat\ntable inet cloudflared\n", "{dialect}");
    }
}

#[test]
fn tasks_for_ansible_see_a_kernel_that_has_not_what_the_file_has() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("the comparison with the kernel", &reason);
    }
    for (settings, table) in [("", "filter"), ("--runs-in container", "cloudflared")] {
        let tasks = generate("ansible", &[settings]);
        let (_, compare) = tasks.split_once("ansible.builtin.shell: |\n").expect("a comparison");
        let (compare, _) = compare.split_once("  environment:\n").expect("its end");
        let files = folder(&[("own.nft", &inside("ansible", &tasks)), ("compare", compare)]);
        let script = format!(
            "export RULES=own.nft; said() {{ sh compare 2> errors && echo same || echo differs; }}
             said; nft -f own.nft; said
             nft add rule inet {table} input tcp dport 22 accept; said
             nft -f own.nft; said; nft flush ruleset; said"
        );
        assert_eq!(shell(&files, &script), "differs\nsame\ndiffers\nsame\ndiffers\n", "{settings}");
    }
}

/// What the kernel and programs send by themselves on a link of IPv6: reports of multicast listeners, and a question for a
/// lease from port 546, or from one that no client of DHCP has.
const ON_A_LINK: &str = "
    nft -f own.nft
    echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad
    ip link add name a0 type veth peer name b0
    ip link set a0 up; ip link set b0 up
    turns=0
    until nft list chain inet filter output | grep -q 'mld2-listener-report } counter packets [1-9]'; do
        turns=$((turns + 1)); test $turns -lt 200; sleep 0.05
    done
    echo reports
    cat > ask.py <<'PYTHON'
import socket, sys
client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
client.bind(('::', int(sys.argv[1])))
try:
    client.sendto(b'solicit', ('ff02::1:2', 547, 0, socket.if_nametoindex('a0')))
    print('sent')
except PermissionError:
    print('dropped')
PYTHON
    python3 ask.py 546; python3 ask.py 545";

#[test]
fn what_a_link_of_ipv6_needs_gets_out() {
    if let Err(reason) = oracle::root() {
        return oracle::say_skipped("multicast listeners and DHCPv6", &reason);
    }
    for (settings, leases) in [("", "dropped"), ("--dhcp", "sent")] {
        let counted = generate("nft", &[settings]).replace(" accept\n", " counter accept\n");
        let expected = format!("reports\n{leases}\ndropped\n");
        assert_eq!(shell(&folder(&[("own.nft", &counted)]), ON_A_LINK), expected, "{settings}");
    }
}
