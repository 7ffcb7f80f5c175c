//! A whole ruleset that is not there yet: nothing passes but what its parts name.

use super::NewRule;
use crate::packet::Family;

/// A ruleset of one family whose policies are DROP, but for some.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The family.
    pub family: Family,
    /// What it is: lines of a comment.
    pub about: Vec<String>,
    /// The chains whose policy is ACCEPT.
    pub open: Vec<Box<str>>,
    /// What it lets through, in order.
    pub parts: Vec<Part>,
    /// The interfaces by which packets come into the chain [`Plan::CONTAINER`]; none where there is no such chain.
    pub bridges: Vec<Bridge>,
}

/// Rules for one purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What for: a phrase.
    pub purpose: String,
    /// The user whose packets they are, by name or number; `None` for packets of anyone.
    pub owner: Option<Box<str>>,
    /// The rules, which accept.
    pub rules: Vec<NewRule>,
}

/// The interface of a network of containers, or all whose names begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// The name, or how names begin.
    pub name: Box<str>,
    /// Does it only begin so?
    pub is_start: bool,
}

impl Plan {
    /// The chain for what a container sends through the host to others.
    pub const CONTAINER: &str = "cloudflared";

    /// The comment with which a text of plans begins: each line once.
    pub fn comment(plans: &[Plan]) -> String {
        let mut lines: Vec<&str> = Vec::new();
        for line in plans.iter().flat_map(|plan| &plan.about) {
            if !lines.contains(&line.as_str()) {
                lines.push(line);
            }
        }
        lines.iter().map(|line| format!("# {line}\n")).collect()
    }

    /// Is it for a host whose containers another program has rules for?
    pub fn is_of_container(&self) -> bool {
        !self.bridges.is_empty()
    }
}

impl Part {
    /// Rules for packets of anyone.
    pub fn of_anyone(purpose: &str, rules: Vec<NewRule>) -> Part {
        Part { purpose: purpose.to_owned(), owner: None, rules }
    }

    /// The parts of all plans, each purpose once, where it comes in any of them.
    pub fn joined(plans: &[Plan]) -> Vec<Part> {
        let mut all: Vec<Part> = Vec::new();
        for plan in plans {
            let mut next = 0;
            for part in &plan.parts {
                let known = all.iter().position(|other| other.purpose == part.purpose);
                match known {
                    Some(at) => all[at].rules.extend(part.rules.iter().cloned()),
                    None => all.insert(next, part.clone()),
                }
                next = known.unwrap_or(next) + 1;
            }
        }
        all
    }
}
