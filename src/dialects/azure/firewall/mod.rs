//! Azure Firewall: the rule collection groups of firewall policies, and the collections of firewalls without a policy.
//!
//! The fields are those of the Network API (`ruleCollectionGroups`, `azureFirewalls`); what the rules mean is from
//! <https://learn.microsoft.com/azure/firewall/rule-processing>,
//! <https://learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules> and
//! <https://learn.microsoft.com/azure/firewall/firewall-known-issues>.
//!
//! Network rules come before application rules, whatever group they are in. A network rule decides by addresses, and an
//! application rule by the name in TLS or in a request of HTTP: of UDP it says nothing.

mod application;
mod collection;
mod command;
mod ends;
mod network;

pub use collection::{is_firewall, units};
