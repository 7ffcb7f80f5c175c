//! When the kernel calls a base chain, as far as the files tell what kind of iptables the host has, and what was loaded
//! before what.

mod picture;

use crate::model::{Backend, Base, Chain, ChainKind, Hook, Policy, Ruleset, Table, Verdict};

/// A call of a base chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// When: lower first.
    pub priority: i32,
    /// Before (-) or after (+) what was loaded at an unknown time and has the same priority; 0 among the others.
    pub turn: i32,
    /// For which answer to which question it is made.
    pub when: Option<(Question, bool)>,
}

/// What files may leave open of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Is the host's iptables of the legacy kind?
    IsLegacy,
    /// Was this table loaded after those of other programs?
    IsLater,
}

/// The calls of a base chain. There are two where the files leave open when it is called, and that makes a difference.
pub(super) fn calls(ruleset: &Ruleset, table: &Table, chain: &Chain, base: &Base) -> Vec<Call> {
    if let Some(turn) = picture::turn(ruleset, table, chain, base) {
        let priority = effective(table, base);
        return [-turn, turn]
            .map(|turn| Call { priority, turn, when: Some((Question::IsLater, turn < 0)) })
            .into();
    }
    let call = |(priority, with): (i32, Option<Backend>)| {
        let when = with.map(|with| (Question::IsLegacy, with == Backend::Legacy));
        Call { priority, turn: 0, when }
    };
    kinds(ruleset, table, chain, base).into_iter().map(call).collect()
}

/// When a chain is called whose kind of iptables is known.
fn effective(table: &Table, base: &Base) -> i32 {
    base.nft_priority.filter(|_| table.backend == Backend::Nft).unwrap_or(base.priority)
}

/// Does a chain do anything?
fn does(chain: &Chain, base: &Base) -> bool {
    !chain.rules.is_empty() || base.policy.value == Policy::Drop
}

/// The calls of a base chain: when, and with which kind of iptables only. There are two where the kinds differ
/// and that makes a difference.
fn kinds(ruleset: &Ruleset, table: &Table, chain: &Chain, base: &Base) -> Vec<(i32, Option<Backend>)> {
    let Some(late) = base.nft_priority else { return vec![(base.priority, base.only_with)] };
    match (table.backend, base.only_with) {
        (Backend::Nft, with) | (_, with @ Some(Backend::Nft)) => vec![(late, with)],
        (Backend::Unknown, None) if matters(ruleset, chain, base, late) => {
            vec![(base.priority, Some(Backend::Legacy)), (late, Some(Backend::Nft))]
        }
        (_, with) => vec![(base.priority, with)],
    }
}

/// Does a chain that does something meet other packets when it is called later: translated ones, or those
/// that another chain has dealt with in between?
fn matters(ruleset: &Ruleset, chain: &Chain, base: &Base, late: i32) -> bool {
    let chains = || ruleset.tables.iter().flat_map(|table| &table.chains);
    let translates =
        |chain: &Chain| chain.rules.iter().any(|rule| matches!(rule.verdict.value, Verdict::Nat(_)));
    let is_between = |other: &Base| {
        other.hook == base.hook
            && other.kind != ChainKind::Nat
            && other.nft_priority.is_none()
            && (base.priority..=late).contains(&other.priority)
    };
    does(chain, base)
        && (base.hook == Hook::Input && chains().any(translates)
            || chains()
                .any(|chain| chain.base.as_ref().is_some_and(|base| is_between(base) && does(chain, base))))
}
