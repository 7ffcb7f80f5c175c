//! The command that lets Network Firewall allow more: a rule in front of all others of a rule group, which is written anew
//! (<https://docs.aws.amazon.com/cli/latest/reference/network-firewall/update-rule-group.html>).

use super::stateful;
use crate::dialects::cloud::{lines, quoted};
use crate::model::{Front, Letting, Recipe};
use crate::source::Span;

/// New rules get numbers of this hundred or of a later one, each of its own.
const FIRST_NUMBER: usize = 78_440;

/// How a rule is added in front of the rules of Suricata that a group has as a text, for what goes out. `index` is where the
/// rules for flows begin in the chain.
pub fn recipe(arn: &str, text: &str, chain: &str, index: usize, place: Span) -> Recipe {
    // A blank may stand on either side of the colon.
    let taken = |rest: &str| rest.trim_start().strip_prefix(':').map(|number| number.trim_start().to_owned());
    let taken: Vec<String> = text.split("sid").skip(1).filter_map(taken).collect();
    let is_free = |number: &usize| !taken.iter().any(|other| other.starts_with(&number.to_string()));
    let number = (FIRST_NUMBER..).find(is_free).unwrap_or(FIRST_NUMBER);
    // A flow that is let pass is not looked at again, its answers included.
    let front = Some(Front { index, actions: vec![stateful::pass(place)] });
    Recipe { front, ..Recipe::new(chain, vec![arn.into(), number.to_string().into()], update) }
}

fn update(names: &[Box<str>], letting: &Letting, _: i64) -> String {
    let [arn, number] = names else { return String::new() };
    let arn = quoted(arn);
    let addresses = letting.prefixes.join(",");
    let number = format!("{number}{:02}", if letting.protocol == "tcp" { 6 } else { 17 });
    let number = if letting.family == crate::packet::Family::V6 { format!("{number}6") } else { number };
    let rule = quoted(&format!(
        "pass {} $HOME_NET any -> [{addresses}] {} (sid:{number}; rev:1;)",
        letting.protocol,
        // A range is written with a colon.
        letting.ports.to_string().replace('-', ":")
    ));
    let describe = format!("aws network-firewall describe-rule-group --rule-group-arn {arn}");
    lines([
        "aws network-firewall update-rule-group".to_owned(),
        format!("--rule-group-arn {arn}"),
        format!("--update-token \"$({describe} --query UpdateToken --output text)\""),
        format!("--rule-group \"$({describe} --query RuleGroup --output json |"),
        format!("jq --arg rule {rule}"),
        "'.RulesSource.RulesString = $rule + \"\\n\" + .RulesSource.RulesString')\"".to_owned(),
    ])
}
