//! A whole ruleset as nft's text.

use super::words::{self, Style};
use crate::dialects::nft::ast::Family;
use crate::model::{Bridge, NewRule, Part, Plan};

/// The chains of a plan in nft's words: each with its name and hook.
const CHAINS: [(&str, &str); 3] = [("INPUT", "input"), ("FORWARD", "forward"), ("OUTPUT", "output")];

/// The table of a host whose containers another program has rules for.
const OWN: &str = "cloudflared";

/// What becomes of the rules of other programs.
const BESIDE_OTHERS: &str = "# They are a table of their own beside those of other programs (Docker): what all of them let through passes. A port
# that is published, or a container that is not the program's, needs a rule here, too.
";

/// What passes between interfaces whose names begin alike: nft cannot ask whether they are the same.
const AMONG_CONTAINERS: &str = "
\t\t# Containers among themselves. What passes between their networks is left to Docker's own rules beside these: it
\t\t# keeps networks apart. Where it has no rules, name each network (--bridge).
";

/// A file for `nft -f`, with the plans of both families in one table. `None` if nft cannot say it.
pub fn file(plans: &[Plan]) -> Option<String> {
    Some(format!("#!/usr/sbin/nft -f\n{}\n{}", comment(plans), ruleset(plans)?))
}

/// The comment with which a text of plans begins.
pub fn comment(plans: &[Plan]) -> String {
    let beside = if is_beside_others(plans) { BESIDE_OTHERS } else { "" };
    Plan::comment(plans) + beside
}

/// What is loaded: the table, in place of what was there before. `None` if nft cannot say it.
pub fn ruleset(plans: &[Plan]) -> Option<String> {
    // What is deleted must be there, hence its first line.
    let clearing = match is_beside_others(plans) {
        true => format!("table inet {OWN}\ndelete table inet {OWN}\n"),
        false => "flush ruleset\n".to_owned(),
    };
    Some(format!("{clearing}\n{}", table(plans)?))
}

/// The name of the table.
pub fn name(plans: &[Plan]) -> &'static str {
    if is_beside_others(plans) { OWN } else { "filter" }
}

/// Do the rules stand beside those of other programs?
pub fn is_beside_others(plans: &[Plan]) -> bool {
    plans.iter().any(Plan::is_of_container)
}

/// A table with the plans of both families. `None` if nft cannot say it.
pub fn table(plans: &[Plan]) -> Option<String> {
    let mut text = format!("table inet {} {{\n", name(plans));
    let parts = Part::joined(plans);
    let bridges = plans.first().map_or(&[][..], |plan| &plan.bridges);
    if !bridges.is_empty() {
        let rules = rules(&parts, Plan::CONTAINER)?;
        text += &format!("\tchain {} {{{rules}\t}}\n\n", Plan::CONTAINER);
    }
    for (number, (chain, hook)) in CHAINS.into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text += &format!("\tchain {hook} {{\n\t\ttype filter hook {hook} priority filter; policy drop;\n");
        text += &rules(&parts, chain)?;
        if chain == "FORWARD" && !bridges.is_empty() {
            text += &forwarded(bridges);
        }
        text += "\t}\n";
    }
    Some(text + "}\n")
}

/// The rules of a chain, part by part.
fn rules(parts: &[Part], chain: &str) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        let own: Vec<NewRule> = part.rules.iter().filter(|rule| &*rule.chain == chain).cloned().collect();
        if own.is_empty() {
            continue;
        }
        text += &format!("\n\t\t# {}\n", part.purpose);
        let owner = part.owner.as_ref().map(|owner| format!("meta skuid {} ", quoted(owner)));
        let owner = owner.unwrap_or_default();
        for (packets, verdict) in words::merged(&own) {
            let rule = words::say(&packets, &verdict, Family::Inet, &Style::listing())?;
            text += &format!("\t\t{owner}{rule}\n");
        }
    }
    Some(text)
}

/// Containers among themselves, and what leaves the host from them.
fn forwarded(bridges: &[Bridge]) -> String {
    let name = |bridge: &Bridge| format!("\"{}{}\"", bridge.name, if bridge.is_start { "*" } else { "" });
    let mut text = "\n\t\t# Containers of one network.\n".to_owned();
    if bridges.iter().any(|bridge| bridge.is_start) {
        text = AMONG_CONTAINERS.to_owned();
    }
    for bridge in bridges.iter().map(name) {
        text += &format!("\t\tiifname {bridge} oifname {bridge} accept\n");
    }
    text += "\n\t\t# From the side of the containers.\n";
    for bridge in bridges.iter().map(name) {
        text += &format!("\t\tiifname {bridge} jump {}\n", Plan::CONTAINER);
    }
    text
}

/// The name of a user in quotes; its number as it is.
fn quoted(owner: &str) -> String {
    let is_number = owner.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { owner.to_owned() } else { format!("\"{owner}\"") }
}
