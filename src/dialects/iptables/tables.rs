//! The tables that the kernel knows, and where their built-in chains are called.

use crate::model::{ChainKind, Hook};

/// The tables, in the order of `iptables-save`.
pub const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// Where the kernel calls a built-in chain: hook, priority, kind. `None` for a chain that it does
/// not call.
pub fn built_in(table: &str, chain: &str) -> Option<(Hook, i32, ChainKind)> {
    use Hook::*;
    let hook = match chain {
        "PREROUTING" => Prerouting,
        "INPUT" => Input,
        "FORWARD" => Forward,
        "OUTPUT" => Output,
        "POSTROUTING" => Postrouting,
        _ => return None,
    };
    match (table, hook) {
        ("raw", Prerouting | Output) => Some((hook, -300, ChainKind::Filter)),
        ("mangle", Output) => Some((hook, -150, ChainKind::Route)),
        ("mangle", _) => Some((hook, -150, ChainKind::Filter)),
        ("nat", Prerouting | Output) => Some((hook, -100, ChainKind::Nat)),
        ("nat", Input | Postrouting) => Some((hook, 100, ChainKind::Nat)),
        ("filter", Input | Forward | Output) => Some((hook, 0, ChainKind::Filter)),
        ("security", Input | Forward | Output) => Some((hook, 50, ChainKind::Filter)),
        _ => None,
    }
}
