//! iptables and ip6tables: dumps, scripts of commands, lists; and ipset beside them.

mod base;
pub mod command;
mod extensions;
pub mod family;
pub mod ipset;
pub mod list;
pub mod loader;
mod options;
mod parse;
mod protocols;
pub mod rule;
pub mod save;
pub mod script;
pub mod tables;
mod targets;
pub mod words;
