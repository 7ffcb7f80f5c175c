//! The fate of a flow in one line: `egress accepted, reply delivered, followup passed, open`.

use serde_json::Value;

/// The steps of a flow in the order in which they happen.
const STEPS: [&str; 5] = ["egress", "ingress", "reply", "followup", "nd"];

/// One answer of the oracle or of `fwlint trace --packets`; steps that were not due are left out.
pub fn line(answer: &Value) -> String {
    if let Some(error) = answer.get("error") {
        return format!("error: {}", error.as_str().map_or_else(|| error.to_string(), str::to_string));
    }
    let steps = STEPS.iter().filter_map(|step| Some(format!("{step} {}", answer.get(step)?.as_str()?)));
    let verdict = answer.get("verdict").and_then(Value::as_str).unwrap_or("no verdict").to_string();
    steps.chain([verdict]).collect::<Vec<_>>().join(", ")
}

/// May fwlint say `ours` when the kernel does `kernel`? It may say "depends" instead of an answer, and
/// what comes after that step may then depend too; it may not say anything else.
pub fn is_weaker(ours: &str, kernel: &str) -> bool {
    let kernel_says = |step: &str| kernel.split(", ").find(|said| first_word(said) == step);
    ours.split(", ").all(|said| {
        let open_question = said == "depends" || said.ends_with(" depends");
        let step = first_word(said);
        open_question || kernel_says(step) == Some(said) || (!kernel.contains(step) && is_step(step))
    })
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

fn is_step(word: &str) -> bool {
    STEPS.contains(&word)
}
