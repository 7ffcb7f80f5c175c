//! When the kernel calls a base chain, as far as the files tell what kind of iptables the host has.

use crate::model::{Backend, Base, Chain, ChainKind, Hook, Policy, Ruleset, Table, Verdict};

/// The calls of a base chain: when, and with which kind of iptables only. There are two where the kinds differ
/// and that makes a difference.
pub(super) fn calls(
    ruleset: &Ruleset,
    table: &Table,
    chain: &Chain,
    base: &Base,
) -> Vec<(i32, Option<Backend>)> {
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
    let does = |chain: &Chain, base: &Base| !chain.rules.is_empty() || base.policy.value == Policy::Drop;
    does(chain, base)
        && (base.hook == Hook::Input && chains().any(translates)
            || chains()
                .any(|chain| chain.base.as_ref().is_some_and(|base| is_between(base) && does(chain, base))))
}
