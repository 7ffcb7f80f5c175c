//! iptables and ip6tables: dumps, scripts of commands, lists; and ipset beside them.

mod address;
mod base;
pub mod command;
pub mod family;
mod given;
pub mod ipset;
mod line;
pub mod list;
pub mod loader;
mod matches;
mod numerals;
mod options;
mod parse;
mod pieces;
pub mod places;
pub(super) mod protocols;
pub mod rule;
pub mod save;
pub mod script;
pub(super) mod services;
pub mod tables;
mod targets;
pub mod words;
pub mod write;
