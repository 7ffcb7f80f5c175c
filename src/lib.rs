//! fwlint: a linter for firewall configurations.
//!
//! The modules stand in the order in which they may depend on each other: each uses only
//! those before it. A test holds the code to that order.

pub mod pages;
pub mod web;
pub mod source;
pub mod tree;
pub mod packet;
pub mod model;
pub mod finding;
pub mod profile;
pub mod config;
pub mod probe;
pub mod scan;
pub mod dialects;
pub mod eval;
pub mod lints;
pub mod fix;
pub mod report;
pub mod commands;
pub mod cli;
