//! Values of flags, with words about what is wrong with them and what would be right.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error, ValueEnum};
use ipnet::IpNet;

use crate::commands::check::Output;
use crate::config::{Address, Machine, region_named};
use crate::lints::LINTS;
use crate::model::Bridge;
use crate::report::Format;
use crate::tree::nearest;

/// The address of one machine.
pub fn machine(text: &str) -> Result<IpAddr, String> {
    text.parse().map(|Machine(address)| address)
}

/// A network; an address alone is one of one machine.
pub fn network(text: &str) -> Result<IpNet, String> {
    text.parse().map(|Address(network)| network)
}

/// The name of an interface, or how names begin: `br-*`, or `br-+` as iptables says it.
pub fn bridge(text: &str) -> Result<Bridge, String> {
    let start = text.strip_suffix(['*', '+']);
    let name = start.unwrap_or(text);
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    // The sign that stands for the rest of a name takes a place of its fifteen.
    let is_name = !name.is_empty() && text.len() <= 15 && name.chars().all(is_letter);
    let bridge = Bridge { name: name.into(), is_start: start.is_some() };
    if is_name && !matches!(text, "." | "..") {
        Ok(bridge)
    } else {
        Err("expected the name of an interface like docker0, or br-*".to_owned())
    }
}

/// The name of a region.
pub fn region(text: &str) -> Result<String, String> {
    region_named(text).map_err(|help| format!("unknown region. {help}"))
}

/// `sarif=fwlint.sarif`.
pub fn output(text: &str) -> Result<Output, String> {
    let names = || Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
        return Err("expected a format and a file, like sarif=fwlint.sarif".to_string());
    };
    let format = Format::from_str(format, false).map_err(|_| {
        let names: Vec<String> = names().map(|name| name.get_name().to_string()).collect();
        match nearest(format, names.iter().map(String::as_str)) {
            Some(right) => format!("there is no format `{format}`; did you mean `{right}`?"),
            None => format!("there is no format `{format}`; it is one of {}", names.join(", ")),
        }
    })?;
    Ok(Output { format, path: PathBuf::from(path) })
}

/// The name of a lint, white space around it or not. There are too many of them to be listed to who misspells one.
#[derive(Clone)]
pub struct LintName;

impl TypedValueParser for LintName {
    type Value = &'static str;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<&'static str, Error> {
        StringValueParser::new().try_map(|name| lint(name.trim())).parse_ref(command, argument, value)
    }

    /// For completions.
    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(LINTS.iter().map(|lint| PossibleValue::new(lint.id))))
    }
}

fn lint(name: &str) -> Result<&'static str, String> {
    let ids = || LINTS.iter().map(|lint| lint.id);
    ids().find(|id| *id == name).ok_or_else(|| match nearest(name, ids()) {
        Some(id) => format!("there is no such lint; did you mean `{id}`?"),
        None => "there is no such lint; `fwlint explain` lists them all".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::bridge;

    #[test]
    fn the_name_of_a_bridge_is_one_that_the_kernel_and_the_loaders_take() {
        for name in ["docker0", "br-*", "br-+", "abcdefghijklmno", "abcdefghijklmn*"] {
            assert!(bridge(name).is_ok(), "{name}");
        }
        for name in ["", "*", "+", ".", "..", "br*+", "a/b", "abcdefghijklmnop", "abcdefghijklmno*"] {
            assert!(bridge(name).is_err(), "{name}");
        }
    }
}
