//! Security rules.

use std::net::IpAddr;

use super::ends::Ends;
use super::field::SIDES;
use super::layer4;
use super::shape::{PRIORITIES, body};
use crate::dialects::cloud::{Condition, Direction, Fields, Remarks, rules};
use crate::model::{self, Verdict};
use crate::source::{Span, Spanned};

/// What a rule is part of, which says what its priorities are and what becomes of what it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The user's own rules of a network security group.
    Own,
    /// Those that Azure adds to each.
    Default,
    /// Rules of a virtual network manager, which come before all groups.
    Admin,
}

/// A security rule.
#[derive(Debug)]
pub struct Rule {
    /// Which way it looks; `None` if that is not to be understood.
    pub direction: Option<Direction>,
    /// Lower numbers come first; `None` if that is not to be understood.
    pub priority: Option<Spanned<i64>>,
    /// Is it the one that Azure puts at the end, to deny the rest?
    pub is_end: bool,
    /// A service of the platform that it names by its tag.
    pub platform: Option<IpAddr>,
    /// What it is to be pointed at by.
    pub span: Span,
    /// In the model's terms, for what comes in and what goes out.
    pub rules: [Vec<model::Rule>; 2],
}

/// What stands for rules of which nothing is said.
pub fn unsaid(span: Span) -> Rule {
    let verdict = Spanned::new(Verdict::Unknown("rules that the export leaves out".into()), span);
    let rules = rules(span, &[], &verdict, None);
    Rule {
        direction: None,
        priority: None,
        is_end: false,
        platform: None,
        span,
        rules: [rules.clone(), rules],
    }
}

/// Reads a rule of a unit that has IPv6, or has none.
pub fn read<'n>(item: Fields<'n, 'n>, kind: Kind, has_v6: bool, remarks: &mut Remarks) -> Rule {
    let fields = body(item);
    let span = item.text("name", remarks).map_or(item.span(), |name| name.span);
    let direction = direction(fields, span, remarks);
    let priority = priority(fields, kind, span, remarks);
    let verdict = match priority {
        _ if direction.is_none() => Spanned::new(Verdict::Unknown("a rule without a direction".into()), span),
        Some(_) => verdict(fields, kind, span, remarks),
        // Where it stands nobody knows: it may come before all others, or decide nothing.
        None => Spanned::new(Verdict::Unknown("a rule without a priority".into()), span),
    };
    let comment = fields.text("description", remarks).filter(|text| !text.value.is_empty());
    let comment = comment.map(|text| text.map(Box::from));
    let mut rule = Rule {
        direction,
        priority,
        is_end: kind == Kind::Default && verdict.value == Verdict::Drop,
        platform: None,
        span,
        rules: Default::default(),
    };
    let layer4 = layer4::conditions(fields, span, remarks);
    // What is wrong is said once, though it be wrong both ways.
    let mut again = Remarks::default();
    for way in Direction::BOTH {
        let remarks = if direction.is_none() && way == Direction::Out { &mut again } else { &mut *remarks };
        if direction.is_some_and(|direction| direction != way) {
            continue;
        }
        let mut conditions: Vec<Condition> = layer4.clone();
        for key in SIDES {
            let ends = Ends::read(fields, key, way, has_v6, span, remarks);
            rule.platform = rule.platform.or(ends.platform);
            conditions.extend(ends.condition());
        }
        rule.rules[way as usize] = rules(span, &conditions, &verdict, comment.as_ref());
    }
    rule
}

fn direction(fields: Fields, place: Span, remarks: &mut Remarks) -> Option<Direction> {
    let Some(text) = fields.text("direction", remarks) else {
        remarks.add(place, "the field `direction` is missing");
        return None;
    };
    match text.value.to_ascii_lowercase().as_str() {
        "inbound" => Some(Direction::In),
        "outbound" => Some(Direction::Out),
        _ => {
            remarks.add(text.span, format!("`{}` is neither Inbound nor Outbound", text.value));
            None
        }
    }
}

fn priority(fields: Fields, kind: Kind, place: Span, remarks: &mut Remarks) -> Option<Spanned<i64>> {
    let Some(priority) = fields.number("priority", remarks) else {
        remarks.add(place, "the rule has no priority");
        return None;
    };
    let range = match kind {
        Kind::Own => PRIORITIES.0..=PRIORITIES.1,
        Kind::Default => 65_000..=65_535,
        Kind::Admin => 1..=4096,
    };
    if !range.contains(&priority.value) {
        let message = format!("a priority is a number from {} to {}", range.start(), range.end());
        remarks.add(priority.span, message);
    }
    Some(priority)
}

fn verdict(fields: Fields, kind: Kind, place: Span, remarks: &mut Remarks) -> Spanned<Verdict> {
    let Some(access) = fields.text("access", remarks) else {
        remarks.add(place, "the field `access` is missing");
        return Spanned::new(Verdict::Unknown("no access".into()), place);
    };
    let verdict = match (access.value.to_ascii_lowercase().as_str(), kind) {
        // What a network manager allows the groups are still asked of.
        ("allow", Kind::Admin) => Verdict::Return,
        ("allow", _) | ("alwaysallow", Kind::Admin) => Verdict::Accept,
        ("deny", _) => Verdict::Drop,
        _ => {
            remarks.add(access.span, format!("`{}` is neither Allow nor Deny", access.value));
            Verdict::Unknown(access.value.into())
        }
    };
    Spanned::new(verdict, access.span)
}
