//! Places that are alike: one finding shows a few of them and tells how many more there are.

use crate::finding::Finding;
use crate::source::Span;

/// How many places a finding shows besides its own.
pub(super) const MOST_SHOWN: usize = 4;

/// Shows places at which the same is true as at the finding's own: the first few, and how many more
/// there are. `what` names them in the plural: `rules`.
pub(super) fn again(mut finding: Finding, more: &[Span], words: &str, what: &str) -> Finding {
    finding.alike.extend(more);
    for span in more.iter().take(MOST_SHOWN) {
        finding = finding.label(*span, words);
    }
    and_more(finding, more.len().saturating_sub(MOST_SHOWN), what)
}

/// Tells how many places are not shown: `The same is true of 36 more rules.`
pub(super) fn and_more(finding: Finding, count: usize, what: &str) -> Finding {
    match count {
        0 => finding,
        1 => finding.note(format!("The same is true of one more {}.", what.trim_end_matches('s'))),
        _ => finding.note(format!("The same is true of {count} more {what}.")),
    }
}
