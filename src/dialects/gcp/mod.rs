//! Google Cloud: VPC firewall rules, and hierarchical and network firewall policies, as gcloud prints them in
//! JSON and YAML and as the REST interface answers.
//!
//! The fields are those of the Compute Engine API (`firewalls`, `firewallPolicies`); what the rules mean is from
//! <https://cloud.google.com/firewall/docs/firewalls>, <https://cloud.google.com/firewall/docs/using-firewalls>,
//! <https://cloud.google.com/firewall/docs/firewall-policies-rule-details> and
//! <https://cloud.google.com/firewall/docs/firewall-policies-overview>.

mod command;
pub mod compose;
mod layer4;
mod policy;
mod rule;
mod script;
mod shape;
mod side;
mod targets;
mod unit;

use super::Export;
use super::cloud::{Remarks, documents, looks_like_data};
use crate::source::FileId;

/// Is a text surely such an export? Each of these stands in every export of its kind.
pub fn is_export(text: &str) -> bool {
    const WORDS: [&str; 6] = [
        "compute#firewall",
        "layer4Configs",
        "firewallPolicys",
        "firewall_policy_name",
        "sourceServiceAccounts",
        "targetServiceAccounts",
    ];
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    script::is_script(text)
        || looks_like_data(text)
            && (WORDS.iter().any(|word| has(word))
                || has("IPProtocol") && (has("sourceRanges") || has("destinationRanges")))
}

/// Reads the exports of one project.
pub fn read(texts: &[(FileId, &str)]) -> Export {
    let mut remarks = Remarks::default();
    let mut is_export = false;
    let mut read = |file: FileId, text| match script::rules(file, text) {
        Some(made) => vec![made],
        None => {
            is_export = true;
            documents(file, text, &mut remarks)
        }
    };
    let documents: Vec<_> = texts.iter().map(|(file, text)| read(*file, text)).collect();
    let project = shape::project(documents.iter().flatten(), &mut remarks);
    let units = unit::units(&project, is_export);
    Export { units, remarks: remarks.finish() }
}
