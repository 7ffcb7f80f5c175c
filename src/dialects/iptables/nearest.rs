//! What may have been meant: the name that is nearest to one that nobody knows.

/// The name that is nearest to a wrong one, if any is near enough to have been meant: a third of
/// its letters may be wrong at most.
pub(super) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = (wrong.len() / 3).clamp(1, 3);
    let scored = names.filter(|name| name.len().abs_diff(wrong.len()) <= most);
    let scored = scored.map(|name| (distance(wrong.as_bytes(), name.as_bytes()), name));
    scored
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters must be inserted, deleted, replaced, or swapped with their neighbour.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let same = x.eq_ignore_ascii_case(y);
            let mut best = (last[j] + usize::from(!same)).min(last[j + 1] + 1).min(row[j] + 1);
            let is_swap = i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1];
            if is_swap {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_is_near() {
        let names = ["dport", "sport", "syn"];
        assert_eq!(nearest("dprot", names.into_iter()), Some("dport"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("colour", ["dport", "sport"].into_iter()), None);
    }
}
