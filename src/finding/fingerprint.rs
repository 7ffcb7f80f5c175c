//! What stays the same of a finding when lines around it come and go.
//!
//! A fingerprint is the 64-bit FNV-1a hash, in 16 hexadecimal digits, of these, each followed by a zero
//! byte: the lint's id; the path from the root of the repository; the lines of the finding with white space folded and
//! counters (`[12:3456]`, and the numbers behind `packets`, `bytes` and `handle`) left out, where it is about several rules those of all of them; and in decimal digits how
//! many earlier findings of the report have the same. Of a line of more than 4,096 bytes, as of JSON that is all in one,
//! only what the finding points at counts.

use std::collections::HashMap;
use std::ops::Range;

use super::Finding;
use crate::source::{Sources, Span};

/// In bytes; a longer line holds many rules, of which others come and go, too.
const LONGEST_LINE: usize = 4_096;

/// What nft counts, or numbers anew when it loads a ruleset: in text (`counter packets 5 bytes 300`) and in JSON.
const COUNTED: [&str; 3] = ["packets", "bytes", "handle"];

/// Makes the fingerprints of one report, finding by finding.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints {
    seen: HashMap<u64, u32>,
}

impl Fingerprints {
    /// The fingerprint of the next finding. `unit` stands for the path of a finding without a place.
    pub fn of(&mut self, sources: &Sources, finding: &Finding, unit: &str) -> String {
        let (path, text) = match finding.span {
            None => (unit.into(), String::new()),
            Some(span) => (sources.path_in_repository(span.file), lines(sources, span)),
        };
        let others: Vec<String> = finding.parts.iter().map(|part| lines(sources, *part)).collect();
        let hash = hash([finding.lint, &path, &text].into_iter().chain(others.iter().map(String::as_str)));
        let occurrence = self.seen.entry(hash).or_default();
        let hash = fnv1a(fnv1a(hash, occurrence.to_string().as_bytes()), &[0]);
        *occurrence += 1;
        format!("{hash:016x}")
    }
}

/// The hash of texts, each followed by a zero byte.
pub fn hash<'t>(parts: impl IntoIterator<Item = &'t str>) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325;
    parts.into_iter().fold(start, |hash, part| fnv1a(fnv1a(hash, part.as_bytes()), &[0]))
}

/// The lines of a place, as words.
fn lines(sources: &Sources, span: Span) -> String {
    let file = sources.file(span.file);
    let is_short = |line: &Range<usize>| line.len() <= LONGEST_LINE;
    let whole = [sources.start(span), sources.end(span)].map(|place| file.line(place.line));
    let first = if is_short(&whole[0]) { whole[0].start } else { span.start as usize };
    let last = if is_short(&whole[1]) { whole[1].end } else { span.end as usize };
    normalise(file.text.get(first..last).unwrap_or(""))
}

/// The words of a rule: no counters nor handles, and one space between.
fn normalise(text: &str) -> String {
    let words = text.split_whitespace().filter(|word| !is_counter(word));
    let text = words.collect::<Vec<_>>().join(" ");
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text.as_str());
    while let Some(at) = rest.find(|char: char| char.is_ascii_digit()) {
        let (before, number) = rest.split_at(at);
        kept.push_str(before);
        let end = number.find(|char: char| !char.is_ascii_digit()).unwrap_or(number.len());
        let before = kept.trim_end_matches([' ', ':', '"']);
        if !COUNTED.iter().any(|name| before.ends_with(name)) {
            kept.push_str(&number[..end]);
        }
        rest = &number[end..];
    }
    kept + rest
}

/// Is it `[packets:bytes]`?
fn is_counter(word: &str) -> bool {
    let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    let parts = inner.and_then(|inner| inner.split_once(':'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    parts.is_some_and(|(packets, bytes)| digits(packets) && digits(bytes))
}

/// Continues a hash: FNV-1a with 64 bits.
fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    /// The fingerprints of one finding at each place of a word in a text.
    fn fingerprints(text: &str, word: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("rules.v4", text.into());
        let mut all = Fingerprints::default();
        let at =
            |(start, _)| Finding::new("open-port", Level::Note, "m").at(Span::new(file, start, start + 1));
        text.match_indices(word).map(at).map(|finding| all.of(&sources, &finding, "unit")).collect()
    }

    #[test]
    fn lines_before_and_counters_change_nothing_and_twins_differ() {
        let one = fingerprints("-A INPUT -j DROP\n-A INPUT -j ACCEPT\n-A INPUT -j ACCEPT\n", "ACCEPT");
        let two = fingerprints("\n[1:2]  -A INPUT -j ACCEPT\nx\n[5:99] -A INPUT\t-j ACCEPT\n", "ACCEPT");
        assert_eq!(one, two);
        assert_ne!(one[0], one[1]);
    }

    #[test]
    fn what_nft_counts_and_numbers_changes_nothing() {
        let text = |packets, bytes, handle| {
            let json =
                format!("{{\"counter\":{{\"packets\":{packets},\"bytes\": {bytes}}},\"handle\":{handle}}}");
            format!("tcp dport 22 counter packets {packets} bytes {bytes} accept # handle {handle}\n{json}\n")
        };
        assert_eq!(fingerprints(&text(1, 2, 3), "counter"), fingerprints(&text(40, 50, 60), "counter"));
        let other = text(1, 2, 3).replace("22", "23");
        assert_ne!(fingerprints(&text(1, 2, 3), "counter")[0], fingerprints(&other, "counter")[0]);
    }

    #[test]
    fn what_else_stands_in_a_line_of_many_rules_changes_nothing() {
        let filler = "{\"port\": 22}, ".repeat(400);
        let one = fingerprints(&format!("[{filler}{{\"port\": 23}}]"), "3");
        let two = fingerprints(&format!("[{{\"port\": 80}}, {filler}{{\"port\": 23}}]"), "3");
        assert_eq!(one, two);
        assert_eq!(one.len(), 1);
    }

    #[test]
    fn the_hash_is_that_of_fowler_noll_and_vo() {
        assert_eq!(fnv1a(0xcbf2_9ce4_8422_2325, b"foobar"), 0x85944171f73967e8);
    }
}
