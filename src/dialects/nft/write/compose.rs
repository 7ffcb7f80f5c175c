//! A whole ruleset as nft's text.

use super::words::{self, Style};
use crate::dialects::nft::ast::Family;
use crate::model::{NewRule, Part, Plan};

/// The chains of a plan in nft's words: each with its name and hook.
const CHAINS: [(&str, &str); 3] = [("INPUT", "input"), ("FORWARD", "forward"), ("OUTPUT", "output")];

/// A file for `nft -f`, with the plans of both families in one table. `None` if nft cannot say it.
pub fn file(plans: &[Plan]) -> Option<String> {
    let mut text = "#!/usr/sbin/nft -f\n".to_owned();
    let mut about: Vec<&String> = Vec::new();
    for line in plans.iter().flat_map(|plan| &plan.about) {
        if !about.contains(&line) {
            about.push(line);
        }
    }
    for line in about {
        text += &format!("# {line}\n");
    }
    text += "\nflush ruleset\n\ntable inet filter {\n";
    let parts = joined(plans);
    for (number, (chain, hook)) in CHAINS.into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text += &format!("\tchain {hook} {{\n\t\ttype filter hook {hook} priority filter; policy drop;\n");
        for part in &parts {
            let own: Vec<NewRule> = part.rules.iter().filter(|rule| &*rule.chain == chain).cloned().collect();
            if own.is_empty() {
                continue;
            }
            text += &format!("\n\t\t# {}\n", part.purpose);
            for (packets, verdict) in words::merged(&own) {
                text +=
                    &format!("\t\t{}\n", words::say(&packets, &verdict, Family::Inet, &Style::listing())?);
            }
        }
        text += "\t}\n";
    }
    Some(text + "}\n")
}

/// The parts of all plans, each purpose once, where it comes in any of them.
fn joined(plans: &[Plan]) -> Vec<Part> {
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
