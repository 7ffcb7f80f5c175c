//! The fate of a flow in one line: `egress accepted, reply delivered, followup passed, open`.

use serde_json::Value;

/// The steps of a flow in the order in which they happen.
const STEPS: [&str; 5] = ["egress", "ingress", "reply", "followup", "nd"];

/// One answer of the oracle or of `fwlint trace --packets`. Steps that were not due are left out, and so are
/// the answer and the second packet after a step that depends.
pub fn line(answer: &Value) -> String {
    if let Some(error) = answer.get("error") {
        return format!("error: {}", error.as_str().map_or_else(|| error.to_string(), str::to_string));
    }
    let mut said = Vec::new();
    let mut open_question = false;
    for step in STEPS {
        let Some(fate) = answer.get(step).and_then(Value::as_str) else { continue };
        if step == "nd" || !open_question {
            said.push(format!("{step} {fate}"));
        }
        open_question |= fate == "depends";
    }
    said.push(answer.get("verdict").and_then(Value::as_str).unwrap_or("no verdict").to_string());
    said.join(", ")
}

/// May fwlint say `ours` when the kernel does `kernel`? It may say "depends" instead of an answer, and nothing
/// else that the kernel does not say.
pub fn is_weaker(ours: &str, kernel: &str) -> bool {
    let depends = |said: &str| said == "depends" || said.ends_with(" depends");
    ours.split(", ").all(|said| depends(said) || kernel.split(", ").any(|other| other == said))
}
