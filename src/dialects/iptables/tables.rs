//! The tables that the kernel knows, and where their built-in chains are called.

use crate::model::{Base, ChainKind, Hook, Policy};
use crate::source::Spanned;

/// The tables, in the order of `iptables-save`.
pub const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// How the kernel calls a built-in chain, with a policy that is not written. `None` for a chain that it does
/// not call.
pub fn built_in(table: &str, chain: &str, policy: Spanned<Policy>) -> Option<Base> {
    let (hook, priority, kind) = place(table, chain)?;
    // Behind nat in INPUT; the kernel's own list has 50, which iptables-legacy follows.
    let nft_priority = (table == "security").then_some(150);
    let (policy_is_written, registered, only_with) = (false, 0, None);
    Some(Base { hook, priority, nft_priority, registered, only_with, kind, policy, policy_is_written })
}

/// Where the kernel calls a built-in chain: hook, priority, kind. `None` for a chain that it does
/// not call.
pub fn place(table: &str, chain: &str) -> Option<(Hook, i32, ChainKind)> {
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
