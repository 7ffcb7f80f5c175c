//! Firewall policies, as `describe-firewall-policy` prints them: which rule groups count, and what becomes of packets that
//! none of them decides.

use super::name_in;
use crate::dialects::cloud::{Fields, Remarks, UNREAD};
use crate::source::{Span, Spanned};

/// A firewall policy.
#[derive(Debug)]
pub struct Policy<'n> {
    /// Its name.
    pub name: Spanned<&'n str>,
    /// Are stateful rules asked in the order in which they stand?
    pub is_strict: bool,
    /// What becomes of packets that no stateless rule decides.
    pub stateless_default: Vec<Spanned<&'n str>>,
    /// What becomes of flows that no stateful rule decides.
    pub stateful_default: Vec<Spanned<&'n str>>,
    /// The stateless rule groups, in the order in which they count.
    pub stateless: Vec<Reference<'n>>,
    /// The stateful ones, likewise.
    pub stateful: Vec<Reference<'n>>,
    /// Where it says that TLS is opened and looked into.
    pub inspection: Option<Span>,
    /// `RuleVariables` for all groups.
    pub variables: Option<Fields<'n, 'n>>,
}

/// A rule group that a policy names.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'n> {
    /// Its ARN, where it stands.
    pub arn: Spanned<&'n str>,
    /// Lower ones come first, where priorities count.
    pub priority: Option<i64>,
    /// Does what it drops only go into a log?
    pub only_alerts: bool,
}

/// Reads a policy.
pub fn read<'n>(item: Fields<'n, 'n>, remarks: &mut Remarks) -> Option<Policy<'n>> {
    let policy = Fields::of(item.get("FirewallPolicy")?, remarks)?;
    let response = item.get("FirewallPolicyResponse").and_then(|node| Fields::of(node, remarks));
    let mut told = |key: &str| response?.text(key, remarks);
    let name = told("FirewallPolicyName").or_else(|| told("FirewallPolicyArn").map(name_in));
    let mut inner = |key: &str| policy.get(key).and_then(|node| Fields::of(node, remarks));
    let (engine, variables) = (inner("StatefulEngineOptions"), inner("PolicyVariables"));
    let order = engine.and_then(|engine| engine.text("RuleOrder", remarks));
    Some(Policy {
        name: name.unwrap_or(Spanned::new("firewall policy", item.span())),
        is_strict: order.is_some_and(|order| order.value.eq_ignore_ascii_case("STRICT_ORDER")),
        stateless_default: policy.texts("StatelessDefaultActions", remarks),
        stateful_default: policy.texts("StatefulDefaultActions", remarks),
        stateless: references(policy, "StatelessRuleGroupReferences", remarks),
        stateful: references(policy, "StatefulRuleGroupReferences", remarks),
        inspection: policy.get("TLSInspectionConfigurationArn").map(|node| node.span),
        variables: variables.and_then(|variables| Fields::of(variables.get("RuleVariables")?, remarks)),
    })
}

/// References in the order in which they count. Without priorities they count as they stand.
fn references<'n>(policy: Fields<'n, 'n>, key: &str, remarks: &mut Remarks) -> Vec<Reference<'n>> {
    let mut all = Vec::new();
    for item in policy.objects(key, remarks) {
        let priority = item.number("Priority", remarks).map(|number| number.value);
        let arn = item.text("ResourceArn", remarks).unwrap_or_else(|| {
            remarks.add(item.span(), "the field `ResourceArn` is missing");
            Spanned::new(UNREAD, item.span())
        });
        let instead = item.get("Override").and_then(|node| Fields::of(node, remarks));
        let action = instead.and_then(|instead| instead.text("Action", remarks));
        let only_alerts = action.is_some_and(|action| action.value.eq_ignore_ascii_case("DROP_TO_ALERT"));
        all.push(Reference { arn, priority, only_alerts });
    }
    all.sort_by_key(|reference| reference.priority);
    all
}
