//! Amazon EC2: security groups, network ACLs, managed prefix lists and network interfaces, as the aws command and
//! the SDKs print them.
//!
//! The fields are those of the EC2 API; what the rules mean is from
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>,
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html> and
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>.

mod account;
mod acl;
mod command;
pub mod compose;
mod firewall;
mod layer4;
mod permission;
mod script;
mod unit;

use super::Export;
use super::cloud::{Remarks, documents, looks_like_data};
use crate::source::FileId;

/// Is a text surely such an export? One of these keys stands in each, before much else.
pub fn is_export(text: &str) -> bool {
    const KEYS: [&str; 13] = [
        "SecurityGroups",
        "SecurityGroupRules",
        "NetworkAcls",
        "NetworkInterfaces",
        "PrefixLists",
        "IpPermissions",
        "NetworkAclId",
        "RulesSource",
        "RuleGroupResponse",
        "RuleGroupArn",
        "FirewallPolicyResponse",
        "StatelessDefaultActions",
        "FirewallPolicyV2",
    ];
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    script::is_script(text)
        || looks_like_data(text) && (KEYS.iter().any(|key| has(key)) || has("\"Entries\"") && has("\"Cidr\""))
}

/// Reads the exports of one account.
pub fn read(texts: &[(FileId, &str)]) -> Export {
    let mut remarks = Remarks::default();
    let mut read = |file: FileId, text| match script::groups(file, text) {
        Some(made) => vec![made],
        None => documents(file, text, &mut remarks),
    };
    let documents: Vec<_> = texts.iter().flat_map(|(file, text)| read(*file, text)).collect();
    let account = account::account(documents, &mut remarks);
    let units = unit::units(account, texts, &mut remarks);
    Export { units, remarks: remarks.finish() }
}
