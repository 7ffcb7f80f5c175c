//! What nft prints of rules of iptables-nft and what they do not say.
//!
//! nft knows the extensions of iptables by a translation that is not always true. What was asked: nft 1.0.6 with
//! iptables 1.8.9, of which each form below stands for several rules that differ, or for one that says something else
//! (`testdata/harness/triples.rs` holds the answers to those of `iptables-save`). Only a listing of a table that
//! iptables-nft has made can have them; written by hand, each means what it says.

use crate::dialects::nft::ast::{
    Binary, Comparison, Expression, ExpressionKind, Family, Group, Selector, Statement, StatementKind,
};

use super::load::{LoadedChain, LoadedTable};
use super::rules::Known;
use crate::packet::Axis;

/// The tables that iptables-nft makes.
const TABLES: [&str; 5] = ["raw", "mangle", "nat", "filter", "security"];

/// Their base chains.
const CHAINS: [&str; 5] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/// How far a printed condition can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is what the rule asks.
    Whole,
    /// The rule asks this and may ask more.
    Part,
    /// The rule may ask something else.
    None,
}

/// May a table have been made by iptables-nft and printed by nft?
pub(super) fn may_be_in(table: &LoadedTable<'_>, chains: &[LoadedChain<'_>]) -> bool {
    let is_base = |name: &str| CHAINS.contains(&name);
    table.is_listed
        && matches!(table.family, Family::Ip | Family::Ip6)
        && TABLES.contains(&&*table.name.value)
        && chains.iter().any(|it| it.chain.hook.is_some() && is_base(&it.chain.name.value))
}

/// How far a condition can be believed.
pub(super) fn trust(statement: &Statement<'_>, known: &Known) -> Trust {
    let StatementKind::Match { left, comparison, .. } = &statement.kind else { return Trust::Whole };
    match left.resolved() {
        // `--ports` of several, of ranges, or negated: all are printed as if both sides of each end were meant.
        ExpressionKind::Concat(parts) if parts.iter().all(is_port) => Trust::None,
        ExpressionKind::Selector(selector) => of_selector(selector, *comparison, known),
        // `--src-type` beside `--dst-type`: the second is not printed.
        ExpressionKind::Fib { keys, .. } if keys.saddr => Trust::Part,
        _ => Trust::Whole,
    }
}

fn of_selector(selector: &Selector, comparison: Comparison, known: &Known) -> Trust {
    match (selector.group, selector.name) {
        // `! --uid-owner 0` holds for packets without a socket, too.
        (Group::Meta, "skuid" | "skgid") if comparison == Comparison::NotEqual => Trust::None,
        // `--ctstate NEW,DNAT`, `! --ctstate DNAT`.
        (Group::Ct, "status") => Trust::None,
        // `! --ecn-tcp-ece` asks for one bit, whatever the others are.
        (Group::Tcp, "flags") if comparison == Comparison::NotEqual => Trust::None,
        // `! --icmp-type any`, which never holds, behind `-p icmp`. Older versions print that itself so.
        (Group::Ip, "protocol") if known.ranges(Axis::Protocol).is_some_and(|it| it.only() == Some(1)) => {
            Trust::Part
        }
        _ => Trust::Whole,
    }
}

/// Can what marks a flow be believed? Of two masks of `CONNMARK` one is printed, and the order of two operations is
/// not that in which they are done.
pub(super) fn is_true_mark(to: &Expression<'_>, of_packet: bool) -> bool {
    let is_own = |selector: &Selector| selector.group == if of_packet { Group::Meta } else { Group::Ct };
    match to.resolved() {
        ExpressionKind::Binary(operator, sides) => {
            let is_masked = matches!(operator, Binary::And | Binary::Or | Binary::Xor);
            let base = base(to);
            let is_once = !matches!(sides.0.resolved(), ExpressionKind::Binary(..))
                && !matches!(sides.1.resolved(), ExpressionKind::Binary(..));
            is_masked && base.is_some_and(is_own) && (of_packet || is_once)
        }
        _ => true,
    }
}

/// The property of which an expression of arithmetic begins.
fn base<'e>(expression: &'e Expression<'_>) -> Option<&'e Selector> {
    match expression.resolved() {
        ExpressionKind::Binary(_, sides) => base(&sides.0),
        ExpressionKind::Selector(selector) => Some(selector),
        _ => None,
    }
}

fn is_port(part: &Expression<'_>) -> bool {
    matches!(part.resolved(), ExpressionKind::Selector(selector) if matches!(selector.name, "sport" | "dport"))
}
