//! Azure: network security groups, their rules one by one, and those in force on a network interface, as the az
//! command prints them in JSON and YAML and as the REST interface answers.
//!
//! The fields are those of the Network API (`networkSecurityGroups`, `EffectiveNetworkSecurityGroup`); what the rules
//! mean is from <https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview>,
//! <https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works>,
//! <https://learn.microsoft.com/azure/virtual-network/service-tags-overview> and
//! <https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins>.

mod command;
pub mod compose;
mod ends;
mod field;
mod firewall;
mod interface;
mod layer;
mod layer4;
mod pascal;
mod rule;
mod script;
mod shape;
mod standard;
mod tags;
mod unit;

use super::Export;
use super::cloud::{Remarks, documents, looks_like_data};
use crate::source::FileId;

/// Is a text surely such an export? Templates for deployments, whose fields are expressions, are none.
pub fn is_export(text: &str) -> bool {
    const KEYS: [&str; 6] = [
        "securityRules",
        // The same in other words: `defaultSecurityRules`, `effectiveSecurityRules`, and what PowerShell writes.
        "SecurityRules",
        "providers/Microsoft.Network/",
        "FirewallPolicyFilterRuleCollection",
        "networkRuleCollections",
        "ruleCollectionGroups",
    ];
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    let is_rule = || has("estinationPortRange") && has("ourceAddressPrefix");
    script::is_script(text)
        || looks_like_data(text)
            && (KEYS.iter().any(|key| has(key)) || is_rule())
            && !has("deploymentTemplate.json")
}

/// Reads the exports of one subscription.
pub fn read(texts: &[(FileId, &str)]) -> Export {
    let mut remarks = Remarks::default();
    let mut read = |file: FileId, text| match script::groups(file, text) {
        Some(made) => vec![made],
        None => documents(file, text, &mut remarks),
    };
    let mut documents: Vec<_> = texts.iter().map(|(file, text)| read(*file, text)).collect();
    documents.iter_mut().flatten().for_each(pascal::decapitalise);
    let holdings = shape::holdings(documents.iter().flatten(), &mut remarks);
    let units = unit::units(&holdings, &mut remarks);
    Export { units, remarks: remarks.finish() }
}
