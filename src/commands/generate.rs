//! `fwlint generate`: a ruleset for a host that runs the tunnel.

use std::path::PathBuf;

use crate::commands::input;
use crate::commands::{Failure, Outcome, World};
use crate::config::{self, Given, User};
use crate::dialects::{self, Dialect};
use crate::lints::plan::{self, Besides};
use crate::packet::Family;
use crate::profile::Profile;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The language.
    pub dialect: Dialect,
    /// How cloudflared is set up.
    pub given: Given,
    /// cloudflared's own configuration, which says the rest of that.
    pub cloudflared: Option<PathBuf>,
    /// What the machine lets through besides.
    pub besides: Besides,
}

/// Prints a ruleset.
///
/// # Errors
/// For a dialect that is not written, and when the output cannot be written.
pub fn run(world: &mut World, options: &Options) -> Result<Outcome, Failure> {
    let given = match &options.cloudflared {
        Some(path) => options.given.clone().or(input::cloudflared(world, path)?),
        None => options.given.clone(),
    };
    let settings = given.settle();
    if let Some(User::Name(name)) = &settings.user.value {
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        // What begins with a number may be a range of numbers to iptables, and to nft it is a name.
        let first = name.split('-').next().unwrap_or_default();
        let digits = first.strip_prefix("0x").or(first.strip_prefix("0X"));
        let is_number = match digits {
            Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            None => first.bytes().all(|digit| digit.is_ascii_digit()),
        };
        if is_number || !name.chars().all(is_letter) {
            let message = format!("no rule is written for a user called `{name}`");
            return Err(Failure::new(message, "Tell the number of the user.".to_owned()));
        }
    }
    let profile = Profile::all().next();
    let endpoint = profile.and_then(|profile| profile.endpoint(&settings.region.value));
    let (Some(profile), Some(endpoint)) = (profile, endpoint) else {
        let region = &settings.region.value;
        let help = config::region_named(region).err().unwrap_or_default();
        return Err(Failure::new(format!("there is no region `{region}`"), help));
    };
    let plan = if options.dialect.is_of_cloud() { plan::around } else { plan::of };
    let plans = Family::ALL.map(|family| plan(profile, endpoint, &settings, &options.besides, family));
    let text = dialects::compose(options.dialect, &plans);
    let text = text.ok_or_else(|| {
        let message = format!("no ruleset is written as `{}`", options.dialect.name());
        Failure::new(
            message,
            format!("These are: {}.", dialects::COMPOSED.map(|composed| composed.0).join(", ")),
        )
    })?;
    write!(world.stdout, "{text}")?;
    Ok(Outcome::Clean)
}
