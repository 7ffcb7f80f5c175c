//! The command that adds a VPC firewall rule
//! (<https://cloud.google.com/sdk/gcloud/reference/compute/firewall-rules/create>).

use super::rule::{LAST_PRIORITY, Rule};
use super::targets::Target;
use crate::dialects::cloud::{Direction, command};
use crate::model::{Letting, Numbers, Recipe};
use crate::packet::Family;

/// How a rule is added for what goes out of some machines of a network; `None` for those that VPC firewall rules cannot
/// name.
pub fn recipe(rules: &[&Rule], network: &str, target: Option<Target>) -> Option<Recipe> {
    let mut names = vec![network.into()];
    match target {
        None => {}
        Some(Target::Tag(tag)) => names.push(format!("--target-tags={tag}").into()),
        Some(Target::ServiceAccount(account)) => {
            names.push(format!("--target-service-accounts={account}").into());
        }
        Some(Target::SecureTag(_)) => return None,
    }
    let is_its = |rule: &&&Rule| {
        rule.direction != Some(Direction::In)
            && rule.targets.as_ref().is_some_and(|targets| targets.include(target))
    };
    let taken = rules.iter().filter(is_its).map(|rule| (rule.span, rule.priority)).collect();
    let numbers = Some(Numbers { taken, range: (0, LAST_PRIORITY), are_unique: false });
    let chain = Direction::Out.name().into();
    Some(Recipe { chain, numbers, names, command: create })
}

fn create(names: &[Box<str>], letting: &Letting, number: i64) -> String {
    let [network, target @ ..] = names else { return String::new() };
    let (protocol, port) = (letting.protocol, letting.port);
    let family = if letting.family == Family::V6 { "-ipv6" } else { "" };
    let head = ["gcloud", "compute", "firewall-rules", "create"].map(str::to_owned);
    let options = [
        format!("fwlint-{protocol}-{port}-{number}{family}"),
        format!("--network={network}"),
        "--direction=EGRESS".to_owned(),
        format!("--priority={number}"),
        "--action=ALLOW".to_owned(),
        format!("--rules={protocol}:{port}"),
        format!("--destination-ranges={}", letting.prefixes.join(",")),
    ];
    command(head.into_iter().chain(options).chain(target.iter().map(ToString::to_string)))
}
