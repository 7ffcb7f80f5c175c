//! What the exports of an account hold, whichever of their shapes they have: the answer of a command, the list in
//! it, or one item of that.

use std::collections::{HashMap, HashSet};

use super::CLOUD;
use crate::dialects::cloud::{self, Addresses, Fields, Remarks, nothing_known, prefix, text};
use crate::source::Span;
use crate::tree::{Kind, Node};

/// What the exports of an account hold: objects, each of which can be given up when it has been read. The tree of an export
/// is five times as large as its text.
#[derive(Debug, Default)]
pub struct Account<'t> {
    /// Security groups with their permissions.
    pub groups: Vec<Node<'t>>,
    /// Rules of security groups, one each.
    pub rules: Vec<Node<'t>>,
    /// Network ACLs.
    pub acls: Vec<Node<'t>>,
    /// Network interfaces.
    pub interfaces: Vec<Node<'t>>,
    /// Rule groups of Network Firewall.
    pub rule_groups: Vec<Node<'t>>,
    /// Firewall policies of Network Firewall.
    pub firewall_policies: Vec<Node<'t>>,
    /// The addresses of prefix lists, by id, where the exports tell them.
    pub prefix_lists: PrefixLists,
    /// Where it is told that there are more rules of security groups than are taken in: by a page, or something unreadable.
    pub more_rules: Option<Span>,
    /// Prefix lists of which the exports do not tell all.
    parts_of_lists: HashSet<String>,
}

/// The addresses of prefix lists, by id.
pub type PrefixLists = HashMap<String, Addresses>;

/// Sorts out what documents hold.
pub fn account<'t>(documents: impl IntoIterator<Item = Node<'t>>, remarks: &mut Remarks) -> Account<'t> {
    let mut account = Account::default();
    for document in documents {
        match document.kind {
            Kind::List(items) => items.into_iter().for_each(|item| account.answer(item, remarks)),
            Kind::Null => {}
            _ => account.answer(document, remarks),
        }
    }
    let Account { prefix_lists, parts_of_lists, .. } = &mut account;
    prefix_lists.retain(|id, _| !parts_of_lists.contains(id));
    account
}

impl<'t> Account<'t> {
    /// Takes the answer of a command in.
    fn answer(&mut self, mut node: Node<'t>, remarks: &mut Remarks) {
        const RULES: &str = "SecurityGroupRules";
        const LISTS: [&str; 5] = ["SecurityGroups", RULES, "NetworkAcls", "PrefixLists", "NetworkInterfaces"];
        let Some(answer) = Fields::of(&node, remarks) else { return };
        let is_answer = is_listed(answer, remarks) || LISTS.iter().any(|key| answer.get(key).is_some());
        if let Some(token) = answer.get("NextToken") {
            remarks.add_with(
                token.span,
                "this is only a part of the list: there are more pages",
                vec!["Without `--max-items`, the aws command prints all of them.".to_owned()],
            );
        }
        let more = answer.get("NextToken").map(|token| token.span);
        if !is_answer {
            return self.item(node, remarks);
        }
        for key in LISTS {
            let items = cloud::take_list(&mut node, key, remarks);
            // The other rules of these groups are on other pages.
            match more {
                Some(_) if key == RULES && !items.is_empty() => self.more_rules = more,
                _ => items.into_iter().for_each(|item| self.item(item, remarks)),
            }
        }
    }

    /// Takes one item in.
    fn item(&mut self, node: Node<'t>, remarks: &mut Remarks) {
        let Some(item) = Fields::of(&node, remarks) else {
            // It may be a rule.
            return self.more_rules = Some(node.span);
        };
        let has = |key: &str| item.get(key).is_some();
        if has("RuleGroup") || has("RulesSource") {
            self.rule_groups.push(node);
        } else if has("FirewallPolicy") {
            self.firewall_policies.push(node);
        } else if let Some(policy) = item.get("FirewallPolicyV2") {
            remarks.unknown(policy.span, "firewall policies of the second version are not understood");
        } else if has("IpPermissions") || has("IpPermissionsEgress") {
            self.groups.push(node);
        } else if has("SecurityGroupRuleId") || has("IsEgress") {
            self.rules.push(node);
        } else if has("NetworkAclId") {
            self.acls.push(node);
        } else if has("NetworkInterfaceId") {
            self.interfaces.push(node);
        } else if has("Entries") || has("PrefixListId") {
            self.prefix_list(item, remarks);
        } else if has("GroupId") {
            remarks.add_with(
                item.span(),
                "the security group is listed without its permissions",
                vec!["`aws ec2 describe-security-groups` prints them.".to_owned()],
            );
            self.groups.push(node);
        } else {
            nothing_known(item, CLOUD.provider, "this is nothing of AWS that filters", remarks);
        }
    }

    /// Takes a prefix list in: with its prefixes, with its entries, or without both.
    fn prefix_list(&mut self, list: Fields, remarks: &mut Remarks) {
        let Some(id) = list.text("PrefixListId", remarks) else {
            let place = list
                .get("Entries")
                .map_or(list.span(), |entries| Span { end: entries.span.start + 1, ..entries.span });
            remarks.add_with(
                place,
                "the entries do not say of which prefix list they are",
                vec![
                    "`aws ec2 get-managed-prefix-list-entries --prefix-list-id ID | jq '. + {PrefixListId: \"ID\"}'` does."
                        .to_owned(),
                ],
            );
            return;
        };
        let mut known = Addresses::default();
        let entries = list.objects("Entries", remarks);
        let mut is_whole =
            list.get("NextToken").is_none() && entries.iter().all(|entry| entry.get("Cidr").is_some());
        let mut take = |item: &Node, remarks: &mut Remarks| {
            let Some(text) = text(item, remarks) else { return is_whole = false };
            match prefix(text.value) {
                Ok(prefix) => known.add(prefix),
                Err(problem) => {
                    remarks.add(text.span, problem);
                    is_whole = false;
                }
            }
        };
        list.list("Cidrs", remarks).iter().for_each(|item| take(item, remarks));
        for entry in entries {
            match entry.get("Cidr") {
                Some(cidr) => take(cidr, remarks),
                None => remarks.add(entry.span(), "the field `Cidr` is missing"),
            }
        }
        if !is_whole {
            self.parts_of_lists.insert(id.value.to_owned());
        } else if list.get("Cidrs").is_some() || list.get("Entries").is_some() {
            // Of two that differ nobody knows which is in force, or whether both are pages of one.
            let before = self.prefix_lists.get(id.value);
            if before.is_some_and(|before| *before != known) {
                self.parts_of_lists.insert(id.value.to_owned());
            }
            self.prefix_lists.insert(id.value.to_owned(), known);
        }
    }
}

/// Is it a list of names of Network Firewall, without what is in them?
fn is_listed(answer: Fields, remarks: &mut Remarks) -> bool {
    const LISTS: [(&str, &str, &str); 2] = [
        (
            "RuleGroups",
            "rule groups are listed without their rules",
            "describe-rule-group --rule-group-arn ARN",
        ),
        (
            "FirewallPolicies",
            "firewall policies are listed without what is in them",
            "describe-firewall-policy --firewall-policy-arn ARN",
        ),
    ];
    let listed = LISTS.iter().find_map(|list| Some((list, answer.get(list.0)?)));
    if let Some(((_, message, command), list)) = listed {
        let place = Span { end: list.span.start + 1, ..list.span };
        remarks.add_with(place, *message, vec![format!("`aws network-firewall {command}` prints them.")]);
    }
    listed.is_some()
}
