//! The format of `expected.md`: what fwlint should find, one finding an item, and why.
//!
//! `- LEVEL LINT: reason` must be found; `- perhaps LEVEL LINT: reason` may be. What has no item must not be.

use serde_json::Value;

/// A finding that should, or may, be made.
struct Item {
    /// The level and the lint, as `note open-port`.
    what: String,
    is_required: bool,
}

/// What is wrong with findings, given as `fwlint check --format json` prints them; nothing when all is right.
pub fn problems(expected: &str, report: &Value) -> Vec<String> {
    let items: Vec<Item> = expected.lines().filter_map(item).collect();
    let findings = report["findings"].as_array().expect("a report has findings");
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_string();
    let found: Vec<(String, String)> = findings
        .iter()
        .map(|finding| {
            (format!("{} {}", word(finding, "level"), word(finding, "lint")), word(finding, "message"))
        })
        .collect();
    let missing =
        items.iter().filter(|item| item.is_required && !found.iter().any(|(what, _)| *what == item.what));
    let missing = missing.map(|item| format!("missing: {}", item.what));
    let surplus = found.iter().filter(|(what, _)| !items.iter().any(|item| item.what == *what));
    let surplus = surplus.map(|(what, message)| format!("not expected: {what}: {message}"));
    missing.chain(surplus).collect()
}

fn item(line: &str) -> Option<Item> {
    let text = line.strip_prefix("- ")?;
    let (what, _) = text.split_once(':')?;
    let required = what.strip_prefix("perhaps ");
    Some(Item { what: required.unwrap_or(what).to_string(), is_required: required.is_none() })
}
