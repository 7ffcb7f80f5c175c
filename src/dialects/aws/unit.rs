//! Units: security groups, network ACLs, and network interfaces with all their groups and the ACL of their subnet.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::account::{Account, PrefixLists};
use super::acl::{self, Acl};
use super::command;
use super::firewall;
use super::permission::Allowed;
use crate::dialects::Named;
use crate::dialects::cloud::{Builder, Condition, Direction, Fields, Remarks, Texts, rules};
use crate::model::{Families, Perimeter, Policy, Verdict};
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// The resolver, the instance metadata and the time service: neither security groups nor network ACLs filter them
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>).
const PLATFORM: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 123)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123)),
];

/// The resolver alone.
const RESOLVERS: &[IpAddr] = &[PLATFORM[0], PLATFORM[3]];

/// Security groups track connections.
///
/// The resolver is at the base of the network's range plus two as well
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>).
const GROUP: Perimeter = Perimeter {
    is_stateful: true,
    marks_flows: false,
    platform: PLATFORM,
    resolvers: RESOLVERS,
    is_resolver_in_network: true,
};

/// Network ACLs do not.
pub const ACL: Perimeter = Perimeter { is_stateful: false, ..GROUP };

/// A security group.
struct Group {
    id: Spanned<String>,
    /// What it allows in and out.
    allowed: [Allowed; 2],
}

impl Group {
    fn id(&self) -> Spanned<&str> {
        Spanned::new(&self.id.value, self.id.span)
    }
}

/// The units of an account.
pub fn units(account: Account, texts: Texts, remarks: &mut Remarks) -> Vec<Named> {
    let lists = &account.prefix_lists;
    let groups = groups(account.groups, account.rules, account.more_rules, lists, remarks);
    let acls: Vec<Acl> = account.acls.into_iter().map(|acl| acl::read(Fields(&acl), remarks)).collect();
    let twins = twins(groups.iter().map(Group::id).chain(acls.iter().map(Acl::id)), remarks);
    let is_one = |group: &&Group| !twins.contains(&group.id.value);
    let by_id: HashMap<&str, &Group> =
        groups.iter().filter(is_one).map(|group| (&*group.id.value, group)).collect();
    let unclear: Vec<Acl> = acls
        .iter()
        .filter(|acl| twins.contains(&acl.id.value))
        .map(|acl| acl.forgotten("entries of one of two lists"))
        .collect();
    let of_subnet: HashMap<&str, &Acl> = acls
        .iter()
        .chain(&unclear)
        .flat_map(|acl| acl.subnets.iter().map(move |subnet| (&**subnet, acl)))
        .collect();
    let mut of_interfaces = Vec::new();
    for interface in account.interfaces.iter().map(Fields) {
        let id = interface.text("NetworkInterfaceId", remarks);
        let id = id.unwrap_or(Spanned::new("network interface", interface.span()));
        let told = interface.list("Groups", remarks).len();
        let references = interface.objects("Groups", remarks);
        let references: Vec<_> =
            references.iter().filter_map(|group| group.text("GroupId", remarks)).collect();
        // Of a group that is in no export here nobody knows what it allows.
        let missing = references.iter().filter(|group| !by_id.contains_key(group.value));
        let mut missing: Vec<Group> = missing.map(|group| unknown(*group)).collect();
        if references.is_empty() || references.len() < told {
            let place = interface.place("Groups").unwrap_or(id.span);
            missing.push(unknown(Spanned::new("of the interface", place)));
        }
        let known = references.iter().filter_map(|group| by_id.get(group.value).copied());
        let its: Vec<&Group> = known.chain(&missing).collect();
        let subnet = interface.text("SubnetId", remarks);
        let acl = subnet.and_then(|subnet| of_subnet.get(subnet.value).copied());
        of_interfaces.push(unit(id, its.first().map(|group| group.id()), joined(&its), acl));
    }
    // Groups may have hundreds of thousands of rules, and give them away.
    let of_group = |group: Group| {
        let id = group.id.clone();
        let id = Spanned::new(&*id.value, id.span);
        unit(id, Some(id), group.allowed, None)
    };
    let mut units: Vec<Named> = groups.into_iter().map(of_group).collect();
    units.extend(acls.iter().map(|acl| unit(acl.id(), None, Default::default(), Some(acl))));
    units.append(&mut of_interfaces);
    units.extend(firewall::read(&account.rule_groups, &account.firewall_policies, texts, remarks));
    units
}

/// Ids that are here more than once, and tells of them. What has no id is called by words.
fn twins<'n>(ids: impl Iterator<Item = Spanned<&'n str>>, remarks: &mut Remarks) -> HashSet<String> {
    let (mut known, mut twins) = (HashSet::new(), HashSet::new());
    for id in ids.filter(|id| !id.value.contains(' ')) {
        if !known.insert(id.value) {
            let message =
                format!("`{}` is here a second time, and which of the two is in force is not told", id.value);
            remarks.add(id.span, message);
            twins.insert(id.value.to_owned());
        }
    }
    twins
}

/// All security groups, by their permissions, or by their rules where those alone are told. `more` is where a page of rules
/// says that there are others.
fn groups(
    described: Vec<Node>,
    rules: Vec<Node>,
    more: Option<Span>,
    lists: &PrefixLists,
    remarks: &mut Remarks,
) -> Vec<Group> {
    let group = |node: Node| {
        let fields = Fields(&node);
        let id = fields.text("GroupId", remarks).map(|id| id.map(str::to_owned)).or_else(|| {
            // Names are told apart by their network.
            let network = fields.text("VpcId", remarks).map(|network| format!("{}/", network.value));
            let name = fields.text("GroupName", remarks)?;
            Some(name.map(|name| network.unwrap_or_default() + name))
        });
        let id = id.unwrap_or(Spanned::new("security group".to_owned(), fields.span()));
        let mut allowed: [Allowed; 2] = Default::default();
        for direction in Direction::BOTH {
            allowed[direction as usize].add_group(fields, direction, lists, remarks);
        }
        Group { id, allowed }
    };
    let mut groups: Vec<Group> = described.into_iter().map(group).collect();
    let described = groups.len();
    let mut known: HashMap<String, usize> =
        groups.iter().enumerate().map(|(at, group)| (group.id.value.clone(), at)).collect();
    for node in rules {
        let rule = Fields(&node);
        let id = rule.text("GroupId", remarks).unwrap_or(Spanned::new("security group", rule.span()));
        let at = known.get(id.value).copied().unwrap_or(groups.len());
        if at == groups.len() {
            known.insert(id.value.to_owned(), at);
            groups.push(Group { id: id.map(str::to_owned), allowed: Default::default() });
        }
        // Groups that are described in full have their rules already.
        if at >= described {
            add_rule(&mut groups[at], rule, lists, remarks);
        }
    }
    for allowed in groups[described..].iter_mut().flat_map(|group| &mut group.allowed) {
        more.into_iter().for_each(|place| allowed.add_unknown("SecurityGroupRules", place));
    }
    groups
}

fn add_rule(group: &mut Group, rule: Fields, lists: &PrefixLists, remarks: &mut Remarks) {
    let is_egress = rule.flag("IsEgress", remarks);
    if is_egress.is_none() {
        remarks.add(rule.span(), "the field `IsEgress` is missing");
    }
    for direction in Direction::BOTH {
        let its = &mut group.allowed[direction as usize];
        match is_egress {
            Some(flag) if flag.value != (direction == Direction::Out) => {}
            Some(_) => its.add_rule(rule, direction, lists, remarks),
            None => its.add_unknown("IsEgress", rule.span()),
        }
    }
}

/// A group of which only the id is known, and that may allow anything.
fn unknown(id: Spanned<&str>) -> Group {
    let allowed = Direction::BOTH.map(|direction| {
        let text = format!("security group {} {}", id.value, direction.name());
        let condition = Condition::none().or_unknown(text, id.span);
        let verdict = Spanned::new(Verdict::Accept, id.span);
        Allowed { rules: rules(id.span, &[condition], &verdict, None), has_v6: false }
    });
    Group { id: id.map(str::to_owned), allowed }
}

/// What several groups allow together.
fn joined(groups: &[&Group]) -> [Allowed; 2] {
    Direction::BOTH.map(|direction| {
        let all = || groups.iter().map(|group| &group.allowed[direction as usize]);
        Allowed {
            rules: all().flat_map(|allowed| allowed.rules.iter().cloned()).collect(),
            has_v6: all().any(|allowed| allowed.has_v6),
        }
    })
}

/// A unit of what the groups around an interface allow, the first of which is this, and of the ACL behind them.
fn unit(id: Spanned<&str>, first: Option<Spanned<&str>>, allowed: [Allowed; 2], acl: Option<&Acl>) -> Named {
    let has_v6 = allowed.iter().any(|allowed| allowed.has_v6);
    let has_v6 = has_v6 || acl.is_some_and(|acl| acl.has_v6 && first.is_none());
    let families = if has_v6 { Families::BOTH } else { Families::V4 };
    let mut builder = Builder::new(id.value, families, id.span);
    for (direction, allowed) in Direction::BOTH.into_iter().zip(allowed) {
        let denies = |span: Span| Spanned::new(Policy::Drop, span);
        if first.is_some() || acl.is_none() {
            let place = first.map_or(id.span, |group| group.span);
            builder.layer(direction, direction.name(), GROUP, 0, denies(place), allowed.rules);
            let its = first.filter(|_| direction == Direction::Out);
            let recipe = its.and_then(|group| command::recipe(group.value, direction.name()));
            recipe.into_iter().for_each(|recipe| builder.recipe(recipe));
        }
        if let Some(acl) = acl {
            let name = format!("{} {}", acl.id.value, direction.name());
            let last = acl.last[direction as usize].unwrap_or(acl.id.span);
            builder.layer(direction, &name, ACL, 1, denies(last), acl.rules[direction as usize].clone());
            let recipe = command::recipe_of_acl(acl, direction, &name);
            recipe.into_iter().for_each(|recipe| builder.recipe(recipe));
        }
    }
    Named { name: id.value.to_owned(), ruleset: builder.build() }
}
