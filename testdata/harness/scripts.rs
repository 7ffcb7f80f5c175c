//! Scripts of iptables commands, and lists of rules: whatever they hold, they are read.

mod kernel;

use crate::spans;
use fwlint::dialects::iptables::{list, script};
use fwlint::model::Ruleset;
use fwlint::source::{FileId, Sources};
use proptest::prelude::*;

/// Pieces that scripts are made of.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "iptables", " -A INPUT", " -I INPUT 2", " -D INPUT 1", " -P INPUT DROP", " -N", " -X", " -F", " -E a b",
    " -t nat", " -p tcp", " --dport 22", " --dport=", " -s $LAN", " ! -i eth0", " -j ACCEPT", " -j", " -m",
    " -m comment", "\n", "ip6tables -A", "iptables-restore <<E\n", "E\n", "*filter\n", ":INPUT DROP\n",
    "COMMIT\n", "ipset", " create s", " add s 1.2.3.4", " hash:ip", " restore <<-'E'\n", "if ", "then\n",
    "elif ", "else\n", "fi\n", "for x in a $B \"$@\"", "; do\n", "done\n", "while read y", "until ",
    "case $1 in ", "start)", "*)", ";;", "esac\n", "f() {\n", "}\n", "f 1 2", "function g ", "{ ", "( ",
    ") ", "((", "))", "[ -n \"$A\" ]", "[[ a == b ]]", " && ", " || ", " | ", " & ", ";", "!", "A=1",
    "A=$A$A", "A=(x y)", "A+=(z)", "IPT=/sbin/iptables", "$IPT", "${IPT:-iptables}", "${A[@]}", "${A%%/*}",
    "${", "$(", "`", "$((1+1))", "\"", "'", "\\", "\\\n", "#", " # x", "exit 1", "return", "break",
    "continue", "shift", "set -- a", "local z=$1", "read q", ">", "2>/dev/null", "<<", "<<<",
    "sudo -u root ", "eval x", ". ./f", "é", "\r\n", "\t", "{1..9}",
];

/// Pieces that lists are made of.
#[rustfmt::skip]
const LINES: &[&str] = &[
    "Chain INPUT (policy DROP)\n", "Chain INPUT (policy ACCEPT 1 packets, 2 bytes)\n",
    "Chain f2b-é (1 references)\n", "target     prot opt source               destination\n",
    "num  target     prot opt source               destination\n",
    " pkts bytes target     prot opt in     out     source               destination\n",
    "ACCEPT     all  --  anywhere             anywhere",
    "    0     0 DROP       6    --  eth0   !lo     10.0.0.0/8          !192.0.2.1 ", "1    ",
    "           ", "tcp  -- ", " anywhere", " !localhost", "          ", "ACCEPT ", "!f ", "58 ",
    " tcp dpt:22", " spts:!1:2", " flags:0x17/0x02", " flags:", " ctstate NEW", " ! ", " state ",
    " multiport", " dports 1,2", " icmptype", " 8 code 0", " icmp any", " /* a", " */", " \"",
    " reject-with x", " to:1.2.3.4", " limit: avg 1/s burst 5", " owner UID match 0", " match-set a src",
    " [goto] ", " MARK set 0x1", " CT notrack", " LOG flags 0", "\n", "\r\n", "# iptables -t nat -L\n",
    "Table: mangle\n", "::/0 ", " source IP range 1-2", " mark match 0x1", " ADDRTYPE match dst-type ",
];

fn read(text: &str, with: fn(FileId, &str) -> Ruleset) {
    let mut sources = Sources::default();
    let file = sources.add("text", text.as_bytes().to_vec());
    let ruleset = with(file, &sources.file(file).text);
    spans::assert_inside(&ruleset, sources.file(file));
}

proptest! {
    #[test]
    fn any_script_is_read(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        read(&pieces.concat(), script::read);
    }

    #[test]
    fn any_list_is_read(lines in prop::collection::vec(prop::sample::select(LINES), 0..40)) {
        read(&lines.concat(), list::read);
    }

    #[test]
    fn any_text_is_read_as_either(text in "\\PC{0,200}") {
        read(&text, script::read);
        read(&text, list::read);
    }
}

#[test]
fn deep_nesting_comes_to_an_end() {
    for (open, close) in
        [("(", ")"), ("{ ", "}\n"), ("if true; then\n", "fi\n"), ("$(", ")"), ("${A:-", "}"), ("A=(", ")")]
    {
        for text in [open.repeat(20_000), format!("{}{}", open.repeat(2_000), close.repeat(2_000))] {
            read(&text, script::read);
        }
    }
    read("f() { f; f; }\nf\n", script::read);
    read(
        "for a in {1..900}; do for b in {1..900}; do for c in {1..900}; do iptables -F; done; done; done",
        script::read,
    );
    read(&"A=$A$A$A$A$A$A$A$A\n".repeat(1_000), script::read);
    read(&"B=\"$B x\"\nfor i in $B; do iptables -A INPUT -s $i; done\n".repeat(300), script::read);
}

/// A function that calls itself in every way that a script can nest commands is followed to the limit within a
/// stack of 1 MB, half of what threads have.
#[test]
fn nesting_to_the_limit_fits_into_a_small_stack() {
    const STACK: usize = 1 << 20;
    let bodies = [
        "f",
        "( f )",
        "{ f; }",
        "f | cat",
        "! f",
        "$X && f",
        "$X || f",
        "if true; then f; fi",
        "if $X; then f; else f2; fi",
        "if false; then :; elif $X; then f; fi",
        "if f; then :; fi",
        "for x in a; do f; done",
        "for x in $L; do f; done",
        "while read x; do f; done",
        "until f; do :; done",
        "case a in a) f;; esac",
        "case $1 in a) f;; *) f2;; esac",
        "((i = 1)); f",
        "eval f",
        "A=1 f $A \"$B\" ${C:-d}",
        "iptables -A INPUT -s $A -j DROP; f",
        "g; }\ng() { $X && { ( if $Y; then for x in $L; do case $1 in a) f;; esac; done; fi ); }",
    ];
    for body in bodies {
        let text = format!("f() {{ {body}; }}\nf a b\n");
        let thread = std::thread::Builder::new().stack_size(STACK);
        let ran = thread.spawn(move || read(&text, script::read)).expect("a thread starts").join();
        assert!(ran.is_ok(), "{body}");
    }
    // A function may be any command, not a group alone.
    let texts = ["f() f\nf", "function f f\nf", "f() ! f\nf", "f() { g; }\ng() if f; then :; fi\nf"]
        .map(String::from);
    let opened = [
        "( ",
        "{ ",
        "if $X; then ",
        "for x in $L; do ",
        "while $X; do ",
        "case $X in a) ",
        "f() { ",
        "$X && { ",
    ];
    let opened = opened.map(|open| format!("{}iptables -F\n", open.repeat(200)));
    for text in texts.into_iter().chain(opened) {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let ran = thread.spawn(move || read(&text, script::read)).expect("a thread starts").join();
        assert!(ran.is_ok());
    }
}
