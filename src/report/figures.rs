//! How much of what, and what was decided, in words.

use crate::finding::{Level, Report, UnitReport};

/// `1 error, 2 warnings, 0 notes`.
pub fn found(report: &Report) -> String {
    let levels = [Level::Error, Level::Warning, Level::Note];
    levels.map(|level| plural(report.count(level), level.name())).join(", ")
}

/// What was decided about a unit: `cloudflared gets out over QUIC; in: ssh from anywhere`.
pub fn verdict(unit: &UnitReport) -> String {
    if unit.verdicts.is_empty() {
        return "no verdict".to_owned();
    }
    // A program does something; a direction has something.
    let say = |(what, verdict): &(String, String)| match what.as_str() {
        "in" => format!("in: {verdict}"),
        program => format!("{program} {verdict}"),
    };
    unit.verdicts.iter().map(say).collect::<Vec<_>>().join("; ")
}

/// What was taken for granted for any of the units, each phrase once.
pub fn assumptions(units: &[UnitReport]) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for assumption in units.iter().flat_map(|unit| &unit.assumptions) {
        if !all.contains(&assumption.as_str()) {
            all.push(assumption);
        }
    }
    all
}

/// `1 rule`, `2 rules`.
pub fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
