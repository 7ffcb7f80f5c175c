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
}

/// Rules for one purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What for: a phrase.
    pub purpose: String,
    /// The rules, which accept.
    pub rules: Vec<NewRule>,
}
