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

use super::cloud::{Fields, Part, Remarks, looks_like_data};
use super::{Cloud, Export};
use crate::tree::Kind;

/// How exports of Google Cloud are known and read.
pub const CLOUD: Cloud = Cloud { provider: "Google Cloud", owns, script: script::rules, read };

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

/// Is an object surely one of Google Cloud?
fn owns(object: Fields) -> bool {
    const KEYS: [&str; 8] = [
        "allowed",
        "denied",
        "sourceRanges",
        "destinationRanges",
        "firewalls",
        "firewallPolicys",
        "firewall_policy_name",
        "layer4Configs",
    ];
    let is_of_compute =
        |kind: &crate::tree::Node| kind.text().is_some_and(|kind| kind.starts_with("compute#"));
    let matches = object.get("match").filter(|it| matches!(it.kind, Kind::Map(_)));
    KEYS.iter().any(|key| object.get(key).is_some())
        || object.get("kind").is_some_and(is_of_compute)
        || matches.is_some_and(|it| it.get("layer4Configs").is_some())
}

/// Reads the exports of one project.
fn read(parts: Vec<Part>, mut remarks: Remarks) -> Export {
    let is_export = parts.iter().any(|part| !part.is_script);
    let documents = parts.iter().flat_map(|part| &part.documents);
    let project = shape::project(documents, &mut remarks);
    let units = unit::units(&project, is_export);
    Export { units, remarks: remarks.finish() }
}
