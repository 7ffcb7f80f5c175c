//! Addresses and ports as rules of Suricata write them: lists, negations and variables
//! (<https://docs.suricata.io/en/suricata-7.0.8/rules/intro.html>).

use crate::dialects::cloud::prefix;
use crate::packet::{Family, Ranges, internet};

/// Numbers that are surely in a set, and those that may be.
#[derive(Clone, Debug)]
pub struct Part {
    /// Surely.
    pub sure: Ranges,
    /// Perhaps; none of those above.
    pub maybe: Ranges,
    /// The highest number that there is.
    max: u128,
}

/// A set on one axis for ports, or on one for each family for addresses.
pub type Set = Vec<Part>;

/// What a name or a number in a list stands for.
pub type Item<'i> = &'i mut dyn FnMut(&str) -> Set;

impl Part {
    /// These, and no others.
    pub fn known(sure: Ranges, max: u128) -> Self {
        Part { sure, maybe: Ranges::none(), max }
    }

    /// Perhaps these.
    pub fn perhaps(maybe: Ranges, max: u128) -> Self {
        Part { sure: Ranges::none(), maybe, max }
    }

    /// Is it everything?
    pub fn is_all(&self) -> bool {
        self.sure.complement(self.max).is_empty()
    }

    fn or(&self, other: &Part) -> Part {
        let sure = self.sure.or(&other.sure);
        Part { maybe: self.maybe.or(&other.maybe).minus(&sure), sure, max: self.max }
    }

    fn not(&self) -> Part {
        let sure = self.sure.or(&self.maybe).complement(self.max);
        Part { sure, maybe: self.maybe.clone(), max: self.max }
    }

    fn and(&self, other: &Part) -> Part {
        self.not().or(&other.not()).not()
    }
}

/// All addresses.
pub fn all_addresses() -> Set {
    Family::ALL.map(|_| Part::known(Ranges::new(0, u128::MAX), u128::MAX)).into()
}

/// All ports.
pub fn all_ports() -> Set {
    vec![Part::known(Ranges::new(0, 0xffff), 0xffff)]
}

/// Addresses of which nobody says which they are.
pub fn some_addresses() -> Set {
    Family::ALL.map(|_| Part::perhaps(Ranges::new(0, u128::MAX), u128::MAX)).into()
}

/// Ports of which nobody says which they are.
pub fn some_ports() -> Set {
    vec![Part::perhaps(Ranges::new(0, 0xffff), 0xffff)]
}

/// Addresses of a network of the user's own, seen from a machine in it: of IPv4 none of the internet's.
pub fn some_own_addresses() -> Set {
    let of = |family| match family {
        Family::V4 => internet(family).complement(u128::MAX),
        Family::V6 => Ranges::new(0, u128::MAX),
    };
    Family::ALL.map(|family| Part::perhaps(of(family), u128::MAX)).into()
}

/// A prefix or an address.
///
/// # Errors
/// What is wrong with it.
pub fn address(text: &str) -> Result<Set, String> {
    let (family, (low, high)) = prefix(text)?;
    let of = |its: Family| if its == family { Ranges::new(low, high) } else { Ranges::none() };
    Ok(Family::ALL.map(|family| Part::known(of(family), u128::MAX)).into())
}

/// A port, or two with a colon between them, one of which may be left out.
///
/// # Errors
/// What is wrong with it.
pub fn port(text: &str) -> Result<Set, String> {
    let (low, high) = text.split_once(':').unwrap_or((text, text));
    let port = |part: &str, default: u16| match part.trim() {
        "" if text.len() > 1 => Ok(default),
        part => part.parse::<u16>().map_err(|_| format!("`{text}` is no port and no range of ports")),
    };
    let (low, high) = (port(low, 0)?, port(high, u16::MAX)?);
    if low > high {
        return Err(format!("the range of ports `{text}` is upside down"));
    }
    Ok(vec![Part::known(Ranges::new(low.into(), high.into()), 0xffff)])
}

/// All of several sets together.
pub fn union(sets: impl IntoIterator<Item = Set>) -> Option<Set> {
    sets.into_iter().reduce(|one, other| one.iter().zip(&other).map(|(one, other)| one.or(other)).collect())
}

/// What is in none of a set's numbers.
pub fn not(set: &Set) -> Set {
    set.iter().map(Part::not).collect()
}

/// The set that an expression stands for: `any`, an item, `!` before another, or a list in brackets, of which those
/// that are negated are left out. `None` for what is no expression.
pub fn read(text: &str, all: &Set, item: Item) -> Option<Set> {
    read_within(text, all, item, 0)
}

fn read_within(text: &str, all: &Set, item: Item, depth: u8) -> Option<Set> {
    /// So deep nobody writes lists in lists.
    const DEEPEST: u8 = 16;
    let text = text.trim();
    if text.is_empty() || depth > DEEPEST {
        return None;
    }
    if let Some(rest) = text.strip_prefix('!') {
        return Some(not(&read_within(rest, all, item, depth + 1)?));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let inner = inner.strip_suffix(']')?;
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for part in parts(inner) {
            match part.trim().strip_prefix('!') {
                Some(part) => without.push(read_within(part, all, item, depth + 1)?),
                None => with.push(read_within(part, all, item, depth + 1)?),
            }
        }
        let with = union(with).unwrap_or_else(|| all.clone());
        return Some(match union(without) {
            Some(without) => {
                let without = not(&without);
                with.iter().zip(&without).map(|(with, without)| with.and(without)).collect()
            }
            None => with,
        });
    }
    if text.eq_ignore_ascii_case("any") {
        return Some(all.clone());
    }
    Some(item(text))
}

/// What stands between the commas of a list, those of lists in it left alone.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_u32, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbers = Vec<(u128, u128)>;

    fn ports(text: &str) -> Option<(Numbers, Numbers)> {
        let mut item = |text: &str| if text == "$P" { some_ports() } else { port(text).expect("a port") };
        let set = read(text, &all_ports(), &mut item)?;
        Some((set[0].sure.iter().collect(), set[0].maybe.iter().collect()))
    }

    #[test]
    fn lists_leave_out_what_is_negated() {
        assert_eq!(ports("[80:82,!81,443]"), Some((vec![(80, 80), (82, 82), (443, 443)], vec![])));
        assert_eq!(ports("!443"), Some((vec![(0, 442), (444, 65535)], vec![])));
        assert_eq!(ports("[!1024:, ![1,2]]"), Some((vec![(0, 0), (3, 1023)], vec![])));
        assert_eq!(ports("any"), Some((vec![(0, 65535)], vec![])));
        assert_eq!(ports("[80"), None);
    }

    #[test]
    fn what_nobody_knows_stays_unknown_when_it_is_negated() {
        assert_eq!(ports("!$P"), Some((vec![], vec![(0, 65535)])));
        assert_eq!(ports("[$P,443]"), Some((vec![(443, 443)], vec![(0, 442), (444, 65535)])));
        assert_eq!(ports("[1:10,!$P]"), Some((vec![], vec![(1, 10)])));
    }
}
