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

use super::cloud::{Fields, Part, Remarks, looks_like_data};
use super::{Cloud, Export};
use crate::tree::{Kind, Node};

/// How exports of Azure are known and read.
pub const CLOUD: Cloud = Cloud { provider: "Azure", owns, script: script::groups, read };

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

/// Is an object surely one of Azure? PowerShell begins keys with a large letter.
fn owns(object: Fields) -> bool {
    const KEYS: [&str; 9] = [
        "securityRules",
        "defaultSecurityRules",
        "effectiveSecurityRules",
        "ruleCollections",
        "networkRuleCollections",
        "applicationRuleCollections",
        "ruleCollectionGroups",
        "sourceAddressPrefix",
        "destinationPortRange",
    ];
    const PATHS: [&str; 2] = ["/providers/microsoft.network/", "microsoft.network/"];
    let is_named = |key: &Node| {
        key.text().is_some_and(|name| {
            let name = name.strip_suffix('s').filter(|name| KEYS.contains(name)).unwrap_or(name);
            KEYS.iter().any(|key| key.len() == name.len() && key.eq_ignore_ascii_case(name))
        })
    };
    let has_key = |object: Fields| match &object.0.kind {
        Kind::Map(entries) => entries.iter().any(|(key, _)| is_named(key)),
        _ => false,
    };
    let tells = |key: &str| {
        let text = object.get(key).and_then(Node::text).map(str::to_ascii_lowercase);
        text.is_some_and(|text| text.contains(PATHS[0]) || text.starts_with(PATHS[1]))
    };
    has_key(object)
        || has_key(shape::body(object))
        || ["id", "Id", "type", "Type"].iter().any(|key| tells(key))
}

/// Reads the exports of one subscription.
fn read(mut parts: Vec<Part>, mut remarks: Remarks) -> Export {
    parts.iter_mut().flat_map(|part| &mut part.documents).for_each(pascal::decapitalise);
    let documents = parts.iter().flat_map(|part| &part.documents);
    let holdings = shape::holdings(documents, &mut remarks);
    let units = unit::units(&holdings, &mut remarks);
    Export { units, remarks: remarks.finish() }
}
