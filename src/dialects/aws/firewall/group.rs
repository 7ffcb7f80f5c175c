//! Rule groups, as `describe-rule-group` prints them.

use super::stateful::{self, Rule};
use super::stateless;
use super::variables::Variables;
use super::{domains, name_in};
use crate::dialects::cloud::{Fields, Remarks, Texts};
use crate::source::Spanned;

/// How many rules a fix adds at most: TCP and UDP of both families. Each takes one of the capacity
/// (<https://docs.aws.amazon.com/network-firewall/latest/developerguide/nwfw-rule-group-capacity.html>).
const MOST_NEW_RULES: i64 = 4;

/// A rule group.
#[derive(Clone, Copy, Debug)]
pub struct Group<'n> {
    /// Its name.
    pub name: Spanned<&'n str>,
    /// How firewall policies name it.
    pub arn: Option<&'n str>,
    /// Are its rules asked in the order in which they stand?
    pub is_strict: bool,
    /// Has it no place for the rules of a command? It never gets more than it was made with.
    is_full: bool,
    variables: Option<Fields<'n, 'n>>,
    source: Option<Fields<'n, 'n>>,
}

/// The rules of a group.
#[derive(Debug)]
pub enum Rules {
    /// For each packet by itself, in the order in which they count.
    Stateless(Vec<stateless::Rule>),
    /// For flows, as they stand.
    Stateful(Vec<Rule>),
}

impl<'n> Group<'n> {
    /// Reads what there is to know of a group but its rules: an answer, or the rules that one was made of.
    pub fn read(item: Fields<'n, 'n>, remarks: &mut Remarks) -> Self {
        let group = item.get("RuleGroup").and_then(|node| Fields::of(node, remarks)).unwrap_or(item);
        let response = item.get("RuleGroupResponse").and_then(|node| Fields::of(node, remarks));
        let mut told = |key: &str| response?.text(key, remarks);
        let (name, arn) = (told("RuleGroupName"), told("RuleGroupArn"));
        let name = name.or(arn.map(name_in)).unwrap_or(Spanned::new("rule group", item.span()));
        let options = group.get("StatefulRuleOptions").and_then(|node| Fields::of(node, remarks));
        let order = options.and_then(|options| options.text("RuleOrder", remarks));
        let mut number = |key: &str| Some(response?.number(key, remarks)?.value);
        let (all, used) = (number("Capacity"), number("ConsumedCapacity"));
        let source = group.get("RulesSource").and_then(|node| Fields::of(node, remarks));
        if source.is_none() {
            remarks.add_with(
                name.span,
                "the rule group is listed without its rules",
                vec![
                    "`aws network-firewall describe-rule-group --rule-group-arn ARN` prints them.".to_owned(),
                ],
            );
        }
        Group {
            name,
            arn: arn.map(|arn| arn.value),
            is_strict: order.is_some_and(|order| order.value.eq_ignore_ascii_case("STRICT_ORDER")),
            is_full: all.is_some_and(|all| all.saturating_sub(used.unwrap_or(0)) < MOST_NEW_RULES),
            variables: group.get("RuleVariables").and_then(|node| Fields::of(node, remarks)),
            source,
        }
    }

    /// Its ARN and its rules of Suricata, where those are a text, and there is place for more.
    pub fn text(&self) -> Option<(&'n str, &'n str)> {
        if self.is_full {
            return None;
        }
        let text = self.source?.get("RulesString")?.text()?;
        Some((self.arn?, text))
    }

    /// Its rules, with the variables of a firewall policy; `None` where nobody knows them.
    pub fn rules(
        &self,
        policy: Option<Fields<'n, 'n>>,
        texts: Texts,
        remarks: &mut Remarks,
    ) -> Option<Rules> {
        let source = self.source?;
        let variables = Variables { own: self.variables, policy };
        if let Some(node) = source.get("StatelessRulesAndCustomActions") {
            return Some(Rules::Stateless(stateless::read(Fields::of(node, remarks)?, remarks)));
        }
        if let Some(text) = source.get("RulesString") {
            return Some(Rules::Stateful(stateful::of_text(text, variables, texts, remarks)));
        }
        if let Some(list) = source.get("RulesSourceList") {
            let list = Fields::of(list, remarks)?;
            return Some(Rules::Stateful(domains::rules(list, variables, remarks)));
        }
        if source.get("StatefulRules").is_some() {
            let items = source.objects("StatefulRules", remarks);
            let read = |item| stateful::of_fields(item, variables, remarks);
            return Some(Rules::Stateful(items.into_iter().filter_map(read).collect()));
        }
        remarks.unknown(source.span(), "this source of rules is not known");
        None
    }
}
