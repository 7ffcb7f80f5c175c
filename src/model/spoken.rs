//! What rules and policies decide, in the words of the language in which they are written.

use super::{Policy, Verdict};

/// `ACCEPT` or `accept`, as the text says it that has the rule or policy.
fn as_written(text: &str, upper: &'static str, lower: &'static str) -> &'static str {
    // What is not spelled out stands in a chain or map of nft, or is left to iptables.
    let is_nft = || text.starts_with("chain") || text.contains("map") || text.contains("\"chain\"");
    if text.contains(upper) || !text.contains(lower) && !is_nft() { upper } else { lower }
}

impl Policy {
    /// Its word, as the text says it that has it.
    pub fn word(self, text: &str) -> &'static str {
        match self {
            Policy::Accept => as_written(text, "ACCEPT", "accept"),
            Policy::Drop => as_written(text, "DROP", "drop"),
        }
    }
}

impl Verdict {
    /// A rule by its verdict, as the text says it that has the rule: `DROP`, `drop`, `jump to `office``, `rule` if it
    /// decides nothing.
    pub fn word(&self, text: &str) -> String {
        match self {
            Verdict::Accept => as_written(text, "ACCEPT", "accept").into(),
            Verdict::Drop => as_written(text, "DROP", "drop").into(),
            Verdict::Reject(_) => as_written(text, "REJECT", "reject").into(),
            Verdict::Return => as_written(text, "RETURN", "return").into(),
            Verdict::Jump(chain) => format!("jump to `{chain}`"),
            Verdict::Goto(chain) => format!("goto `{chain}`"),
            Verdict::Queue => "queue".into(),
            Verdict::Nat(_) => "translation".into(),
            Verdict::Continue | Verdict::Unknown(_) => "rule".into(),
        }
    }
}
