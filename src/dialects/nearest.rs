//! What may have been meant: the name that is nearest to one that nobody knows.

/// The name that is nearest to a wrong one, if any is near enough to have been meant: a third of
/// its letters may be wrong at most, or it is the end of that name.
pub(super) fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = (wrong.len() / 3).clamp(1, 3);
    let scored = names.filter_map(|name| {
        let is_end = wrong.len() > 2 && name.ends_with(wrong);
        let distance = if is_end { most } else { distance(wrong, name, most)? };
        (distance <= most).then_some((distance, name))
    });
    scored.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be inserted, deleted, replaced, or swapped with their neighbour; `None` if
/// the lengths tell that it is more than `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
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
    last.last().copied()
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
    fn an_end_is_near() {
        assert_eq!(nearest("state", ["ctstate", "ctstatus"].into_iter()), Some("ctstate"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("colour", ["dport", "sport"].into_iter()), None);
    }
}
