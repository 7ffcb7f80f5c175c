//! What is known of commands by their names.

use super::commands::tool;
use super::value::Field;

/// Commands that change no rule and are taken to succeed.
pub const HARMLESS: &[&str] = &[
    ":",
    "true",
    "echo",
    "printf",
    "logger",
    "sleep",
    "modprobe",
    "insmod",
    "rmmod",
    "depmod",
    "sysctl",
    "ip",
    "tc",
    "ifconfig",
    "route",
    "ethtool",
    "brctl",
    "bridge",
    "iw",
    "iwconfig",
    "umask",
    "ulimit",
    "wait",
    "trap",
    "cd",
    "pushd",
    "popd",
    "mkdir",
    "touch",
    "rm",
    "rmdir",
    "cp",
    "mv",
    "ln",
    "chmod",
    "chown",
    "tee",
    "cat",
    "clear",
    "tput",
    "date",
    "sync",
    "alias",
    "unalias",
    "shopt",
    "hash",
    "apt-get",
    "apt",
    "yum",
    "dnf",
    "apk",
    "pacman",
    "iptables-save",
    "ip6tables-save",
    "iptables-legacy-save",
    "ip6tables-legacy-save",
    "iptables-nft-save",
    "ip6tables-nft-save",
    "conntrack",
    "install",
    "disown",
    "setenforce",
    "chkconfig",
    "update-rc.d",
    "lsmod",
    "log_daemon_msg",
    "log_end_msg",
    "log_action_msg",
    "log_begin_msg",
    "log_progress_msg",
    "log_success_msg",
    "log_failure_msg",
    "log_warning_msg",
    "ebegin",
    "eend",
    "einfo",
    "ewarn",
    "eerror",
    "xtables-monitor",
];

/// Commands that surely may change rules: each use is worth saying.
pub const CHANGING: &[&str] = &[
    ".",
    "source",
    "eval",
    "ufw",
    "nft",
    "firewall-cmd",
    "netfilter-persistent",
    "iptables-apply",
    "shorewall",
    "csf",
    "ferm",
    "firehol",
    "fail2ban-client",
    "docker",
    "systemctl",
    "service",
    "xargs",
    "sh",
    "bash",
];

/// Commands that change no rule and may succeed or fail.
pub const ASKING: &[&str] = &[
    "grep",
    "egrep",
    "fgrep",
    "zgrep",
    "awk",
    "gawk",
    "sed",
    "cut",
    "head",
    "tail",
    "tr",
    "sort",
    "uniq",
    "wc",
    "ls",
    "find",
    "stat",
    "file",
    "id",
    "whoami",
    "hostname",
    "uname",
    "ps",
    "pgrep",
    "pidof",
    "kill",
    "killall",
    "pkill",
    "getent",
    "dig",
    "host",
    "nslookup",
    "ping",
    "ping6",
    "curl",
    "wget",
    "diff",
    "cmp",
    "basename",
    "dirname",
    "readlink",
    "realpath",
    "expr",
    "seq",
    "let",
    "getopt",
    "getopts",
    "jobs",
    "mountpoint",
    "nc",
    "ss",
    "netstat",
    "lsof",
    "last",
    "who",
    "w",
    "df",
    "du",
    "free",
    "env",
    "jq",
    "ipcalc",
    "mktemp",
    "flock",
    "dpkg",
    "rpm",
    "type",
    "which",
    "md5sum",
    "sha256sum",
    "arp",
    "xmllint",
    "less",
    "more",
    "tty",
    "stty",
    "crontab",
];

/// Is it an option that changes tables, such as `-A`?
pub fn is_command_option(text: &str) -> bool {
    let long = ["append", "insert", "delete", "replace", "policy", "new-chain", "flush", "delete-chain"];
    match text.strip_prefix("--") {
        Some(name) => long.contains(&name),
        None => {
            let mut letters = text.strip_prefix('-').unwrap_or("").chars();
            letters.next().is_some_and(|letter| "AIDRPNFXE".contains(letter))
        }
    }
}

/// Is it `ip netns exec NAME …`, with a tool of the firewall?
pub fn is_elsewhere(arguments: &[Field]) -> bool {
    let texts: Vec<String> = arguments.iter().map(|it| it.value.text()).collect();
    matches!(texts.as_slice(), [object, verb, ..] if object.starts_with('n') && verb == "exec")
        && texts.iter().any(|text| tool(text).is_some())
}

/// Is a file of functions read in that distributions give to init scripts?
pub fn is_library(arguments: &[Field]) -> bool {
    let name = arguments.first().and_then(|it| it.value.known()).unwrap_or_default();
    let ends = ["init-functions", "vars.sh", "init.d/functions", "rc.status", "rc.subr", "gettext.sh"];
    ends.iter().any(|end| name.ends_with(end))
}

/// A command that could do much, but is asked for something that leaves the firewall alone.
pub fn is_idle(name: &str, arguments: &[Field]) -> bool {
    let first = arguments.first().and_then(|it| it.value.known()).unwrap_or_default();
    match name {
        "systemctl" | "service" | "rc-service" | "invoke-rc.d" => {
            let asks = |text: &str| {
                matches!(text, "status" | "is-active" | "is-enabled" | "enable" | "save" | "daemon-reload")
            };
            let units =
                ["iptables", "firewall", "ufw", "nft", "netfilter", "ipset", "docker", "fail2ban", "libvirt"];
            arguments.iter().any(|it| asks(&it.value.text()))
                || !arguments.iter().any(|it| units.iter().any(|unit| it.value.text().contains(unit)))
        }
        "netfilter-persistent" | "iptables-persistent" => first == "save",
        "nft" => first == "list",
        "ufw" => first == "status",
        "docker" | "kubectl" => matches!(first.as_str(), "ps" | "inspect" | "get" | "images"),
        _ => false,
    }
}
