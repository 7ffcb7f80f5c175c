//! AWS Network Firewall: rule groups and firewall policies, as `aws network-firewall describe-rule-group` and
//! `describe-firewall-policy` print them.
//!
//! The fields are those of its API
//! (<https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_RuleGroup.html>,
//! <https://docs.aws.amazon.com/network-firewall/latest/APIReference/API_FirewallPolicy.html>); the order in which rules
//! count is from
//! <https://docs.aws.amazon.com/network-firewall/latest/developerguide/suricata-rule-evaluation-order.html>.
//!
//! Stateless rules see each packet by itself. What they hand on is looked at as a flow: once a rule lets it pass,
//! nothing of it is looked at again. What a rule asks of the application it asks of packets behind TCP's handshake.

mod asked;
mod command;
mod domains;
mod group;
mod options;
mod policy;
mod sets;
mod stateful;
mod stateless;
mod suricata;
mod unit;
mod variables;

pub use unit::read;

use crate::source::Spanned;

/// The name at the end of an ARN.
fn name_in(arn: Spanned<&str>) -> Spanned<&str> {
    arn.map(last_part)
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
