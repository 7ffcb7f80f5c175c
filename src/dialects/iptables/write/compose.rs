//! A whole ruleset as a dump.

use super::matches::{self, Style};
use crate::model::Plan;

/// A dump for `iptables-restore` or `ip6tables-restore`, chain by chain. `None` if iptables cannot say it.
pub fn dump(plan: &Plan) -> Option<String> {
    let mut text = String::new();
    for line in &plan.about {
        text += &format!("# {line}\n");
    }
    text += "*filter\n";
    for chain in ["INPUT", "FORWARD", "OUTPUT"] {
        let is_open = plan.open.iter().any(|open| **open == *chain);
        text += &format!(":{chain} {} [0:0]\n", if is_open { "ACCEPT" } else { "DROP" });
    }
    for part in &plan.parts {
        text += &format!("# {}\n", part.purpose);
        for rule in &part.rules {
            text += &format!("-A {}{}\n", rule.chain, matches::say(rule, Style::dump())?);
        }
    }
    Some(text + "COMMIT\n")
}

/// A script that loads dumps of both families. `None` if iptables cannot say it.
pub fn script(plans: &[Plan]) -> Option<String> {
    let mut text = "#!/bin/sh\nset -eu\n".to_owned();
    for plan in plans {
        let tool = match plan.family {
            crate::packet::Family::V4 => "iptables-restore",
            crate::packet::Family::V6 => "ip6tables-restore",
        };
        text += &format!("\n{tool} <<'RULES'\n{}RULES\n", dump(plan)?);
    }
    Some(text)
}
