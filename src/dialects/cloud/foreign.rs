//! What in an export of one provider is another's.

use super::{Fields, Remarks};

/// Keys of what other exports hold, by provider.
const KEYS: [(&str, &[&str]); 3] = [
    (
        "Google Cloud",
        &["sourceRanges", "destinationRanges", "allowed", "denied", "firewalls", "firewallPolicys"],
    ),
    (
        "AWS",
        &[
            "SecurityGroups",
            "SecurityGroupRules",
            "NetworkAcls",
            "IpPermissions",
            "IpPermissionsEgress",
            "NetworkAclId",
            "RuleGroup",
            "FirewallPolicy",
        ],
    ),
    ("Azure", &["securityRules", "defaultSecurityRules", "effectiveSecurityRules", "SecurityRules"]),
];

/// Tells that an object of an export is none that is known. Another provider's filters are lost where it is passed over.
pub fn nothing_known(object: Fields, message: &str, remarks: &mut Remarks) {
    let has = |keys: &[&str]| keys.iter().any(|key| object.get(key).is_some());
    match KEYS.iter().find(|(_, keys)| has(keys)) {
        Some((provider, _)) => remarks.add_with(
            object.span(),
            format!("this is of {provider}, and stands in a file of another cloud: it is not judged"),
            vec!["In a file of its own it is.".to_owned()],
        ),
        None => remarks.unknown(object.span(), message),
    }
}
