//! New destinations as members of sets that are there, in place of new rules.

use super::addresses::{self, Written};
use super::place::{Beside, Tree};
use crate::dialects::nft::text;
use crate::dialects::{Dialect, Texts, listed};
use crate::finding::{Edit, edited};
use crate::model::{Families, Match, NewRule, Rule, Ruleset, Verdict};
use crate::packet::axis::state;
use crate::packet::{Axis, Cube, Family, PacketSet, Ranges, values};
use crate::source::Span;

/// How many lists are tried for the same addresses.
const MOST_TRIED: usize = 4;

/// Adds the destinations of rules that are to go beside a rule to lists of rules in front of it, where those then let
/// through what the new rules would, and nothing else. Returns the rules that are left.
pub(super) fn add(
    tree: &Tree,
    beside: &Beside,
    is_before: bool,
    rules: &[NewRule],
) -> (Vec<Edit>, Vec<NewRule>) {
    let (mut edits, mut left) = (Vec::new(), Vec::new());
    let mut before = None;
    let by_destination = |rule: &NewRule| (rule.family, rule.packets.get(Axis::Destination).cloned());
    let mut groups: Vec<Vec<&NewRule>> = Vec::new();
    for rule in rules {
        match groups.iter_mut().find(|group| by_destination(group[0]) == by_destination(rule)) {
            Some(group) => group.push(rule),
            None => groups.push(vec![rule]),
        }
    }
    for group in groups {
        let destinations = group[0].packets.get(Axis::Destination).and_then(|values| values.ranges());
        let filled = destinations.and_then(|destinations| {
            let family = group[0].family;
            let lists = candidates(tree, beside, is_before, family, destinations);
            if lists.is_empty() {
                return None;
            }
            let before = before.get_or_insert_with(|| read(tree, tree.text));
            let mut tried = lists.iter().map(|list| list.with(tree.text, family, destinations));
            tried.find(|edits| serves(tree, before, edits, &group))
        });
        match filled {
            Some(filled) => edits.extend(filled),
            None => left.extend(group.into_iter().cloned()),
        }
    }
    (edits, left)
}

/// The lists of destinations in rules of the chain that come before the place, the likeliest first: that which holds
/// the nearest address.
fn candidates(
    tree: &Tree,
    beside: &Beside,
    is_before: bool,
    family: Family,
    destinations: &Ranges,
) -> Vec<Written> {
    let end = beside.rule.span.start;
    let all = tree.rules();
    let earlier = all.iter().filter(|other| {
        let comes_first = !is_before || other.rule.span.start < end;
        other.home == beside.home && other.appends() && comes_first
    });
    let mut lists: Vec<Written> = Vec::new();
    for written in earlier.flat_map(|other| addresses::destinations(tree, other, family)) {
        if !lists.iter().any(|other| other.members == written.members) {
            lists.push(written);
        }
    }
    let wanted = destinations.first().unwrap_or_default();
    let distance = |list: &Written| {
        let members = list.members.iter().filter_map(|member| member.1);
        members.map(|(low, _)| low ^ wanted).min().unwrap_or(u128::MAX)
    };
    lists.sort_by_key(distance);
    lists.truncate(MOST_TRIED);
    lists
}

impl Written {
    /// The edits that put addresses in their places in the list.
    fn with(&self, text: &str, family: Family, destinations: &Ranges) -> Vec<Edit> {
        let numbers: Option<Vec<u128>> =
            self.members.iter().map(|member| member.1.map(|range| range.0)).collect();
        let sorted = numbers.filter(|numbers| numbers.is_sorted()).unwrap_or_default();
        let mut edits: Vec<Edit> = Vec::new();
        for listed in listed::addresses(family, destinations) {
            let (low, said) = match listed {
                listed::Listed::One(address) => (values::address(address).0, address.to_string()),
                listed::Listed::Prefix(address, length) => {
                    (values::address(address).0, format!("{address}/{length}"))
                }
                listed::Listed::Range(first, last) => (values::address(first).0, format!("{first}-{last}")),
            };
            // What is in no order gets it at its end.
            let at = match sorted[..] {
                [] => self.members.len(),
                _ => sorted.partition_point(|number| *number < low),
            };
            for edit in self.put(text, at, &said) {
                match edits.iter_mut().find(|other| other.span == edit.span) {
                    // A comma that is missing is missing once.
                    Some(other) if other.text == edit.text => {}
                    Some(other) => other.text += &edit.text,
                    None => edits.push(edit),
                }
            }
        }
        edits
    }

    /// The edits that put a member in front of the one at an index, or at the end.
    fn put(&self, text: &str, at: usize, said: &str) -> Vec<Edit> {
        let insert = |file, at: usize, text: String| Edit { span: Span::new(file, at, at), text };
        let Some((previous, _)) = at.checked_sub(1).and_then(|at| self.members.get(at)) else {
            let Some((first, _)) = self.members.first() else { return Vec::new() };
            let front = indent(text, first.start as usize);
            let separator = front.map_or(", ".to_owned(), |front| format!(",\n{front}"));
            return vec![insert(first.file, first.start as usize, format!("{said}{separator}"))];
        };
        let (start, end) = (previous.start as usize, previous.end as usize);
        let line_end = end + text[end..].find('\n').unwrap_or(text.len() - end);
        let behind = text[end..line_end].trim();
        let has_comma = behind.starts_with(',');
        let rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
        let is_alone = rest.is_empty() || rest.starts_with('#');
        match indent(text, start).filter(|_| is_alone) {
            // One member a line: so is the new one, behind whatever is said of its neighbour.
            Some(front) => {
                let line_end = if text[..line_end].ends_with('\r') { line_end - 1 } else { line_end };
                let ends = if text[line_end..].starts_with('\r') { "\r\n" } else { "\n" };
                let is_last = at == self.members.len();
                let comma = if has_comma || !is_last { "," } else { "" };
                let mut edits = Vec::new();
                if !has_comma {
                    edits.push(insert(previous.file, end, ",".into()));
                }
                edits.push(insert(previous.file, line_end, format!("{ends}{front}{said}{comma}")));
                edits
            }
            None => vec![insert(previous.file, end, format!(", {said}"))],
        }
    }
}

/// The blanks in front of what begins a line.
fn indent(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rfind('\n').map(|at| at + 1)?;
    let front = &text[start..at];
    front.trim().is_empty().then_some(front)
}

fn read(tree: &Tree, text: &str) -> Ruleset {
    let texts = Texts { dialect: Dialect::Nft, file: tree.file, text, included: &|_| None };
    super::super::lower::lower(std::iter::once(text::read_piece(&texts, None)))
}

/// Do edits let through just what new rules would, by rules that then match more?
fn serves(tree: &Tree, before: &Ruleset, edits: &[Edit], rules: &[&NewRule]) -> bool {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.span.start);
    let Some(text) = edited(tree.text, &edits) else { return false };
    let after = read(tree, &text);
    let Some(grown) = grown(before, &after) else { return false };
    let wanted = PacketSet::from_cubes(rules.iter().map(|rule| rule.matched()));
    let is_only = |(rule, gained): &(&Rule, PacketSet)| {
        rule.verdict.value == Verdict::Accept && wanted.covers(gained) == Ok(true)
    };
    let serves = |rule: &NewRule| {
        let new = rule.matched();
        let new = if new.get(Axis::State).is_none() {
            new.set(Axis::State, Ranges::single(state::NEW))
        } else {
            new
        };
        grown.iter().any(|(_, gained)| gained.overlaps(&PacketSet::from(new.clone())))
    };
    grown.iter().all(is_only) && rules.iter().all(|rule| serves(rule))
}

/// The rules that match more than before, and what; `None` if any matches less, or if there are others.
fn grown<'r>(before: &Ruleset, after: &'r Ruleset) -> Option<Vec<(&'r Rule, PacketSet)>> {
    let mut grown = Vec::new();
    let remarks = |ruleset: &Ruleset| ruleset.remarks.len();
    if before.tables.len() != after.tables.len() || remarks(before) != remarks(after) {
        return None;
    }
    for (was, is) in before.tables.iter().zip(&after.tables) {
        let counts = |table: &crate::model::Table| -> Vec<usize> {
            table.chains.iter().map(|chain| chain.rules.len()).collect()
        };
        if counts(was) != counts(is) {
            return None;
        }
        let rules = |table: &'r crate::model::Table| table.chains.iter().flat_map(|chain| &chain.rules);
        let old = was.chains.iter().flat_map(|chain| &chain.rules);
        for (old, new) in old.zip(rules(is)) {
            let (less, more) = (packets(old, was.families), packets(new, is.families));
            if less.cubes() == more.cubes() {
                continue;
            }
            if more.covers(&less) != Ok(true) {
                return None;
            }
            grown.push((new, more.minus(&less).ok()?));
        }
    }
    Some(grown)
}

/// The packets that a rule matches, at most: of what the file does not tell, all.
fn packets(rule: &Rule, families: Families) -> PacketSet {
    let of_family = Family::ALL.into_iter().filter(|family| families.has(*family)).map(Family::number);
    let numbers = Ranges::union(of_family.map(|number| (number, number)));
    let mut packets = PacketSet::from(Cube::any().set(Axis::Family, numbers));
    for condition in &rule.matches {
        match &condition.value {
            Match::Field(axis, values) => packets = packets.with(*axis, values),
            Match::Packets(set) => packets = packets.and(set),
            _ => {}
        }
    }
    packets
}
