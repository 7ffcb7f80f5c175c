//! The format of `expected.md`: what fwlint should find, one finding an item, and why.
//!
//! `- LEVEL LINT: reason` must be found; `- perhaps LEVEL LINT: reason` may be. What has no item must not be.

use fwlint::lints::LINTS;
use serde_json::Value;

/// A finding that should, or may, be made.
struct Item {
    level: String,
    lint: String,
    is_required: bool,
}

/// What is wrong with findings, given as `fwlint check --format json` prints them; nothing when all is right.
pub fn problems(expected: &str, report: &Value) -> Vec<String> {
    let items: Vec<Item> = expected.lines().filter_map(item).collect();
    let findings = report["findings"].as_array().expect("a report has findings");
    let is = |finding: &Value, item: &Item| finding["level"] == *item.level && finding["lint"] == *item.lint;
    let missing =
        items.iter().filter(|item| item.is_required && !findings.iter().any(|finding| is(finding, item)));
    // An opinion on a lint that there is not yet waits for it.
    let missing = missing.filter(|item| LINTS.iter().any(|lint| lint.id == item.lint));
    let missing = missing.map(|item| format!("missing: {} {}", item.level, item.lint));
    let surplus = findings.iter().filter(|finding| !items.iter().any(|item| is(finding, item)));
    let surplus = surplus.map(|finding| {
        let word = |key: &str| finding[key].as_str().unwrap_or_default();
        format!("not expected: {} {}: {}", word("level"), word("lint"), word("message"))
    });
    missing.chain(surplus).collect()
}

fn item(line: &str) -> Option<Item> {
    let (what, _) = line.strip_prefix("- ")?.split_once(':')?;
    let required = what.strip_prefix("perhaps ");
    let (level, lint) = required.unwrap_or(what).split_once(' ')?;
    let (level, lint) = (level.to_string(), lint.to_string());
    Some(Item { level, lint, is_required: required.is_none() })
}
