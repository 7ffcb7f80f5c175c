//! A whole ruleset as nft's text.

use super::words::{self, Style};
use crate::dialects::nft::ast::Family;
use crate::model::{NewRule, Part, Plan};

/// The chains of a plan in nft's words: each with its name and hook.
const CHAINS: [(&str, &str); 3] = [("INPUT", "input"), ("FORWARD", "forward"), ("OUTPUT", "output")];

/// A file for `nft -f`, with the plans of both families in one table. `None` if nft cannot say it.
pub fn file(plans: &[Plan]) -> Option<String> {
    let mut text = format!("#!/usr/sbin/nft -f\n{}\nflush ruleset\n\n", Plan::comment(plans));
    text += &table(plans)?;
    Some(text)
}

/// A table with the plans of both families. `None` if nft cannot say it.
pub fn table(plans: &[Plan]) -> Option<String> {
    let mut text = "table inet filter {\n".to_owned();
    let parts = Part::joined(plans);
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
