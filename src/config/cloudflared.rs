//! cloudflared's own configuration, `config.yml`: what it says about the network.
//!
//! Its keys are those of cloudflared 2026.8.2; keys that say nothing about the network are its own affair.

use super::settings::{EdgeIpVersion, Given, Protocol, Setting};
use super::values::Machine;
use crate::source::{FileId, Sources, Spanned};
use crate::tree::{Kind, Mistake, Node};

/// Reads the settings that cloudflared's configuration implies.
///
/// # Errors
/// All mistakes in the keys that are read.
pub fn read(sources: &Sources, file: FileId) -> Result<Given, Vec<Mistake>> {
    let documents = super::documents(sources, file)?;
    let mut given = Given::default();
    let Some(root) = documents.first() else { return Ok(given) };
    let Kind::Map(entries) = &root.kind else {
        let mistake = Mistake::at(root.span, "expected the keys of cloudflared's configuration");
        return Err(vec![mistake.help("It may be written `protocol: quic`.")]);
    };
    let mut mistakes = Vec::new();
    for (key, value) in entries {
        if let Err(mistake) = take(&mut given, key.text().unwrap_or_default(), value) {
            mistakes.push(mistake.or_help(HELP));
        }
    }
    given.access = access(root).map(Setting::at);
    if mistakes.is_empty() { Ok(given) } else { Err(mistakes) }
}

/// What to do about a mistake that does not say it itself.
const HELP: &str =
    "cloudflared would not take it either: its documentation of tunnel parameters has what may stand here.";

/// Takes one key in.
fn take(given: &mut Given, name: &str, value: &Node) -> Result<(), Mistake> {
    match name {
        "protocol" => given.protocol = Some(Setting::at(value.read::<Spanned<Protocol>>()?)),
        "edge-ip-version" => {
            given.edge_ip_version = Some(Setting::at(value.read::<Spanned<EdgeIpVersion>>()?));
        }
        "edge-bind-address" => {
            let bound: Spanned<Machine> = value.read()?;
            given.edge_bind_address = Some(Setting::at(bound.map(|bound| Some(bound.0))));
        }
        "region" => given.region = Some(Setting::at(region(value)?)),
        "no-autoupdate" => {
            given.auto_update = Some(Setting::at(value.read::<Spanned<bool>>()?.map(|off| !off)));
        }
        _ => {}
    }
    Ok(())
}

/// The region in the profile's words: cloudflared says `fed` for `fedramp`, and nothing for `global`.
fn region(value: &Node) -> Result<Spanned<String>, Mistake> {
    let region = value.read::<Option<String>>()?.unwrap_or_default();
    let region = match region.as_str() {
        "" => "global",
        "fed" => "fedramp",
        other => other,
    };
    let region = Spanned::new(region.to_string(), value.span);
    super::known_region(&region)?;
    Ok(region)
}

/// Does some rule for incoming requests check Access tokens? `originRequest.access.required`, at the top
/// or of one rule.
fn access(root: &Node) -> Option<Spanned<bool>> {
    let rules = root.get("ingress").map_or(&[][..], Node::items);
    let mut requests = std::iter::once(root).chain(rules);
    requests.find_map(|place| {
        let required = place.get("originRequest")?.get("access")?.get("required")?;
        (required.kind == Kind::Bool(true)).then_some(Spanned::new(true, required.span))
    })
}
