//! Which findings are known from before a change.

use std::collections::HashMap;

use crate::finding::{Finding, Level};

/// Lints that say one thing of a host, and with it what hangs on other flows: does the other transport get out, or may it;
/// by which resolver could names be looked up?
const OF_ONE_THING: [&str; 4] =
    ["tunnel-quic-blocked", "tunnel-http2-blocked", "tunnel-dns-blocked", "inbound-tunnel-port"];

/// Findings from before, each of which makes one of those after it an old one.
pub struct Known<'f>(HashMap<(&'static str, &'f str), Vec<Level>>);

impl<'f> Known<'f> {
    /// All of these.
    pub fn of(findings: impl Iterator<Item = &'f Finding>) -> Self {
        let mut known: HashMap<_, Vec<Level>> = HashMap::new();
        for finding in findings {
            known.entry(key(finding)).or_default().push(finding.level);
        }
        known.values_mut().for_each(|levels| levels.sort_unstable());
        Known(known)
    }

    /// Was a finding there before, then as bad or worse? No other is then taken for the same.
    pub fn has(&mut self, finding: &'f Finding) -> bool {
        let levels = self.0.entry(key(finding)).or_default();
        let at = levels.iter().position(|level| *level >= finding.level);
        at.map(|at| levels.remove(at)).is_some()
    }
}

/// By what a finding is known again when lines have moved: where several say the same, their number counts.
fn key(finding: &Finding) -> (&'static str, &str) {
    (finding.lint, if OF_ONE_THING.contains(&finding.lint) { "" } else { &finding.message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_one_thing_in_other_words_is_no_other_finding() {
        let finding = |lint, level, message: &str| Finding::new(lint, level, message);
        let does = finding("tunnel-quic-blocked", Level::Warning, "QUIC is blocked: TCP 7844 does get out");
        let may = finding("tunnel-quic-blocked", Level::Warning, "QUIC is blocked: TCP 7844 may get out");
        let mut known = Known::of([&does].into_iter());
        assert!(known.has(&may));
        assert!(!known.has(&does), "there was one before, and now there are two");
    }

    #[test]
    fn of_others_the_words_count_and_what_is_worse_than_before_is_new() {
        let finding = |level, message: &str| Finding::new("open-port", level, message);
        let (ssh, http) = (finding(Level::Note, "SSH gets in"), finding(Level::Warning, "HTTP gets in"));
        let worse = finding(Level::Warning, "SSH gets in");
        let better = finding(Level::Note, "HTTP gets in");
        let other = finding(Level::Note, "something else gets in");
        let mut known = Known::of([&ssh, &http].into_iter());
        assert!(!known.has(&other));
        assert!(!known.has(&worse));
        assert!(known.has(&better));
    }
}
