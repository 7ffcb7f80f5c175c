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

use super::cloud::{Fields, Part, Remarks, looks_like_data};
use super::{Cloud, Export};

/// How exports of AWS are known and read.
pub const CLOUD: Cloud = Cloud { provider: "AWS", owns, script: script::groups, read };

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

/// Is an object surely one of AWS?
fn owns(object: Fields) -> bool {
    const KEYS: [&str; 18] = [
        "SecurityGroups",
        "SecurityGroupRules",
        "NetworkAcls",
        "PrefixLists",
        "RuleGroups",
        "FirewallPolicies",
        "IpPermissions",
        "IpPermissionsEgress",
        "SecurityGroupRuleId",
        "NetworkAclId",
        "NetworkInterfaceId",
        "PrefixListId",
        "RuleGroup",
        "RulesSource",
        "RuleGroupResponse",
        "FirewallPolicyResponse",
        "FirewallPolicyV2",
        "IsEgress",
    ];
    // PowerShell tells of groups of Azure by the interfaces that they are for, too.
    let lists: [(&str, &[&str]); 2] = [
        ("Entries", &["Cidr"]),
        ("NetworkInterfaces", &["NetworkInterfaceId", "Groups", "SubnetId", "VpcId"]),
    ];
    let holds = |(list, keys): (&str, &[&str])| {
        let first = object.get(list).and_then(|list| list.items().first());
        first.is_some_and(|first| keys.iter().any(|key| first.get(key).is_some()))
    };
    KEYS.iter().any(|key| object.get(key).is_some()) || lists.into_iter().any(holds)
}

/// Reads the exports of one account.
fn read(parts: Vec<Part>, mut remarks: Remarks) -> Export {
    let texts: Vec<_> = parts.iter().map(|part| (part.file, part.text)).collect();
    let documents = parts.into_iter().flat_map(|part| part.documents);
    let account = account::account(documents, &mut remarks);
    let units = unit::units(account, &texts, &mut remarks);
    Export { units, remarks: remarks.finish() }
}
