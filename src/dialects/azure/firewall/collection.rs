//! Rule collections, in the order in which they count, and the units that they make.

use super::command::{self, Keeper};
use super::{application, network};
use crate::dialects::Named;
use crate::dialects::azure::shape::{body, part_after};
use crate::dialects::azure::unit::PERIMETER;
use crate::dialects::cloud::{Builder, Condition, Direction, Fields, Remarks, any_address, rules};
use crate::model::{self, Families, Match, Policy, Verdict};
use crate::packet::Family;
use crate::source::{Span, Spanned};
use crate::tree::Node;

/// What kind of rules a collection has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// They turn what comes in to other addresses.
    Translation,
    /// By addresses.
    Network,
    /// By what is said.
    Application,
}

/// The rules of a collection, and what it counts by.
#[derive(Debug)]
pub struct Collection<'n> {
    /// What kind of rules it has.
    pub kind: Kind,
    /// The priority of its group, then its own.
    pub priority: (Option<i64>, Option<i64>),
    /// Its rules.
    pub rules: Vec<model::Rule>,
    /// Where it stands.
    pub place: Span,
    /// What it is kept in.
    pub keeper: Option<Keeper<'n>>,
}

/// The name of the chain for what goes out.
const OUT: &str = "outbound";

/// The keys under which collections stand: those of groups, as the REST interface and PowerShell have them, and those of
/// firewalls without a policy.
const LISTS: [(&str, Option<Kind>); 6] = [
    ("ruleCollections", None),
    ("ruleCollection", None),
    ("networkRuleCollections", Some(Kind::Network)),
    ("applicationRuleCollections", Some(Kind::Application)),
    ("networkRuleCollection", Some(Kind::Network)),
    ("applicationRuleCollection", Some(Kind::Application)),
];

/// Is it a group of rule collections, or a firewall with some?
pub fn is_firewall(item: Fields) -> bool {
    LISTS.iter().any(|list| body(item).get(list.0).is_some())
}

/// The units of groups and firewalls: each policy and each firewall is one. `more` is where a page says that there are others.
pub fn units<'n>(items: &[Fields<'n, 'n>], more: Option<Span>, remarks: &mut Remarks) -> Vec<Named> {
    let mut firewalls: Vec<Firewall> = Vec::new();
    for item in items {
        let name = name(*item, remarks);
        let key = key(*item, name.value);
        let collections = collections(*item, remarks);
        match firewalls.iter_mut().find(|firewall| firewall.key == key) {
            Some(firewall) => {
                firewall.collections.extend(collections);
                firewall.is_joined = true;
            }
            None => {
                let resource_group = item.get("id").and_then(|id| part_after(id.text()?, "resourceGroups"));
                firewalls.push(Firewall { key, name, resource_group, collections, is_joined: false });
            }
        }
    }
    for Firewall { collections, is_joined, .. } in &mut firewalls {
        if *is_joined {
            need_order(collections);
        }
        collections.extend(more.map(unsaid));
    }
    let names: Vec<&str> = firewalls.iter().map(|firewall| firewall.name.value).collect();
    let made = |firewall: Firewall| {
        let Firewall { name, resource_group, collections, .. } = firewall;
        let is_only = names.iter().filter(|other| other.eq_ignore_ascii_case(name.value)).count() == 1;
        // Those of one name are told apart by their resource groups.
        match resource_group {
            Some(group) if !is_only => {
                unit(Spanned::new(&format!("{group}/{}", name.value), name.span), collections)
            }
            _ => unit(name, collections),
        }
    };
    firewalls.into_iter().map(made).collect()
}

/// What belongs to one policy, or to a firewall without one.
struct Firewall<'n> {
    /// Two of one key are one.
    key: String,
    name: Spanned<&'n str>,
    resource_group: Option<&'n str>,
    collections: Vec<Collection<'n>>,
    /// Are they of several items?
    is_joined: bool,
}

/// The path of a policy, or of a firewall; its name, where the export does not tell the path.
fn key(item: Fields, name: &str) -> String {
    let id = item.get("id").and_then(Node::text).map(str::to_ascii_lowercase);
    let path = id.map(|id| id.split("/rulecollectiongroups/").next().unwrap_or_default().to_owned());
    path.unwrap_or_else(|| name.to_ascii_lowercase())
}

/// What stands for collections of which nothing is said: any of them may come first.
fn unsaid<'n>(place: Span) -> Collection<'n> {
    let verdict = Spanned::new(Verdict::Unknown("rules that the export leaves out".into()), place);
    let rules = rules(place, &[], &verdict, None);
    Collection { kind: Kind::Translation, priority: (None, None), rules, place, keeper: None }
}

/// Where one of several groups stands that has no priority nobody knows.
fn need_order(collections: &mut [Collection]) {
    let loose = collections.iter_mut().filter(|collection| collection.priority.0.is_none());
    for rule in loose.flat_map(|collection| &mut collection.rules) {
        rule.verdict.value = Verdict::Unknown("a group without a priority".into());
    }
}

/// By what the rules of an item go: their policy, or the firewall.
fn name<'n>(item: Fields<'n, 'n>, remarks: &mut Remarks) -> Spanned<&'n str> {
    let id = item.text("id", remarks);
    let named = item.text("name", remarks);
    let place = named.or(id).map_or(item.span(), |text| text.span);
    let in_id = id.and_then(|id| part_after(id.value, "firewallPolicies"));
    Spanned::new(in_id.or(named.map(|name| name.value)).unwrap_or("firewall"), place)
}

fn collections<'n>(item: Fields<'n, 'n>, remarks: &mut Remarks) -> Vec<Collection<'n>> {
    let inner = body(item);
    let keeper = Keeper::of(item, remarks);
    let of_group = inner.number("priority", remarks).map(|number| number.value);
    let mut all = Vec::new();
    for (key, kind) in LISTS {
        for collection in inner.objects(key, remarks) {
            let all_of_it = read(collection, of_group, kind, remarks);
            all.extend(all_of_it.into_iter().map(|collection| Collection { keeper, ..collection }));
        }
    }
    all
}

/// Reads a collection; what it has of both kinds of rules is two.
fn read<'n>(
    item: Fields<'n, 'n>,
    of_group: Option<i64>,
    kind: Option<Kind>,
    remarks: &mut Remarks,
) -> Vec<Collection<'n>> {
    let fields = body(item);
    let own = fields.number("priority", remarks);
    let place = item.text("name", remarks).map_or(item.span(), |name| name.span);
    if own.is_none() {
        remarks.add(place, "the collection has no priority");
    }
    let priority = (of_group, own.map(|number| number.value));
    let none = |kind| Collection { kind, priority, rules: Vec::new(), place, keeper: None };
    let Some(verdict) = verdict(fields, place, remarks) else { return vec![none(Kind::Translation)] };
    // Where it stands nobody knows: it may come before all others, or decide nothing.
    let verdict = match own {
        Some(_) => verdict,
        None => Spanned::new(Verdict::Unknown("a collection without a priority".into()), place),
    };
    let mut both = [Kind::Network, Kind::Application].map(none);
    if fields.get("rules").is_none() {
        let unknown = Spanned::new(Verdict::Unknown("rules that the export leaves out".into()), place);
        both[0].rules.extend(rules(place, &[], &unknown, None));
    }
    for rule in fields.objects("rules", remarks) {
        let span = rule.text("name", remarks).map_or(rule.span(), |name| name.span);
        let rule = body(rule);
        // A collection says for all of its rules what they do, so that a rule is pointed at as such.
        let verdict = Spanned::new(verdict.value.clone(), span);
        let said = rule.text("ruleType", remarks);
        let kind = kind.or(said.and_then(|said| match said.value.to_ascii_lowercase().as_str() {
            "networkrule" => Some(Kind::Network),
            "applicationrule" => Some(Kind::Application),
            _ => None,
        }));
        let comment = rule.text("description", remarks).filter(|text| !text.value.is_empty());
        let comment = comment.map(|text| text.map(Box::from));
        let made = |conditions: &[Condition]| rules(span, conditions, &verdict, comment.as_ref());
        match kind {
            Some(Kind::Network) => both[0].rules.extend(made(&network::conditions(rule, span, remarks))),
            Some(Kind::Application) => {
                let each = application::conditions(rule, span, remarks);
                both[1].rules.extend(each.iter().flat_map(|conditions| made(conditions)));
            }
            None | Some(Kind::Translation) => {
                remarks.unknown(said.map_or(span, |said| said.span), "rules of this type are not known");
                let unknown = Spanned::new(Verdict::Unknown("a rule that is not known".into()), span);
                both[0].rules.extend(rules(span, &[], &unknown, None));
            }
        }
    }
    both.into()
}

/// What a collection does; `None` for one that only translates addresses of what comes in.
fn verdict(fields: Fields, place: Span, remarks: &mut Remarks) -> Option<Spanned<Verdict>> {
    let action = fields.get("action").and_then(|node| Fields::of(node, remarks));
    let Some(action) = action.and_then(|action| action.text("type", remarks)) else {
        remarks.add(place, "the field `action` is missing");
        return Some(Spanned::new(Verdict::Unknown("no action".into()), place));
    };
    let verdict = match action.value.to_ascii_lowercase().as_str() {
        "allow" => Verdict::Accept,
        "deny" => Verdict::Drop,
        "dnat" | "snat" => return None,
        _ => {
            remarks.add(action.span, format!("`{}` is neither Allow nor Deny", action.value));
            Verdict::Unknown(action.value.into())
        }
    };
    Some(Spanned::new(verdict, action.span))
}

/// What goes out of the machines behind a firewall: network rules first, then application rules; what none allows is
/// dropped.
fn unit(name: Spanned<&str>, mut collections: Vec<Collection>) -> Named {
    collections.sort_by_key(|collection| (collection.kind, collection.priority));
    let recipe = command::recipe(&collections, OUT);
    let rules: Vec<model::Rule> = collections.into_iter().flat_map(|collection| collection.rules).collect();
    let families = if has_v6(&rules) { Families::BOTH } else { Families::V4 };
    let mut builder = Builder::new(name.value, families, name.span);
    let denies = Spanned::new(Policy::Drop, name.span);
    // What goes to services of the platform does not come to a firewall.
    builder.layer(Direction::Out, OUT, PERIMETER, 0, denies, rules);
    recipe.into_iter().for_each(|recipe| builder.recipe(recipe));
    Named { name: name.value.to_owned(), ruleset: builder.build() }
}

/// Does a rule name IPv6 addresses?
fn has_v6(rules: &[model::Rule]) -> bool {
    let v6 = any_address(Family::V6);
    let is_v6 = |part: &Spanned<Match>| match &part.value {
        Match::Packets(packets) => {
            packets.cubes().iter().all(|cube| v6.covers(&cube.clone().into()).unwrap_or(false))
        }
        _ => false,
    };
    rules.iter().any(|rule| rule.matches.iter().any(is_v6))
}
