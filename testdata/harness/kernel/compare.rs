//! Two answers to the same probe, step by step.

use serde_json::Value;
use std::fmt::{self, Write};

/// The steps of a flow in the order in which they happen, and what comes of it all.
pub const STEPS: [&str; 6] = ["egress", "ingress", "reply", "followup", "nd", "verdict"];

/// How often fwlint and the kernel were asked, and what they said.
#[derive(Default)]
pub struct Tally {
    rulesets: usize,
    probes: usize,
    steps: usize,
    depends: usize,
    /// Rulesets that fwlint cannot read yet.
    pub unread: usize,
    /// In words, with the ruleset.
    pub disagreements: Vec<String>,
}

impl Tally {
    /// Compares the answers to the probes of one host.
    pub fn compare(&mut self, id: &str, rulesets: &[(String, String)], kernel: &[Value], ours: &[Value]) {
        self.rulesets += 1;
        if kernel.len() != ours.len() {
            self.disagreements.push(format!("{id}: {} answers to {} probes", ours.len(), kernel.len()));
        }
        let mut wrong = String::new();
        for (kernel, ours) in kernel.iter().zip(ours) {
            self.probes += 1;
            let problems = self.compare_probe(kernel, ours);
            if !problems.is_empty() {
                let problems = problems.join(", ");
                writeln!(
                    wrong,
                    "  {}\n    {problems}\n    kernel {kernel}\n    fwlint {ours}",
                    kernel["probe"]
                )
                .unwrap_or_default();
            }
        }
        if !wrong.is_empty() {
            let texts = rulesets.iter().map(|(kind, text)| format!("== {kind}\n{text}"));
            self.disagreements.push(format!("{id}\n{wrong}{}", texts.collect::<String>()));
        }
    }

    /// The steps at which they contradict each other. A step that was not due to the kernel counts for
    /// nothing when something before it depends. Neighbour discovery that it did not try (no packet to the
    /// gateway got out) counts for nothing either, nor does the verdict if fwlint rests it on that.
    fn compare_probe(&mut self, kernel: &Value, ours: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        let mut open_question = false;
        let is_untried = kernel["nd"].is_null() && matches!(ours["nd"].as_str(), Some("blocked" | "depends"));
        for step in STEPS.into_iter().filter(|&step| step != "verdict" || !is_untried) {
            let [kernel, ours] = [kernel, ours].map(|answer| answer[step].as_str());
            open_question |= ours == Some("depends");
            match (kernel, ours) {
                (None, None) => continue,
                (None, Some(_)) if open_question || step == "nd" => continue,
                (Some(_), None) if open_question => self.depends += 1,
                (Some(_), Some("depends")) => self.depends += 1,
                (kernel, ours) if kernel == ours => {}
                (kernel, ours) => problems.push(format!("{step}: {} but {}", word(kernel), word(ours))),
            }
            self.steps += 1;
        }
        problems
    }

    /// Counts what another has counted too.
    pub fn add(&mut self, other: Tally) {
        self.rulesets += other.rulesets;
        self.probes += other.probes;
        self.steps += other.steps;
        self.depends += other.depends;
        self.unread += other.unread;
        self.disagreements.extend(other.disagreements);
    }

    /// In how many of 100 steps fwlint said "depends".
    pub fn depends_in_100(&self) -> f64 {
        100.0 * self.depends as f64 / self.steps.max(1) as f64
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Tally { rulesets, probes, steps, unread, .. } = self;
        write!(
            f,
            "random rulesets: {rulesets} rulesets, {probes} probes, {steps} steps compared with the kernel: "
        )?;
        let bad = self.disagreements.len();
        write!(f, "{bad} rulesets with disagreements, {:.2} in 100 steps depend", self.depends_in_100())?;
        if *unread > 0 {
            write!(f, "; {unread} rulesets that fwlint cannot read yet")?;
        }
        Ok(())
    }
}

fn word(step: Option<&str>) -> &str {
    step.unwrap_or("nothing")
}
